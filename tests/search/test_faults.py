"""A real worker, a real cluster of one's own, and a writer that does not stop: whatever is killed, the index holds what the records say."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from secrets import token_hex

import pytest

from tests.services import need, template
from tests.services.programs import elasticsearch_folder
from tests.services.servers import Servers

ROOT = Path(__file__).resolve().parents[2]
RECORDS = 80
SEED = 20261125


def wait_until(condition, what, seconds):
    """Poll `condition` until it holds; how long that took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() < started + seconds, f"{what} did not happen within {seconds} seconds"
        time.sleep(0.05)
    return time.monotonic() - started


class City:
    """An installation of its own in a folder, with a cluster of its own."""

    def __init__(self, folder):
        self.folder, self.servers = folder, Servers()
        inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "TEST_VAR_DIR")}
        self.environment = {
            **inherited, "ENVIRONMENT": "local", "DJANGO_SETTINGS_MODULE": "citylab.settings", "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "VAR_DIR": str(folder / "var"), "ELASTICSEARCH_PREFIX": f"test-{token_hex(4)}",
        }  # fmt: skip
        self.log = (folder / "processes.log").open("ab")
        self.processes = []

    def start(self):
        self.environment["ELASTICSEARCH_URL"] = self.servers.elasticsearch_alone()
        if not template.copy_sqlite(self.folder / "var" / "citylab.sqlite3"):
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=self.environment, check=True, timeout=180)
        self.writer = self.spawn("-m", "tests.search.faults.writer", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask("load", RECORDS)
        self.start_worker()
        wait_until(lambda: self.worker.poll() or self.ask("unsettled") == 0 and not self.ask("found", "sfida")[1], "the first filling of the cluster", 60)

    def spawn(self, *arguments, **pipes):
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, text=True, start_new_session=True, **{"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log, **pipes}
        )
        self.processes.append(process)
        return process

    def start_worker(self):
        options = ["--beat", "--schedule", str(self.folder / "beat"), "--pool=threads", "--concurrency=2", "--without-mingle", "--without-gossip", "--loglevel=info"]
        self.worker = self.spawn("-m", "celery", "-A", "tests.search.faults.worker", "worker", *options)

    def start_rebuilder(self):
        return self.spawn("-m", "tests.search.faults.rebuilder", stdout=subprocess.PIPE)

    def ask(self, *command):
        self.writer.stdin.write(json.dumps(command) + "\n")
        self.writer.stdin.flush()
        answer = self.writer.stdout.readline()
        assert answer, "the writer is gone"
        return json.loads(answer)

    def kill(self, process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)

    def stop(self):
        for process in self.processes:
            self.kill(process)
        self.servers.stop()
        self.log.close()
        print((self.folder / "processes.log").read_text(errors="replace")[-5000:])


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    need("Elasticsearch")
    if not elasticsearch_folder():
        pytest.skip("needs Elasticsearch: it is not installed on this machine, and the one whose address is given may not be killed")
    found = City(tmp_path_factory.mktemp("city"))
    try:
        found.start()
        yield found
    finally:
        found.stop()


def test_a_published_challenge_is_found_within_five_seconds_and_a_withdrawn_one_is_gone_as_fast(city):
    key = city.ask("publish", "Zampilli nelle piazze")
    appeared = wait_until(lambda: city.ask("found", "zampilli") == [[key], False], "finding it", 5)
    city.ask("withdraw", key)
    gone = wait_until(lambda: city.ask("found", "zampilli") == [[], False], "its leaving", 5)
    print(f"found after {appeared:.1f} s, gone after {gone:.1f} s")


def test_killed_rebuilds_workers_and_clusters_lose_nothing_while_people_write_on(city):
    chosen = random.Random(SEED)

    def killed_rebuild():
        """A rebuild that is killed somewhere between its first moment and its end."""
        rebuilder = city.start_rebuilder()
        assert rebuilder.stdout.readline() == "begun\n"
        time.sleep(chosen.uniform(0, 1.5))  # the random moment itself
        return rebuilder

    city.ask("churn", SEED)
    city.kill(killed_rebuild())
    rebuilder = killed_rebuild()
    city.kill(city.worker)
    city.start_worker()
    city.kill(rebuilder)

    rebuilder = killed_rebuild()
    city.servers.kill("Elasticsearch")
    key = city.ask("publish", "Zampilli nelle piazze")
    wait_until(lambda: city.ask("found", "zampilli") == [[key], True], "the answer of the reserve", 30)
    city.kill(rebuilder)
    city.servers.elasticsearch_alone()
    city.kill(killed_rebuild())

    changes = city.ask("stop")
    wait_until(lambda: city.ask("unsettled") == 0, "catching up", 60)
    wait_until(lambda: city.ask("found", "zampilli") == [[key], False], "the answer of the cluster", 30)
    # What killed rebuilds left stands aside, and serves nobody.
    assert [finding for finding in city.ask("check") if "abandoned indices" not in finding] == []
    subprocess.run([sys.executable, "manage.py", "search_rebuild", "--engine", "elasticsearch", "-v0"], cwd=ROOT, env=city.environment, check=True, timeout=60)
    assert city.ask("check") == []
    print(f"{changes} changes, nothing lost")
    assert changes > 20
