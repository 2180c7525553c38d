"""Bulk rows are what the services write: column by column, row by row, step by step."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models, transaction

from citylab.accounts.models import Membership, Organisation, RoleGrant, User
from citylab.accounts.services.organisations import organisation_create
from citylab.audit.models import AuditEntry
from citylab.audit.verifying import verify
from citylab.challenges.models import ChallengeProgress
from citylab.core.models import OutboxMessage
from citylab.demo import volume
from citylab.demo.cloning import PARTS, Exemplar
from citylab.payments import ledger
from citylab.payments.models import Allocation, Charge, Checkout, CheckoutLine, DepositDecision, LedgerEntry, LedgerTransaction, Refund
from citylab.pilots.models import Pilot
from citylab.proposals.models import Attachment, DraftReminder, Proposal, ProposalVersion, RegisterEntry
from citylab.proposals.services.submitting import digest_of
from search.models import AlertSubscription
from tests.factories import person, vat_number

pytestmark = pytest.mark.django_db
COUNT = 250


@pytest.fixture(scope="module", autouse=True)
def volume_loaded(city: None) -> Iterator[None]:
    with transaction.atomic():
        assert volume.load(COUNT).total() == COUNT
        yield
        transaction.set_rollback(True)


def copies() -> list[Proposal]:
    return list(Proposal.objects.filter(organisation__legal_name__startswith="Esempio n. ").select_related("organisation"))


def originals() -> dict[str, Proposal]:
    return {proposal.title: proposal for proposal in Proposal.objects.exclude(organisation__legal_name__startswith="Esempio n. ")}


def _case(proposal: Proposal) -> Exemplar:
    """A case with its rows in an order that does not depend on random ids."""
    case = Exemplar.read(proposal)
    case.rows[Attachment].sort(key=lambda row: row.kind)
    return case


def _base(copy: Proposal) -> str:
    return str(copy.title).rpartition(" – ")[0]


def test_the_states_of_a_queue_are_there() -> None:
    assert {copy.state for copy in copies()} == set(volume.SHARES)
    assert len(copies()) == COUNT


def test_the_trail_verifies() -> None:
    assert verify() == []


def test_register_and_case_numbers_go_on_without_gaps() -> None:
    for year in set(RegisterEntry.objects.values_list("year", flat=True)):
        numbers = list(RegisterEntry.objects.filter(year=year).order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
    numbered = Proposal.objects.exclude(number=None)
    by_year: dict[str, list[int]] = {}
    for number in numbered.values_list("number", flat=True):
        _prefix, year, serial = number.split("-")
        by_year.setdefault(year, []).append(int(serial))
    assert all(sorted(serials) == list(range(1, len(serials) + 1)) for serials in by_year.values())


def test_the_services_go_on_where_the_volume_stopped() -> None:
    owner = person()
    organisation = organisation_create(actor=owner, data={"legal_name": "Dopo (demo)", "kind": "startup", "vat_number": vat_number(77), "country": "IT"})
    assert AuditEntry.objects.filter(case_id=str(organisation.pk)).count() == 1
    assert Membership.objects.get(user=owner).organisation_id == organisation.pk


def unlike(copy: Any, original: Any, shift: timedelta, mine: Exemplar, theirs: Exemplar) -> list[str]:
    """The columns of two rows that differ in more than whose, which and when."""
    found = []
    for column in original._meta.concrete_fields:
        new, old = getattr(copy, column.attname), getattr(original, column.attname)
        if column.primary_key or (type(copy), column.name) in NUMBERED:
            same = bool(new) == bool(old) and (new != old or not new)
        elif isinstance(column, models.ForeignKey) and new is not None and old is not None:
            same = _same_place(column.remote_field.model, new, old, mine, theirs)
        elif (type(copy), column.name) in PLAIN_REFERENCES:
            same = _same_place(PLAIN_REFERENCES[type(copy), column.name], new, old, mine, theirs)
        elif isinstance(old, date | datetime) and new is not None:
            same = new - old == shift
        elif isinstance(column, models.JSONField):
            same = set(new) == set(old) if column.name == "organisation" else _shape(new) == _shape(old)
        elif "title" in column.name or column.name in ("subject", "body"):
            same = bool(new) == bool(old)
        else:
            same = new == old
        if not same:
            found.append(f"{type(copy).__name__}.{column.name}: {old!r} → {new!r}")
    return found


# The ledger refers to pilots and charges without a constraint.
PLAIN_REFERENCES = {(LedgerTransaction, "pilot"): Pilot, (LedgerEntry, "charge"): Charge}
# Columns that hold a number, an address or a digest of their own.
NUMBERED = {(model, name) for model, _way in PARTS for name in ("number", "code", "slug", "key", "serial_number", "digest", "case_id", "year")}
NUMBERED -= {(model, "number") for model, _way in PARTS if model not in (Proposal, RegisterEntry)}
NUMBERED -= {(model, "year") for model, _way in PARTS}


def _same_place(target: Any, new: Any, old: Any, mine: Exemplar, theirs: Exemplar) -> bool:
    """Two references lead to the corresponding rows of their cases, or to the same record of the city."""
    if target in mine.rows:
        mine_ids, their_ids = [row.pk for row in mine.rows[target]], [row.pk for row in theirs.rows[target]]
        return (new in mine_ids) == (old in their_ids) and (new not in mine_ids or mine_ids.index(new) == their_ids.index(old))
    return new == old or target in (User, Organisation)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else (type(value).__name__, bool(value))


def test_every_column_of_every_row_is_what_the_services_wrote() -> None:
    differences = []
    found = originals()
    for copy in copies()[::5]:
        mine, theirs = _case(copy), _case(found[_base(copy)])
        shift = copy.created_at - theirs.proposal.created_at
        for model, _way in PARTS:
            rows, patterns = mine.rows[model], theirs.rows[model]
            assert len(rows) == len(patterns), (copy.state, model)
            for row, pattern in zip(rows, patterns, strict=True):
                if model is not RegisterEntry or row.year == pattern.year:
                    differences += unlike(row, pattern, shift, mine, theirs)
    assert differences[:20] == []


def test_the_trail_tells_the_same_steps() -> None:
    found = originals()
    for copy in copies()[::5]:
        mine, theirs = _case(copy), _case(found[_base(copy)])
        assert [_step(entry) for entry in mine.trail if entry.case_kind == "proposal"] == [_step(entry) for entry in theirs.trail if entry.case_kind == "proposal"]
        for kind in ("pilot", "charge"):
            assert [_step(entry) for entry in mine.trail if entry.case_kind == kind] == [_step(entry) for entry in theirs.trail if entry.case_kind == kind]
        assert [(message.topic, sorted(message.payload)) for message in mine.messages] == [(message.topic, sorted(message.payload)) for message in theirs.messages]


def _step(entry: AuditEntry) -> tuple[Any, ...]:
    return entry.sequence, entry.action, entry.from_state, entry.to_state, entry.actor_role, _shape(entry.data)


def test_what_the_trail_refers_to_belongs_to_the_copy() -> None:
    for copy in copies():
        version = copy.versions.first()
        entry = AuditEntry.objects.filter(case_kind="proposal", case_id=str(copy.pk), action="submit").first()
        if version is None:
            assert entry is None
            continue
        assert entry.data["register"] == str(version.register_entry)
        assert entry.data["digest"] == version.digest
        assert entry.actor_id == copy.created_by_id


def test_versions_hold_the_copys_own_answers_organisation_and_digest() -> None:
    for version in ProposalVersion.objects.filter(proposal__in=copies()).select_related("proposal__organisation"):
        assert version.answers["title"] == version.proposal.title
        assert version.organisation["legal_name"] == version.proposal.organisation.legal_name
        content = {name: getattr(version, name) for name in ("answers", "organisation", "files", "challenge", "criteria", "sites")}
        assert version.digest == digest_of(content)
        assert {file["id"] for file in version.files} <= {str(pk) for pk in version.proposal.attachments.values_list("pk", flat=True)}


def test_messages_name_the_copys_own_numbers() -> None:
    strangers = set(Proposal.objects.exclude(pk__in=[copy.pk for copy in copies()]).exclude(number=None).values_list("number", flat=True))
    for copy in copies():
        for message in copy.communications.all():
            assert not [number for number in strangers if number in message.subject]
        receipt = copy.communications.filter(kind="receipt").first()
        if receipt:
            assert str(copy.versions.first().register_entry) in receipt.subject


def test_every_table_of_a_case_is_copied() -> None:
    known = {model for model, _way in PARTS}
    referring = {
        relation.related_model
        for model in known
        for relation in model._meta.get_fields(include_hidden=True)
        if (relation.one_to_many or relation.one_to_one) and relation.auto_created and relation.related_model
    }
    told = {DraftReminder, AlertSubscription}  # what was told or is to be told to people, not the case itself
    through_providers = {Checkout, CheckoutLine, Allocation, Refund, DepositDecision, DepositDecision.documents.through}  # copied pilots paid with a stamp at most
    assert referring - known == told | through_providers


def test_organisations_have_what_the_service_writes() -> None:
    made = organisation_create(actor=person(), data={"legal_name": "Con il servizio (demo)", "kind": "startup", "vat_number": vat_number(78), "country": "IT"})
    for organisation in Organisation.objects.filter(legal_name__startswith="Esempio n. ")[:5]:
        owner, service_owner = organisation.memberships.get().user, made.memberships.get().user
        assert organisation.memberships.get().role == made.memberships.get().role
        assert list(owner.role_grants.values_list("role", flat=True)) == list(service_owner.role_grants.values_list("role", flat=True))
        for kind, mine, theirs in (("organisation", organisation, made), ("user", owner, service_owner)):
            steps = [[_step(entry) for entry in AuditEntry.objects.filter(case_kind=kind, case_id=str(record.pk))] for record in (mine, theirs)]
            assert steps[0] == steps[1]
        assert {identifier.value for identifier in organisation.identifiers.all()} == {organisation.vat_number, organisation.tax_code} - {""}
        assert list(OutboxMessage.objects.filter(key=str(organisation.pk)).values_list("topic", flat=True)) == ["organisation.updated"]
        assert RoleGrant.objects.get(user=owner).granted_at is not None


def test_received_proposals_are_counted_on_their_challenge() -> None:
    for progress in ChallengeProgress.objects.all():
        assert progress.proposals_received == Proposal.objects.filter(challenge_id=progress.challenge_id).exclude(number=None).count()


def test_copied_pilots_have_addresses_of_their_own_and_hold_no_place() -> None:
    pilots = Pilot.objects.filter(proposal__in=copies())
    assert pilots.exists()
    assert not pilots.exclude(site=None).exists()
    assert all(pilot.code == "p-" + pilot.proposal.number.split("-", 1)[1] for pilot in pilots.select_related("proposal"))


def test_copied_pilots_have_their_charges_in_the_ledger() -> None:
    charges = Charge.objects.filter(pilot__proposal__in=copies())
    assert charges.filter(state="paid").exists()
    assert ledger.unbalanced() == []
    for charge in charges.exclude(amount_cents=0).select_related("stamp"):
        keys = list(LedgerTransaction.objects.filter(pilot=charge.pilot_id).values_list("key", flat=True))
        assert keys == [f"charge:{charge.pk}:made", f"charge:{charge.pk}:paid"]
        assert LedgerEntry.objects.filter(charge=charge.pk).count() == 6
        assert charge.stamp.serial_number.startswith("0299")


def test_load_volume_asks_for_a_number_above_zero() -> None:
    with pytest.raises(CommandError, match="at least 1"):
        call_command("load_volume", proposals=0)
