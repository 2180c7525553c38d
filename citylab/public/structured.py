"""What search engines read of a service page: schema.org's GovernmentService."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citylab.challenges.models import Challenge


def _service(request: HttpRequest, name: str, description: str, address: str, apply_at: str) -> dict[str, Any]:
    city = settings.CITY
    return {
        "@context": "https://schema.org",
        "@type": "GovernmentService",
        "name": name,
        "description": description,
        "serviceType": _("Testing of innovative solutions in the city"),
        "url": request.build_absolute_uri(address),
        "inLanguage": (get_language() or "it")[:2],
        "areaServed": {"@type": "City", "name": city["place"]},
        "serviceOperator": {"@type": "GovernmentOrganization", "name": city["name"], "url": city["website"], "email": city["email"]},
        "audience": {"@type": "Audience", "audienceType": _("Start-ups, companies, research bodies, third-sector bodies")},
        "availableChannel": {
            "@type": "ServiceChannel",
            "serviceUrl": request.build_absolute_uri(apply_at),
            "availableLanguage": ["it", "en"],
            "processingTime": "P30D",
        },
    }


def service_sheet(request: HttpRequest) -> dict[str, Any]:
    return _service(
        request, _("Present a proposal"), _("Ask the City for a place, and for its help, to try out an innovative solution."), reverse("public:apply"), reverse("portal:start")
    )


def challenge_sheet(request: HttpRequest, challenge: Challenge, closes_at: Any) -> dict[str, Any]:
    apply_at = f"{reverse('portal:start')}?challenge={challenge.code}"
    sheet = _service(request, challenge.title, challenge.summary, challenge.get_absolute_url(), apply_at)
    if challenge.opens_at:
        sheet["availableChannel"]["availabilityStarts"] = challenge.opens_at.isoformat()
    if closes_at:
        sheet["availableChannel"]["availabilityEnds"] = closes_at.isoformat()
    return sheet
