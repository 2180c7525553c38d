"""The case page: every tab in every state, who opens it, what it costs, and what is written on it."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from citylab.accounts.models import User
from citylab.core import clock
from citylab.desk import trail
from citylab.desk.views.case import TABS
from citylab.proposals.models import ChangeRequestItem, Communication, Note, Proposal, ScreeningCheck
from citylab.proposals.screening import CHECKLIST
from citylab.proposals.services import communicating, deciding, drafting, evaluating, screening, submitting
from citylab.proposals.workflow import State
from tests import factories

from .conftest import signed_in, text_of

DAY = timedelta(days=1)
STATES = [state for state in State.values if state != State.DRAFT]


def page(client: Any, case: Proposal, tab: str = "proposal", **query: str) -> Any:
    return client.get(reverse("desk:case", args=[case.pk]), {"tab": tab, **query})


@pytest.mark.parametrize("state", STATES)
def test_every_tab_opens_in(state: str, officer: Any, made: Any) -> None:
    case = made(state)
    for tab in TABS:
        response = page(officer, case, tab)
        assert (tab, response.status_code, response.context["tab"]) == (tab, 200, tab)
        assert response.content.count(b"<h1") == 1
        # In the list that a phone shows under the title, and in the tabs over the content.
        assert response.content.count(b'aria-current="page">' + str(TABS[tab]).encode()) == 2


def test_an_unknown_tab_or_version_opens_what_is_there(officer: Any, made: Any) -> None:
    case = made("submitted")
    assert page(officer, case, "nonsense").context["tab"] == "proposal"
    assert page(officer, case, version="99").context["shown"].number == 1


OPENS = {
    "officer": 200, "colleague": 200, "administrator": 200, "insider": 403, "evaluator": 403, "second_evaluator": 403, "department": 403, "editor": 403, "startup": 403, "owner": 403,
}  # fmt: skip


@pytest.mark.parametrize(("who", "status"), OPENS.items())
def test_the_case_opens_for(who: str, status: int, people: Any, made: Any) -> None:
    case = made("evaluation")
    client = signed_in(getattr(people, who))
    assert page(client, case).status_code == status
    assert client.get(reverse("desk:trail_csv", args=[case.pk])).status_code == status


def test_a_draft_and_an_unknown_case_do_not_open(officer: Any, made: Any) -> None:
    assert page(officer, made("draft")).status_code == 403
    assert officer.get(reverse("desk:case", args=["00000000-0000-0000-0000-000000000000"])).status_code == 404


def test_every_tab_costs_the_same_with_3_and_with_30_rows(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    factories.case_grown(case, people, range(3))
    page(officer, case)

    def cost() -> dict[str, int]:
        found = {}
        for tab in TABS:
            with CaptureQueriesContext(connection) as queries:
                assert page(officer, case, tab).status_code == 200
            found[tab] = len(queries)
        return found

    at_3 = cost()
    factories.case_grown(case, people, range(3, 30))
    assert cost() == at_3
    assert max(at_3.values()) <= 25


# --- the proposal


def test_the_proposal_stands_there_as_it_was_submitted(officer: Any, made: Any) -> None:
    case = made("submitted", title="Sensori per la pioggia", novelty="Costa un decimo.\nE dura il doppio.")
    text = text_of(page(officer, case))
    for expected in ("Costa un decimo. E dura il doppio.", "Misura", "Technical sheet", "Handwritten, with identity document", "Nuvola Lenta S.r.l.", str(case.versions.get().register_entry)):
        assert expected in text


def test_what_changed_since_the_last_version_is_shown_before_and_after(officer: Any, people: Any, made: Any) -> None:
    case = factories.answered(made("changes_requested", plan="First plan."), people.owner, plan="Second plan.")
    response = page(officer, case)
    assert [(change.field, change.before, change.after) for change in response.context["changes"]] == [("plan", "First plan.", "Second plan.")]
    assert "What changed since version 1" in text_of(response)
    older = page(officer, case, version="1")
    assert (older.context["shown"].number, older.context["changes"]) == (1, [])
    assert "First plan." in text_of(older) and "Second plan." not in text_of(older)


# --- attachments

FILES = {
    "officer": (200, 200), "administrator": (200, 200), "insider": (403, 403), "evaluator": (200, 403), "second_evaluator": (403, 403), "department": (403, 403), "editor": (403, 403),
    "owner": (403, 403),
}  # fmt: skip


@pytest.mark.parametrize(("who", "expected"), FILES.items())
def test_who_downloads_the_technical_sheet_and_the_identity_document(who: str, expected: tuple[int, int], people: Any, made: Any) -> None:
    case = made("evaluation")
    factories.sheet_confirmed(case, people.officer, people.evaluator)
    evaluating.evaluator_assign(proposal_id=case.pk, actor=people.officer, evaluator=people.second_evaluator)
    client = signed_in(getattr(people, who))
    got = tuple(client.get(reverse("desk:attachment", args=[case.pk, case.attachments.get(kind=kind).pk])).status_code for kind in ("technical_sheet", "identity_document"))
    assert got == expected


def test_a_file_comes_as_a_download_that_no_browser_renders_here(officer: Any, made: Any) -> None:
    case = made("submitted")
    stored = case.attachments.get(kind="technical_sheet")
    response = officer.get(reverse("desk:attachment", args=[case.pk, stored.pk]))
    assert b"".join(response.streaming_content).startswith(b"%PDF-")
    assert response["Content-Disposition"] == f'attachment; filename="{stored.name}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"] == "private, no-store"


def test_a_file_that_no_version_names_stays_the_startups(officer: Any, people: Any, made: Any) -> None:
    case = made("changes_requested")
    fresh = drafting.attachment_add(proposal_id=case.pk, actor=people.owner, kind="deck", upload=factories.upload("deck.pdf"))
    address = reverse("desk:attachment", args=[case.pk, fresh.pk])
    assert officer.get(address).status_code == 404
    factories.answered(case, people.owner)
    assert officer.get(address).status_code == 200


def test_a_file_opens_only_under_its_own_case(officer: Any, made: Any) -> None:
    case, other = made("submitted"), made("submitted")
    assert officer.get(reverse("desk:attachment", args=[other.pk, case.attachments.get(kind="technical_sheet").pk])).status_code == 404


# --- notes, messages, replies


def test_a_note_is_kept_and_an_empty_one_says_what_is_missing(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    assert officer.post(reverse("desk:note", args=[case.pk]), {"text": "Called them."})["Location"].endswith("?tab=notes")
    assert (Note.objects.get().text, Note.objects.get().author) == ("Called them.", people.officer)
    refused = officer.post(reverse("desk:note", args=[case.pk]), {"text": "  "})
    assert refused.status_code == 422
    assert "Write the note." in text_of(refused)
    assert Note.objects.count() == 1


def test_messages_show_channel_register_number_and_legal_receipt(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    sent = communicating.message_send(proposal_id=case.pk, actor=people.officer, subject="A visit", body="At ten.", channel="pec")
    text = text_of(page(officer, case, "messages"))
    for expected in ("A visit", "PEC", str(sent.register_entry), "Delivery not recorded yet", "Legally received on"):
        assert expected in text


def test_recording_a_delivery_moves_the_term_of_a_request(officer: Any, people: Any, made: Any, travel: Any) -> None:
    travel("2027-03-01 09:00")
    case = made("screening")
    asked = screening.changes_request(proposal_id=case.pk, actor=people.officer, items=[screening.AskedItem("plan", "More.")], channel="pec")
    assert page(officer, case).context["step"].target == "tab:messages"
    travel("2027-03-05 09:00")
    address = reverse("desk:delivery", args=[case.pk, asked.communication_id])
    field = f"d{asked.communication_id}-legally_received_on"
    assert officer.post(address, {field: "2027-03-04"}).status_code == 302
    asked.refresh_from_db()
    assert asked.communication.legally_received_on.isoformat() == "2027-03-04"
    assert asked.answer_due_on.isoformat() == "2027-04-05"  # thirty days from the 4th of March end on a Saturday
    assert page(officer, case).context["step"].target == ""


@pytest.mark.parametrize(
    ("day", "message"),
    [("", "This field is required."), ("yesterday", "Enter a valid date."), ("2027-02-28", "The day of delivery must lie between"), ("2027-03-06", "The day of delivery must lie between")],
)
def test_a_wrong_day_of_delivery_says_so_beside_its_field_and_stays_typed(day: str, message: str, officer: Any, people: Any, made: Any, travel: Any) -> None:
    travel("2027-03-01 09:00")
    case = made("screening")
    sent = communicating.message_send(proposal_id=case.pk, actor=people.officer, subject="A visit", body="At ten.", channel="pec")
    travel("2027-03-05 09:00")
    response = officer.post(reverse("desk:delivery", args=[case.pk, sent.pk]), {f"d{sent.pk}-legally_received_on": day})
    assert response.status_code == 422
    assert message in text_of(response)
    assert f'value="{day}"' in response.content.decode() or not day
    assert Communication.objects.get(pk=sent.pk).legally_received_on is None


def test_a_delivery_that_a_colleague_recorded_first_is_a_conflict(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    sent = communicating.message_send(proposal_id=case.pk, actor=people.officer, subject="A visit", body="At ten.", channel="pec")
    communicating.delivery_record(communication_id=sent.pk, actor=people.colleague, legally_received_on=clock.today())
    response = officer.post(reverse("desk:delivery", args=[case.pk, sent.pk]), {f"d{sent.pk}-legally_received_on": clock.today().isoformat()})
    assert response.status_code == 409
    assert "The delivery of this message has already been recorded." in text_of(response)


def test_replies_are_settled_and_reopened_one_by_one(officer: Any, people: Any, made: Any) -> None:
    case = factories.answered(made("changes_requested"), people.owner)
    item = ChangeRequestItem.objects.get()
    response = page(officer, case)
    assert (response.context["step"].target, "1 reply waits for your word." in text_of(response)) == ("tab:screening", True)
    address = reverse("desk:settle", args=[case.pk, item.pk])
    assert officer.post(address, {"settled": "yes"})["Location"].endswith(f"?tab=screening#item-{item.pk}")
    assert ChangeRequestItem.objects.get().settled is True
    officer.post(address, {"settled": "no"})
    assert ChangeRequestItem.objects.get().settled is False
    assert officer.post(reverse("desk:settle", args=[made("submitted").pk, item.pk]), {"settled": "yes"}).status_code == 404


# --- the checklist


def filled(result: str = "passed", note: str = "", **was: str) -> dict[str, str]:
    """The checklist as the page sends it."""
    data = {}
    for item in CHECKLIST:
        data |= {f"{item}-result": result, f"{item}-note": note, f"{item}-was": "", f"{item}-was-note": ""}
    return {**data, **was}


def test_the_checklist_is_saved_line_by_line(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    address = reverse("desk:checklist", args=[case.pk])
    assert officer.post(address, {"stamp-result": "failed", "stamp-note": "Serial number unreadable."})["Location"].endswith("?tab=screening")
    check = ScreeningCheck.objects.get()
    assert (check.item, check.result, check.note, check.checked_by) == ("stamp", "failed", "Serial number unreadable.", people.officer)
    response = page(officer, case, "screening")
    assert "9 lines of the checklist are open." in text_of(response)
    assert officer.post(address, filled(**{"stamp-was": "failed", "stamp-was-note": "Serial number unreadable."})).status_code == 302
    assert set(ScreeningCheck.objects.values_list("item", "result")) == {(item, "passed") for item in CHECKLIST}
    assert page(officer, case).context["step"].target == "start-evaluation"


def test_a_note_without_a_result_is_asked_about_and_kept(officer: Any, made: Any) -> None:
    case = made("screening")
    response = officer.post(reverse("desk:checklist", args=[case.pk]), {"scope-note": "Ask the legal office.", "stamp-result": "passed"})
    assert response.status_code == 422
    assert "Choose a result for every line that has a note." in text_of(response)
    assert {row["item"]: (row["result"], row["note"]) for row in response.context["checklist"] if row["result"] or row["note"]} == {
        "scope": ("", "Ask the legal office."), "stamp": ("passed", ""),
    }  # fmt: skip
    assert not ScreeningCheck.objects.exists()


def test_the_same_line_changed_by_a_colleague_meanwhile_is_a_conflict_with_both_shown(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    screening.checklist_save(proposal_id=case.pk, actor=people.colleague, results={"stamp": ("failed", "Used before."), "scope": ("passed", "")})
    response = officer.post(reverse("desk:checklist", args=[case.pk]), {"stamp-result": "passed", "stamp-note": "I checked it."})
    assert response.status_code == 409
    text = text_of(response)
    assert "A colleague changed the same lines of the checklist meanwhile." in text
    assert "Second Officer saved: Not in order (Used before.)" in text
    lines = {row["item"]: (row["result"], row["note"]) for row in response.context["checklist"]}
    assert (lines["stamp"], lines["scope"]) == (("passed", "I checked it."), ("passed", ""))
    assert ScreeningCheck.objects.get(item="stamp").result == "failed"


def test_different_lines_changed_by_two_people_are_both_kept(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    screening.checklist_save(proposal_id=case.pk, actor=people.colleague, results={"stamp": ("failed", "")})
    assert officer.post(reverse("desk:checklist", args=[case.pk]), {"scope-result": "passed"}).status_code == 302
    assert dict(ScreeningCheck.objects.values_list("item", "result")) == {"stamp": "failed", "scope": "passed"}


def test_the_checklist_of_a_case_beyond_screening_only_reads(officer: Any, made: Any) -> None:
    case = made("evaluation")
    assert 'name="stamp-result"' not in page(officer, case, "screening").content.decode()
    assert officer.post(reverse("desk:checklist", args=[case.pk]), {"stamp-result": "failed", "stamp-was": "passed"}).status_code == 409
    assert ScreeningCheck.objects.get(item="stamp").result == "passed"


# --- the clock


def test_the_clock_says_how_many_days_are_left_and_until_when(officer: Any, made: Any, travel: Any) -> None:
    travel("2027-03-01 09:00")
    case = made("submitted")
    travel("2027-03-11 09:00")
    assert "<strong>20</strong> days left" in text_of(page(officer, case))
    assert "31 March 2027" in text_of(page(officer, case))


def test_a_clock_that_stands_still_says_since_when_why_and_until_when(officer: Any, made: Any, travel: Any) -> None:
    travel("2027-03-01 09:00")
    text = text_of(page(officer, made("changes_requested")))
    assert "The clock stands still" in text and "since 1 March 2027" in text and "for the additions asked for" in text
    assert "L. 241/1990, art. 2 c. 7" in text


def test_a_late_case_says_by_how_much(officer: Any, made: Any, travel: Any) -> None:
    travel("2027-03-01 09:00")
    case = made("submitted")
    travel("2027-04-02 09:00")
    assert "2 days late" in text_of(page(officer, case))


# --- the audit trail


def test_the_trail_says_who_did_what_before_and_after(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    screening.officer_assign(proposal_id=case.pk, actor=people.officer, officer=people.colleague)
    first = page(officer, case, "trail").context["lines"][0]
    assert (first.who, first.role, first.what, first.before, first.after) == ("Persona", "Officer", "Responsible officer named", "Persona", "Second Officer")
    second = page(officer, case, "trail").context["lines"][1]
    assert (second.what, second.before, second.after) == ("Screening opened", "Received", "Screening")


def test_the_trail_outlives_a_person(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    gone = factories.person("officer")
    screening.note_add(proposal_id=case.pk, actor=gone, text="Bye.")
    number = gone.pk
    Note.objects.all().delete()
    gone.delete()
    assert page(officer, case, "trail").context["lines"][0].who == f"Person {number}, no longer here"


def test_every_action_of_the_casework_has_words(people: Any, made: Any) -> None:
    """Whatever services write into the trail is read in words, never as a code."""
    case = made("refusal_notice")
    deciding.observations_submit(proposal_id=case.pk, actor=people.owner, text="We disagree.")
    deciding.evaluation_resume(proposal_id=case.pk, actor=people.officer)
    others = [factories.answered(made("changes_requested"), people.owner), made("approved"), made("rejected"), made("inadmissible"), made("withdrawn")]
    deciding.proposal_reopen(proposal_id=others[2].pk, actor=people.officer, to="evaluation", **factories.act())
    deciding.proposal_reopen(proposal_id=others[3].pk, actor=people.officer, to="screening", **factories.act())
    spoken = {str(words) for words in trail.ACTIONS.values()}
    for found in (case, *others):
        assert [line.what for line in trail.lines(found.pk) if line.what not in spoken] == []


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+39 011", "-1", "@SUM(A1)", "\tTab", "\rReturn"])
def test_no_cell_of_the_csv_is_a_formula(name: str, officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    User.objects.filter(pk=people.officer.pk).update(name=name)
    response = officer.get(reverse("desk:trail_csv", args=[case.pk]))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="{case.number}-audit.csv"'
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["Number", "When", "Who", "Role", "What", "Before", "After", "Details"]
    assert rows[-1][2] == f"'{name}"
    assert [int(row[0]) for row in rows[1:]] == list(range(1, len(rows)))


def test_the_csv_opens_in_italian_spreadsheets(people: Any, made: Any, officer: Any) -> None:
    case = made("screening")
    with override("it"):
        response = officer.get(reverse("desk:trail_csv", args=[case.pk]))
    assert response.content.startswith(b"\xef\xbb\xbf")
    assert len(next(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))) == 8
