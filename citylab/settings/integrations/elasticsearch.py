"""Elasticsearch: who asks it, and under which names it keeps our indices."""

from typing import Any

from environ import Env


def elasticsearch(env: Env) -> dict[str, Any]:
    return {
        "ELASTICSEARCH_API_KEY": env.str("ELASTICSEARCH_API_KEY", default=""),
        "ELASTICSEARCH_USERNAME": env.str("ELASTICSEARCH_USERNAME", default=""),
        "ELASTICSEARCH_PASSWORD": env.str("ELASTICSEARCH_PASSWORD", default=""),
        "ELASTICSEARCH_CA_CERTIFICATE": env.str("ELASTICSEARCH_CA_CERTIFICATE", default=""),
        "ELASTICSEARCH_PREFIX": env.str("ELASTICSEARCH_PREFIX", default="citylab"),
    }
