"""Everything on screen exists in Italian: no text without its translation, no translation that lost a placeholder, no stale .mo."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted([ROOT / "citylab", *(path.parent for path in [*ROOT.glob("citylab/*/apps.py"), ROOT / "search/apps.py", ROOT / "cms/apps.py"])])
PATH = "locale/it/LC_MESSAGES/django.po"
WITH_TEXTS = [room for room in ROOMS if (room / PATH).exists()]
Text = tuple[str, str, str]  # context, text, plural

# Function → places of its context, text and plural among the arguments.
CALLS = {
    "gettext": (None, 0, None), "gettext_lazy": (None, 0, None), "gettext_noop": (None, 0, None),
    "pgettext": (0, 1, None), "pgettext_lazy": (0, 1, None),
    "ngettext": (None, 0, 1), "ngettext_lazy": (None, 0, 1), "npgettext": (0, 1, 2), "npgettext_lazy": (0, 1, 2),
}  # fmt: skip
IN_TEMPLATES = re.compile(r"\b(_|gettext|pgettext|ngettext|npgettext)\(((?:\s*u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*,?)+)")
LITERAL = re.compile(r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|<[a-z]+:\w+>|</?[a-z][^>]*>")


def catalogue(room: Path) -> polib.POFile:
    return polib.pofile(str(room / PATH)) if (room / PATH).exists() else polib.POFile()


def key(entry: polib.POEntry) -> Text:
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural


def room_of(path: Path) -> Path:
    return max((room for room in ROOMS if path.is_relative_to(room)), key=lambda room: len(room.parts))


def texts_of_python(path: Path) -> Iterator[Text]:
    tree = ast.parse(path.read_text())
    names = {name: name for name in CALLS}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in CALLS}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            given = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
            context, text, plural = (given[place] if place is not None else "" for place in CALLS[names[node.func.id]])
            if isinstance(text, str):
                yield context or "", text, plural or ""


def texts_of_template(path: Path) -> Iterator[Text]:
    for call, arguments in IN_TEMPLATES.findall(templatize(path.read_text(), origin=str(path))):
        given = [ast.literal_eval(literal) for literal in LITERAL.findall(arguments)]
        context, text, plural = (given[place] if place is not None else "" for place in CALLS["gettext" if call == "_" else call])
        yield context, text.replace("%%", "%") if "%(" not in text else text, plural


def texts() -> dict[Path, set[Text]]:
    """The texts of each room, as the code asks for them."""
    found: dict[Path, set[Text]] = {room: set() for room in ROOMS}
    for top in ("citylab", "search", "cms"):
        for path in sorted((ROOT / top).rglob("*.py")):
            found[room_of(path)].update(texts_of_python(path))
        for path in sorted(path for pattern in ("*.html", "*.txt") for path in (ROOT / top).rglob(pattern) if "templates" in path.parts):
            found[room_of(path)].update(texts_of_template(path))
    return found


def test_every_text_of_every_room_is_in_its_catalogue():
    for room, needed in texts().items():
        assert needed - {key(entry) for entry in catalogue(room)} == set(), f"run `make messages`, then translate: {room.relative_to(ROOT)}"


@pytest.mark.parametrize("room", WITH_TEXTS, ids=lambda room: room.name)
def test_every_text_has_its_italian_with_the_same_placeholders(room):
    for entry in catalogue(room):
        assert not entry.obsolete, entry.msgid
        assert not entry.fuzzy, entry.msgid
        assert entry.translated(), entry.msgid
        for italian in [*entry.msgstr_plural.values()] or [entry.msgstr]:
            if not entry.msgid_plural:
                assert sorted(PLACEHOLDER.findall(italian)) == sorted(PLACEHOLDER.findall(entry.msgid)), entry.msgid
            assert (italian.endswith((" ", "\n"))) == entry.msgid.endswith((" ", "\n")), entry.msgid
        if entry.msgid_plural:
            assert sorted(PLACEHOLDER.findall(entry.msgstr_plural[1])) == sorted(PLACEHOLDER.findall(entry.msgid_plural)), entry.msgid


@pytest.mark.parametrize("room", WITH_TEXTS, ids=lambda room: room.name)
def test_the_compiled_catalogue_says_what_the_written_one_says(room):
    compiled = polib.mofile(str(room / "locale/it/LC_MESSAGES/django.mo"))
    written = {key(entry): (entry.msgstr, dict(entry.msgstr_plural)) for entry in catalogue(room)}
    assert {key(entry): (entry.msgstr, dict(entry.msgstr_plural)) for entry in compiled} == written


def test_one_text_has_one_italian_in_all_rooms():
    """Django pours all catalogues into one: two translations of the same text would fight."""
    said: dict[Text, set[str]] = {}
    for room in ROOMS:
        for entry in catalogue(room):
            said.setdefault(key(entry), set()).add(entry.msgstr or repr(entry.msgstr_plural))
    assert {text: sorted(italian) for text, italian in said.items() if len(italian) > 1} == {}


def test_addresses_are_plain_ascii_and_keep_their_parts():
    for room in ROOMS:
        for entry in catalogue(room):
            if entry.msgctxt == "url":
                assert re.fullmatch(r"[a-z0-9/<>:_.-]+", entry.msgstr), entry.msgstr
                assert entry.msgstr.endswith("/") == entry.msgid.endswith("/"), entry.msgstr


@pytest.mark.parametrize(
    ("language", "short", "long", "moment"),
    [("it", "05/12/2027", "5 dicembre 2027", "5 dicembre 2027, 14:30"), ("en", "05/12/2027", "5 December 2027", "5 December 2027, 14:30")],
)
def test_dates_are_european_and_times_have_24_hours(language, short, long, moment):
    from datetime import datetime

    from django.utils import formats

    day = datetime(2027, 12, 5, 14, 30)
    with translation.override(language):
        assert formats.date_format(day, "SHORT_DATE_FORMAT") == short
        assert formats.date_format(day, "DATE_FORMAT") == long
        assert formats.date_format(day, "DATETIME_FORMAT") == moment


@pytest.mark.parametrize(("language", "amount"), [("it", "1.234,50 €"), ("en", "€1,234.50")])
def test_money_is_written_as_each_language_writes_it(language, amount):
    from citylab.core.templatetags.components import euro

    with translation.override(language):
        assert euro(123450) == amount
