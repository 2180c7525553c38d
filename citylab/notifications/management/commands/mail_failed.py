"""manage.py mail_failed: mail that was given up."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from citylab.notifications import selectors, tasks


class Command(BaseCommand):
    help = "Names every message of the last thirty days that was given up, with its last error. Ends with 1 where one is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retry", action="store_true", help="send them again, once their cause is gone; not those whose text was a secret")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["retry"]:
            if left := tasks.retry_failed():
                raise CommandError(f"{left} failed again; the worker goes on trying.")
            self.stdout.write("No message is left that can be sent again.")
            return
        found = list(selectors.failed_messages())
        for message in found:
            self.stderr.write(f"#{message.pk} {message.kind} to {message.address}, written {message.created_at.isoformat()}:\n{message.error}")
        if found:
            raise CommandError(f"{len(found)} given up. Try again with --retry.")
        self.stdout.write("No message was given up.")
