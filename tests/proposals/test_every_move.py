"""Every role × every state × every service of a proposal, in both modes, against a table written by hand from the rules of the house.

A person without the right is told so and learns nothing about the state; one with the right, in the wrong state, is told that somebody
was first (Conflict). Nothing here reads workflow.py or rules.py.
"""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from citylab.accounts.models import Membership, Role
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.pilots.services import approving
from citylab.proposals.models import Proposal
from citylab.proposals.screening import CHECKLIST
from citylab.proposals.services import communicating, deciding, drafting, evaluating, screening, submitting
from tests import factories

pytestmark = pytest.mark.django_db

ROLES = {
    "owner", "editor", "reader", "another_organisation", "officer", "officer_of_the_applicant", "cleared_evaluator", "undeclared_evaluator", "conflicted_evaluator",
    "unassigned_evaluator", "department", "content_editor", "administrator", "anonymous",
}  # fmt: skip

APPLICANT = {"owner", "editor"}
CITY = {"officer", "administrator"}
ANYONE_WRITING = {"draft", "changes_requested"}
UNDECIDED = {"submitted", "screening", "changes_requested", "evaluation", "refusal_notice"}
RECEIVED = UNDECIDED | {"approved", "rejected", "inadmissible", "withdrawn"}

# service → who may, in which states, in which mode
TABLE = {
    "save_answers": (APPLICANT, ANYONE_WRITING, "both"),
    "attach": (APPLICANT, ANYONE_WRITING, "both"),
    "detach": (APPLICANT, ANYONE_WRITING, "both"),
    "delete_draft": (APPLICANT, {"draft"}, "both"),
    "copy": (APPLICANT, RECEIVED | {"draft"}, "both"),
    "submit": (APPLICANT, {"draft"}, "both"),
    "answer_additions": (APPLICANT, {"changes_requested"}, "both"),
    "observe": (APPLICANT, {"refusal_notice"}, "open"),
    "withdraw": (APPLICANT, UNDECIDED, "both"),
    "assign_officer": (CITY, RECEIVED, "both"),
    "start_screening": (CITY, {"submitted"}, "both"),
    "check": (CITY, {"screening"}, "both"),
    "request_changes": (CITY, {"screening"}, "both"),
    "settle_reply": (CITY, RECEIVED, "both"),
    "declare_inadmissible": (CITY, {"screening"}, "both"),
    "start_evaluation": (CITY, {"screening"}, "both"),
    "write_note": (CITY, RECEIVED, "both"),
    "send_message": (CITY, RECEIVED, "both"),
    "record_delivery": (CITY, RECEIVED, "both"),
    "assign_evaluator": (CITY, {"evaluation"}, "both"),
    "take_off_evaluator": (CITY, {"evaluation"}, "both"),
    "approve": (CITY, {"evaluation"}, "both"),
    "give_refusal_notice": (CITY, {"evaluation"}, "open"),
    "resume_evaluation": (CITY, {"refusal_notice"}, "open"),
    "reject_straight": (CITY, {"evaluation"}, "competitive"),
    "reject_after_notice": (CITY, {"refusal_notice"}, "open"),
    "reopen_to_screening": (CITY, {"rejected", "inadmissible"}, "both"),
    "reopen_to_evaluation": (CITY, {"rejected", "inadmissible"}, "both"),
    "declare_no_conflict": ({"undeclared_evaluator"}, {"evaluation"}, "both"),
    "save_sheet": ({"cleared_evaluator"}, {"evaluation"}, "both"),
}
# Beside the state: the evaluators who already declared are told that they did (Conflict), wherever the case stands.
ALREADY_DECLARED = {"cleared_evaluator", "conflicted_evaluator"}
CASES = [("open", state) for state in sorted(RECEIVED | {"draft"})] + [("competitive", state) for state in sorted((RECEIVED | {"draft"}) - {"refusal_notice"})]


def expected(service, role, state, mode):
    who, states, modes = TABLE[service]
    if service == "declare_no_conflict" and role in ALREADY_DECLARED:
        return "conflict"
    if role not in who:
        return "not allowed"
    if role not in APPLICANT and state == "draft":  # a draft belongs to the applicant alone
        return "not allowed"
    return "done" if state in states and modes in ("both", mode) else "conflict"


class Undo(Exception):
    pass


@contextmanager
def undone():
    """What happens inside never happened."""
    try:
        with transaction.atomic():
            yield
            raise Undo
    except Undo:
        pass


