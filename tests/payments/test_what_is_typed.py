"""What somebody types to work out costs: what is understood, and what is said of the rest."""

import pytest
from django.utils import translation

from citylab.payments.forms import CostForm

pytestmark = pytest.mark.django_db


def typed(language="it", **data):
    with translation.override(language):
        form = CostForm(data, sites=[])
        form.is_valid()
        return form


def said_of(form, field):
    with translation.override("en"):
        return [str(message) for message in form.errors[field]]


@pytest.mark.parametrize(
    ("language", "text", "area"),
    [("it", "850", 850), ("it", "1.200", 1200), ("it", "1 200", 1200), ("en", "1,200", 1200), ("it", " 25 m² ", 25), ("en", "1,000,000", 1_000_000), ("it", "0", 0), ("it", "", None)],
)
def test_an_area_is_read_as_people_write_it(language, text, area):
    form = typed(language, area=text)
    assert not form.errors and form.cleaned_data["area"] == area


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-5", "An area cannot be less than zero."), ("12.5", "Write a whole number of square metres, such as 850."), ("1.200", "Write a whole number of square metres, such as 850."),
        ("molto", "Write a whole number of square metres, such as 850."), ("1000001", "At most 1,000,000 square metres."), ("9" * 40, "Write a whole number of square metres, such as 850."),
    ],
)  # fmt: skip
def test_an_area_that_cannot_be_is_told_and_stays_as_typed(text, said):
    form = typed("en", area=text)
    assert said_of(form, "area") == [said] and form["area"].value() == text


@pytest.mark.parametrize(
    ("text", "cents"),
    [("4000", 4_000_00), ("4.000,50", 4_000_50), ("4,000.50", 4_000_50), ("4000,5", 4_000_50), ("€ 100", 100_00), ("100 euro", 100_00), ("EUR 1.250,00", 1_250_00), ("0", 0), ("", None)],
)
def test_an_amount_is_read_with_comma_or_point(text, cents):
    form = typed(dismantling=text)
    assert not form.errors and form.cleaned_data["dismantling"] == cents


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$100", "Amounts are in euro: change it into euro first."), ("100 CHF", "Amounts are in euro: change it into euro first."), ("£5", "Amounts are in euro: change it into euro first."),
        ("-1", "An amount cannot be less than zero."), ("cento", "Write an amount in euro, such as 1.250,00."), ("1,2,3", "Write an amount in euro, such as 1.250,00."),
        ("10000001", "At most 10,000,000 euro."),
    ],
)  # fmt: skip
def test_an_amount_that_cannot_be_is_told_and_stays_as_typed(text, said):
    form = typed("en", dismantling=text)
    assert said_of(form, "dismantling") == [said] and form["dismantling"].value() == text


def test_dates_are_read_in_both_forms():
    data = typed(starts_on="2027-05-12", ends_on="31/05/2027").cleaned_data
    assert (data["starts_on"].isoformat(), data["ends_on"].isoformat()) == ("2027-05-12", "2027-05-31")


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"starts_on": "2027-05-12", "ends_on": "2027-05-11"}, "ends_on", "The last day comes before the first."),
        ({"starts_on": "2027-05-12", "ends_on": "2039-05-11"}, "ends_on", "A pilot of more than ten years: check the dates."),
        ({"starts_on": "30/02/2027"}, "starts_on", "Write a date as day/month/year, such as 12/05/2027."),
        ({"starts_on": "0027-05-12"}, "starts_on", "Check the year: it lies between 2000 and 2100."),
        ({"site": "atlantide"}, "site", "This site is not published: choose one of the list."),
        ({"challenge": "nulla"}, "challenge", "This challenge is not open: choose one of the list."),
    ],
)
def test_what_does_not_hold_together_is_told_at_its_field(data, field, said):
    assert said_of(typed("en", **data), field) == [said]


def test_a_date_that_is_none_is_shown_as_it_was_typed():
    form = typed(starts_on="domani", ends_on="2027-05-12")
    assert 'type="text"' in str(form["starts_on"]) and 'type="date"' not in str(form["starts_on"]) and 'value="domani"' in str(form["starts_on"])
    assert 'type="date"' in str(form["ends_on"])
