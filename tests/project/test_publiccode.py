"""publiccode.yml keeps to the standard (version 0.4): required keys, their types and lengths, and the Italian extension."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = yaml.safe_load((ROOT / "publiccode.yml").read_text())
CATEGORIES = {"case-management", "content-management", "workflow-management", "collaboration", "crm", "document-management", "event-management", "project-management"}
STATUS = {"concept", "development", "beta", "stable", "obsolete"}
TYPES = {"standalone/mobile", "standalone/iot", "standalone/desktop", "standalone/web", "standalone/backend", "standalone/other", "addon", "library", "configurationFiles"}


def test_the_keys_that_the_standard_requires_are_there():
    assert {"publiccodeYmlVersion", "name", "url", "platforms", "developmentStatus", "softwareType", "description", "legal", "maintenance", "localisation"} <= set(FILE)
    assert FILE["legal"]["license"] == "EUPL-1.2"
    assert {"localisationReady", "availableLanguages"} <= set(FILE["localisation"])
    assert FILE["maintenance"]["type"] in {"internal", "contract", "community", "none"}
    assert [contact["name"] for contact in FILE["maintenance"]["contacts"]]


def test_values_are_of_the_lists_and_forms_of_the_standard():
    assert re.fullmatch(r"0\.[4-9](\.\d+)?", FILE["publiccodeYmlVersion"])
    assert date.fromisoformat(FILE["releaseDate"])
    assert FILE["developmentStatus"] in STATUS
    assert FILE["softwareType"] in TYPES
    assert set(FILE["categories"]) <= CATEGORIES
    assert set(FILE["platforms"]) <= {"web", "windows", "mac", "linux", "ios", "android"}
    assert re.fullmatch(r"https://\S+\.git", FILE["url"])
    assert FILE["it"]["riuso"]["codiceIPA"] == "c_l219"


@pytest.mark.parametrize("language", ["it", "en"])
def test_each_language_describes_the_product_within_the_lengths(language):
    description = FILE["description"][language]
    assert language in FILE["localisation"]["availableLanguages"]
    assert 0 < len(description["genericName"]) <= 35
    assert 0 < len(description["shortDescription"]) <= 150
    assert 500 <= len(description["longDescription"]) <= 10_000
    assert 0 < len(description["features"]) and all(0 < len(feature) <= 100 for feature in description["features"])


def test_the_version_is_the_projects_own():
    assert f'version = "{FILE["softwareVersion"]}"' in (ROOT / "pyproject.toml").read_text()


def test_the_license_is_the_whole_official_text():
    text = (ROOT / "LICENSE").read_text()
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2\nEUPL © the European Union 2007, 2016\n")
    assert [number for number in range(1, 16) if not re.search(rf"^{number}\.\s*[A-Z]", text, re.MULTILINE)] == []
    assert text.rstrip().endswith("All other changes or additions to this Appendix require the production of a new EUPL version.")
