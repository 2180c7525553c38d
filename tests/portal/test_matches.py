"""The Matches page, the remarks next to each match, and “Why not?”."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from citylab.accounts.models import Membership
from citylab.core import clock, outbox
from citylab.proposals.models import Proposal
from citylab.proposals.services import drafting
from search.models import AlertSubscription, MatchFeedback
from tests import factories

from .conftest import signed_in, soup

pytestmark = pytest.mark.django_db


def drain() -> None:
    while outbox.drain():
        pass


@pytest.fixture
def city() -> dict[str, Any]:
    """A challenge and a site that suit the usual draft, a site that lacks what it needs, and a challenge for others alone."""
    found = {
        "rain": factories.challenge("rain", title_it="Sensori per la pioggia", title_en="Sensors for the rain"),
        "early": factories.challenge("early", title_it="Per chi comincia", title_en="For beginners", trl_min=1, trl_max=3),
        "park": factories.site("park", name_it="Parco della pioggia", name_en="Rain park", description_it="<p>Sensori di pioggia.</p>"),
        "cellar": factories.site("cellar", name_it="Cantina", name_en="Cellar", capabilities=()),
    }
    drain()
    return found


def page_of(organisation: Any, **query: Any) -> str:
    return reverse("portal:matches_of", args=[organisation.pk]) + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")


def groups(response: Any) -> dict[str, str]:
    """Name → the state that the page gives it."""
    found = {}
    for item in soup(response).select("ul.tcl-match > li"):
        if item.h4:
            found[item.h4.get_text(strip=True)] = item.select_one(".tcl-status").find_all(string=True, recursive=False)[-1].strip()
    return found


# --- the page -------------------------------------------------------------------------------------------------------------------


def test_it_says_what_fits_nearly_fits_and_does_not_with_reasons_and_what_would_help(as_owner: Any, draft: Any, city: Any) -> None:
    response = as_owner.get(page_of(draft.organisation))
    assert groups(response) == {"Sensors for the rain": "Fits", "For beginners": "Does not", "Rain park": "Fits", "Cellar": "Nearly"}
    cellar = soup(response).find(id=f"site-{city['cellar'].pk}")
    assert "It lacks: Power" in cellar.get_text(" ", strip=True) and "Nearest site with all of it: Rain park" in cellar.get_text(" ", strip=True)
    assert [mark.get_text() for mark in soup(response).find(id=f"challenge-{city['rain'].pk}").find_all("mark")] == ["Sensori", "pioggia"]


def test_a_match_leads_to_a_proposal_for_that_challenge_or_with_that_site(as_owner: Any, draft: Any, city: Any) -> None:
    found = soup(as_owner.get(page_of(draft.organisation)))
    starts = {link["href"] for link in found.select(".tcl-match-start a")}
    assert starts == {reverse("portal:start") + "?challenge=rain", reverse("portal:start") + "?site=park", reverse("portal:start") + "?site=cellar"}
    address = reverse("portal:start") + "?site=park"
    assert "Rain park" in as_owner.get(address).content.decode()
    as_owner.post(reverse("portal:start"), {"site": "park", "challenge": "", "organisation": str(draft.organisation.pk), "language": "en"})
    assert Proposal.objects.latest("created_at").answers["sites"] == ["park"]


def test_a_reader_of_the_organisation_sees_matches_and_starts_nothing(draft: Any, city: Any) -> None:
    reader = signed_in(factories.member(draft.organisation, Membership.Role.READER))
    response = reader.get(page_of(draft.organisation))
    assert len(groups(response)) == 4 and not soup(response).select(".tcl-match-start")


def test_each_proposal_that_is_alive_has_its_matches_and_others_have_none(city: Any) -> None:
    organisation = factories.organisation()
    owner = factories.owner_of(organisation)
    draft, sent = factories.draft(organisation, title="Una bozza"), factories.submitted(organisation, title="Una inviata")
    gone = factories.proposal_in("withdrawn", organisation, title="Una ritirata")
    client = signed_in(owner)
    found = soup(client.get(page_of(organisation)))
    listed = [link["href"] for link in found.select("nav .tcl-index a")]
    assert sorted(listed) == sorted([f"?proposal={draft.pk}", f"?proposal={sent.pk}", "?proposal=profile"])
    assert soup(client.get(page_of(organisation, proposal=draft.pk))).find(id="subject").get_text() == "Una bozza"
    assert soup(client.get(page_of(organisation, proposal=gone.pk))).find(id="subject").get_text() != "Una ritirata"


def test_an_organisation_without_proposals_is_matched_by_its_profile(city: Any) -> None:
    organisation = factories.organisation(description="Facciamo sensori per la pioggia.", sector_codes=["mobility", "energy"], technology_codes=["iot"], kind="startup")
    factories.sector("energy")
    response = signed_in(factories.owner_of(organisation)).get(reverse("portal:matches"))
    assert soup(response).find(id="subject").get_text() == organisation.legal_name
    rain = soup(response).find(id=f"challenge-{city['rain'].pk}").get_text(" ", strip=True)
    assert "Fits" in rain and "Same sector: Mobility" in rain and "sensori" in rain


def test_an_empty_profile_is_told_what_is_missing(city: Any) -> None:
    organisation = factories.organisation()
    assert "does not say yet what the organisation does" in signed_in(factories.owner_of(organisation)).get(page_of(organisation)).content.decode()


def test_without_an_organisation_the_page_leads_to_creating_one() -> None:
    response = signed_in(factories.person("startup")).get(reverse("portal:matches"))
    assert reverse("portal:organisation_create") in response.content.decode()


def test_strangers_see_nothing_of_an_organisation(draft: Any, city: Any) -> None:
    factories.organisation(stranger := factories.person("startup"))
    client, pk = signed_in(stranger), draft.organisation.pk
    own = stranger.memberships.get().organisation
    record = f"site:{city['park'].pk}"
    answers = [
        client.get(page_of(draft.organisation)), client.get(reverse("portal:match_why", args=[pk]) + f"?record={record}"),
        client.post(reverse("portal:match_feedback", args=[pk]), {"record": record, "verdict": "why_not"}), client.post(reverse("portal:alerts", args=[pk]), {"on": "1"}),
        client.post(reverse("portal:alerts", args=[own.pk]), {"on": "1", "proposal": str(draft.pk)}),
        client.get(reverse("portal:match_why", args=[own.pk]) + f"?record={record}&proposal={draft.pk}"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [404] * 6
    assert not MatchFeedback.objects.exists() and not AlertSubscription.objects.exists()


@pytest.mark.parametrize("whose", ["proposal", "profile"])
def test_the_page_takes_the_same_queries_for_three_records_and_proposals_as_for_thirty(whose: str) -> None:
    organisation = factories.organisation(description="Sensori per la pioggia.", sector_codes=["mobility"])
    owner = factories.owner_of(organisation)
    wanted = factories.draft(organisation)
    client, counts = signed_in(owner), []
    for more in (3, 27):
        for _turn in range(more):
            factories.site(), factories.challenge()
            drafting.proposal_start(organisation=organisation, actor=owner)
        drain()
        address = page_of(organisation, proposal=wanted.pk if whose == "proposal" else "profile")
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 30


# --- alerts ---------------------------------------------------------------------------------------------------------------------


def test_alerts_are_switched_on_and_off_for_a_proposal_and_for_the_organisation(as_owner: Any, owner: Any, draft: Any, city: Any) -> None:
    address = reverse("portal:alerts", args=[draft.organisation.pk])
    for proposal in (str(draft.pk), ""):
        as_owner.post(address, {"on": "1", "proposal": proposal})
    assert set(AlertSubscription.objects.filter(user=owner, is_paused=False).values_list("proposal", flat=True)) == {draft.pk, None}
    assert "Stop the messages" in as_owner.get(page_of(draft.organisation, proposal=draft.pk)).content.decode()
    as_owner.post(address, {"on": "0", "proposal": str(draft.pk), "back": "searches"})
    assert list(AlertSubscription.objects.filter(is_paused=False).values_list("proposal", flat=True)) == [None]
    as_owner.post(address, {"on": "1", "proposal": str(draft.pk)})
    assert AlertSubscription.objects.filter(is_paused=False).count() == AlertSubscription.objects.count() == 2


# --- remarks ----------------------------------------------------------------------------------------------------------------------


def say(client: Any, organisation: Any, record: Any, proposal: Any = None, *, htmx: bool = False, **data: Any) -> Any:
    kind = type(record).__name__.lower()
    body = {"record": f"{kind}:{record.pk}", "proposal": str(proposal.pk) if proposal else "", **data}
    return client.post(reverse("portal:match_feedback", args=[organisation.pk]), body, **({"HTTP_HX_REQUEST": "true"} if htmx else {}))


def remarks() -> list[tuple[Any, ...]]:
    return list(MatchFeedback.objects.order_by("pk").values_list("verdict", "kind", "object_id", "proposal_id", "group"))


def test_not_relevant_is_kept_once_shown_again_and_taken_back(as_owner: Any, draft: Any, city: Any) -> None:
    park = city["park"]
    for _turn in range(2):
        response = say(as_owner, draft.organisation, park, draft, verdict="not_relevant")
    assert response.status_code == 302 and response["Location"].endswith(f"?proposal={draft.pk}#site-{park.pk}")
    assert remarks() == [("not_relevant", "site", str(park.pk), draft.pk, "fits")]
    for address in (page_of(draft.organisation), reverse("portal:panel", args=[draft.pk])):
        page = soup(as_owner.get(address))
        assert "Marked as not relevant." in page.find(id=f"say-site-{park.pk}").get_text()
        assert "Marked as not relevant." not in page.find(id=f"say-challenge-{city['rain'].pk}").get_text()
    say(as_owner, draft.organisation, park, draft, take_back="1")
    assert remarks() == []


def test_htmx_gets_the_line_of_that_match_alone(as_owner: Any, draft: Any, city: Any) -> None:
    response = say(as_owner, draft.organisation, city["cellar"], draft, htmx=True, verdict="not_relevant")
    page = soup(response)
    assert page.find("html") is None and [box["id"] for box in page.find_all(class_="tcl-match-say")] == [f"say-site-{city['cellar'].pk}"]
    assert "Marked as not relevant." in page.get_text() and page.find(class_="tcl-match-why") is None
    page = soup(say(as_owner, draft.organisation, city["cellar"], draft, htmx=True, verdict="why_not"))
    assert "It lacks: Power" in page.find(class_="tcl-match-why").get_text()
    page = soup(say(as_owner, draft.organisation, city["cellar"], draft, htmx=True, take_back="1", open=f"site:{city['cellar'].pk}"))
    assert "It lacks: Power" in page.find(class_="tcl-match-why").get_text() and "Marked" not in page.get_text()
    say(as_owner, draft.organisation, city["cellar"], draft, htmx=True, verdict="not_relevant")
    page = soup(say(as_owner, draft.organisation, city["cellar"], draft, htmx=True, close="1", open=f"site:{city['cellar'].pk}"))
    assert page.find(class_="tcl-match-why") is None and [row[0] for row in remarks()] == ["why_not", "not_relevant"]


def test_without_a_proposal_a_remark_counts_once_for_a_session(city: Any) -> None:
    organisation = factories.organisation(description="Sensori per la pioggia.")
    first, second = signed_in(factories.owner_of(organisation)), signed_in(factories.member(organisation))
    for client in (first, first, second):
        say(client, organisation, city["rain"], verdict="not_relevant")
    assert remarks() == [("not_relevant", "challenge", str(city["rain"].pk), None, "fits")] * 2
    say(first, organisation, city["rain"], take_back="1")
    assert len(remarks()) == 1
    line = f"say-challenge-{city['rain'].pk}"
    assert "Marked" not in soup(first.get(page_of(organisation))).find(id=line).get_text() and "Marked" in soup(second.get(page_of(organisation))).find(id=line).get_text()


def test_why_not_is_recorded_and_leads_to_the_whole_verdict(as_owner: Any, draft: Any, city: Any) -> None:
    response = say(as_owner, draft.organisation, city["early"], draft, verdict="why_not")
    assert remarks() == [("why_not", "challenge", str(city["early"].pk), draft.pk, "not")]
    page = soup(as_owner.get(response["Location"]))
    assert page.h1.get_text() == "For beginners"
    text = page.find("section", class_="tcl-match-whole").get_text(" ", strip=True)
    assert "Does not fit" in text and "It asks for TRL 1 to 3" in text and "You cannot change this." in text
    assert "What speaks for it" in text and "Same sector: Mobility" in text


def test_why_is_answered_for_what_fits_and_is_no_remark(as_owner: Any, draft: Any, city: Any) -> None:
    page = soup(say(as_owner, draft.organisation, city["rain"], draft, htmx=True, verdict="why_not"))
    assert "Nothing stands in the way, and this speaks for it:" in page.find(class_="tcl-match-why").get_text(" ", strip=True)
    assert remarks() == []


def test_what_stands_open_beside_a_draft_stays_open_when_the_panel_is_brought_up_to_date(as_owner: Any, draft: Any, city: Any) -> None:
    address, cellar = reverse("portal:panel", args=[draft.pk]) + "?section=idea", f"site:{city['cellar'].pk}"
    page = soup(as_owner.post(address, {"title": "Sensori", "open": [cellar, "site:²", "pilot:1"]}, headers={"HX-Request": "true"}))
    (opened,) = page.select(".tcl-match-why")
    assert opened.find_parent("li")["id"] == f"site-{city['cellar'].pk}" and "It lacks: Power" in opened.get_text()
    assert [field["value"] for field in page.select("input[name=open]")] == [cellar]
    assert not soup(as_owner.post(address, {"title": "Sensori"}, headers={"HX-Request": "true"})).select(".tcl-match-why")


def test_why_not_is_answered_for_the_draft_as_it_is_being_typed(as_owner: Any, draft: Any, city: Any) -> None:
    typed = {"section": "city_assets", "capabilities": []}
    page = soup(say(as_owner, draft.organisation, city["cellar"], draft, htmx=True, verdict="why_not", **typed))
    assert "Nothing stands in the way" in page.find(class_="tcl-match-why").get_text() and page.find("input", {"name": "section"})["value"] == "city_assets"
    # Without htmx the form beside it does not come along: what was saved counts.
    page = soup(as_owner.get(say(as_owner, draft.organisation, city["cellar"], draft, verdict="why_not", **typed)["Location"]))
    assert "It lacks: Power" in page.get_text()
    assert Proposal.objects.get(pk=draft.pk).answers["capabilities"] == ["power"]


def test_why_not_answers_for_a_record_that_no_list_shows(as_owner: Any, draft: Any) -> None:
    sites = [factories.site(f"far-{number:02}", name_en=f"Far {number:02}", capabilities=()) for number in range(12)]
    first = clock.today() + timedelta(days=400)
    late = factories.site("late", name_en="Late", available_from=first, capabilities=())
    drain()
    shown = groups(as_owner.get(page_of(draft.organisation)))
    hidden = next(site for site in [*sites, late] if site.name not in shown)
    page = soup(as_owner.get(say(as_owner, draft.organisation, hidden, draft, verdict="why_not")["Location"]))
    assert page.h1.get_text() == hidden.name and "It lacks: Power" in page.get_text(" ", strip=True)


def test_a_verdict_agrees_with_the_panel(as_owner: Any, draft: Any, city: Any) -> None:
    shown = groups(as_owner.get(page_of(draft.organisation)))
    words = {"Fits": "Fits", "Nearly": "Nearly", "Does not": "Does not fit"}
    for record in city.values():
        kind = type(record).__name__.lower()
        page = soup(as_owner.get(reverse("portal:match_why", args=[draft.organisation.pk]) + f"?proposal={draft.pk}&record={kind}:{record.pk}"))
        name = record.title if kind == "challenge" else record.name
        assert page.find(id="verdict").select_one(".tcl-status").find_all(string=True, recursive=False)[-1].strip() == words[shown[name]]


@pytest.mark.parametrize("proposal", ["x", "profile", "00000000-0000-0000-0000-000000000001"])
def test_a_proposal_that_does_not_exist_is_not_found(as_owner: Any, draft: Any, city: Any, proposal: str) -> None:
    assert as_owner.get(reverse("portal:match_why", args=[draft.organisation.pk]) + f"?record=site:{city['park'].pk}&proposal={proposal}").status_code == 404


@pytest.mark.parametrize("record", ["", "site", "site:", "site:x", "pilot:1", "site:999999", "challenge:-1", "site:²", "challenge:" + 30 * "9"])
def test_a_record_that_does_not_exist_is_not_found(as_owner: Any, draft: Any, record: str) -> None:
    assert as_owner.get(reverse("portal:match_why", args=[draft.organisation.pk]) + f"?record={record}").status_code == 404
    assert as_owner.post(reverse("portal:match_feedback", args=[draft.organisation.pk]), {"record": record, "verdict": "why_not"}).status_code == 404


def test_a_record_that_is_withdrawn_is_not_found(as_owner: Any, draft: Any) -> None:
    hidden = factories.site(publish=False)
    assert as_owner.get(reverse("portal:match_why", args=[draft.organisation.pk]) + f"?record=site:{hidden.pk}").status_code == 404


def test_an_unknown_remark_is_not_recorded(as_owner: Any, draft: Any, city: Any) -> None:
    say(as_owner, draft.organisation, city["park"], draft, verdict="awful")
    assert remarks() == []


def test_the_reasons_are_in_the_readers_language(as_owner: Any, draft: Any, city: Any) -> None:
    with translation.override("it"):
        page = as_owner.get(page_of(draft.organisation)).content.decode()
    assert "Stesso ambito" in page and "Same sector" not in page
