"""How well the ranking finds what was really funded: labelled sets through the code that ranks in production, beside plain BM25.

A set is two kinds of files in one folder, JSON lines compressed with gzip: `NAME_challenges.jsonl.gz` with `id, language, title, text` and
`NAME_proposals*.jsonl.gz` with `id, language, title, text, relevant` (ids of the challenges that a proposal was funded under, or one id). A row without a
language has that of most others; rows in a language that we do not know are left out and counted.
"""

import gzip
import json
import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from math import log, log2
from pathlib import Path
from statistics import mean
from typing import Any, TypeVar

from . import analysis
from .engines import LANGUAGES, Document, Index, Text, TextQuery, Unavailable, Wanted
from .engines.elasticsearch.client import pause
from .ranking import ranked, ranked_proposals, remember

Answer = TypeVar("Answer")
DEPTH = 50
MEASURES = ("nDCG@10", "MRR@10", "Recall@10", "Recall@50")
RESAMPLES = 1000
TRIES = 60


@dataclass(frozen=True)
class LabelledText:
    """A challenge or a proposal of a set; a proposal with the challenges it belongs to."""

    id: str
    language: str
    title: str
    text: str
    relevant: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelledSet:
    """What is ranked, and what was put aside as history (its texts stand with the challenges that accepted them)."""

    challenges: list[LabelledText]
    proposals: list[LabelledText]
    history: list[LabelledText]
    foreign: int = 0  # rows left out for their language

    @property
    def accepted(self) -> dict[str, list[LabelledText]]:
        """The history of each challenge."""
        found: dict[str, list[LabelledText]] = defaultdict(list)
        for proposal in self.history:
            for challenge in proposal.relevant:
                found[challenge].append(proposal)
        return found


@dataclass(frozen=True)
class Question:
    """One ranking that is asked: who asks, and which answers are right."""

    id: str
    relevant: frozenset[str]
    has_history: bool


Rankings = Mapping[str, Sequence[str]]


def read(folder: Path, name: str, *, title_only: bool = False, history: float = 0.0, seed: int = 1) -> LabelledSet:
    """A set from its files; `history` is the share of the proposals that is put aside. Raises OSError and ValueError with what is wrong."""
    files = sorted(folder.glob(f"{name}_proposals*.jsonl.gz"))
    if not files:
        raise FileNotFoundError(f"{folder} has no {name}_proposals*.jsonl.gz")
    read_challenges = _rows(folder / f"{name}_challenges.jsonl.gz")
    read_proposals = [row for path in files for row in _rows(path)]
    said = Counter(row.language for row in (*read_challenges, *read_proposals) if row.language in LANGUAGES)
    usual = said.most_common(1)[0][0] if said else LANGUAGES[0]
    challenges, proposals = ([replace(row, language=row.language or usual) for row in rows if row.language in ("", *LANGUAGES)] for rows in (read_challenges, read_proposals))
    foreign = len(read_challenges) + len(read_proposals) - len(challenges) - len(proposals)
    if foreign and not (challenges and proposals):
        raise ValueError(f"{name} has no challenges or no proposals in a language that we know: only {' and '.join(LANGUAGES)}")
    if title_only:
        proposals = [LabelledText(row.id, row.language, row.title, "", row.relevant) for row in proposals]
    order = list(range(len(proposals)))
    random.Random(seed).shuffle(order)  # noqa: S311 - a split that can be repeated
    aside = order[: int(len(order) * history)]
    rest = sorted(set(order) - set(aside))
    return LabelledSet(challenges, [proposals[number] for number in rest], [proposals[number] for number in sorted(aside)], foreign)


def _rows(path: Path) -> list[LabelledText]:
    """A file's rows, with the language as far as it is said. Some programs begin a file with a mark of its encoding, or end it with an empty line."""
    found, number = [], 0
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") as lines:
            for line in lines:
                number += 1
                if line.strip():
                    found.append(_row(json.loads(line)))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path.name} is no whole gzip file: it ends or breaks after line {number}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name}, line {number}: {type(error).__name__}: {error}") from error
    return found


def _row(row: Mapping[str, Any]) -> LabelledText:
    relevant = row.get("relevant") or ()
    keys = (relevant,) if isinstance(relevant, str | int) else relevant
    return LabelledText(_key(row["id"]), str(row.get("language") or "")[:2].lower(), _text(row.get("title")), _text(row.get("text")), tuple(map(_key, keys)))


def _text(value: Any) -> str:
    """Without the characters that PostgreSQL does not keep."""
    return str(value or "").replace("\0", " ")


def _key(identifier: Any) -> str:
    """As the index keeps it: an identifier that is too long stands as its digest. Raises ValueError for an empty one."""
    key = "" if identifier is None else str(identifier).replace("\0", " ")
    if not key.strip():
        raise ValueError("an id is empty")
    return key if len(key) <= 40 else sha256(key.encode()).hexdigest()[:40]


def documents(labelled: LabelledSet, direction: str) -> list[Document]:
    """The set as the index holds it: challenges with their history and, for the other direction, proposals."""
    accepted = labelled.accepted
    found = []
    for challenge in labelled.challenges:
        history = accepted.get(challenge.id, [])
        text = Text(challenge.title, challenge.text, " ".join(f"{proposal.title} {proposal.text}" for proposal in history))
        found.append(Document("challenge", challenge.id, 1, {challenge.language: text}, accepted=len(history)))
    if direction == "challenges":
        found += [Document("proposal", p.id, 1, {p.language: Text(p.title, p.text)}) for p in labelled.proposals]
    return found


