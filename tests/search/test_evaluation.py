"""evaluate_matching: exact measures, the production ranking, a scratch index that leaves nothing behind."""

import gzip
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from math import log2
from secrets import token_hex

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from citylab.core import clock
from search import evaluation
from search.engines import Found, Hit, Refused, Unavailable
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.elasticsearch.client import client
from search.evaluation import LabelledText, Question, measured
from search.scratch import forget_left_indices
from tests.services import need

pytestmark = pytest.mark.django_db

PREFIX = f"test-{token_hex(6)}"
CHALLENGES = [
    ("rain", "Allagamenti dei sottopassi", "Avvisare quando piove molto e i sottopassi si allagano."),
    ("bikes", "Biciclette in città", "Contare le biciclette sulle piste ciclabili."),
    ("light", "Illuminazione pubblica", "Lampioni che si abbassano quando non passa nessuno."),
    ("waste", "Rifiuti nei mercati", "Raccolta differenziata degli scarti dei mercati rionali."),
]
PROPOSALS = [
    ("p1", "Sensori di pioggia", "Sensori nei sottopassi avvisano degli allagamenti.", ["rain"]),
    ("p2", "Contatore di biciclette", "Una telecamera conta le biciclette sulla pista ciclabile.", ["bikes"]),
    ("p3", "Lampioni intelligenti", "Illuminazione che segue chi passa.", ["light"]),
    ("p4", "Compost dal mercato", "Gli scarti dei mercati diventano compost.", ["waste"]),
    ("p5", "Drone postale", "Consegne dal cielo.", ["gone"]),  # its challenge is not in the set: no question
]


@pytest.fixture
def folder(tmp_path):
    def write(name, rows):
        with gzip.open(tmp_path / name, "wt", encoding="utf-8") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))

    write("tiny_challenges.jsonl.gz", [{"id": key, "language": "it", "title": title, "text": text} for key, title, text in CHALLENGES])
    rows = [{"id": key, "language": "it", "title": title, "text": text, "relevant": relevant} for key, title, text, relevant in PROPOSALS]
    write("tiny_proposals_a.jsonl.gz", rows[:2])
    write("tiny_proposals_b.jsonl.gz", rows[2:])
    return tmp_path


def run(folder, engine, *options):
    """The real command, in a process of its own: it needs no migrated database."""
    if engine == "elasticsearch" and not settings.TESTS_ELASTICSEARCH_URL:
        need("Elasticsearch")
    file = folder / "figures.json"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "citylab.settings", "ENVIRONMENT": "local", "VAR_DIR": str(folder / "var"), "ELASTICSEARCH_URL": settings.TESTS_ELASTICSEARCH_URL, "ELASTICSEARCH_PREFIX": PREFIX}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "evaluate_matching", "--data", str(folder), "--set", "tiny", "--engine", engine, "--json", str(file), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text()), done.stdout


@pytest.mark.parametrize("engine", ["embedded", "elasticsearch"])
@pytest.mark.parametrize("direction", ["proposals", "challenges"])
def test_what_is_plain_is_ranked_first_both_ways_in_an_index_that_leaves_nothing_behind(folder, engine, direction):
    figures, said = run(folder, engine, "--direction", direction)
    found = figures["groups"]["all"]
    assert {name: value["value"] for name, value in found["measures"].items()} == {"nDCG@10": 1, "MRR@10": 1, "Recall@10": 1, "Recall@50": 1}
    assert found["questions"] == 4 and "all (4 questions)" in said
    if engine == "elasticsearch":
        with override_settings(ELASTICSEARCH_URL=settings.TESTS_ELASTICSEARCH_URL):
            assert not client().indices.get(index=f"{PREFIX}-*")


def test_history_is_put_aside_the_same_way_for_the_same_seed(folder):
    halves = [evaluation.read(folder, "tiny", history=0.5, seed=seed) for seed in (1, 1, 2)]
    assert halves[0] == halves[1] != halves[2]
    for half in halves:
        assert (len(half.history), len(half.proposals)) == (2, 3)
        assert {p.id for p in half.history} | {p.id for p in half.proposals} == {"p1", "p2", "p3", "p4", "p5"}
    accepted = {p.relevant[0] for p in halves[0].history}
    documents = {d.object_id: d for d in evaluation.documents(halves[0], "proposals")}
    assert {key for key, document in documents.items() if document.accepted} == accepted & {key for key, *_rest in CHALLENGES}
    assert {key for key, document in documents.items() if document.texts["it"].history} == accepted & {key for key, *_rest in CHALLENGES}
    with_history = [question.has_history for question in evaluation.questions(halves[0], "proposals")]
    assert with_history == [False] * len(with_history)  # each challenge of this set has one proposal: none is left with a history


