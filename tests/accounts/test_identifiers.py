"""Identifiers of organisations and people: which are taken, in which form they are kept, and what is said about the others."""

import pytest
from stdnum.it import codicefiscale

from citylab.accounts import identifiers
from citylab.core.errors import DomainError

VAT = "This VAT number is not valid: check its digits."
CODE = "This tax code is not valid: check its characters."

TAKEN = [
    ("vat_number", "00743110157", "IT", "00743110157"),
    ("vat_number", " IT 007 431 101 57 ", "IT", "00743110157"),
    ("vat_number", "", "IT", ""),
    ("vat_number", "DE136695976", "DE", "DE136695976"),
    ("vat_number", "136695976", "DE", "DE136695976"),
    ("vat_number", "FR40303265045", "FR", "FR40303265045"),
    ("vat_number", "094259216", "GR", "EL094259216"),
    ("vat_number", "ATU13585627", "AT", "ATU13585627"),
    ("vat_number", "GB 999 9999 73", "GB", "GB999999973"),
    ("vat_number", "anything at all", "JP", "ANYTHINGATALL"),
    ("tax_code", "RCCMNL83S18D969H", "IT", "RCCMNL83S18D969H"),
    ("tax_code", "rccmnl83s18d969h", "IT", "RCCMNL83S18D969H"),
    ("tax_code", "00743110157", "IT", "00743110157"),
    ("tax_code", "12-345", "JP", "12-345"),
    ("personal_tax_code", "RCCMNL83S18D969H", "IT", "RCCMNL83S18D969H"),
    ("personal_tax_code", "", "IT", ""),
]
REFUSED = [
    ("vat_number", "00743110158", "IT", "vat_number", VAT),
    ("vat_number", "0074311015", "IT", "vat_number", VAT),
    ("vat_number", "0074311015A", "IT", "vat_number", VAT),
    ("vat_number", "DE136695978", "DE", "vat_number", VAT),
    ("vat_number", "FR99303265045", "FR", "vat_number", VAT),
    ("vat_number", "DE136695976", "FR", "vat_number", VAT),
    ("tax_code", "RCCMNL83S18D969A", "IT", "tax_code", CODE),
    ("tax_code", "RCCMNL83S18D969", "IT", "tax_code", CODE),
    ("tax_code", "00743110158", "IT", "tax_code", CODE),
    ("personal_tax_code", "00743110157", "IT", "representative_tax_code", CODE),
    ("personal_tax_code", "RCCMNL83S18D969A", "IT", "representative_tax_code", CODE),
]


@pytest.mark.parametrize(("check", "typed", "country", "kept"), TAKEN, ids=range(len(TAKEN)))
def test_a_valid_identifier_is_kept_in_its_plain_form(check: str, typed: str, country: str, kept: str) -> None:
    assert getattr(identifiers, check)(typed, country) == kept


@pytest.mark.parametrize("substituted", [(14,), (13, 14), (6, 7, 9, 10, 12, 13, 14)])
def test_a_code_with_substituted_digits_is_taken(substituted: tuple[int, ...]) -> None:
    """Omocodia: where two people would have the same code, the Agenzia delle Entrate turns digits into letters, from the right."""
    characters = list("RCCMNL83S18D969H")
    for position in substituted:
        characters[position] = "LMNPQRSTUV"[int(characters[position])]
    head = "".join(characters[:15])
    code = head + codicefiscale.calc_check_digit(head)
    assert identifiers.tax_code(code, "IT") == identifiers.personal_tax_code(code, "IT") == code


@pytest.mark.parametrize(("check", "typed", "country", "code", "message"), REFUSED, ids=range(len(REFUSED)))
def test_an_invalid_identifier_is_refused_in_the_name_of_its_field(check: str, typed: str, country: str, code: str, message: str) -> None:
    with pytest.raises(DomainError) as refused:
        getattr(identifiers, check)(typed, country)
    assert (refused.value.code, str(refused.value)) == (code, message)


@pytest.mark.parametrize(("typed", "kept"), [("HRB 12345 B", "HRB 12345 B"), ("  HRB   1 ", "HRB 1"), ("", "")])
def test_an_identifier_from_abroad_is_kept_as_its_country_writes_it(typed: str, kept: str) -> None:
    assert identifiers.foreign_identifier(typed) == kept


@pytest.mark.parametrize("typed", ["1", "x" * 41])
def test_an_identifier_from_abroad_has_three_to_forty_characters(typed: str) -> None:
    with pytest.raises(DomainError, match="3 to 40 characters") as refused:
        identifiers.foreign_identifier(typed)
    assert refused.value.code == "foreign_identifier"
