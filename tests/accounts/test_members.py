"""Members and invitations: who comes in by which link, and an organisation that always keeps an owner."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from citylab.accounts.models import Invitation, Membership, Organisation, Role
from citylab.accounts.services import organisations as services
from citylab.core import clock
from citylab.core.errors import Conflict, DomainError, NotAllowed
from tests import factories


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def organisation(db: Any) -> Organisation:
    return factories.organisation()


@pytest.fixture
def owner(organisation: Organisation) -> Any:
    return factories.owner_of(organisation)


def invited(organisation: Organisation, email: str = "nuovo@example.org", role: str = "editor") -> Invitation:
    return services.member_invite(organisation_id=organisation.pk, actor=factories.owner_of(organisation), email=email, role=role)


def test_an_invitation_lets_in_with_its_role(organisation: Organisation) -> None:
    invitation = invited(organisation)
    guest = factories.person(email="nuovo@example.org")
    client = signed_in(guest)
    assert f"You are invited to {organisation}" in client.get(reverse("portal:home")).content.decode()
    address = reverse("invitation", args=[invitation.token])
    assert "Accept the invitation" in client.get(address).content.decode()
    assert client.post(address).url == reverse("portal:home")
    assert organisation.memberships.get(user=guest).role == "editor"
    assert guest.has_role(Role.STARTUP) or type(guest).objects.get(pk=guest.pk).has_role(Role.STARTUP)


def test_the_link_asks_a_stranger_to_sign_in_and_comes_back(organisation: Organisation) -> None:
    address = reverse("invitation", args=[invited(organisation).token])
    assert Client().get(address).url == f"{reverse('account_login')}?next={address}"


def test_an_unknown_link_does_not_exist(organisation: Organisation, owner: Any) -> None:
    assert signed_in(owner).get(reverse("invitation", args=["no-such-link"])).status_code == 404


@pytest.mark.parametrize(
    ("what", "message", "opened", "posted"),
    [
        ("used", "This invitation has already been used or was taken back.", 410, 409), ("revoked", "This invitation has already been used or was taken back.", 410, 409),
        ("expired", "This invitation has expired. Ask for a new one.", 410, 422), ("other address", "This invitation was sent to another e-mail address. Sign in with that one.", 403, 422),
    ],
)  # fmt: skip
def test_a_link_that_no_longer_lets_in_says_why(organisation: Organisation, owner: Any, travel: Any, what: str, message: str, opened: int, posted: int) -> None:
    invitation = invited(organisation)
    guest = factories.person(email="altro@example.org" if what == "other address" else "nuovo@example.org")
    if what == "used":
        services.invitation_accept(token=invitation.token, actor=guest)
        organisation.memberships.filter(user=guest).delete()
    if what == "revoked":
        services.invitation_revoke(invitation_id=invitation.pk, actor=owner)
    client = signed_in(guest)
    if what == "expired":
        travel(clock.now() + timedelta(days=15))
        client = signed_in(guest)
    address = reverse("invitation", args=[invitation.token])
    for response, status in ((client.get(address), opened), (client.post(address), posted)):
        assert response.status_code == status
        assert message in response.content.decode() and "Accept the invitation" not in response.content.decode()
    assert not organisation.memberships.filter(user=guest).exists()


def test_a_new_invitation_takes_the_place_of_the_one_before(organisation: Organisation) -> None:
    first, second = invited(organisation), invited(organisation, role="reader")
    first.refresh_from_db()
    assert first.revoked_at is not None and second.revoked_at is None


def test_a_member_is_not_invited_again(organisation: Organisation, owner: Any) -> None:
    response = signed_in(owner).post(reverse("portal:members", args=[organisation.pk]), {"email": owner.email.upper(), "role": "editor"})
    assert response.status_code == 422 and "This person already belongs to the organisation." in response.content.decode()


@pytest.mark.parametrize("role", ["editor", "reader"])
def test_only_owners_invite_revoke_change_and_remove(organisation: Organisation, owner: Any, role: str) -> None:
    member = factories.member(organisation, role)
    invitation, other = invited(organisation), organisation.memberships.get(user=owner)
    moves = [
        lambda: services.member_invite(organisation_id=organisation.pk, actor=member, email="x@example.org", role="owner"),
        lambda: services.invitation_revoke(invitation_id=invitation.pk, actor=member),
        lambda: services.member_role_change(membership_id=other.pk, actor=member, role="reader"),
        lambda: services.member_remove(membership_id=other.pk, actor=member),
    ]
    for move in moves:
        with pytest.raises(NotAllowed):
            move()


def test_the_last_owner_can_neither_leave_nor_step_down(organisation: Organisation, owner: Any) -> None:
    membership = organisation.memberships.get(user=owner)
    factories.member(organisation)
    client = signed_in(owner)
    address = reverse("portal:member_change", args=[organisation.pk, membership.pk])
    for data in ({"action": "remove"}, {"role": "editor"}):
        response = client.post(address, data, follow=True)
        assert "An organisation always has an owner: make somebody else an owner first." in response.content.decode()
    membership.refresh_from_db()
    assert membership.role == Membership.Role.OWNER


def test_an_owner_leaves_once_there_is_another(organisation: Organisation, owner: Any) -> None:
    colleague = factories.member(organisation)
    client = signed_in(owner)
    client.post(reverse("portal:member_change", args=[organisation.pk, organisation.memberships.get(user=colleague).pk]), {"role": "owner"})
    mine = organisation.memberships.get(user=owner)
    address = reverse("portal:member_change", args=[organisation.pk, mine.pk])
    assert "You no longer see the proposals of" in client.get(address).content.decode()
    assert client.post(address, {"action": "remove"}).url == reverse("portal:home")
    assert [m.user for m in organisation.memberships.all()] == [colleague]
    with pytest.raises(Conflict):
        services.member_remove(membership_id=mine.pk, actor=owner)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["leave", "step down"])
def test_of_two_owners_who_go_at_once_one_stays(step: str) -> None:
    organisation = factories.organisation()
    first = factories.owner_of(organisation)
    owners = [first, factories.member(organisation, Membership.Role.OWNER)]
    memberships = {person.pk: organisation.memberships.get(user=person).pk for person in owners}
    barrier, outcomes = threading.Barrier(2), []

    def go(person: Any) -> None:
        barrier.wait()
        try:
            if step == "leave":
                services.member_remove(membership_id=memberships[person.pk], actor=person)
            else:
                services.member_role_change(membership_id=memberships[person.pk], actor=person, role="editor")
            outcomes.append("gone")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(person,)) for person in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["gone", "last_owner"]
    assert organisation.memberships.filter(role=Membership.Role.OWNER).count() == 1
