"""What exactly will be sent: the move is made in a transaction that is taken back, and what it wrote is read off."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from citylab.core.models import OutboxMessage
from citylab.notifications.models import OutgoingMessage
from citylab.proposals.models import Communication, Proposal
from citylab.wiring import CONSUMERS, PROPOSALS


@dataclass(frozen=True)
class Preview:
    """The formal message that a move writes (None where it writes none) and the e-mails that it sends."""

    message: Communication | None
    mails: list[OutgoingMessage]

    @property
    def texts(self) -> list[OutgoingMessage]:
        """One e-mail of each language: the others differ in the salutation alone."""
        return list({mail.language: mail for mail in reversed(self.mails)}.values())


def rehearse(case: Proposal, act: Callable[[], Any]) -> Preview:
    """Make the move `act` of a case and take it back. Raises whatever the move raises: refusals are known before anybody confirms."""
    with transaction.atomic():
        last = OutboxMessage.objects.order_by("-id").values_list("pk", flat=True).first() or 0
        act()
        message = Communication.objects.filter(proposal=case).exclude(pk__in=[known.pk for known in case.communications.all()]).last()
        mails = _mails(case, OutboxMessage.objects.filter(pk__gt=last, key=str(case.pk)).order_by("id"))
        transaction.set_rollback(True)
    return Preview(message, mails)


def _mails(case: Proposal, facts: QuerySet[OutboxMessage]) -> list[OutgoingMessage]:
    """What the casework's own consumers of these facts write to people."""
    about = OutgoingMessage.objects.filter(case_kind="proposal", case_id=str(case.pk))
    before = set(about.values_list("pk", flat=True))
    for fact in facts:
        for name in CONSUMERS.get(fact.topic, []):
            if name.startswith(PROPOSALS):
                import_string(name)(fact.key, fact.told)
    return [mail for mail in about.select_related("user").order_by("id") if mail.pk not in before]