def scene(mode, state):
    """A case in `state`, and one person of each role; every evaluator that the state admits is assigned."""
    owner = factories.person(Role.STARTUP)
    organisation = factories.organisation(owner)
    people = factories.city()
    how = {"to": factories.challenge(mode="competitive", criteria=(("impact", 60, 0), ("technology", 40, 0)))} if mode == "competitive" else {}
    proposal = factories.proposal_in(state, organisation, people=people, **how)
    of_applicant = factories.person(Role.OFFICER)
    Membership.objects.create(user=of_applicant, organisation=organisation, role=Membership.Role.READER, joined_at=clock.now())
    evaluators = {name: factories.person(Role.EVALUATOR) for name in ("cleared_evaluator", "undeclared_evaluator", "conflicted_evaluator")}
    assigned = {}
    for name, evaluator in evaluators.items() if state != "draft" else ():
        # Whatever the state, so that the table also shows what an assignment is worth elsewhere.
        assigned[name] = proposal.assignments.create(evaluator=evaluator, assigned_by=people.officer, assigned_at=clock.now())
        if name != "undeclared_evaluator":
            proposal.assignments.filter(evaluator=evaluator).update(declared_at=clock.now(), has_conflict=name == "conflicted_evaluator")
    roles = {
        "owner": owner, "editor": factories.member(organisation), "reader": factories.member(organisation, Membership.Role.READER),
        "another_organisation": factories.owner_of(factories.organisation()), "officer": people.officer, "officer_of_the_applicant": of_applicant, **evaluators,
        "unassigned_evaluator": factories.person(Role.EVALUATOR), "department": factories.person(Role.DEPARTMENT), "content_editor": factories.person(Role.EDITOR),
        "administrator": factories.person(Role.ADMINISTRATOR), "anonymous": AnonymousUser(),
    }  # fmt: skip
    assert set(roles) == ROLES
    if state == "evaluation":
        factories.sheet_confirmed(proposal, people.officer, people.evaluator)
    if state == "screening":
        factories.checklist_passed(proposal, people.officer)
    if state == "draft":
        signature = factories.signature(proposal, owner)
    else:
        signature = submitting.SignatureGiven("handwritten", "Legale rappresentante", *proposal.attachments.filter(kind__in=("signed_summary", "identity_document")).order_by("-kind"))
    attachment = proposal.attachments.filter(kind="technical_sheet", removed_at__isnull=True).first()
    message = item = None
    if state != "draft":
        message = proposal.communications.create(kind="message", channel="pec", subject="s", sent_at=clock.now())
        request = proposal.change_requests.last()
        if request is None:
            asked = proposal.communications.create(kind="changes_requested", subject="s", sent_at=clock.now(), legally_received_on=clock.today())
            request = proposal.change_requests.create(communication=asked, answer_due_on=clock.today(), resumed_on=clock.today())
        item = request.items.first() or request.items.create(section="plan", text="t")
    return SimpleNamespace(
        proposal=proposal, state=state, roles=roles, signature=signature, attachment=attachment, message=message, item=item, spare_evaluator=factories.person(Role.EVALUATOR),
        spare_officer=factories.person(Role.OFFICER), assigned=assigned,
    )  # fmt: skip


