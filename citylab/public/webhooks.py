"""Where payment providers tell us that something has changed. Their signature is the key; nothing is done here but keeping what they say."""

import logging

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from citylab.accounts.access import public
from citylab.payments import providers
from citylab.payments.services.events import event_receive

logger = logging.getLogger(__name__)


@public
@csrf_exempt
@require_POST
def webhook(request: HttpRequest, code: str) -> HttpResponse:
    """200 once the event is kept, also when it was before; 400 for a bad signature, and then nothing is kept."""
    if code not in providers.MODULES or code == "notice" or (code == "test") != (providers.online() == "test"):
        raise Http404
    try:
        event_receive(code, request.body, request.headers)
    except (providers.BadSignature, providers.Unintelligible) as error:
        logger.warning("webhook of %s refused: %s", code, error)
        return HttpResponse(status=400)
    return HttpResponse(status=200)
