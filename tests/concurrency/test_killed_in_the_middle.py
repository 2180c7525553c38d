"""kill -9 during a submission, a decision and an autosave: what was answered is there, what was not has left nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from citylab.audit.verifying import verify
from citylab.pilots.models import Gate, Pilot
from citylab.pilots.services import approving
from citylab.proposals.models import Communication, Decision, Proposal, ProposalVersion, RegisterCounter, RegisterEntry, Signature, StampDuty
from citylab.proposals.services import drafting, submitting
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
ANSWERED = 3


def address():
    """The test's own database, as an address for another process."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


def killed_while(what, actor, cases, *, inside):
    """Run `what` over the cases in a process and kill it: in the middle of its last transaction, or wherever it is after the third answer.

    Gives the cases that it had answered.
    """
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "citylab.settings.test", "DATABASE_URL": address(), "TEST_VAR_DIR": str(Path(settings.MEDIA_ROOT).parent)}
    command = [sys.executable, "-m", "tests.concurrency.acting", what, str(actor.pk), *(str(case.pk) for case in cases)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    answered = []
    try:
        for line in process.stdout:
            word, case = line.split()
            if word == "inside":
                break
            answered.append(case)
            if not inside and len(answered) == ANSWERED:
                break
        os.killpg(process.pid, signal.SIGKILL)
        answered += [line.split()[1] for line in process.stdout if line.startswith("done")]
        assert process.wait(timeout=60) == -signal.SIGKILL
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.stdin.close()
        process.wait(timeout=60)
    assert len(answered) == len(cases) - 1 if inside else len(answered) >= ANSWERED
    return set(answered)


def sound():
    assert verify() == []
    counter = RegisterCounter.objects.get()
    assert list(RegisterEntry.objects.order_by("number").values_list("number", flat=True)) == list(range(1, counter.last + 1))


@pytest.mark.parametrize("inside", [True, False], ids=["inside the transaction", "anywhere"])
def test_a_submission(inside):
    organisation = factories.organisation()
    owner = factories.owner_of(organisation)
    drafts = [factories.draft(organisation) for _turn in range(ANSWERED + (1 if inside else 6))]
    signatures = {str(draft.pk): factories.signature(draft, owner) for draft in drafts}
    answered = killed_while("submission", owner, drafts, inside=inside)
    received = {str(pk) for pk in Proposal.objects.filter(state="submitted").values_list("pk", flat=True)}
    # Between the commit and its answer there is a moment: at most one more than was answered.
    assert answered <= received and len(received - answered) <= (0 if inside else 1)
    assert ProposalVersion.objects.count() == RegisterEntry.objects.count() == Signature.objects.count() == StampDuty.objects.count() == len(received)
    assert Communication.objects.filter(kind="receipt").count() == len(received)
    sound()
    for draft in drafts:  # what was cut off can be done again
        if str(draft.pk) not in received:
            submitting.proposal_submit(proposal_id=draft.pk, actor=owner, signature=signatures[str(draft.pk)], stamp=factories.stamp())
    assert Proposal.objects.filter(state="submitted").count() == len(drafts)
    sound()


@pytest.mark.parametrize("inside", [True, False], ids=["inside the transaction", "anywhere"])
def test_a_decision(inside):
    people = factories.city()
    cases = [factories.proposal_in("evaluation", people=people) for _turn in range(ANSWERED + (1 if inside else 3))]
    for case in cases:
        factories.sheet_confirmed(case, people.officer, people.evaluator)
    answered = killed_while("decision", people.officer, cases, inside=inside)
    approved = {str(pk) for pk in Proposal.objects.filter(state="approved").values_list("pk", flat=True)}
    assert answered <= approved and len(approved - answered) <= (0 if inside else 1)
    assert Decision.objects.count() == Pilot.objects.count() == Communication.objects.filter(kind="decision").count() == len(approved)
    assert Gate.objects.values("pilot").distinct().count() == len(approved)
    assert set(Proposal.objects.exclude(pk__in=approved).values_list("state", "decided_on", "turn")) <= {("evaluation", None, "office")}
    sound()
    for case in cases:
        if str(case.pk) not in approved:
            approving.proposal_approve(proposal_id=case.pk, actor=people.officer, outcome="approved", **factories.act())
    assert Pilot.objects.count() == len(cases)
    sound()


@pytest.mark.parametrize("inside", [True, False], ids=["inside the transaction", "anywhere"])
def test_an_autosave(inside):
    organisation = factories.organisation()
    owner = factories.owner_of(organisation)
    drafts = [factories.draft(organisation) for _turn in range(ANSWERED + (1 if inside else 6))]
    before = drafts[0].version
    answered = killed_while("autosave", owner, drafts, inside=inside)
    saved = set()
    for draft in Proposal.objects.filter(pk__in=[draft.pk for draft in drafts]).prefetch_related("technologies"):
        title, technologies = f"Titolo {draft.pk}", [technology.code for technology in draft.technologies.all()]
        whole = (draft.answers["title"], draft.title, draft.answers["technologies"], technologies, draft.version)
        if draft.version > before:
            saved.add(str(draft.pk))
            assert whole == (title, title, [], [], before + 1)
        else:
            assert whole == ("Sensori per la pioggia", "Sensori per la pioggia", ["iot"], ["iot"], before)
    assert answered <= saved and len(saved - answered) <= (0 if inside else 1)
    last = drafts[-1]
    drafting.answers_save(proposal_id=last.pk, actor=owner, answers={"title": "Ancora"}, base_version=Proposal.objects.get(pk=last.pk).version)
    assert verify() == []
