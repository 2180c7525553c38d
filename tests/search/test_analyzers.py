"""A word means the same to Elasticsearch and to Python: their analyzers give the same tokens, one by one."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils.html import strip_tags

from search import analysis
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.elasticsearch.client import patiently
from tests.services import need

DATA = Path(__file__).parents[2] / "citylab" / "demo" / "data"
HOSTILE = [
    "dell’aria e dell'acqua, c'è l'ARIA", "L'Università dell’Insubria perché così", "e-bike C-ITS U-Space park-and-ride 5G-V2X", "a-b-c-d e-e-e", "PM2.5 PM10 CO2 NOx 3,5%", "citta\u0300 cafe\u0301 naïve",
    "STRASSE straße ŒUVRE œuvre Ærø", "ｆｕｌｌ ｗｉｄｔｈ", "ﬁne ﬂow ² ①", "İstanbul ıslak", "emoji 🚲🚦 bici🚲cletta", "snake_case __init__ a_b", "'' \" <b>tag</b> &amp; {x} %s \\n", "zero\u200bwidth soft\u00adhyphen",
    "日本語 テスト Привет мир العربية", "x" * 61, "x" * 60, "", "   ", "l' d' un'", "d'un'altra l'un l’altro", "quest'anno sull'Arno nell’era degl'altri", "o’clock John's the city’s", "1 2 22 333",
    "D’Annunzio dall'ENAC all'Einaudi", "perche' citta' puo'", "\u202edrows\u202c", "a\u0300\u0301\u0302bc", "ǅ ǆ Ǆ", "non-breaking\u00a0space\u2003em", "parola" * 9,
]  # fmt: skip


# Tolerated: signs that Unicode takes apart into more than letters, accents outside the Latin alphabet, Korean (in other code points). Nobody writes proposals in them.
TOLERATED = {"½": (["1⁄2"], []), "Ŀ": (["l·"], []), "ŉ": (["ʼn"], []), "Ελλάδα": (["ελλαδα"], ["ελλάδα"])}


def test_words_that_are_about_nothing_do_not_count() -> None:
    """Nobody's proposal fits a challenge because both say “nessuna” or “due”."""
    assert analysis.stems("Nessuna delle due potrebbe mai essere altrove, e tuttavia qualche sensore c'è", "it") == ["altrov", "sensor"]


def demo_texts() -> list[str]:
    """Every text of the demo city that people read, in either language."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)
        elif isinstance(value, str):
            found.append(strip_tags(value))

    for path in sorted(DATA.glob("*.toml")):
        walk(tomllib.loads(path.read_text(encoding="utf-8")))
    return sorted(set(found))


@pytest.fixture(scope="module")
def analyze() -> Iterator[Any]:
    """Call it with an analyzer and texts: the tokens of each."""
    if not settings.TESTS_ELASTICSEARCH_URL:
        need("Elasticsearch")
    with override_settings(ELASTICSEARCH_URL=settings.TESTS_ELASTICSEARCH_URL):
        engine = ElasticsearchEngine(f"test-{token_hex(6)}")
    patiently(lambda: engine.indices.ensure("site"))

    def tokens(analyzer: str, texts: list[str]) -> list[list[str]]:
        # One request for many texts: each begins so far behind the one before that positions tell them apart.
        found: list[list[str]] = []
        for start in range(0, len(texts), 100):
            some = texts[start : start + 100]
            client = engine.client.options(request_timeout=60)
            answer = patiently(lambda some=some: client.indices.analyze(index=engine.indices.read("site"), analyzer=analyzer, text=some))  # type: ignore[misc]
            lists: list[list[str]] = [[] for _text in some]
            ends, end = [], 0
            for text in some:
                end += len(text.encode("utf-16-le")) // 2 + 1
                ends.append(end)
            at = 0
            for token in answer["tokens"]:
                while token["start_offset"] >= ends[at]:
                    at += 1
                lists[at].append(token["token"])
            found += lists
        return found

    yield tokens
    engine.indices.throw_away(sorted(engine.client.indices.get(index=f"{engine.indices.prefix}-*")))


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("texts", [demo_texts(), HOSTILE], ids=["demo city", "hostile"])
def test_both_analysers_give_the_same_stems_and_words(analyze: Any, language: str, texts: list[str]) -> None:
    for analyzer, ours in ((f"text_{language}", analysis.stems), (f"words_{language}", analysis.words)):
        theirs = analyze(analyzer, texts)
        differing = [(text[:80], mine, others) for text, others in zip(texts, theirs, strict=True) if (mine := ours(text, language)) != others]
        assert differing == []


def test_what_is_known_to_differ(analyze: Any) -> None:
    theirs = analyze("words_it", list(TOLERATED))
    assert {text: (analysis.words(text, "it"), others) for text, others in zip(TOLERATED, theirs, strict=True)} == TOLERATED
