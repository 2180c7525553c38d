"""How fast matching and indexing are, as ratios to the bare thing on the same engine and machine.

    python -m tests.benchmarks.matching                                         embedded, 1,000 and 10,000 records
    ELASTICSEARCH_URL=http://… python -m tests.benchmarks.matching --engine elasticsearch --sizes 1000 10000 100000

The records are the demo city's challenges and sites with their sentences recombined, nine challenges for a site; what is matched are the demo city's
proposals. The floor of matching is the same engine asked for one word; the floor of indexing is `helpers.bulk` of the same documents into the same
kind of index. Ratios travel between machines, milliseconds do not.
"""

import argparse
import os
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from pathlib import Path
from secrets import token_hex
from typing import Any
from unittest import mock

ELASTICSEARCH = os.environ.get("ELASTICSEARCH_URL", "")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citylab.settings.test")
os.environ.setdefault("TEST_VAR_DIR", tempfile.mkdtemp(prefix="citylab-benchmark-"))

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils.html import strip_tags
from elastic_transport import Transport
from elasticsearch import helpers

from citylab.challenges.models import Challenge
from citylab.core import clock
from citylab.proposals.models import Proposal
from citylab.testbeds.models import Asset, Site
from search import rebuilding
from search.documents import pages
from search.engines import TextQuery, Wanted
from search.engines.elasticsearch import ElasticsearchEngine, client
from search.engines.elasticsearch.queries import source
from search.engines.embedded import EmbeddedEngine, tables
from search.matching import FITTING, OTHERS, TELLING, constraints_of, match_proposal, need_of
from search.models import SearchDocument
from search.ranking import ranked
from tests.services import template

KINDS = ("challenge", "site")
PAGE = 500


