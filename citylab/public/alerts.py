"""The link below every alert: stops what led to it by one click, for whoever holds the mail, signed in or not."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from citylab.accounts.access import public
from search.alerts import alert_by_token, alert_stop, alerts_stop_all, causes_of


@csrf_exempt  # the mail program posts here (RFC 8058); the signed link is the proof
@public
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Opening it changes nothing, since mail scanners open links too; the button, or the mail program's POST, stops."""
    alert = alert_by_token(token)
    if alert is None:
        raise Http404
    if request.method == "POST":
        if request.POST.get("what") == "all":
            alerts_stop_all(alert)
        else:
            alert_stop(alert)
    causes = causes_of(alert)
    context = {"causes": causes, "is_stopped": all(cause.is_paused for cause in causes), "stopped_all": request.POST.get("what") == "all"}
    return render(request, "public/alert_stop.html", context)
