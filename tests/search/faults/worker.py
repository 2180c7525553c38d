"""The Celery application of the worker that gets killed: the real one, less patient than a real city's."""

import django

from citylab.celery import app

django.setup()

from search import waiting
from search.engines import reserve

waiting.SECONDS = 2
reserve.PAUSE = 1.0
app.conf.beat_schedule = {
    "outbox-sweep": {"task": "citylab.core.tasks.drain", "schedule": 1.0},
    "search-sweep": {"task": "search.tasks.write_waiting", "schedule": 1.0},
}
__all__ = ["app"]