class Recombined:
    """Texts that read like the demo city's: sentences of different records after one another, titles of two halves."""

    def __init__(self, records: Sequence[Any], title: str, seed: int = 1) -> None:
        self.title, self.chosen = title, random.Random(seed)
        self.sentences = {language: [s for record in records for s in self._sentences(record, language)] for language in ("it", "en")}
        self.titles = {language: [getattr(record, f"{title}_{language}") for record in records] for language in ("it", "en")}

    def _sentences(self, record: Any, language: str) -> list[str]:
        texts = [getattr(record, f"{name}_{language}", "") for name in ("summary", "description", "expected")]
        return [s for text in texts for s in re.split(r"(?<=[.!?])\s+", unescape(strip_tags(str(text).replace("<", " <")))) if len(s) > 20]

    def write(self, record: Any) -> None:
        for language in ("it", "en"):
            first, second = (self.chosen.choice(self.titles[language]).split() for _half in range(2))
            setattr(record, f"{self.title}_{language}", " ".join([*first[: len(first) // 2 + 1], *second[len(second) // 2 :]])[:110])
            setattr(record, f"summary_{language}", self.chosen.choice(self.sentences[language])[:250])
            setattr(record, f"description_{language}", " ".join(self.chosen.sample(self.sentences[language], self.chosen.randint(4, 10))))


def grow(model: Any, wanted: int, originals: Sequence[Any], texts: Recombined) -> None:
    """Copies with other texts, until there are `wanted` live records of the model."""
    there = model.objects.count()
    names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    links = [field for field in model._meta.many_to_many if field.remote_field.through._meta.auto_created]
    for start in range(there, wanted, PAGE):
        numbers = range(start, min(start + PAGE, wanted))
        models = [originals[number % len(originals)] for number in numbers]
        copies = [model(**{name: getattr(original, name) for name in names}) for original in models]
        for number, copy in zip(numbers, copies, strict=True):
            copy.code, copy.slug = f"BENCH-{number}", f"bench-{number}"
            texts.write(copy)
        model.objects.bulk_create(copies)
        for field in links:
            through, (own, other) = field.remote_field.through, (field.m2m_field_name(), field.m2m_reverse_field_name())
            rows = [through(**{f"{own}_id": copy.pk, f"{other}_id": pk}) for original, copy in zip(models, copies, strict=True) for pk in original.linked[field.name]]
            through.objects.bulk_create(rows)
        if model is Site:
            Asset.objects.bulk_create([Asset(site=copy, capability_id=pk) for original, copy in zip(models, copies, strict=True) for pk in original.linked["assets"]])


def live(model: Any) -> list[Any]:
    found = list(model.objects.filter(live=True).order_by("pk"))
    for record in found:
        record.linked = {field.name: list(getattr(record, field.name).values_list("pk", flat=True)) for field in model._meta.many_to_many}
        if model is Site:
            record.linked["assets"] = list(record.assets.values_list("capability", flat=True))
    return found


def timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def asked() -> list[tuple[Proposal, TextQuery]]:
    proposals = Proposal.objects.select_related("organisation", "sector", "challenge").filter(challenge__isnull=True).order_by("pk")
    return [(p, TextQuery(str(p.answers.get("title") or ""), " ".join(str(p.answers.get(name) or "") for name in TELLING), p.language)) for p in proposals]


def one_word(engine: Any, word: str) -> None:
    """The floor: the ten best documents that have one word."""
    if isinstance(engine, ElasticsearchEngine):
        engine.client.search(index=engine.indices.read("challenge"), query={"term": {"whole_it": word}}, size=10, source=False)
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            table = tables.ranked("challenge", "it", "whole")
            cursor.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH %s ORDER BY rank LIMIT 10", [f'"{word}"'])
        else:
            sql = "SELECT id FROM search_searchdocument WHERE kind = 'challenge' AND language = 'it' AND vector @@ %s::tsquery ORDER BY ts_rank(vector, %s::tsquery) DESC LIMIT 10"
            cursor.execute(sql, [word, word])
        cursor.fetchall()


def matching(engine: Any, rounds: int) -> Iterator[tuple[str, list[float], str]]:
    """(what, milliseconds of each call, note), in turns so that a slow moment of the machine falls on all alike."""
    queries = asked()
    words = ["sensor", "citt", "piazz", "scuol", "acqua", "energ"]
    floor: list[float] = []
    ranking: list[float] = []
    panel: list[float] = []
    for number in range(rounds):
        proposal, query = queries[number % len(queries)]
        need = constraints_of(need_of(proposal), clock.now())
        wanted = [Wanted(kind, FITTING, need, OTHERS) for kind in KINDS]
        floor.append(timed(lambda: one_word(engine, words[number % len(words)])))
        ranking.append(timed(lambda: ranked(engine, query, wanted)))
        panel.append(timed(lambda: match_proposal(proposal)))
    with CaptureQueriesContext(connection) as captured, mock.patch.object(Transport, "perform_request", autospec=True, side_effect=Transport.perform_request) as requests:
        match_proposal(queries[0][0])
    yield "one word (floor)", floor, ""
    yield "match a proposal", ranking, "both kinds"
    yield "panel", panel, f"{len(captured)} SQL, {requests.call_count} to the cluster"


def bulk_beside_bare(engine: ElasticsearchEngine, most: int) -> tuple[float, float, int]:
    """Documents a second: ours, the bare `helpers.bulk` of the same, and how many."""
    documents = [document for page in pages("challenge") for document in page][:most]
    figures = []
    for ours in (True, False, True, False):
        scratch = ElasticsearchEngine(f"{settings.ELASTICSEARCH_PREFIX}-bulk-{token_hex(3)}")
        (index,) = scratch.indices.ensure("challenge")
        started = time.perf_counter()
        if ours:
            scratch.index(documents)
        else:
            # As much as the interpreter does for ours is done here too: the sources are made from the same documents.
            helpers.bulk(scratch._patient, ({"_index": index, "_id": document.object_id, "_source": source(document)} for document in documents))
        figures.append(len(documents) / (time.perf_counter() - started))
        scratch.indices.throw_away([index])
    return max(figures[::2]), max(figures[1::2]), len(documents)


def report(engine: Any, size: int, rounds: int) -> None:
    for _warm in matching(engine, 8):
        pass
    rows = list(matching(engine, rounds))
    floor = statistics.median(rows[0][1])
    print(f"{'':<20}{'p50 ms':>9}{'p95 ms':>9}{'× floor':>9}")
    for what, times, note in rows:
        print(f"{what:<20}{statistics.median(times):>9.1f}{statistics.quantiles(times, n=20)[-1]:>9.1f}{statistics.median(times) / floor:>9.1f}   {note}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.matching", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--engine", choices=["embedded", "elasticsearch"], default="embedded")
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    if options.engine == "elasticsearch" and not ELASTICSEARCH:
        raise SystemExit("ELASTICSEARCH_URL is not set.")
    name = Path(settings.DATABASES["default"].get("TEST", {}).get("NAME") or "")
    copied = connection.vendor == "sqlite" and template.copy_sqlite(name)
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=copied)
    prefix = f"{settings.ELASTICSEARCH_PREFIX}-benchmark-{token_hex(4)}"
    is_elastic = options.engine == "elasticsearch"
    chosen = override_settings(ELASTICSEARCH_URL=ELASTICSEARCH if is_elastic else "", ELASTICSEARCH_PREFIX=prefix)
    chosen.enable()
    try:
        call_command("load_demo", verbosity=0)
        engine = ElasticsearchEngine() if is_elastic else EmbeddedEngine()
        places = {Challenge: (live(Challenge), "title"), Site: (live(Site), "name")}
        texts = {model: Recombined(records, title) for model, (records, title) in places.items()}
        for size in sorted(options.sizes):
            for model, share in ((Challenge, 0.9), (Site, 0.1)):
                grow(model, int(size * share), places[model][0], texts[model])
            rebuild = rebuilding.rebuild_elasticsearch if is_elastic else rebuilding.rebuild_embedded
            started = time.perf_counter()
            count = rebuild(KINDS)
            seconds = time.perf_counter() - started
            print(f"\n{size:,} records, {options.engine} ({connection.vendor}): rebuilt and compared in {seconds:.1f} s, {count / seconds:.0f} documents a second", flush=True)
            report(engine, size, options.rounds)
            if isinstance(engine, ElasticsearchEngine):
                ours, bare, number = bulk_beside_bare(engine, 10_000)
                print(f"bulk of {number:,}: {ours:.0f} documents a second, {ours / bare:.2f} of bare helpers.bulk", flush=True)
    finally:
        if is_elastic:
            client().indices.delete(index=[*client().indices.get(index=f"{prefix}-*")] or "none", ignore_unavailable=True)
        chosen.disable()
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


if __name__ == "__main__":
    main()
