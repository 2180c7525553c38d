"""Handing in: what is refused, what is frozen, what is numbered, and what a refusal leaves behind (nothing)."""

from datetime import datetime, timedelta

import pytest
from django.core.files.storage import storages

from citylab.audit import services as audit
from citylab.challenges.models import ChallengeProgress, Criterion
from citylab.challenges.services import challenge_published
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError
from citylab.core.models import OutboxMessage
from citylab.proposals import register
from citylab.proposals.models import Attachment, Proposal, ProposalVersion, RegisterCounter, RegisterEntry, Signature, StampDuty
from citylab.proposals.services import drafting, screening, submitting
from tests import factories

pytestmark = pytest.mark.django_db

CLOSES = datetime(2027, 4, 12, 12, 0, tzinfo=clock.rome)


def hand_in(draft, *, signature=None, stamp=None):
    actor = factories.owner_of(draft.organisation)
    return submitting.proposal_submit(proposal_id=draft.pk, actor=actor, signature=signature or factories.signature(draft, actor), stamp=stamp or factories.stamp())


def nothing_was_received(draft):
    found = Proposal.objects.get(pk=draft.pk)
    assert (found.state, found.number, found.submitted_at, found.received_on) == ("draft", None, None, None)
    assert ProposalVersion.objects.count() == RegisterEntry.objects.count() == StampDuty.objects.count() == Signature.objects.count() == 0
    assert not RegisterCounter.objects.filter(last__gt=0).exists()
    assert not OutboxMessage.objects.filter(topic="proposal.submitted").exists()


# --- refused ---------------------------------------------------------------------------------------------------------------------


def test_an_incomplete_proposal_is_refused_with_what_is_missing():
    draft = factories.draft(title="", summary="", declares_truth=False)
    with pytest.raises(submitting.Incomplete) as refused:
        hand_in(draft)
    assert [(problem.section, problem.field, problem.code) for problem in refused.value.problems] == [
        ("idea", "title", "missing"), ("idea", "summary", "missing"), ("declarations", "declares_truth", "missing"),
    ]  # fmt: skip
    nothing_was_received(draft)


def test_a_missing_technical_sheet_is_named():
    draft = factories.draft()
    drafting.attachment_remove(attachment_id=draft.attachments.get(kind="technical_sheet").pk, actor=factories.owner_of(draft.organisation))
    with pytest.raises(submitting.Incomplete) as refused:
        hand_in(draft)
    assert [problem.field for problem in refused.value.problems] == ["technical_sheet"]


BARE = {"address": "", "postcode": "", "town": " ", "pec": "", "email": "", "representative_name": ""}


@pytest.mark.parametrize(
    ("profile", "gaps"),
    [
        (BARE, ["address", "postcode", "town", "pec", "representative_name"]),
        ({"pec": ""}, ["pec"]),
        ({**BARE, "country": "JP", "vat_number": "", "foreign_identifier": "0100-01-012345"}, ["address", "town", "email", "representative_name"]),
    ],
)
def test_a_profile_without_seat_representative_or_address_for_acts_is_refused(profile, gaps):
    draft = factories.draft(factories.organisation(**profile), title="")
    with pytest.raises(submitting.Incomplete) as refused:
        hand_in(draft)
    assert [(problem.section, problem.field, problem.code) for problem in refused.value.problems] == [
        *(("applicant", gap, "profile") for gap in gaps), ("idea", "title", "missing"),
    ]  # fmt: skip
    nothing_was_received(draft)


@pytest.mark.parametrize(("moment", "received"), [(CLOSES, True), (CLOSES + timedelta(seconds=59, microseconds=999_999), True), (CLOSES + timedelta(minutes=1), False)])
def test_the_deadline_includes_its_last_minute(moment, received):
    with clock.travelling_to(CLOSES - timedelta(days=20)):
        draft = factories.draft(to=factories.challenge(mode="competitive", closes_at=CLOSES))
    with clock.travelling_to(moment):
        if received:
            assert hand_in(draft).submitted_at == moment
            return
        with pytest.raises(DomainError) as refused:
            hand_in(draft)
    assert refused.value.code == "challenge_closed"
    nothing_was_received(draft)
    # A refusal takes the freezing of the criteria back with it.
    assert (draft.challenge.progress.criteria_frozen_at, ChallengeProgress.objects.get().proposals_received) == (None, 0)


