"""Nobody publishes alone: who may do what with a text, their own or another's; what publication reaches."""

import pytest
from django.urls import reverse

from citylab.audit.models import AuditEntry
from citylab.challenges.models import Challenge, ChallengeAddress
from citylab.core import outbox
from citylab.core.models import OutboxMessage
from citylab.testbeds.models import Site
from search.models import SearchDocument
from tests import factories

from .conftest import signed_in
from .forms import act, approve_in_the_editor, challenge_form, draft, site_form, submitted, url


def said(response):
    return [str(message).strip() for message in response.wsgi_request._messages]


def test_an_editor_cannot_approve_what_she_submitted(anna):
    record = submitted(anna)
    assert act(anna, record).status_code == 302  # sent back with “you do not have permission”
    record.refresh_from_db()
    assert (record.live, record.workflow_in_progress) == (False, True)


def test_another_editor_approves_and_it_is_public(anna, bruno, client):
    record = submitted(anna)
    assert client.get(f"/en/challenges/{record.slug}/").status_code == 404
    act(bruno, record)
    assert Challenge.objects.get().live
    assert client.get(f"/en/challenges/{record.slug}/").status_code == 200


@pytest.mark.parametrize(
    ("who", "whose", "may_approve"),
    [("editor", "own", False), ("editor", "another's", True), ("administrator", "own", False), ("administrator", "another's", True), ("officer", "another's", False), ("startup", "another's", False)],
)
def test_who_may_approve_whose_text(anna, who, whose, may_approve):
    person = signed_in(factories.person(who, language="en"))
    record = submitted(person if whose == "own" else anna)
    act(person, record)
    assert Challenge.objects.get().live is may_approve


@pytest.mark.parametrize("who", ["editor", "administrator"])
def test_nobody_publishes_directly(who):
    person = signed_in(factories.person(who, language="en"))
    draft(person, action="publish")
    assert not Challenge.objects.get().live
    assert 'name="action-publish"' not in person.get(url(Challenge.objects.get(), "edit")).content.decode()


@pytest.mark.parametrize("who", ["officer", "evaluator", "department", "startup"])
def test_others_do_not_reach_the_admin(who):
    person = signed_in(factories.person(who))
    record = factories.challenge()
    for address in (reverse("wagtailadmin_home"), url(Challenge, "list"), url(record, "edit"), reverse("challenge_close", args=[record.pk])):
        response = person.get(address)
        assert response.status_code == 403 or response["location"].startswith("/it/account/login/")


def test_the_text_that_waits_is_locked_for_its_author_who_can_take_it_back(anna):
    record = submitted(anna)
    anna.post(url(record, "edit"), challenge_form(title_it="Cambiato dopo"))
    assert Challenge.objects.get().get_latest_revision_as_object().title_it == "Acqua piovana"
    anna.post(url(record, "edit"), challenge_form("cancel-workflow"))
    anna.post(url(record, "edit"), challenge_form(title_it="Cambiato dopo"))
    assert Challenge.objects.get().get_latest_revision_as_object().title_it == "Cambiato dopo"


def test_whoever_changed_the_text_while_it_waited_cannot_approve_it(anna, bruno, admin):
    record = submitted(anna)
    bruno.post(url(record, "edit"), challenge_form(title_it="Riscritto da Bruno"))
    act(bruno, record)
    assert not Challenge.objects.get().live
    act(admin, record)
    assert Challenge.objects.get().title_it == "Riscritto da Bruno" and Challenge.objects.get().live


def test_words_stay_their_writers_own_after_somebody_else_saved_them_untouched(anna, bruno, admin):
    record = submitted(anna)
    bruno.post(url(record, "edit"), challenge_form(title_it="Riscritto da Bruno"))
    admin.post(url(record, "edit"), challenge_form(title_it="Riscritto da Bruno"))
    act(bruno, record)
    assert not Challenge.objects.get().live
    act(admin, record)
    assert Challenge.objects.get().title_it == "Riscritto da Bruno" and Challenge.objects.get().live


def test_whoever_changed_a_text_that_was_then_put_back_may_approve_it(anna, bruno, admin):
    record = submitted(anna)
    bruno.post(url(record, "edit"), challenge_form(title_it="Riscritto da Bruno"))
    admin.post(url(record, "edit"), challenge_form())
    act(bruno, record)
    assert Challenge.objects.get().title_it == "Acqua piovana" and Challenge.objects.get().live


def test_a_change_before_it_was_handed_in_again_counts_no_more(anna, bruno):
    record = submitted(anna)
    bruno.post(url(record, "edit"), challenge_form(title_it="Riscritto da Bruno"))
    act(bruno, record, "reject")
    anna.post(url(record, "edit"), challenge_form("submit", title_it="Riscritto da Bruno"))
    act(bruno, record)
    assert Challenge.objects.get().live


