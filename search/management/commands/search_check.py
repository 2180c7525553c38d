from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from search.checking import NAMED, check
from search.documents import BUILDERS
from search.engines import Refused, Unavailable
from search.leases import Busy
from search.rebuilding import Failed


class Command(BaseCommand):
    help = "Compares the search indices with the records. Ends with 1 where something differs and was not mended. With --verbosity 2 every id is listed, rather than the first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="mend what differs")
        parser.add_argument("--kind", action="append", choices=sorted(BUILDERS), help="only this kind of records (may be repeated)")

    def handle(self, *args: Any, **options: Any) -> None:
        found, left = 0, 0
        try:
            for finding in check(repair=options["repair"], kinds=options["kind"] or []):
                found += finding.total
                left += finding.total - finding.mended
                self.stdout.write(finding.told(None if options["verbosity"] > 1 else NAMED))
        except (Busy, Failed, Refused, Unavailable) as error:
            raise CommandError(str(error)) from error
        if left:
            raise CommandError(f"{left:,} differences." if options["repair"] else f"{left:,} differences. Mend them with --repair.")
        self.stdout.write(self.style.SUCCESS(f"{found:,} differences, all mended." if found else "The indices hold what the records say."))
