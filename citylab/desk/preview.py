"""What exactly will be sent: the move is made in a transaction that is taken back, and what it wrote is read off."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
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
        act()
        message = Communication.objects.filter(proposal=case).exclude(pk__in=[known.pk for known in case.communications.all()]).last()
        mails = _mails(case)
        transaction.set_rollback(True)
    return Preview(message, mails)


def _mails(case: Proposal) -> list[OutgoingMessage]:
    """What the casework's own consumers of this transaction's facts write to people."""
    before = set(OutgoingMessage.objects.filter(case_kind="proposal", case_id=str(case.pk)).values_list("pk", flat=True))
    for fact in OutboxMessage.objects.filter(key=str(case.pk), done_at__isnull=True, attempts=0).order_by("id"):
        for name in CONSUMERS.get(fact.topic, []):
            if name.startswith(PROPOSALS):
                import_string(name)(fact.key, fact.payload)
    written = OutgoingMessage.objects.filter(case_kind="proposal", case_id=str(case.pk)).select_related("user").order_by("id")
    return [mail for mail in written if mail.pk not in before]
