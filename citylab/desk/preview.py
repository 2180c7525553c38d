"""What exactly will be sent: the formal message, how it goes, to whom, and the e-mail that announces it."""

from copy import copy
from dataclasses import dataclass
from typing import Any

from citylab.notifications.classes import Notification
from citylab.notifications.services import rendered
from citylab.proposals.models import Communication, Proposal, Turn
from citylab.proposals.notifications import CaseProgress
from citylab.proposals.services.clocks import clock_refresh
from citylab.proposals.tasks import case_address, people_of
from citylab.proposals.wording import Wording


@dataclass(frozen=True)
class Preview:
    """`words` is None for a move that only tells of progress."""

    words: Wording | None
    channel: str
    pec: str
    people: list[Any]
    mail_subject: str
    mail_text: str
    mail_language: str


def of_message(case: Proposal, words: Wording, channel: str, kind: type[Notification]) -> Preview:
    """A formal message of this case and the e-mail that goes with it, as its first reader gets it."""
    people = people_of(case)
    subject = text = language = ""
    if people:
        language = people[0].language
        message = Communication(proposal=case, subject=words.subject, body=words.body, channel=channel)
        subject, text, _html = rendered(kind, language, {"proposal": case, "address": case_address(case, people[0]), "message": message, "user": people[0]})
    return Preview(words, channel, case.organisation.pec, people, subject, text, language)


def of_progress(case: Proposal, target: str) -> Preview:
    """The news that the case has come to another state, where it is the city's turn."""
    people = people_of(case)
    if not people:
        return Preview(None, "", "", [], "", "", "")
    then = copy(case)
    then.turn = Turn.OFFICE
    clock_refresh(then)
    language = people[0].language
    subject, text, _html = rendered(CaseProgress, language, {"proposal": then, "address": case_address(case, people[0]), "what": target, "user": people[0]})
    return Preview(None, "", "", people, subject, text, language)
