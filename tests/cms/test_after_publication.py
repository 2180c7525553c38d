"""What editors do with published challenges: extend, close, answer; what freezes; what cannot be deleted; what is scheduled."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from wagtail.models import Page

from citylab.challenges.models import Challenge, DeadlineExtension, Question
from citylab.challenges.services import question_ask
from citylab.core import clock, outbox
from citylab.core.errors import DomainError
from citylab.notifications.models import OutgoingMessage
from citylab.taxonomy.models import Programme, Sector
from citylab.testbeds.models import Site
from cms.models import StoryIndexPage, StoryPage
from cms.tasks import publish_scheduled_records
from tests import factories

from .conftest import signed_in
from .forms import act, challenge_form, draft, errors, submitted, url
from .test_moderation import said

DAY = timedelta(days=1)
FORMAT = "%Y-%m-%d %H:%M"


def competitive(**fields):
    return factories.challenge(mode="competitive", criteria=(("impact", 60, 3), ("price", 40, 0)), **fields)


def test_extending_a_deadline_tells_everybody_with_a_draft_and_stands_on_the_page(anna, client):
    record = competitive()
    waiting = factories.draft(to=record)
    later = (record.closes_at + 10 * DAY).astimezone(clock.rome).replace(second=0, microsecond=0)
    response = anna.post(reverse("challenge_extend", args=[record.pk]), {"to_moment": later.strftime(FORMAT), "reason": "Per le feste."})
    assert response.status_code == 302
    assert DeadlineExtension.objects.get().extended_by == anna.user
    outbox.drain()
    owner = factories.owner_of(waiting.organisation)
    assert OutgoingMessage.objects.filter(user=owner, kind__contains="deadline").count() == 1
    page = client.get(record.get_absolute_url()).content.decode()
    assert later.strftime("%H:%M") in page and "Per le feste." in page


@pytest.mark.parametrize(("days", "reason", "field"), [(-1, "Motivo", "to_moment"), (5, "", "reason"), (None, "Motivo", "to_moment")])
def test_a_wrong_extension_is_refused_beside_the_field(anna, days, reason, field):
    record = competitive()
    typed = (record.closes_at + days * DAY).strftime(FORMAT) if days is not None else "domani"
    response = anna.post(reverse("challenge_extend", args=[record.pk]), {"to_moment": typed, "reason": reason})
    assert (response.status_code, list(errors(response))) == (422, [field])
    assert not DeadlineExtension.objects.exists()


def test_an_always_open_challenge_has_no_deadline_to_extend(anna):
    record = factories.challenge()
    response = anna.post(reverse("challenge_extend", args=[record.pk]), {"to_moment": "2030-01-01 12:00", "reason": "Motivo"})
    assert errors(response) == {"__all__": ["This challenge has no deadline: it is always open."]}


def test_closing_early_takes_it_off_the_open_ones_and_a_second_time_is_told(anna, client):
    record = factories.challenge()
    anna.post(reverse("challenge_close", args=[record.pk]))
    assert b"It takes no more proposals" in client.get(f"/en/challenges/{record.slug}/").content
    assert said(anna.post(reverse("challenge_close", args=[record.pk]))) == ["The challenge takes no more proposals.", "This challenge is already closed."]


def test_republishing_does_not_undo_an_extension_or_a_closing(anna, bruno):
    record = competitive()
    later = record.closes_at + 10 * DAY
    anna.post(reverse("challenge_extend", args=[record.pk]), {"to_moment": later.astimezone(clock.rome).strftime(FORMAT), "reason": "Motivo"})
    anna.post(url(record, "edit"), sent(record, "submit"))
    act(bruno, record)
    fresh = Challenge.objects.get()
    assert fresh.title_it == "Acqua piovana" and fresh.effective_closes_at - later < timedelta(minutes=1)


def held(anna, record):
    """The field of the closing time in the record's form, and what is written under it."""
    field = anna.get(url(record, "edit")).context["form"]["closes_at"]
    with override("en"):
        return field.field.disabled, str(field.help_text)