def services(s):
    """name → call(actor). Those that only make sense about something received are missing for a draft."""
    key = {"proposal_id": s.proposal.pk}
    codes = [row["code"] for row in s.proposal.versions.latest("number").criteria] if s.state != "draft" else []
    items = list(s.proposal.change_requests.filter(resumed_on__isnull=True).values_list("items__pk", flat=True))
    calls = {
        "save_answers": lambda a: drafting.answers_save(**key, actor=a, answers={"title": "Un altro titolo"}, base_version=s.proposal.version),
        "attach": lambda a: drafting.attachment_add(**key, actor=a, kind="technical_sheet", upload=factories.upload()),
        "detach": lambda a: drafting.attachment_remove(attachment_id=s.attachment.pk, actor=a),
        "delete_draft": lambda a: drafting.proposal_delete(**key, actor=a),
        "copy": lambda a: drafting.proposal_copy(**key, actor=a),
        "submit": lambda a: submitting.proposal_submit(**key, actor=a, signature=s.signature, stamp=factories.stamp()),
        "answer_additions": lambda a: submitting.additions_submit(**key, actor=a, replies={pk: "Ecco." for pk in items}),
        "observe": lambda a: deciding.observations_submit(**key, actor=a, text="Non siamo d'accordo."),
        "withdraw": lambda a: deciding.proposal_withdraw(**key, actor=a),
        "assign_officer": lambda a: screening.officer_assign(**key, actor=a, officer=s.spare_officer),
        "start_screening": lambda a: screening.screening_start(**key, actor=a),
        "check": lambda a: screening.checklist_save(**key, actor=a, results={next(iter(CHECKLIST)): ("passed", "")}),
        "request_changes": lambda a: screening.changes_request(**key, actor=a, items=[screening.AskedItem("plan", "Precisate.")], channel="portal"),
        "declare_inadmissible": lambda a: screening.inadmissible_declare(**key, actor=a, **factories.act()),
        "start_evaluation": lambda a: screening.evaluation_start(**key, actor=a),
        "write_note": lambda a: screening.note_add(**key, actor=a, text="Nota."),
        "send_message": lambda a: communicating.message_send(**key, actor=a, subject="Oggetto", body="Testo", channel="portal"),
        "assign_evaluator": lambda a: evaluating.evaluator_assign(**key, actor=a, evaluator=s.spare_evaluator),
        "approve": lambda a: approving.proposal_approve(**key, actor=a, outcome="approved", **factories.act()),
        "give_refusal_notice": lambda a: deciding.refusal_notice_give(**key, actor=a, reasons="Manca il piano.", channel="portal"),
        "resume_evaluation": lambda a: deciding.evaluation_resume(**key, actor=a),
        "reject_straight": lambda a: deciding.proposal_reject(**key, actor=a, **factories.act()),
        "reject_after_notice": lambda a: deciding.proposal_reject(**key, actor=a, **factories.act()),
        "reopen_to_screening": lambda a: deciding.proposal_reopen(**key, actor=a, to="screening", **factories.act()),
        "reopen_to_evaluation": lambda a: deciding.proposal_reopen(**key, actor=a, to="evaluation", **factories.act()),
        "save_sheet": lambda a: evaluating.sheet_save(**key, actor=a, scores={code: (3, "") for code in codes}, reasons="r", confirm=False),
    }  # fmt: skip
    if s.state != "draft":
        calls["take_off_evaluator"] = lambda a: evaluating.evaluator_take_off(**key, assignment_id=s.assigned["undeclared_evaluator"].pk, actor=a, reason="Malattia.")
        calls["settle_reply"] = lambda a: screening.reply_settle(item_id=s.item.pk, actor=a, settled=True)
        calls["record_delivery"] = lambda a: communicating.delivery_record(communication_id=s.message.pk, actor=a, legally_received_on=clock.today())
    # One service for both ways of rejecting: a straight one where no notice was given, the other after it.
    del calls["reject_straight" if s.state == "refusal_notice" else "reject_after_notice"]
    return calls


def declaring(s, role):
    """Each evaluator declares about the own assignment, everyone else about the one that still waits. Nobody is assigned to a draft."""
    if s.state == "draft":
        return {}
    assignment = s.assigned.get(role, s.assigned["undeclared_evaluator"])
    return {"declare_no_conflict": lambda actor: evaluating.conflict_declare(assignment_id=assignment.pk, actor=actor, has_conflict=False)}


def outcome(call, actor):
    try:
        with undone():
            call(actor)
    except NotAllowed:
        return "not allowed"
    except Conflict:
        return "conflict"
    except DomainError as error:
        return f"refused: {error.code}"
    return "done"


@pytest.mark.parametrize(("mode", "state"), CASES)
def test_each_role_may_do_exactly_what_the_table_says(mode, state):
    s = scene(mode, state)
    found, wanted = {}, {}
    for role, actor in s.roles.items():
        for service, call in {**services(s), **declaring(s, role)}.items():
            later = clock.now() + 25 * factories.DAY if service == "reject_after_notice" else clock.now()
            with clock.travelling_to(later):
                found[role, service] = outcome(call, actor)
            wanted[role, service] = expected(service, role, state, mode)
    wrong = {cell: f"{found[cell]}, not {wanted[cell]}" for cell in found if found[cell] != wanted[cell]}
    assert not wrong
    assert Proposal.objects.get(pk=s.proposal.pk).state == state


def test_the_table_speaks_of_every_service_that_writes():
    s = scene("open", "evaluation")
    assert set(services(s)) | {"declare_no_conflict", "reject_after_notice"} == set(TABLE)
