"""One analyser for Italian and English: the words that engines index, and the words that reasons highlight."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import Stemmer

HERE = Path(__file__).parent
WORD = re.compile(r"[^\W_]+", re.UNICODE)
# A single letter and its hyphen belong to the word: e-bike, C-ITS, U-Space. Any other hyphen parts two words.
JOINED = re.compile(r"\b([^\W\d_])-(?=[^\W_])", re.UNICODE)
# Italian elision: “dell'aria” is about “aria”.
ELISION = re.compile(r"\b(?:un|l|all|dall|dell|nell|sull|coll|quest|quell|c|d|m|s|t|v|gl|agl|dagl|degl|negl|sugl)['’](?=\w)", re.IGNORECASE)
MAXIMUM_TEXT = 200_000
# Letters that Unicode does not take apart, as Elasticsearch folds them.
FOLDED = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "þ": "th"})


@lru_cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer({"it": "italian", "en": "english"}[language])


@lru_cache
def stop_words(language: str) -> frozenset[str]:
    return frozenset((HERE / "stopwords" / f"{language}.txt").read_text().split())


def folded(text: str) -> str:
    """Lower case without accents."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c)).translate(FOLDED)


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
    for match in WORD.finditer(JOINED.sub(r"\1", ELISION.sub("", text[:MAXIMUM_TEXT]))):
        plain = folded(match[0])
        if len(plain) > 1 and plain not in stop_words(language) and len(plain) <= 60:
            found.append(Token(stem(plain, language), match[0]))
    return found


def parted(text: str) -> str:
    """The words of a text as written, elisions and joining hyphens resolved, with blanks between them: easy to split for any engine."""
    return " ".join(WORD.findall(JOINED.sub(r"\1", ELISION.sub("", text[:MAXIMUM_TEXT]))))


def stems(text: str, language: str) -> list[str]:
    """The stems of the words that count, in order."""
    return [token.stem for token in tokens(text, language)]


@lru_cache(maxsize=4096)
def stem_set(text: str, language: str) -> frozenset[str]:
    """The stems that stand in a text; remembered, because every match looks at the same published texts."""
    return frozenset(stems(text, language))


def stemmed(text: str, language: str) -> str:
    """The text as engines index it: stems joined by blanks."""
    return " ".join(stems(text, language))


def words(text: str, language: str) -> list[str]:
    """The words that count as they are written, folded but not stemmed."""
    return [folded(token.word) for token in tokens(text, language)]


def pairs(words: Sequence[str]) -> list[str]:
    """Neighbouring stems, and those with one between them: “smart lamp posts” has smart_lamp, lamp_post and smart_post."""
    return [f"{first}_{second}" for apart in (1, 2) for first, second in zip(words, words[apart:], strict=False)]


def grams(text: str, length: int = 4) -> list[str]:
    """Runs of four letters or digits inside the words of a text, folded: what is left of a word in another form, a compound or a mistyped one."""
    return [word[start : start + length] for word in WORD.findall(folded(text[:MAXIMUM_TEXT])) for start in range(len(word) - length + 1)]


@lru_cache
def synonym_groups() -> tuple[tuple[str, ...], ...]:
    """Words that mean the same, as the reviewed file `synonyms.txt` has them."""
    lines = (line for line in (HERE / "synonyms.txt").read_text().splitlines() if line and not line.startswith("#"))
    return tuple(tuple(JOINED.sub(r"\1", line).split()) for line in lines)


@lru_cache
def _synonyms(language: str) -> dict[str, frozenset[str]]:
    groups: dict[str, frozenset[str]] = {}
    for words_alike in synonym_groups():
        group = frozenset(stems(" ".join(words_alike), language))
        for word in group:
            groups[word] = groups.get(word, frozenset()) | group
    return groups


def with_synonyms(words: Iterable[str], language: str) -> list[str]:
    """The stems and what means the same here, each once, in order."""
    found: dict[str, None] = {}
    for word in words:
        found[word] = None
        for other in sorted(_synonyms(language).get(word, ())):
            found.setdefault(other)
    return list(found)


@lru_cache(maxsize=4096)
def meant(text: str, language: str) -> frozenset[str]:
    """The stems that a text speaks of: those that stand in it, and what means the same. Remembered, as `stem_set` is."""
    return frozenset(with_synonyms(stem_set(text, language), language))


def words_by_stem(text: str, language: str) -> dict[str, str]:
    """Stem → word as written, in the order of the text."""
    return {token.stem: token.word for token in tokens(text, language)}


def words_in_common(own: Mapping[str, str], theirs: str, language: str) -> tuple[str, ...]:
    """The first words of one's own (by stem) that another text has too, or their synonyms; short ones tell nothing."""
    stems = meant(theirs, language)
    return tuple(word for stem, word in own.items() if stem in stems and len(word) > 3)[:6]