def sent(record, action="", **changes):
    """The form of a published challenge as a browser sends it; a disabled field is not among what it sends."""
    kept = [(c.pk, c.code, c.weight, c.minimum) for c in record.criteria.all()]
    return challenge_form(action, kept, code=record.code, slug=record.slug, mode=record.mode, **changes)


def test_the_closing_time_of_a_draft_is_free(anna):
    record = draft(anna, closes_at="2030-05-01 12:00")
    assert held(anna, record)[0] is False
    anna.post(url(record, "edit"), challenge_form(closes_at="2030-04-01 12:00"))
    assert Challenge.objects.get().get_latest_revision_as_object().closes_at.month == 4


def test_the_closing_time_of_a_published_challenge_is_held_and_leads_to_extending_it(anna):
    record = competitive(closes_at=datetime(2030, 5, 1, 12, tzinfo=clock.rome))
    disabled, text = held(anna, record)
    assert disabled and "At present: 01/05/2030 12:00" in text and reverse("challenge_extend", args=[record.pk]) in text
    page = anna.get(url(record, "edit")).content.decode()
    assert f'<a href="{reverse("challenge_extend", args=[record.pk])}">Extend the deadline</a>' in page


@pytest.mark.parametrize("typed", ["2030-04-01 12:00", "2030-06-01 12:00", ""])
def test_a_closing_time_that_is_sent_all_the_same_changes_nothing(anna, bruno, typed):
    record = competitive(closes_at=datetime(2030, 5, 1, 12, tzinfo=clock.rome))
    anna.post(url(record, "edit"), sent(record, "submit", closes_at=typed))
    act(bruno, record)
    fresh = Challenge.objects.get()
    assert (fresh.title_it, fresh.closes_at) == ("Acqua piovana", record.closes_at)


def test_an_always_open_challenge_gets_no_closing_time_behind_the_back_of_those_who_write(anna):
    record = factories.challenge()
    assert held(anna, record) == (True, "Published as always open. To stop taking proposals, close the challenge.")


def test_a_challenge_off_the_site_keeps_its_closing_time_too(anna):
    record = competitive()
    anna.post(url(record, "unpublish"))
    assert held(anna, record) == (True, "It was public already, so it moves only by extending the deadline, once the challenge is on the site again.")
    response = anna.post(reverse("challenge_extend", args=[record.pk]), {"to_moment": "2035-01-01 12:00", "reason": "Motivo"})
    assert errors(response) == {"__all__": ["This challenge is not published."]}


def revised(record, user, **change):
    """A revision that did not come from the form, such as one kept from before the publication."""
    fresh = Challenge.objects.get(pk=record.pk)
    for name, value in change.items():
        setattr(fresh, name, value)
    return fresh.save_revision(user=user)


@pytest.mark.parametrize("moved", [-10 * DAY, 10 * DAY, None])
def test_a_revision_with_another_closing_time_is_not_published(anna, moved):
    record = factories.challenge(closes_at=clock.now() + 30 * DAY)
    revision = revised(record, anna.user, closes_at=record.closes_at + moved if moved else None)
    with override("en"), pytest.raises(DomainError, match="moves only by extending the deadline"):
        revision.publish()
    assert Challenge.objects.get().closes_at == record.closes_at


def test_the_form_puts_the_closing_time_of_such_a_revision_right(anna):
    record = competitive()
    revised(record, anna.user, closes_at=record.closes_at - 10 * DAY)
    anna.post(url(record, "edit"), sent(record))
    assert Challenge.objects.get().get_latest_revision_as_object().closes_at == record.closes_at.replace(microsecond=0)


MODE_HELD = "It was published so, and proposals are written for it: it can no longer change. For another mode, publish a new challenge."


def held_mode(client, record):
    field = client.get(url(record, "edit")).context["form"]["mode"]
    with override("en"):
        return field.field.disabled, field.value(), str(field.help_text)


def test_the_mode_of_a_draft_is_free(anna):
    record = draft(anna)
    assert held_mode(anna, record)[:2] == (False, "open")
    anna.post(url(record, "edit"), challenge_form(mode="competitive", closes_at="2030-05-01 12:00"))
    assert Challenge.objects.get().get_latest_revision_as_object().mode == "competitive"


