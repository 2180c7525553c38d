"""The people of an installation: its first administrator, and nobody of the demo."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from citylab.accounts.models import Role, User
from citylab.audit.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_command_makes_whoever_signed_up_the_first_administrator_with_a_trace(capsys: Any) -> None:
    person = factories.person(Role.STARTUP, email="ada@example.org")
    for _turn in range(2):
        call_command("grant_role", "Ada@example.org", "administrator")
    assert capsys.readouterr().out.splitlines() == ["ada@example.org has the role administrator now.", "ada@example.org has the role administrator already."]
    assert User.objects.get(pk=person.pk).roles == {"startup", "administrator"}
    traces = AuditEntry.objects.filter(case_kind="user", case_id=str(person.pk), action="grant_role", data={"role": "administrator"})
    assert [(trace.actor_id, trace.actor_role) for trace in traces] == [(None, "system")]


@pytest.mark.parametrize("given", [("nobody@example.org", "administrator"), ("off@example.org", "administrator"), ("ada@example.org", "king")])
def test_the_command_refuses_who_is_not_here_and_what_is_no_role(given: tuple[str, str]) -> None:
    ada = factories.person(email="ada@example.org")
    factories.person(email="off@example.org", is_active=False)
    with pytest.raises(CommandError):
        call_command("grant_role", *given)
    assert not ada.roles


def test_outside_local_a_database_with_the_demos_people_is_refused(settings: Any) -> None:
    factories.person(Role.ADMINISTRATOR)
    settings.DEMO_ACCOUNTS = False
    assert run_checks(tags=["database"], databases=["default"]) == []
    factories.person(Role.ADMINISTRATOR, is_demo=True)
    assert [(fault.id, fault.msg) for fault in run_checks(tags=["database"], databases=["default"])] == [
        ("accounts.E001", "The database holds demo accounts (1), perhaps an administrator among them: it was loaded by load_demo.")
    ]
    settings.DEMO_ACCOUNTS = True
    assert run_checks(tags=["database"], databases=["default"]) == []
