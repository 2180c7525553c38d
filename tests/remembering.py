"""Preparations that are remembered: what a factory has written before, under the very same circumstances, is put into the database again at once.

Factories go through the real services, so that a running pilot takes hundreds of statements; most tests begin with the same few of them. A remembered
function runs once, once it is known which tables its like write to. From then on, the rows that it adds, changes and takes away are written in one go, as
they were, and what it gave is given again. That holds only where nothing but remembered functions wrote since the test began, as each step is known by all those before it (a tree), by its
arguments, the day, the language and who takes the payments. Any other statement that writes, or a rollback, ends it for that test.
"""

import pickle
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache, wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar
from unittest import mock

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.storage import FileSystemStorage, storages
from django.db import connections, models, transaction
from django.db.backends.signals import connection_created
from django.utils.translation import get_language

from citylab.core import clock

P = ParamSpec("P")
R = TypeVar("R")
READS = re.compile(r"\s*(?:SELECT|SAVEPOINT|RELEASE|SET|SHOW|FETCH|CLOSE|DECLARE|PRAGMA|BEGIN)", re.IGNORECASE)
# Somebody signs in: no preparation is another for that.
SIGNS_IN = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) "(django_session|wagtailusers_userprofile)"|UPDATE "accounts_user" SET "last_login" = [^,]+ WHERE')
WRITES = re.compile(r'\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM) "?(\w+)"?', re.IGNORECASE)
# Stands among the tables for a statement that writes nobody knows where: what has one is never remembered.
SOMEWHERE = "?"
Rows = dict[str, set[str]]


class Strange(Exception):
    """Something that cannot be told from another thing of its kind."""


@dataclass
class Node:
    """What is known of the database after some steps: where the next ones lead, and how this one is taken at once."""

    children: "dict[Hashable, Node]" = field(default_factory=dict)
    step: "Step | None" = None
    sure: bool = False  # each test that comes here finds the very same rows, down to their keys


@dataclass
class Written:
    """Where a call wrote: the tables, and the files with their storage, name and content."""

    tables: set[str] = field(default_factory=set)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)

    def add(self, other: "Written") -> None:
        self.tables |= other.tables
        self.files += other.files


@dataclass
class Step:
    statements: list[str]
    given: bytes
    letters: bytes
    written: Written

    def take(self) -> Any:
        with ExitStack() as stack:
            database = connections["default"]
            if not database.in_atomic_block:
                stack.enter_context(transaction.atomic())
            with database.cursor() as cursor:
                for statement in self.statements:
                    cursor.cursor.execute(statement)
            for alias, name, content in self.written.files:
                path = Path(storages[alias].path(name))
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
        if self.letters:
            mail.outbox += pickle.loads(self.letters)
        return pickle.loads(self.given)


class Memory:
    """Where the running test stands in the tree of steps (`node`), and how many rows each table has outside of tests that are rolled back (`committed`).
    None: nobody knows. `open`: what remembered functions that are running have written so far, the innermost last."""

    def __init__(self) -> None:
        self.bases: dict[Hashable, Node] = {}
        self.known: defaultdict[Callable[..., Any], set[str]] = defaultdict(set)
        self.node: Node | None = None
        self.begins = self.commits = False
        self.open: list[Written] = []
        self.committed: frozenset[tuple[str, int]] | None = None

    def begin(self, item: pytest.Item) -> None:
        """A test begins."""
        marker, names = item.get_closest_marker("django_db"), set(getattr(item, "fixturenames", ()))
        self.commits = bool((marker and marker.kwargs.get("transaction")) or {"transactional_db", "live_server"} & names)
        # A test that replaces something may do so to see what a preparation does with it.
        replaces = "monkeypatch" in getattr(item, "_fixtureinfo").argnames
        self.begins = bool(marker or {"db", "transactional_db"} & names) and not replaces
        self.node = None

    def wrote(self, sql: str) -> None:
        """The statement may have changed something."""
        if not any(block._from_testcase for block in connections["default"].atomic_blocks):
            self.committed = None
        self.begins, self.node = False, None
        if self.open:
            found = WRITES.match(sql)
            self.open[-1].tables.add(found[1] if found else SOMEWHERE)

    def here(self) -> Node | None:
        """The node where this test stands: the one of what `migrate` left, or of empty tables, as long as nothing was written."""
        if threading.current_thread() is not threading.main_thread() or (self.commits and connections["default"].in_atomic_block):
            self.begins, self.node = False, None
        if self.begins:
            self.begins = False
            # Counting takes as long as many a test: once is enough while no test commits anything.
            self.committed = found = self.committed or counts()
            self.node = self.bases.setdefault(found, Node(sure=True)) if ("accounts_user", 0) in found else None
        return self.node

    def call(self, function: Callable[..., R], arguments: tuple[Any, ...], named: dict[str, Any]) -> R:
        node, child = self.here(), None
        if node is not None:
            try:
                child = node.children.setdefault(circumstances(function, arguments, named), Node())
            except Strange:
                child = None
        if child is not None and child.step:
            found, written = child.step.take(), child.step.written
        else:
            with keeping_files(self) if not self.open else nullcontext():
                self.open.append(Written())
                try:
                    found = self.first(child if node and node.sure else None, function, arguments, named)
                finally:
                    written = self.open.pop()
            self.known[function] |= written.tables - {SOMEWHERE}
        if self.open:
            self.open[-1].add(written)
        self.node = child
        return found

    def first(self, child: Node | None, function: Callable[..., R], arguments: tuple[Any, ...], named: dict[str, Any]) -> R:
        """Really call it. What it changes is seen in the tables that earlier calls of the function have written to."""
        tables = set(self.known[function])
        if child is None or not tables:
            return function(*arguments, **named)
        before, letters, written = contents(tables), len(getattr(mail, "outbox", ())), self.open[-1]
        found = function(*arguments, **named)
        if written.tables <= tables and "payments_checkout" not in written.tables:
            try:
                given = pickle.dumps(found), pickle.dumps(mail.outbox[letters:]) if getattr(mail, "outbox", ())[letters:] else b""
            except (pickle.PicklingError, TypeError, AttributeError):
                return found
            child.step, child.sure = Step(difference(before, contents(tables)), *given, written), True
        return found


