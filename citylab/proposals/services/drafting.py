"""Writing a proposal: start, save as you type, copy, delete, attach."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from citylab.accounts.models import Organisation
from citylab.audit import services as audit
from citylab.audit.moves import check_allowed, illegal_move
from citylab.challenges.models import Challenge
from citylab.challenges.selectors import is_open
from citylab.core import clock, outbox
from citylab.core.errors import Conflict, DomainError, NotAllowed
from citylab.core.locks import locked
from citylab.taxonomy.models import Capability, S3Area, Sector, Technology
from citylab.testbeds.models import Site

from .. import files, form
from ..models import Attachment, Proposal, ProposalSite, Signature
from ..workflow import EDITABLE, State

CASE = "proposal"


def fingerprint(value: Any) -> str:
    """A short mark of one answer as a page showed it, so that a save knows what the person really changed. No answer is an empty one."""
    given = None if value in ("", []) else value
    return hashlib.sha256(json.dumps(given, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class FieldConflict:
    """One answer that two people changed: what I wrote, what is saved, and who saved it."""

    field: str
    mine: Any
    theirs: Any
    saved_by_id: int | None


class SaveConflict(Conflict):
    """Somebody saved one of the same answers meanwhile. Nothing of this save was written."""

    def __init__(self, fields: list[FieldConflict], version: int) -> None:
        super().__init__("save_conflict", _("Somebody changed the same answers while you were writing. Both texts are shown below."))
        self.fields = fields
        self.version = version


@dataclass(frozen=True)
class Saved:
    """The version after a save and which answers changed in it."""

    version: int
    changed: tuple[str, ...]
    saved_at: Any


def _writable_organisation(organisation: Organisation, actor: Any) -> None:
    if not actor.has_perm("accounts.write_for_organisation", organisation):
        raise NotAllowed("not_allowed", _("Only an owner or an editor of the organisation can write proposals."))


def check_writable(proposal: Proposal, actor: Any) -> None:
    """Raises NotAllowed for somebody who does not write for the applicant, Conflict where the case went on meanwhile."""
    check_allowed(actor, "proposals.write", proposal)
    if proposal.state not in EDITABLE:
        raise illegal_move(proposal)


def answers_touched(proposal: Proposal, answers: Mapping[str, Any], seen: Mapping[str, str]) -> dict[str, Any]:
    """The answers that differ from the saved ones and that the person changed, as far as the fingerprints of what the page showed can tell."""
    saved = proposal.answers
    return {name: value for name, value in answers.items() if saved.get(name) != value and (name not in seen or fingerprint(value) != seen[name])}


def proposal_start(*, organisation: Organisation, actor: Any, challenge: Challenge | None = None, language: str = "it") -> Proposal:
    """A new draft for `challenge`, or one of the organisation's own.

    Raises DomainError("challenge_closed") when the challenge does not take proposals now, NotAllowed for a reader.
    """
    _writable_organisation(organisation, actor)
    moment = clock.now()
    if challenge is not None and not is_open(challenge, moment):
        raise DomainError("challenge_closed", _("This challenge does not take proposals now."))
    with transaction.atomic():
        proposal = Proposal.objects.create(
            organisation=organisation,
            challenge=challenge,
            programme=challenge.programme if challenge else None,
            sector=challenge.sector if challenge else None,
            mode=challenge.mode if challenge else Challenge.Mode.OPEN,
            language=language,
            form_version=form.current().version,
            answers={"sector": challenge.sector.code} if challenge else {},
            created_by=actor,
            created_at=moment,
            updated_by=actor,
            updated_at=moment,
        )
        audit.append(case_kind=CASE, case_id=proposal.pk, action="start", actor=actor, to_state=State.DRAFT)
    return proposal


def answers_save(
    *, proposal_id: Any, actor: Any, answers: Mapping[str, Any], base_version: int, seen: Mapping[str, str] | None = None, page: str = ""
) -> Saved:
    """Save the given answers (already cleaned, field name → value) of a draft or of a proposal whose additions were requested.

    `seen` holds the fingerprints of the answers that the page showed: an answer that the person did not touch is left as it is now;
    one that somebody else changed meanwhile raises SaveConflict with both texts. For answers without a fingerprint `base_version`, the
    version the page was made from, says whether somebody else was there. `page` names the open page that saves: it never stands against
    itself, not even when an answer of the server got lost on its way.
    """
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_writable(proposal, actor)
        before = proposal.answers
        seen = seen or {}
        touched = answers_touched(proposal, answers, seen)
        conflicts = [
            FieldConflict(name, value, before.get(name), _last_save(proposal, name)[1])
            for name, value in touched.items()
            if not (page and page == _last_save(proposal, name)[2])
            and (fingerprint(before.get(name)) != seen[name] if name in seen else _last_save(proposal, name)[0] > base_version)
        ]
        if conflicts:
            raise SaveConflict(conflicts, proposal.version)
        moment = clock.now()
        if not touched:
            return Saved(proposal.version, (), proposal.updated_at)
        proposal.version += 1
        proposal.answers = {**before, **touched}
        proposal.field_versions = {**proposal.field_versions, **{name: [proposal.version, actor.pk, page] for name in touched}}
        proposal.updated_by = actor
        proposal.updated_at = moment
        columns_write(proposal, set(touched))
        proposal.save()
    return Saved(proposal.version, tuple(touched), moment)


def _last_save(proposal: Proposal, name: str) -> tuple[int, int | None, str]:
    """Which save last changed an answer, who made it and from which open page."""
    version, person, page = (*proposal.field_versions.get(name, (0, None, "")), "")[:3]
    return version, person, page


def answers_try(proposal: Proposal, answers: Mapping[str, Any]) -> None:
    """Give this object the answers as they are being typed, with their columns, to see what would fit. Nothing is saved, and it must not be."""
    before = proposal.answers
    proposal.answers = {**before, **answers}
    _columns_set(proposal, {name for name, value in answers.items() if before.get(name) != value})


def columns_write(proposal: Proposal, changed: set[str] | None = None) -> None:
    """Set the columns that are computed from the answers. Relations are rewritten only when their answers changed."""
    columns = _columns_set(proposal, changed)
    for relation, related in (("technologies", Technology), ("capabilities", Capability)):
        if changed is None or relation in changed:
            _ticks_write(proposal, relation, related, columns[relation])
    if changed is None or "sites" in changed:
        wished = list(columns["sites"])
        known = {site.code: site for site in Site.objects.filter(code__in=wished)}
        proposal.wished_sites.all().delete()
        ProposalSite.objects.bulk_create(
            ProposalSite(proposal=proposal, site=known[code], rank=rank) for rank, code in enumerate(dict.fromkeys(wished), start=1) if code in known
        )


def _ticks_write(proposal: Proposal, relation: str, related: type[Technology] | type[Capability], codes: list[str]) -> None:
    """Tick just the terms of these codes, in three queries at most: `set` would take up to five, at every pause in typing."""
    Link = getattr(Proposal, relation).through
    links = Link.objects.filter(proposal=proposal)
    column = f"{related._meta.model_name}_id"
    ticked = Exists(links.filter(**{column: OuterRef("pk")}))
    given = list(related.objects.annotate(ticked=ticked).filter(Q(code__in=codes) | Q(ticked=True)).order_by().values_list("pk", "code", "ticked"))
    gone = [pk for pk, code, is_ticked in given if is_ticked and code not in codes]
    if gone:
        links.filter(**{f"{column}__in": gone}).delete()
    Link.objects.bulk_create([Link(proposal=proposal, **{column: pk}) for pk, _code, is_ticked in given if not is_ticked])


def _columns_set(proposal: Proposal, changed: set[str] | None) -> Mapping[str, Any]:
    """Set the columns of the object itself, and give those of its relations too."""
    columns = form.columns(form.definition(proposal.form_version), proposal.answers)
    for name in ("title", "summary", "trl_now", "trl_target", "starts_on", "ends_on", "area_m2", "budget_cents", "dismantling_cost_cents"):
        setattr(proposal, name, columns[name])
    if proposal.starts_on and proposal.ends_on and proposal.ends_on < proposal.starts_on:
        proposal.ends_on = None  # the answer keeps what was typed and the form says what is wrong; the column must make sense
    for column, model, answer in (("sector", Sector, "sector"), ("s3_area", S3Area, "s3_area")):
        if changed is None or answer in changed:
            setattr(proposal, column, model.objects.filter(code=columns[column]).first() if columns[column] else None)
    return columns


def proposal_copy(*, proposal_id: Any, actor: Any, challenge: Challenge | None = None) -> Proposal:
    """A new draft with the answers of an earlier proposal of the same organisation, without its files and declarations."""
    source = Proposal.objects.select_related("organisation").get(pk=proposal_id)
    check_allowed(actor, "proposals.view", source)
    definition = form.definition(source.form_version)
    kept = {name: value for name, value in source.answers.items() if name not in form.declaration_names(definition)}
    with transaction.atomic():
        draft = proposal_start(organisation=source.organisation, actor=actor, challenge=challenge, language=source.language)
        draft.form_version = source.form_version
        draft.answers = {**kept, **({"sector": challenge.sector.code} if challenge else {})}
        draft.version = 1
        columns_write(draft)
        draft.save()
        audit.append(case_kind=CASE, case_id=draft.pk, action="copy", actor=actor, to_state=State.DRAFT, data={"from": str(source.pk)})
    return draft


def proposal_delete(*, proposal_id: Any, actor: Any) -> None:
    """Delete a draft. What was submitted is never deleted."""
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_writable(proposal, actor)
        if proposal.state != State.DRAFT:
            raise illegal_move(proposal)
        audit.append(case_kind=CASE, case_id=proposal.pk, action="delete_draft", actor=actor, from_state=State.DRAFT)
        unused = list(proposal.attachments.values_list("key", flat=True))
        if unused:
            outbox.publish("case_files.unused", proposal.pk, files=unused)
        proposal.delete()


def draft_form_upgrade(*, proposal_id: Any, actor: Any) -> list[str]:
    """Move a draft to the current form; gives the notices to show. A submitted proposal never moves."""
    with transaction.atomic():
        proposal = locked(Proposal, proposal_id)
        check_writable(proposal, actor)
        current = form.current().version
        if proposal.state != State.DRAFT or proposal.form_version == current:
            return []
        proposal.answers, notices = form.migrate(proposal.answers, proposal.form_version)
        proposal.form_version = current
        proposal.version += 1
        proposal.save()
    return notices


def attachment_add(*, proposal_id: Any, actor: Any, kind: str, upload: Any) -> Attachment:
    """Check and keep a file of the proposal. `kind` is one of the form's attachment kinds.

    Raises DomainError where the file is not accepted, Conflict where the proposal can no longer be edited, NotAllowed.
    """
    proposal = Proposal.objects.get(pk=proposal_id)
    check_writable(proposal, actor)
    if kind not in form.attachment_kinds(form.definition(proposal.form_version)):
        raise DomainError("attachment_kind", _("Choose what this file is."))
    stored = files.store(upload)  # outside the lock: a large file must not hold up a colleague's save
    try:
        with transaction.atomic():
            proposal = locked(Proposal, proposal_id)
            check_writable(proposal, actor)
            attachment = Attachment.objects.create(
                proposal=proposal,
                kind=kind,
                name=upload.name[-200:],
                key=stored.key,
                sha256=stored.sha256,
                size=stored.size,
                content_type=stored.content_type,
                uploaded_by=actor,
                uploaded_at=clock.now(),
            )
            audit.append(case_kind=CASE, case_id=proposal.pk, action="attach", actor=actor, data={"attachment": str(attachment.pk), "kind": kind, "sha256": stored.sha256})
    except (DomainError, DatabaseError, ObjectDoesNotExist):
        files.forget(stored.key)  # nothing refers to it
        raise
    return attachment


def attachment_remove(*, attachment_id: Any, actor: Any) -> None:
    """Take a file off the draft. The stored file stays while a version refers to it, and goes by itself otherwise."""
    with transaction.atomic():
        attachment = Attachment.objects.select_related("proposal").get(pk=attachment_id)
        proposal = locked(Proposal, attachment.proposal_id)
        check_writable(proposal, actor)
        if attachment.removed_at is None:
            attachment.removed_at = clock.now()
            attachment.save(update_fields=["removed_at"])
            audit.append(case_kind=CASE, case_id=proposal.pk, action="detach", actor=actor, data={"attachment": str(attachment.pk)})
            outbox.publish("attachment.removed", attachment.pk)


def attachment_forget(*, attachment_id: Any) -> bool:
    """Delete a removed attachment's row and file, unless a version or a signature refers to it; whether it was deleted."""
    with transaction.atomic():
        attachment = Attachment.objects.select_related("proposal").filter(pk=attachment_id, removed_at__isnull=False).first()
        if attachment is None:
            return False
        named = any(entry["id"] == str(attachment.pk) for files_of in attachment.proposal.versions.values_list("files", flat=True) for entry in files_of)
        if named or Signature.objects.filter(Q(document=attachment) | Q(identity_document=attachment)).exists():
            return False
        outbox.publish("case_files.unused", attachment.proposal_id, files=[attachment.key])
        attachment.delete()
    return True
