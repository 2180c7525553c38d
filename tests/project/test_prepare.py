"""What `make run` does before anything is there: what is missing is named in one line, and what was interrupted is made again."""

import importlib.util
import os
import shutil
import subprocess
import sys
import types
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make run` needs of a fresh clone before it has its .venv."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "base.txt").write_text("")
    return tmp_path


def python_in(folder: Path, lines: str) -> Path:
    """A Python of one's own, as `make run PYTHON=…` is given it."""
    wrapper = folder / "python"
    wrapper.write_text(f"#!/bin/sh\n{lines}\n")
    wrapper.chmod(0o755)
    return wrapper


def made(clone: Path, wrapper: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    return subprocess.run(["make", "--no-print-directory", "run", f"PYTHON={wrapper}"], cwd=clone, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_machine_without_python3_venv_is_told_so_in_one_line(clone: Path) -> None:
    hidden = clone / "hidden"
    hidden.mkdir()
    (hidden / "ensurepip.py").write_text("raise ImportError")
    found = made(clone, python_in(clone, f'PYTHONPATH="{hidden}" exec "{sys.executable}" "$@"'))
    assert found.returncode != 0
    assert found.stdout == "Python's venv is missing: install python3-venv (Debian and Ubuntu: apt-get install python3.11-venv).\n"
    assert "Traceback" not in found.stderr and not (clone / ".venv").exists()


def test_a_machine_without_this_python_is_told_so_in_one_line(clone: Path) -> None:
    found = made(clone, clone / "no-such-python")
    assert found.returncode != 0
    assert found.stdout == "Python 3.11 is missing: install python3.11 (Debian and Ubuntu: apt-get install python3.11).\n"


def test_every_locked_package_can_be_had_on_any_python_3_11() -> None:
    """Debian 12 has 3.11.2; a lock made on a later one may ask for that one."""
    wanted = {found.name: found.metadata["Requires-Python"] for found in distributions()}
    assert {name: versions for name, versions in wanted.items() if versions and "3.11.0" not in SpecifierSet(versions)} == {}


@pytest.fixture
def prepare(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script, in the clone, with a venv that is made at once; `calls` says what it did."""
    spec = importlib.util.spec_from_file_location("prepare_under_test", clone / "deploy" / "prepare.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    calls: list[str] = []

    def create(folder: Path, **how: Any) -> None:
        calls.append("venv")
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").touch()

    def run(command: list[str], **how: Any) -> Any:
        if "install" in command:
            calls.append("pip")
            if interrupted.pop("pip", False):
                raise KeyboardInterrupt
        return types.SimpleNamespace(returncode=0)

    interrupted: dict[str, bool] = {}
    monkeypatch.setattr("venv.create", create)
    monkeypatch.setattr(script.subprocess, "run", run)
    return types.SimpleNamespace(main=script.main, calls=calls, interrupted=interrupted)


def test_an_installation_that_was_interrupted_is_made_again_from_the_start(prepare: Any) -> None:
    prepare.interrupted["pip"] = True
    with pytest.raises(KeyboardInterrupt):
        prepare.main("base")
    assert prepare.main("base") == 0
    assert prepare.calls == ["venv", "pip", "venv", "pip"]


def test_what_is_installed_is_not_installed_again_and_new_requirements_join_it(prepare: Any, clone: Path) -> None:
    assert [prepare.main("base"), prepare.main("base")] == [0, 0]
    assert prepare.calls == ["venv", "pip"]
    (clone / "requirements" / "base.txt").write_text("# another one")
    assert prepare.main("base") == 0
    assert prepare.calls == ["venv", "pip", "pip"]
