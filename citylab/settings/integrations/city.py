"""One installation is one city: its name, offices and contacts."""

CITY = {
    "name": "Città di Torino",
    "place": "Torino",
    "product": "Torino City Lab",
    "tagline_it": "La città come laboratorio",
    "tagline_en": "The city as a testbed",
    "address": "Piazza Palazzo di Città 1, 10122 Torino",
    "tax_code": "00514490010",
    "website": "https://www.comune.torino.it",
    "pec": "protocollogenerale@cert.comune.torino.it",
    "email": "torinocitylab@comune.torino.it",
    "latitude": 45.0703,
    "longitude": 7.6869,
    # Local patron saint, San Giovanni: a holiday for the offices of Turin (law 260/1949 leaves it to local custom).
    "patron_day": (6, 24),
    "districts": 8,
}
# Case numbers on screen: TCL-2027-00042.
CASE_NUMBER_PREFIX = "TCL"
# Optional tiles for the map ("https://tiles.example/{z}/{x}/{y}.png"); empty: the quiet schematic base drawn by us.
MAP_TILES_URL = ""
MAP_TILES_ATTRIBUTION = ""
