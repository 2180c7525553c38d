"""The variables that choose an installation: each documented, each refused with a clear message where it is missing or malformed."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.storage.handler import StorageHandler
from django.http import HttpResponse
from django.test import RequestFactory

from citylab.settings.integrations.files import bucket_storages
from cms.middleware import EditingPolicyMiddleware

ROOT = Path(__file__).resolve().parents[2]
# Django's own switch between settings modules, and what only the tests' settings read (CONTRIBUTING.md).
NOT_OURS = {"DJANGO_SETTINGS_MODULE"}
SOURCES = [
    path
    for top in ("citylab", "cms", "search", "deploy")
    for path in sorted((ROOT / top).rglob("*.py"))
    if path != ROOT / "citylab/settings/test.py"
] + [ROOT / "manage.py"]

COMPLETE = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "x1" * 30,
    "SITE_URL": "https://citylab.example.org",
    "ALLOWED_HOSTS": "citylab.example.org",
    "DATABASE_URL": "postgres://u:p@db.example.org:5432/citylab",
    "REDIS_URL": "redis://cache.example.org:6379/0",
    "ELASTICSEARCH_URL": "https://search.example.org:9200",
    "S3_ENDPOINT_URL": "https://files.example.org",
    "S3_ACCESS_KEY": "key",
    "S3_SECRET_KEY": "secret",
    "S3_MEDIA_BUCKET": "media",
    "S3_CASE_BUCKET": "cases",
    "EMAIL_URL": "smtp+tls://u:p@mail.example.org:587",
    "DEFAULT_FROM_EMAIL": "City Lab <noreply@example.org>",
    "PAYMENT_PROVIDER": "stripe",
    "STRIPE_SECRET_KEY": "sk_live_x1",
    "STRIPE_WEBHOOK_SECRET": "whsec_x1",
}
# A complete environment for each place: in staging no real money moves.
PLACES = {"production": {}, "staging": {"ENVIRONMENT": "staging", "STRIPE_SECRET_KEY": "sk_test_x1"}}


def read_by(tree: ast.AST) -> set[str]:
    """Names of the environment's variables that this code reads."""
    found = set()
    for node in ast.walk(tree):
        name = None
        if isinstance(node, ast.Call) and node.args:
            function = ast.unparse(node.func)
            if re.fullmatch(r"(env(\.\w+)?|required(_address)?|os\.getenv|os\.environ\.(get|pop|setdefault))", function):
                name = node.args[0]
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            name = node.slice
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            found.add(name.value)
    return found


