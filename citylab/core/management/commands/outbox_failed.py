"""manage.py outbox_failed: what should have followed a fact and was given up."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from citylab.core import outbox


class Command(BaseCommand):
    help = "Names every message that was given up after ten attempts, with its last error. Ends with 1 where one is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retry", action="store_true", help="try them again, from the oldest on, once their cause is gone")

    def handle(self, *args: Any, **options: Any) -> None:
        left = outbox.retry_failed() if options["retry"] else list(outbox.failed())
        for message in left:
            self.stderr.write(f"{message}, published {message.created_at.isoformat()}:\n{message.error}")
        if left:
            raise CommandError(
                f"{len(left)} failed again; the worker goes on trying." if options["retry"] else f"{len(left)} given up. Try again with --retry."
            )
        self.stdout.write("Nothing is left that was given up.")
