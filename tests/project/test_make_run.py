"""`make run` as somebody at a terminal meets it: it starts, says so when started twice, and leaves nothing behind."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services import template

ROOT = Path(__file__).resolve().parents[2]
MARK = "CITYLAB_RUN_UNDER_TEST"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], what: str, seconds: int = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} seconds"
        time.sleep(0.1)


class Terminal:
    """A folder with a migrated and loaded city, and what is typed about it."""

    def __init__(self, folder: Path) -> None:
        self.var, self.output, self.port = folder / "var", folder / "output.txt", free_port()
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TEST_SQLITE_TEMPLATE")}
        self.environment = {**kept, "VAR_DIR": str(self.var), "PORT": str(self.port), MARK: str(folder)}
        self.mark = f"{MARK}={folder}".encode()
        if not template.copy_sqlite(self.var / "citylab.sqlite3"):
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=self.environment, check=True)
        (self.var / "demo-loaded").touch()

    def start(self) -> subprocess.Popen[bytes]:
        """In a process group of its own, as a shell does, so that Ctrl-C can reach the group."""
        with self.output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "deploy/run.py"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def start_again(self, **changes: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "deploy/run.py"]
        return subprocess.run(command, cwd=ROOT, env={**self.environment, **changes}, capture_output=True, text=True, timeout=120, check=False)

    def says(self, text: str) -> bool:
        return text in self.output.read_text(errors="replace")

    def left_behind(self) -> list[str]:
        """The commands of all processes that were started from here and still run."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        return found


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    yield Terminal(tmp_path)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
def test_it_says_where_it_is_refuses_a_second_start_and_leaves_nothing_behind(terminal, ending):
    with sqlite3.connect(terminal.var / "citylab.sqlite3") as database:
        columns = "password, is_superuser, email, name, language, is_active, is_staff, is_demo, date_joined"
        database.execute(f"INSERT INTO accounts_user ({columns}) VALUES ('', 0, 'demo@example.org', 'Demo', 'it', 1, 0, 1, '2027-01-01')")
    running = terminal.start()
    try:
        wait_until(lambda: terminal.says("Ctrl-C stops everything.") or running.poll() is not None, "the start")
        assert terminal.says(f"answers at http://127.0.0.1:{terminal.port}"), terminal.output.read_text()
        assert terminal.says("Demo · demo@example.org")
        with urllib.request.urlopen(f"http://127.0.0.1:{terminal.port}/health/", timeout=60) as answer:
            assert answer.status == 200
        assert sum("celery" in command for command in terminal.left_behind()) >= 2  # worker and scheduler

        again = terminal.start_again()
        assert (again.returncode, again.stderr.strip()) == (1, f"It is already running: http://127.0.0.1:{terminal.port}")

        os.killpg(running.pid, ending) if ending == signal.SIGINT else running.send_signal(ending)
        running.wait(timeout=60)
        assert not terminal.says("SIGKILL")
        assert terminal.left_behind() == []
    finally:
        if running.poll() is None:
            running.terminate()
            running.wait(timeout=60)


def test_a_taken_port_is_named_with_what_to_do(terminal):
    with socket.create_server(("127.0.0.1", terminal.port)):
        refused = terminal.start_again()
    assert refused.returncode == 1
    assert refused.stderr.strip() == f"Port {terminal.port} is taken by another program. Choose another one: PORT={terminal.port + 1} make run"


def test_a_start_that_was_interrupted_goes_on_the_next_time(terminal):
    """The demo city was half loaded: the mark is missing, so it is loaded again, and loading is idempotent (tests of the demo)."""
    (terminal.var / "demo-loaded").unlink()
    running = terminal.start()
    wait_until(lambda: terminal.says("Loading the demo city"), "the loading")
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(timeout=60) == 130
    assert not (terminal.var / "demo-loaded").exists()
    assert terminal.left_behind() == []
    assert "Loading the demo city" in first_lines_of_next_start(terminal)


def first_lines_of_next_start(terminal: Terminal) -> str:
    running = terminal.start()
    try:
        wait_until(lambda: terminal.says("Loading the demo city") or running.poll() is not None, "the loading")
        return terminal.output.read_text()
    finally:
        os.killpg(running.pid, signal.SIGINT)
        running.wait(timeout=60)
