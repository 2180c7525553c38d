"""Two kinds of message to try things with, and their reader."""

from copy import deepcopy
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model

from citylab.notifications import classes, services


@pytest.fixture(autouse=True)
def trial_templates(settings):
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [Path(__file__).parent / "templates"]
    settings.TEMPLATES = templates
    settings.SITE_URL = "https://lab.example/"


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(classes, "registry", {})
    return classes.registry


@pytest.fixture
def receipt(registry):
    class Receipt(classes.Notification):
        code = "trial_receipt"
        category = "formal"
        label = "Receipt"
        template = "trial/receipt"
        mandatory = True

    return Receipt


@pytest.fixture
def reminder(registry):
    class Reminder(classes.Notification):
        code = "trial_reminder"
        category = "deadlines"
        label = "Reminder"
        template = "trial/reminder"

    return Reminder


@pytest.fixture
def ada(db):
    return get_user_model().objects.create_user("ada@example.org", "x" * 12, name="Ada & Co", language="it")


@pytest.fixture
def asleep(monkeypatch):
    """No worker follows the commit: the test delivers by itself."""
    monkeypatch.setattr(services, "_nudge", lambda: None)
