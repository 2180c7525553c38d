"""Which move of a proposal is legal: the state table of the lifecycle, and nothing else.

Only services call these transitions; they say who may and what each move needs.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Received")
    SCREENING = "screening", _("Screening")
    CHANGES_REQUESTED = "changes_requested", _("Additions requested")
    INADMISSIBLE = "inadmissible", _("Inadmissible")
    EVALUATION = "evaluation", _("Evaluation")
    REFUSAL_NOTICE = "refusal_notice", _("Refusal notice")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# Received, and not decided yet: the clock of the proceeding concerns these.
PENDING = (State.SUBMITTED, State.SCREENING, State.CHANGES_REQUESTED, State.EVALUATION, State.REFUSAL_NOTICE)
DECIDED = (State.INADMISSIBLE, State.APPROVED, State.REJECTED)
NOT_PENDING = (State.DRAFT, *DECIDED, State.WITHDRAWN)
# The city may choose another site: it has opened the case, and the applicant is not writing or answering just then.
SITE_CHANGEABLE = (State.SCREENING, State.EVALUATION)
# The applicant may write in it.
EDITABLE = (State.DRAFT, State.CHANGES_REQUESTED)


def is_open_mode(proposal: models.Model) -> bool:
    """A sportello (or a proposal of one's own): law 241/1990 art. 10-bis asks for a notice before refusal."""
    return proposal.mode == "open"  # type: ignore[attr-defined]


def is_competitive_mode(proposal: models.Model) -> bool:
    """A competitive procedure: art. 10-bis does not apply."""
    return proposal.mode == "competitive"  # type: ignore[attr-defined]


class ProposalWorkflow(FSMModelMixin, models.Model):
    """The state field and its transitions. A draft is deleted, not withdrawn: the city never received it."""

    state = FSMField(_("state"), choices=State.choices, default=State.DRAFT, protected=True, db_index=True)

    class Meta:
        abstract = True

    @transition(field=state, source=State.DRAFT, target=State.SUBMITTED)
    def submit(self) -> None: ...

    @transition(field=state, source=State.SUBMITTED, target=State.SCREENING)
    def start_screening(self) -> None: ...

    @transition(field=state, source=State.SCREENING, target=State.CHANGES_REQUESTED)
    def request_changes(self) -> None: ...

    @transition(field=state, source=State.CHANGES_REQUESTED, target=State.SCREENING)
    def resume_screening(self) -> None: ...

    @transition(field=state, source=State.SCREENING, target=State.INADMISSIBLE)
    def declare_inadmissible(self) -> None: ...

    @transition(field=state, source=State.SCREENING, target=State.EVALUATION)
    def start_evaluation(self) -> None: ...

    @transition(field=state, source=State.EVALUATION, target=State.APPROVED)
    def approve(self) -> None: ...

    @transition(field=state, source=State.EVALUATION, target=State.REFUSAL_NOTICE, conditions=[is_open_mode])
    def give_refusal_notice(self) -> None: ...

    @transition(field=state, source=State.REFUSAL_NOTICE, target=State.EVALUATION)
    def resume_evaluation(self) -> None: ...

    @transition(field=state, source=State.EVALUATION, target=State.REJECTED, conditions=[is_competitive_mode])
    def reject(self) -> None: ...

    @transition(field=state, source=State.REFUSAL_NOTICE, target=State.REJECTED)
    def reject_after_notice(self) -> None: ...

    @transition(field=state, source=list(PENDING), target=State.WITHDRAWN)
    def withdraw(self) -> None: ...

    @transition(field=state, source=[State.REJECTED, State.INADMISSIBLE], target=State.SCREENING)
    def reopen_screening(self) -> None: ...

    @transition(field=state, source=[State.REJECTED, State.INADMISSIBLE], target=State.EVALUATION)
    def reopen_evaluation(self) -> None: ...