def questions(labelled: LabelledSet, direction: str) -> list[Question]:
    """Who asks: every proposal that has a right answer or, for the other direction, every challenge that has one."""
    accepted = labelled.accepted
    known = {challenge.id for challenge in labelled.challenges}
    if direction == "proposals":
        return [Question(p.id, frozenset(p.relevant) & known, any(c in accepted for c in p.relevant)) for p in labelled.proposals if known.intersection(p.relevant)]
    answers: dict[str, set[str]] = defaultdict(set)
    for proposal in labelled.proposals:
        for challenge in proposal.relevant:
            answers[challenge].add(proposal.id)
    return [Question(c.id, frozenset(answers[c.id]), c.id in accepted) for c in labelled.challenges if answers[c.id]]


def rankings(engine: Index, labelled: LabelledSet, direction: str, using: str, progress: Callable[[int], None]) -> Rankings:
    """What production ranks for every question, best first."""
    found: dict[str, Sequence[str]] = {}
    if direction == "proposals":
        for number, p in enumerate(labelled.proposals):
            query = TextQuery(p.title, p.text, p.language)
            found[p.id] = [hit.object_id for hit in _with_patience(lambda query=query: ranked(engine, query, [Wanted("challenge", DEPTH)]))[0].hits]  # type: ignore[misc]
            progress(number)
        return found
    for number, p in enumerate(labelled.proposals):
        document = Document("proposal", p.id, 1, {p.language: Text(p.title, p.text)})
        _with_patience(lambda document=document: remember(engine, [document], using))  # type: ignore[misc]
        progress(number)
    for c in labelled.challenges:
        query = TextQuery(c.title, c.text, c.language)
        found[c.id] = [hit.object_id for hit in _with_patience(lambda c=c, query=query: ranked_proposals(engine, [query], DEPTH, ("challenge", c.id), using))]  # type: ignore[misc]
    return found


def _with_patience(ask: Callable[[], Answer]) -> Answer:
    """The answer, asked for again for a quarter of an hour while the engine has no room: a measurement has time."""
    for attempt in range(1, TRIES + 1):
        try:
            return ask()
        except Unavailable:
            pause(min(attempt, 4))
    return ask()


def plain_rankings(labelled: LabelledSet, direction: str) -> Rankings:
    """Plain BM25 (k1 1.2, b .75) over stemmed title and text, which knows no history: what the ranking is compared with."""
    asked, answering = (labelled.proposals, labelled.challenges) if direction == "proposals" else (labelled.challenges, labelled.proposals)
    texts = {row.id: Counter(analysis.stems(f"{row.title} {row.text}", row.language)) for row in answering}
    lengths = {key: sum(counted.values()) for key, counted in texts.items()}
    average = mean(lengths.values()) if lengths else 1.0
    postings: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for key, counted in texts.items():
        for stem, times in counted.items():
            postings[stem].append((key, times))
    found = {}
    for row in asked:
        scores: Counter[str] = Counter()
        for stem in set(analysis.stems(f"{row.title} {row.text}", row.language)):
            rarity = log(1 + (len(texts) - len(postings[stem]) + 0.5) / (len(postings[stem]) + 0.5))
            for key, times in postings[stem]:
                scores[key] += rarity * times / (times + 1.2 * (0.25 + 0.75 * lengths[key] / average))  # type: ignore[assignment]
        found[row.id] = sorted(scores, key=lambda key: (-scores[key], key))[:DEPTH]
    return found


def measured(question: Question, ranking: Sequence[str]) -> dict[str, float]:
    """The four measures of one ranking; each is 1 where nothing could be better."""
    right = [position for position, key in enumerate(ranking[:DEPTH]) if key in question.relevant]
    ideal = sum(1 / log2(position + 2) for position in range(min(10, len(question.relevant))))
    return {
        "nDCG@10": sum(1 / log2(position + 2) for position in right if position < 10) / ideal,
        "MRR@10": 1 / (right[0] + 1) if right and right[0] < 10 else 0.0,
        "Recall@10": sum(position < 10 for position in right) / len(question.relevant),
        "Recall@50": len(right) / len(question.relevant),
    }


def interval(values: Sequence[float], seed: int = 1) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean."""
    if not values:
        return 0.0, 0.0
    chance = random.Random(seed)  # noqa: S311 - a resampling that can be repeated
    means = sorted(mean(chance.choices(values, k=len(values))) for _turn in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]


def summary(asked: Sequence[Question], ours: Rankings, plain: Rankings) -> dict[str, dict[str, Any]]:
    """Of each measure: ours with its interval, plain BM25, and the paired difference with its interval."""
    found = {}
    each = [(measured(question, ours.get(question.id, ())), measured(question, plain.get(question.id, ()))) for question in asked]
    for name in MEASURES:
        values, compared = [a[name] for a, _b in each], [b[name] for _a, b in each]
        differences = [a - b for a, b in zip(values, compared, strict=True)]
        found[name] = {
            "value": mean(values) if values else 0.0, "interval": interval(values), "plain": mean(compared) if compared else 0.0,
            "difference": mean(differences) if differences else 0.0, "difference_interval": interval(differences),
        }  # fmt: skip
    return found
