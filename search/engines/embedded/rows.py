"""What both databases are asked, and answer, alike."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from .. import Found, Hit, Wanted

# A question with the records that satisfy its constraints; None where it has none.
Asked = tuple[Wanted, QuerySet[Any] | None]


def as_found(questions: Sequence[Asked], rows: Iterable[Sequence[Any]]) -> list[Found]:
    """From rows (number of the question, id, score, accepted, does it fit?, how many of its sort there are, …), best first."""
    hits: list[tuple[list[Hit], list[Hit]]] = [([], []) for _question in questions]
    totals = [[0, 0] for _question in questions]
    for number, object_id, score, accepted, fits, total, *_rest in rows:
        sort = 0 if fits else 1
        hits[number][sort].append(Hit(questions[number][0].kind, object_id, float(score), accepted))
        totals[number][sort] = total
    return [
        Found(fitting[: question.limit], total if only is not None else len(fitting[: question.limit]), rest[: question.others], rest_total)
        for (question, only), (fitting, rest), (total, rest_total) in zip(questions, hits, totals, strict=True)
    ]
