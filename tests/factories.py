"""People, places, proposals and pilots for tests, made through the real services wherever a service exists."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import count
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from pypdf import PdfWriter
from stdnum import luhn

from citylab.accounts.models import Membership, Organisation, Role, User
from citylab.accounts.services.organisations import organisation_create
from citylab.accounts.services.roles import role_grant
from citylab.challenges.models import Challenge, Criterion
from citylab.challenges.services import challenge_published
from citylab.core import clock
from citylab.payments.models import Charge, Checkout, DepositRule, Exemption, FeeRule, Payee, Rule
from citylab.payments.providers import notice, sandbox
from citylab.payments.services import events, paying, stamps
from citylab.payments.services.keeping_rules import payee_save, rule_save
from citylab.payments.workflow import ChargeState
from citylab.pilots.models import Gate, Pilot
from citylab.pilots.services import approving, ending, preparing, running
from citylab.proposals.models import ChangeRequestItem, Proposal, Signature
from citylab.proposals.screening import CHECKLIST
from citylab.proposals.services import communicating, deciding, drafting, evaluating, screening, submitting
from citylab.taxonomy.models import Capability, S3Area, Sector, Technology
from citylab.testbeds.models import Asset, Site
from citylab.testbeds.services import site_published
from tests.remembering import remembered

_serial = count(1)
DAY = timedelta(days=1)
ACT = {"act_number": "DD 123/2027", "signed_by": "Dirigente"}


# --- people and organisations -------------------------------------------------------------------------------------------------


@remembered
def person(*roles: str, email: str = "", language: str = "it", **fields: Any) -> User:
    """An active person with these roles."""
    user = User.objects.create_user(email or f"person{next(_serial)}@example.org", "a long password", language=language, **{"name": "Persona", **fields})
    for role in roles:
        role_grant(user=user, role=role, actor=None)
    return user


def vat_number(number: int) -> str:
    """A valid P.IVA made from a running number."""
    body = f"{number:07d}001"
    return body + luhn.calc_check_digit(body)


@remembered
def organisation(owner: User | None = None, **fields: Any) -> Organisation:
    """A registered organisation with a complete profile; its owner is a new start-up unless given."""
    number = next(_serial)
    named = {"legal_name": f"Prova {number} S.r.l.", "kind": Organisation.Kind.STARTUP, "vat_number": vat_number(number), "country": "IT", "representative_name": "Ada Rossi"}
    seat = {"address": "Via di prova 1", "postcode": "10121", "town": "Torino", "email": f"prova{number}@example.org", "pec": f"prova{number}@pec.example"}
    data = {**named, **seat, **fields}
    return organisation_create(actor=owner or person(Role.STARTUP), data=data)


@remembered
def member(of: Organisation, role: str = Membership.Role.EDITOR) -> User:
    """A further person of an organisation."""
    user = person(Role.STARTUP)
    Membership.objects.create(user=user, organisation=of, role=role, joined_at=clock.now())
    return user


def owner_of(found: Organisation) -> User:
    return found.memberships.get(role=Membership.Role.OWNER).user


# --- what editors publish -----------------------------------------------------------------------------------------------------


@remembered
def term(model: Any, code: str, name_it: str = "", name_en: str = "") -> Any:
    """A word of the taxonomy, made once."""
    return model.objects.get_or_create(code=code, defaults={"name_it": name_it or code.capitalize(), "name_en": name_en or code.capitalize()})[0]


def sector(code: str = "mobility") -> Sector:
    return term(Sector, code)


@remembered
def site(code: str = "", *, capabilities: tuple[str, ...] = ("power",), publish: bool = True, **fields: Any) -> Site:
    """A published site."""
    code = code or f"site-{next(_serial)}"
    values = {
        "slug": code, "name_it": f"Luogo {code}", "name_en": f"Place {code}", "summary_it": "Un luogo di prova.", "summary_en": "A place for tests.",
        "description_it": "<p>Spazio aperto.</p>", "description_en": "<p>Open space.</p>", "kind": Site.Kind.PARK, "latitude": 45.07, "longitude": 7.68, "area_m2": 5000, "live": publish,
        **fields,
    }  # fmt: skip
    made = Site.objects.create(code=code, **values)
    made.sectors.add(sector())
    made.save()
    for capability in capabilities:
        Asset.objects.create(site=made, capability=term(Capability, capability))
    if publish:
        with transaction.atomic():
            site_published(site_id=made.pk, actor=None)
    return Site.objects.get(pk=made.pk)


@remembered
def challenge(code: str = "", *, publish: bool = True, criteria: tuple[tuple[str, int, int], ...] = (), **fields: Any) -> Challenge:
    """A published challenge; competitive ones close in thirty days unless told otherwise. `criteria`: (code, weight, minimum)."""
    code = code or f"challenge-{next(_serial)}"
    values = {
        "slug": code, "title_it": f"Sfida {code}", "title_en": f"Challenge {code}", "summary_it": "Un bisogno della città.", "summary_en": "A need of the city.",
        "description_it": "<p>Che cosa serve.</p>", "description_en": "<p>What is needed.</p>", "sector": sector(), "live": publish, **fields,
    }  # fmt: skip
    if values.get("mode") == Challenge.Mode.COMPETITIVE:
        values.setdefault("closes_at", clock.now() + 30 * DAY)
    made = Challenge.objects.create(code=code, **values)
    for position, (name, weight, minimum) in enumerate(criteria):
        Criterion.objects.create(challenge=made, code=name, name_it=name, name_en=name, weight=weight, minimum=minimum, position=position)
    if publish:
        with transaction.atomic():
            challenge_published(challenge_id=made.pk, actor=None)
    return Challenge.objects.get(pk=made.pk)


# --- files --------------------------------------------------------------------------------------------------------------------


@cache
def pdf() -> bytes:
    """A PDF of one empty page."""
    writer = PdfWriter()
    writer.add_blank_page(width=200, height=200)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def upload(name: str = "scheda.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf() if content is None else content)


# --- proposals ----------------------------------------------------------------------------------------------------------------


def answers(**changes: Any) -> dict[str, Any]:
    """Complete answers of form version 1; `changes` override some."""
    term(Technology, "iot")
    term(Capability, "power")
    term(S3Area, "mechatronics")
    sector()
    first = clock.today() + 90 * DAY
    given: dict[str, Any] = {
        "contact_name": "Persona di contatto", "contact_email": "contatto@example.org", "contact_phone": "+39 011 000000", "test_manager": "Responsabile, +39 011 000001",
        "is_partnership": False, "title": "Sensori per la pioggia", "summary": "Proviamo sensori che avvisano quando piove molto.",
        "description": "Sensori alimentati a batteria misurano la pioggia e avvisano il centro operativo.", "sector": "mobility", "technologies": ["iot"], "trl_now": "6", "trl_target": "7",
        "novelty": "Costano un decimo di quelli esistenti.", "is_precommercial": True, "starts_on": first.isoformat(), "ends_on": (first + 60 * DAY).isoformat(),
        "plan": "Montaggio, misura, smontaggio.", "phases": [{"name": "Misura", "starts_on": first.isoformat(), "ends_on": (first + 30 * DAY).isoformat(), "description": "Si misura."}],
        "resources": "Due persone.", "budget": 2_000_000, "requested": 0, "team": "Un ingegnere e una tecnica.", "scale_up": "Canone annuo.", "sites": [], "own_place": "Via di prova 1",
        "capabilities": ["power"], "area_m2": 20, "daily_schedule": "Sempre", "has_installation": False, "co_creation": "Due incontri nel quartiere.", "involvement": "Cento residenti.",
        "accessibility": "Nessun ostacolo a terra.", "has_minors": False, "risks": "Caduta di un sensore.", "mitigations": "Doppio fissaggio.", "monitoring": "Controllo a distanza.",
        "insurance": "Polizza RC, 2 milioni", "special_means": [], "has_personal_data": False, "hosting": "Italia", "security": "Cifratura.", "open_data": "Tutte le misure, CC BY.",
        "uses_ai": False, "indicators": [{"name": "Avvisi giusti", "unit": "%", "baseline": "50", "target": "90", "method": "Confronto con ARPA"}],
        "declares_truth": True, "declares_power": True, "declares_no_insolvency": True, "declares_no_crime": True, "declares_contributions": True, "declares_no_conflict": True,
        "declares_costs": True, "declares_restoration": True, "declares_privacy": True, "de_minimis": 0,
    }  # fmt: skip
    return {**given, **changes}


@remembered
def draft(by: Organisation | None = None, *, actor: User | None = None, to: Challenge | None = None, complete: bool = True, language: str = "it", **changes: Any) -> Proposal:
    """A draft, complete with its technical sheet unless told otherwise."""
    by = by or organisation()
    actor = actor or owner_of(by)
    made = drafting.proposal_start(organisation=by, actor=actor, challenge=to, language=language)
    if complete:
        drafting.answers_save(proposal_id=made.pk, actor=actor, answers=answers(**changes), base_version=0)
        drafting.attachment_add(proposal_id=made.pk, actor=actor, kind="technical_sheet", upload=upload())
    return Proposal.objects.get(pk=made.pk)


def signature(proposal: Proposal, actor: User) -> submitting.SignatureGiven:
    """A handwritten signature with its identity document."""
    document, identity = (
        drafting.attachment_add(proposal_id=proposal.pk, actor=actor, kind=kind, upload=upload(f"{kind}.pdf")) for kind in ("signed_summary", "identity_document")
    )
    return submitting.SignatureGiven(Signature.Kind.HANDWRITTEN, "Legale rappresentante", document, identity)


def stamp(number: int | None = None) -> submitting.StampGiven:
    return submitting.StampGiven(serial_number=f"{number or 10_000_000_000_000 + next(_serial)}", stamped_on=clock.today(), not_reused=True)


@remembered
def submitted(by: Organisation | None = None, *, actor: User | None = None, **how: Any) -> Proposal:
    """A proposal that the city received."""
    return handed_in(draft(by, actor=actor, **how), actor)


@remembered
def handed_in(made: Proposal, actor: User | None = None) -> Proposal:
    """This draft, signed and handed in."""
    actor = actor or owner_of(made.organisation)
    return submitting.proposal_submit(proposal_id=made.pk, actor=actor, signature=signature(made, actor), stamp=stamp())


@remembered
def city(**people: User) -> SimpleNamespace:
    """The people who handle a case: `officer` and `evaluator`."""
    return SimpleNamespace(officer=people.get("officer") or person(Role.OFFICER), evaluator=people.get("evaluator") or person(Role.EVALUATOR))


@remembered
def checklist_passed(proposal: Proposal, officer: User) -> None:
    screening.checklist_save(proposal_id=proposal.pk, actor=officer, results={item: ("passed", "") for item in CHECKLIST})


@remembered
def sheet_confirmed(proposal: Proposal, officer: User, evaluator: User, value: int = 4) -> None:
    """One evaluator assigned, without conflict, with a confirmed sheet."""
    assignment = evaluating.evaluator_assign(proposal_id=proposal.pk, actor=officer, evaluator=evaluator)
    evaluating.conflict_declare(assignment_id=assignment.pk, actor=evaluator, has_conflict=False)
    codes = [criterion["code"] for criterion in proposal.versions.latest("number").criteria]
    evaluating.sheet_save(proposal_id=proposal.pk, actor=evaluator, scores={code: (value, "Perché sì") for code in codes}, reasons="Buona idea.", confirm=True)


def act(**more: Any) -> dict[str, Any]:
    """Reasons, number, date and signature of an act adopted today."""
    return {"reasons": "Per queste ragioni.", "act_date": clock.today(), "channel": "portal", **ACT, **more}


@remembered
def proposal_in(state: str, by: Organisation | None = None, *, people: SimpleNamespace | None = None, **how: Any) -> Proposal:
    """A proposal brought into `state` by its real moves. `people` as city() gives them; `how` as draft() takes it."""
    if state == "draft":
        return draft(by, **how)
    made = submitted(by, **how)
    people = people or city()
    key, officer = {"proposal_id": made.pk}, people.officer
    if state == "withdrawn":
        deciding.proposal_withdraw(**key, actor=owner_of(made.organisation), note="Cambio di piani.")
    elif state != "submitted":
        screening.screening_start(**key, actor=officer)
        if state == "changes_requested":
            screening.changes_request(**key, actor=officer, items=[screening.AskedItem("plan", "Precisate le date.")], channel="portal")
        elif state == "inadmissible":
            screening.inadmissible_declare(**key, actor=officer, **act())
        elif state != "screening":
            checklist_passed(made, officer)
            screening.evaluation_start(**key, actor=officer)
            if state != "evaluation":
                sheet_confirmed(made, officer, people.evaluator)
            if state == "approved":
                approving.proposal_approve(**key, actor=officer, outcome="approved", **act())
            elif state in ("refusal_notice", "rejected") and made.mode == "open":
                deciding.refusal_notice_give(**key, actor=officer, reasons="Manca il piano.", channel="portal")
                if state == "rejected":
                    with clock.travelling_to(clock.now() + 25 * DAY):
                        deciding.proposal_reject(**key, actor=officer, **act())
            elif state == "rejected":
                deciding.proposal_reject(**key, actor=officer, **act())
    return Proposal.objects.get(pk=made.pk)


# --- pilots -------------------------------------------------------------------------------------------------------------------


def answered(case: Proposal, actor: User, **changes: Any) -> Proposal:
    """The start-up's answer to a request for additions, with changed answers."""
    case = Proposal.objects.get(pk=case.pk)
    drafting.answers_save(proposal_id=case.pk, actor=actor, answers={**case.answers, **changes}, base_version=case.version)
    items = ChangeRequestItem.objects.filter(request__proposal=case, request__answered_on__isnull=True)
    submitting.additions_submit(proposal_id=case.pk, actor=actor, replies={item.pk: f"Reply to {item.text}" for item in items})
    return Proposal.objects.get(pk=case.pk)


