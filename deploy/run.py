"""`make run`: migrate, load the demo city once, then web, worker and scheduler together until Ctrl-C."""

import fcntl
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from shlex import join
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citylab.settings")
BIN = Path(sys.executable).parent
# An idle worker needs three to four seconds to stop and one with a task in hand longer: honcho would kill it after five.
SECONDS_TO_STOP = 20


def locked(var: Path) -> TextIO:
    """Hold the lock of this folder; ends the program with the running one's address where there is one."""
    handle = (var / "run.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        sys.exit(f"It is already running: {handle.read().strip() or 'see the other terminal'}")
    return handle


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def prepare(var: Path) -> list[tuple[str, str]]:
    """Bring the database up to date and load the demo city, once; the demo accounts (address, name)."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Making the database …", flush=True)
        call_command("migrate", interactive=False, verbosity=0)
    from citylab.accounts.models import User

    loaded = var / "demo-loaded"
    if settings.DEMO_ACCOUNTS and not loaded.exists():
        print("Loading the demo city …", flush=True)
        call_command("load_demo", verbosity=0)
        loaded.touch()
    accounts = list(User.objects.filter(is_demo=True, is_active=True).order_by("pk").values_list("email", "name"))
    connection.close()
    return accounts


def announce(address: str, product: str, accounts: list[tuple[str, str]]) -> None:
    """Say where it is and who can sign in, as soon as it answers."""
    while True:
        try:
            urllib.request.urlopen(f"{address}/it/", timeout=60).close()
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.1)
        else:
            break
    lines = [f"{product} answers at {address}", "Demo accounts (buttons on the sign-in page):"]
    lines += [f"  {name} · {email}" for email, name in accounts]
    lines += ["Ctrl-C stops everything."]
    print("\n" + "\n".join(f"  {line}" for line in lines) + "\n", flush=True)


def main() -> int:
    import django
    from django.conf import settings

    django.setup()
    port = int(os.environ.get("PORT", "8000"))  # after the settings, which read .env
    var = Path(settings.VAR_DIR)
    var.mkdir(parents=True, exist_ok=True)
    lock = locked(var)
    if answers(port):
        sys.exit(f"Port {port} is taken by another program. Choose another one: PORT={port + 1} make run")
    address = f"http://127.0.0.1:{port}"
    lock.seek(0)
    lock.truncate()
    lock.write(address)
    lock.flush()
    accounts = prepare(var)

    # On a machine where everything runs as root, Celery's warning about it would only be noise.
    quiet = "ignore:You're running the worker with superuser privileges"
    environment = {**os.environ, "SITE_URL": os.environ.get("SITE_URL", address), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": quiet}
    celery = [str(BIN / "celery"), "--quiet", "-A", "citylab"]
    web = [str(BIN / "gunicorn"), "citylab.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8"]
    commands = {
        "web": [*web, "--graceful-timeout", "2", "--log-level", "warning"],
        "worker": [*celery, "worker", "--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning"],
        "scheduler": [*celery, "beat", "--schedule", str(var / "beat-schedule"), "--pidfile", "", "--loglevel", "warning"],
    }
    from honcho import manager as honcho

    honcho.KILL_WAIT = SECONDS_TO_STOP
    manager = honcho.Manager()
    for name, command in commands.items():
        manager.add_process(name, f"exec {join(command)}", env=environment, cwd=str(ROOT))
    threading.Thread(target=announce, args=(address, settings.CITY["product"], accounts), daemon=True).start()
    # A closed terminal ends it as well.
    signal.signal(signal.SIGHUP, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    return 0 if manager.returncode in (0, None, 130, -signal.SIGINT) else manager.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