def test_the_mode_of_a_published_challenge_is_held_and_the_reason_stands_beside_it(anna):
    record = competitive()
    assert held_mode(anna, record) == (True, "competitive", MODE_HELD)
    assert MODE_HELD in anna.get(url(record, "edit")).content.decode()
    anna.post(url(record, "unpublish"))
    assert held_mode(anna, record)[0] is True


def test_a_mode_that_is_sent_all_the_same_changes_nothing(anna, bruno):
    record = factories.challenge(closes_at=datetime(2030, 5, 1, 12, tzinfo=clock.rome))
    anna.post(url(record, "edit"), {**sent(record, "submit"), "mode": "competitive"})
    act(bruno, record)
    fresh = Challenge.objects.get()
    assert (fresh.title_it, fresh.mode) == ("Acqua piovana", "open")


@pytest.mark.parametrize(("published", "sent_as"), [("open", "competitive"), ("competitive", "open")])
def test_a_revision_of_another_mode_is_not_published(anna, published, sent_as):
    record = factories.challenge(mode=published, closes_at=datetime(2030, 5, 1, 12, tzinfo=clock.rome))
    revision = revised(record, anna.user, mode=sent_as)
    with override("en"), pytest.raises(DomainError, match="proposals are written for it, so it cannot change") as refused:
        revision.publish()
    assert (refused.value.code, Challenge.objects.get().mode) == ("mode_published", published)
    anna.post(url(record, "edit"), sent(record))  # the form puts such a revision right
    assert Challenge.objects.get().get_latest_revision_as_object().mode == published


def frozen(criteria):
    """A challenge that has received a proposal, and its criteria as the form sends them."""
    record = factories.challenge(criteria=criteria)
    factories.submitted(to=record)
    return record, [[c.pk, c.code, c.weight, c.minimum] for c in record.criteria.all()]


@pytest.mark.parametrize("change", ["weight", "minimum", "code", "added", "removed"])
def test_criteria_and_weights_cannot_change_after_the_first_submission(anna, change):
    record, rows = frozen((("impact", 60, 3), ("price", 40, 0)))
    if change == "added":
        rows.append(["", "more", 10, 0])
    else:
        rows[1][{"weight": 2, "minimum": 3, "code": 1, "removed": 0}[change]] = {"weight": 41, "minimum": 1, "code": "cost", "removed": rows[1][0]}[change]
    data = challenge_form("", rows, code=record.code, slug=record.slug)
    if change == "removed":
        data["criteria-1-DELETE"] = "on"
    response = anna.post(url(record, "edit"), data)
    assert errors(response) == {"__all__": ["Proposals have already been received: criteria, weights and minimums can no longer change."]}


def test_the_names_of_frozen_criteria_may_be_corrected(anna):
    record, rows = frozen((("impact", 60, 3),))
    data = challenge_form("", rows, code=record.code, slug=record.slug)
    data["criteria-0-name_it"] = "Impatto sulla città"
    assert anna.post(url(record, "edit"), data).status_code == 302


def asked(record, text="Si può di notte?"):
    return question_ask(challenge_id=record.pk, text=text, language="it", actor=factories.person("startup"))


def test_an_unanswered_question_stands_in_the_admin_and_its_answer_on_the_page(anna, client):
    record = factories.challenge()
    question = asked(record)
    assert "1 question waits for an answer" in anna.get(reverse("wagtailadmin_home")).content.decode()
    assert question.text not in client.get(record.get_absolute_url()).content.decode()
    anna.post(reverse("question_answer", args=[question.pk]), {"answer_it": "Sì, dalle 22.", "answer_en": "Yes, from 10 pm."})
    assert "waits for an answer" not in anna.get(reverse("wagtailadmin_home")).content.decode()
    page = client.get(f"/en/challenges/{record.slug}/").content.decode()
    assert question.text in page and "Yes, from 10 pm." in page
    outbox.drain()
    assert OutgoingMessage.objects.filter(user=question.asked_by).count() == 1


