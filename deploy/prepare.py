"""Makes .venv with the locked requirements of one kind (base or test), once: a mark keeps the hash of what is installed."""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
# There while pip works: a package that it was copying when somebody pressed Ctrl-C looks installed to the next pip.
UNFINISHED = VENV / "installing"


def usable() -> bool:
    """Whether .venv has a Python with pip and only whole packages: an interrupted start or a removed Python leaves less."""
    python = VENV / "bin" / "python"
    return not UNFINISHED.exists() and python.exists() and subprocess.run([str(python), "-c", "import pip"], capture_output=True, check=False).returncode == 0


def main(kind: str) -> int:
    locked = ROOT / "requirements" / f"{kind}.txt"
    mark = VENV / f"installed-{kind}"
    wanted = hashlib.sha256(locked.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text() == wanted and (VENV / "bin" / "python").exists():
        return 0
    try:
        import ensurepip  # noqa: F401 - only to see whether Debian split it away
        import venv
    except ImportError:
        print("Python's venv is missing: install python3-venv (Debian and Ubuntu: apt-get install python3.11-venv).")
        return 1
    if not usable():
        print("Making .venv …", flush=True)
        venv.create(VENV, with_pip=True, clear=True)
    print("Installing the locked requirements …", flush=True)
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", str(locked)]
    UNFINISHED.touch()
    if subprocess.run(command, check=False).returncode:
        print("The requirements could not be installed: see above; is there a network?")
        return 1
    UNFINISHED.unlink()
    mark.write_text(wanted)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
