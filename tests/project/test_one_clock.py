"""One clock: nothing reads the system's time except core.clock, so that a case can be told on any day."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [path for top in ("citylab", "cms", "search") for path in sorted((ROOT / top).rglob("*.py")) if "migrations" not in path.parts]
THE_CLOCK = ROOT / "citylab/core/clock/__init__.py"

# Module or class → what on it reads the time.
READERS = {
    "datetime": {"now", "utcnow", "today"}, "date": {"today"}, "timezone": {"now"}, "time": {"time", "time_ns", "gmtime", "strftime", "ctime"},
}  # fmt: skip
NAMES = {name for names in READERS.values() for name in names} - {"time"}


def readings(tree):
    """Every expression that reads the system's time: called or handed on (default=timezone.now), imported by name, or left to the database."""
    imported = {alias.asname or alias.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of = node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id if isinstance(node.value, ast.Name) else ""
            if node.attr in READERS.get(of, ()):
                yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime", "django.utils.timezone"):
            yield from (f"from {node.module} import {alias.name}" for alias in node.names if alias.name in NAMES | ({"time"} if node.module == "time" else set()))
        elif isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
            yield f"{node.arg}={ast.unparse(node.value)}"
        elif isinstance(node, ast.Call) and not node.args and ast.unparse(node.func).split(".")[-1] in ("localtime", "localdate"):
            yield ast.unparse(node)  # with a moment given they only show it
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and imported.get(node.func.id) == "django.db.models.functions" and node.func.id in ("Now", "TruncNow"):
            yield f"{node.func.id}()"


@pytest.mark.parametrize("source", [
    "datetime.now()", "datetime.datetime.now(tz)", "date.today()", "datetime.date.today()", "timezone.now()", "timezone.localdate()", "localtime()", "f(default=timezone.now)", "from django.utils.timezone import now", "time.time()",
    "from time import time", "DateTimeField(auto_now=True)", "DateField(auto_now_add=True)", "from django.db.models.functions import Now\nNow()",
])  # fmt: skip
def test_a_reading_is_recognised(source):
    assert list(readings(ast.parse(source)))


@pytest.mark.parametrize("source", ["clock.now()", "clock.today()", "from datetime import date, datetime, time, timedelta", "date.fromisoformat(x)", "time.monotonic()", "localtime(record.updated_at)", "time.sleep(1)"])
def test_what_is_no_reading_is_left_alone(source):
    assert list(readings(ast.parse(source))) == []


def test_only_the_clock_reads_the_time():
    found = {str(path.relative_to(ROOT)): list(readings(ast.parse(path.read_text()))) for path in FILES}
    assert {path: what for path, what in found.items() if what} == {str(THE_CLOCK.relative_to(ROOT)): ["datetime.now"]}
