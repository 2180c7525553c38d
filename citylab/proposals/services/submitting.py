"""Handing in: the version, the signature, the stamp duty, the register number and the receipt, in one transaction."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from citylab.accounts.profile import profile_gaps
from citylab.audit.moves import check_allowed, check_legal, move
from citylab.challenges.models import Challenge
from citylab.challenges.selectors import criteria_of, is_open
from citylab.challenges.services import criteria_freeze
from citylab.core import clock
from citylab.core.errors import DomainError
from citylab.core.locks import locked

from .. import files, form, register
from ..models import Attachment, Communication, Proposal, ProposalVersion, RegisterEntry, Signature, StampDuty, Turn
from .clocks import clock_refresh, term_over

CASE = "proposal"
WRITE = "proposals.write"


@dataclass(frozen=True)
class SignatureGiven:
    """How the legal representative signed: the kind, who, and the files (already attached to the proposal)."""

    kind: str
    signatory: str
    document: Attachment | None
    identity_document: Attachment | None = None


@dataclass(frozen=True)
class StampGiven:
    """The stamp of the request: serial number (14 digits), its date and the declaration of no reuse; or the exemption."""

    serial_number: str = ""
    stamped_on: date | None = None
    not_reused: bool = False
    exemption: str = ""
    exemption_note: str = ""


class Incomplete(DomainError):
    """The proposal cannot be handed in yet; `problems` says what is missing, field by field."""

    def __init__(self, problems: Sequence[Any]) -> None:
        super().__init__("incomplete", _("The proposal is not complete yet."))
        self.problems = list(problems)


def attachments_of(proposal: Proposal) -> list[Attachment]:
    """The files that the proposal has now."""
    return list(proposal.attachments.filter(removed_at__isnull=True))


def problems_of(proposal: Proposal, choices: Any = None) -> list[Any]:
    """What is missing or wrong before the proposal can be handed in (form.Problem, in the order of the form). What the organisation's profile lacks
    comes first, in the section of the applicant, with the name of its field."""
    definition = form.definition(proposal.form_version)
    gaps = [
        form.Problem(definition.sections[0].code, name, form.PROFILE, _("Write it in the organisation's profile."))
        for name in profile_gaps(proposal.organisation)
    ]
    return gaps + form.problems(definition, proposal.answers, [a.kind for a in attachments_of(proposal)], choices, clock.today())


def signature_faults(signature: SignatureGiven) -> list[DomainError]:
    """All that is wrong with a signature, as DomainError("signature_…"): the files must be what its kind needs (CAD art. 65)."""
    faults = []
    if signature.kind not in Signature.Kind.values:
        faults.append(DomainError("signature_kind", _("Choose how the legal representative signed.")))
    if not signature.signatory.strip():
        faults.append(DomainError("signature_signatory", _("Write who signed.")))
    if signature.document is None:
        faults.append(DomainError("signature_document", _("Attach the signed summary.")))
    elif signature.kind == Signature.Kind.P7M and signature.document.content_type != "application/pkcs7-mime":
        faults.append(DomainError("signature_document", _("You said p7m, but the file is not a signed p7m.")))
    elif signature.kind == Signature.Kind.PDF and not _is_signed_pdf(signature.document):
        faults.append(DomainError("signature_document", _("This PDF carries no digital signature. Sign it, or choose another way of signing.")))
    if signature.kind == Signature.Kind.HANDWRITTEN and signature.identity_document is None:
        faults.append(DomainError("signature_identity", _("A handwritten signature needs a copy of the signatory's identity document (DPR 445/2000 art. 38).")))
    return faults


def _is_signed_pdf(document: Attachment) -> bool:
    if document.content_type != "application/pdf":
        return False
    with files.opened(document.key) as handle:
        return files.pdf_is_signed(handle.read())


def signature_files_check(proposal: Proposal, signature: SignatureGiven) -> None:
    """Raises DomainError("signature_…") unless the files of the signature are this proposal's, and still there. `proposal` is locked."""
    attached = {attachment.pk for attachment in attachments_of(proposal)}
    for code, file in (("signature_document", signature.document), ("signature_identity", signature.identity_document)):
        if file is not None and file.pk not in attached:
            raise DomainError(code, _("This file is no longer attached. Attach it again."))


