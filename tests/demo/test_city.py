"""What the demo city holds: the records of domain.md, in both languages, with their sources."""

import re
from collections import Counter
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from stdnum.it import iva

from citylab.accounts.models import Organisation, Role, User
from citylab.audit.models import AuditEntry
from citylab.audit.verifying import verify
from citylab.challenges.models import Challenge, Question
from citylab.challenges.selectors import Status, status, visible_challenges
from citylab.core import clock
from citylab.core.models import OutboxMessage
from citylab.demo.content import read
from citylab.demo.loading import load
from citylab.notifications.models import OutgoingMessage
from citylab.pilots.models import Indicator, Pilot
from citylab.pilots.selectors import public_pilots
from citylab.pilots.workflow import State as PilotState
from citylab.proposals.models import Proposal, RegisterEntry
from citylab.proposals.selectors import queue_counts
from citylab.proposals.workflow import State
from citylab.taxonomy.models import Capability, Pole, Programme, S3Area, Sector, Technology
from citylab.testbeds.models import Asset, Site
from cms.models import StoryPage
from search.models import SearchDocument

pytestmark = pytest.mark.django_db
SOURCE = re.compile(r"(S[0-4]|[ABC]\d{1,2}b?|K)(, (S[0-4]|[ABC]\d{1,2}b?|K))*")


def test_all_sites_challenges_pilots_organisations_and_proposals_are_there() -> None:
    assert Site.objects.filter(live=True).count() == 22
    assert Challenge.objects.filter(live=True).count() == 38
    assert Pilot.objects.filter(is_archive=True).count() == 42
    assert Organisation.objects.filter(is_demo=True).count() == 20
    assert Proposal.objects.count() == 80
    assert (Sector.objects.count(), S3Area.objects.count(), Pole.objects.count(), Programme.objects.count()) == (5, 5, 4, 50)


