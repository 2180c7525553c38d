import json
import re
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from search import evaluation
from search.engines import LANGUAGES, Refused, Unavailable
from search.scratch import scratch


class Command(BaseCommand):
    help = "Ranks a labelled set through the code that ranks in production, in a scratch index, and prints how well, beside plain BM25."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", required=True, type=Path, help="the folder with NAME_challenges.jsonl.gz and NAME_proposals*.jsonl.gz")
        parser.add_argument("--set", required=True, dest="name", help="NAME")
        parser.add_argument("--engine", choices=["embedded", "elasticsearch"], default="embedded", help="embedded is the database of this installation")
        parser.add_argument("--fields", choices=["title", "full"], default="full", help="what of a proposal is known")
        parser.add_argument("--history", type=float, default=0.0, help="the share of the proposals that stand with their challenges as accepted before, 0 to 1")
        parser.add_argument("--seed", type=int, default=1, help="which ones these are")
        parser.add_argument("--direction", choices=["proposals", "challenges"], default="proposals", help="who asks: proposals for challenges, or challenges for proposals")
        parser.add_argument("--json", type=Path, help="write the figures to this file too")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["history"] < 1:
            raise CommandError("--history is a share: from 0 to less than 1.")
        if options["engine"] == "elasticsearch" and not settings.ELASTICSEARCH_URL:
            raise CommandError("--engine elasticsearch needs the variable ELASTICSEARCH_URL, the address of the cluster.")
        if options["json"] and not options["json"].parent.is_dir():
            raise CommandError(f"There is no folder {options['json'].parent} for --json.")
        try:
            labelled = evaluation.read(options["data"], options["name"], title_only=options["fields"] == "title", history=options["history"], seed=options["seed"])
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        asked = evaluation.questions(labelled, options["direction"])
        if not asked:
            raise CommandError("No question of this set has a right answer.")
        started = time.monotonic()
        try:
            with scratch(options["engine"], re.sub(r"[^a-z0-9]+", "-", options["name"].lower())) as (engine, using):
                engine.index(evaluation.documents(labelled, options["direction"]))
                if options["engine"] == "elasticsearch":
                    for kind in ("challenge", "proposal") if options["direction"] == "challenges" else ("challenge",):
                        engine.refresh(kind)  # type: ignore[attr-defined]
                ours = evaluation.rankings(engine, labelled, options["direction"], using, self._progress)
        except (Refused, Unavailable) as error:
            raise CommandError(str(error)) from error
        plain = evaluation.plain_rankings(labelled, options["direction"])
        groups = {"all": asked}
        if labelled.history:
            groups["challenges without history"] = [question for question in asked if not question.has_history]
        found = {name: {"questions": len(some), "measures": evaluation.summary(some, ours, plain)} for name, some in groups.items()}
        self._print(options, labelled, found, time.monotonic() - started)
        if options["json"]:
            run = {name: str(options[name]) if name == "data" else options[name] for name in ("data", "name", "engine", "fields", "history", "seed", "direction")}
            options["json"].write_text(json.dumps({"run": run, "groups": found}, indent=1))

    def _progress(self, number: int) -> None:
        if self.stderr.isatty() and number % 20 == 0:
            self.stderr.write(f"\r{number}", ending="")

    def _print(self, options: dict[str, Any], labelled: evaluation.LabelledSet, found: dict[str, Any], seconds: float) -> None:
        self.stdout.write(
            f"{options['name']}: {options['engine']}, {options['fields']}, {options['direction']} ask; {len(labelled.challenges)} challenges, {len(labelled.proposals)} proposals, "
            f"{len(labelled.history)} as history (seed {options['seed']}); {seconds:.0f} s"
        )
        if labelled.foreign:
            self.stdout.write(f"{labelled.foreign} rows were left out: they are in another language than {' and '.join(LANGUAGES)}.")
        for name, group in found.items():
            self.stdout.write(f"\n{name} ({group['questions']} questions)")
            self.stdout.write(f"{'':12}{'ours':>8}  {'95 % interval':16}{'plain BM25':>10}{'difference':>12}  95 % interval")
            for measure, value in group["measures"].items():
                low, high = value["interval"]
                first, last = value["difference_interval"]
                self.stdout.write(f"{measure:12}{value['value']:8.4f}  [{low:.4f}, {high:.4f}]{value['plain']:10.4f}{value['difference']:+12.4f}  [{first:+.4f}, {last:+.4f}]")