def case_grown(case: Proposal, people: SimpleNamespace, rows: range) -> None:
    """More of everything that a case page lists: `people` has the case's officer and its owner."""
    for index in rows:
        screening.note_add(proposal_id=case.pk, actor=people.officer, text=f"Note {index}")
        communicating.message_send(proposal_id=case.pk, actor=people.officer, subject=f"Message {index}", body="Words.", channel="pec")
        screening.changes_request(proposal_id=case.pk, actor=people.officer, items=[screening.AskedItem("plan", f"Point {index}")], channel="portal")
        answered(case, people.owner, plan=f"Plan {index}")


@remembered
def approved_pilot(by: Organisation | None = None, *, at: Site | None = None, people: SimpleNamespace | None = None, starts_on: date | None = None, days: int = 60, **how: Any) -> Pilot:
    """The pilot of an approved proposal, with its booking where a site is given. It starts today unless told otherwise."""
    people = people or city()
    made = proposal_in("evaluation", by, people=people, **how)
    sheet_confirmed(made, people.officer, people.evaluator)
    first = starts_on or clock.today()
    return approving.proposal_approve(
        proposal_id=made.pk, actor=people.officer, outcome="approved", site_id=at.pk if at else None, starts_on=first, ends_on=first + days * DAY, **act()
    )