def start(tmp_path: Path, code: str = "from django.conf import settings; print(settings.DATABASES['default']['ENGINE'])", **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Load the settings of a complete installation with these changes (None takes a variable away)."""
    values = {name: value for name, value in {**COMPLETE, **changes}.items() if value is not None}
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "citylab.settings", **values}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_every_variable_is_documented_and_every_documented_one_is_read():
    read = set().union(*(read_by(ast.parse(path.read_text())) for path in SOURCES)) - NOT_OURS
    documented = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert documented == read


def test_every_documented_variable_has_a_line_of_explanation_above_it_or_above_its_group():
    blocks = re.split(r"\n\s*\n", (ROOT / ".env.example").read_text())
    assert [block for block in blocks if re.search(r"^#?[A-Z][A-Z0-9_]+=", block, re.MULTILINE) and not re.search(r"^# \S", block, re.MULTILINE)] == []


@pytest.mark.parametrize("place", PLACES)
def test_a_complete_environment_starts(tmp_path, place):
    done = start(tmp_path, **PLACES[place])
    assert (done.stdout.strip(), done.stderr) == ("django.db.backends.postgresql", "")


def test_a_mail_server_that_does_not_answer_is_given_up_after_ten_seconds_unless_told_otherwise(tmp_path):
    code = "from django.conf import settings; print(settings.EMAIL_TIMEOUT)"
    assert [start(tmp_path, code, EMAIL_TIMEOUT=seconds).stdout for seconds in (None, "25")] == ["10\n", "25\n"]


def test_locally_nothing_is_needed(tmp_path):
    done = start(tmp_path, **dict.fromkeys(COMPLETE))
    assert (done.stdout.strip(), done.stderr) == ("django.db.backends.sqlite3", "")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({name: None}, f"{name} is not set: ") for name in COMPLETE if name != "ENVIRONMENT"),
        *(({name: ""}, f"{name} is not set: ") for name in ("SECRET_KEY", "DATABASE_URL", "EMAIL_URL")),
        ({"ENVIRONMENT": "prod"}, "ENVIRONMENT is “prod”; it must be local, staging or production."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is malformed: it must have 50 random characters or more."),
        ({"SECRET_KEY": "local-only-" + "x" * 60}, "SECRET_KEY is malformed: it must have 50 random characters or more."),
        ({"SITE_URL": "http://citylab.example.org"}, "SITE_URL is malformed: it must start with https://."),
        ({"SITE_URL": "https://"}, "SITE_URL is malformed: it must start with https://."),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS is malformed: it must name hosts, separated by commas."),
        ({"ALLOWED_HOSTS": "citylab.example.org,,"}, "ALLOWED_HOSTS is malformed: it must name hosts, separated by commas."),
        ({"DATABASE_URL": "sqlite:///citylab.sqlite3"}, "DATABASE_URL is malformed: it must start with postgres:// or postgresql://."),
        ({"DATABASE_URL": "postgres://u:p@db.example.org:5432/"}, "DATABASE_URL is malformed: it must name a host and a database."),
        ({"DATABASE_URL": "postgres://u:p@db.example.org:port/citylab"}, "DATABASE_URL is malformed: "),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL is malformed: it must start with redis:// or rediss://."),
        ({"REDIS_URL": "redis://cache.example.org:port"}, "REDIS_URL is malformed: its port is no number."),
        ({"ELASTICSEARCH_URL": "search.example.org"}, "ELASTICSEARCH_URL is malformed: it must start with http:// or https://."),
        (
            {"ELASTICSEARCH_API_KEY": "key", "ELASTICSEARCH_USERNAME": "citylab", "ELASTICSEARCH_PASSWORD": "secret"},
            "ELASTICSEARCH_API_KEY and ELASTICSEARCH_USERNAME are both set: the cluster must know one way in.",
        ),
        ({"ELASTICSEARCH_USERNAME": "citylab"}, "ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD are set together or not at all."),
        ({"ELASTICSEARCH_PASSWORD": "secret"}, "ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD are set together or not at all."),
        ({"ELASTICSEARCH_CA_CERTIFICATE": "/nowhere/search.pem"}, "ELASTICSEARCH_CA_CERTIFICATE is malformed: there is no file /nowhere/search.pem."),
        ({"ELASTICSEARCH_PREFIX": "City Lab"}, "ELASTICSEARCH_PREFIX is malformed: it must be of small letters, digits, “-” and “_”."),
        ({"S3_ENDPOINT_URL": "files.example.org"}, "S3_ENDPOINT_URL is malformed: it must start with http:// or https://."),
        ({"EMAIL_URL": "mail.example.org"}, "EMAIL_URL is malformed: it must start with smtp:// or smtp+tls:// or smtp+ssl://."),
        ({"EMAIL_URL": "smtp+tls://u:p@mail.example.org:many"}, "EMAIL_URL is malformed: its port is no number."),
        ({"EMAIL_TIMEOUT": "soon"}, "EMAIL_TIMEOUT is malformed: it must be whole seconds, from 1 to 60."),
        ({"EMAIL_TIMEOUT": "0"}, "EMAIL_TIMEOUT is malformed: it must be whole seconds, from 1 to 60."),
        ({"DEFAULT_FROM_EMAIL": "nobody"}, "DEFAULT_FROM_EMAIL is malformed: it must hold an e-mail address."),
        ({"PAYMENT_PROVIDER": "paypal"}, "PAYMENT_PROVIDER is malformed: it must be test or stripe."),
        ({"PAYMENT_PROVIDER": "test"}, "PAYMENT_PROVIDER is test: in production nobody pays with play money."),
        ({"STRIPE_SECRET_KEY": "pk_live_x1"}, "STRIPE_SECRET_KEY is malformed: it must start with sk_test_, rk_test_, sk_live_ or rk_live_."),
        ({"STRIPE_SECRET_KEY": "sk_test_x1"}, "STRIPE_SECRET_KEY is a test key: in production it would take no money."),
        ({"STRIPE_SECRET_KEY": "rk_test_x1"}, "STRIPE_SECRET_KEY is a test key: in production it would take no money."),
        ({"ENVIRONMENT": "staging"}, "STRIPE_SECRET_KEY is a live key: where ENVIRONMENT is staging no real money may move."),
        ({"ENVIRONMENT": "local"}, "STRIPE_SECRET_KEY is a live key: where ENVIRONMENT is local no real money may move."),
        (
            {"ENVIRONMENT": "local", "PAYMENT_PROVIDER": None, "STRIPE_SECRET_KEY": "rk_live_x1"},
            "STRIPE_SECRET_KEY is a live key: where ENVIRONMENT is local no real money may move.",
        ),
        ({"ENVIRONMENT": "local", "STRIPE_SECRET_KEY": None}, "STRIPE_SECRET_KEY is not set: PAYMENT_PROVIDER is stripe, which is asked with it."),
        (
            {"ENVIRONMENT": "local", "STRIPE_SECRET_KEY": "sk_test_x1", "STRIPE_WEBHOOK_SECRET": None},
            "STRIPE_WEBHOOK_SECRET is not set: PAYMENT_PROVIDER is stripe, whose events are checked with it.",
        ),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_x1,secret"}, "STRIPE_WEBHOOK_SECRET is malformed: it must start with whsec_."),
        ({"STRIPE_WEBHOOK_SECRET": " , "}, "STRIPE_WEBHOOK_SECRET is malformed: it must start with whsec_."),
        ({"STRIPE_API_BASE": "http://127.0.0.1:12111"}, "STRIPE_API_BASE is set: another Stripe than the real one exists only where ENVIRONMENT is local."),
        (
            {"ENVIRONMENT": "local", "STRIPE_SECRET_KEY": "sk_test_x1", "STRIPE_API_BASE": "127.0.0.1:12111"},
            "STRIPE_API_BASE is malformed: it must be http:// or https:// and a host, without a path.",
        ),
        ({"STRIPE_TIMEOUT": "soon"}, "STRIPE_TIMEOUT is malformed: it must be seconds, from 1 to 60."),
        ({"STRIPE_TIMEOUT": "0"}, "STRIPE_TIMEOUT is malformed: it must be seconds, from 1 to 60."),
        ({"DEMO_ACCOUNTS": "true"}, "DEMO_ACCOUNTS is set: demo accounts exist only where ENVIRONMENT is local."),
        ({"DEBUG": "true"}, "DEBUG is set: it exists only where ENVIRONMENT is local."),
    ],
    ids=lambda value: "-".join(f"{name}={text}"[:40] for name, text in value.items()) if isinstance(value, dict) else "",
)
def test_a_wrong_environment_is_refused_with_a_clear_message(tmp_path, changes, message):
    done = start(tmp_path, **changes)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"django.core.exceptions.ImproperlyConfigured: {message}")
    assert len(last) < 300


def test_a_file_of_variables_chooses_the_environment_too(tmp_path):
    shutil.copytree(ROOT / "citylab" / "settings", tmp_path / "citylab" / "settings")
    (tmp_path / "citylab" / "__init__.py").touch()
    (tmp_path / ".env").write_text("ENVIRONMENT=production\n")
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    tried = subprocess.run([sys.executable, "-c", "import citylab.settings"], cwd=tmp_path, env=kept, capture_output=True, text=True, check=False)
    assert "SECRET_KEY is not set" in tried.stderr


@pytest.mark.parametrize(
    ("changes", "pages"),
    [
        ({"ENVIRONMENT": "production"}, ["'self'", "https://checkout.stripe.com"]),
        ({"ENVIRONMENT": "local", "PAYMENT_PROVIDER": None, "STRIPE_SECRET_KEY": None}, ["'self'"]),
        (
            {"ENVIRONMENT": "local", "STRIPE_SECRET_KEY": "sk_test_x1", "STRIPE_API_BASE": "http://127.0.0.1:12111"},
            ["'self'", "http://127.0.0.1:12111"],
        ),
    ],
    ids=["real", "play", "stand-in"],
)
def test_a_form_may_lead_to_the_provider_s_pay_page_and_nowhere_else(tmp_path, changes, pages):
    code = "from django.conf import settings; print(settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])"
    assert start(tmp_path, code=code, **changes).stdout.strip() == str(pages)


TILES = "https://{s}.tiles.example.org/{z}/{x}/{y}.png"


@pytest.mark.parametrize(
    ("changes", "origins"),
    [
        ({}, ["https://files.example.org"]),
        ({"S3_ENDPOINT_URL": "https://files.example.org:9000/s3", "MAP_TILES_URL": TILES}, ["https://files.example.org:9000", "https://*.tiles.example.org"]),
        ({**dict.fromkeys(COMPLETE), "MAP_TILES_URL": TILES}, ["https://*.tiles.example.org"]),
        ({**dict.fromkeys(COMPLETE), "MAP_TILES_URL": "/tiles/{z}/{x}/{y}.png"}, []),
    ],
    ids=["bucket", "bucket and tiles", "local with tiles", "tiles of our own"],
)
def test_images_come_from_here_from_the_bucket_and_from_the_tiles_and_from_nowhere_else(tmp_path, changes, origins):
    code = "from django.conf import settings; print(settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['img-src'])"
    assert ast.literal_eval(start(tmp_path, code=code, **changes).stdout) == ["'self'", "data:", *origins]


def test_the_bucket_s_images_lie_where_the_policy_lets_them_come_from():
    names = ("region", "access_key", "secret_key", "media_bucket", "case_bucket")
    storages = bucket_storages(endpoint="https://files.example.org", **dict.fromkeys(names, "media"))
    assert StorageHandler(storages)["default"].url("a.jpg") == "https://files.example.org/media/a.jpg"


def test_the_editors_see_the_same_images(settings):
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"img-src": ["'self'", "https://files.example.org"]}}
    answered = EditingPolicyMiddleware(lambda request: HttpResponse())(RequestFactory().get("/editing/"))
    assert answered._csp_replace["img-src"] == ["'self'", "https://files.example.org", "blob:"]