def test_the_moment_of_receipt_decides_however_long_it_takes(monkeypatch):
    """The request came in the last minute; the locks let it through after it."""
    with clock.travelling_to(CLOSES - timedelta(days=20)):
        draft = factories.draft(to=factories.challenge(mode="competitive", closes_at=CLOSES))
        signature = factories.signature(draft, factories.owner_of(draft.organisation))
    times = iter([CLOSES + timedelta(seconds=50)])
    late = CLOSES + timedelta(minutes=5)
    monkeypatch.setattr(submitting.clock, "now", lambda: next(times, late))
    submitted = hand_in(draft, signature=signature, stamp=submitting.StampGiven(exemption="public"))
    version = submitted.versions.get()
    receipt = submitted.communications.get(kind="receipt")
    assert submitted.submitted_at == version.submitted_at == receipt.sent_at == CLOSES + timedelta(seconds=50)
    assert version.register_entry.registered_at == late


def test_received_just_before_midnight_counts_for_that_day(monkeypatch):
    draft = factories.draft()
    signature = factories.signature(draft, factories.owner_of(draft.organisation))
    before, after = datetime(2026, 12, 31, 23, 59, 59, tzinfo=clock.rome), datetime(2027, 1, 1, 0, 0, 1, tzinfo=clock.rome)
    times = iter([before])
    monkeypatch.setattr(submitting.clock, "now", lambda: next(times, after))
    submitted = hand_in(draft, signature=signature, stamp=submitting.StampGiven(exemption="public"))
    assert submitted.received_on.isoformat() == submitted.communications.get(kind="receipt").legally_received_on.isoformat() == "2026-12-31"
    assert str(submitted.versions.get().register_entry) == "0000001/2027"


@pytest.mark.parametrize(
    ("stamp", "code"),
    [
        ({"serial_number": "1234567890123"}, "stamp_serial_number"),
        ({"serial_number": "123456789012345"}, "stamp_serial_number"),
        ({"serial_number": "1234567890123a"}, "stamp_serial_number"),
        ({"serial_number": "١٢٣٤٥٦٧٨٩٠١٢٣٤"}, "stamp_serial_number"),
        ({"stamped_on": None}, "stamp_stamped_on"),
        ({"stamped_on": "tomorrow"}, "stamp_stamped_on"),
        ({"not_reused": False}, "stamp_not_reused"),
        ({"exemption": "friend of the mayor"}, "stamp_exemption"),
    ],
)
def test_a_stamp_that_does_not_hold(stamp, code):
    draft = factories.draft()
    given = {"serial_number": "12345678901234", "stamped_on": clock.today(), "not_reused": True, **stamp}
    if given["stamped_on"] == "tomorrow":
        given["stamped_on"] = clock.today() + timedelta(days=1)
    with pytest.raises(DomainError) as refused:
        hand_in(draft, stamp=submitting.StampGiven(**given))
    assert refused.value.code == code
    nothing_was_received(draft)


def test_a_stamp_is_used_once_in_the_whole_city_and_the_number_goes_back():
    factories.submitted()
    used = StampDuty.objects.get().serial_number
    draft = factories.draft()
    with pytest.raises(DomainError) as refused:
        hand_in(draft, stamp=factories.stamp(int(used)))
    assert refused.value.code == "stamp_used"
    assert hand_in(Proposal.objects.get(pk=draft.pk)).number.endswith("-00002")
    assert list(RegisterEntry.objects.values_list("number", flat=True)) == [1, 2]


def test_two_exempt_requests_do_not_stand_in_each_other_s_way():
    for _turn in range(2):
        hand_in(factories.draft(), stamp=submitting.StampGiven(exemption="onlus", exemption_note="Iscrizione 12"))
    assert list(StampDuty.objects.values_list("serial_number", "exemption")) == [(None, "onlus"), (None, "onlus")]


def test_a_signature_is_made_of_this_proposals_own_files():
    draft, other = factories.draft(), factories.draft()
    foreign = factories.signature(other, factories.owner_of(other.organisation))
    with pytest.raises(DomainError) as refused:
        hand_in(draft, signature=foreign)
    assert refused.value.code == "signature_document"
    nothing_was_received(draft)


