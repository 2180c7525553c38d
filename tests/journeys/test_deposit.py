"""The whole life of a deposit, seen by the start-up and by the office: paid, held while the test runs, kept in part, answered, given back whole."""

from datetime import date

import pytest
from django.utils.translation import override

from citylab.accounts.models import Role
from citylab.core import clock, outbox
from citylab.core.templatetags.components import euro
from citylab.payments import ledger
from citylab.payments.models import Charge, DepositDecision
from citylab.payments.services import refunding
from citylab.pilots.models import Gate, Pilot
from tests import factories
from tests.browser import DESKTOP, PHONE

from .steps import Words, pdf_file, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
SIDES = {"desk": "desk/", "portal": "my-area/"}


@pytest.mark.parametrize(("language", "viewport"), [("it", DESKTOP), ("en", PHONE)], ids=["italian-desktop", "english-phone"])
def test_a_deposit_from_its_payment_to_the_last_cent_back(walker, language, viewport):
    officer = factories.person(Role.OFFICER, name="Funzionaria Prova", is_demo=True)
    people = factories.city(officer=officer)
    place = factories.site("parco-prova", name_it="Parco della Prova", name_en="Park of Trials")
    foundation = factories.payee("foundation", name_it="Fondazione Prova", name_en="Trial Foundation")
    since = date(2020, 1, 1)
    factories.flat_fee(place, 0, valid_from=since, payee=foundation)
    factories.deposit(place, None, fixed_cents=1_000_00, valid_from=since, payee=foundation)
    pilot = factories.pilot_in("preparation", people=people, at=place)
    outbox.drain()
    words = Words(language)
    city, startup = walker(language, viewport), walker(language, viewport)
    sign_in(city, officer)
    sign_in(startup, factories.owner_of(pilot.organisation))

    def page(side, end="?tab=money"):
        room = {"desk": city, "portal": startup}[side]
        room.open(f"/{language}/{words.path(SIDES[side])}{words.path('pilots/')}{pilot.pk}/{end}")
        return room

    def money(cents):
        with override(language):
            return euro(cents)

    def fill(room, **values):
        for name, value in values.items():
            room.page.locator(f'main [name="{name}"]').fill(str(value))

    def deposit():
        return Charge.objects.get(pilot=pilot, kind="deposit")

    # Paid: the requirement turns green by itself, and nobody can set it by hand.
    page("portal").press(words("Pay %(amount)s", amount=money(1_000_00)), within=startup.page.locator("section[aria-labelledby=payee-foundation]"))
    startup.press(words("Pay %(amount)s", amount=money(1_000_00)))
    startup.sees(words("%(amount)s has arrived", amount=money(1_000_00)))
    assert (deposit().state, Gate.objects.get(pilot=pilot, kind="deposit").result) == ("paid", "green")
    page("desk", "?tab=requirements").sees(words("Set by itself from what is paid or waived."))
    page("desk").sees(words("It is decided on once the check of the place is passed."))

    # The test runs and is over; the place is found in order.
    factories.gates_green(Pilot.objects.get(pk=pilot.pk), officer)
    factories.preparing.pilot_declare_ready(pilot_id=pilot.pk, actor=officer)
    factories.preparing.pilot_start(pilot_id=pilot.pk, actor=officer)
    factories.ending.pilot_complete(pilot_id=pilot.pk, actor=officer)
    page("desk", "check/")
    city.tick('[name="passed"][value="yes"]')
    city.press(words("See what will be sent"))
    city.press(words("Record the check of the site"))
    factories.ending.final_report_submit(pilot_id=pilot.pk, actor=factories.owner_of(pilot.organisation), results="Ha funzionato.", lessons="Poche.")
    city.open(f"/{language}/{words.path('desk/')}{words.path('money/')}")
    city.sees(pilot.code.upper(), money(1_000_00))

    # The pilot cannot be closed yet; a part is kept, with reasons and a document.
    page("desk", "close/").sees(words("A deposit is still held or on its way back: the pilot can be closed once that is settled."))
    page("desk").follow(words("Decide on the deposit"))
    fill(city, released="700,00")
    city.press(words("See what will be sent"))
    city.sees(words("Say why a part is kept: the start-up reads it and may answer."))
    fill(city, reasons="Un lampione rotto.")
    city.press(words("See what will be sent"))
    city.sees(words("A part of your deposit is kept: you can answer to it once."), "Un lampione rotto.")
    assert not DepositDecision.objects.exists()
    city.page.locator('main [name="documents"]').set_input_files([pdf_file("verbale.pdf")])
    city.press(words("Decide on the deposit"))
    refunding.refunds_send()
    assert (deposit().state, DepositDecision.objects.get().documents.get().name) == ("refunded", "verbale.pdf")

    # The start-up reads why, and answers; the office reads the answer and gives the rest back.
    page("portal").sees("Un lampione rotto.", "verbale.pdf", money(300_00))
    startup.follow(words("Answer to what is kept"))
    fill(startup, answer="Era già rotto, ecco la fotografia.")
    startup.press(words("Send the answer"))
    page("desk").sees("Era già rotto, ecco la fotografia.")
    city.follow(words("Give more of it back"))
    fill(city, reasons="Avete ragione.")
    city.press(words("See what will be sent"))
    city.press(words("Decide on the deposit"))
    refunding.refunds_send()

    # Both sides see that all of it has gone back, and the pilot can be closed.
    for side in ("desk", "portal"):
        page(side).sees(words("Given back"))
        assert money(1_000_00) in {"desk": city, "portal": startup}[side].page.locator(".tcl-money-sums").inner_text()
    balances = ledger.balances()
    assert (balances.get("deposits", 0), balances.get("retained", 0), balances.get("refunds", 0), ledger.unbalanced()) == (0, 0, 0, [])
    page("desk", "close/")
    city.tick('[name="outcome"][value="procure"]')
    fill(city, reasons="La Città prepara una gara.")
    city.press(words("See what will be sent"))
    city.press(words("Close with an outcome"))
    assert Pilot.objects.get(pk=pilot.pk).state == "closed"
    assert clock.today() == Pilot.objects.get(pk=pilot.pk).closed_on
