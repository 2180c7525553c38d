"""Writing about challenges: publication, frozen criteria, deadlines, questions. The record itself is Wagtail's to save."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from citylab.accounts.selectors import membership_role
from citylab.audit import services as audit
from citylab.audit.moves import check_allowed
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.core.locks import locked

from .models import Challenge, ChallengeAddress, ChallengeProgress, DeadlineExtension, Question
from .selectors import Status, criteria_of, criteria_rows, is_open, same_minute, status

CASE = "challenge"


def _progress_locked(challenge_id: Any) -> ChallengeProgress:
    """The challenge's progress row, made when missing, locked together with the challenge."""
    _progress(locked(Challenge, challenge_id))
    return ChallengeProgress.objects.select_for_update(of=("self",)).get(challenge_id=challenge_id)


def _progress(challenge: Challenge) -> ChallengeProgress:
    """The challenge's progress row; when missing, made with what the challenge is first published with."""
    first = {"published_mode": challenge.mode, "published_closes_at": challenge.closes_at}
    return ChallengeProgress.objects.get_or_create(challenge=challenge, defaults=first)[0]


def _fresh(challenge_id: Any) -> Challenge:
    return Challenge.objects.select_related("progress").get(pk=challenge_id)


def challenge_published(*, challenge_id: Any, actor: Any) -> None:
    """Follow a publication, in its transaction: remember the address, make the progress row, tell the index.

    Raises DomainError("address_taken") when the address once led to another challenge, DomainError("criteria_frozen"),
    DomainError("mode_published") when it would be of another mode than the one first published, and DomainError("deadline_published")
    when the closing time is not the one first published: only an extension moves it.
    """
    challenge = locked(Challenge, challenge_id)
    address, _created = ChallengeAddress.objects.get_or_create(slug=challenge.slug, defaults={"challenge": challenge})
    if address.challenge_id != challenge.pk:
        raise DomainError("address_taken", _("The address “%(slug)s” leads to another challenge. Choose a different one.") % {"slug": challenge.slug})
    progress = _progress(challenge)
    if progress.published_mode != challenge.mode:
        raise DomainError("mode_published", _("This challenge is public as “%(mode)s”: proposals are written for it, so it cannot change.") % {"mode": progress.get_published_mode_display()})
    if not same_minute(progress.published_closes_at, challenge.closes_at):
        raise DomainError("deadline_published", _("The closing time of a published challenge moves only by extending the deadline, so that everyone with a draft is told."))
    assert_criteria_unchanged(challenge)
    audit.append(case_kind=CASE, case_id=challenge.pk, action="publish", actor=actor)
    outbox.publish("challenge.published", challenge.pk)


def challenge_unpublished(*, challenge_id: Any, actor: Any) -> None:
    """Follow a withdrawal from the public pages, in its transaction."""
    locked(Challenge, challenge_id)
    audit.append(case_kind=CASE, case_id=challenge_id, action="unpublish", actor=actor)
    outbox.publish("challenge.unpublished", challenge_id)


def criteria_freeze(*, challenge_id: Any) -> list[dict[str, Any]]:
    """Count a submission; the first one freezes criteria and weights. Gives the criteria that count from now on."""
    progress = _progress_locked(challenge_id)
    challenge = _fresh(challenge_id)
    if progress.criteria_frozen_at is None:
        progress.frozen_criteria = criteria_of(challenge)
        progress.criteria_frozen_at = clock.now()
        audit.append(case_kind=CASE, case_id=challenge_id, action="freeze_criteria", data={"criteria": {row["code"]: row["weight"] for row in progress.frozen_criteria}})
    progress.proposals_received += 1
    progress.save()
    return list(progress.frozen_criteria)


def assert_criteria_unchanged(challenge: Challenge) -> None:
    """Raises DomainError("criteria_frozen") when `challenge`, as it is about to be published, would change frozen criteria.

    Names may be corrected; codes, weights and minimums may not: proposals were written for them.
    """
    progress = ChallengeProgress.objects.filter(challenge_id=challenge.pk).first()
    if progress is None or progress.criteria_frozen_at is None:
        return
    if _weights(criteria_rows(challenge) or criteria_of(None)) != _weights(progress.frozen_criteria):
        raise DomainError("criteria_frozen", _("Proposals have already been received: criteria, weights and minimums can no longer change."))


def _weights(rows: list[dict[str, Any]]) -> set[tuple[str, int, int]]:
    return {(row["code"], row["weight"], row["minimum"]) for row in rows}


def deadline_extend(*, challenge_id: Any, to_moment: datetime, reason: str, actor: Any) -> DeadlineExtension:
    """Move the closing time of a challenge later, for everyone.

    Raises DomainError: "not_published", "no_deadline", "already_closed", "not_later", "reason_missing"; NotAllowed.
    """
    with transaction.atomic():
        progress = _progress_locked(challenge_id)
        challenge = _fresh(challenge_id)
        check_allowed(actor, "challenges.extend", challenge)
        if not challenge.live:
            raise DomainError("not_published", _("This challenge is not published."))
        closes_at = challenge.effective_closes_at
        if closes_at is None:
            raise DomainError("no_deadline", _("This challenge has no deadline: it is always open."))
        if status(challenge, clock.now()) == Status.CLOSED:
            raise Conflict("already_closed", _("This challenge is already closed: its deadline can no longer be extended."))
        if to_moment <= closes_at:
            raise DomainError("not_later", _("The new deadline must come after the present one."))
        if not reason.strip():
            raise DomainError("reason_missing", _("Give the reason."))
        extension = DeadlineExtension.objects.create(
            challenge=challenge, from_moment=closes_at, to_moment=to_moment, reason=reason.strip(), extended_by=actor, extended_at=clock.now()
        )
        progress.closes_at = to_moment
        progress.save()
        audit.append(
            case_kind=CASE, case_id=challenge.pk, action="extend_deadline", actor=actor, data={"from": closes_at.isoformat(), "to": to_moment.isoformat()}
        )
        outbox.publish("challenge.deadline_extended", challenge.pk, extension=extension.pk)
    return extension


