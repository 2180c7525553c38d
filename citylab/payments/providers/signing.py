"""How our own providers sign what they tell us, so that it passes through the very door that a foreign one's webhooks do."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core import signing

from . import BadSignature, Event, Unintelligible

HEADER = "Citylab-Signature"
SALT = "citylab.payments.providers"
TOLERANCE_SECONDS = 300


def signed(event: Event) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a webhook that says this."""
    values = {**event.__dict__, "created_at": event.created_at.isoformat()}
    body = json.dumps(values, sort_keys=True).encode()
    return body, {HEADER: signing.TimestampSigner(salt=SALT).sign(body.decode()).rsplit("}", 1)[1]}


def parsed(body: bytes, headers: Mapping[str, str]) -> Event:
    """The event. Raises BadSignature for another's signature or one older than the tolerance, Unintelligible."""
    signature = next((value for name, value in headers.items() if name.lower() == HEADER.lower()), "")
    try:
        text = signing.TimestampSigner(salt=SALT).unsign(body.decode() + signature, max_age=TOLERANCE_SECONDS)
        values: dict[str, Any] = json.loads(text)
        return Event(**{**values, "created_at": datetime.fromisoformat(values["created_at"])})
    except (signing.BadSignature, UnicodeDecodeError) as error:
        raise BadSignature(str(error)) from error
    except (ValueError, TypeError, KeyError) as error:
        raise Unintelligible(str(error)) from error
