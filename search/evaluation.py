"""How well the ranking finds what was really funded: labelled sets through the code that ranks in production, beside plain BM25.

A set is two kinds of files in one folder, JSON lines compressed with gzip: `NAME_challenges.jsonl.gz` with `id, language, title, text` and
`NAME_proposals*.jsonl.gz` with `id, language, title, text, relevant` (ids of the challenges that a proposal was funded under).
"""

import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import log, log2
from pathlib import Path
from statistics import mean
from typing import Any, TypeVar

from . import analysis
from .engines import Document, Index, Text, TextQuery, Unavailable, Wanted
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
    """A set from its files; `history` is the share of the proposals that is put aside. Raises FileNotFoundError and ValueError with what is wrong."""
    files = sorted(folder.glob(f"{name}_proposals*.jsonl.gz"))
    if not files:
        raise FileNotFoundError(f"{folder} has no {name}_proposals*.jsonl.gz")
    challenges = _rows(folder / f"{name}_challenges.jsonl.gz")
    proposals = [row for path in files for row in _rows(path)]
    if title_only:
        proposals = [LabelledText(row.id, row.language, row.title, "", row.relevant) for row in proposals]
    order = list(range(len(proposals)))
    random.Random(seed).shuffle(order)  # noqa: S311 - a split that can be repeated
    aside = order[: int(len(order) * history)]
    rest = sorted(set(order) - set(aside))
    return LabelledSet(challenges, [proposals[number] for number in rest], [proposals[number] for number in sorted(aside)])


def _rows(path: Path) -> list[LabelledText]:
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                found.append(LabelledText(_key(row["id"]), _language(row), str(row.get("title") or ""), str(row.get("text") or ""), tuple(map(_key, row.get("relevant") or ()))))
            except (ValueError, KeyError) as error:
                raise ValueError(f"{path.name}, line {number}: {type(error).__name__}: {error}") from error
    return found


def _key(identifier: Any) -> str:
    """As the index keeps it: an identifier that is too long stands as its digest."""
    key = str(identifier)
    return key if len(key) <= 40 else sha256(key.encode()).hexdigest()[:40]


def _language(row: Mapping[str, Any]) -> str:
    language = str(row["language"])[:2].lower()
    if language not in ("it", "en"):
        raise ValueError(f"language “{language}”: only it and en")
    return language


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
