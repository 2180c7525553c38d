"""Staging and production: real servers, each named by an environment variable, refused at start where one is missing."""

from email.utils import parseaddr
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from .base import *  # noqa: F403
from .environment import env, malformed, required, required_address
from .integrations.content_security_policy import image_origins
from .integrations.database import harden
from .integrations.elasticsearch import elasticsearch
from .integrations.files import bucket_storages
from .integrations.payments import payments

ENVIRONMENT = env.str("ENVIRONMENT")
DEBUG = False
if env.bool("DEMO_ACCOUNTS", default=False):
    raise ImproperlyConfigured("DEMO_ACCOUNTS is set: demo accounts exist only where ENVIRONMENT is local.")
if env.bool("DEBUG", default=False):
    raise ImproperlyConfigured("DEBUG is set: it exists only where ENVIRONMENT is local.")
SECRET_KEY = required("SECRET_KEY", "sessions and links are signed with it (50 random characters or more)")
if len(SECRET_KEY) < 50 or SECRET_KEY.startswith("local-only"):
    raise malformed("SECRET_KEY", "it must have 50 random characters or more")
SITE_URL = required_address("SITE_URL", ("https",), "links in messages start with it")
ALLOWED_HOSTS = [host.strip() for host in required("ALLOWED_HOSTS", "the names this site answers to, separated by commas").split(",")]
if "*" in ALLOWED_HOSTS or "" in ALLOWED_HOSTS:
    raise malformed("ALLOWED_HOSTS", "it must name hosts, separated by commas")
WAGTAILADMIN_BASE_URL = SITE_URL

_database = urlsplit(required_address("DATABASE_URL", ("postgres", "postgresql"), "the PostgreSQL database"))
if not _database.hostname or not _database.path.strip("/"):
    raise malformed("DATABASE_URL", "it must name a host and a database")
DATABASES = {"default": harden(env.db("DATABASE_URL"))}
REDIS_URL = required_address("REDIS_URL", ("redis", "rediss"), "the broker of background work and the cache")
CELERY_BROKER_URL = REDIS_URL
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "TIMEOUT": 60}}
ELASTICSEARCH_URL = required_address("ELASTICSEARCH_URL", ("http", "https"), "the search engine")
globals().update(elasticsearch(env))
S3_ENDPOINT_URL = required_address("S3_ENDPOINT_URL", ("http", "https"), "the S3-compatible file service")
STORAGES = bucket_storages(
    endpoint=S3_ENDPOINT_URL,
    region=env.str("S3_REGION", default="eu-south-1"),
    access_key=required("S3_ACCESS_KEY", "access to the file service"),
    secret_key=required("S3_SECRET_KEY", "access to the file service"),
    media_bucket=required("S3_MEDIA_BUCKET", "the bucket of public images and documents"),
    case_bucket=required("S3_CASE_BUCKET", "the private bucket of case files"),
)

required_address("EMAIL_URL", ("smtp", "smtp+tls", "smtp+ssl"), "the SMTP server, smtp+tls://user:password@host:587")
globals().update(env.email_url("EMAIL_URL"))
try:
    EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
except ValueError:
    EMAIL_TIMEOUT = 0
if not 1 <= EMAIL_TIMEOUT <= 60:
    raise malformed("EMAIL_TIMEOUT", "it must be whole seconds, from 1 to 60")
DEFAULT_FROM_EMAIL = required("DEFAULT_FROM_EMAIL", "the sender of every message")
if "@" not in parseaddr(DEFAULT_FROM_EMAIL)[1]:
    raise malformed("DEFAULT_FROM_EMAIL", "it must hold an e-mail address")

globals().update(payments(env, ENVIRONMENT))
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += PAYMENT_PAGES

MAP_TILES_URL = env.str("MAP_TILES_URL", default="")
MAP_TILES_ATTRIBUTION = env.str("MAP_TILES_ATTRIBUTION", default="")
CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"] += image_origins(S3_ENDPOINT_URL, MAP_TILES_URL)

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
CSRF_TRUSTED_ORIGINS = [SITE_URL]
