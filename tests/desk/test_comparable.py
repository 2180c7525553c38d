"""Comparable sites and cases beside a case, and the change of its site: who, when, what it costs and what is sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.audit.models import AuditEntry
from citylab.core import outbox
from citylab.core.errors import DomainError, NotAllowed
from citylab.core.models import OutboxMessage
from citylab.desk import trail
from citylab.notifications.models import OutgoingMessage
from citylab.proposals.models import Communication, Proposal, RegisterEntry
from citylab.proposals.services import deciding, siting
from citylab.proposals.workflow import SITE_CHANGEABLE, State
from citylab.testbeds.models import Booking
from citylab.testbeds.services import booking_hold
from citylab.wiring import CONSUMERS
from search.rebuilding import rebuild_embedded
from tests import factories

from .conftest import signed_in, text_of
from .test_case import STATES


@pytest.fixture
def sites(people: Any) -> Any:
    """The site asked for, which lacks something, and one that has it."""
    return factories.site("asked", capabilities=(), name_en="Asked square"), factories.site("better", name_en="Better park")


def comparable(client: Any, case: Proposal, **headers: str) -> Any:
    return client.get(reverse("desk:comparable", args=[case.pk]), headers=headers)


def address(case: Proposal, code: str = "better") -> str:
    return reverse("desk:change_site", args=[case.pk, code])


def drain() -> None:
    while outbox.drain():
        pass


def site_now(case: Proposal) -> str:
    found = Proposal.objects.select_related("assigned_site").get(pk=case.pk).assigned_site
    return found.code if found else ""


# --- the tab


def test_the_tab_fetches_its_content_and_leads_there_without_scripts(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    text = text_of(officer.get(reverse("desk:case", args=[case.pk]), {"tab": "comparable"}))
    assert f'hx-get="{reverse("desk:comparable", args=[case.pk])}"' in text
    assert f'<a href="{reverse("desk:comparable", args=[case.pk])}">Open them on a page of their own</a>' in text


def test_its_address_gives_the_part_to_scripts_and_a_page_to_everybody_else(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    drain()
    part, page = comparable(officer, case, hx_request="true"), comparable(officer, case)
    assert (part.content.count(b"<h1"), page.content.count(b"<h1")) == (0, 1)
    for response in (part, page):
        assert response["Vary"].startswith("HX-Request")
        assert "Better park" in text_of(response)


def test_other_sites_say_why_with_the_share_as_a_number(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    drain()
    text = text_of(comparable(officer, case))
    for expected in ("The site asked for:", "It lacks: Power", "fits better", "Free on the dates asked for.", "<mark>", " %)", "Choose this site"):
        assert expected in text
    shares = [round(line.share * 100) for choice in comparable(officer, case).context["sites"].others for line in choice.match.reasons]
    assert all(f"({share} %)" in text for share in shares) and sum(shares) in (99, 100, 101)


def test_similar_cases_say_how_they_ended(officer: Any, people: Any, made: Any, sites: Any) -> None:
    factories.proposal_in("inadmissible", title="Sensori per la pioggia, ancora")
    case = made("screening", sites=["asked"])
    drain()
    text = text_of(comparable(officer, case))
    for expected in ("Sensori per la pioggia, ancora", "Decision: Inadmissible", "Per queste ragioni.", "Both texts speak of:", "</mark> <span class=\"tcl-share\">("):
        assert expected in text


def test_nothing_to_compare_with_is_said(officer: Any, made: Any) -> None:
    text = text_of(comparable(officer, made("screening")))
    for expected in ("The proposal asks for no site of the city.", "No site of the city fits.", "No case of the past speaks of the same things."):
        assert expected in text


OPENS = {
    "officer": 200, "colleague": 200, "administrator": 200, "insider": 403, "evaluator": 403, "second_evaluator": 403, "department": 403, "editor": 403, "startup": 403, "owner": 403,
}  # fmt: skip


@pytest.mark.parametrize(("who", "status"), OPENS.items())
def test_who_compares_and_changes(who: str, status: int, people: Any, made: Any, sites: Any) -> None:
    case = made("evaluation", sites=["asked"])
    client = signed_in(getattr(people, who))
    assert comparable(client, case).status_code == status
    assert client.get(address(case)).status_code == status
    client.post(address(case), {"seen": sites[0].pk, "confirmed": "1"})
    assert site_now(case) == ("better" if status == 200 else "")


def test_a_draft_an_unknown_case_and_an_unknown_site_do_not_open(officer: Any, made: Any, sites: Any) -> None:
    draft, case = made("draft"), made("screening")
    assert comparable(officer, draft).status_code == officer.get(address(draft)).status_code == 403
    assert officer.get(reverse("desk:comparable", args=["00000000-0000-0000-0000-000000000000"])).status_code == 404
    assert officer.get(address(case, "nowhere")).status_code == 404


def test_the_part_costs_the_same_with_3_and_with_30_rows(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")

    def more(numbers: range) -> None:
        factories.case_grown(case, people, numbers)
        for index in numbers:
            factories.site(f"place-{index}")
            factories.proposal_in("inadmissible")
        rebuild_embedded()

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert comparable(officer, case, hx_request="true").status_code == 200
        return len(queries)

    more(range(3))
    cost()
    at_3 = cost()
    more(range(3, 30))
    assert cost() == at_3 <= 25


# --- the change


def test_the_confirmation_shows_what_happens_and_what_is_sent_and_nothing_has_happened_yet(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    mails, entries = OutgoingMessage.objects.count(), RegisterEntry.objects.count()
    text = text_of(officer.get(address(case)))
    for expected in (
        "Change the site to Better park: please confirm", "The site of the case is Better park instead of Asked square.", "It is free on the dates asked for.",
        "Luogo better", "Luogo asked", "only approval holds a place",
    ):  # fmt: skip
        assert expected in text
    assert (site_now(case), OutgoingMessage.objects.count(), RegisterEntry.objects.count()) == ("", mails, entries)


def test_a_reason_stands_in_the_message_before_it_is_sent(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    response = officer.post(address(case), {"seen": sites[0].pk, "reason": "C'è la corrente."})
    assert response.context["preview"].message.body.split("\n\n")[1] == "C'è la corrente."
    assert (response.status_code, site_now(case)) == (200, "")


def test_one_confirmation_changes_the_site_tells_the_startup_and_leaves_a_line(officer: Any, people: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    version = case.versions.get()
    response = officer.post(address(case), {"seen": sites[0].pk, "reason": "Ha la corrente.", "confirmed": "1"}, follow=True)
    assert f"The site of {case.number} is now Better park; the start-up is told." in text_of(response)
    assert "Site chosen by the city" in text_of(response)
    assert site_now(case) == "better"
    message = Communication.objects.get(proposal=case, kind="site_changed")
    assert (message.direction, message.channel, message.register_entry is not None) == ("to_applicant", "portal", True)
    assert "Luogo better" in message.body and "Ha la corrente." in message.body
    entry = AuditEntry.objects.get(case_id=str(case.pk), action="change_site")
    assert (entry.actor_id, entry.data["site_from"], entry.data["site_to"], entry.data["communication"]) == (people.officer.pk, "asked", "better", message.pk)
    line = trail.lines(case.pk)[0]
    assert (line.what, line.before, line.after) == ("Site changed", "Asked square", "Better park")
    assert "Ha la corrente." not in str(entry.data)
    drain()
    assert OutgoingMessage.objects.filter(case_id=str(case.pk), user=people.owner, text__contains="Luogo better").count() == 1
    # What was handed in is as it was: answers, the sites asked for, the version and its digest.
    case.refresh_from_db()
    assert (case.answers["sites"], [wish.site.code for wish in case.wished_sites.all()]) == (["asked"], ["asked"])
    again = case.versions.get()
    assert (again.answers, again.sites, again.digest) == (version.answers, version.sites, version.digest)
    assert not Booking.objects.exists()


def test_the_fact_reaches_the_startup_and_the_index(made: Any, people: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    siting.site_change(proposal_id=case.pk, actor=people.officer, site_id=sites[1].pk, seen=sites[0].pk)
    assert OutboxMessage.objects.filter(topic="proposal.site_changed", key=str(case.pk)).count() == 1
    assert CONSUMERS["proposal.site_changed"] == ["citylab.proposals.tasks.handle_message_sent", "search.indexing.handle_proposal"]


@pytest.mark.parametrize("state", STATES)
def test_the_state_decides_whether_the_site_can_be_changed(state: str, officer: Any, made: Any, sites: Any) -> None:
    case = made(state, sites=["asked"])
    allowed = state in (State.SCREENING, State.EVALUATION)
    assert tuple(SITE_CHANGEABLE) == (State.SCREENING, State.EVALUATION)
    drain()
    assert ("Choose this site" in text_of(comparable(officer, case))) == allowed
    assert officer.get(address(case)).status_code == (200 if allowed else 409)
    assert officer.post(address(case), {"seen": sites[0].pk, "confirmed": "1"}).status_code == (302 if allowed else 409)
    assert site_now(case) == ("better" if allowed else "")


def test_a_colleague_was_faster_and_the_second_is_told_with_the_reason_kept(officer: Any, people: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    third = factories.site("third", name_en="Third yard")
    signed_in(people.colleague).post(address(case), {"seen": sites[0].pk, "confirmed": "1"})
    response = officer.post(address(case, third.code), {"seen": sites[0].pk, "reason": "Più vicino.", "confirmed": "1"})
    assert response.status_code == 409
    for expected in ("The site of this case is now Better park: somebody has changed it meanwhile.", "Più vicino.", "Site changed", "Nothing was sent and nothing was changed."):
        assert expected in text_of(response)
    assert site_now(case) == "better"


def test_a_form_sent_twice_changes_once(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    data = {"seen": sites[0].pk, "confirmed": "1"}
    assert [officer.post(address(case), data).status_code for _turn in range(2)] == [302, 409]
    assert Communication.objects.filter(proposal=case, kind="site_changed").count() == 1


def test_the_same_site_and_one_that_is_not_published_are_refused(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    factories.site("hidden", publish=False)
    for code, words in (("asked", "Asked square already is the site of this case."), ("hidden", "This site is not published at present.")):
        response = officer.post(address(case, code), {"seen": sites[0].pk, "confirmed": "1"})
        assert (response.status_code, words in text_of(response)) == (422, True)
    assert site_now(case) == ""


def test_a_reason_that_is_too_long_is_told_beside_the_field_and_kept(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    response = officer.post(address(case), {"seen": sites[0].pk, "reason": "x" * 2001, "confirmed": "1"})
    assert (response.status_code, response.content.count(b"x" * 2001), response.content.count(b'aria-invalid="true"')) == (422, 1, 1)
    assert site_now(case) == ""


def test_a_case_without_a_site_gets_one(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening")
    assert "The site of the case is Better park." in text_of(officer.get(address(case)))
    assert officer.post(address(case), {"seen": "", "confirmed": "1"}).status_code == 302
    assert site_now(case) == "better"


def test_the_way_back_to_what_was_asked_for_is_offered(officer: Any, people: Any, made: Any, sites: Any) -> None:
    factories.site("third", capabilities=(), name_en="Third yard")
    case = made("screening", sites=["asked", "third"])
    text = text_of(comparable(officer, case))
    assert "The start-up asked for this one too:" in text and f'href="{address(case, "third")}"' in text
    officer.post(address(case), {"seen": sites[0].pk, "confirmed": "1"})
    text = text_of(comparable(officer, case))
    assert "The site chosen by the city:" in text and "The start-up asked for:" in text and f'href="{address(case, "asked")}"' in text
    assert officer.post(address(case, "asked"), {"seen": sites[1].pk, "confirmed": "1"}).status_code == 302
    assert site_now(case) == "asked"
    assert [(line.before, line.after) for line in trail.lines(case.pk) if line.what == "Site changed"] == [("Better park", "Asked square"), ("Asked square", "Better park")]


def test_the_startup_sees_the_site_on_its_case(people: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    siting.site_change(proposal_id=case.pk, actor=people.officer, site_id=sites[1].pk, seen=sites[0].pk, reason="Ha la corrente.")
    client = signed_in(people.owner)
    page = text_of(client.get(reverse("portal:case", args=[case.pk])))
    assert "Site chosen by the city" in page and "Better park" in page
    assert "Ha la corrente." in text_of(client.get(reverse("portal:case", args=[case.pk]), {"view": "messages"}))


def test_an_occupied_site_is_chosen_with_open_eyes(officer: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    booking_hold(site_id=sites[1].pk, case_id="00000000-0000-0000-0000-000000000001", label="", starts_on=case.starts_on, ends_on=case.ends_on, actor=None)
    free = case.ends_on + timedelta(days=1)
    assert f"It is not free on the dates asked for; it is from {free.day} {free:%B %Y}." in text_of(officer.get(address(case)))


def test_approval_begins_with_the_assigned_site(officer: Any, people: Any, made: Any, sites: Any) -> None:
    case = made("evaluation", sites=["asked"])
    siting.site_change(proposal_id=case.pk, actor=people.officer, site_id=sites[1].pk, seen=sites[0].pk)
    response = officer.get(reverse("desk:move", args=[case.pk, "approve"]))
    assert response.context["form"].initial["site"] == sites[1].pk


SERVICE = {"officer": True, "colleague": True, "administrator": True, "insider": False, "evaluator": False, "department": False, "editor": False, "startup": False, "owner": False}


@pytest.mark.parametrize(("who", "allowed"), SERVICE.items())
def test_who_may_call_the_service(who: str, allowed: bool, people: Any, made: Any, sites: Any) -> None:
    case = made("screening", sites=["asked"])
    try:
        siting.site_change(proposal_id=case.pk, actor=getattr(people, who), site_id=sites[1].pk, seen=sites[0].pk)
    except DomainError as error:
        assert (isinstance(error, NotAllowed), allowed) == (True, False)
    assert site_now(case) == ("better" if allowed else "")


def test_the_register_has_no_gap_after_a_rehearsal(officer: Any, people: Any, made: Any, sites: Any) -> None:
    case = made("evaluation", sites=["asked"])
    officer.get(address(case))
    officer.post(address(case), {"seen": sites[0].pk, "confirmed": "1"})
    deciding.proposal_withdraw(proposal_id=case.pk, actor=people.owner)
    numbers = list(RegisterEntry.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
