"""What the portal's pages cost in queries: as much for thirty rows as for three."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.proposals.services import drafting
from citylab.taxonomy.models import Capability, Technology
from tests import factories

from .conftest import signed_in, typed_section

pytestmark = pytest.mark.django_db


def queries(client: Any, address: str, data: dict[str, Any] | None = None, **headers: Any) -> int:
    """How many queries a request takes, once the process is warm."""
    client.get(address) if data is None else None
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address, **headers) if data is None else client.post(address, data, **headers)
    assert response.status_code == 200
    return len([query for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))])


def test_the_form_takes_fifteen_queries_whatever_it_holds() -> None:
    few = factories.draft()
    client = signed_in(factories.owner_of(few.organisation))
    counts = []
    for rows in (1, 12):
        phases = [{"name": f"Fase {number}", "starts_on": few.answers["starts_on"], "ends_on": few.answers["ends_on"], "description": ""} for number in range(rows)]
        drafting.answers_save(proposal_id=few.pk, actor=factories.owner_of(few.organisation), answers={"phases": phases}, base_version=rows)
        counts.append(queries(client, reverse("portal:section", args=[few.pk, "plan"])))
    assert counts[0] == counts[1] <= 15


@pytest.mark.parametrize(("code", "change"), [("idea", {"title": "Un altro titolo"}), ("plan", {"budget": "123"})])
def test_saving_while_typing_takes_eight_queries(as_owner: Any, draft: Any, code: str, change: dict[str, str]) -> None:
    address = reverse("portal:autosave", args=[draft.pk, code])
    data = typed_section(code, draft.answers) | {"version": draft.version}
    assert queries(as_owner, address, data | change, HTTP_HX_REQUEST="true") <= 8


@pytest.mark.parametrize(
    ("code", "name", "others"),
    [("idea", "technologies", ["v2x", "ai"]), ("city_assets", "capabilities", ["5g", "sensors"]), ("city_assets", "sites", ["dora", "stura"])],
)
def test_other_ticks_take_eight_queries_too(as_owner: Any, draft: Any, code: str, name: str, others: list[str]) -> None:
    for other in others:
        {"technologies": lambda: factories.term(Technology, other), "capabilities": lambda: factories.term(Capability, other), "sites": lambda: factories.site(other)}[name]()
    typed = typed_section(code, draft.answers)
    address, seen = reverse("portal:autosave", args=[draft.pk, code]), {"page_id": "one", "version": draft.version}
    for chosen in (others, others[:1], [others[1], *draft.answers[name]], others[::-1]):
        assert queries(as_owner, address, typed | seen | {name: chosen}, HTTP_HX_REQUEST="true") <= 8
        draft.refresh_from_db()
        written = [wish.site.code for wish in draft.wished_sites.order_by("rank")] if name == "sites" else getattr(draft, name).order_by().values_list("code", flat=True)
        assert draft.answers[name] == chosen and (list(written) == chosen if name == "sites" else set(written) == set(chosen))


@pytest.mark.parametrize("view", ["progress", "proposal", "documents", "messages"])
def test_the_case_page_takes_twenty_five_queries_with_three_rows_of_everything_and_with_thirty(view: str) -> None:
    people = factories.city()
    case = factories.proposal_in("screening", people=people)
    people.owner = factories.owner_of(case.organisation)
    client, counts = signed_in(people.owner), []
    for rows in (range(3), range(3, 30)):
        factories.case_grown(case, people, rows)
        counts.append(queries(client, reverse("portal:case", args=[case.pk]) + f"?view={view}"))
    assert counts[0] == counts[1] <= 25


def test_my_area_costs_the_same_with_three_proposals_and_with_thirty() -> None:
    organisation = factories.organisation()
    owner = factories.owner_of(organisation)
    client, counts = signed_in(owner), []
    for wanted in (3, 30):
        while organisation.proposals.count() < wanted:
            drafting.proposal_start(organisation=organisation, actor=owner, challenge=factories.challenge())
        counts.append(queries(client, reverse("portal:home")))
    assert counts[0] == counts[1] <= 15


def test_the_match_panel_costs_the_same_for_three_sites_and_for_thirty() -> None:
    draft = factories.draft()
    client, counts = signed_in(factories.owner_of(draft.organisation)), []
    for wanted in (3, 27):
        for _number in range(wanted):
            factories.site()
        counts.append(queries(client, reverse("portal:panel", args=[draft.pk]) + "?section=idea", HTTP_HX_REQUEST="true"))
    assert counts[0] == counts[1]
