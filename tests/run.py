"""`make test`: the checks, then the suite on PostgreSQL with the real servers, then what must also hold on SQLite."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.services.servers import Servers  # noqa: E402 - the path has to be there first

BIN = ROOT / ".venv/bin"
CHECKS = {
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "import contracts": ["lint-imports", "--no-cache"],
    "templates": ["djlint", "--lint", "--quiet", "citylab", "cms"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
}
ON_SQLITE = ["tests/core", "tests/audit", "tests/notifications", "tests/accounts", "tests/challenges", "tests/testbeds", "tests/proposals", "tests/pilots", "tests/search", "tests/journeys"]


def step(name: str, command: list[str], environment: dict[str, str]) -> bool:
    """Run one step, timed; whether it passed."""
    started = time.monotonic()
    print(f"── {name}", flush=True)
    passed = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, env=environment, check=False, stdin=subprocess.DEVNULL).returncode in (0, 5 if command[0] == "pytest" else 0)
    print(f"   {'passed' if passed else 'FAILED'} in {time.monotonic() - started:.1f} s", flush=True)
    return passed


def main() -> int:
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="citylab-test-run-") as folder:
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL")}
        environment.update(VAR_DIR=f"{folder}/var", DJANGO_SETTINGS_MODULE="citylab.settings.test", PYTHONPATH=str(ROOT))
        environment.pop("ENVIRONMENT", None)
        failed += [name for name, command in CHECKS.items() if not step(name, command, environment)]
        servers = Servers()
        try:
            servers.up()
            for name, why in servers.missing.items():
                print(f"   {name} cannot be had here: {why}", flush=True)
            real = {**environment, **servers.addresses, "CITYLAB_MISSING": ",".join(servers.missing)}
            if "DATABASE_URL" in servers.addresses and not step("suite on PostgreSQL", ["pytest", "-n", "2", "--dist", "loadscope", "tests"], real):
                failed.append("suite on PostgreSQL")
            plain = {**environment, "CITYLAB_MISSING": ",".join(servers.missing), **({"REDIS_URL": servers.addresses["REDIS_URL"]} if "REDIS_URL" in servers.addresses else {})}
            folders = [name for name in ON_SQLITE if (ROOT / name).is_dir()]
            if not step("suite on SQLite", ["pytest", "-n", "2", "--dist", "loadscope", "-m", "not postgresql_only", *folders], plain):
                failed.append("suite on SQLite")
        finally:
            servers.down()
        if servers.missing and os.environ.get("CI") == "true":
            failed.append("missing servers")
    if servers.missing:
        print("Skipped for want of " + "; ".join(f"{name} ({why})" for name, why in servers.missing.items()))
    print("FAILED: " + ", ".join(failed) if failed else "Everything passed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
