"""The demo city, loaded in one transaction: all of it or nothing."""

from django.conf import settings
from django.core.management.base import CommandError
from django.db import transaction

from citylab.core import outbox
from citylab.payments import providers
from citylab.proposals.models import Proposal
from cms import setup
from search import rebuilding

from . import catalogue, costs, pages, people
from .stories import cases, story
from .timeline import play, settle


def refuse_elsewhere() -> None:
    """Raises CommandError where the settings have no demo accounts: invented people and cases never meet real ones."""
    if not settings.DEMO_ACCOUNTS:
        raise CommandError("The demo city is loaded only where ENVIRONMENT is local: here the program has no demo accounts.")


def load() -> bool:
    """Load the demo city, unless it was loaded before: then nothing changes, whatever people did to it since. Whether it was loaded."""
    refuse_elsewhere()
    if Proposal.objects.filter(organisation__is_demo=True).exists():
        return False
    with transaction.atomic(), outbox.without_nudges(), providers.online_through("test"):
        setup.prepare()
        loaded = people.load()
        catalogue.load(loaded["editor"], loaded["moderator"])
        costs.load(loaded["editor"])
        pages.load(loaded["editor"])
        play(story(case) for case in cases(loaded))
        settle()
        rebuilding.rebuild_embedded()
    return True
