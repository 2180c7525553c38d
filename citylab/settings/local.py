"""The embedded default: no server needed. SQLite, Celery through the filesystem, mail into files, demo accounts."""

from .base import *  # noqa: F403
from .environment import BASE_DIR, env  # noqa: F401
from .integrations.content_security_policy import image_origins
from .integrations.database import harden, sqlite
from .integrations.elasticsearch import elasticsearch
from .integrations.files import local_storages
from .integrations.payments import payments

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="local-only-key-that-production-refuses")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")

VAR_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = {"default": harden(env.db("DATABASE_URL")) if env.str("DATABASE_URL", default="") else sqlite(VAR_DIR / "citylab.sqlite3")}
STORAGES = local_storages(VAR_DIR)
MEDIA_ROOT = VAR_DIR / "media"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "TIMEOUT": 60}}
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = "Torino City Lab <torinocitylab@example.org>"

if env.str("REDIS_URL", default=""):
    CELERY_BROKER_URL = env.str("REDIS_URL")
else:
    # Both ends of the filesystem transport are the same folder: what is sent is what is received.
    CELERY_BROKER_URL = "filesystem://localhost/"
    for _folder in ("queue", "processed", "control"):
        (VAR_DIR / "celery" / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "celery" / "queue"),
        "data_folder_out": str(VAR_DIR / "celery" / "queue"),
        "processed_folder": str(VAR_DIR / "celery" / "processed"),
        "control_folder": str(VAR_DIR / "celery" / "control"),
        "polling_interval": 0.25,  # seconds between two looks into the folder
    }

ELASTICSEARCH_URL = env.str("ELASTICSEARCH_URL", default="")
globals().update(elasticsearch(env))
globals().update(payments(env, "local"))
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += PAYMENT_PAGES
DEMO_ACCOUNTS = True
MAP_TILES_URL = env.str("MAP_TILES_URL", default="")
MAP_TILES_ATTRIBUTION = env.str("MAP_TILES_ATTRIBUTION", default="")
CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"] += image_origins(MAP_TILES_URL)
