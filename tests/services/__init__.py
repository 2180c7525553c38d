"""Real servers for the tests, and what a test does without one."""

import json
import os

import pytest

from .programs import PRESENT
from .servers import VARIABLES

# Set by tests/run.py: why a server cannot be had, by its name.
MISSING: dict[str, str] = json.loads(os.environ.get("CITYLAB_MISSING") or "{}")


def need(server: str) -> str:
    """The address of a server; without one the test is skipped with the reason, and failed where CI runs it."""
    address = os.environ.get(VARIABLES[server]) or (server == "Chromium" and PRESENT[server]()) or ""
    if address and server not in MISSING:
        return str(address)
    reason = f"needs {server}: {MISSING.get(server) or f'{VARIABLES[server]} is not set (make test brings one up)'}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
