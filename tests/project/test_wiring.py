"""Every fact that is published stands in the table of what follows it: with its consumers, or with none on purpose."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from django.utils.module_loading import import_string

from citylab.payments.models import Charge, Checkout, Refund
from citylab.pilots.models import Pilot
from citylab.wiring import CONSUMERS
from search.documents import RECORDS

ROOT = Path(__file__).resolve().parents[2]
FILES = [path for top in ("citylab", "cms", "search") for path in sorted((ROOT / top).rglob("*.py")) if "migrations" not in path.parts]


def transitions(model: Any) -> list[str]:
    return [transition.name for transition in model().get_all_state_transitions()]


# Topics that are put together, as they stand in the code, and what they become.
MADE = {
    "f'{kind}.{name}'": [f"{model._meta.model_name}.{name}" for model in (Charge, Checkout, Refund) for name in transitions(model)],
    "f'pilot.{transition}'": [f"pilot.{name}" for name in transitions(Pilot)],
    "f'{kind}.content_changed'": [".".join(parts) for parts in product(RECORDS, ["content_changed"])],
}


def topics(tree: ast.AST) -> Iterator[str]:
    """The first argument of every `outbox.publish` and every `topic=`; what only passes one on (a name) is seen where it comes from."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        given = [keyword.value for keyword in node.keywords if keyword.arg == "topic" and not ast.unparse(node.func).endswith("OutboxMessage")]
        if ast.unparse(node.func) == "outbox.publish":
            given += node.args[:1]
        for value in given:
            yield from named(value, tree)


def named(value: ast.AST, tree: ast.AST) -> Iterator[str]:
    """The topics that an expression may be; what a function of the same file gives is looked for there."""
    match value:
        case ast.Name():
            return
        case ast.Constant(value=topic):
            yield from [topic] if topic else []
        case ast.IfExp():
            yield from (*named(value.body, tree), *named(value.orelse, tree))
        case ast.Call(func=ast.Name(id=name)):
            for node in ast.walk(next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)):
                yield from named(node.value, tree) if isinstance(node, ast.Return) and node.value else ()
        case _:
            yield from MADE[ast.unparse(value)]


def test_every_published_fact_is_in_the_table_and_every_fact_in_the_table_is_published() -> None:
    published = {topic for path in FILES for topic in topics(ast.parse(path.read_text()))}
    assert published - set(CONSUMERS) == set()
    assert set(CONSUMERS) - published == set()


def test_every_consumer_exists() -> None:
    for consumer in {name for names in CONSUMERS.values() for name in names}:
        assert callable(import_string(consumer))
