"""Writing down how clear readers find our pages."""

from citylab.core import clock

from .models import PageRating


def page_rate(*, page: str, language: str, score: int) -> PageRating:
    """Count the stars at once: the reasons that may follow only add to them."""
    return PageRating.objects.create(page=page, language=language, score=score, rated_at=clock.now())


def page_rating_explain(*, rating_id: int, reason: str, comment: str) -> None:
    """Add why. The last answer stands."""
    PageRating.objects.filter(pk=rating_id).update(reason=reason, comment=comment.strip())
