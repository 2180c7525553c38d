"""Another site than the one asked for: the city's choice before the decision."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from citylab.audit import services as audit
from citylab.audit.moves import check_allowed, illegal_move
from citylab.core import outbox
from citylab.core.errors import Conflict, DomainError
from citylab.core.locks import locked
from citylab.testbeds.models import Site

from .. import wording
from ..models import Communication, Proposal
from ..selectors import site_of
from ..workflow import SITE_CHANGEABLE
from .communicating import communication_create

CASE = "proposal"


def site_change(*, proposal_id: Any, actor: Any, site_id: Any, seen: Any, reason: str = "") -> Communication:
    """Choose another site for a proposal; the start-up is told, with the reason where one is given. What was submitted stays as it was,
    and nothing is booked: approval holds the place.

    `seen`: the id of the case's site when the person looked, None for none. Raises Conflict("illegal_move") outside screening and
    evaluation, Conflict("site_changed") where a colleague was faster, DomainError("same_site" | "site_not_published").
    """
    with transaction.atomic():
        # Without its site joined: PostgreSQL reads a row it waited for anew, but not what was joined to it before.
        proposal = locked(Proposal, proposal_id)
        check_allowed(actor, "proposals.process", proposal)
        if proposal.state not in SITE_CHANGEABLE:
            raise illegal_move(proposal)
        before = site_of(proposal)
        if (before.pk if before else None) != seen:
            raise Conflict("site_changed", _("The site of this case is now %(site)s: somebody has changed it meanwhile.") % {"site": before.name if before else _("none")})
        if before is not None and before.pk == site_id:
            raise DomainError("same_site", _("%(site)s already is the site of this case.") % {"site": before.name})
        site = Site.objects.filter(pk=site_id, live=True).first()
        if site is None:
            raise DomainError("site_not_published", _("This site is not published at present."))
        proposal.assigned_site = site
        proposal.save(update_fields=["assigned_site"])
        words = wording.site_changed(proposal, before, site, reason)
        message = communication_create(proposal, kind="site_changed", channel=Communication.Channel.PORTAL, subject=words.subject, body=words.body, actor=actor)
        audit.append(
            case_kind=CASE, case_id=proposal.pk, action="change_site", actor=actor,
            data={"site_from": before.code if before else "", "site_to": site.code, "communication": message.pk, "digest": audit.digest(proposal.audit_salt, reason)},
        )  # fmt: skip
        outbox.publish("proposal.site_changed", proposal.pk, communication=message.pk)
    return message
