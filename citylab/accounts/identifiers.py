"""Identifiers of organisations, checked with python-stdnum."""

from django.utils.translation import gettext as _
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidLength
from stdnum.exceptions import ValidationError as NumberError
from stdnum.it import codicefiscale, iva

from citylab.core.errors import DomainError

EU = {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}


def vat_number(text: str, country: str) -> str:
    """The VAT number in its compact form. Raises DomainError("vat_number") for one whose check digit or form is wrong."""
    plain = text.strip().upper().replace(" ", "").replace(".", "")
    if not plain:
        return ""
    try:
        if country == "IT":
            return str(iva.validate(plain.removeprefix("IT")))
        if country in EU:
            prefix = "EL" if country == "GR" else country
            return str(eu_vat.validate(plain if plain.startswith(prefix) else prefix + plain))
    except NumberError as error:
        raise DomainError("vat_number", _("This VAT number is not valid: check its digits.")) from error
    return plain[:20]


def tax_code(text: str, country: str) -> str:
    """An Italian tax code: 16 characters with check letter (also with substituted digits), or 11 digits. Raises DomainError("tax_code")."""
    plain = text.strip().upper().replace(" ", "")
    if not plain or country != "IT":
        return plain[:16]
    try:
        return str(iva.validate(plain)) if len(plain) == 11 and plain.isdigit() else str(codicefiscale.validate(plain))
    except NumberError as error:
        raise DomainError("tax_code", _("This tax code is not valid: check its characters.")) from error


def personal_tax_code(text: str, country: str) -> str:
    """The tax code of a person: 16 characters with check letter where the organisation is Italian. Raises DomainError("representative_tax_code")."""
    plain = text.strip().upper().replace(" ", "")
    if not plain or country != "IT":
        return plain[:16]
    try:
        if len(plain) != 16:
            raise InvalidLength  # eleven digits are an organisation's
        return str(codicefiscale.validate(plain))
    except NumberError as error:
        raise DomainError("representative_tax_code", _("This tax code is not valid: check its characters.")) from error


def foreign_identifier(text: str) -> str:
    """An identifier from abroad, 3 to 40 characters as its country writes it. Raises DomainError("foreign_identifier")."""
    plain = " ".join(text.split())
    if plain and not 3 <= len(plain) <= 40:
        raise DomainError("foreign_identifier", _("Write the identifier as your country's register has it, 3 to 40 characters."))
    return plain
