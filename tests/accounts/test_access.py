"""Signing up, mail in the person's language, the second factor of whoever acts for the city, demo accounts and roles."""

import re
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import translation

from citylab.accounts.models import Role, User
from citylab.accounts.services.roles import role_grant, role_revoke
from citylab.audit.services import trail
from citylab.core.errors import NotAllowed
from citylab.notifications.models import OutgoingMessage
from citylab.notifications.selectors import preferences_of
from citylab.notifications.services import preferences_save
from citylab.notifications.tasks import deliver_due
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
PASSWORD = "una password lunga 9"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def sign_up(language: str, **changes: Any) -> tuple[Client, Any]:
    client = Client()
    with translation.override(language):
        data = {"name": "Ada Nuova", "email": "ada@example.org", "password1": PASSWORD, "privacy": "on", **changes}
        return client, client.post(reverse("account_signup"), data)


@pytest.mark.parametrize("language", ["it", "en"])
def test_whoever_signs_up_confirms_by_mail_in_their_language_and_is_a_startup(language: str) -> None:
    client, response = sign_up(language)
    assert response.status_code == 302
    user = User.objects.get(email="ada@example.org")
    assert (user.name, user.language, user.roles) == ("Ada Nuova", language, {Role.STARTUP})
    assert deliver_due() == 1
    (letter,) = mail.outbox
    assert letter.alternatives[0].mimetype == "text/html"
    assert letter.to == ["ada@example.org"] and letter.subject.startswith("Torino City Lab: ")
    assert ("This address was given for an account on Torino City Lab." in letter.body) == (language == "en")
    link = re.search(r"https?://[^/]+(/\S+)", letter.body)[1]
    assert link.startswith(f"/{language}/")
    assert not EmailAddress.objects.get(user=user).verified  # opening the link alone confirms nothing: mail scanners open links too
    assert client.get(link).status_code == 200
    client.post(link)
    assert EmailAddress.objects.get(user=user).verified
    with translation.override(language):
        assert client.get(reverse("portal:home")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"name": ""}, "name", "This field is required."), ({"email": "ada"}, "email", "Enter a valid email address."), ({"password1": "corta"}, "password1", "too short"),
        ({"password1": "1234567890123"}, "password1", "entirely numeric"), ({"privacy": ""}, "privacy", "Confirm that you have read the privacy notice."),
    ],
)  # fmt: skip
def test_each_wrong_field_of_signing_up_is_named(changes: dict[str, Any], field: str, message: str) -> None:
    _client, response = sign_up("en", **changes)
    assert any(message in error for error in response.context["form"].errors[field])
    assert not User.objects.exists()


def test_an_address_that_is_here_is_answered_like_a_new_one() -> None:
    _client, first = sign_up("en")
    _client, second = sign_up("en")
    assert (first.status_code, first.url) == (second.status_code, second.url)
    assert User.objects.count() == 1
    assert list(OutgoingMessage.objects.order_by("pk").values_list("kind", "address")) == [
        ("confirm_address", "ada@example.org"),
        ("account_exists", "ada@example.org"),
    ]


def test_signing_up_goes_on_while_the_mail_server_is_away_and_the_letter_follows(monkeypatch: pytest.MonkeyPatch, travel: Any) -> None:
    def away(backend: Any, messages: Any) -> None:
        raise SMTPServerDisconnected("no server")

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", away)
        _client, response = sign_up("en")
        assert response.status_code == 302 and deliver_due() == 0
    letter = OutgoingMessage.objects.get()
    assert (letter.delivery, letter.attempts) == ("queued", 1) and "/confirm-email/" in letter.text
    travel(letter.next_attempt_at)
    assert deliver_due() == 1
    letter.refresh_from_db()
    # Whoever reads the table later finds no key in it.
    assert (letter.delivery, letter.text, letter.html) == ("sent", "", "")
    assert "/confirm-email/" in mail.outbox[0].body


def test_resetting_a_password_answers_the_same_for_an_unknown_address() -> None:
    factories.person(email="ada@example.org")
    answers = {Client().post(reverse("account_reset_password"), {"email": email}).url for email in ("ada@example.org", "nessuno@example.org")}
    assert answers == {reverse("account_reset_password_done")}


def test_the_letter_about_a_password_comes_in_the_language_of_the_person() -> None:
    factories.person(email="ada@example.org", language="it")
    Client().post(reverse("account_reset_password"), {"email": "ada@example.org"})
    deliver_due()
    assert "Torino City Lab" in mail.outbox[0].body and "Somebody, perhaps you" not in mail.outbox[0].body


