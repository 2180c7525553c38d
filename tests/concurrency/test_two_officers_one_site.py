"""Two officers choose a site for the same case at the same moment, or one does while it is decided or withdrawn."""

import pytest

from citylab.audit.models import AuditEntry
from citylab.audit.verifying import verify
from citylab.core.errors import Conflict, DomainError
from citylab.core.models import OutboxMessage
from citylab.pilots.services import approving
from citylab.proposals.models import Communication, Proposal, RegisterCounter, RegisterEntry
from citylab.proposals.services import deciding, siting
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def choosing(case, officer, site, seen):
    return lambda: siting.site_change(proposal_id=case.pk, actor=officer, site_id=site.pk, seen=seen.pk)


def test_two_officers_choose_two_sites_one_wins_the_other_is_told(together):
    people, colleague = factories.city(), factories.person("officer")
    asked, first, second = factories.site(), factories.site(), factories.site()
    for _round in range(3):
        case = factories.proposal_in("screening", people=people, sites=[asked.code])
        results = together(choosing(case, people.officer, first, asked), choosing(case, colleague, second, asked))
        (told,) = [result for result in results if isinstance(result, DomainError)]
        assert (type(told), told.code) == (Conflict, "site_changed")
        (message,) = [result for result in results if isinstance(result, Communication)]
        winner = first if results[0] is message else second
        assert Proposal.objects.get(pk=case.pk).assigned_site == winner
        assert AuditEntry.objects.get(case_id=str(case.pk), action="change_site").data["site_to"] == winner.code
        assert Communication.objects.filter(proposal=case, kind="site_changed").count() == OutboxMessage.objects.filter(topic="proposal.site_changed", key=str(case.pk)).count() == 1
    assert list(RegisterEntry.objects.order_by("number").values_list("number", flat=True)) == list(range(1, RegisterCounter.objects.get().last + 1))
    assert verify() == []


def test_a_double_click_chooses_once(together):
    people, asked, other = factories.city(), factories.site(), factories.site()
    case = factories.proposal_in("screening", people=people, sites=[asked.code])
    results = together(*(choosing(case, people.officer, other, asked) for _turn in range(2)))
    assert [result.code for result in results if isinstance(result, DomainError)] == ["site_changed"]
    assert Communication.objects.filter(proposal=case, kind="site_changed").count() == 1


@pytest.mark.parametrize("what", ["approved", "withdrawn"])
def test_a_site_is_chosen_while_the_case_is(what, together):
    people, asked, other = factories.city(), factories.site(), factories.site()
    case = factories.proposal_in("evaluation", people=people, sites=[asked.code])
    factories.sheet_confirmed(case, people.officer, people.evaluator)
    colleague = factories.person("officer")
    ends = {
        "approved": lambda: approving.proposal_approve(proposal_id=case.pk, actor=people.officer, outcome="approved", **factories.act()),
        "withdrawn": lambda: deciding.proposal_withdraw(proposal_id=case.pk, actor=factories.owner_of(case.organisation)),
    }
    changed, ended = together(choosing(case, colleague, other, asked), ends[what])
    assert not isinstance(ended, DomainError)
    found = Proposal.objects.get(pk=case.pk)
    assert found.state == what
    if isinstance(changed, DomainError):
        assert (changed.code, found.assigned_site) == ("illegal_move", None)
    else:
        assert found.assigned_site == other
    assert verify() == []
