"""What a walker looks at on each page: a fault is found also where the same page was looked at before."""

import pytest

from tests.browser import PHONE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
PALE = "document.querySelector('main h1').style.color = 'rgb(200, 200, 200)'"
UNNAMED = "document.querySelector('main form').append(document.createElement('button'))"
WIDE = "document.querySelector('main').style.width = '500px'"


@pytest.mark.parametrize(("fault", "told"), [(PALE, "color-contrast"), (UNNAMED, "button-name"), (WIDE, "sticks out sideways")], ids=["pale", "unnamed", "wide"])
def test_a_fault_is_found_on_a_page_that_was_seen_without_it(walker, fault, told):
    somebody = walker("en", PHONE)
    for _time in range(2):
        somebody.open("/en/account/login/")
    somebody.page.evaluate(fault)
    with pytest.raises(AssertionError, match=told):
        somebody.look()