def stamp_faults(stamp: StampGiven, today: date) -> list[DomainError]:
    """All that is wrong with a stamp, as DomainError("stamp_…"): incomplete, malformed or dated in the future."""
    if stamp.exemption:
        return [] if stamp.exemption in StampDuty.Ground.values else [DomainError("stamp_exemption", _("Choose the ground of exemption."))]
    faults = []
    if not (len(stamp.serial_number) == 14 and stamp.serial_number.isascii() and stamp.serial_number.isdigit()):
        faults.append(DomainError("stamp_serial_number", _("The serial number of a revenue stamp has 14 digits.")))
    if stamp.stamped_on is None:
        faults.append(DomainError("stamp_stamped_on", _("Write the date printed on the stamp.")))
    elif stamp.stamped_on > today:
        faults.append(DomainError("stamp_stamped_on", _("The date of the stamp is in the future.")))
    if not stamp.not_reused:
        faults.append(DomainError("stamp_not_reused", _("Declare that the stamp was not and will not be used for another document.")))
    return faults


def _challenge_as_it_stands(proposal: Proposal) -> dict[str, Any]:
    challenge = proposal.challenge
    if challenge is None:
        return {}
    fields = ("code", "title_it", "title_en", "summary_it", "summary_en", "description_it", "description_en", "expected_it", "expected_en", "mode")
    closes = challenge.effective_closes_at
    return {**{name: str(getattr(challenge, name)) for name in fields}, "closes_at": closes.isoformat() if closes else None}


def _organisation_as_it_stands(proposal: Proposal) -> dict[str, Any]:
    organisation = proposal.organisation
    names = (
        "legal_name", "kind", "legal_form", "country", "vat_number", "tax_code", "foreign_identifier", "rea", "pec", "email", "address", "postcode", "town",
        "size", "innovative_startup", "representative_name", "representative_role", "representative_tax_code", "test_manager_name", "test_manager_email",
    )  # fmt: skip
    return {name: getattr(organisation, name) for name in names}


# The files that carry the signature itself: what is signed cannot contain them.
SIGNATURE_FILES = ("signed_summary", "identity_document")


