"""Elasticsearch: who asks it, and under which names it keeps our indices."""

import re
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from ..environment import malformed


def elasticsearch(env: Env) -> dict[str, Any]:
    """The settings; ImproperlyConfigured where they contradict each other or name what is not there."""
    api_key, username = env.str("ELASTICSEARCH_API_KEY", default=""), env.str("ELASTICSEARCH_USERNAME", default="")
    password, certificate = env.str("ELASTICSEARCH_PASSWORD", default=""), env.str("ELASTICSEARCH_CA_CERTIFICATE", default="")
    prefix = env.str("ELASTICSEARCH_PREFIX", default="citylab")
    if api_key and username:
        raise ImproperlyConfigured("ELASTICSEARCH_API_KEY and ELASTICSEARCH_USERNAME are both set: the cluster must know one way in. See .env.example.")
    if bool(username) != bool(password):
        raise ImproperlyConfigured("ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD are set together or not at all. See .env.example.")
    if certificate and not Path(certificate).is_file():
        raise malformed("ELASTICSEARCH_CA_CERTIFICATE", f"there is no file {certificate}")
    if not re.fullmatch("[a-z0-9][a-z0-9_-]{0,40}", prefix):
        raise malformed("ELASTICSEARCH_PREFIX", "it must be of small letters, digits, “-” and “_”")
    return {
        "ELASTICSEARCH_API_KEY": api_key, "ELASTICSEARCH_USERNAME": username, "ELASTICSEARCH_PASSWORD": password,
        "ELASTICSEARCH_CA_CERTIFICATE": certificate, "ELASTICSEARCH_PREFIX": prefix,
    }  # fmt: skip
