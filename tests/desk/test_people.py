"""Handing over a colleague's cases, and who gives roles."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.accounts.models import Membership, Role, User
from citylab.accounts.services.people import account_switch, second_factor_reset
from citylab.accounts.services.roles import role_revoke
from citylab.audit.models import AuditEntry
from citylab.core import clock, outbox
from citylab.core.errors import NotAllowed
from citylab.core.models import OutboxMessage
from citylab.notifications.models import OutgoingMessage
from citylab.pilots.models import Pilot
from citylab.proposals.models import Proposal
from citylab.proposals.services import screening
from tests import factories

from .conftest import signed_in, text_of

HAND_OVER, PEOPLE = "desk:hand_over", "desk:people"


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


@pytest.fixture
def administrator(people: Any) -> Any:
    return signed_in(people.administrator)


# --- hand over


def everything(client: Any, data: dict[str, Any]) -> dict[str, Any]:
    """The confirmation as a browser sends it when nothing is unticked."""
    form = client.post(reverse(HAND_OVER), data).context["form"]
    return {**data, **{name: field.initial for name, field in form.fields.items()}, "confirmed": "1"}


def test_all_undecided_cases_of_a_colleague_go_to_another_after_one_confirmation(officer: Any, people: Any, made: Any) -> None:
    cases = [made("screening"), made("evaluation")]
    decided = made("inadmissible")
    data = {"from_officer": people.officer.pk, "to_officer": people.colleague.pk}
    shown = officer.post(reverse(HAND_OVER), data)
    assert "2 cases, 0 pilots: from Persona to Second Officer." in text_of(shown)
    assert Proposal.objects.filter(officer=people.colleague).count() == 0
    assert all(f'value="{case.pk}"' in shown.content.decode() for case in cases) and shown.content.decode().count(" checked") == 2
    done = officer.post(reverse(HAND_OVER), everything(officer, data), follow=True)
    assert "2 cases, 0 pilots: now with Second Officer." in text_of(done)
    assert set(Proposal.objects.filter(officer=people.colleague)) == set(cases)
    assert Proposal.objects.get(pk=decided.pk).officer == people.officer


def test_whoever_gets_a_case_back_is_told_again(people: Any, made: Any) -> None:
    case = made("screening")
    for taker in (people.colleague, people.officer, people.colleague):
        screening.officer_assign(proposal_id=case.pk, actor=people.officer, officer=taker)
        outbox.drain()
    told = OutgoingMessage.objects.filter(kind="work_for_officer", case_id=str(case.pk)).order_by("pk")
    assert [message.user for message in told] == [people.colleague, people.officer, people.colleague]


def test_pilots_go_with_the_cases_unless_the_taker_belongs_to_the_startup(officer: Any, people: Any, made: Any) -> None:
    pilot = made("approved").pilot
    data = everything(officer, {"from_officer": people.officer.pk, "to_officer": people.colleague.pk})
    membership = Membership.objects.create(user=people.colleague, organisation=people.organisation, role=Membership.Role.READER, joined_at=clock.now())
    assert f"These stayed because of a conflict of interest: {pilot.code.upper()}." in text_of(officer.post(reverse(HAND_OVER), data, follow=True))
    assert Pilot.objects.get(pk=pilot.pk).officer == people.officer
    membership.delete()
    assert "0 cases, 1 pilot: now with Second Officer." in text_of(officer.post(reverse(HAND_OVER), data, follow=True))
    assert Pilot.objects.get(pk=pilot.pk).officer == people.colleague
    assert officer.post(reverse(HAND_OVER), data).status_code == 422  # nothing is left to hand over


def test_cases_of_somebody_who_is_no_longer_an_officer_can_be_handed_over(people: Any, made: Any) -> None:
    case = made("screening")
    role_revoke(user=people.officer, role=Role.OFFICER, actor=people.administrator)
    colleague = signed_in(people.colleague)
    colleague.post(reverse(HAND_OVER), everything(colleague, {"from_officer": people.officer.pk, "to_officer": people.colleague.pk}))
    assert Proposal.objects.get(pk=case.pk).officer == people.colleague


def test_a_case_of_the_takers_own_organisation_stays_and_is_named(officer: Any, people: Any, made: Any) -> None:
    Membership.objects.create(user=people.colleague, organisation=people.organisation, role=Membership.Role.READER, joined_at=clock.now())
    case = made("screening")
    response = officer.post(reverse(HAND_OVER), everything(officer, {"from_officer": people.officer.pk, "to_officer": people.colleague.pk}), follow=True)
    assert f"These stayed because of a conflict of interest: {case.number}." in text_of(response)
    assert Proposal.objects.get(pk=case.pk).officer == people.officer


def test_what_is_unticked_stays(officer: Any, people: Any, made: Any) -> None:
    stays, goes = made("screening"), made("evaluation")
    pilot, other = made("approved").pilot, made("approved").pilot
    data = {"from_officer": people.officer.pk, "to_officer": people.colleague.pk, "cases": [goes.pk], "pilots": [pilot.pk], "confirmed": "1"}
    assert "1 case, 1 pilot: now with Second Officer." in text_of(officer.post(reverse(HAND_OVER), data, follow=True))
    assert [Proposal.objects.get(pk=case.pk).officer for case in (stays, goes)] == [people.officer, people.colleague]
    assert [Pilot.objects.get(pk=each.pk).officer for each in (pilot, other)] == [people.colleague, people.officer]


def test_nothing_ticked_hands_nothing_over(officer: Any, people: Any, made: Any) -> None:
    case = made("screening")
    response = officer.post(reverse(HAND_OVER), {"from_officer": people.officer.pk, "to_officer": people.colleague.pk, "confirmed": "1"})
    assert (response.status_code, "Tick what goes to the other person." in text_of(response)) == (422, True)
    assert Proposal.objects.get(pk=case.pk).officer == people.officer


def test_what_was_dealt_with_meanwhile_or_is_anothers_is_left_out(officer: Any, people: Any, made: Any) -> None:
    decided, goes, anothers = made("inadmissible"), made("screening"), made("submitted")
    data = {"from_officer": people.officer.pk, "to_officer": people.colleague.pk, "cases": [decided.pk, goes.pk, anothers.pk, "nonsense"], "confirmed": "1"}
    assert "1 case, 0 pilots: now with Second Officer." in text_of(officer.post(reverse(HAND_OVER), data, follow=True))
    assert Proposal.objects.get(pk=decided.pk).officer == people.officer and Proposal.objects.get(pk=anothers.pk).officer is None


def test_choosing_costs_the_same_with_3_and_with_30_cases(officer: Any, people: Any, made: Any) -> None:
    data = {"from_officer": people.officer.pk, "to_officer": people.colleague.pk}

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert officer.post(reverse(HAND_OVER), data).status_code == 200
        return len(queries)

    for _time in range(3):
        made("screening")
    officer.post(reverse(HAND_OVER), data)  # what is remembered for a while may just have been forgotten
    at_3 = cost()
    for _time in range(27):
        made("screening")
    officer.post(reverse(HAND_OVER), data)
    assert cost() == at_3


def test_two_different_people_are_needed(officer: Any, people: Any, made: Any) -> None:
    made("screening")
    same = officer.post(reverse(HAND_OVER), {"from_officer": people.officer.pk, "to_officer": people.officer.pk})
    assert (same.status_code, "Choose two different people." in text_of(same)) == (422, True)
    assert officer.post(reverse(HAND_OVER), {"to_officer": people.colleague.pk}).status_code == 422
    assert officer.post(reverse(HAND_OVER), {"from_officer": people.officer.pk, "to_officer": people.evaluator.pk}).status_code == 422


@pytest.mark.parametrize(("who", "status"), [("officer", 200), ("administrator", 200), ("evaluator", 403), ("department", 403), ("editor", 403), ("startup", 403)])
def test_who_hands_over(who: str, status: int, people: Any) -> None:
    assert signed_in(getattr(people, who)).get(reverse(HAND_OVER)).status_code == status


# --- people and roles


@pytest.mark.parametrize(("who", "status"), [("administrator", 200), ("officer", 403), ("evaluator", 403), ("department", 403), ("editor", 403), ("startup", 403)])
def test_only_administrators_see_people_and_change_roles(who: str, status: int, people: Any) -> None:
    client = signed_in(getattr(people, who))
    assert client.get(reverse(PEOPLE)).status_code == status
    assert client.get(reverse("desk:person", args=[people.startup.pk])).status_code == status
    client.post(reverse("desk:person", args=[people.startup.pk]), {"roles": ["startup", "officer"], "confirmed": "1"})
    assert fresh(people.startup).has_role(Role.OFFICER) == (status == 200)


def test_an_administrator_sees_that_background_work_was_given_up(administrator: Any) -> None:
    assert "given up" not in text_of(administrator.get(reverse(PEOPLE)))
    message = outbox.publish("proposal.submitted", 1)
    OutboxMessage.objects.filter(pk=message.pk).update(failed_at=clock.now())
    assert "1 piece of background work (a message, a search index) failed ten times and was given up." in text_of(administrator.get(reverse(PEOPLE)))


def test_an_administrator_sees_that_mail_was_given_up(administrator: Any) -> None:
    moment = clock.now()
    said = "1 mail of the last thirty days could not be delivered and was given up."
    for days, delivery, seen in ((31, "failed", False), (29, "queued", False), (28, "failed", True)):
        at = moment - timedelta(days=days)
        OutgoingMessage.objects.create(address="ada@example.org", delivery=delivery, dedupe=str(days), next_attempt_at=at, created_at=at)
        assert (said in text_of(administrator.get(reverse(PEOPLE)))) == seen


def test_people_are_found_by_name_e_mail_and_role(administrator: Any, people: Any) -> None:
    def found(**query: str) -> set[str]:
        return {str(person) for person in administrator.get(reverse(PEOPLE), query).context["page"]}

    assert found(text="second off") == {"Second Officer"}
    assert people.colleague.email in {person.email for person in administrator.get(reverse(PEOPLE), {"role": "officer"}).context["page"]}
    assert found(text=people.owner.email) == {"Persona"}
    assert found(text="nobody like this") == set()
    assert "Nobody found" in text_of(administrator.get(reverse(PEOPLE), {"text": "nobody like this"}))


def test_roles_change_after_one_confirmation_and_leave_a_trace(administrator: Any, people: Any) -> None:
    address = reverse("desk:person", args=[people.evaluator.pk])
    data = {"roles": ["officer", "editor"]}
    shown = text_of(administrator.post(address, data))
    assert "Gets the role: Officer" in shown and "Gets the role: Editor" in shown and "Loses the role: Evaluator" in shown
    assert fresh(people.evaluator).roles == {"evaluator"}
    assert administrator.post(address, {**data, "confirmed": "1"})["Location"] == reverse(PEOPLE)
    assert fresh(people.evaluator).roles == {"officer", "editor"}
    assert set(fresh(people.evaluator).groups.values_list("name", flat=True)) == {"Editors", "Moderators"}
    traces = AuditEntry.objects.filter(case_kind="user", case_id=str(people.evaluator.pk), actor_id=people.administrator.pk)
    assert {(trace.action, trace.data["role"]) for trace in traces} == {("grant_role", "editor"), ("grant_role", "officer"), ("revoke_role", "evaluator")}


def test_the_last_administrator_cannot_be_taken_away(administrator: Any, people: Any) -> None:
    address = reverse("desk:person", args=[people.administrator.pk])
    response = administrator.post(address, {"roles": ["officer"], "confirmed": "1"})
    assert (response.status_code, "This is the last administrator" in text_of(response)) == (422, True)
    assert response.context["form"]["roles"].value() == ["officer"]
    assert fresh(people.administrator).has_role(Role.ADMINISTRATOR)
    factories.person(Role.ADMINISTRATOR)
    assert administrator.post(address, {"roles": ["officer"], "confirmed": "1"}).status_code == 302
    assert fresh(people.administrator).roles == {"officer"}


def account(person: Any, code: str) -> str:
    return reverse("desk:person_act", args=[person.pk, code])


def test_a_lost_second_factor_is_removed_after_one_confirmation_and_the_person_hears_of_it(administrator: Any, people: Any) -> None:
    factor = Authenticator.objects.create(user=people.evaluator, type=Authenticator.Type.TOTP, data={})
    address = account(people.evaluator, "second-factor")
    assert "Remove the second factor" in text_of(administrator.get(reverse("desk:person", args=[people.evaluator.pk])))
    assert "The app and the recovery codes no longer work" in text_of(administrator.post(address)) and Authenticator.objects.get() == factor
    administrator.post(address, {"confirmed": "1"})
    outbox.drain()
    assert not Authenticator.objects.exists()
    assert OutgoingMessage.objects.get(user=people.evaluator).kind == "second_factor_reset"
    again = administrator.post(address, {"confirmed": "1"}, follow=True)
    assert "This person has no second factor." in text_of(again)
    assert [(entry.action, entry.actor_id) for entry in AuditEntry.objects.filter(case_kind="user", case_id=str(people.evaluator.pk)).exclude(action="grant_role")] == [
        ("reset_second_factor", people.administrator.pk)
    ]


def test_an_account_is_switched_off_which_ends_its_sessions_and_on_again(administrator: Any, people: Any) -> None:
    evaluator, own = people.evaluator, reverse("desk:evaluations")
    client = signed_in(evaluator)
    administrator.post(account(evaluator, "deactivate"), {"confirmed": "1"})
    assert client.get(own).status_code == 302 and "Switch the account on" in text_of(administrator.get(reverse("desk:person", args=[evaluator.pk])))
    administrator.post(account(evaluator, "reactivate"), {"confirmed": "1"})
    assert client.get(own).status_code == 200
    assert set(AuditEntry.objects.filter(case_id=str(evaluator.pk), actor_id=people.administrator.pk).values_list("action", flat=True)) == {"deactivate", "reactivate"}


def test_the_last_administrator_is_not_switched_off(administrator: Any, people: Any) -> None:
    address = account(people.administrator, "deactivate")
    assert "This is the last administrator: name another one first." in text_of(administrator.post(address, {"confirmed": "1"}, follow=True))
    assert fresh(people.administrator).is_active
    second = factories.person(Role.ADMINISTRATOR)
    administrator.post(account(second, "deactivate"), {"confirmed": "1"})
    assert "This is the last administrator" in text_of(administrator.post(address, {"confirmed": "1"}, follow=True))


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.ADMINISTRATOR])
def test_only_an_administrator_changes_accounts(role: str, people: Any) -> None:
    for act in (lambda actor: account_switch(user_id=people.owner.pk, active=False, actor=actor), lambda actor: second_factor_reset(user_id=people.owner.pk, actor=actor)):
        with pytest.raises(NotAllowed):
            act(getattr(people, role))


@pytest.mark.parametrize(("roles", "message"), [(["evaluator"], "Nothing would change."), (["king"], "Select a valid choice.")])
def test_roles_that_make_no_sense_are_refused(roles: list[str], message: str, administrator: Any, people: Any) -> None:
    response = administrator.post(reverse("desk:person", args=[people.evaluator.pk]), {"roles": roles})
    assert (response.status_code, message in text_of(response)) == (422, True)
    assert fresh(people.evaluator).roles == {"evaluator"}


def test_the_list_of_people_costs_the_same_with_3_and_with_30(administrator: Any, people: Any) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert administrator.get(reverse(PEOPLE), {"role": "evaluator"}).status_code == 200
        return len(queries)

    factories.person(Role.EVALUATOR)
    cost()
    at_3 = cost()
    for _time in range(21):
        factories.person(Role.EVALUATOR, Role.OFFICER)
    assert cost() == at_3 <= 15
