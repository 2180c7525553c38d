"""Challenges: whether they take proposals, to the minute; deadlines that only go later; questions that stand on the page."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from citylab.accounts.models import Role
from citylab.audit import services as audit
from citylab.challenges import selectors, services
from citylab.challenges.models import Challenge, ChallengeProgress, DeadlineExtension, Question
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.core.models import OutboxMessage
from citylab.notifications.models import OutgoingMessage
from citylab.proposals.services import drafting
from citylab.proposals.tasks import send_draft_reminders
from tests import factories

pytestmark = pytest.mark.django_db

NOON = datetime(2027, 4, 12, 12, 0, tzinfo=clock.rome)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def editor():
    return factories.person(Role.EDITOR)


def call(**fields):
    with clock.travelling_to(NOON - timedelta(days=20)):
        return factories.challenge(**{"mode": "competitive", "closes_at": NOON, **fields})


def fresh(challenge):
    return Challenge.objects.select_related("progress").get(pk=challenge.pk)


@pytest.mark.parametrize(
    ("fields", "progress", "moment", "status"),
    [
        ({"closes_at": None, "mode": "open"}, {}, NOON, "open"),
        ({}, {}, NOON - MINUTE, "open"),
        ({}, {}, NOON, "open"),
        ({}, {}, NOON + MINUTE - SECOND, "open"),
        ({}, {}, NOON + MINUTE, "closed"),
        ({"closes_at": NOON + 30 * SECOND}, {}, NOON + MINUTE - SECOND, "open"),
        ({"closes_at": NOON + 30 * SECOND}, {}, NOON + MINUTE, "closed"),
        ({"opens_at": NOON - MINUTE}, {}, NOON - MINUTE - SECOND, "not_yet_open"),
        ({"opens_at": NOON - MINUTE}, {}, NOON - MINUTE, "open"),
        ({}, {"closes_at": NOON + timedelta(days=7)}, NOON + timedelta(days=7), "open"),
        ({}, {"closes_at": NOON + timedelta(days=7)}, NOON + timedelta(days=7) + MINUTE, "closed"),
        ({}, {"closed_at": NOON - timedelta(days=1)}, NOON - timedelta(days=1) - SECOND, "open"),
        ({}, {"closed_at": NOON - timedelta(days=1)}, NOON - timedelta(days=1), "closed"),
        ({"closes_at": None, "mode": "open"}, {"closed_at": NOON}, NOON + SECOND, "closed"),
    ],
)
def test_the_status_at_the_minute_is_the_same_in_python_and_in_the_database(fields, progress, moment, status):
    challenge = call(**fields)
    ChallengeProgress.objects.filter(challenge=challenge).update(**progress)
    assert selectors.status(fresh(challenge), moment) == status
    assert selectors.visible_challenges(moment).get().status_now == status
    assert list(selectors.open_challenges(moment)) == ([challenge] if status == "open" else [])
    assert selectors.is_open(fresh(challenge), moment) == (status == "open")


def test_an_unpublished_challenge_is_never_open():
    challenge = call(publish=False)
    assert not selectors.is_open(challenge, NOON)
    assert not selectors.visible_challenges(NOON).exists()


def test_a_draft_is_started_only_while_the_challenge_is_open():
    challenge, organisation = call(), factories.organisation()
    with clock.travelling_to(NOON + MINUTE), pytest.raises(DomainError) as refused:
        drafting.proposal_start(organisation=organisation, actor=factories.owner_of(organisation), challenge=fresh(challenge))
    assert refused.value.code == "challenge_closed"


# --- extension and closing -------------------------------------------------------------------------------------------------------


def test_an_extension_is_recorded_and_tells_everyone_with_a_draft(editor):
    challenge, organisation = call(), factories.organisation()
    colleague, reader = factories.member(organisation), factories.member(organisation, "reader")
    with clock.travelling_to(NOON - timedelta(days=10)):
        factories.draft(organisation, to=challenge)
        services.deadline_extend(challenge_id=challenge.pk, to_moment=NOON + timedelta(days=7), reason=" Festività ", actor=editor)
        outbox.drain()
        outbox.drain()
    assert fresh(challenge).effective_closes_at == NOON + timedelta(days=7)
    assert Challenge.objects.get(pk=challenge.pk).closes_at == NOON, "the record is the editors' own"
    extension = DeadlineExtension.objects.get()
    assert (extension.from_moment, extension.to_moment, extension.reason, extension.extended_by) == (NOON, NOON + timedelta(days=7), "Festività", editor)
    told = OutgoingMessage.objects.filter(kind="deadline_extended")
    assert {message.user for message in told} == {factories.owner_of(organisation), colleague} and reader not in {message.user for message in told}
    assert audit.trail("challenge", challenge.pk)[-1].action == "extend_deadline"


@pytest.mark.parametrize(
    ("fields", "to", "reason", "moment", "code"),
    [
        ({}, NOON, "Perché", NOON - MINUTE, "not_later"),
        ({}, NOON - MINUTE, "Perché", NOON - 2 * MINUTE, "not_later"),
        ({}, NOON + MINUTE, "  ", NOON - MINUTE, "reason_missing"),
        ({}, NOON + timedelta(days=1), "Perché", NOON + MINUTE, "already_closed"),
        ({"mode": "open", "closes_at": None}, NOON, "Perché", NOON - MINUTE, "no_deadline"),
    ],
)
def test_a_deadline_only_goes_later_with_a_reason_while_it_runs(editor, fields, to, reason, moment, code):
    challenge = call(**fields)
    with clock.travelling_to(moment), pytest.raises(DomainError) as refused:
        services.deadline_extend(challenge_id=challenge.pk, to_moment=to, reason=reason, actor=editor)
    assert refused.value.code == code
    assert not DeadlineExtension.objects.exists()


def test_a_second_extension_starts_from_the_first(editor):
    challenge = call()
    with clock.travelling_to(NOON - MINUTE):
        services.deadline_extend(challenge_id=challenge.pk, to_moment=NOON + timedelta(days=7), reason="Uno", actor=editor)
    with clock.travelling_to(NOON + timedelta(days=1)):
        with pytest.raises(DomainError):
            services.deadline_extend(challenge_id=challenge.pk, to_moment=NOON + timedelta(days=3), reason="Due", actor=editor)
        second = services.deadline_extend(challenge_id=challenge.pk, to_moment=NOON + timedelta(days=9), reason="Due", actor=editor)
    assert second.from_moment == NOON + timedelta(days=7)


def test_a_challenge_is_closed_early_once(editor):
    challenge = call()
    with clock.travelling_to(NOON - timedelta(days=3)):
        services.challenge_close(challenge_id=challenge.pk, actor=editor)
        with pytest.raises(Conflict):
            services.challenge_close(challenge_id=challenge.pk, actor=editor)
    assert selectors.closing_moment(fresh(challenge)) == NOON - timedelta(days=3)


@pytest.mark.parametrize("role", [Role.STARTUP, Role.OFFICER, Role.EVALUATOR, Role.DEPARTMENT, None])
def test_only_editors_and_administrators_move_deadlines_and_answer(role):
    challenge = call()
    actor = factories.person(role) if role else AnonymousUser()
    question = Question.objects.create(challenge=challenge, text="?", asked_at=NOON)
    with clock.travelling_to(NOON - MINUTE):
        for refused in (
            lambda: services.deadline_extend(challenge_id=challenge.pk, to_moment=NOON + MINUTE, reason="x", actor=actor),
            lambda: services.challenge_close(challenge_id=challenge.pk, actor=actor),
            lambda: services.question_answer(question_id=question.pk, answer_it="Sì", answer_en="", actor=actor),
            lambda: services.question_set_aside(question_id=question.pk, reason="x", actor=actor),
            lambda: services.question_bring_back(question_id=question.pk, actor=actor),
        ):
            with pytest.raises(NotAllowed):
                refused()
    assert not DeadlineExtension.objects.exists() and fresh(challenge).progress.closed_at is None


def test_an_address_that_led_to_another_challenge_is_refused():
    first = factories.challenge("uno")
    first.slug = "altrove"
    first.save()
    services.challenge_published(challenge_id=first.pk, actor=None)
    second = factories.challenge("due", slug="uno", publish=False, live=True)
    with pytest.raises(DomainError) as refused, transaction.atomic():
        services.challenge_published(challenge_id=second.pk, actor=None)
    assert refused.value.code == "address_taken"
    assert selectors.moved_to("uno") == first
    assert selectors.moved_to("altrove") is None


# --- questions -------------------------------------------------------------------------------------------------------------------


def ask(challenge, organisation, text="Quando si parte?"):
    return services.question_ask(challenge_id=challenge.pk, organisation_id=organisation.pk, text=text, language="it", actor=factories.owner_of(organisation))


def test_a_question_stands_on_the_page_once_it_is_answered_and_its_author_hears_of_it(editor):
    challenge, organisation = factories.challenge(), factories.organisation()
    question = ask(challenge, organisation)
    assert list(selectors.published_questions(challenge)) == []
    assert list(selectors.waiting_questions()) == [question]
    services.question_answer(question_id=question.pk, answer_it="A maggio.", answer_en="In May.", actor=editor)
    outbox.drain()
    assert list(selectors.published_questions(challenge)) == [question]
    assert OutgoingMessage.objects.get(kind="question_answered").user == factories.owner_of(organisation)
    answered = Question.objects.get().answered_at
    services.question_answer(question_id=question.pk, answer_it="A giugno.", answer_en="", actor=editor)
    outbox.drain()
    corrected = Question.objects.get()
    assert (corrected.answer_it, corrected.answered_at) == ("A giugno.", answered)
    assert OutboxMessage.objects.filter(topic="question.answered").count() == 1
    assert [entry.action for entry in audit.trail("challenge", challenge.pk)][-3:] == ["ask_question", "answer_question", "correct_answer"]


def test_a_question_that_is_set_aside_neither_waits_nor_appears_and_its_author_reads_why(editor):
    challenge, organisation = factories.challenge(), factories.organisation()
    question = ask(challenge, organisation)
    with pytest.raises(DomainError) as refused:
        services.question_set_aside(question_id=question.pk, reason=" ", actor=editor)
    assert refused.value.code == "reason_missing"
    services.question_set_aside(question_id=question.pk, reason="È pubblicità.", actor=editor)
    assert (list(selectors.waiting_questions()), list(selectors.published_questions(challenge))) == ([], [])
    for again in (
        lambda: services.question_set_aside(question_id=question.pk, reason="Ancora", actor=editor),
        lambda: services.question_answer(question_id=question.pk, answer_it="Sì", answer_en="", actor=editor),
    ):
        with pytest.raises(Conflict) as refused:
            again()
        assert refused.value.code == "set_aside"
    outbox.drain()
    told = OutgoingMessage.objects.get(kind="question_set_aside")
    assert told.user == factories.owner_of(organisation) and "È pubblicità." in told.text


def test_a_question_that_is_brought_back_waits_again_and_nobody_is_told_a_reason_that_no_longer_holds(editor):
    challenge, organisation = factories.challenge(), factories.organisation()
    question = ask(challenge, organisation)
    services.question_set_aside(question_id=question.pk, reason="È pubblicità.", actor=editor)
    services.question_bring_back(question_id=question.pk, actor=editor)
    with pytest.raises(Conflict):
        services.question_bring_back(question_id=question.pk, actor=editor)
    assert list(selectors.waiting_questions()) == [question]
    outbox.drain()
    assert not OutgoingMessage.objects.filter(kind="question_set_aside").exists()
    assert [entry.action for entry in audit.trail("challenge", challenge.pk)][-3:] == ["ask_question", "set_question_aside", "bring_question_back"]


def test_an_answer_that_is_set_aside_leaves_the_page_and_comes_back_with_it(editor):
    challenge = factories.challenge()
    question = ask(challenge, factories.organisation())
    services.question_answer(question_id=question.pk, answer_it="A maggio.", answer_en="", actor=editor)
    services.question_set_aside(question_id=question.pk, reason="Nomina una persona.", actor=editor)
    assert list(selectors.published_questions(challenge)) == []
    services.question_bring_back(question_id=question.pk, actor=editor)
    assert list(selectors.published_questions(challenge)) == [question]


def test_questions_only_while_the_challenge_is_open_and_with_words():
    challenge, organisation = call(), factories.organisation()
    with clock.travelling_to(NOON - MINUTE), pytest.raises(DomainError) as empty:
        ask(challenge, organisation, "  ")
    with clock.travelling_to(NOON + MINUTE), pytest.raises(DomainError) as closed:
        ask(challenge, organisation)
    assert (empty.value.code, closed.value.code) == ("text_missing", "challenge_closed")


def test_nobody_asks_for_somebody_else_s_organisation():
    challenge, organisation, stranger = factories.challenge(), factories.organisation(), factories.person(Role.STARTUP)
    with pytest.raises(NotAllowed):
        services.question_ask(challenge_id=challenge.pk, organisation_id=organisation.pk, text="?", language="it", actor=stranger)
    with pytest.raises(NotAllowed):
        services.question_ask(challenge_id=challenge.pk, text="?", language="it", actor=AnonymousUser())


# --- reminders -------------------------------------------------------------------------------------------------------------------


def test_a_draft_is_remembered_seven_and_two_days_before_its_deadline_once_each():
    challenge, organisation = call(), factories.organisation()
    with clock.travelling_to(NOON - timedelta(days=15)):
        factories.draft(organisation, to=challenge)
    sent = {}
    for days in (9, 8, 7, 6, 3, 2, 1, 0, -1):
        with clock.travelling_to((NOON - timedelta(days=days)).replace(hour=8, minute=5)):
            sent[days] = send_draft_reminders()
    assert sent == {9: 0, 8: 0, 7: 1, 6: 0, 3: 0, 2: 1, 1: 0, 0: 0, -1: 0}


@pytest.mark.parametrize("how", ["closed early", "unpublished"])
def test_a_draft_is_not_remembered_of_a_challenge_that_takes_no_more_proposals(editor, how):
    challenge, organisation = call(), factories.organisation()
    with clock.travelling_to(NOON - timedelta(days=15)):
        factories.draft(organisation, to=challenge)
        if how == "unpublished":
            challenge.unpublish()
        else:
            services.challenge_close(challenge_id=challenge.pk, actor=editor)
    with clock.travelling_to(NOON - timedelta(days=7)):
        assert send_draft_reminders() == 0


def test_an_early_closing_is_told_once_to_those_with_a_draft(editor):
    challenge, organisation = call(title_it="Pioggia"), factories.organisation()
    factories.draft(factories.organisation(), to=factories.challenge())
    with clock.travelling_to(NOON - timedelta(days=9)):
        factories.draft(organisation, to=challenge, title="Tetti verdi")
        factories.proposal_in("submitted", factories.organisation(), to=challenge)
        services.challenge_close(challenge_id=challenge.pk, actor=editor)
        while outbox.drain():
            pass
    message = OutgoingMessage.objects.get(kind="challenge_closed")
    assert message.user == factories.owner_of(organisation)
    assert "Pioggia" in message.subject and "Tetti verdi" in message.text


def test_a_call_taken_off_the_site_while_it_is_open_is_told_to_those_with_a_draft(editor):
    challenge, organisation = call(title_it="Pioggia"), factories.organisation()
    factories.draft(factories.organisation(), to=factories.challenge())

    def settle():
        while outbox.drain():
            pass
        return OutgoingMessage.objects.filter(kind="challenge_unpublished")

    with clock.travelling_to(NOON - timedelta(days=9)):
        factories.draft(organisation, to=challenge, title="Tetti verdi")
        factories.proposal_in("submitted", factories.organisation(), to=challenge)
        challenge.unpublish()
        challenge.save_revision().publish()
        assert not settle()  # it was back before anybody was told
        challenge.refresh_from_db()
        challenge.unpublish()
        message = settle().get()
    assert message.user == factories.owner_of(organisation)
    assert "Pioggia" in message.subject and "Tetti verdi" in message.text


def test_a_call_taken_off_the_site_after_its_end_is_told_to_nobody(editor):
    challenge = call()
    with clock.travelling_to(NOON - timedelta(days=9)):
        factories.draft(to=challenge)
    with clock.travelling_to(NOON + timedelta(days=1)):
        challenge.unpublish()
        while outbox.drain():
            pass
    assert not OutgoingMessage.objects.filter(kind="challenge_unpublished").exists()
