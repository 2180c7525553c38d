"""Many proposals in bulk, for benchmarks: copies of the demo city's own cases, which the real services made.

Mails and the search index are left out: nothing is due, and `search_rebuild` indexes the copies where a benchmark needs it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models import F
from stdnum import luhn

from citylab.accounts.models import Identifier, Membership, Organisation, RoleGrant, User
from citylab.audit.hashing import BEGINNING, entry_hash
from citylab.audit.models import AuditEntry
from citylab.challenges.models import ChallengeProgress
from citylab.core.models import OutboxMessage
from citylab.proposals.models import Proposal

from . import loading
from .cloning import PARTS, Copy, Exemplar, Numbers
from .content import read
from .people import OWNED

BATCH = 500
PROPOSALS_PER_ORGANISATION = 4
# Out of a hundred: what a city's database looks like after some years.
SHARES = {"draft": 22, "submitted": 12, "screening": 14, "changes_requested": 6, "evaluation": 12, "approved": 16, "rejected": 12, "inadmissible": 3, "withdrawn": 3}
# Cases that are over lie up to so many weeks back; those that wait lie near, so that a queue has a little of everything.
WEEKS_OVER, WEEKS_WAITING = 150, 2
OVER = ("approved", "rejected", "inadmissible", "withdrawn")
PLACES = (
    "Barriera di Milano", "Borgo Vittoria", "Falchera", "Lingotto", "Lucento", "Madonna di Campagna", "Mirafiori Nord", "Nizza Millefonti", "Parella", "Pozzo Strada", "Regio Parco",
    "San Donato", "San Paolo", "Santa Rita", "Vallette", "Vanchiglia", "Barca", "Bertolla", "Cavoretto", "Cenisia", "Cit Turin", "Crocetta", "Sassi", "Rebaudengo",
)  # fmt: skip


def load(count: int) -> Counter[str]:
    """Add `count` proposals with everything that belongs to them; how many of each state."""
    loading.load()
    exemplars = _exemplars()
    owners = _organisation_exemplars()
    numbers = Numbers()
    random = Random(count)  # noqa: S311 - repeatable, not secret
    made: Counter[str] = Counter()
    for first in range(0, count, BATCH):
        size = min(BATCH, count - first)
        with transaction.atomic():
            organisations = list(_organisations(owners, numbers, -(-size // PROPOSALS_PER_ORGANISATION)))
            states = random.choices(list(SHARES), weights=list(SHARES.values()), k=size)
            chosen = [random.choice(exemplars[state]) for state in states]
            _insert(row for index, exemplar in enumerate(chosen) for row in _copy(exemplar, numbers, organisations[index // PROPOSALS_PER_ORGANISATION], random).rows())
            numbers.save()
            for challenge, received in Counter(exemplar.proposal.challenge_id for exemplar in chosen if exemplar.proposal.number and exemplar.proposal.challenge_id).items():
                ChallengeProgress.objects.filter(challenge_id=challenge).update(proposals_received=F("proposals_received") + received)
            made.update(states)
    return made


def _exemplars() -> dict[str, list[Exemplar]]:
    """The demo's cases by state. Approved ones only where no site is booked and nothing went through a provider: neither can be copied."""
    names = [row["name"] for row in read("organisations")["organisations"]]
    found: dict[str, list[Exemplar]] = defaultdict(list)
    cases = Proposal.objects.filter(organisation__legal_name__in=names, organisation__is_demo=True, state__in=SHARES, pilot__site__isnull=True, pilot__checkouts__isnull=True)
    for proposal in cases.select_related("organisation").order_by("number", "created_at"):
        found[proposal.state].append(Exemplar.read(proposal))
    return found


def _copy(exemplar: Exemplar, numbers: Numbers, by: tuple[Organisation, User], random: Random) -> Copy:
    weeks = random.randint(0, WEEKS_OVER if exemplar.proposal.state in OVER else WEEKS_WAITING)
    title = exemplar.proposal.title and f"{exemplar.proposal.title} – {random.choice(PLACES)}"[:120]
    return Copy(exemplar, numbers, by[0], by[1].pk, title, timedelta(weeks=-weeks))