@remembered
def gates_green(pilot: Pilot, officer: User) -> None:
    """Every requirement is met: what follows from money by paying, the others by hand."""
    charges_paid(pilot)
    for kind in pilot.gates.filter(result=Gate.State.RED, follows_money=False).exclude(kind__in=preparing.AUTOMATIC_GATES).values_list("kind", flat=True):
        preparing.gate_set(pilot_id=pilot.pk, actor=officer, kind=kind, result=Gate.State.GREEN)


@remembered
def charges_paid(pilot: Pilot, *kinds: str) -> None:
    """Whatever is due (of these kinds) is paid as its payee wants it: by a stamp, by a notice, or with the test provider."""
    due = Charge.objects.filter(pilot=pilot, state=ChargeState.DUE, **({"kind__in": kinds} if kinds else {}))
    payer = owner_of(pilot.organisation)
    for charge in due.filter(kind=Charge.Kind.STAMP_DUTY):
        stamps.stamp_record(charge_id=charge.pk, actor=payer, serial_number=stamp().serial_number, stamped_on=clock.today(), not_reused=True)
    for owed_to in set(due.values_list("payee", flat=True)):
        checkout_paid(paying.checkout_enter(paying.checkout_begin(charge_ids=due.filter(payee=owed_to).values_list("pk", flat=True), actor=payer, language="en")))


