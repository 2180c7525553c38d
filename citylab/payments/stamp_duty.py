"""Stamp duty: not a rule of the city's but the law's, so it stands here and not in the editors' room.

DPR 642/1972, tariff, part I: sixteen euro on the request (art. 3, c. 1-bis) and on the act (art. 4, c. 1-quater), flat when they travel online.
Two euro on a receipt for more than 77.47 euro (art. 13) outside VAT (table B, art. 6).
Exempt by law: third-sector bodies (D.Lgs. 117/2017, art. 82, c. 5) and papers between public administrations (DPR 642/1972, table B, art. 16).
"""

from citylab.accounts.models import Organisation

AMOUNT_CENTS = 16_00
RECEIPT_CENTS = 2_00
RECEIPT_ABOVE_CENTS = 77_47
REQUEST_ACT = "DPR 642/1972, tariffa, parte I, art. 3, c. 1-bis"
DECISION_ACT = "DPR 642/1972, tariffa, parte I, art. 4, c. 1-quater"
EXEMPT_BY = {
    Organisation.Kind.NONPROFIT.value: "D.Lgs. 117/2017, art. 82, c. 5",
    Organisation.Kind.PUBLIC.value: "DPR 642/1972, tabella B, art. 16",
}
PAYEE = {"it": "Stato italiano (Agenzia delle Entrate)", "en": "Italian State (Revenue Agency)"}
PAYEE_TAX_CODE = "06363391001"
