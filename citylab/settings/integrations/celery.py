"""Celery: what happens after the click. The outbox decides what; Celery only runs it."""

from celery.schedules import crontab

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = "Europe/Rome"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A nudge is worth a moment, not a person's patience: without a broker the request goes on and the sweeper makes up for it.
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1, "socket_connect_timeout": 1}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "outbox-sweep": {"task": "citylab.core.tasks.drain", "schedule": 30.0},
    "mail-sweep": {"task": "citylab.notifications.tasks.deliver_due", "schedule": 60.0},
    "publish-scheduled": {"task": "cms.tasks.publish_scheduled_records", "schedule": 60.0},
    "search-sweep": {"task": "search.tasks.write_waiting", "schedule": 10.0},
    # Soon after midnight: which days of a site are free is another matter with each day.
    "search-check": {"task": "search.tasks.check", "schedule": crontab(hour="0", minute="10")},
    "affinities": {"task": "search.tasks.refresh_all_affinities", "schedule": crontab(hour="2", minute="40")},
    "payment-events": {"task": "citylab.payments.tasks.handle_events", "schedule": 30.0},
    "refunds": {"task": "citylab.payments.tasks.send_refunds", "schedule": 60.0},
    "checkouts": {"task": "citylab.payments.tasks.tidy_checkouts", "schedule": 60.0},
    "payment-reminders": {"task": "citylab.payments.tasks.send_reminders", "schedule": crontab(hour="8", minute="15")},
    "reconcile": {"task": "citylab.payments.tasks.reconcile", "schedule": crontab(hour="3", minute="10")},
    "clocks": {"task": "citylab.proposals.tasks.run_clocks", "schedule": crontab(minute="*/10")},
    "draft-reminders": {"task": "citylab.proposals.tasks.send_draft_reminders", "schedule": crontab(hour="8", minute="5")},
    "access-requests": {"task": "citylab.accounts.tasks.tell_officers_of_requests", "schedule": crontab(hour="8", minute="25")},
    "daily-seal": {"task": "citylab.audit.tasks.seal_day", "schedule": crontab(hour="0", minute="20")},
}