def test_a_signature_file_that_a_colleague_took_off_meanwhile_is_missed():
    draft = factories.draft()
    owner = factories.owner_of(draft.organisation)
    given = factories.signature(draft, owner)
    drafting.attachment_remove(attachment_id=given.identity_document.pk, actor=owner)
    with pytest.raises(DomainError) as refused:
        hand_in(draft, signature=given)
    assert refused.value.code == "signature_identity"


@pytest.mark.parametrize(
    ("change", "code"),
    [({"kind": "verbal"}, "signature_kind"), ({"signatory": "  "}, "signature_signatory"), ({"document": None}, "signature_document"), ({"identity_document": None}, "signature_identity"),
     ({"kind": "p7m"}, "signature_document"), ({"kind": "pdf"}, "signature_document")],
)  # fmt: skip
def test_a_signature_that_is_not_what_it_says(change, code):
    draft = factories.draft()
    given = factories.signature(draft, factories.owner_of(draft.organisation))
    values = {"kind": given.kind, "signatory": given.signatory, "document": given.document, "identity_document": given.identity_document, **change}
    with pytest.raises(DomainError) as refused:
        hand_in(draft, signature=submitting.SignatureGiven(**values))
    assert refused.value.code == code
    nothing_was_received(draft)


def test_handing_in_twice_is_a_conflict():
    submitted = factories.submitted()
    owner = factories.owner_of(submitted.organisation)
    signature = submitting.SignatureGiven("handwritten", "L", *submitted.attachments.filter(kind__in=("signed_summary", "identity_document")).order_by("-kind"))
    with pytest.raises(Conflict):
        submitting.proposal_submit(proposal_id=submitted.pk, actor=owner, signature=signature, stamp=factories.stamp())


# --- frozen ----------------------------------------------------------------------------------------------------------------------


def test_a_version_stays_as_it_was_handed_in():
    challenge = factories.challenge(criteria=(("impact", 70, 3), ("technology", 30, 0)))
    proposal = factories.submitted(to=challenge, title="Prima")
    people = factories.city()
    owner = factories.owner_of(proposal.organisation)
    before = ProposalVersion.objects.values().get()
    screening.screening_start(proposal_id=proposal.pk, actor=people.officer)
    request = screening.changes_request(proposal_id=proposal.pk, actor=people.officer, items=[screening.AskedItem("idea", "Titolo?")], channel="portal")
    drafting.answers_save(proposal_id=proposal.pk, actor=owner, answers={"title": "Dopo"}, base_version=Proposal.objects.get(pk=proposal.pk).version)
    second = submitting.additions_submit(proposal_id=proposal.pk, actor=owner, replies={request.items.get().pk: "Cambiato."})
    assert ProposalVersion.objects.filter(number=1).values().get() == before
    assert (before["answers"]["title"], second.answers["title"], second.number) == ("Prima", "Dopo", 2)
    assert [(row["code"], row["weight"], row["minimum"]) for row in before["criteria"]] == [("impact", 70, 3), ("technology", 30, 0)]


def test_every_point_of_a_request_needs_its_reply_and_nothing_is_written_without():
    proposal = factories.proposal_in("changes_requested")
    with pytest.raises(DomainError) as refused:
        submitting.additions_submit(proposal_id=proposal.pk, actor=factories.owner_of(proposal.organisation), replies={})
    assert refused.value.code == "reply_missing"
    assert (proposal.versions.count(), Proposal.objects.get(pk=proposal.pk).state) == (1, "changes_requested")


def test_the_first_submission_freezes_the_criteria():
    challenge = factories.challenge(criteria=(("impact", 70, 3), ("technology", 30, 0)))
    factories.submitted(to=challenge)
    Criterion.objects.filter(challenge=challenge, code="impact").update(weight=10)
    with pytest.raises(DomainError) as refused:
        challenge_published(challenge_id=challenge.pk, actor=None)
    assert refused.value.code == "criteria_frozen"
    # Whatever is in the record, the next one is scored by what was frozen.
    second = factories.submitted(to=challenge)
    assert [(row["code"], row["weight"]) for row in second.versions.get().criteria] == [("impact", 70), ("technology", 30)]
    assert ChallengeProgress.objects.get(challenge=challenge).proposals_received == 2


