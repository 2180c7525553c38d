"""Real servers for the tests, without Docker: PostgreSQL, Redis, Elasticsearch, stripe-mock, and Chromium.

For each one: an address in the environment wins; else what is installed is started; else, as root on Debian or Ubuntu, it is
installed from the distribution's packages (Elasticsearch from Maven Central); else it is missing, with a reason. stripe-mock is built.

    python -m tests.services.servers up      start what is missing, and leave it running
    python -m tests.services.servers env     print the variables to export
    python -m tests.services.servers down    stop it and throw the data away

Each bring-up has a folder and ports of its own, so that two can run at once. As root the servers run as `nobody`.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import grp
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .programs import (
    PRESENT,
    Missing,
    browser,
    build_stripe_mock,
    cache_folder,
    download_elasticsearch,
    elasticsearch_folder,
    install_packages,
    is_root,
    one_at_a_time,
    postgres_folder,
    run,
    stripe_mock,
)

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = {
    "PostgreSQL": "DATABASE_URL",
    "Redis": "REDIS_URL",
    "Elasticsearch": "ELASTICSEARCH_URL",
    "Chromium": "CHROMIUM",
    "stripe-mock": "STRIPE_MOCK_URL",
}
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux's prctl


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Servers:
    """The servers of one bring-up. `addresses` and `missing` (reasons) are filled by start(); stop() leaves nothing behind.

    `tied`: the servers die with this process, however it ends.
    """

    def __init__(self, folder: Path | None = None, *, tied: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="citylab-services-")) if folder is None else folder
        self.tied = tied
        self.addresses: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.processes: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Install what is missing, start all that is not given by an address, and wait until each answers."""
        for name, variable in VARIABLES.items():
            given = os.environ.get(variable, "")
            if given and (name != "PostgreSQL" or given.startswith("postgres")):
                self.addresses[variable] = given
        wanted = [name for name in PRESENT if VARIABLES[name] not in self.addresses]
        cache = cache_folder()
        with one_at_a_time(cache):
            self.missing.update(install_packages([name for name in wanted if not PRESENT[name]()]))
            if "Elasticsearch" in wanted and "Elasticsearch" not in self.missing and not elasticsearch_folder():
                with self._or_missing("Elasticsearch"):
                    download_elasticsearch(cache)
            if "stripe-mock" in wanted and not stripe_mock().exists():
                with self._or_missing("stripe-mock"):
                    build_stripe_mock(cache)
        if path := browser():  # root may have wanted a better one
            self.missing.pop("Chromium", None)
            self.addresses.setdefault("CHROMIUM", path)

        self.folder.mkdir(parents=True, exist_ok=True)
        self._give_to_nobody(self.folder)
        waits: dict[str, Callable[[], str]] = {}
        starters = {
            "Elasticsearch": self._start_elasticsearch,
            "stripe-mock": self._start_stripe_mock,
            "Redis": self._start_redis,
            "PostgreSQL": self._start_postgres,
        }
        for name, starter in starters.items():  # the slowest first; all of them come up at the same time
            if name in wanted and name not in self.missing:
                with self._or_missing(name):
                    waits[name] = starter()
        for name, wait in waits.items():
            with self._or_missing(name):
                self.addresses[VARIABLES[name]] = wait()

    @contextlib.contextmanager
    def _or_missing(self, name: str) -> Iterator[None]:
        try:
            yield
        except Missing as error:
            self.missing[name] = str(error)

    def _give_to_nobody(self, folder: Path) -> None:
        folder.chmod(0o755)
        if is_root():
            os.chown(folder, pwd.getpwnam("nobody").pw_uid, grp.getgrnam("nogroup").gr_gid)

    def _as_nobody(self) -> dict[str, Any]:
        environment = {**os.environ, "HOME": str(self.folder)}
        return {"env": environment, "cwd": self.folder, **({"user": "nobody", "group": "nogroup", "extra_groups": []} if is_root() else {})}

    def _spawn(self, name: str, command: list[str], *, cwd: Path | None = None, last_signal: signal.Signals = signal.SIGKILL, **environment: str) -> None:
        def die_with_parent() -> None:
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, int(last_signal))

        options = self._as_nobody()
        options["env"].update(environment)
        options["cwd"] = cwd or self.folder
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent if self.tied else None,
                **options,
            )
        self.processes[name] = process.pid

    def _wait(self, name: str, ready: Callable[[], bool], seconds: int = 120) -> None:
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end or not alive(self.processes[name]):
                log = (self.folder / f"{name}.log").read_text(errors="replace").strip().splitlines()
                raise Missing(f"{name} did not start: {log[-1] if log else 'it said nothing'}")
            time.sleep(0.1)

    def _start_postgres(self) -> Callable[[], str]:
        programs, port, data = postgres_folder(), free_port(), self.folder / "postgresql"
        assert programs is not None
        run(
            [str(programs / "initdb"), "-D", str(data), "-U", "citylab", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            "initdb",
            **self._as_nobody(),
        )
        fast = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off", "jit": "off", "max_wal_size": "4GB"}
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200", "shared_buffers": "256MB", **fast}
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port)]
        # SIGQUIT ends PostgreSQL's own children too.
        self._spawn("PostgreSQL", [*command, *(part for key, value in settings.items() for part in ("-c", f"{key}={value}"))], last_signal=signal.SIGQUIT)

        def wait() -> str:
            ask = [str(programs / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "citylab", "-qtA", "-d", "postgres", "-c"]
            self._wait("PostgreSQL", lambda: subprocess.run([*ask, "SELECT 1"], capture_output=True).returncode == 0)
            run([*ask, "CREATE DATABASE citylab"], "CREATE DATABASE")
            return f"postgres://citylab@127.0.0.1:{port}/citylab"

        return wait

    def _start_redis(self) -> Callable[[], str]:
        port = free_port()
        self._spawn("Redis", ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "", "--appendonly", "no"])

        def wait() -> str:
            self._wait("Redis", lambda: answers(port))
            return f"redis://127.0.0.1:{port}/0"

        return wait

    def _start_stripe_mock(self) -> Callable[[], str]:
        port = free_port()
        # It would serve HTTPS to the whole network by itself.
        self._spawn("stripe-mock", [str(stripe_mock()), "-http-addr", f"127.0.0.1:{port}", "-https-addr", "127.0.0.1:0"])

        def wait() -> str:
            self._wait("stripe-mock", lambda: answers(port))
            return f"http://127.0.0.1:{port}"

        return wait

    def elasticsearch_alone(self) -> str:
        """Start Elasticsearch alone, or again where it was killed, with the data that it had; its address. Raises Missing."""
        if not elasticsearch_folder():
            raise Missing("not installed")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._give_to_nobody(self.folder)
        return self._start_elasticsearch()()

    def kill(self, name: str) -> None:
        """End a server as a crash does."""
        os.killpg(self.processes[name], signal.SIGKILL)
        while alive(self.processes[name]):
            time.sleep(0.02)

    def _start_elasticsearch(self) -> Callable[[], str]:
        home, folder = elasticsearch_folder(), self.folder / "elasticsearch"
        assert home is not None
        bundled = home / "jdk" / "bin" / "java"
        java = bundled if bundled.is_file() else Path(shutil.which("java") or "java").resolve()
        if not folder.exists():
            self._prepare_elasticsearch(home, folder)
        port = int((folder / "port").read_text())
        # The bundle leaves the launch scripts out; this is what they run.
        command = [str(java), "-Xmx64m", "-XX:+UseSerialGC", "-Dcli.name=server", "-Dcli.script=bin/elasticsearch", "-Dcli.libs=lib/tools/server-cli"]
        command += [f"-Des.path.home={home}", f"-Des.path.conf={folder / 'config'}", "-Des.distribution.type=tar", "-Des.java.type=JAVA_HOME"]
        command += ["-cp", f"{home}/lib/*:{home}/lib/cli-launcher/*", "org.elasticsearch.launcher.CliToolLauncher"]
        java_home = str(java.parent.parent)
        # When its launcher is gone the server ends by itself.
        self._spawn("Elasticsearch", command, cwd=home, JAVA_HOME=java_home, ES_JAVA_HOME=java_home, ES_HOME=str(home), ES_PATH_CONF=str(folder / "config"))

        def ready() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=green&timeout=1s", timeout=5) as answer:
                    return bool(json.load(answer)["status"] == "green")
            except (OSError, urllib.error.URLError, ValueError):
                return False

        def wait() -> str:
            self._wait("Elasticsearch", ready)
            return f"http://127.0.0.1:{port}"

        return wait

    def _prepare_elasticsearch(self, home: Path, folder: Path) -> None:
        port = free_port()
        (folder / "config").mkdir(parents=True)
        shutil.copy(home / "config" / "log4j2.properties", folder / "config")
        memory = ["-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.security.manager=allow"]
        (folder / "config" / "jvm.options").write_text("\n".join(memory) + "\n")
        settings = {
            "cluster.name": "citylab-tests",
            "network.host": "127.0.0.1",
            "http.port": port,
            "transport.port": free_port(),
            "discovery.type": "single-node",
            "xpack.security.enabled": "false",
            "xpack.ml.enabled": "false",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            # So small a memory is full of what is no longer needed: that alone must turn nobody away.
            "indices.breaker.total.use_real_memory": "false",
            "path.data": folder / "data",
            "path.logs": folder / "logs",
        }
        (folder / "port").write_text(str(port))
        (folder / "config" / "elasticsearch.yml").write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
        for path in [folder, *folder.rglob("*")]:
            self._give_to_nobody(path) if path.is_dir() else path.chmod(0o644)
        if is_root():
            shutil.chown(folder / "config" / "elasticsearch.yml", "nobody", "nogroup")

    def stop(self) -> None:
        """End every server that this bring-up started, and throw its folder away."""
        for pid in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGQUIT if pid == self.processes.get("PostgreSQL") else signal.SIGKILL)
        end = time.monotonic() + 15
        for pid in self.processes.values():
            while alive(pid) and time.monotonic() < end:
                time.sleep(0.05)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        self.processes = {}
        shutil.rmtree(self.folder, ignore_errors=True)


def alive(pid: int) -> bool:
    """Whether the process runs (one of ours that has ended is collected on the way)."""
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.services.servers", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("command", choices=["up", "env", "down"])
    command = parser.parse_args().command
    state = ROOT / "var" / "services.json"
    if command == "up":
        if state.exists():
            print("They are up already: python -m tests.services.servers env")
            return 0
        servers = Servers(tied=False)
        try:
            servers.start()
        except BaseException:
            servers.stop()
            raise
        state.parent.mkdir(exist_ok=True)
        kept = {"folder": str(servers.folder), "addresses": servers.addresses, "missing": servers.missing, "processes": servers.processes}
        state.write_text(json.dumps(kept, indent=1))
        for name, why in servers.missing.items():
            print(f"{name} is missing: {why}", file=sys.stderr)
    elif not state.exists():
        print("Nothing is up: python -m tests.services.servers up", file=sys.stderr)
        return 1
    if command == "down":
        kept = json.loads(state.read_text())
        servers = Servers(Path(kept["folder"]))
        servers.processes = kept["processes"]
        servers.stop()
        state.unlink()
        return 0
    for variable, address in json.loads(state.read_text())["addresses"].items():
        print(f"export {variable}={address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
