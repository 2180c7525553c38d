"""The database: SQLite for a newcomer, PostgreSQL for the city."""

from pathlib import Path
from typing import Any


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite as safe and as concurrent as it gets: WAL, IMMEDIATE transactions, waiting instead of failing."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;PRAGMA cache_size=-20000;",
        },
    }


def harden(database: dict[str, Any]) -> dict[str, Any]:
    """What an address cannot say: SQLite gets the options above, PostgreSQL persistent connections."""
    if database["ENGINE"].endswith("sqlite3"):
        return {**sqlite(Path(database["NAME"])), "TEST": {"NAME": f"{database['NAME']}.test"}}
    return {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, **database}
