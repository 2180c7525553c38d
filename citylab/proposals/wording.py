"""What formal messages say, in the language of the proposal: services send these words, and the desk shows them before they go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import override

from citylab.testbeds.models import Site

from . import form
from .models import Decision, Proposal


@dataclass(frozen=True)
class Wording:
    subject: str
    body: str


def changes_requested(proposal: Proposal, items: Sequence[Any], text: str) -> Wording:
    """A request for additions: the opening words, then what is asked, numbered, each with its section."""
    with override(proposal.language):
        titles = {section.code: str(section.title) for section in form.definition(proposal.form_version).sections}
        subject = _("Request for additions to proposal %(number)s") % {"number": proposal.number}
        lines = [f"{index}. {titles[item.section]}: {item.text.strip()}" if item.section in titles else f"{index}. {item.text.strip()}" for index, item in enumerate(items, start=1)]
    return Wording(subject, "\n".join([text.strip(), *lines]).strip())


def refusal_notice(proposal: Proposal, reasons: str) -> Wording:
    with override(proposal.language):
        return Wording(_("Refusal notice for proposal %(number)s: ten days for your observations") % {"number": proposal.number}, reasons.strip())


def site_changed(proposal: Proposal, before: Site | None, after: Site, reason: str) -> Wording:
    """Another site than the one asked for: what changes, the officer's reason if there is one, and what stays as it was."""
    with override(proposal.language):
        subject = _("Proposal %(number)s: another site, %(site)s") % {"number": proposal.number, "site": after.name}
        first = (
            _("For your proposal the city has chosen the site %(after)s instead of %(before)s.") % {"after": after.name, "before": before.name}
            if before
            else _("For your proposal the city has chosen the site %(after)s.") % {"after": after.name}
        )
        last = _("Your proposal stays as you handed it in. The place is held only by an approval. If this site does not suit you, write to the responsible officer.")
    return Wording(subject, "\n\n".join(part for part in (first, reason.strip(), last) if part))


def decision(
    proposal: Proposal, *, outcome: str, reasons: str, act_number: str, act_date: date, signed_by: str, conditions: str = "", third_party: str = ""
) -> Wording:
    """A decision: reasons, conditions, the third party awaited, and the act that was adopted."""
    with override(proposal.language):
        subject = _("Decision on proposal %(number)s: %(outcome)s") % {"number": proposal.number, "outcome": Decision.Outcome(outcome).label}
        parts = [
            reasons.strip(),
            _("Conditions:") + "\n" + conditions.strip() if conditions.strip() else "",
            _("Subject to: %(third_party)s") % {"third_party": third_party.strip()} if third_party.strip() else "",
            _("Act %(number)s of %(day)s, signed by %(who)s.") % {"number": act_number.strip(), "day": formats.date_format(act_date, "DATE_FORMAT"), "who": signed_by.strip()},
        ]
    return Wording(subject, "\n\n".join(part for part in parts if part))
