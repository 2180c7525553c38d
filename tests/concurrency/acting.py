"""A person's browser session as a process of its own, to be killed: does one thing to each case named on the command line and says so.

Prints "done <case>" after each answer of the service, and "inside <case>" from within the last transaction, which it never ends.
"""

import sys

import django

django.setup()

from citylab.accounts.models import User
from citylab.core import outbox
from citylab.pilots.services import approving
from citylab.proposals.models import Proposal
from citylab.proposals.services import drafting, submitting
from tests import factories


def say(word: str, case: object) -> None:
    print(word, case, flush=True)


def submission(case: Proposal, actor: User, turn: int) -> None:
    files = case.attachments.filter(kind__in=("signed_summary", "identity_document")).order_by("-kind")
    submitting.proposal_submit(
        proposal_id=case.pk, actor=actor, signature=submitting.SignatureGiven("handwritten", "Legale rappresentante", *files), stamp=factories.stamp(90_000_000_000_000 + turn)
    )


def decision(case: Proposal, actor: User, turn: int) -> None:
    approving.proposal_approve(proposal_id=case.pk, actor=actor, outcome="approved", **factories.act())


def autosave(case: Proposal, actor: User, turn: int) -> None:
    drafting.answers_save(proposal_id=case.pk, actor=actor, answers={"title": f"Titolo {case.pk}", "technologies": []}, base_version=case.version)


def main(what: str, actor_id: str, *cases: str) -> None:
    outbox._nudge = lambda: None  # no worker here
    act = {"submission": submission, "decision": decision, "autosave": autosave}[what]
    actor = User.objects.get(pk=actor_id)
    for turn, pk in enumerate(cases):
        if pk == cases[-1]:
            hold(what, pk)
        act(Proposal.objects.get(pk=pk), actor, turn)
        say("done", pk)


def hold(what: str, pk: str) -> None:
    """From here on the last write before the commit never comes back."""

    def never(*args: object, **kwargs: object) -> None:
        say("inside", pk)
        sys.stdin.read()

    if what == "autosave":
        Proposal.save = never  # type: ignore[method-assign,assignment]
    else:
        outbox.publish = never  # type: ignore[assignment]


main(*sys.argv[1:])
