"""What the tests run with: the database named by DATABASE_URL (SQLite in a file without one), everything else in a folder of its own."""

import tempfile
from pathlib import Path

from .integrations.database import harden, sqlite
from .integrations.files import local_storages
from .local import *  # noqa: F403

# Without a folder of one's own, one that goes with the process.
_temporary = None if env.str("TEST_VAR_DIR", default="") else tempfile.TemporaryDirectory(prefix="citylab-tests-")
_folder = Path(_temporary.name if _temporary else env.str("TEST_VAR_DIR"))
_folder.mkdir(parents=True, exist_ok=True)
if env.str("DATABASE_URL", default=""):
    # TEST_POSTGRESQL_TEMPLATE: a migrated database that PostgreSQL copies, instead of migrating once for each process.
    DATABASES = {"default": {"TEST": {"TEMPLATE": env.str("TEST_POSTGRESQL_TEMPLATE", default="") or None}, **harden(env.db("DATABASE_URL"))}}
else:
    DATABASES = {"default": {**sqlite(_folder / "tests.sqlite3"), "TEST": {"NAME": str(_folder / "tests.sqlite3")}}}
STORAGES = local_storages(_folder)
# Nothing runs out while a test counts queries, however slow the machine.
CACHES = {"default": {**CACHES["default"], "TIMEOUT": None}}
MEDIA_ROOT = _folder / "media"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ACCOUNT_RATE_LIMITS = False
ALLOWED_HOSTS = ["*"]
WHITENOISE_AUTOREFRESH = True  # static files are looked for when one is asked for, not all of them for each test's browser
SECRET_KEY = "tests-only"

# Tests that are about Elasticsearch name it themselves (tests/search/conftest.py); all others search in the database.
TESTS_ELASTICSEARCH_URL = ELASTICSEARCH_URL
ELASTICSEARCH_URL = ""

# Tests that are about Stripe talk to their own (tests/stripe_fake), whatever a .env file says.
PAYMENT_PROVIDER = "test"
STRIPE_SECRET_KEY = STRIPE_API_BASE = ""
STRIPE_WEBHOOK_SECRETS = ()
STRIPE_TIMEOUT = 10.0
