"""The whole life of one pilot, seen from both sides, from the agreement to the outcome and the public page."""

from datetime import timedelta

import pytest

from citylab.accounts.models import Role
from citylab.core import clock
from citylab.pilots.models import Pilot
from tests import factories
from tests.browser import DESKTOP, PHONE

from .steps import Words, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
SIDES = {"desk": "desk/", "portal": "my-area/"}


@pytest.mark.parametrize(("language", "viewport"), [pytest.param("it", DESKTOP, marks=pytest.mark.sqlite_journey), ("en", PHONE)], ids=["italian-desktop", "english-phone"])
def test_a_pilot_from_the_agreement_to_its_outcome(walker, language, viewport):
    officer = factories.person(Role.OFFICER, name="Funzionaria Prova", is_demo=True)
    people = factories.city(officer=officer)
    place = factories.site("parco-prova", name_it="Parco della Prova", name_en="Park of Trials")
    pilot = factories.approved_pilot(at=place, people=people)
    words, today = Words(language), clock.today()
    city, startup = walker(language, viewport), walker(language, viewport)
    sign_in(city, officer)
    sign_in(startup, factories.owner_of(pilot.organisation))

    def page(side, end=""):
        room = {"desk": city, "portal": startup}[side]
        room.open(f"/{language}/{words.path(SIDES[side])}{words.path('pilots/')}{pilot.pk}/{end}")
        return room

    def state():
        return Pilot.objects.get(pk=pilot.pk).state

    def fill(room, **values):
        for name, value in values.items():
            room.page.locator(f'main [name="{name}"]').fill(str(value))

    # Both sign; the second signature confirms the booking.
    page("portal").follow(words("Sign the agreement"))
    startup.press(words("Record the signature"))
    page("desk").follow(words("Sign the agreement for the city"))
    city.press(words("Record the signature"))
    city.sees(words("Sign the agreement for the city"))  # the number was missing: the page is still here
    fill(city, agreement_number="Rep. 12/2027")
    city.press(words("Record the signature"))
    assert (state(), place.bookings.get().state) == ("preparation", "confirmed")

    # The requirements, one by one; ready; running.
    for kind in pilot.gates.filter(result="red").values_list("kind", flat=True):
        page("desk", f"gate/{kind}/")
        city.tick('[name="result"][value="green"]')
        fill(city, note="In ordine")
        city.press(words("Save"), within=city.page.locator("main form").last)
    page("desk").follow(words("Declare ready"))
    city.press(words("Declare ready"))
    page("desk").follow(words("Start the pilot"))
    city.press(words("See what will be sent"))
    city.press(words("Start the pilot"))
    assert state() == "running"

    # The start-up enters readings, which are drawn, and reports an incident; the city suspends and lets it go on.
    indicator = pilot.indicators.get()
    for value in ("55,5", "72"):
        page("portal", f"reading-add/{indicator.pk}/")
        fill(startup, value=value, read_on=today.isoformat())
        startup.press(words("Enter the reading"))
        if value == "55,5":
            indicator.readings.update(read_on=today - timedelta(days=1))
    page("portal", "?tab=progress")
    startup.sees("72")
    assert startup.page.locator("main figure svg[role=img]").count() == 1
    page("portal", "incident-report/")
    startup.tick('[name="severity"][value="medium"]')
    fill(startup, text="Un sensore si è staccato.")
    startup.press(words("Report the incident"))
    page("desk", "suspend/")
    fill(city, reason="Un sensore si è staccato.", restart_conditions="Doppio fissaggio di tutti i sensori.")
    city.tick('[name="channel"][value="pec"]')
    city.press(words("See what will be sent"))
    city.sees("Doppio fissaggio di tutti i sensori.")
    city.press(words("Suspend the pilot"))
    assert state() == "suspended"
    page("portal").sees(words("Suspended"))
    # It went out by PEC: it counts from the day that its delivery names.
    page("desk", "?tab=messages").follow(words("Record the delivery"))
    fill(city, legally_received_on=today.isoformat())
    city.press(words("Record the delivery"))
    page("portal", "?tab=messages").sees(words("Legally received on"))
    page("desk").follow(words("Let it go on"))
    city.press(words("Let it go on"))
    assert state() == "running"

    # The test is over; the site is checked; the report; the outcome.
    page("portal", "complete/")
    startup.press(words("See what will be sent"))
    startup.press(words("Complete the test"))
    page("desk", "check/")
    city.tick('[name="passed"][value="yes"]')
    city.press(words("See what will be sent"))
    city.press(words("Record the check of the site"))
    assert (state(), place.bookings.get().state) == ("reporting", "freed")
    page("portal", "report/")
    fill(startup, results="Avvisi giusti al 72 per cento.", lessons="Il fissaggio va raddoppiato.")
    startup.press(words("Hand in the report"))
    page("desk", "close/")
    city.tick('[name="outcome"][value="procure"]')
    fill(city, reasons="La Città prepara una gara.")
    city.press(words("See what will be sent"))
    city.press(words("Close with an outcome"))
    assert state() == "closed"
    page("portal").sees(words("Closed"))

    # The public card: its own words, confirmed by both sides before anyone sees them.
    visitor = walker(language, viewport)
    listed = f"/{language}/{words.path('pilots/')}"
    page("desk", "card-edit/")
    fill(city, public_title_it="Sensori della pioggia", public_title_en="Rain sensors", public_summary_it="Avvisi quando piove molto.", public_summary_en="Warnings when it rains a lot.")
    city.press(words("Save the card"))
    page("desk", "card-confirm/")
    city.press(words("Confirm these words"))
    visitor.open(listed)
    visitor.sees_not("Sensori della pioggia", "Rain sensors")
    page("portal", "card-confirm/")
    startup.press(words("Confirm these words"))
    visitor.open(listed)
    visitor.follow("Sensori della pioggia" if language == "it" else "Rain sensors")
    visitor.sees("Avvisi quando piove molto." if language == "it" else "Warnings when it rains a lot.")
