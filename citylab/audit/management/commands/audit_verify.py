from typing import Any

from django.core.management.base import BaseCommand, CommandError

from citylab.audit import services


class Command(BaseCommand):
    help = "Walks every chain and seal of the audit trail and names each tampered, missing or reordered row."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(services.verify())
        for finding in findings:
            self.stdout.write(f"{finding.kind}: {finding.where}")
        if findings:
            raise CommandError(f"{len(findings)} findings in the audit trail.")
        self.stdout.write(self.style.SUCCESS("The audit trail is whole."))