def checkout_paid(checkout: Checkout) -> None:
    """The money of an open checkout arrives."""
    if checkout.provider == "notice":
        told = notice.receipt_record(number=checkout.external_id, receipt_id=f"RT{next(_serial)}", amount_cents=checkout.amount_cents, paid_on=clock.today())
    else:
        told = sandbox.choose(checkout.external_id, "pay")
    assert told
    events.event_store(checkout.provider, told)
    events.events_handle()


@remembered
def pilot_in(state: str, by: Organisation | None = None, *, people: SimpleNamespace | None = None, at: Site | None = None, **how: Any) -> Pilot:
    """A pilot brought into `state` by its real moves, on a site of its own unless given."""
    people = people or city()
    pilot = approved_pilot(by, at=at or site(), people=people, **how)
    officer, startup, key = people.officer, owner_of(pilot.organisation), {"pilot_id": pilot.pk}
    today = clock.today()
    steps: dict[str, Callable[[], Any]] = {
        "preparation": lambda: (
            preparing.agreement_record_signature(**key, actor=officer, side="city", signed_on=today, agreement_number="D 1/2027"),
            preparing.agreement_record_signature(**key, actor=startup, side="startup", signed_on=today),
        ),
        "ready": lambda: (gates_green(pilot, officer), preparing.pilot_declare_ready(**key, actor=officer)),
        "running": lambda: preparing.pilot_start(**key, actor=officer),
        "suspended": lambda: running.pilot_suspend(**key, actor=officer, reason="Un guasto.", restart_conditions="Riparazione."),
        "terminated": lambda: ending.pilot_terminate(**key, actor=startup, reason="Fondi finiti.", removal_due_on=today + 10 * DAY),
        "revoked": lambda: ending.pilot_revoke(**key, actor=officer, reason="Pericolo.", removal_due_on=today + 10 * DAY),
        "restoration": lambda: ending.pilot_complete(**key, actor=officer),
        "reporting": lambda: ending.restoration_check_record(**key, actor=officer, checked_on=today, passed=True),
        "closed": lambda: (
            ending.final_report_submit(**key, actor=startup, results="Ha funzionato.", lessons="Servono batterie migliori."),
            ending.pilot_close(**key, actor=officer, outcome="adopt", reasons="Utile alla città."),
        ),
        "withdrawn": lambda: preparing.pilot_withdraw(**key, actor=startup, reason="Cambio di piani."),
    }  # fmt: skip
    to_running = ["preparation", "ready", "running"]
    paths = {
        "agreement": [], "preparation": to_running[:1], "ready": to_running[:2], "running": to_running, "withdrawn": ["withdrawn"],
        **{state: [*to_running, state] for state in ("suspended", "terminated", "revoked", "restoration")},
        "reporting": [*to_running, "restoration", "reporting"], "closed": [*to_running, "restoration", "reporting", "closed"],
    }  # fmt: skip
    for step in paths[state]:
        steps[step]()
    return Pilot.objects.get(pk=pilot.pk)


