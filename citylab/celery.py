"""The Celery application: `celery -A citylab worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citylab.settings")
app = Celery("citylab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
