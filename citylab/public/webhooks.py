"""Where payment providers tell us that something has changed. Their signature is the key; nothing is done here but keeping what they say."""

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from citylab.accounts.access import public
from citylab.payments import providers
from citylab.payments.services.events import event_receive

logger = logging.getLogger(__name__)
LONGEST_BODY = 1_000_000  # bytes, several times what a provider sends


@public
@csrf_exempt
@require_POST
def webhook(request: HttpRequest, code: str) -> HttpResponse:
    """200 once the event is kept, also when it was before; 400 for a bad signature, 413 for what is too long to be an event, and then nothing is kept.

    410 for a provider that takes no payments here: a 404 would be sent on to a page in some language.
    """
    if code not in providers.MODULES or code == "notice" or (code == "test") != (providers.online() == "test"):
        return HttpResponse(status=410)
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > LONGEST_BODY:
        return HttpResponse(status=413)
    try:
        event_receive(code, request.body, request.headers)
    except (providers.BadSignature, providers.Unintelligible) as error:
        logger.warning("webhook of %s refused: %s", code, error)
        return HttpResponse(status=400)
    return HttpResponse(status=200)