def test_a_question_is_set_aside_and_brought_back_in_the_admin(anna):
    question = asked(factories.challenge())
    answering = anna.get(reverse("question_answer", args=[question.pk])).content.decode()
    assert f'href="{reverse("question_set_aside", args=[question.pk])}"' in answering
    assert anna.post(reverse("question_set_aside", args=[question.pk]), {"reason": " "}).status_code == 422
    anna.post(reverse("question_set_aside", args=[question.pk]), {"reason": "È pubblicità."})
    assert "waits for an answer" not in anna.get(reverse("wagtailadmin_home")).content.decode()
    back = reverse("question_bring_back", args=[question.pk])
    assert f'href="{back}"' in anna.get(url(Question, "list")).content.decode()
    assert anna.get(reverse("question_answer", args=[question.pk]))["location"] == back
    assert "È pubblicità." in anna.get(back).content.decode()
    anna.post(back)
    assert "1 question waits for an answer" in anna.get(reverse("wagtailadmin_home")).content.decode()


def test_an_empty_answer_is_refused(anna):
    question = asked(factories.challenge())
    response = anna.post(reverse("question_answer", args=[question.pk]), {"answer_it": " ", "answer_en": ""})
    assert (response.status_code, errors(response)) == (422, {"__all__": ["Write the answer in at least one language."]})


def test_editing_a_question_leads_to_answering_it(anna):
    question = asked(factories.challenge())
    assert anna.get(url(Question, "list")).status_code == 200
    assert anna.get(url(question, "edit"))["location"] == reverse("question_answer", args=[question.pk])


def test_a_used_term_is_not_deleted_and_says_why(anna):
    record = factories.challenge()
    response = anna.post(url(record.sector, "delete"))
    assert (response.status_code, said(response)) == (302, [f"“{record.sector.name_en}” is in use and cannot be deleted."])
    assert Sector.objects.filter(pk=record.sector_id).exists()


def test_used_terms_are_not_deleted_many_at_a_time_either(anna):
    record = factories.challenge()
    address = reverse("wagtail_bulk_action", args=["taxonomy", "sector", "delete"])
    anna.post(f"{address}?id={record.sector_id}", {})
    assert Sector.objects.filter(pk=record.sector_id).exists()


def test_an_unused_programme_is_deleted(anna):
    programme = Programme.objects.create(code="seed", name_it="SEED", name_en="SEED")
    anna.post(url(programme, "delete"))
    assert not Programme.objects.exists()


def test_a_record_that_was_public_is_not_deleted(anna, bruno):
    record = submitted(anna)
    act(bruno, record)
    response = anna.post(url(record, "delete"))
    assert said(response)[-1] == "“acqua · Rain water” has been public and cannot be deleted. Unpublish it instead."
    assert Challenge.objects.exists()


def test_a_draft_that_nobody_uses_is_deleted(anna):
    record = draft(anna)
    anna.post(url(record, "delete"))
    assert not Challenge.objects.exists()


def scheduled(anna, bruno, **changes):
    soon = timezone.now() + timedelta(hours=1)
    record = submitted(anna, go_live_at=soon.astimezone(clock.rome).strftime(FORMAT), **changes)
    act(bruno, record)
    record.refresh_from_db()
    assert not record.live and record.latest_revision.approved_go_live_at is not None
    return record


def pass_time(record):
    """Its hour has come: both places in which Wagtail keeps it say so."""
    past = timezone.now() - timedelta(minutes=1)
    revision = record.latest_revision
    revision.content["go_live_at"] = past.isoformat()
    revision.approved_go_live_at = past
    revision.save()


def test_what_is_approved_for_later_is_published_when_its_hour_comes(anna, bruno, client):
    record = scheduled(anna, bruno)
    assert publish_scheduled_records() == {"published": 0, "expired": 0, "failed": 0}
    assert client.get(record.get_absolute_url()).status_code == 404
    pass_time(record)
    assert publish_scheduled_records() == {"published": 1, "expired": 0, "failed": 0}
    assert client.get(record.get_absolute_url()).status_code == 200


