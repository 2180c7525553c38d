"""`make test`: the checks, then the suite on PostgreSQL with the real servers, then what must also hold on SQLite."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.services.servers import Servers

BIN = ROOT / ".venv/bin"
CHECKS = {
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "import contracts": ["lint-imports", "--no-cache"],
    "templates": ["djlint", "--lint", "--quiet", "citylab", "cms"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "translations": ["pytest", "tests/project/test_catalogues.py"],
}
EVERYTHING = ["tests", "--ignore=tests/project/test_catalogues.py"]  # which is one of the checks
PYTEST = ["pytest", "-n", "2"]  # who runs what when: tests/conftest.py
# What must hold on SQLite too: services, workflows, concurrency, triggers, search and one journey; of these only what SQLite could answer differently.
TWICE = ["audit", "accounts", "challenges", "concurrency", "core", "notifications", "payments", "pilots", "proposals", "search", "testbeds", "journeys"]
ON_SQLITE, ON_POSTGRESQL = "database on SQLite", "database on PostgreSQL"
Steps = dict[str, tuple[list[str], dict[str, str]]]


class Run:
    """One run of everything, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failed: list[str] = []
        self.counts: Counter[str] = Counter()
        self.unmet: Counter[str] = Counter()

    def step(self, name: str, command: list[str], environment: dict[str, str]) -> bool:
        """Run one step, timed; whether it passed."""
        print(f"── {name}", flush=True)
        with self._running({name: (command, environment)}):
            pass
        return name not in self.failed

    @contextmanager
    def meanwhile(self, steps: Steps) -> Iterator[None]:
        """Run these steps at once while something else is done. What each said is told afterwards, one after the other."""
        print(f"── {' · '.join(steps)}", flush=True)
        with self._running(steps, quiet=True):
            yield
        for name in steps:
            said = self._output(name).read_text(errors="replace").strip()
            print(f"── {name}\n{said}" if said else f"── {name}: nothing to say", flush=True)

    def _output(self, name: str) -> Path:
        return self.folder / f"{name}.txt"

    @contextmanager
    def _running(self, steps: Steps, *, quiet: bool = False) -> Iterator[None]:
        started = time.monotonic()
        processes = {}
        for name, (command, environment) in steps.items():
            with open(self._output(name), "w") if quiet else nullcontext() as output:
                processes[name] = subprocess.Popen(
                    [str(BIN / command[0]), *command[1:]],
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT if quiet else None,
                )
        try:
            yield
            failed = [name for name, process in processes.items() if process.wait()]
        except BaseException as ending:
            # Ctrl-C reached the steps as well; other endings only this process. They get time to put away what they started.
            for process in processes.values():
                if not isinstance(ending, KeyboardInterrupt):
                    process.send_signal(signal.SIGINT)
            for process in processes.values():
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
            raise
        print(f"   {'FAILED: ' + ', '.join(failed) if failed else 'passed'} in {time.monotonic() - started:.1f} s", flush=True)
        self.failed += failed

    def suite(self, name: str, environment: dict[str, str], *arguments: str) -> None:
        """Run tests on one database, and count what came out."""
        report = self.folder / f"{name}.xml"
        self.step(name, [*PYTEST, f"--junitxml={report}", *arguments], environment)
        if report.exists():
            self._count(report)

    def _count(self, report: Path) -> None:
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            seen = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
            bad = seen["failures"] + seen["errors"]
            self.counts.update(failed=bad, skipped=seen["skipped"], passed=seen["tests"] - bad - seen["skipped"])
            for skipped in suite.iter("skipped"):
                wanted = re.match(r"needs ([\w-]+): ", skipped.get("message", ""))
                self.unmet.update([wanted[1]] if wanted else [])


def stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main() -> int:
    signal.signal(signal.SIGTERM, stop)
    with tempfile.TemporaryDirectory(prefix="citylab-test-run-", ignore_cleanup_errors=True) as folder, Servers() as servers:
        run = Run(Path(folder))
        # Each process would compile every test anew where no bytecode is kept.
        plain = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "ENVIRONMENT", "PYTHONDONTWRITEBYTECODE")}
        plain.update(
            ENVIRONMENT="local",  # whatever a .env file says
            VAR_DIR=f"{folder}/var",
            TEST_VAR_DIR=f"{folder}/tests",
            TEST_SQLITE_TEMPLATE=f"{folder}/template.sqlite3",
            DJANGO_SETTINGS_MODULE="citylab.settings.test",
            PYTHONPATH=str(ROOT),
        )
        # All the test processes start from copies of one migrated database of each kind.
        make, drop = (["python", "-m", "tests.services.template", command] for command in ("make", "drop"))
        real: dict[str, str] = {}
        try:
            with run.meanwhile({name: (command, plain) for name, command in {**CHECKS, ON_SQLITE: make}.items()}):
                servers.start()
                given = {**servers.addresses, "CITYLAB_MISSING": json.dumps(servers.missing)}
                if "DATABASE_URL" in given:
                    real = {**plain, **given, "TEST_POSTGRESQL_TEMPLATE": f"test_template_{os.getpid()}"}
                    run.step(ON_POSTGRESQL, make, real)
            for name, why in servers.missing.items():
                print(f"   {name} cannot be had here: {why}", flush=True)
            if real and ON_POSTGRESQL not in run.failed:
                run.suite("suite on PostgreSQL", real, *EVERYTHING)
        finally:
            if real:
                run.step("database on PostgreSQL thrown away", drop, real)
        if ON_SQLITE not in run.failed:
            given.pop("DATABASE_URL", None)
            run.suite("suite on SQLite", {**plain, **given}, *(("--second-database", *(f"tests/{name}" for name in TWICE)) if real else EVERYTHING))

    if servers.missing and os.environ.get("CI") == "true":
        run.failed.append("servers (CI needs all of them)")
    print("FAILED: " + ", ".join(run.failed) if run.failed else "Everything passed.")
    print(", ".join(f"{run.counts[name]} {name}" for name in ("passed", "failed", "skipped")), flush=True)
    if servers.missing:
        print("Skipped for want of a server: " + "; ".join(f"{run.unmet[name]} that need {name} ({why})" for name, why in servers.missing.items()))
    return 1 if run.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