def test_only_the_title_is_known_where_that_is_asked(folder):
    assert {p.text for p in evaluation.read(folder, "tiny", title_only=True).proposals} == {""}


@pytest.mark.parametrize(
    ("relevant", "ranking", "expected"),
    [
        ({"a"}, ["a", "b"], (1, 1, 1, 1)),
        ({"a"}, ["b", "a"], (1 / log2(3), 1 / 2, 1, 1)),
        ({"a", "c"}, ["a", "b", "c"], ((1 + 1 / log2(4)) / (1 + 1 / log2(3)), 1, 1, 1)),
        ({"a", "c"}, ["b", "a"], ((1 / log2(3)) / (1 + 1 / log2(3)), 1 / 2, 1 / 2, 1 / 2)),
        ({"a"}, [*"bcdefghijk", "a"], (0, 0, 0, 1)),
        ({"a"}, [], (0, 0, 0, 0)),
    ],
)
def test_the_measures_are_exact(relevant, ranking, expected):
    found = measured(Question("q", frozenset(relevant), has_history=False), ranking)
    assert tuple(found.values()) == pytest.approx(expected)


def test_plain_bm25_knows_no_history_and_ranks_by_shared_stems(folder):
    labelled = evaluation.read(folder, "tiny")
    plain = evaluation.plain_rankings(labelled, "proposals")
    assert {key: ranking[0] for key, ranking in plain.items() if ranking} == {"p1": "rain", "p2": "bikes", "p3": "light", "p4": "waste"}


def test_an_interval_contains_its_mean_and_shrinks_with_agreement():
    low, high = evaluation.interval([0.0, 1.0] * 50)
    assert low < 0.5 < high
    assert evaluation.interval([1.0] * 20) == (1.0, 1.0)
    assert evaluation.interval([]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none", None, "has no none_proposals"),
        ("broken", "{", "line 1"),
        ("french", json.dumps({"id": "x", "language": "fr", "title": "", "text": ""}), "only it and en"),
        ("nameless", json.dumps({"language": "it"}), "KeyError"),
    ],
)
def test_a_folder_that_cannot_be_read_is_named(folder, name, content, message):
    if content is not None:
        for kind in ("challenges", "proposals"):
            with gzip.open(folder / f"{name}_{kind}.jsonl.gz", "wt") as file:
                file.write(content + "\n")
    with pytest.raises(CommandError, match=message):
        call_command("evaluate_matching", "--data", str(folder), "--set", name)


def written(folder, name, challenges, proposals):
    for kind, content in (("challenges", challenges), ("proposals", proposals)):
        (folder / f"{name}_{kind}.jsonl.gz").write_bytes(content if isinstance(content, bytes) else gzip.compress(content.encode()))
    return folder


ROW = '{"id": "c", "language": "en", "title": "Light", "text": "Lamps"}'


def test_rows_are_read_though_not_all_of_them_are_as_they_should_be(tmp_path):
    rows = [
        {"id": "p1", "language": "EN-gb", "title": "Lamp\0s", "text": None, "relevant": "c"}, {"id": 0, "title": "No language", "relevant": ["c", 7]}, {"id": "p3", "language": "fr"},
    ]  # fmt: skip
    written(tmp_path, "odd", "\ufeff" + ROW + "\n\n", "\n\n".join(map(json.dumps, rows)) + "\n  \n")
    labelled = evaluation.read(tmp_path, "odd")
    assert labelled.challenges == [LabelledText("c", "en", "Light", "Lamps")]
    assert labelled.proposals == [LabelledText("p1", "en", "Lamp s", "", ("c",)), LabelledText("0", "en", "No language", "", ("c", "7"))]
    assert labelled.foreign == 1


