"""The report on the quality of matches: what people refused, and which reasons had been given to them."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .feedback import QualityRow, quality_report
from .models import MatchFeedback

# Reasons and blockers, by their code, in a few words.
NAMES: dict[str, Promise] = {
    "text": _("words in common"),
    "sector": _("same sector"),
    "technology": _("same technologies"),
    "capability": _("has what is needed"),
    "near": _("near"),
    "history": _("past pilots"),
    "capability_missing": _("lacks something"),
    "no_place": _("no place free"),
    "area_too_small": _("too small"),
    "too_far": _("too far"),
    "closed": _("closed"),
    "opens_later": _("opens later"),
    "applicant_kind": _("kind of applicant"),
    "trl": _("maturity (TRL)"),
    "budget": _("contribution"),
}


@dataclass(frozen=True)
class RecordRemarks:
    """What was said about a record, with the reasons that stood beside it when it was refused: (words, how often), most frequent first."""

    row: QualityRow
    refused_reasons: list[tuple[str, int]]


@dataclass(frozen=True)
class Report:
    """Records with remarks, the most refused first; the same reasons over all records; how many remarks there are."""

    records: list[RecordRemarks]
    reasons: list[tuple[str, int]]
    not_relevant: int
    why_not: int


def report(since: date) -> Report:
    """What people said about matches since a day; four queries at most."""
    rows = quality_report(since)
    given: dict[tuple[str, str], Counter[str]] = {}
    refused = MatchFeedback.objects.filter(day__gte=since, verdict=MatchFeedback.Verdict.NOT_RELEVANT).order_by()
    for kind, object_id, reasons in refused.values_list("kind", "object_id", "reasons"):
        given.setdefault((kind, object_id), Counter()).update(set(reasons))
    records = [RecordRemarks(row, _in_words(given.get((row.kind, row.object_id), Counter()))) for row in rows]
    return Report(records, _in_words(sum(given.values(), Counter())), sum(row.not_relevant for row in rows), sum(row.why_not for row in rows))


def _in_words(counts: Counter[str]) -> list[tuple[str, int]]:
    return [(str(NAMES.get(code, code)), count) for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
