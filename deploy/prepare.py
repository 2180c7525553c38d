"""Makes .venv with the locked requirements of one kind (base or test), once: a mark keeps the hash of what is installed."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(kind: str) -> int:
    locked = ROOT / "requirements" / f"{kind}.txt"
    mark = ROOT / ".venv" / f"installed-{kind}"
    wanted = hashlib.sha256(locked.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text() == wanted:
        return 0
    try:
        import ensurepip  # noqa: F401 - only to see whether Debian split it away
    except ImportError:
        print("Python's venv is missing: install python3-venv (Debian and Ubuntu: apt-get install python3.11-venv).")
        return 1
    python = ROOT / ".venv" / "bin" / "python"
    if not python.exists():
        print("Making .venv …", flush=True)
        venv.create(ROOT / ".venv", with_pip=True)
    print("Installing the locked requirements …", flush=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", str(locked)]
    if subprocess.run(command, check=False).returncode:
        print("The requirements could not be installed: see above; is there a network?")
        return 1
    mark.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
