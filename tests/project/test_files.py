"""What every file of the repository keeps to."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRACKED = [ROOT / name for name in subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0") if name]
FILES = [path for path in TRACKED if path.is_file()]
VENDOR = ROOT / "citylab/core/static/citylab/vendor"
OURS = [path for path in FILES if not path.is_relative_to(VENDOR)]
# Mail stands alone: whoever reads it has no style sheet of ours.
STYLED_BY_THEMSELVES = {"citylab/notifications/templates/notifications/base.html"}
# Namespaces of formats: names that look like addresses, nobody opens them.
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink", "https://schema.org"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def page_templates() -> list[Path]:
    return [path for path in OURS if path.suffix == ".html" and "templates" in path.parts and relative(path) not in STYLED_BY_THEMSELVES]


def test_no_file_is_longer_than_500_lines():
    code = [path for path in OURS if path.suffix in (".py", ".html", ".css", ".js") and "migrations" not in path.parts]
    assert {relative(path): lines for path in code if (lines := len(path.read_text().splitlines())) > 500} == {}


@pytest.mark.parametrize(
    "forbidden",
    [
        pytest.param(r"<script(?![^>]*\bsrc=)(?![^>]*\btype=\"application/(ld\+)?json\")[^>]*>", id="inline script"),
        pytest.param(r"<style\b", id="inline style sheet"),
        pytest.param(r"<[^>]*\sstyle=", id="style attribute"),
        pytest.param(r"<[^>]*\son[a-z]+=", id="on… attribute"),
        pytest.param(r"(?:href|src|action)=[\"']?javascript:", id="javascript: address"),
        pytest.param(r"\bhx-on\b|\bhx-vals=[\"']js:", id="htmx attribute that needs eval"),
    ],
)
def test_templates_keep_the_content_security_policy(forbidden):
    found = {relative(path): match[0] for path in page_templates() if (match := re.search(forbidden, path.read_text()))}
    assert found == {}


def test_nothing_that_a_page_loads_comes_from_outside():
    """Links may lead anywhere; what a browser fetches by itself is served by us."""
    loads = re.compile(r"<(?:script|img|iframe|source|audio|video|embed|object|link|form|use)\b[^>]*?\b(?:src|href|data|action|srcset)=[\"']?(?:https?:)?//[^\"'\s>]+", re.DOTALL)
    in_css = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"'\s]+")
    in_code = re.compile(r"[\"'`](?:https?:)?//[a-z0-9][^\"'`\s]*", re.IGNORECASE)
    patterns = {".html": loads, ".css": in_css, ".js": in_code}
    found = {}
    for path in OURS:
        if path.suffix in patterns and ("templates" in path.parts or "static" in path.parts):
            matches = {match.strip("\"'`") for match in patterns[path.suffix].findall(path.read_text())}
            if matches - NAMESPACES:
                found[relative(path)] = sorted(matches - NAMESPACES)
    assert found == {}


def test_vendored_files_are_what_was_vendored():
    lines = (VENDOR / "CHECKSUMS.sha256").read_text().splitlines()
    expected = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    present = {str(path.relative_to(VENDOR)): path for path in VENDOR.rglob("*") if path.is_file() and path.name not in ("CHECKSUMS.sha256", "VERSIONS.txt")}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in present.items()} == {name: expected[name] for name in expected if name in present}
    assert set(expected) - {"CHECKSUMS.sha256", "VERSIONS.txt"} == set(present)


@pytest.mark.parametrize("name", ["base", "test", "dev", "production"])
def test_every_requirement_is_locked_with_hashes_and_names_no_registry(name):
    locked = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in locked
    assert not re.search(r"^--(?!hash)", locked, re.MULTILINE)
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^\s*#.*\n", "", locked, flags=re.MULTILINE).strip())
    assert [entry.split()[0] for entry in entries if not re.match(r"[a-z0-9.\-_\[\],]+==[^\s]+ .*--hash=sha256:[0-9a-f]{64}", entry.replace("\\\n", ""), re.DOTALL)] == []
    wanted = re.findall(r"^([A-Za-z0-9][A-Za-z0-9_-]*)", (ROOT / "requirements" / f"{name}.in").read_text(), re.MULTILINE)
    got = {entry.split("==")[0].split("[")[0] for entry in entries}
    assert {name.lower() for name in wanted} <= got


def test_ci_runs_make_test_and_nothing_cleverer():
    script = ROOT / ".ci/run"
    assert script.read_text() == "#!/usr/bin/env bash\nexec make test\n"
    assert subprocess.run(["git", "ls-files", "-s", ".ci/run"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.startswith("100755 ")


def test_one_journey_is_walked_on_sqlite_too():
    assert sum(path.read_text().count("pytest.mark.sqlite_journey") for path in OURS if path.is_relative_to(ROOT / "tests/journeys")) == 1