def test_approving_below_the_text_publishes_it_as_it_was_submitted(anna, bruno):
    record = submitted(anna)
    approve_in_the_editor(bruno, record)
    assert Challenge.objects.get().live


def test_a_change_sent_together_with_the_approval_is_saved_but_not_published(anna, bruno):
    record = submitted(anna)
    response = approve_in_the_editor(bruno, record, title_it="Riscritto da Bruno")
    assert said(response)[-1] == "You changed the text while it was waiting, so somebody else approves it. Your changes are saved."
    fresh = Challenge.objects.get()
    assert not fresh.live and fresh.get_latest_revision_as_object().title_it == "Riscritto da Bruno"


def test_the_author_cannot_approve_below_the_text_either(anna):
    record = submitted(anna)
    approve_in_the_editor(anna, record)
    assert not Challenge.objects.get().live


def test_a_request_for_changes_comes_back_to_the_author(anna, bruno):
    record = submitted(anna)
    act(bruno, record, "reject")
    record.refresh_from_db()
    assert record.current_workflow_state.status == "needs_changes"
    anna.post(url(record, "edit"), challenge_form("submit", title_it="Meglio detto"))
    act(bruno, record)
    assert Challenge.objects.get().title_it == "Meglio detto" and Challenge.objects.get().live


def test_the_submitter_does_not_find_her_text_among_those_to_review(anna, bruno):
    submitted(anna)
    assert "Rain water" not in _review_panel(anna)
    assert "Rain water" in _review_panel(bruno)


def _review_panel(client):
    page = client.get(reverse("wagtailadmin_home")).content.decode()
    return page.split("Awaiting your review")[1] if "Awaiting your review" in page else ""


def test_publication_is_recorded_with_who_approved_and_reaches_the_index(anna, bruno):
    record = submitted(anna)
    act(bruno, record)
    entry = AuditEntry.objects.get(case_kind="challenge", case_id=str(record.pk), action="publish")
    assert entry.actor_id == bruno.user.pk
    assert OutboxMessage.objects.filter(topic="challenge.published", key=str(record.pk)).count() == 1
    outbox.drain()
    assert set(SearchDocument.objects.filter(record__kind="challenge", record__object_id=str(record.pk)).values_list("language", flat=True)) == {"it", "en"}


def test_whoever_may_write_may_also_unpublish_and_it_leaves_page_and_index(anna, client):
    record = factories.challenge()
    outbox.drain()
    anna.post(reverse(Challenge.snippet_viewset.get_url_name("unpublish"), args=[record.pk]))
    outbox.drain()
    assert client.get(f"/en/challenges/{record.slug}/").status_code == 404
    assert not SearchDocument.objects.filter(record__kind="challenge", record__object_id=str(record.pk)).exists()
    assert AuditEntry.objects.filter(case_kind="challenge", action="unpublish", actor_id=anna.user.pk).count() == 1


def test_a_site_goes_the_same_way(anna, bruno, client):
    anna.post(url(Site, "add"), site_form("submit"))
    record = Site.objects.get()
    act(bruno, record)
    assert client.get("/en/sites/parco-di-prova/").status_code == 200
    anna.post(reverse(Site.snippet_viewset.get_url_name("unpublish"), args=[record.pk]))
    assert client.get("/en/sites/parco-di-prova/").status_code == 404


def test_a_new_address_redirects_from_the_old_one(anna, bruno, client):
    record = submitted(anna)
    act(bruno, record)
    anna.post(url(record, "edit"), challenge_form("submit", slug="acqua-e-citta"))
    act(bruno, record)
    response = client.get("/en/challenges/acqua-piovana/")
    assert (response.status_code, response["location"]) == (301, "/en/challenges/acqua-e-citta/")


def test_an_address_that_led_elsewhere_is_refused_with_a_message_and_nothing_is_published(anna, bruno):
    other = factories.challenge("altra")
    ChallengeAddress.objects.create(challenge=other, slug="acqua-piovana")
    record = submitted(anna)
    response = act(bruno, record)
    assert said(response) == ["The address “acqua-piovana” leads to another challenge. Choose a different one."]
    record.refresh_from_db()
    assert (record.live, record.workflow_in_progress) == (False, True)


def test_casework_has_no_place_in_the_admin(anna):
    made = factories.submitted(to=factories.challenge())
    pages = [anna.get(address).content.decode() for address in (reverse("wagtailadmin_home"), url(Challenge, "list"), url(made.challenge, "edit"), url(made.challenge, "usage"))]
    assert not any(made.number in page or made.title in page for page in pages)
    for address in (reverse("desk:home"), reverse("portal:case", args=[made.pk])):
        assert anna.get(address).status_code in (403, 404)
