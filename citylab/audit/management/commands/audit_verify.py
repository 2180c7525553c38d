"""manage.py audit_verify: whether the audit trail is whole."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from citylab.audit import triggers, verifying
from citylab.audit.models import AuditEntry


class Command(BaseCommand):
    help = "Recompute every hash chain and seal of the audit trail and name each row that is wrong. Fails if there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = [str(finding) for finding in verifying.verify()]
        if not triggers.TRAIL.installed(connection):
            findings.append("the triggers that protect the trail are not all there: run migrations, or ask who removed them")
        for finding in findings:
            self.stderr.write(finding)
        if findings:
            raise CommandError(f"{len(findings)} finding(s): the audit trail is not sound.")
        self.stdout.write(f"The audit trail is sound: {AuditEntry.objects.count()} rows.")