def _insert(rows: Iterable[models.Model]) -> None:
    """Insert the rows table by table; a table that others refer to comes before them."""
    tables: dict[type[models.Model], list[Any]] = defaultdict(list)
    for row in rows:
        tables[type(row)].append(row)
    order = [User, Organisation, *(model for model, _way in PARTS)]
    for model in [*(model for model in order if model in tables), *(model for model in tables if model not in order)]:
        model._default_manager.bulk_create(tables[model], batch_size=2000)
    statements = connection.ops.sequence_reset_sql(no_style(), list(tables))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _organisation_exemplars() -> list[Organisation]:
    return list(Organisation.objects.filter(legal_name__in=[row["name"] for row in read("organisations")["organisations"] if row["key"] not in OWNED and row.get("country", "IT") == "IT"]))


def _organisations(exemplars: list[Organisation], numbers: Numbers, count: int) -> Iterator[tuple[Organisation, User]]:
    """New organisations, each with its owner and the trail that `organisation_create` leaves."""
    start = User.objects.filter(email__startswith="volume-").count()
    rows: list[models.Model] = []
    made = []
    for number in range(start + 1, start + count + 1):
        exemplar = exemplars[number % len(exemplars)]
        owner, organisation = _owner(number, numbers, exemplar), _organisation(number, exemplar)
        membership = Membership(pk=numbers.next_id(Membership), user=owner, organisation=organisation, role=Membership.Role.OWNER, joined_at=organisation.created_at)
        identifiers = [Identifier(pk=numbers.next_id(Identifier), organisation=organisation, country=country, value=value) for country, value in sorted(organisation.named_by())]
        grant = RoleGrant(pk=numbers.next_id(RoleGrant), user=owner, role="startup", granted_at=organisation.created_at)
        created = _first_entry(numbers, "organisation", organisation.pk, "create", owner, organisation.created_at, {})
        granted = _first_entry(numbers, "user", owner.pk, "grant_role", None, organisation.created_at, {"role": "startup"})
        message = OutboxMessage(pk=numbers.next_id(OutboxMessage), topic="organisation.updated", key=str(organisation.pk), created_at=organisation.created_at, done_at=organisation.created_at)
        rows += [owner, organisation, *identifiers, membership, grant, created, granted, message]
        made.append((organisation, owner))
    _insert(rows)
    yield from made


def _owner(number: int, numbers: Numbers, exemplar: Organisation) -> User:
    owner = User(pk=numbers.next_id(User), email=f"volume-{number}@example.org", name=f"Titolare n. {number} (demo)", is_demo=True, is_active=False, date_joined=exemplar.created_at)
    owner.set_unusable_password()
    return owner


def _organisation(number: int, exemplar: Organisation) -> Organisation:
    body = f"98{number:05d}001"
    code = body + str(luhn.calc_check_digit(body))
    values = {column.attname: getattr(exemplar, column.attname) for column in Organisation._meta.concrete_fields if not column.primary_key}
    values |= {"legal_name": f"Esempio n. {number} (demo)", "tax_code": code, "vat_number": code if exemplar.vat_number else "", "email": f"volume-{number}@example.org"}
    return Organisation(**values)


def _first_entry(numbers: Numbers, kind: str, case: Any, action: str, actor: User | None, at: Any, data: dict[str, Any]) -> AuditEntry:
    role = "startup" if actor else "system"
    entry = AuditEntry(
        pk=numbers.next_id(AuditEntry), case_kind=kind, case_id=str(case), sequence=1, at=at, actor_id=actor.pk if actor else None, actor_role=role, action=action, data=data,
        previous_hash=BEGINNING,
    )  # fmt: skip
    entry.hash = entry_hash(entry)
    return entry
