"""What a pilot would cost, for anyone, before applying. Everything asked stands in the address."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from citylab.accounts.access import public
from citylab.core import clock
from citylab.core.templatetags.components import euro
from citylab.payments.arithmetic import DAY, Facts
from citylab.payments.forms import CostForm
from citylab.payments.selectors import estimates
from citylab.testbeds.models import Site

# The example on a site's page: a small stand for a month, in two months, since the city needs one to decide.
EXAMPLE_IN, EXAMPLE_DAYS, EXAMPLE_AREA, EXAMPLE_DISMANTLING_CENTS = 60, 30, 10, 1_000_00


@public
def costs(request: HttpRequest) -> HttpResponse:
    sites = sorted(Site.objects.filter(live=True), key=lambda site: site.name)
    form = CostForm(request.GET if set(request.GET) & set(CostForm.base_fields) else None, sites=sites)
    context: dict[str, Any] = {"form": form, "status": ""}
    if form.is_valid() and form.chosen:
        site, found = estimates(form.facts(), [form.chosen])[0]
        context |= {"site": site, "estimate": found, "status": _("Due before the start: %(amount)s") % {"amount": euro(found.due_before_start_cents)}}
    elif form.is_bound and form.errors:
        context["status"] = _("Mend what is marked in the form, then the costs appear here.")
    return render(request, "public/costs.html", context, status=422 if form.errors else 200)


def example(site: Site) -> dict[str, Any]:
    """What stands on a site's own page, whoever reads it."""
    today = clock.today()
    starts_on = today + EXAMPLE_IN * DAY
    ends_on = starts_on + (EXAMPLE_DAYS - 1) * DAY
    facts = Facts(asked_on=today, starts_on=starts_on, ends_on=ends_on, area_m2=EXAMPLE_AREA, dismantling_cost_cents=EXAMPLE_DISMANTLING_CENTS)
    return {"facts": facts, "estimate": estimates(facts, [site])[0][1]}
