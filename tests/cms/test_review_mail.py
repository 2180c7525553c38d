"""A text that waits is told to everyone who may approve it, and to nobody else."""

import pytest
from django.urls import reverse
from wagtail.models import Page

from citylab.accounts.models import Role
from citylab.core import outbox
from citylab.notifications.models import NotificationPreference, OutgoingMessage
from tests import factories

from .forms import act, challenge_form, submitted, url
from .test_after_publication import story


def told():
    """Who was told so far, in order."""
    while outbox.drain():
        pass
    return list(OutgoingMessage.objects.filter(kind="text_awaits_review").order_by("pk").values_list("user", flat=True))


@pytest.fixture
def others():
    """People who approve nothing."""
    return [factories.person(role) for role in (Role.OFFICER, Role.EVALUATOR, Role.DEPARTMENT, Role.STARTUP)]


def test_everyone_who_may_approve_is_told_and_never_the_author(anna, bruno, admin, others):
    record = submitted(anna)
    assert told() == sorted([bruno.user.pk, admin.user.pk])
    message = OutgoingMessage.objects.get(user=bruno.user)
    assert message.subject == "To be reviewed: acqua · Rain water"
    assert "Anna asks for somebody to review “acqua · Rain water”." in message.text
    assert url(record, "edit") in message.text


def test_it_is_written_in_the_language_of_each(anna):
    carla = factories.person(Role.EDITOR, language="it")
    submitted(anna)
    told()
    message = OutgoingMessage.objects.get(user=carla)
    assert (message.language, "Acqua piovana" in message.subject) == ("it", True)


def test_whoever_switched_work_on_the_desk_off_is_not_told(anna, bruno, admin):
    NotificationPreference.objects.create(user=bruno.user, category="desk", email=False)
    submitted(anna)
    assert told() == [admin.user.pk]


def test_somebody_who_left_is_not_told(anna, bruno, admin):
    type(bruno.user).objects.filter(pk=bruno.user.pk).update(is_active=False)
    submitted(anna)
    assert told() == [admin.user.pk]


def test_a_text_taken_back_before_the_mail_went_out_is_not_told(anna, bruno):
    record = submitted(anna)
    anna.post(url(record, "edit"), challenge_form("cancel-workflow"))
    assert told() == []


def test_handed_over_again_after_changes_it_is_told_again(anna, bruno):
    record = submitted(anna)
    assert told() == [bruno.user.pk]
    act(bruno, record, "reject")
    anna.post(url(record, "edit"), challenge_form("submit", title_it="Meglio detto"))
    assert told() == [bruno.user.pk, bruno.user.pk]


def test_a_page_is_told_too(anna, bruno):
    story(anna, "Una storia", "action-submit")
    assert told() == [bruno.user.pk]
    message = OutgoingMessage.objects.get()
    page = Page.objects.get(slug="una-storia")
    assert message.subject == "To be reviewed: Una storia"
    assert reverse("wagtailadmin_pages:edit", args=[page.pk]) in message.text


# --- how the review ended ---------------------------------------------------------------------------------------------------------


def ended():
    """What the author was told, in order: subject and whether the comment is in it."""
    while outbox.drain():
        pass
    messages = OutgoingMessage.objects.filter(kind="text_reviewed").order_by("pk")
    return [(message.user.name, message.subject, "Manca la durata." in message.text, "Reviewed by: Bruno" in message.text) for message in messages]


def test_the_author_is_told_what_to_change_and_then_of_the_approval(anna, bruno):
    record = submitted(anna)
    act(bruno, record, "reject", comment="Manca la durata.")
    assert ended() == [("Anna", "To be changed: acqua · Rain water", True, True)]
    anna.post(url(record, "edit"), challenge_form("submit", title_en="Water"))
    act(bruno, record)
    assert ended()[1:] == [("Anna", "Approved: acqua · Water", False, True)]
    assert all(url(record, "edit") in message.text for message in OutgoingMessage.objects.filter(kind="text_reviewed"))


def test_wagtail_itself_writes_to_nobody(anna, bruno, mailoutbox):
    factories.person(Role.ADMINISTRATOR, is_superuser=True)
    for number, action in enumerate(("reject", "approve")):
        act(bruno, submitted(anna, code=f"acqua-{number}", slug=f"acqua-{number}"), action)
    assert mailoutbox == []


def test_wagtails_account_page_offers_no_switch_for_letters_that_are_ours(anna):
    page = anna.get(reverse("wagtailadmin_account")).content.decode()
    switches = ["submitted", "approved", "rejected", "updated_comments"]
    assert [name for name in switches if f'name="notifications-{name}_notifications"' in page] == ["updated_comments"]
