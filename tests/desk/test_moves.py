"""The moves of a case: fill in, see exactly what will be sent, confirm once; refusals keep what was typed; the second one is told."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import gettext, override

from citylab.audit.models import AuditEntry
from citylab.core import clock, outbox
from citylab.desk.views.moves import MOVES
from citylab.notifications.models import OutgoingMessage
from citylab.pilots.models import Pilot
from citylab.proposals.models import ChangeRequest, Communication, Decision, Proposal, RefusalNotice, RegisterEntry
from citylab.proposals.services import deciding, screening
from citylab.proposals.workflow import State
from citylab.testbeds.models import Booking
from citylab.testbeds.services import booking_hold
from tests import factories

from .conftest import signed_in, text_of

DAY = timedelta(days=1)
ACT = {"act_number": "DD 7/2027", "signed_by": "The Director", "channel": "portal"}


def address(case: Proposal, code: str) -> str:
    return reverse("desk:move", args=[case.pk, code])


def typed(**more: str) -> dict[str, str]:
    return {"reasons": "For these reasons.", "act_date": clock.today().isoformat(), **ACT, **more}


def approval(**more: str) -> dict[str, str]:
    first = clock.today() + 10 * DAY
    return typed(**{"outcome": "approved", "starts_on": first.isoformat(), "ends_on": (first + 20 * DAY).isoformat(), **more})


def scored(made: Any, people: Any, **how: Any) -> Proposal:
    case = made("evaluation", **how)
    factories.sheet_confirmed(case, people.officer, people.evaluator)
    return case


def state_of(case: Proposal) -> str:
    return Proposal.objects.get(pk=case.pk).state


# Which moves the page offers in each state, and which of them can be made at once.
OFFERED = {
    "submitted": {"start-screening": True},
    "screening": {"start-evaluation": False, "inadmissible": True},
    "changes_requested": {},
    "inadmissible": {"reopen": True},
    "evaluation": {"approve": False, "refusal-notice": False},
    "refusal_notice": {"reject": False, "resume-evaluation": True},
    "approved": {},
    "rejected": {"reopen": True},
    "withdrawn": {},
}


@pytest.mark.parametrize(("state", "expected"), OFFERED.items())
def test_the_page_offers_the_moves_of(state: str, expected: dict[str, bool], officer: Any, made: Any) -> None:
    response = officer.get(reverse("desk:case", args=[made(state).pk]))
    assert {row["move"].code: not row["blocked"] for row in response.context["moves"]} == expected


def test_a_competitive_case_is_rejected_straight_and_an_open_one_only_after_a_notice(officer: Any, people: Any, made: Any) -> None:
    competitive = scored(made, people, to=factories.challenge(mode="competitive"))
    offered = officer.get(reverse("desk:case", args=[competitive.pk])).context["moves"]
    assert {row["move"].code for row in offered} == {"approve", "reject"}
    assert officer.get(address(scored(made, people), "reject")).status_code == 409


@pytest.mark.parametrize("code", MOVES)
@pytest.mark.parametrize("state", [state for state in State.values if state != "draft"])
def test_a_move_that_the_state_does_not_allow_says_what_the_case_is_now(code: str, state: str, officer: Any, made: Any) -> None:
    case = made(state)
    response = officer.get(address(case, code))
    if code in OFFERED[state]:
        assert response.status_code == (422 if code == "start-evaluation" else 200)  # a move without a form is refused before it is confirmed
    else:
        assert response.status_code == 409
        assert f"The case is “{case.get_state_display()}”, which does not allow this." in text_of(response)
        assert reverse("desk:case", args=[case.pk]) in response.content.decode()


@pytest.mark.parametrize("who", ["insider", "evaluator", "department", "editor", "startup", "owner"])
def test_nobody_but_the_office_makes_a_move(who: str, people: Any, made: Any) -> None:
    case = made("submitted")
    client = signed_in(getattr(people, who))
    addresses = [address(case, "start-screening"), *(reverse(f"desk:{name}", args=[case.pk]) for name in ("request_changes", "message", "assign", "assign_evaluator"))]
    assert {client.post(place, {"confirmed": "1"}).status_code for place in addresses} == {403}
    assert state_of(case) == "submitted"


def test_an_unknown_move_does_not_exist(officer: Any, made: Any) -> None:
    assert officer.get(address(made("submitted"), "promote")).status_code == 404


# --- moves without a form


def mails(case: Proposal) -> set[tuple[str, str, str]]:
    return set(OutgoingMessage.objects.filter(case_id=str(case.pk)).values_list("address", "subject", "text"))


@pytest.mark.parametrize(("state", "code", "after"), [("submitted", "start-screening", "screening"), ("refusal_notice", "resume-evaluation", "evaluation")])
def test_a_move_without_a_form_shows_its_mail_and_asks_once(state: str, code: str, after: str, officer: Any, people: Any, made: Any) -> None:
    case = made(state)
    outbox.drain()
    before = mails(case)
    response = officer.get(address(case, code))
    shown = response.context["preview"]
    assert (state_of(case), shown.message, [mail.address for mail in shown.mails], mails(case)) == (state, None, [people.owner.email], before)
    assert officer.post(address(case, code), {"confirmed": "1"})["Location"] == reverse("desk:case", args=[case.pk])
    outbox.drain()
    assert state_of(case) == after
    assert mails(case) - before == {(mail.address, mail.subject, mail.text) for mail in shown.mails}


def test_the_mail_of_an_earlier_move_that_is_still_on_its_way_is_not_shown_with_this_one(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")  # its receipt and the news of the screening wait in the outbox
    mails_shown = officer.post(address(case, "inadmissible"), typed()).context["preview"].mails
    assert [(mail.kind, mail.address) for mail in mails_shown] == [("decision", people.owner.email)]


def test_a_move_without_a_form_is_not_made_without_confirmation(officer: Any, made: Any) -> None:
    case = made("submitted")
    assert officer.post(address(case, "start-screening")).status_code == 200
    assert state_of(case) == "submitted"


def test_evaluation_does_not_begin_with_open_lines(officer: Any, made: Any) -> None:
    case = made("screening")
    response = officer.post(address(case, "start-evaluation"), {"confirmed": "1"})
    assert response.status_code == 422
    assert "The checklist still has open lines" in text_of(response)
    assert state_of(case) == "screening"


# --- moves with a message

WITH_MESSAGE = [
    ("screening", "inadmissible", typed, "inadmissible"),
    ("scored", "approve", approval, "approved"),
    ("scored", "refusal-notice", lambda: {"reasons": "For these reasons.", "channel": "portal"}, "refusal_notice"),
    ("competitive", "reject", typed, "rejected"),
    ("rejected", "reopen", lambda: typed(to="evaluation"), "evaluation"),
    ("inadmissible", "reopen", lambda: typed(to="screening"), "screening"),
]


@pytest.mark.parametrize(("start", "code", "data", "after"), WITH_MESSAGE)
@pytest.mark.parametrize("language", ["it", "en"])
def test_what_is_shown_before_is_what_is_sent(start: str, code: str, data: Any, after: str, language: str, officer: Any, people: Any, made: Any) -> None:
    how = {"language": language, **({"to": factories.challenge(mode="competitive")} if start == "competitive" else {})}
    case = scored(made, people, **how) if start in ("scored", "competitive") else made(start, **how)
    outbox.drain()
    before = (state_of(case), mails(case), Communication.objects.count(), RegisterEntry.objects.count(), AuditEntry.objects.count())
    preview = officer.post(address(case, code), data())
    assert preview.status_code == 200
    assert (state_of(case), mails(case), Communication.objects.count(), RegisterEntry.objects.count(), AuditEntry.objects.count()) == before
    shown = preview.context["preview"]
    page = html.unescape(preview.content.decode())
    assert shown.message.subject in page and shown.message.body in page and all(mail.text in page for mail in shown.mails)
    assert officer.post(address(case, code), {**data(), "confirmed": "1"}).status_code == 302
    outbox.drain()
    assert state_of(case) == after
    sent = Communication.objects.filter(proposal=case).latest("id")
    assert (sent.subject, sent.body, sent.channel) == (shown.message.subject, shown.message.body, "portal")
    assert mails(case) - before[1] == {(mail.address, mail.subject, mail.text) for mail in shown.mails} != set()


def test_the_words_of_a_decision_are_in_the_language_of_the_proposal(officer: Any, made: Any) -> None:
    case = made("screening", language="it")
    words = officer.post(address(case, "inadmissible"), typed()).context["preview"].message
    with override("it"):
        assert words.subject == gettext("Decision on proposal %(number)s: %(outcome)s") % {"number": case.number, "outcome": Decision.Outcome.INADMISSIBLE.label}
    assert "DD 7/2027" in words.body and "The Director" in words.body and words.body.startswith("For these reasons.")


def test_by_pec_the_page_names_the_address_and_the_message_waits_for_its_delivery(officer: Any, made: Any) -> None:
    case = made("screening")
    preview = officer.post(address(case, "inadmissible"), typed(channel="pec"))
    assert "nuvola@pec.example" in text_of(preview)
    officer.post(address(case, "inadmissible"), {**typed(channel="pec"), "confirmed": "1"})
    sent = Communication.objects.filter(proposal=case).latest("id")
    assert (sent.channel, sent.legally_received_on) == ("pec", None)


def test_without_a_pec_address_nothing_can_be_sent_by_pec(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    people.organisation.pec = ""
    people.organisation.save()
    said = "The organisation has given no PEC address. Send it on the portal."
    for code, data in (("inadmissible", typed(channel="pec")), ("message", {"subject": "A visit", "body": "At ten.", "channel": "pec"})):
        response = officer.post(address(case, code) if code != "message" else reverse("desk:message", args=[case.pk]), data)
        assert (response.status_code, response.context["form"].errors) == (422, {"channel": [said]})
    asked = officer.post(reverse("desk:request_changes", args=[case.pk]), {"section": "plan", "text": "More.", "channel": "pec"})
    assert (asked.status_code, asked.context["error"]) == (422, said)
    assert state_of(case) == "screening" and not Communication.objects.filter(channel="pec").exists()


def test_change_something_brings_back_the_form_as_it_was(officer: Any, made: Any) -> None:
    case = made("screening")
    response = officer.post(address(case, "inadmissible"), {**typed(), "edit": "1"})
    assert response.status_code == 200
    assert [field.value() for field in response.context["form"]] == ["For these reasons.", "DD 7/2027", clock.today().isoformat(), "The Director", "portal"]


BAD = [
    ("inadmissible", {"reasons": " "}, "reasons", "Write the reasons."),
    ("inadmissible", {"act_number": ""}, "act_number", "This field is required."),
    ("inadmissible", {"act_number": "x" * 41}, "act_number", "at most 40 characters"),
    ("inadmissible", {"act_date": "31/02/2027"}, "act_date", "Enter a valid date."),
    ("inadmissible", {"signed_by": ""}, "signed_by", "This field is required."),
    ("inadmissible", {"channel": "pigeon"}, "channel", "Select a valid choice."),
    ("approve", {"outcome": ""}, "outcome", "This field is required."),
    ("approve", {"outcome": "rejected"}, "outcome", "Select a valid choice."),
    ("approve", {"outcome": "approved_with_conditions"}, "conditions", "Write the conditions."),
    ("approve", {"outcome": "approved_subject_to_third_party"}, "third_party", "Name the third party."),
    ("approve", {"ends_on": "2020-01-01"}, "ends_on", "The last day comes before the first."),
    ("approve", {"starts_on": ""}, "starts_on", "This field is required."),
    ("approve", {"site": "99999"}, "site", "Select a valid choice."),
    ("refusal-notice", {"reasons": ""}, "reasons", "Write the reasons."),
    ("reopen", {"to": "nowhere"}, "to", "Select a valid choice."),
]


@pytest.mark.parametrize(("code", "wrong", "field", "message"), BAD)
def test_a_wrong_field_says_so_and_everything_typed_stays(code: str, wrong: dict[str, str], field: str, message: str, officer: Any, people: Any, made: Any) -> None:
    case = made("screening") if code == "inadmissible" else made("rejected") if code == "reopen" else scored(made, people)
    data = {**(approval() if code == "approve" else typed(to="screening") if code == "reopen" else typed()), **wrong}
    before = state_of(case)
    for confirmed in ({}, {"confirmed": "1"}):
        response = officer.post(address(case, code), {**data, **confirmed})
        assert (response.status_code, state_of(case)) == (422, before)
        assert message in " ".join(response.context["form"].errors[field])
        assert message in text_of(response)
        assert all(response.context["form"][name].value() == data[name] for name in response.context["form"].fields if name in data)


def test_an_act_of_tomorrow_is_refused_at_its_field(officer: Any, made: Any) -> None:
    case = made("screening")
    data = typed(act_date=(clock.today() + DAY).isoformat())
    response = officer.post(address(case, "inadmissible"), {**data, "confirmed": "1"})
    assert response.status_code == 422
    assert response.context["form"].errors["act_date"] == ["The date of the act is in the future."]
    assert response.context["form"]["reasons"].value() == "For these reasons."


def test_no_decision_without_a_confirmed_sheet(officer: Any, made: Any) -> None:
    case = made("evaluation")
    response = officer.post(address(case, "approve"), {**approval(), "confirmed": "1"})
    assert response.status_code == 422
    assert "No evaluator has confirmed a score sheet on this version yet." in text_of(response)
    assert not Decision.objects.exists()


def test_no_rejection_while_the_ten_days_run(officer: Any, made: Any) -> None:
    case = made("refusal_notice")
    response = officer.post(address(case, "reject"), {**typed(), "confirmed": "1"})
    assert response.status_code == 422
    assert "The ten days for observations are still running" in text_of(response)
    assert state_of(case) == "refusal_notice"


# --- approval and the place


def test_approval_creates_the_pilot_and_holds_the_place(officer: Any, people: Any, made: Any) -> None:
    place = factories.site()
    case = scored(made, people, sites=[place.code])
    assert officer.get(address(case, "approve")).context["form"].initial["site"] == place.pk
    data = approval(site=str(place.pk), outcome="approved_with_conditions", conditions="Quiet at night.")
    preview = officer.post(address(case, "approve"), data)
    assert f"{place.name} is held from" in text_of(preview)
    officer.post(address(case, "approve"), {**data, "confirmed": "1"})
    pilot = Pilot.objects.get(proposal=case)
    booking = Booking.objects.get(case_id=pilot.pk)
    assert (booking.site, booking.starts_on.isoformat(), booking.ends_on.isoformat()) == (place, data["starts_on"], data["ends_on"])
    assert Decision.objects.get().conditions == "Quiet at night."
    assert officer.get(reverse("desk:case", args=[case.pk])).context["step"].target == "pilot"


def test_a_place_lost_meanwhile_offers_the_next_free_dates_as_one_click(officer: Any, people: Any, made: Any) -> None:
    place = factories.site(capacity=1)
    case = scored(made, people)
    data = approval(site=str(place.pk))
    first = clock.today() + 10 * DAY
    booking_hold(site_id=place.pk, case_id=case.pk, label="Other", starts_on=first, ends_on=first + 30 * DAY, actor=people.officer)
    response = officer.post(address(case, "approve"), {**data, "confirmed": "1"})
    assert (response.status_code, state_of(case)) == (409, "evaluation")
    slot = response.context["next_free"]
    assert slot.starts_on > first + 30 * DAY
    button = f'name="slot" value="{slot.starts_on.isoformat()}/{slot.ends_on.isoformat()}"'
    assert button in response.content.decode()
    assert response.context["form"]["reasons"].value() == "For these reasons."
    preview = officer.post(address(case, "approve"), {**data, "slot": f"{slot.starts_on.isoformat()}/{slot.ends_on.isoformat()}"})
    assert preview.context["form"].cleaned_data["starts_on"] == slot.starts_on
    chosen = {**data, "starts_on": slot.starts_on.isoformat(), "ends_on": slot.ends_on.isoformat()}
    assert officer.post(address(case, "approve"), {**chosen, "confirmed": "1"}).status_code == 302
    assert Booking.objects.get(case_id=Pilot.objects.get().pk).starts_on == slot.starts_on


# --- two officers at once


def test_the_second_officer_is_told_what_happened_and_keeps_the_text(officer: Any, people: Any, made: Any) -> None:
    case = scored(made, people)
    deciding.refusal_notice_give(proposal_id=case.pk, actor=people.colleague, reasons="No plan.", channel="portal")
    response = officer.post(address(case, "approve"), {**approval(reasons="A very good idea."), "confirmed": "1"})
    assert response.status_code == 409
    text = text_of(response)
    for expected in ("Nothing was sent and nothing was changed.", "Refusal notice given", "Second Officer", "A very good idea.", "What you had written"):
        assert expected in text
    assert (Pilot.objects.count(), Decision.objects.count(), state_of(case)) == (0, 0, "refusal_notice")


# --- requests for additions


def asked(*points: tuple[str, str], **more: str) -> dict[str, Any]:
    return {"section": [section for section, _text in points], "text": [text for _section, text in points], "intro": "Thank you.", "channel": "portal", **more}


def test_a_request_goes_out_point_by_point_as_it_was_shown(officer: Any, people: Any, made: Any) -> None:
    case = made("screening", language="en")
    place = reverse("desk:request_changes", args=[case.pk])
    data = asked(("plan", "Say when."), ("safety", ""), ("data", "Say where."))
    preview = officer.post(place, data)
    assert preview.context["preview"].message.body == "Thank you.\n1. Plan: Say when.\n2. Data: Say where."
    assert "This request stops the clock" in text_of(preview)
    assert state_of(case) == "screening"
    assert officer.post(place, {**data, "confirmed": "1"}).status_code == 302
    request = ChangeRequest.objects.get()
    assert [(item.section, item.text) for item in request.items.all()] == [("plan", "Say when."), ("data", "Say where.")]
    assert request.communication.body == preview.context["preview"].message.body
    assert (state_of(case), request.clock_stopped_on) == ("changes_requested", clock.today())


def test_a_second_request_says_that_the_clock_goes_on(officer: Any, people: Any, made: Any, travel: Any) -> None:
    travel("2027-03-01 09:00")
    asked_once = made("changes_requested")
    travel("2027-03-04 09:00")
    case = factories.answered(asked_once, people.owner)
    response = officer.get(reverse("desk:request_changes", args=[case.pk]))
    assert (response.context["stops_clock"], "this request does not stop it again" in text_of(response)) == (False, True)


def test_points_are_added_and_removed_without_losing_a_word(officer: Any, made: Any) -> None:
    place = reverse("desk:request_changes", args=[made("screening").pk])
    more = officer.post(place, asked(("plan", "One."), ("data", "Two."), add="1"))
    assert more.context["rows"] == [{"section": "plan", "text": "One."}, {"section": "data", "text": "Two."}, {"section": "applicant", "text": ""}]
    less = officer.post(place, asked(("plan", "One."), ("data", "Two."), remove="0"))
    assert (less.context["rows"], less.context["intro"]) == ([{"section": "data", "text": "Two."}], "Thank you.")
    assert officer.post(place, asked(("plan", "One."), remove="0")).context["rows"] == [{"section": "applicant", "text": ""}]


def test_a_request_without_a_point_asks_for_one_and_keeps_the_rest(officer: Any, made: Any) -> None:
    response = officer.post(reverse("desk:request_changes", args=[made("screening").pk]), asked(("data", " ")))
    assert response.status_code == 422
    assert "Write at least one thing to be added or changed." in text_of(response)
    assert (response.context["intro"], response.context["rows"][0]["section"]) == ("Thank you.", "data")
    assert not ChangeRequest.objects.exists()


def test_a_request_that_a_colleague_made_first_is_told_and_kept(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    screening.changes_request(proposal_id=case.pk, actor=people.colleague, items=[screening.AskedItem("plan", "Say when.")], channel="portal")
    response = officer.post(reverse("desk:request_changes", args=[case.pk]), asked(("data", "My own point."), confirmed="1"))
    assert response.status_code == 409
    text = text_of(response)
    assert "My own point." in text and "Additions requested" in text and "Second Officer" in text
    assert ChangeRequest.objects.count() == 1


# --- formal messages, the officer


def test_a_formal_message_is_shown_then_sent_once(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    place = reverse("desk:message", args=[case.pk])
    data = {"subject": "A visit", "body": "At ten.", "channel": "portal"}
    preview = officer.post(place, data)
    assert (preview.context["preview"].message.subject, preview.context["preview"].message.body) == ("A visit", "At ten.")
    assert officer.post(place, {**data, "confirmed": "1"})["Location"].endswith("?tab=messages")
    again = officer.post(place, {**data, "confirmed": "1"})
    assert again.status_code == 409
    assert "it was not sent twice" in text_of(again)
    assert Communication.objects.filter(proposal=case, kind="message").count() == 1
    assert Communication.objects.get(kind="message").legally_received_on == clock.today()


@pytest.mark.parametrize(("wrong", "field"), [({"subject": ""}, "subject"), ({"body": " "}, "body"), ({"subject": "x" * 201}, "subject")])
def test_an_incomplete_message_is_kept(wrong: dict[str, str], field: str, officer: Any, made: Any) -> None:
    data = {"subject": "A visit", "body": "At ten.", "channel": "portal", **wrong}
    response = officer.post(reverse("desk:message", args=[made("screening").pk]), data)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert all(response.context["form"][name].value() == value for name, value in data.items())


def test_a_case_goes_to_a_colleague_but_not_to_somebody_of_the_applicant(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    place = reverse("desk:assign", args=[case.pk])
    refused = officer.post(place, {"officer": people.insider.pk})
    assert (refused.status_code, "This person cannot be responsible for this case." in text_of(refused)) == (422, True)
    assert officer.post(place, {"officer": people.evaluator.pk}).status_code == 422
    assert officer.post(place, {"officer": people.colleague.pk}).status_code == 302
    assert Proposal.objects.get(pk=case.pk).officer == people.colleague


def test_the_notice_shows_the_observations_that_came(officer: Any, people: Any, made: Any) -> None:
    case = made("refusal_notice")
    deciding.observations_submit(proposal_id=case.pk, actor=people.owner, text="We disagree, and here is why.")
    response = officer.get(reverse("desk:case", args=[case.pk]), {"tab": "evaluation"})
    assert "We disagree, and here is why." in text_of(response)
    assert response.context["step"].is_ours
    assert RefusalNotice.objects.get().observations_received_on == clock.today()