# --- what a pilot costs -------------------------------------------------------------------------------------------------------


@remembered
def payee(code: str = "city", **fields: Any) -> Payee:
    """A payee, made once."""
    words = {"fee_vat_it": "Fuori campo IVA", "fee_vat_en": "Outside VAT", "deposit_vat_it": "Cauzione: senza IVA", "deposit_vat_en": "Deposit: no VAT"}
    values = {"name_it": f"Ente {code}", "name_en": f"Body {code}", "tax_code": "00514490010", **words, **fields}
    return Payee.objects.filter(code=code).first() or payee_save(payee=Payee(code=code, **values), actor=person(Role.EDITOR))


@remembered
def cost_rule(model: Any, **fields: Any) -> Any:
    """A rule of these fields, checked and saved as an editor does; in force from 2027 unless told otherwise."""
    links = {name: fields.pop(name) for name in ("sites", "challenges") if name in fields}
    words = {"name_it": "Regola", "name_en": "Rule", "text_it": "Si paga.", "text_en": "It is paid.", "act": "DCC 1/2027", "valid_from": date(2027, 1, 1)}
    rule = model(**{**words, **fields})
    rule.full_clean()
    return rule_save(rule=rule, actor=person(Role.EDITOR), seen_version=0, **links)


def area_fee(site: Site, rate: str = "2.00", **fields: Any) -> FeeRule:
    return cost_rule(FeeRule, **{"kind": Rule.Kind.AREA_FEE, "site": site, "payee": payee(), "rate": rate, "name_it": "Canone", "name_en": "Fee", **fields})


def flat_fee(site: Site, cents: int = 250_00, **fields: Any) -> FeeRule:
    return cost_rule(FeeRule, **{"kind": Rule.Kind.FLAT_FEE, "site": site, "payee": payee(), "flat_cents": cents, "name_it": "Accesso", "name_en": "Entry", **fields})


def deposit(site: Site, percent: str = "30", **fields: Any) -> DepositRule:
    return cost_rule(DepositRule, **{"kind": Rule.Kind.DEPOSIT, "site": site, "payee": payee(), "share_percent": percent, "name_it": "Cauzione", "name_en": "Deposit", **fields})


def exemption(*subjects: str, **fields: Any) -> Exemption:
    return cost_rule(Exemption, **{"kind": Rule.Kind.EXEMPTION, "subjects": list(subjects) or ["fee"], "name_it": "Esenzione", "name_en": "Exemption", **fields})