@pytest.mark.parametrize(
    ("records", "fields"),
    [
        (Site, ("name", "summary", "description", "accessibility", "owner")),
        (Challenge, ("title", "summary", "description", "expected", "owner")),
        (Programme, ("name", "summary")),
        *((model, ("name",)) for model in (Sector, S3Area, Pole, Technology, Capability)),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_every_text_exists_in_italian_and_in_english(records: Any, fields: tuple[str, ...]) -> None:
    empty = [
        f"{record.code}.{field}_{language}" for record in records.objects.all() for field in fields for language in ("it", "en") if not getattr(record, f"{field}_{language}").strip()
    ]
    assert empty == []


def test_descriptions_of_challenges_differ_between_the_languages_and_are_real_texts() -> None:
    for challenge in Challenge.objects.all():
        assert challenge.description_it != challenge.description_en
        assert len(challenge.description_it) > 150, challenge.code


@pytest.mark.parametrize("records", [Site.objects, Challenge.objects, Programme.objects, Pilot.objects.filter(is_archive=True)], ids=["sites", "challenges", "programmes", "pilots"])
def test_every_record_names_its_source(records: Any) -> None:
    assert [record.code for record in records.all() if not SOURCE.fullmatch(record.source)] == []


def test_what_is_assumed_is_marked() -> None:
    names = {column.name for model in (Site, Challenge) for column in model._meta.get_fields()} | {"owner", "description", "expected", "accessibility"}
    for record in [*Site.objects.all(), *Challenge.objects.all()]:
        assert record.assumed and set(record.assumed) <= names
    assert Asset.objects.filter(assumed=True).exists() and Asset.objects.filter(assumed=False).exists()


def test_archive_records_hold_no_invented_figure_outcome_or_proposal() -> None:
    archive = Pilot.objects.filter(is_archive=True)
    assert not archive.exclude(proposal=None).exists()
    assert not archive.exclude(outcome="").exists()
    assert not Indicator.objects.filter(pilot__is_archive=True).exists()
    assert {pilot.state for pilot in archive} == {PilotState.CLOSED}
    assert set(archive) <= set(public_pilots())


def test_challenges_are_open_closing_soon_closed_and_still_to_open_in_both_modes() -> None:
    moment = clock.now()
    states = Counter((challenge.mode, status(challenge, moment)) for challenge in visible_challenges(moment))
    assert states == {
        ("open", Status.OPEN): 28, ("open", Status.CLOSED): 1, ("open", Status.NOT_YET_OPEN): 1, ("competitive", Status.OPEN): 5, ("competitive", Status.CLOSED): 3,
    }  # fmt: skip
    soon = [challenge for challenge in visible_challenges(moment) if challenge.effective_closing and moment < challenge.effective_closing < moment + timedelta(days=10)]
    assert len(soon) == 3
    assert {challenge.criteria.count() for challenge in Challenge.objects.filter(mode="competitive")} == {5}


def test_questions_stand_answered_and_waiting() -> None:
    assert Question.objects.filter(answered_at__isnull=False).exclude(answer_it="").exclude(answer_en="").count() == 5
    assert Question.objects.filter(answered_at__isnull=True).count() == 2


def test_organisations_are_plainly_invented_with_valid_identifiers() -> None:
    for organisation in Organisation.objects.all():
        assert "(demo)" in organisation.legal_name or "(fictional)" in organisation.legal_name
        assert all(iva.is_valid(code) for code in (organisation.vat_number, organisation.tax_code) if code)
        assert organisation.vat_number or organisation.tax_code or organisation.foreign_identifier
        assert organisation.email.endswith("example.org")


def test_every_state_of_proposals_and_pilots_occurs() -> None:
    assert set(Proposal.objects.values_list("state", flat=True)) == set(State.values)
    assert set(Pilot.objects.filter(is_archive=False).values_list("state", flat=True)) == set(PilotState.values)
    assert set(Pilot.objects.exclude(outcome="").values_list("outcome", flat=True)) == set(Pilot.Outcome.values)


def test_no_two_proposals_look_alike() -> None:
    assert Proposal.objects.values("title").distinct().count() == 80
    assert Proposal.objects.exclude(summary="").values("summary").distinct().count() == Proposal.objects.exclude(summary="").count()


def test_the_officer_finds_work_of_every_kind() -> None:
    counts = queue_counts(User.objects.get(email="funzionaria@example.org"))
    assert {name for name, count in counts.items() if not count} <= {"today"}  # on a holiday nothing can be due
    assert counts["unassigned"] < counts["pending"] and counts["mine"] < counts["pending"]


def test_role_accounts_have_buttons_and_the_other_owners_have_none() -> None:
    accounts = User.objects.filter(is_demo=True, is_active=True)
    assert accounts.count() == 11
    assert not any(account.has_usable_password() for account in User.objects.filter(is_demo=True))
    assert set(accounts.values_list("role_grants__role", flat=True)) == set(Role.values)
    assert all(account.email.endswith("@example.org") and "(demo)" in account.name for account in accounts)


def test_histories_follow_the_calendar() -> None:
    now = clock.now()
    entries = list(RegisterEntry.objects.order_by("year", "number"))
    assert [entry.registered_at for entry in entries] == sorted(entry.registered_at for entry in entries)
    for year in {entry.year for entry in entries}:
        numbers = [entry.number for entry in entries if entry.year == year]
        assert numbers == list(range(1, len(numbers) + 1))
    assert not AuditEntry.objects.filter(at__gt=now).exists()
    for case in Proposal.objects.all():
        moments = list(AuditEntry.objects.filter(case_kind="proposal", case_id=str(case.pk)).order_by("sequence").values_list("at", flat=True))
        assert moments == sorted(moments)


def test_the_trail_verifies() -> None:
    assert verify() == []


def test_nothing_of_the_past_is_left_for_the_worker() -> None:
    assert not OutboxMessage.objects.filter(done_at=None).exists()
    assert set(OutgoingMessage.objects.values_list("delivery", flat=True)) == {OutgoingMessage.State.SENT}
    assert not OutgoingMessage.objects.exclude(user__is_active=True).exists()


def test_everything_public_is_indexed_in_both_languages() -> None:
    for kind, count in (("site", 22), ("challenge", 38), ("pilot", public_pilots().count())):
        for language in ("it", "en"):
            assert SearchDocument.objects.filter(kind=kind, language=language).count() == count
    assert SearchDocument.objects.filter(kind="proposal").count() == 71


def test_stories_stand_in_both_languages_as_translations_of_each_other() -> None:
    stories = StoryPage.objects.live()
    assert Counter(stories.values_list("locale__language_code", flat=True)) == {"it": 5, "en": 5}
    assert stories.values("translation_key").distinct().count() == 5
    assert all(SOURCE.fullmatch(row["source"]) for row in read("stories")["stories"])
    assert not [story.source for story in stories if SOURCE.fullmatch(story.source)], "a reader is told names, not our codes"


def _rows() -> dict[str, list[Any]]:
    models = (User, Organisation, Site, Challenge, Programme, Proposal, Pilot, AuditEntry, OutboxMessage, OutgoingMessage, StoryPage, SearchDocument)
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


def test_a_second_run_changes_nothing() -> None:
    before = _rows()
    out = StringIO()
    call_command("load_demo", stdout=out)
    assert "nothing changed" in out.getvalue()
    assert _rows() == before


@override_settings(DEMO_ACCOUNTS=False)
def test_load_demo_refuses_outside_local() -> None:
    with pytest.raises(CommandError, match="ENVIRONMENT is local"):
        load()


@override_settings(DEMO_ACCOUNTS=False)
def test_load_volume_refuses_outside_local() -> None:
    with pytest.raises(CommandError, match="ENVIRONMENT is local"):
        call_command("load_volume", proposals=1)


def test_the_reasons_of_a_closure_agree_with_the_last_reading() -> None:
    stopped = Pilot.objects.get(outcome="stop")
    assert stopped.indicators.first().readings.last().value == 54 and "54 per cento" in stopped.outcome_reasons
    adopted = Pilot.objects.get(outcome="adopt")
    deviation = adopted.indicators.first()
    assert deviation.readings.last().value <= deviation.target and "entro il limite" in adopted.outcome_reasons
