"""Messages that follow invitations and requests to join."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override

from citylab.core import clock
from citylab.notifications.services import notify

from . import notifications
from .models import AccessRequest, Invitation, Membership, Role, User
from .selectors import users_with_role, waiting_access_requests

OWNERS_DAYS = 5


def handle_invitation_created(key: str, payload: dict[str, Any]) -> None:
    invitation = Invitation.objects.select_related("organisation", "invited_by").get(pk=key)
    user = User.objects.filter(email__iexact=invitation.email).first()
    language = user.language if user else invitation.invited_by.language if invitation.invited_by else "it"
    with override(language):
        address = reverse("invitation", args=[invitation.token])
    notify(
        kind=notifications.InvitationSent, user=user, address=invitation.email, language=language, case_kind="organisation", case_id=str(invitation.organisation_id),
        dedupe=f"invitation:{invitation.pk}", context={"invitation": invitation, "address": address},
    )  # fmt: skip


def handle_access_request_created(key: str, payload: dict[str, Any]) -> None:
    request = AccessRequest.objects.select_related("organisation", "user").get(pk=key)
    owners = list(User.objects.filter(memberships__organisation=request.organisation, memberships__role=Membership.Role.OWNER, is_active=True))
    for person in owners or list(users_with_role(Role.OFFICER)):
        _tell_of_request(request, person)


def _tell_of_request(request: AccessRequest, person: User, unanswered_days: int = 0) -> bool:
    with override(person.language):
        address = reverse("access_request", args=[request.pk])
    message = notify(
        kind=notifications.AccessAsked, user=person, case_kind="organisation", case_id=str(request.organisation_id), dedupe=f"access:{request.pk}:{person.pk}",
        context={"request": request, "address": address, "unanswered_days": unanswered_days},
    )  # fmt: skip
    return message is not None


@shared_task
def tell_officers_of_requests() -> int:
    """Owners who do not answer for days leave it to the officers, each of whom is told once."""
    told = 0
    officers = list(users_with_role(Role.OFFICER))
    for request in waiting_access_requests().filter(asked_at__lte=clock.now() - timedelta(days=OWNERS_DAYS)):
        with transaction.atomic():
            told += sum(_tell_of_request(request, officer, OWNERS_DAYS) for officer in officers)
    return told


def handle_access_request_answered(key: str, payload: dict[str, Any]) -> None:
    request = AccessRequest.objects.select_related("organisation", "user").get(pk=key)
    notify(
        kind=notifications.AccessAnswered, user=request.user, case_kind="organisation", case_id=str(request.organisation_id), dedupe=f"access-answer:{request.pk}",
        context={"request": request, "address": "/"},
    )  # fmt: skip


def handle_second_factor_reset(key: str, payload: dict[str, Any]) -> None:
    user = User.objects.get(pk=key)
    with override(user.language):
        address = reverse("account_login")
    notify(kind=notifications.SecondFactorReset, user=user, case_kind="user", case_id=key, dedupe=f"second-factor:{payload['message']}", context={"address": address})
