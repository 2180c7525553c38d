"""What the tests run with: the database named by DATABASE_URL (SQLite in a file without one), everything else in a folder of its own."""

import tempfile
from pathlib import Path

from .local import *  # noqa: F403
from .integrations.database import harden, sqlite
from .integrations.files import local_storages

_folder = Path(env.str("TEST_VAR_DIR", default=tempfile.mkdtemp(prefix="citylab-tests-")))  # noqa: F405
DATABASES = {"default": harden(env.db("DATABASE_URL")) if env.str("DATABASE_URL", default="") else {**sqlite(_folder / "tests.sqlite3"), "TEST": {"NAME": str(_folder / "tests.sqlite3")}}}  # noqa: F405
STORAGES = local_storages(_folder)
MEDIA_ROOT = _folder / "media"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ACCOUNT_RATE_LIMITS = False
ALLOWED_HOSTS = ["*"]
SECRET_KEY = "tests-only"
