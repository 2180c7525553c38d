from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from citylab.core import clock
from citylab.payments import reconciling


class Command(BaseCommand):
    help = "Compares our payments with the providers' and the ledger. Ends with 1 where a difference remains."

    def add_arguments(self, parser: CommandParser) -> None:
        first, last = reconciling.period(clock.today())
        parser.add_argument("--from", dest="first", type=date.fromisoformat, default=first, help=f"first day, as {first}")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, default=last, help=f"last day, as {last}")
        parser.add_argument("--repair", action="store_true", help="repair what is safe: an event that we missed, a state that fetching settles")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["first"] > options["last"]:
            raise CommandError("The first day comes after the last.")
        run = reconciling.reconcile(first=options["first"], last=options["last"], repair=options["repair"])
        differences = list(run.differences.select_related("run"))
        for difference in differences:
            place = " ".join(word for word in (difference.provider, difference.account) if word) or "ledger"
            data = " ".join(f"{name}={value}" for name, value in sorted(difference.data.items()) if value not in (None, ""))
            self.stdout.write(f"{'repaired ' if difference.is_repaired else ''}{difference.code} [{place}] {data}: {reconciling.cause(difference)} {reconciling.advice(difference)}")
        left = sum(not difference.is_repaired for difference in differences)
        if left:
            raise CommandError(f"{left:,} of {len(differences):,} differences remain.")
        self.stdout.write(self.style.SUCCESS(f"{run.compared:,} payments compared: {len(differences):,} differences, none left." if differences else f"{run.compared:,} payments compared: no difference."))