MEMORY = Memory()


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """What this function writes and gives depends on its arguments and on what remembered functions wrote before; on nothing else."""

    @wraps(function)
    def called(*arguments: P.args, **named: P.kwargs) -> R:
        return MEMORY.call(function, arguments, named)

    return called


def circumstances(function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Hashable:
    """All that may make a call of the function do something else. Raises Strange."""
    travelled = clock._travelled.get()
    told = (clock.today(), travelled, get_language(), settings.PAYMENT_PROVIDER, settings.ELASTICSEARCH_URL, settings.SECOND_FACTOR_REQUIRED)
    return f"{function.__module__}.{function.__qualname__}", simple(arguments), simple(named), told


def simple(value: Any) -> Hashable:
    """The value as something to compare by."""
    match value:
        case None | bool() | int() | str() | bytes() | date() | datetime() | Decimal():
            return type(value).__name__, value
        case list() | tuple():
            return tuple(map(simple, value))
        case dict():
            return tuple(sorted((str(name), simple(found)) for name, found in value.items()))
        case SimpleNamespace():
            return simple(vars(value))
        case models.Model() if value.pk is not None and not value._state.adding:
            return value._meta.label, value.pk
        case type():
            return value.__module__, value.__qualname__
    raise Strange(value)


def counts() -> frozenset[tuple[str, int]]:
    """How many rows each of our tables has."""
    database = connections["default"]
    tables = database.introspection.django_table_names(include_views=False)
    with database.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in sorted(tables)))
        return frozenset(cursor.fetchall())


def contents(tables: Iterable[str]) -> Rows:
    """The rows of each of these tables that has any, as the database writes them."""
    rows: Rows = {}
    if wanted := sorted(tables):
        with connections["default"].cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"SELECT '{table}', {written(table)} FROM \"{table}\" AS kept" for table in wanted))
            for table, row in cursor.fetchall():
                rows.setdefault(table, set()).add(row)
    return rows


def difference(before: Rows, after: Rows) -> list[str]:
    """Statements that make the one out of the other."""
    gone = {table: rows - after.get(table, set()) for table, rows in before.items()}
    new = {table: rows - before.get(table, set()) for table, rows in after.items()}
    takes = [f'DELETE FROM "{table}" AS kept WHERE {written(table)} IN ({quoted(rows)})' for table, rows in gone.items() if rows]
    adds = [f'INSERT INTO "{table}" ({columns(table)}) {given(table, rows)}' for table, rows in new.items() if rows]
    return [";".join(takes + adds)] if connections["default"].vendor == "postgresql" else takes + adds


def written(table: str) -> str:
    """SQL for a row of the table as one text."""
    if connections["default"].vendor == "postgresql":
        return "kept::text"
    return " || ', ' || ".join(f"quote({column})" for column in columns(table).split(", "))


def given(table: str, rows: set[str]) -> str:
    """SQL for the rows behind such texts."""
    if connections["default"].vendor == "postgresql":
        return f'SELECT {columns(table)} FROM unnest(ARRAY[{quoted(rows)}]::"{table}"[])'
    return "VALUES " + ", ".join(f"({row})" for row in sorted(rows))


def quoted(rows: set[str]) -> str:
    return ", ".join("'" + row.replace("'", "''") + "'" for row in sorted(rows))


@cache
def columns(table: str) -> str:
    """The columns of a table that the database does not make out of the others."""
    with connections["default"].cursor() as cursor:
        if connections["default"].vendor == "postgresql":
            cursor.execute(
                "SELECT quote_ident(attname) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
                " WHERE relname = %s AND relkind = 'r' AND attnum > 0 AND attgenerated = '' AND NOT attisdropped ORDER BY attnum",
                [table],
            )
        else:
            cursor.execute(f"SELECT '\"' || name || '\"' FROM pragma_table_info('{table}')")
        return ", ".join(name for (name,) in cursor.fetchall())


def keeping_files(memory: Memory) -> Any:
    """Inside it, each file that is stored is one that the running function has written."""
    save = FileSystemStorage._save

    def saving(storage: FileSystemStorage, name: str, content: Any) -> str:
        name = save(storage, name, content)
        alias = next(alias for alias in ("case_files", "default") if Path(storages[alias].path("")) == Path(storage.path("")))
        memory.open[-1].files.append((alias, name, Path(storage.path(name)).read_bytes()))
        return name

    return mock.patch.object(FileSystemStorage, "_save", saving)


def watched(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
    if not READS.match(sql) and not SIGNS_IN.match(sql):
        MEMORY.wrote(sql)
    return execute(sql, parameters, many, context)


def watch(connection: Any, **more: Any) -> None:
    """Every statement of this connection is looked at."""
    if watched not in connection.execute_wrappers:
        connection.execute_wrappers.append(watched)


connection_created.connect(watch)
