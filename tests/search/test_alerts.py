"""Alerts: everyone whom something new fits is told once, whatever is retried, by one mail that one click stops."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from citylab.accounts.models import Membership, Role
from citylab.challenges.services import challenge_published, challenge_unpublished
from citylab.core import clock, outbox
from citylab.core.models import OutboxMessage
from citylab.notifications import tasks
from citylab.notifications.models import NotificationPreference, OutgoingMessage
from search import alerts, saved_searches
from search.engines import Document, Text
from search.engines.embedded import EmbeddedEngine
from search.models import Alert, AlertSubscription, SavedSearch
from tests import factories

pytestmark = pytest.mark.django_db


def drain():
    while outbox.drain():
        pass


def reader(language="it", **fields):
    """Somebody who has confirmed the address."""
    user = factories.person(Role.STARTUP, language=language, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def save(user, name="Pioggia", kind="challenge", words="", **filters):
    return saved_searches.search_save(user=user, name=name, kind=kind, words=words, filters=filters, language="it")


def rain_draft(owner, **changes):
    return factories.draft(factories.organisation(owner), title="Sensori per la pioggia", **changes)


def subscribe(user, organisation, proposal=None, on=True):
    alerts.alert_switch(user=user, organisation=organisation, proposal=proposal, on=on)


def rain(**fields):
    """A challenge about rain, published and told."""
    made = factories.challenge(
        **{"title_it": "Misurare la pioggia", "title_en": "Measure the rain", "description_it": "<p>Sensori che avvisano quando piove.</p>", **fields}
    )
    drain()
    return made


def publish_again(challenge, *, after_withdrawal=False):
    with transaction.atomic():
        if after_withdrawal:
            type(challenge).objects.filter(pk=challenge.pk).update(live=False)
            challenge_unpublished(challenge_id=challenge.pk, actor=None)
    drain()
    with transaction.atomic():
        type(challenge).objects.filter(pk=challenge.pk).update(live=True)
        challenge_published(challenge_id=challenge.pk, actor=None)
    drain()


def told(user=None):
    messages = OutgoingMessage.objects.filter(kind="new_match").order_by("pk")
    return list(messages.filter(user=user) if user else messages)


# --- who is told, and of what ---------------------------------------------------------------------------------------------------


def test_a_saved_search_is_told_of_a_new_challenge_that_it_finds_and_of_no_other():
    ada = reader()
    save(ada, "Neve", words="neve")
    save(ada, "Pioggia", words="pioggia", sector=["mobility"])
    challenge = rain()
    (message,) = told(ada)
    assert message.subject.endswith("Misurare la pioggia")
    assert "\n- Pioggia\n" in message.text and "Neve" not in message.text
    assert f"/it/sfide/{challenge.slug}/" in message.text
    rain(title_it="Sensori di rumore", description_it="<p>Rumore.</p>")
    assert told(ada) == [message]


def test_a_proposal_is_told_with_the_reasons_and_the_words_that_matched():
    ada = reader()
    draft = rain_draft(ada)
    subscribe(ada, draft.organisation, draft)
    rain()
    (message,) = told(ada)
    assert "Sensori per la pioggia" in message.text
    assert re.search(r"- .*pioggia.* \(", message.text)
    assert "<mark>" in message.html and "<mark>" not in message.text


def test_an_organisation_is_told_of_what_fits_its_profile():
    ada = reader()
    organisation = factories.organisation(ada, description="Facciamo sensori per la pioggia.", sector_codes=["mobility"])
    subscribe(ada, organisation)
    rain()
    (message,) = told(ada)
    assert organisation.legal_name in message.text


def test_a_site_is_told_too_and_to_proposals_for_a_challenge_sites_alone():
    ada = reader()
    draft = factories.draft(factories.organisation(ada), to=factories.challenge(), title="Sensori per la pioggia")
    subscribe(ada, draft.organisation, draft)
    rain()
    assert told(ada) == []
    factories.site("parco", name_it="Parco della pioggia", description_it="<p>Sensori di pioggia ovunque.</p>")
    drain()
    (message,) = told(ada)
    assert message.subject.endswith("Parco della pioggia") and "/it/luoghi/parco/" in message.text


def test_what_nearly_fits_or_has_nothing_in_common_is_no_news():
    ada = reader()
    draft = rain_draft(ada)
    subscribe(ada, draft.organisation, draft)
    rain(applicant_kinds=["public"])
    rain(title_it="Musica", summary_it="Concerti.", description_it="<p>Orchestra.</p>", sector=factories.sector("inclusion"))
    assert told() == []


def test_a_challenge_that_opens_later_is_told_when_it_is_published_with_the_day():
    ada = reader("en")
    draft = rain_draft(ada)
    subscribe(ada, draft.organisation, draft)
    save(ada, "Aperte", status=["open"])
    save(ada, "Chiuse", status=["closed"])
    rain(opens_at=clock.now() + timedelta(days=30), applicant_kinds=["public"])
    rain(opens_at=clock.now() + timedelta(days=30))
    first, second = told(ada)
    assert "Aperte" in first.text and "Sensori per la pioggia" not in first.text  # open to others alone: the search finds it, the draft does not fit
    assert "Aperte" in second.text and "Chiuse" not in second.text
    assert re.search(r"- It opens later \(Opens on .+\)", second.text)


def test_one_person_gets_one_mail_for_all_that_a_record_answers():
    ada = reader()
    draft = rain_draft(ada)
    subscribe(ada, draft.organisation, draft)
    subscribe(ada, draft.organisation)
    save(ada, "Tutte le sfide")
    save(ada, "Pioggia ovunque", kind="all", words="pioggia")
    rain()
    (message,) = told()
    assert "Tutte le sfide" in message.text and "Pioggia ovunque" in message.text and "Sensori per la pioggia" in message.text
    alert = Alert.objects.get()
    assert (len(alert.searches), len(alert.subscriptions)) == (2, 1)  # the empty profile has nothing in common


def test_each_reader_is_told_in_their_language():
    ada, bob = reader("it"), reader("en")
    organisation = factories.organisation(ada)
    Membership.objects.create(user=bob, organisation=organisation, role=Membership.Role.READER, joined_at=clock.now())
    draft = factories.draft(organisation, actor=ada, title="Sensori per la pioggia")
    for user in (ada, bob):
        subscribe(user, organisation, draft)
    challenge = rain()
    (italian,), (english,) = told(ada), told(bob)
    assert (italian.language, english.language) == ("it", "en")
    assert italian.subject.endswith("Misurare la pioggia") and english.subject.endswith("Measure the rain")
    assert f"/it/sfide/{challenge.slug}/" in italian.text and f"/en/challenges/{challenge.slug}/" in english.text
    assert "Stesso ambito" in italian.text and "Same sector" in english.text


def test_what_was_there_when_it_was_switched_on_is_not_new():
    ada = reader()
    draft = rain_draft(ada)
    challenge = rain()
    save(ada, words="pioggia")
    subscribe(ada, draft.organisation, draft)
    publish_again(challenge)
    publish_again(challenge, after_withdrawal=True)
    assert told() == []


def test_a_challenge_that_is_changed_and_now_fits_is_told():
    ada = reader()
    challenge = rain(title_it="Musica", description_it="<p>Orchestra.</p>")
    save(ada, words="pioggia")
    type(challenge).objects.filter(pk=challenge.pk).update(title_it="Musica sotto la pioggia")
    publish_again(challenge)
    assert len(told(ada)) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda user, _search: EmailAddress.objects.filter(user=user).update(verified=False),
        lambda user, _search: EmailAddress.objects.filter(user=user).update(email="older@example.org"),
        lambda user, _search: type(user).objects.filter(pk=user.pk).update(is_active=False),
        lambda user, _search: NotificationPreference.objects.create(user=user, category="alerts", email=False),
        lambda user, search: saved_searches.search_pause(search_id=search.pk, user=user, paused=True),
        lambda user, search: saved_searches.search_delete(search_id=search.pk, user=user),
    ],
    ids=["not confirmed", "another address confirmed", "inactive", "switched off in the account", "paused", "deleted"],
)
def test_who_may_not_or_will_not_be_written_to_gets_nothing(change):
    ada = reader()
    change(ada, save(ada))
    rain()
    assert told() == [] and not Alert.objects.exists()


def test_who_left_the_organisation_gets_nothing_about_it():
    ada = reader()
    draft = rain_draft(ada)
    subscribe(ada, draft.organisation, draft)
    subscribe(ada, draft.organisation)
    Membership.objects.filter(user=ada).delete()
    rain()
    assert told() == []


def test_a_proposal_that_is_over_is_told_nothing():
    ada = reader()
    withdrawn = factories.proposal_in("withdrawn", factories.organisation(ada), actor=ada, title="Sensori per la pioggia")
    AlertSubscription.objects.create(user=ada, organisation=withdrawn.organisation, proposal=withdrawn, created_at=clock.now())
    rain()
    assert told() == []


def test_a_stranger_is_told_nothing_of_an_organisation():
    draft = rain_draft(reader())
    with pytest.raises(alerts.NotAllowed):
        subscribe(reader(), draft.organisation, draft)
    with pytest.raises(alerts.NotAllowed):
        ada = reader()
        subscribe(ada, factories.organisation(ada), draft)


def test_a_challenge_that_is_closed_or_withdrawn_before_its_turn_is_not_told():
    save(reader())
    factories.challenge(closes_at=clock.now() + timedelta(minutes=5))
    withdrawn = factories.challenge()
    type(withdrawn).objects.filter(pk=withdrawn.pk).update(live=False)
    with clock.travelling_to(clock.now() + timedelta(days=1)):
        drain()
    assert told() == []


# --- once -----------------------------------------------------------------------------------------------------------------------


def test_a_record_is_told_once_though_it_is_published_again():
    ada = reader()
    save(ada)
    challenge = rain()
    publish_again(challenge)
    publish_again(challenge, after_withdrawal=True)
    assert len(told()) == 1
    OutgoingMessage.objects.all().delete()  # not even where the sent mail is no longer kept
    publish_again(challenge)
    assert told() == []


def test_a_page_that_fails_half_way_is_repeated_without_telling_anybody_twice(monkeypatch):
    people = [reader() for _number in range(3)]
    for person in people:
        save(person)
    real, calls = alerts.notify, []

    def breaks(**how):
        calls.append(how["user"])
        if len(calls) == 2:
            raise OSError("the machine goes down")
        return real(**how)

    monkeypatch.setattr(alerts, "notify", breaks)
    rain()
    assert told() == [] and not Alert.objects.exists()
    with clock.travelling_to(clock.now() + timedelta(minutes=1)):
        drain()
    assert sorted(message.user_id for message in told()) == [person.pk for person in people]
    assert Alert.objects.count() == 3


def test_a_publication_is_told_in_pages_that_are_transactions_of_their_own(monkeypatch):
    monkeypatch.setattr(alerts, "PAGE", 2)
    people = [reader() for _number in range(5)]
    for person in people:
        save(person)
    rain()
    assert [message.user_id for message in told()] == [person.pk for person in people]
    pages = OutboxMessage.objects.filter(topic="alerts.page").order_by("pk")
    assert [message.payload["after"] for message in pages] == [0, people[1].pk, people[3].pk]
    assert all(message.done_at for message in pages)


def test_a_page_takes_the_same_queries_for_three_people_who_are_told_nothing_and_for_thirty(monkeypatch):
    monkeypatch.setattr(alerts, "PAGE", 50)
    challenge = rain()
    counts = []
    for more in (3, 27):
        for _turn in range(more):
            save(reader(), words="neve", sector=["mobility"])
        with CaptureQueriesContext(connection) as queries:
            alerts.handle_page(f"challenge:{challenge.pk}", {"after": 0})
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_telling_waits_until_the_index_holds_the_record(monkeypatch):
    ada = reader()
    save(ada, words="pioggia")
    monkeypatch.setattr("search.indexing.handle_challenge", lambda key, payload: None)
    challenge = rain()
    assert told() == []
    assert "IndexBehind" in OutboxMessage.objects.get(topic="challenge.published").error
    monkeypatch.undo()
    from search.indexing import refresh

    refresh("challenge", str(challenge.pk))
    with clock.travelling_to(clock.now() + timedelta(minutes=1)):
        drain()
    assert len(told(ada)) == 1


def test_a_record_that_a_hundred_others_resemble_more_is_told_all_the_same():
    ada = reader()
    save(ada, sector=["mobility"])
    EmbeddedEngine().index([Document("challenge", f"9{number:05}", 1, {"it": Text("Misurare la pioggia", "Misurare la pioggia")}) for number in range(100)])
    rain()
    assert len(told(ada)) == 1


def test_a_record_that_a_list_would_not_show_for_the_many_before_it_is_told_all_the_same(monkeypatch):
    ada = reader()
    monkeypatch.setattr("search.listing.LIMIT", 1)
    for _turn in range(2):
        rain(title_it="Misurare la pioggia, la pioggia e la pioggia")
    save(ada, words="pioggia")
    assert len(SavedSearch.objects.get().known["challenge"]) == 2
    challenge = rain(title_it="Quando piove si misura anche altro, per esempio la pioggia")
    assert [message.dedupe for message in told(ada)] == [f"alert:challenge:{challenge.pk}:{ada.pk}"]


def test_resuming_after_a_pause_does_not_tell_what_was_published_meanwhile():
    ada = reader()
    draft = rain_draft(ada)
    subscribe(ada, draft.organisation, draft)
    search = save(ada)
    subscribe(ada, draft.organisation, draft, on=False)
    saved_searches.search_pause(search_id=search.pk, user=ada, paused=True)
    challenge = rain()
    subscribe(ada, draft.organisation, draft)
    saved_searches.search_pause(search_id=search.pk, user=ada, paused=False)
    publish_again(challenge)
    assert told() == []
    rain()
    assert len(told()) == 1


# --- one click stops ------------------------------------------------------------------------------------------------------------


def stop_link(message):
    return re.search(r"https?://[^/\s]+(/\S*(?:stop-messages|interrompi-messaggi)/\S+)", message.text)[1]


def test_the_mail_program_can_stop_it_by_one_post_without_signing_in(mailoutbox, monkeypatch):
    monkeypatch.setattr("citylab.notifications.services._nudge", lambda: None)
    ada = reader()
    search, kept = save(ada, "Pioggia", words="pioggia"), save(ada, "Neve", words="neve")
    rain()
    tasks.deliver_due()
    (mail,) = mailoutbox
    headers = mail.message()
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = re.fullmatch(r"<https?://[^/]+(/.*)>", "".join(headers["List-Unsubscribe"].split()))[1]
    for _turn in range(2):
        response = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
        assert response.status_code == 200
    search.refresh_from_db(), kept.refresh_from_db()
    assert (search.is_paused, kept.is_paused) == (True, False)
    rain()
    assert len(told()) == 1


def test_opening_the_link_stops_nothing_and_its_button_does():
    ada = reader()
    draft = rain_draft(ada)
    subscribe(ada, draft.organisation, draft)
    rain()
    path = stop_link(told()[0])
    page = Client().get(path)
    assert page.status_code == 200 and "Sensori per la pioggia" in page.content.decode()
    assert AlertSubscription.objects.get().is_paused is False
    Client().post(path)
    assert AlertSubscription.objects.get().is_paused is True


def test_all_alerts_can_be_stopped_at_once_and_other_messages_stay():
    ada = reader()
    search = save(ada)
    NotificationPreference.objects.create(user=ada, category="deadlines", email=False)
    rain()
    Client().post(stop_link(told()[0]), {"what": "all"})
    assert set(NotificationPreference.objects.filter(user=ada, email=False).values_list("category", flat=True)) == {"alerts", "deadlines"}
    search.refresh_from_db()
    assert search.is_paused is False
    rain()
    assert len(told()) == 1


def test_a_link_that_was_not_signed_here_leads_nowhere():
    save(reader())
    rain()
    path = stop_link(told()[0])
    for wrong in ("/it/interrompi-messaggi/1/", path.replace(path.split("/")[3], "1." + path.split(".")[1][::-1])):
        assert Client().post(wrong).status_code == 404
    assert not SavedSearch.objects.filter(is_paused=True).exists()


def test_a_link_in_an_old_mail_still_answers_when_the_search_is_gone():
    ada = reader()
    search = save(ada)
    rain()
    path = stop_link(told()[0])
    saved_searches.search_delete(search_id=search.pk, user=ada)
    assert Client().post(path).status_code == 200
    ada.delete()
    assert Client().get(path).status_code == 404