def challenge_close(*, challenge_id: Any, actor: Any) -> None:
    """Stop taking proposals from now on. Raises Conflict("already_closed"), DomainError("not_published"), NotAllowed."""
    with transaction.atomic():
        progress = _progress_locked(challenge_id)
        challenge = _fresh(challenge_id)
        check_allowed(actor, "challenges.close", challenge)
        if not challenge.live:
            raise DomainError("not_published", _("This challenge is not published."))
        if status(challenge, clock.now()) == Status.CLOSED:
            raise Conflict("already_closed", _("This challenge is already closed."))
        progress.closed_at = clock.now()
        progress.save()
        audit.append(case_kind=CASE, case_id=challenge.pk, action="close", actor=actor)
        outbox.publish("challenge.closed", challenge.pk)


def question_ask(*, challenge_id: Any, text: str, language: str, actor: Any, organisation_id: Any = None) -> Question:
    """Ask in public about an open challenge, alone or for an organisation; the question appears, without who asked, when it is answered.

    Raises DomainError("challenge_closed"), DomainError("text_missing"), NotAllowed for a stranger to the organisation.
    """
    moment = clock.now()  # the receipt of the question decides, however long the lock below takes
    with transaction.atomic():
        locked(Challenge, challenge_id)
        challenge = _fresh(challenge_id)  # read after the lock: what comes along with a locked row may be from before it
        check_allowed(actor, "challenges.ask_question", challenge)
        if organisation_id is not None and membership_role(actor, organisation_id) is None:
            raise NotAllowed("not_allowed", _("You do not belong to this organisation."))
        if not is_open(challenge, moment):
            raise DomainError("challenge_closed", _("Questions can be asked only while the challenge is open."))
        if not text.strip():
            raise DomainError("text_missing", _("Write the question."))
        question = Question.objects.create(
            challenge=challenge, asked_by=actor, organisation_id=organisation_id, language=language, text=text.strip(), asked_at=moment
        )
        audit.append(case_kind=CASE, case_id=challenge.pk, action="ask_question", actor=actor, data={"question": question.pk})
        outbox.publish("question.asked", question.pk)
    return question


def question_answer(*, question_id: Any, answer_it: str, answer_en: str, actor: Any) -> Question:
    """Answer, in at least one language, or correct an answer; question and answer then stand on the challenge's page.

    Raises DomainError("text_missing"), Conflict("set_aside"), NotAllowed.
    """
    with transaction.atomic():
        question = _question_locked(question_id, actor)
        if question.set_aside_at:
            raise Conflict("set_aside", _("This question was set aside. Bring it back before answering it."))
        if not (answer_it.strip() or answer_en.strip()):
            raise DomainError("text_missing", _("Write the answer in at least one language."))
        first = question.answered_at is None
        question.answer_it = answer_it.strip()
        question.answer_en = answer_en.strip()
        question.answered_by = actor
        question.answered_at = question.answered_at or clock.now()
        question.save()
        audit.append(
            case_kind=CASE, case_id=question.challenge_id, action="answer_question" if first else "correct_answer", actor=actor, data={"question": question.pk}
        )
        if first:
            outbox.publish("question.answered", question.pk)
    return question


def question_set_aside(*, question_id: Any, reason: str, actor: Any) -> Question:
    """Keep a question, answered or not, off the page for good, or until it is brought back; whoever asked is told the reason.

    Raises Conflict("set_aside"), DomainError("reason_missing"), NotAllowed.
    """
    with transaction.atomic():
        question = _question_locked(question_id, actor)
        if question.set_aside_at:
            raise Conflict("set_aside", _("This question has already been set aside."))
        if not reason.strip():
            raise DomainError("reason_missing", _("Give the reason."))
        question.set_aside_at, question.set_aside_by, question.set_aside_reason = clock.now(), actor, reason.strip()
        question.save()
        audit.append(case_kind=CASE, case_id=question.challenge_id, action="set_question_aside", actor=actor, data={"question": question.pk})
        outbox.publish("question.set_aside", question.pk, moment=question.set_aside_at.isoformat())
    return question


def question_bring_back(*, question_id: Any, actor: Any) -> Question:
    """A question that was set aside waits again, or stands on the page with its answer. Raises Conflict("not_set_aside"), NotAllowed."""
    with transaction.atomic():
        question = _question_locked(question_id, actor)
        if question.set_aside_at is None:
            raise Conflict("not_set_aside", _("This question has already been brought back."))
        question.set_aside_at, question.set_aside_by, question.set_aside_reason = None, None, ""
        question.save()
        audit.append(case_kind=CASE, case_id=question.challenge_id, action="bring_question_back", actor=actor, data={"question": question.pk})
    return question


def _question_locked(question_id: Any, actor: Any) -> Question:
    """The question, locked with its challenge, whose audit chain it is written in; to whom may answer it."""
    question = locked(Question, question_id)
    locked(Challenge, question.challenge_id)
    check_allowed(actor, "challenges.answer_question", question.challenge)
    return question
