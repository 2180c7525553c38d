"""`make run`: migrate, load the demo city once, then web, worker and scheduler together until Ctrl-C."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citylab.settings")
BIN = Path(sys.executable).parent


def locked(var: Path) -> object:
    """Hold the lock of this folder; ends the program with the running one's address where there is one."""
    handle = (var / "run.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        sys.exit(f"It is already running: {handle.read().strip() or 'see the other terminal'}")
    return handle


def main() -> int:
    port = os.environ.get("PORT", "8000")
    import django
    from django.conf import settings

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    var = Path(settings.VAR_DIR)
    var.mkdir(parents=True, exist_ok=True)
    lock = locked(var)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", int(port))) == 0:
            sys.exit(f"Port {port} is taken by another program. Choose another one: PORT=8001 make run")
    address = f"http://127.0.0.1:{port}"
    lock.seek(0)  # type: ignore[attr-defined]
    lock.truncate()  # type: ignore[attr-defined]
    lock.write(address)  # type: ignore[attr-defined]
    lock.flush()  # type: ignore[attr-defined]

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Making the database …", flush=True)
        call_command("migrate", interactive=False, verbosity=0)
    from citylab.accounts.models import User

    if settings.DEMO_ACCOUNTS and not (var / "demo-loaded").exists():
        print("Loading the demo city …", flush=True)
        call_command("load_demo", verbosity=0)
        (var / "demo-loaded").touch()
    accounts = list(User.objects.filter(is_demo=True).order_by("pk").values_list("email", "name"))
    connection.close()

    environment = {**os.environ, "SITE_URL": os.environ.get("SITE_URL", address), "PYTHONUNBUFFERED": "1"}
    celery = [str(BIN / "celery"), "-A", "citylab"]
    commands = {
        "web": [str(BIN / "gunicorn"), "citylab.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8", "--graceful-timeout", "2", "--log-level", "warning"],
        "worker": [*celery, "worker", "--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning"],
        "scheduler": [*celery, "beat", "--schedule", str(var / "beat-schedule"), "--pidfile", "", "--loglevel", "warning"],
    }
    from honcho.manager import Manager

    manager = Manager()
    for name, command in commands.items():
        manager.add_process(name, subprocess.list2cmdline(command), env=environment, cwd=str(ROOT))
    print(f"\n  {settings.CITY['product']} answers at {address}\n  Demo accounts (buttons on the sign-in page):", flush=True)
    for email, name in accounts:
        print(f"    {name} · {email}")
    print("  Ctrl-C stops everything.\n", flush=True)
    manager.loop()
    return 0 if manager.returncode in (0, None, 130, -signal.SIGINT) else manager.returncode


if __name__ == "__main__":
    sys.exit(main())
