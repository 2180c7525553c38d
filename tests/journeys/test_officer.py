"""An officer and an evaluator, from the queue to the decision and its pilot."""

from datetime import timedelta

import pytest

from citylab.accounts.models import Role
from citylab.core import clock
from citylab.pilots.models import Pilot
from citylab.proposals.models import Proposal
from citylab.proposals.screening import CHECKLIST
from tests import factories
from tests.browser import DESKTOP, PHONE

from .steps import Words, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


@pytest.mark.parametrize(("language", "viewport"), [("it", DESKTOP), ("en", PHONE)], ids=["italian-desktop", "english-phone"])
def test_an_officer_screens_has_it_evaluated_and_approves(walker, language, viewport):
    place = factories.site("parco-prova", name_it="Parco della Prova", name_en="Park of Trials", capacity=1)
    officer = factories.person(Role.OFFICER, name="Funzionaria Prova", is_demo=True)
    evaluator = factories.person(Role.EVALUATOR, name="Valutatore Prova", is_demo=True)
    case = factories.submitted(sites=["parco-prova"], own_place="")
    with clock.travelling_to(clock.now() - timedelta(days=45)):
        late = factories.submitted(title="Una candidatura in ritardo")
    words = Words(language)
    city = walker(language, viewport)
    sign_in(city, officer)

    # The queue: what is late comes first; the case is taken in the row and opened.
    city.open(f"/{language}/{words.path('desk/')}{words.path('queue/')}")
    rows = city.page.locator("[data-queue] tbody tr")
    assert rows.first.locator("a").first.inner_text() == late.title
    city.press(words("Assign to me"), within=rows.filter(has_text=case.title))
    assert Proposal.objects.get(pk=case.pk).officer == officer
    city.follow(case.title)
    city.sees(case.number, str(case.versions.get().register_entry))
    case_page = city.page.url.split("?")[0].removeprefix(city.address)

    # Screening: the checklist has to be complete before the case goes on.
    city.follow(words("Open the screening"))
    city.press(words("Open the screening"))
    city.open(f"{case_page}?tab=screening")
    for item in CHECKLIST:
        city.tick(f"#{item}-passed")
    city.press(words("Save the checklist"))
    city.follow(words("Pass to evaluation"))
    city.press(words("Pass to evaluation"))

    # An evaluator is asked, declares to have no conflict, and scores.
    city.follow(words("Ask an evaluator"))
    city.page.locator('[name="evaluator"]').select_option(str(evaluator.pk))
    city.press(words("Ask"), within=city.page.locator("main form"))
    judge = walker(language, viewport)
    sign_in(judge, evaluator)
    judge.open(f"/{language}/{words.path('desk/')}{words.path('evaluations/')}")
    judge.page.locator("main a", has_text=case.number if judge.page.locator("main a", has_text=case.number).count() else case.title).first.click()
    judge.page.wait_for_load_state()
    judge.look()
    judge.tick('[name="has_conflict"][value="no"]')
    judge.press(words("Give the declaration"))
    judge.press(words("Confirm the sheet"))
    judge.sees(words("Score every criterion and write the reasons before confirming."))
    for criterion in case.versions.get().criteria:
        judge.tick(f"#score-{criterion['code']}-4")
    judge.page.locator("#reasons").fill("Una buona idea, ben preparata.")
    judge.press(words("Confirm the sheet"))
    judge.sees(words("Your sheet is confirmed"))

    # The decision: what will be sent is shown, and asked once.
    city.open(f"{case_page}?tab=evaluation")
    city.sees(words("Passes"), "80")
    city.open(case_page)
    city.follow(words("Approve"))
    city.tick('[name="outcome"][value="approved_with_conditions"]')
    city.page.locator('[name="reasons"]').fill("Coerente con la sfida e ben valutata.")
    city.page.locator('[name="act_number"]').fill("DD 77/2027")
    city.page.locator('[name="act_date"]').fill(clock.today().isoformat())
    city.page.locator('[name="signed_by"]').fill("La dirigente")
    city.press(words("See what will be sent"))
    city.sees(words("Write the conditions."))
    city.page.locator('[name="conditions"]').fill("Avvisare il quartiere una settimana prima.")
    city.press(words("See what will be sent"))
    city.sees("Coerente con la sfida e ben valutata.", "Avvisare il quartiere una settimana prima.", "Parco della Prova" if language == "it" else "Park of Trials")
    assert Proposal.objects.get(pk=case.pk).state == "evaluation"
    city.press(words("Confirm: %(title)s", title=words("Approve")))
    pilot = Pilot.objects.get(proposal=case)
    assert (Proposal.objects.get(pk=case.pk).state, pilot.state, pilot.site) == ("approved", "agreement", place)
    assert place.bookings.get().case_id == pilot.pk

    # The start-up reads the decision with its reasons and conditions.
    startup = walker(language, viewport)
    sign_in(startup, factories.owner_of(case.organisation))
    startup.open(f"/{language}/{words.path('my-area/')}{words.path('proposals/<uuid:pk>/').replace('<uuid:pk>', str(case.pk))}")
    startup.sees("Coerente con la sfida e ben valutata.", "Avvisare il quartiere una settimana prima.", "DD 77/2027")