def content_of(proposal: Proposal) -> dict[str, Any]:
    """All that a version of the proposal, as it stands, would hold."""
    return {
        "answers": proposal.answers,
        "organisation": _organisation_as_it_stands(proposal),
        "files": [{"id": str(a.pk), "kind": a.kind, "name": a.name, "size": a.size, "sha256": a.sha256} for a in attachments_of(proposal)],
        "challenge": _challenge_as_it_stands(proposal),
        "criteria": criteria_of(proposal.challenge),
        "sites": [{"code": w.site.code, "name_it": w.site.name_it, "name_en": w.site.name_en} for w in proposal.wished_sites.select_related("site")],
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """The SHA-256 of what is signed: printed on the summary before it is signed, kept with the version, written on the receipt."""
    signed = {**content, "files": [file for file in content["files"] if file["kind"] not in SIGNATURE_FILES]}
    return hashlib.sha256(json.dumps(signed, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def version_create(proposal: Proposal, actor: Any, *, subject: str, moment: datetime) -> ProposalVersion:
    """Freeze the proposal as it stands into its next version, received at `moment`, and enter it in the register. `proposal` must be locked."""
    content = content_of(proposal)
    return ProposalVersion.objects.create(
        proposal=proposal,
        number=proposal.versions.count() + 1,
        form_version=proposal.form_version,
        language=proposal.language,
        digest=digest_of(content),
        submitted_by=actor,
        submitted_at=moment,
        register_entry=register.register(direction=RegisterEntry.Direction.RECEIVED, subject=subject, case_id=proposal.pk),
        **content,
    )


def receipt_create(proposal: Proposal, version: ProposalVersion, kind: str) -> Communication:
    """The receipt of a handed-in document (law 241/1990 art. 18-bis): on the portal, received at once."""
    with override(proposal.language):
        return Communication.objects.create(
            proposal=proposal,
            kind=kind,
            subject=_("Receipt: register number %(number)s") % {"number": version.register_entry},
            body=_("We received your document on %(when)s and entered it in the register as %(number)s.")
            % {"when": version.submitted_at.astimezone(clock.rome).strftime("%d/%m/%Y %H:%M"), "number": version.register_entry},
            sent_at=version.submitted_at,
            legally_received_on=version.submitted_at.astimezone(clock.rome).date(),
        )


def proposal_submit(*, proposal_id: Any, actor: Any, signature: SignatureGiven, stamp: StampGiven, choices: Any = None) -> Proposal:
    """Hand in a draft: version 1, signature, stamp duty, register number, case number, receipt.

    Raises Incomplete (with the problems), DomainError for the challenge's deadline, signature or stamp (a serial number already
    used is "stamp_used"), Conflict when it was handed in meanwhile, NotAllowed.
    """
    moment = clock.now()  # the receipt of the request decides, however long the locks below take
    for fault in [*signature_faults(signature), *stamp_faults(stamp, clock.today())]:
        raise fault
    try:
        with transaction.atomic():
            proposal = locked(Proposal.objects.select_related("organisation", "challenge"), proposal_id)
            check_allowed(actor, WRITE, proposal)
            check_legal(proposal, "submit")
            signature_files_check(proposal, signature)
            if proposal.challenge_id:
                # Locks the challenge: from here on neither its criteria nor its deadline move. A refusal below takes the freezing back.
                criteria_freeze(challenge_id=proposal.challenge_id)
                proposal.challenge = Challenge.objects.select_related("progress").get(pk=proposal.challenge_id)
            if proposal.challenge and not is_open(proposal.challenge, moment):
                raise DomainError("challenge_closed", _("This challenge does not take proposals any more. The draft stays here: you can copy it for another challenge."))
            found = problems_of(proposal, choices)
            if found:
                raise Incomplete(found)
            version = version_create(proposal, actor, subject="proposal_submitted", moment=moment)
            Signature.objects.create(
                version=version, kind=signature.kind, signatory=signature.signatory.strip(), document=signature.document, identity_document=signature.identity_document
            )
            StampDuty.objects.create(
                version=version,
                serial_number=stamp.serial_number if not stamp.exemption else None,
                stamped_on=stamp.stamped_on if not stamp.exemption else None,
                not_reused=stamp.not_reused and not stamp.exemption,
                exemption=stamp.exemption,
                exemption_note=stamp.exemption_note,
            )
            proposal.number = register.next_case_number()
            proposal.submitted_at = moment
            proposal.received_on = moment.astimezone(clock.rome).date()
            proposal.turn = Turn.OFFICE
            receipt_create(proposal, version, "receipt")
            clock_refresh(proposal)
            move(
                proposal, "submit", actor=actor, permission="proposals.submit", case_kind=CASE, topic="proposal.submitted",
                data={"version": version.number, "digest": version.digest, "register": str(version.register_entry)},
            )  # fmt: skip
    except IntegrityError as error:
        if "serial_number" in str(error):
            raise DomainError("stamp_used", _("This serial number has already been used in another request. Check it, or use another stamp.")) from error
        raise
    return proposal


def additions_submit(*, proposal_id: Any, actor: Any, replies: dict[int, str]) -> ProposalVersion:
    """Answer a request for additions: a reply to each item and the proposal as it stands now, as the next version.

    `replies` maps item ids to texts. Raises DomainError("reply_missing") when an item has none, DomainError("additions_late").
    """
    moment = clock.now()
    with transaction.atomic():
        proposal = locked(Proposal.objects.select_related("organisation", "challenge"), proposal_id)
        check_allowed(actor, WRITE, proposal)
        check_legal(proposal, "resume_screening")
        request = proposal.change_requests.filter(resumed_on__isnull=True).select_related("communication").latest("id")
        if term_over(request.answer_due_on, request.communication):
            raise DomainError("additions_late", _("The days for additions are over: the case goes on with what the city has."))
        for item in request.items.all():
            item.reply = (replies.get(item.pk) or "").strip()
            if not item.reply:
                raise DomainError("reply_missing", _("Answer every point of the request."))
            item.save(update_fields=["reply"])
        version = version_create(proposal, actor, subject="additions_submitted", moment=moment)
        receipt_create(proposal, version, "additions_receipt")
        today = clock.today()
        request.answers = version
        request.answered_on = today
        request.resumed_on = today
        request.save()
        proposal.turn = Turn.OFFICE
        clock_refresh(proposal)
        move(
            proposal, "resume_screening", actor=actor, permission="proposals.answer_changes", case_kind=CASE, topic="proposal.additions_submitted",
            data={"version": version.number, "digest": version.digest, "register": str(version.register_entry)},
        )  # fmt: skip
    return version
