"""The rating band of every public page: one POST for the stars, one for the reasons; both work without JavaScript."""

from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from citylab.accounts.access import public

from .forms import ReasonForm, ScoreForm
from .models import PageRating
from .services import page_rate, page_rating_explain

SALT = "page-rating"


@public
@require_POST
def rate(request: HttpRequest) -> HttpResponse:
    form = ScoreForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest() if "page" in form.errors else _band(request, "public/_rating_stars.html", page_path=form.cleaned_data["page"], missing=True, status=422)
    rating = page_rate(language=request.LANGUAGE_CODE[:2], **form.cleaned_data)  # type: ignore[attr-defined]
    token = signing.dumps(rating.pk, salt=SALT)
    if request.headers.get("HX-Request"):
        return _band(request, "public/_rating_reasons.html", form=ReasonForm(score=rating.score), token=token, rating=rating)
    return redirect("public:rate_why", token=token)


@public
def rate_why(request: HttpRequest, token: str) -> HttpResponse:
    """Why those stars; the signed token stands for the row, so that nobody rewrites another's."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=3600)
    except signing.BadSignature as error:
        raise Http404 from error
    rating = get_object_or_404(PageRating, pk=pk)
    form = ReasonForm(request.POST or None, score=rating.score)
    if request.method == "POST" and form.is_valid():
        page_rating_explain(rating_id=rating.pk, **form.cleaned_data)
        return _band(request, "public/_rating_thanks.html", rating=rating)
    return _band(request, "public/_rating_reasons.html", form=form, token=token, rating=rating, status=422 if form.errors else 200)


def _band(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    """The band alone for htmx, else on a page of its own."""
    if request.headers.get("HX-Request"):
        return render(request, template, context, status=status)
    return render(request, "public/rating.html", {**context, "band": template}, status=status)
