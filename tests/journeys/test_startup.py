"""A start-up, from the first visit to a submitted proposal and the city's answer."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from citylab.accounts.models import Role
from citylab.core import clock
from citylab.proposals.models import Proposal
from citylab.proposals.services import screening
from tests import factories
from tests.browser import DESKTOP, PHONE

from .steps import Words, fill_section, link_in_mail, pdf_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


@pytest.mark.parametrize(("language", "viewport"), [("it", DESKTOP), ("en", PHONE)], ids=["italian-desktop", "english-phone"])
def test_a_start_up_signs_up_applies_and_answers_the_city(walker, language, viewport):
    place = factories.site("parco-prova", capabilities=("power", "5g"), name_it="Parco della Prova", name_en="Park of Trials")
    factories.challenge("pioggia", title_it="Allerta pioggia nei sottopassi", title_en="Rain alerts in underpasses", closes_at=clock.now() + timedelta(days=40))
    officer = factories.person(Role.OFFICER)
    person, words = walker(language, viewport), Words(language)

    # The first visit: somebody looks for a challenge with a typing error and finds it.
    person.open(f"/{language}/{words.path('challenges/')}?q={'alerta piogia' if language == 'it' else 'rian alertss'}")
    title = "Allerta pioggia nei sottopassi" if language == "it" else "Rain alerts in underpasses"
    person.follow(title)
    person.sees(title)

    # Sign up, confirm the address from the mail.
    person.open(f"/{language}/{words.path('account/')}signup/")
    person.page.locator('input[name="name"]').fill("Ada Prova")
    person.page.locator('input[name="email"]').fill("ada@example.org")
    person.page.locator('input[name="password1"]').fill("una frase lunga e segreta")
    person.tick('input[name="privacy"]')
    person.press(words("Sign up"))
    person.open(link_in_mail("ada@example.org"))
    person.press(re.compile("."), within=person.page.locator("main form"))
    if "login" in person.page.url:
        person.page.locator('input[name="login"]').fill("ada@example.org")
        person.page.locator('input[name="password"]').fill("una frase lunga e segreta")
        person.press(words("Sign in"), within=person.page.locator("main form").first)

    # The organisation, once: a wrong number is told next to its field and stays there.
    person.open(f"/{language}/{words.path('my-area/')}")
    person.follow(words("Create the organisation"))
    person.page.locator('[name="legal_name"]').fill("Pioggia Prova S.r.l.")
    person.page.locator('[name="kind"]').first.select_option("startup")
    person.page.locator('[name="vat_number"]').fill("12345678901")
    person.press(words("Save"))
    person.sees(words("This VAT number is not valid: check its digits."))
    expect(person.page.locator('[name="vat_number"]')).to_have_value("12345678901")
    person.page.locator('[name="vat_number"]').fill(factories.vat_number(990))
    for name, value in (("address", "Via di prova 1"), ("postcode", "10121"), ("town", "Torino"), ("pec", "pioggia@pec.example")):
        person.page.locator(f'[name="{name}"]').fill(value)
    person.press(words("Save"))

    # A proposal for the challenge, section by section; what is typed is saved by itself.
    person.open(f"/{language}/{words.path('challenges/')}pioggia/")
    person.press(words("Present a proposal"))
    person.press(words("Start writing"))
    given = factories.answers(sites=["parco-prova"], own_place="", has_installation=False)
    proposal = Proposal.objects.get()
    section = f"/{language}/{words.path('my-area/')}{words.path('proposals/<uuid:pk>/section/<slug:code>/')}"

    def open_section(code):
        person.open(section.replace("<uuid:pk>", str(proposal.pk)).replace("<slug:code>", code))

    open_section("idea")
    person.page.locator('[name="title"]').fill(given["title"])
    expect(person.page.locator("#save-line")).to_contain_text(words("Saved at"))
    for code in ("applicant", "idea", "plan", "city_assets", "people", "safety", "data", "impact", "declarations"):
        open_section(code)
        fill_section(person, code, given)
        person.press(words("Save and continue"))
    proposal.refresh_from_db()
    assert {name: value for name, value in given.items() if proposal.answers.get(name) != value and value not in ("", [], False, None)} == {}

    # The panel says which place fits, and why.
    expect(person.page.locator("#panel")).to_contain_text("Parco della Prova" if language == "it" else "Park of Trials")

    open_section("attachments")
    person.page.locator('input[type="file"]').first.set_input_files(pdf_file("scheda.pdf"))
    person.press(words("Attach"))
    person.sees("scheda.pdf")

    # Check: the profile lacks the legal representative; with it one is back where one was. Sign, stamp, hand in.
    person.open(f"/{language}/{words.path('my-area/')}{words.path('proposals/<uuid:pk>/review/').replace('<uuid:pk>', str(proposal.pk))}")
    person.page.locator(".tcl-problems a").click()
    person.page.locator('[name="representative_name"]').fill("Ada Prova")
    person.press(words("Save"))
    person.sees(words("Everything is there"))
    person.follow(words("2. Sign and hand in"))
    person.tick('[name="kind"][value="handwritten"]')
    person.page.locator('[name="signatory"]').fill("Ada Prova")
    person.page.locator('[name="document"]').set_input_files(pdf_file("riepilogo-firmato.pdf"))
    person.page.locator('[name="identity_document"]').set_input_files(pdf_file("carta.pdf"))
    person.tick('[name="stamp_kind"][value="serial"]')
    person.page.locator('[name="serial_number"]').fill("123")
    person.page.locator('[name="stamped_on"]').fill(clock.today().isoformat())
    person.tick('[name="not_reused"]')
    person.press(words("Hand in"))
    person.sees(words("The serial number of a revenue stamp has 14 digits."))
    expect(person.page.locator('[name="serial_number"]')).to_have_value("123")
    person.page.locator('[name="serial_number"]').fill("12345678901234")
    person.press(words("Hand in"))
    proposal.refresh_from_db()
    person.sees(words("Handed in"), proposal.number, str(proposal.versions.get().register_entry))
    person.follow(words("What was handed in, to print"))
    person.sees(given["title"], place.name_it if language == "it" else place.name_en)

    # The city asks for additions; the start-up answers point by point.
    screening.screening_start(proposal_id=proposal.pk, actor=officer)
    screening.changes_request(proposal_id=proposal.pk, actor=officer, items=[screening.AskedItem("plan", "Precisate chi monta i sensori.")], channel="portal")
    case = f"/{language}/{words.path('my-area/')}{words.path('proposals/<uuid:pk>/').replace('<uuid:pk>', str(proposal.pk))}"
    person.open(case)
    person.sees(words("Your turn"))
    open_section("plan")
    person.page.locator('[name="plan"]').fill("I sensori li monta la nostra squadra, con un elettricista.")
    expect(person.page.locator("#save-line")).to_contain_text(words("Saved at"))
    person.open(case)
    person.follow(words("Answer the request"))
    person.page.locator("main textarea").first.fill("Abbiamo precisato il piano di lavoro.")
    person.press(words("Send the answers"))
    proposal.refresh_from_db()
    assert (proposal.state, proposal.versions.count()) == ("screening", 2)
    person.open(case)
    person.sees(words("The city's turn"))
