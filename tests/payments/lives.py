"""A pilot with money of its own, and what happens to it: for the tests that walk many cases."""

from datetime import timedelta

from citylab.payments.models import Charge
from citylab.payments.services import charging
from citylab.pilots.models import Pilot

DAY_CENTS = 2_00 * 20  # what a day costs


def lasts(pilot, days):
    """The pilot has other dates, and the money room has heard of it."""
    Pilot.objects.filter(pk=pilot.pk).update(ends_on=pilot.starts_on + timedelta(days=days - 1))
    charging.charges_bring_up(pilot_id=pilot.pk)


def paid(life, *kinds):
    """These kinds of charge are paid with one checkout; its identifier at the bank."""
    life.click([charge for charge in life.charges("due") if charge.kind in kinds])
    external_id = list(life.bank.known)[-1]
    life.bank.happens(external_id, "pay")
    life.hear(external_id)
    return external_id


def happens(life, external_id, *facts):
    for fact in facts:
        assert life.bank.happens(external_id, fact)
        life.hear(external_id)


def fees(*states):
    found = Charge.objects.filter(kind="fee").exclude(state="withdrawn")
    return sorted((found.filter(state__in=states) if states else found).values_list("part", "amount_cents", "state"), key=lambda row: row[0])


def state_of(kind):
    return Charge.objects.exclude(state="withdrawn").get(kind=kind).state