@pytest.mark.parametrize(
    ("challenges", "message"),
    [
        (gzip.compress(ROW.encode() * 50)[:-20], "odd_challenges.jsonl.gz is no whole gzip file: it ends or breaks after line 0"),
        (ROW.encode(), "odd_challenges.jsonl.gz is no whole gzip file"),
        ('{"id": "", "language": "en"}', "odd_challenges.jsonl.gz, line 1: ValueError: an id is empty"),
        ('{"id": null, "language": "en"}', "an id is empty"),
        (ROW + "\n[1]", "line 2: AttributeError"),
        (gzip.compress(b"\xff\xfe"), "UnicodeDecodeError"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path, challenges, message):
    with pytest.raises(CommandError, match=message):
        call_command("evaluate_matching", "--data", str(written(tmp_path, "odd", challenges, ROW)), "--set", "odd")


def test_a_folder_for_the_figures_that_is_not_there_is_said_before_the_work(folder):
    with pytest.raises(CommandError, match="There is no folder .*nowhere for --json"):
        call_command("evaluate_matching", "--data", str(folder), "--set", "tiny", "--json", str(folder / "nowhere" / "figures.json"))


def test_what_an_engine_refuses_is_said_in_a_sentence(folder, monkeypatch):
    @contextmanager
    def scratch(name, purpose):
        raise Refused("Elasticsearch refuses 1 documents")
        yield

    monkeypatch.setattr("search.management.commands.evaluate_matching.scratch", scratch)
    with pytest.raises(CommandError, match="Elasticsearch refuses 1 documents"):
        call_command("evaluate_matching", "--data", str(folder), "--set", "tiny")


def test_what_a_killed_run_left_is_gone_with_the_next_a_day_later(elasticsearch, settings):
    common = f"{settings.ELASTICSEARCH_PREFIX}-scratch-"
    left = [
        ElasticsearchEngine(f"{common}{clock.now() - ago:%Y%m%d%H%M}-tiny-0").indices.ensure("site")[0]
        for ago in (timedelta(days=1, minutes=1), timedelta(hours=23))
    ]
    forget_left_indices(elasticsearch)
    assert list(elasticsearch.client.indices.get(index=f"{common}*")) == left[1:]


def test_a_share_is_below_one(folder):
    with pytest.raises(CommandError, match="from 0 to less than 1"):
        call_command("evaluate_matching", "--data", str(folder), "--set", "tiny", "--history", "1")


def test_a_text_of_every_language_stays_in_its_own():
    rows = [LabelledText("a", "it", "Luce", ""), LabelledText("b", "en", "Light", "")]
    documents = evaluation.documents(evaluation.LabelledSet(rows, [], []), "proposals")
    assert [list(document.texts) for document in documents] == [["it"], ["en"]]


def test_an_identifier_of_any_length_keeps_its_answers(tmp_path):
    long = "a challenge with a very long identifier: " + "x" * 500
    for name, row in (("challenges", {"id": long, "language": "it"}), ("proposals", {"id": long + "p", "language": "ita", "relevant": [long]})):
        with gzip.open(tmp_path / f"long_{name}.jsonl.gz", "wt") as file:
            file.write(json.dumps({"title": "Luce", "text": "Lampioni", **row}) + "\n")
    labelled = evaluation.read(tmp_path, "long")
    assert len(labelled.challenges[0].id) == 40
    assert [question.relevant for question in evaluation.questions(labelled, "proposals")] == [frozenset({labelled.challenges[0].id})]


def test_an_engine_without_room_is_waited_for(folder, monkeypatch):
    waited = []
    monkeypatch.setattr(evaluation, "pause", waited.append)
    answers = iter([Unavailable("429"), Unavailable("429"), [Found([Hit("challenge", "rain", 1.0)], 1)]])

    class Full:
        def match(self, *args):
            answer = next(answers)
            if isinstance(answer, Unavailable):
                raise answer
            return answer

    labelled = evaluation.LabelledSet([], evaluation.read(folder, "tiny").proposals[:1], [])
    assert evaluation.rankings(Full(), labelled, "proposals", "default", lambda number: None) == {"p1": ["rain"]}
    assert waited == [1, 2]


def test_a_cluster_without_an_address_is_said_before_the_work(tmp_path, settings):
    settings.ELASTICSEARCH_URL = ""
    with pytest.raises(CommandError, match="--engine elasticsearch needs the variable ELASTICSEARCH_URL"):
        call_command("evaluate_matching", data=tmp_path, name="mini", engine="elasticsearch")
