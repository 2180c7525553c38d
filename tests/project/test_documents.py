"""What the documents promise: the commands, accounts, files and libraries that they name exist."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

from citylab.demo.people import ACCOUNTS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The places in a document that a link may lead to: its headings, as code hosts spell them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("name", [*DOCUMENTS, "LICENSE", "publiccode.yml", ".env.example", "docs/home.png"])
def test_the_document_is_there_and_tracked(name):
    assert (ROOT / name).stat().st_size > 0
    assert subprocess.run(["git", "ls-files", name], cwd=ROOT, capture_output=True, text=True, check=True).stdout == f"{name}\n"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_relative_links_lead_somewhere(name):
    text = text_of(name)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("https://")]
    lost = []
    for link in links:
        path, _separator, anchor = link.partition("#")
        target = ROOT / path if path else ROOT / name
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            lost.append(link)
    assert lost == []


def test_the_readme_shows_the_product_and_leads_to_every_other_document():
    links = set(re.findall(r"\]\(([^)\s]+)\)", text_of("README.md")))
    assert {"docs/home.png", ".env.example", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "publiccode.yml"} == links


def test_the_picture_of_the_readme_is_a_png_of_a_whole_screen():
    header = (ROOT / "docs/home.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(header[16:20]), int.from_bytes(header[20:24])) == (1440, 900)


def test_the_readme_names_both_commands_first():
    commands = re.findall(r"^make (\w+)", text_of("README.md"), re.MULTILINE)
    assert commands == ["run", "test"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_a_document_names_exists(name):
    text = text_of(name)
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^|\d )make ([a-z]+)", text, re.MULTILINE)) - targets == set()
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) - set(get_commands()) == set()
    modules = re.findall(r"python -m (tests[\w.]+)", text)
    assert [module for module in modules if not (ROOT / f"{module.replace('.', '/')}.py").is_file()] == []


def test_the_readme_names_exactly_the_demo_accounts():
    rows = re.findall(r"^\| (\S+@example\.org) \|", text_of("README.md"), re.MULTILINE)
    assert rows == [email for _code, _name, email, _role in ACCOUNTS]


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"])
def test_every_path_that_a_document_names_exists(name):
    """Paths stand in backquotes, from the root, from `citylab/` or from the rooms of proposals and payments; what a run writes into var/ is no file of ours."""
    named = [path for path in re.findall(r"`((?:[\w.]+/)+[\w.]*)`", text_of(name)) if not path.startswith("var/")]
    starts = (ROOT, ROOT / "citylab", ROOT / "citylab/proposals", ROOT / "citylab/payments")
    assert [path for path in named if not any((start / path).exists() for start in starts)] == []


def test_the_import_order_is_that_of_the_contract():
    contract = re.findall(r'^  "([^"]+)",$', text_of("pyproject.toml").split("layers = [")[1].split("]")[0], re.MULTILINE)
    drawn = re.search(r"^```\n(demo\n.*?)^```$", text_of("ARCHITECTURE.md"), re.MULTILINE | re.DOTALL)
    assert drawn is not None
    assert drawn[1].splitlines() == [layer.replace("citylab.", "") for layer in contract]


def test_every_library_of_the_product_has_its_reason():
    wanted = {name for kind in ("base", "production") for name in re.findall(r"^([A-Za-z][\w-]*)", text_of(f"requirements/{kind}.in"), re.MULTILINE)}
    explained = {name for name in re.findall(r"^\| ([A-Za-z][\w-]*)", text_of("ARCHITECTURE.md").split("## Libraries")[1], re.MULTILINE)} - {"Library"}
    assert {name.lower() for name in explained} == {name.lower() for name in wanted}


def test_the_changelog_has_the_form_of_keep_a_changelog():
    headings = re.findall(r"^(#{2,3}) (.+)$", text_of("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == ("##", "[Unreleased]")
    assert {title for level, title in headings if level == "###"} <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
