from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from citylab.demo import volume


class Command(BaseCommand):
    help = "Fills the database with many proposals and their trail, for benchmarks. Stop the worker meanwhile: ids are given out in memory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--proposals", type=int, required=True, help="How many proposals to add.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["proposals"] < 1:
            raise CommandError("--proposals must be at least 1.")
        started = monotonic()
        made = volume.load(options["proposals"])
        states = ", ".join(f"{count} {state}" for state, count in sorted(made.items()))
        self.stdout.write(self.style.SUCCESS(f"{made.total()} proposals in {monotonic() - started:.0f} s: {states}."))