def test_scheduled_publishing_goes_on_after_a_record_that_fails_and_reports_it(anna, bruno, caplog):
    broken = scheduled(anna, bruno)
    fine = scheduled(anna, bruno, code="altra", slug="altra-sfida")
    pass_time(broken)
    pass_time(fine)
    other = factories.challenge("terza")
    other.addresses.create(slug=broken.slug)  # its address now leads to another one: publication is refused
    assert publish_scheduled_records() == {"published": 1, "expired": 0, "failed": 1}
    assert [Challenge.objects.get(pk=record.pk).live for record in (broken, fine)] == [False, True]
    assert [record.message for record in caplog.records if record.name == "cms.tasks"] == [f"Scheduled publication of {broken.latest_revision} failed; the others go on"]


def test_what_has_expired_leaves_the_public_pages(client):
    record = factories.challenge()
    site = factories.site()
    for each in (record, site):
        type(each).objects.filter(pk=each.pk).update(expire_at=timezone.now() - DAY)
    assert publish_scheduled_records() == {"published": 0, "expired": 2, "failed": 0}
    assert [client.get(each.get_absolute_url()).status_code for each in (record, site)] == [404, 404]
    assert not Challenge.objects.get().live and Site.objects.get().expired


def story(client, title, action=""):
    parent = StoryIndexPage.objects.get(locale__language_code="it")
    data = {
        "title": title, "slug": "una-storia", "published_on": "2026-05-01", "intro": "Che cosa è successo.", "sector": "", "cover": "", "source": "", "seo_title": "",
        "search_description": "", "go_live_at": "", "expire_at": "", "body-count": "1", "body-0-deleted": "", "body-0-order": "0", "body-0-type": "heading", "body-0-value": "Inizio",
        "body-0-id": "", "comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0, "comments-MIN_NUM_FORMS": 0, "comments-MAX_NUM_FORMS": "",
    }  # fmt: skip
    return client.post(reverse("wagtailadmin_pages:add", args=["cms", "storypage", parent.pk]), {**data, **({action: "1"} if action else {})})


def test_a_story_is_written_approved_by_another_and_withdrawn(anna, bruno, client):
    assert story(anna, "Una storia", "action-submit").status_code == 302
    page = StoryPage.objects.get()
    assert client.get("/it/storie/una-storia/").status_code == 404
    approve = ["approve", page.current_workflow_task_state.pk]
    anna.post(reverse("wagtailadmin_pages:workflow_action", args=[page.pk, *approve]))
    assert not StoryPage.objects.get().live
    bruno.post(reverse("wagtailadmin_pages:workflow_action", args=[page.pk, *approve]))
    assert "Una storia" in client.get("/it/storie/una-storia/").content.decode()
    assert "Una storia" in client.get("/it/storie/").content.decode()
    anna.post(reverse("page_withdraw", args=[page.pk]))
    assert client.get("/it/storie/una-storia/").status_code == 404


def test_a_story_is_taken_over_into_the_other_language_as_a_draft(anna, client):
    story(anna, "Una storia")
    page = StoryPage.objects.get()
    english = StoryIndexPage.objects.get(locale__language_code="en").locale
    anna.post(reverse("simple_translation:submit_page_translation", args=[page.pk]), {"locales": [english.pk], "include_subtree": ""})
    copy = StoryPage.objects.get(locale=english)
    assert (copy.translation_key, copy.live, copy.get_parent().specific.slug) == (page.translation_key, False, "stories")


@pytest.mark.parametrize("who", ["editor", "administrator"])
def test_nobody_publishes_a_page_directly(who):
    story(signed_in(factories.person(who, language="en")), "Una storia", "action-publish")
    assert not StoryPage.objects.get().live


def test_the_front_page_is_not_withdrawn(anna):
    home = Page.objects.get(slug="inizio")
    anna.post(reverse("page_withdraw", args=[home.pk]))
    assert Page.objects.get(pk=home.pk).live


def test_a_menu_entry_reaches_the_header_at_once(anna, client):
    from cms.models import MenuItem

    client.get("/en/challenges/")
    anna.post(url(MenuItem, "add"), {"place": "header", "label_it": "Novità", "label_en": "News", "address_it": "/it/novita/", "address_en": "/en/news/", "position": 1})
    assert 'href="/en/news/"' in client.get("/en/challenges/").content.decode()
    entry = MenuItem.objects.get()
    anna.post(url(entry, "delete"))
    assert 'href="/en/news/"' not in client.get("/en/challenges/").content.decode()