def test_the_name_of_a_frozen_criterion_may_be_corrected():
    challenge = factories.challenge(criteria=(("impact", 100, 0),))
    factories.submitted(to=challenge)
    Criterion.objects.filter(challenge=challenge).update(name_it="Impatto sulla città")
    challenge_published(challenge_id=challenge.pk, actor=None)


# --- numbered --------------------------------------------------------------------------------------------------------------------


def test_numbers_start_again_each_year():
    for moment in ("2027-12-31 23:59", "2028-01-01 00:00"):
        with clock.travelling_to(datetime.fromisoformat(moment).replace(tzinfo=clock.rome)):
            factories.submitted()
    assert list(RegisterEntry.objects.order_by("year").values_list("year", "number")) == [(2027, 1), (2028, 1)]
    assert list(Proposal.objects.order_by("number").values_list("number", flat=True)) == ["TCL-2027-00001", "TCL-2028-00001"]


def test_a_number_taken_while_the_year_turns_belongs_to_the_new_year(monkeypatch):
    before, after = datetime(2027, 12, 31, 23, 59, 59, tzinfo=clock.rome), datetime(2028, 1, 1, tzinfo=clock.rome)
    times = iter([before])
    monkeypatch.setattr(register.clock, "now", lambda: next(times, after))
    entry = register.register(direction="received", subject="test", case_id=1)
    assert (str(entry), entry.registered_at) == ("0000001/2028", after)
    assert RegisterCounter.objects.get(year=2027).last == 0


# --- files -----------------------------------------------------------------------------------------------------------------------


def stored():
    storage = storages["case_files"]
    return {attachment.key for attachment in Attachment.objects.all() if storage.exists(attachment.key)}


def drain():
    outbox.drain()
    assert not OutboxMessage.objects.filter(topic__in=("attachment.removed", "case_files.unused"), done_at__isnull=True).exists()


def test_a_file_taken_off_a_draft_is_deleted():
    draft = factories.draft()
    sheet = draft.attachments.get()
    drafting.attachment_remove(attachment_id=sheet.pk, actor=factories.owner_of(draft.organisation))
    drain()
    drain()  # what the first deletion published
    assert not Attachment.objects.filter(pk=sheet.pk).exists()
    assert not storages["case_files"].exists(sheet.key)


def test_a_file_that_a_version_names_is_kept_though_it_was_taken_off():
    proposal = factories.proposal_in("changes_requested")
    before = stored()
    for attachment in proposal.attachments.all():
        drafting.attachment_remove(attachment_id=attachment.pk, actor=factories.owner_of(proposal.organisation))
    drain()
    assert stored() == before and len(before) == 3
    assert proposal.attachments.filter(removed_at__isnull=False).count() == 3


def test_a_deleted_draft_leaves_no_file_behind_but_its_trace():
    draft = factories.draft()
    key = draft.attachments.get().key
    drafting.proposal_delete(proposal_id=draft.pk, actor=factories.owner_of(draft.organisation))
    drain()
    assert not Proposal.objects.filter(pk=draft.pk).exists()
    assert not storages["case_files"].exists(key)
    assert audit.trail("proposal", draft.pk)[-1].action == "delete_draft"


def test_an_upload_to_a_case_that_went_on_meanwhile_leaves_no_file(monkeypatch):
    draft = factories.draft()
    owner = factories.owner_of(draft.organisation)
    kept = []
    store = drafting.files.store

    def slow_store(upload):
        done = store(upload)
        kept.append(done.key)
        if len(kept) == 1:  # while the file was on its way a colleague handed the proposal in
            hand_in(draft)
        return done

    monkeypatch.setattr(drafting.files, "store", slow_store)
    with pytest.raises(Conflict):
        drafting.attachment_add(proposal_id=draft.pk, actor=owner, kind="technical_sheet", upload=factories.upload())
    assert not storages["case_files"].exists(kept[0])
    assert all(storages["case_files"].exists(key) for key in kept[1:])