@pytest.mark.parametrize("role", sorted({Role.OFFICER, Role.EVALUATOR, Role.DEPARTMENT, Role.EDITOR, Role.ADMINISTRATOR}))
def test_whoever_acts_for_the_city_sets_up_a_second_factor_first(role: str) -> None:
    user = factories.person(role)
    for address in (reverse("start"), reverse("wagtailadmin_home")):
        assert signed_in(user).get(address).url == reverse("mfa_activate_totp")
    TOTP.activate(user, generate_totp_secret())
    assert signed_in(user).get(reverse("start")).url != reverse("mfa_activate_totp")


def test_a_startup_needs_none_and_a_demo_account_is_excepted_where_there_are_any(settings: Any) -> None:
    assert signed_in(factories.person(Role.STARTUP)).get(reverse("portal:home")).status_code == 200
    demo = factories.person(Role.OFFICER, is_demo=True)
    assert signed_in(demo).get(reverse("desk:home")).status_code == 200
    settings.DEMO_ACCOUNTS = False
    assert signed_in(demo).get(reverse("desk:home")).url == reverse("mfa_activate_totp")


def test_demo_accounts_sign_in_by_their_buttons_and_no_other_account_does(settings: Any) -> None:
    demo, real = factories.person(Role.STARTUP, is_demo=True, name="Start-up di prova"), factories.person(Role.STARTUP)
    assert "Start-up di prova" in Client().get(reverse("account_login")).content.decode()
    client = Client()
    assert client.post(reverse("demo_login"), {"email": real.email}).status_code == 404
    assert client.post(reverse("demo_login"), {"email": demo.email}).url == reverse("start")
    settings.DEMO_ACCOUNTS = False
    assert Client().post(reverse("demo_login"), {"email": demo.email}).status_code == 404
    assert "Start-up di prova" not in Client().get(reverse("account_login")).content.decode()


@pytest.mark.parametrize("role", [None, *sorted(set(Role.values) - {Role.ADMINISTRATOR})])
def test_only_an_administrator_gives_and_takes_roles(role: str | None) -> None:
    actor, user = factories.person(*([role] if role else [])), factories.person(Role.EVALUATOR)
    with pytest.raises(NotAllowed):
        role_grant(user=user, role=Role.OFFICER, actor=actor)
    with pytest.raises(NotAllowed):
        role_revoke(user=user, role=Role.EVALUATOR, actor=actor)
    assert User.objects.get(pk=user.pk).roles == {Role.EVALUATOR}


def test_a_role_given_and_taken_stands_in_the_trail_and_moves_the_groups() -> None:
    administrator, user = factories.person(Role.ADMINISTRATOR), factories.person()
    role_grant(user=user, role=Role.EDITOR, actor=administrator)
    assert user.has_role(Role.EDITOR) and set(user.groups.values_list("name", flat=True)) == {"Editors", "Moderators"}
    role_revoke(user=user, role=Role.EDITOR, actor=administrator)
    assert not user.has_role(Role.EDITOR) and not user.groups.exists()
    assert [(entry.action, entry.actor_id, entry.data["role"]) for entry in trail("user", user.pk)][-2:] == [("grant_role", administrator.pk, "editor"), ("revoke_role", administrator.pk, "editor")]


ACCESS_PAGES = ["account_login", "account_signup", "account_reset_password"]
OWN_PAGES = ["account_settings", "account_email", "account_change_password", "mfa_index", "account_logout"]


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("name", [*ACCESS_PAGES, *OWN_PAGES])
def test_pages_of_access_look_like_ours_in_both_languages(language: str, name: str) -> None:
    with translation.override(language):
        client = signed_in(factories.person(Role.STARTUP)) if name in OWN_PAGES else Client()
        response = client.get(reverse(name))
    text = response.content.decode()
    assert response.status_code == 200
    assert f'<html lang="{language}">' in text and "it-header-wrapper" in text and text.count("<h1") == 1
    assert "<script>" not in text and " style=" not in text


def test_only_whoever_acts_for_the_city_is_asked_about_messages_of_the_desk_and_the_choice_stays() -> None:
    startup, officer = factories.person(Role.STARTUP), factories.person(Role.OFFICER, is_demo=True)
    client = signed_in(startup)
    offered = [row["code"] for row in client.get(reverse("account_settings")).context["categories"]]
    assert "progress" in offered and "desk" not in offered
    assert "desk" in [row["code"] for row in signed_in(officer).get(reverse("account_settings")).context["categories"]]
    client.post(reverse("account_settings"), {"name": "Ada", "language": "it", "categories": ["progress"]})
    assert {code for code, wanted in preferences_of(startup).items() if wanted} == {"formal", "progress", "desk"}
    preferences_save(user=startup, wanted=set())
    client.post(reverse("account_settings"), {"name": "Ada", "language": "it", "categories": ["progress"]})
    assert {code for code, wanted in preferences_of(startup).items() if wanted} == {"formal", "progress"}
