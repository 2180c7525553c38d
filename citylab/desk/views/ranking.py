"""Rankings (graduatorie) of the competitive challenges."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language

from citylab.challenges.selectors import Status, status
from citylab.core import clock
from citylab.proposals import scoring, selectors
from citylab.proposals.workflow import DECIDED

from .common import staff


@staff
def rankings(request: HttpRequest) -> HttpResponse:
    moment = clock.now()
    found = [{"challenge": challenge, "is_open": status(challenge, moment) == Status.OPEN} for challenge in selectors.competitive_challenges()]
    return render(request, "desk/rankings.html", {"challenges": found})


@staff
def ranking(request: HttpRequest, code: str) -> HttpResponse:
    """One challenge's proposals in order. Final once the call is closed and every proposal is decided; provisional until then."""
    challenge = get_object_or_404(selectors.competitive_challenges(), code=code)
    rows = selectors.ranking(challenge)
    is_open = status(challenge, clock.now()) == Status.OPEN
    undecided = sum(row.proposal.state not in DECIDED for row in rows)
    language = (get_language() or "it")[:2]
    names = {line["code"]: line[f"name_{language}"] for row in rows for version in row.proposal.versions.all() for line in version.criteria}
    context = {
        "challenge": challenge, "is_open": is_open, "undecided": undecided, "is_final": bool(rows) and not is_open and not undecided,
        "rows": [{"row": row, "points": float(row.result.points) if row.result else None, "impact": _impact(row)} for row in rows],
        "pass_points": scoring.PASS_POINTS, "tie_breaker": names.get(scoring.IMPACT),
    }  # fmt: skip
    return render(request, "desk/ranking.html", context)


def _impact(row: selectors.RankedProposal) -> float | None:
    lines = row.result.criteria if row.result else ()
    return next((float(line.mean) for line in lines if line.code == scoring.IMPACT), None)
