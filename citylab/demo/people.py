"""Role accounts for every room, and twenty organisations that do not exist."""

from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from stdnum import luhn

from citylab.accounts.models import Membership, Organisation, Role, User
from citylab.accounts.services.organisations import organisation_create
from citylab.accounts.services.roles import role_grant
from citylab.core import clock

from .content import moment, read

# Code, name on the button, e-mail, role. The order is that of the buttons on the sign-in page.
ACCOUNTS = (
    ("startup", "Start-up, titolare (demo)", "startup@example.org", Role.STARTUP),
    ("colleague", "Start-up, collega (demo)", "collega@example.org", Role.STARTUP),
    ("officer", "Funzionaria (demo)", "funzionaria@example.org", Role.OFFICER),
    ("officer_2", "Secondo funzionario (demo)", "funzionario2@example.org", Role.OFFICER),
    ("evaluator_1", "Valutatrice 1 (demo)", "valutatrice1@example.org", Role.EVALUATOR),
    ("evaluator_2", "Valutatore 2 (demo)", "valutatore2@example.org", Role.EVALUATOR),
    ("evaluator_3", "Valutatrice 3 (demo)", "valutatrice3@example.org", Role.EVALUATOR),
    ("department", "Ufficio tecnico (demo)", "ufficio@example.org", Role.DEPARTMENT),
    ("editor", "Redattrice (demo)", "redattrice@example.org", Role.EDITOR),
    ("moderator", "Seconda redattrice (demo)", "redattrice2@example.org", Role.EDITOR),
    ("administrator", "Amministratore (demo)", "amministratore@example.org", Role.ADMINISTRATOR),
)
# The organisations that the demo start-up and its colleague own; the others belong to accounts with which nobody signs in.
OWNED = {"mobilita": "startup", "dati": "colleague"}
TOWNS = {"Torino": (45.0703, 7.6869, "10100"), "Milano": (45.4642, 9.19, "20100"), "Ivrea": (45.4664, 7.8748, "10015"), "Nagoya": (35.1815, 136.9066, "450-0000"), "Berlin": (52.52, 13.405, "10115")}
FORMS = {"startup": "S.r.l.", "sme": "S.r.l.", "large": "S.p.A.", "research": "Ente di ricerca", "nonprofit": "Ente del terzo settore", "partnership": "Raggruppamento"}


@dataclass(frozen=True)
class People:
    """The accounts by their code, the organisations and their owners by the organisation's key."""

    accounts: dict[str, User]
    organisations: dict[str, Organisation]
    owners: dict[str, User]

    def __getitem__(self, code: str) -> User:
        return self.accounts[code]

    @property
    def evaluators(self) -> list[User]:
        return [self.accounts[f"evaluator_{number}"] for number in (1, 2, 3)]


def identifier(number: int) -> str:
    """Eleven digits with a valid check digit; the leading 99000 belongs to nobody."""
    body = f"99000{number:02d}001"
    return body + str(luhn.calc_check_digit(body))


def load() -> People:
    """The accounts and organisations, created where they are missing."""
    accounts = {code: _account(email, name, role, position) for position, (code, name, email, role) in enumerate(ACCOUNTS)}
    organisations, owners = {}, {}
    for number, row in enumerate(read("organisations")["organisations"], start=1):
        owner = accounts.get(OWNED.get(row["key"], "")) or _silent_owner(row, number)
        organisations[row["key"]] = Organisation.objects.filter(legal_name=row["name"], is_demo=True).first() or _organisation(row, number, owner)
        owners[row["key"]] = owner
    # One person in two organisations, the second of which has something to pay online.
    for code, key in (("colleague", "mobilita"), ("startup", "circolare")):
        Membership.objects.get_or_create(user=accounts[code], organisation=organisations[key], defaults={"role": Membership.Role.EDITOR, "joined_at": moment(-420)})
    return People(accounts, organisations, owners)


def _account(email: str, name: str, role: str, position: int) -> User:
    found = User.objects.filter(email=email).first()
    if found:
        return found
    user = User.objects.create_user(email, name=name, is_demo=True, date_joined=moment(-540, 9, position))
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    with clock.travelling_to(user.date_joined):
        role_grant(user=user, role=role, actor=None)
    return user


def _silent_owner(row: dict[str, Any], number: int) -> User:
    """The owner of one of the other organisations: not active, so nobody signs in with it and no mail goes to it."""
    email = f"titolare{number}@example.org"
    found = User.objects.filter(email=email).first()
    language = row.get("language", "it")
    name = f"Titolare di {row['name']}" if language == "it" else f"Owner of {row['name']}"
    return found or User.objects.create_user(email, name=name, language=language, is_demo=True, is_active=False, date_joined=moment(-500, 9, number))


def _organisation(row: dict[str, Any], number: int, owner: User) -> Organisation:
    latitude, longitude, postcode = TOWNS[row["town"]]
    country, language = row.get("country", "IT"), row.get("language", "it")
    italian = country == "IT"
    code = identifier(number)
    taxed = row["kind"] not in ("nonprofit", "research", "partnership")
    data = {
        "legal_name": row["name"], "kind": row["kind"], "size": row["size"], "country": country, "town": row["town"], "postcode": postcode, "latitude": latitude, "longitude": longitude,
        "address": f"Via dell'Esempio {number}" if italian else f"{number} Example Street", "legal_form": FORMS[row["kind"]] if italian else "",
        "vat_number": code if italian and taxed else "", "tax_code": code if italian else "", "foreign_identifier": "" if italian else f"DEMO-{country}-{number:04d}",
        "rea": f"TO-99{number:05d}" if italian and taxed else "", "pec": f"organizzazione{number}@pec.example.org" if italian else "", "email": f"organizzazione{number}@example.org",
        "phone": f"+39 011 0000{number:03d}" if italian else "+00 000 000000", "website": f"https://organizzazione{number}.example.org", "language": language,
        "description": row["description"], "sector_codes": row["sectors"], "technology_codes": row["technologies"], "innovative_startup": row.get("innovative", False),
        "impact_startup": row.get("impact", False), "founded_on": moment(-1500 + 41 * number).date(), "representative_name": "Legale rappresentante (demo)" if italian else "Legal representative (demo)",
        "representative_role": "Amministratore unico" if italian else "Director", "representative_email": f"rappresentante{number}@example.org",
        "test_manager_name": "Responsabile delle prove (demo)" if italian else "Test manager (demo)", "test_manager_email": f"prove{number}@example.org", "test_manager_phone": f"+39 011 1000{number:03d}",
        "is_demo": True,
    }  # fmt: skip
    with clock.travelling_to(moment(-430, 10, number)):
        return organisation_create(actor=owner, data=data)
