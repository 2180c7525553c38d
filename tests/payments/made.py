"""Rules as plain values, for the arithmetic."""

from datetime import date
from decimal import Decimal

from citylab.payments.arithmetic import AreaFee, Deposit, Exempt, Facts, FlatFee, Owed, SiteTerms, estimate

PAYEE = Owed({"it": "Comune", "en": "City"}, "00514490010", {"it": "Fuori campo IVA", "en": "Outside VAT"})
COMMON = {"version": 3, "name": {"it": "Canone", "en": "Fee"}, "text": {"it": "Si paga.", "en": "It is paid."}, "act": "DCC 1/2027", "first": date(2027, 1, 1)}


def day(text):
    return date.fromisoformat(text)


def area_fee(rate="2.00", **fields):
    return AreaFee(**{"rule": 1, **COMMON, "payee": PAYEE, "rate": Decimal(rate), **fields})


def flat_fee(cents=250_00, **fields):
    return FlatFee(**{"rule": 2, **COMMON, "payee": PAYEE, "amount_cents": cents, **fields})


def deposit(percent=None, **fields):
    return Deposit(**{"rule": 3, **COMMON, "payee": PAYEE, "share_percent": None if percent is None else Decimal(percent), **fields})


def exempt(*subjects, **fields):
    return Exempt(**{"rule": 4, **COMMON, "name": {"it": "Prove", "en": "Tests"}, "act": "DGC 9/2027", "subjects": frozenset(subjects or ["fee"]), **fields})


def facts(starts="2027-03-01", ends="2027-03-31", area=10, dismantling=1_000_00, **fields):
    return Facts(
        asked_on=fields.pop("asked_on", day("2027-01-10")), starts_on=starts and day(starts), ends_on=ends and day(ends), area_m2=area, dismantling_cost_cents=dismantling, **fields
    )


def lines(of, *rules, kind="fee", exemptions=()):
    """The lines of a kind that these rules give for these facts."""
    terms = SiteTerms(
        "dora", tuple(r for r in rules if isinstance(r, AreaFee)), tuple(r for r in rules if isinstance(r, FlatFee)), tuple(r for r in rules if isinstance(r, Deposit)), tuple(exemptions)
    )
    return [line for line in estimate(of, terms).lines if line.kind == kind]


def amounts(of, *rules, **more):
    return [line.amount_cents for line in lines(of, *rules, **more)]
