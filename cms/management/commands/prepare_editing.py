from typing import Any

from django.core.management.base import BaseCommand

from cms import setup


class Command(BaseCommand):
    help = "Creates the editors' groups, permissions, moderation and first pages where they are missing."

    def handle(self, *args: Any, **options: Any) -> None:
        setup.prepare()
        self.stdout.write(self.style.SUCCESS("The editors' room is ready."))
