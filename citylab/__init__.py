"""Torino City Lab: the city as a testbed."""

from .celery import app as celery_app

__all__ = ("celery_app",)
