"""Which move of a pilot is legal: the state table of the lifecycle, and nothing else."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition


class State(models.TextChoices):
    AGREEMENT = "agreement", _("Agreement")
    PREPARATION = "preparation", _("Preparation")
    READY = "ready", _("Ready")
    RUNNING = "running", _("Running")
    SUSPENDED = "suspended", _("Suspended")
    TERMINATED = "terminated", _("Ended by the start-up")
    REVOKED = "revoked", _("Revoked by the city")
    RESTORATION = "restoration", _("Restoration")
    REPORTING = "reporting", _("Reporting")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


BEFORE_START = (State.AGREEMENT, State.PREPARATION, State.READY)
ON_SITE = (State.RUNNING, State.SUSPENDED)


class PilotWorkflow(FSMModelMixin, models.Model):
    """The state field and its transitions. An archive record keeps `closed` and has no transitions of its own."""

    state = FSMField(_("state"), choices=State.choices, default=State.AGREEMENT, protected=True, db_index=True)

    class Meta:
        abstract = True

    @transition(field=state, source=State.AGREEMENT, target=State.PREPARATION)
    def sign_agreement(self) -> None: ...

    @transition(field=state, source=State.PREPARATION, target=State.READY)
    def declare_ready(self) -> None: ...

    @transition(field=state, source=State.READY, target=State.RUNNING)
    def start(self) -> None: ...

    @transition(field=state, source=State.RUNNING, target=State.SUSPENDED)
    def suspend(self) -> None: ...

    @transition(field=state, source=State.SUSPENDED, target=State.RUNNING)
    def restart(self) -> None: ...

    @transition(field=state, source=list(ON_SITE), target=State.RESTORATION)
    def complete(self) -> None: ...

    @transition(field=state, source=list(ON_SITE), target=State.TERMINATED)
    def terminate(self) -> None: ...

    @transition(field=state, source=[*BEFORE_START, *ON_SITE], target=State.REVOKED)
    def revoke(self) -> None: ...

    @transition(field=state, source=[State.TERMINATED, State.REVOKED], target=State.RESTORATION)
    def begin_restoration(self) -> None: ...

    @transition(field=state, source=State.RESTORATION, target=State.REPORTING)
    def confirm_restoration(self) -> None: ...

    @transition(field=state, source=State.REPORTING, target=State.CLOSED)
    def close(self) -> None: ...

    @transition(field=state, source=list(BEFORE_START), target=State.WITHDRAWN)
    def withdraw(self) -> None: ...
