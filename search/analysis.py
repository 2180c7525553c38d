"""One analyser for Italian and English: the words that engines index, and the words that reasons highlight."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import Stemmer

HERE = Path(__file__).parent
WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*", re.UNICODE)
# Italian elision: “dell'aria” is about “aria”.
ELISION = re.compile(r"\b(?:un|l|all|dall|dell|nell|sull|coll|quest|quell|c|d|m|s|t|v|gl|agl|dagl|degl|negl|sugl)['’](?=\w)", re.IGNORECASE)
MAXIMUM_TEXT = 200_000


@lru_cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer({"it": "italian", "en": "english"}[language])


@lru_cache
def stop_words(language: str) -> frozenset[str]:
    return frozenset((HERE / "stopwords" / f"{language}.txt").read_text().split())


def folded(text: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """The stem of a folded word."""
    return str(_stemmer(language).stemWord(word))


@dataclass(frozen=True)
class Token:
    """A word of a text: its stem and the word as written."""

    stem: str
    word: str


def tokens(text: str, language: str) -> list[Token]:
    """The words that count, in order. Texts longer than 200,000 characters are cut."""
    found = []
    for match in WORD.finditer(ELISION.sub("", text[:MAXIMUM_TEXT])):
        plain = folded(match[0])
        if len(plain) > 1 and plain not in stop_words(language) and len(plain) <= 60:
            found.append(Token(stem(plain, language), match[0]))
    return found


def stemmed(text: str, language: str) -> str:
    """The text as engines index it: stems joined by blanks, hyphens gone."""
    return " ".join(token.stem.replace("-", "") for token in tokens(text, language))


@lru_cache
def _synonyms(language: str) -> dict[str, frozenset[str]]:
    groups: dict[str, frozenset[str]] = {}
    for line in (HERE / "synonyms.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            group = frozenset(stem(folded(word), language).replace("-", "") for word in line.split())
            for word in group:
                groups[word] = groups.get(word, frozenset()) | group
    return groups


def with_synonyms(stems: Iterable[str], language: str) -> list[str]:
    """The stems and what means the same here, each once, in order."""
    found: dict[str, None] = {}
    for word in stems:
        found[word] = None
        for other in sorted(_synonyms(language).get(word, ())):
            found.setdefault(other)
    return list(found)
