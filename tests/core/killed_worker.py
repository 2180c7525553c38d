"""The Celery application of the worker that gets killed: the real one, with slow consumers wired in."""

from citylab import wiring
from citylab.celery import app

wiring.CONSUMERS = {"case.moved": ["tests.core.consumers.first", "tests.core.consumers.slow", "tests.core.consumers.second"]}
__all__ = ["app"]
