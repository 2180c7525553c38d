"""A real worker, killed while it works: after a restart every effect has happened once."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.services import need, template

ROOT = Path(__file__).resolve().parents[2]
CASES = 5

SEND_NUDGE = "from citylab.core.tasks import drain; drain.apply_async(retry=False)"
PUBLISH = f"""
from django.db import transaction
from citylab.core import outbox
with transaction.atomic():
    for n in range({CASES}):
        outbox.publish("case.moved", n)
"""


def wait_until(condition, what, seconds=60):
    """Poll `condition` until it holds; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} seconds"
        time.sleep(0.05)


class City:
    """An installation of its own in a folder: database, queue and the switch that holds the slow consumer."""

    def __init__(self, folder, broker):
        self.folder = folder
        (folder / "hold").touch()
        inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "TEST_VAR_DIR")}
        self.environment = {
            **inherited,
            "ENVIRONMENT": "local",
            "DJANGO_SETTINGS_MODULE": os.environ.get("WORKER_SETTINGS_MODULE", "citylab.settings"),
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "VAR_DIR": str(folder / "var"),
            "SLOW_CONSUMER_DIR": str(folder),
        }
        if broker:
            self.environment["REDIS_URL"] = broker
        self.log = (folder / "worker.log").open("ab")

    def run(self, *arguments):
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, check=True, timeout=180, stdout=self.log, stderr=self.log)

    def start_worker(self):
        options = ["--pool=threads", "--concurrency=2", "--loglevel=info", "--without-mingle", "--without-gossip"]
        command = [sys.executable, "-m", "celery", "-A", "tests.core.killed_worker", "worker", *options]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log, start_new_session=True)

    def rows(self, query):
        with sqlite3.connect(f"file:{self.folder / 'var' / 'citylab.sqlite3'}?mode=ro", uri=True, timeout=30) as database:
            return database.execute(query).fetchall()

    def reached(self):
        return {path.name for path in self.folder.glob("reached-*")}


@pytest.mark.parametrize("broker", ["filesystem", "redis"])
def test_every_effect_happens_once_though_the_worker_is_killed(tmp_path, broker):
    city = City(tmp_path, need("Redis") if broker == "redis" else "")
    if not template.copy_sqlite(tmp_path / "var" / "citylab.sqlite3"):
        city.run("migrate", "-v0")
    city.run("shell", "-v0", "-c", PUBLISH)
    worker = city.start_worker()
    try:
        wait_until(city.reached, "the slow consumer's work")
        os.killpg(worker.pid, signal.SIGKILL)
        assert worker.wait(timeout=30) == -signal.SIGKILL
        # The first consumer of the first case had committed; the slow one's writes went with the process.
        assert city.rows("SELECT topic, key FROM core_outboxmessage WHERE topic LIKE 'effect.%'") == [("effect.first", "0:")]
        assert city.rows("SELECT count(*) FROM core_outboxmessage WHERE done_at IS NULL") == [(CASES,)]

        killed = city.reached()
        (tmp_path / "hold").unlink()
        worker = city.start_worker()
        city.run("shell", "-v0", "-c", SEND_NUDGE)  # what the sweeper does every half minute
        wait_until(lambda: city.rows("SELECT count(*) FROM core_outboxmessage WHERE done_at IS NULL") == [(0,)], "the delivery of all messages")
        effects = Counter(city.rows("SELECT topic, key FROM core_outboxmessage WHERE topic LIKE 'effect.%'"))
        assert effects == {(f"effect.{name}", f"{n}:"): 1 for name in ("first", "slow", "second") for n in range(CASES)}
        assert len(city.reached() - killed) == CASES  # the slow consumer did run again for the case that it was killed in
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(timeout=30)
        city.log.close()
        print((tmp_path / "worker.log").read_text(errors="replace")[-5000:])
