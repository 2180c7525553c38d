"""What both sides are told when something moves, each in their own language and with the page that they open."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from citylab.core import clock, outbox
from citylab.core.errors import DomainError, NotAllowed
from citylab.notifications.models import OutgoingMessage
from citylab.notifications.services import preferences_save
from citylab.pilots.models import Pilot
from citylab.pilots.notifications import SENTENCES
from citylab.pilots.services import assigning, ending, recording, running
from citylab.wiring import CONSUMERS
from tests import factories


@pytest.fixture
def pilot(people: SimpleNamespace) -> Pilot:
    """A running pilot whose earlier news went out; its editor reads English."""
    people.editor.language = "en"
    people.editor.save()
    made = factories.pilot_in("running", people.organisation, people=people.city, actor=people.owner)
    outbox.drain()
    OutgoingMessage.objects.all().delete()
    return made


def told() -> dict[Any, OutgoingMessage]:
    outbox.drain()
    return {message.user_id: message for message in OutgoingMessage.objects.filter(kind__in=["pilot_news", "pilot_act"])}


def test_every_fact_of_a_pilot_that_has_a_sentence_is_told() -> None:
    wired = {topic.removeprefix("pilot.") for topic, consumers in CONSUMERS.items() if "citylab.pilots.tasks.handle_news" in consumers}
    assert wired == set(SENTENCES)


def test_a_suspension_is_told_with_its_reason_to_those_who_act(pilot: Pilot, people: SimpleNamespace) -> None:
    running.pilot_suspend(pilot_id=pilot.pk, actor=people.officer, reason="R&D <urgente>", restart_conditions="Doppio fissaggio.")
    messages = told()
    # Neither the reader of the organisation nor anybody else; the officer who belongs to the start-up as one of its people.
    assert set(messages) == {people.owner.pk, people.editor.pk, people.insider.pk, people.officer.pk}
    english, italian = messages[people.editor.pk], messages[people.officer.pk]
    assert "The city has suspended the pilot." in english.text and "La Città ha sospeso la sperimentazione." in italian.text
    assert all("R&D <urgente>" in message.text and "Doppio fissaggio." in message.text for message in messages.values())
    assert f"/en/my-area/pilots/{pilot.pk}/" in english.text and f"/it/scrivania/sperimentazioni/{pilot.pk}/" in italian.text


def test_an_act_of_the_city_reaches_also_those_who_want_no_news(pilot: Pilot, people: SimpleNamespace) -> None:
    for reader in (people.owner, people.editor):
        preferences_save(user=reader, wanted=set())
    recording.note_add(pilot_id=pilot.pk, actor=people.officer, text="Ci vediamo lunedì.")
    running.pilot_suspend(pilot_id=pilot.pk, actor=people.officer, reason="Vento.", restart_conditions="Calma.")
    running.pilot_restart(pilot_id=pilot.pk, actor=people.officer)
    ending.pilot_revoke(pilot_id=pilot.pk, actor=people.officer, reason="Pericolo.", removal_due_on=clock.today() + timedelta(days=7))
    outbox.drain()
    for reader in (people.owner, people.editor):
        acts = OutgoingMessage.objects.filter(user=reader).order_by("pk")
        assert [[word for word in ("Vento.", "Pericolo.") if word in act.text] for act in acts] == [["Vento."], ["Pericolo."]]


def test_the_answer_to_an_extension_says_granted_or_refused(pilot: Pilot, people: SimpleNamespace) -> None:
    asked = running.extension_request(pilot_id=pilot.pk, actor=people.owner, ends_on=clock.today() + timedelta(days=80), reason="Pioggia.")
    assert "Pioggia." in told()[people.officer.pk].text
    OutgoingMessage.objects.all().delete()
    running.extension_answer(request_id=asked.pk, actor=people.officer, granted=False, answer="Il parco serve.")
    english = told()[people.editor.pk].text
    assert "refused" in english and "Il parco serve." in english


def test_a_failed_check_says_what_to_put_in_order(people: SimpleNamespace) -> None:
    made = factories.pilot_in("restoration", people.organisation, people=people.city, actor=people.owner)
    outbox.drain()
    OutgoingMessage.objects.all().delete()
    ending.restoration_check_record(pilot_id=made.pk, actor=people.department, checked_on=clock.today(), passed=False, note="Resta un palo.")
    assert "Resta un palo." in told()[people.owner.pk].text


def test_a_message_is_told_and_a_note_of_the_city_is_not(pilot: Pilot, people: SimpleNamespace) -> None:
    recording.note_add(pilot_id=pilot.pk, actor=people.officer, text="Solo per noi.", internal=True)
    assert told() == {}
    recording.note_add(pilot_id=pilot.pk, actor=people.officer, text="Ci vediamo lunedì.")
    assert "Ci vediamo lunedì." in told()[people.owner.pk].text


def test_two_facts_at_once_are_told_apart_and_once_each(pilot: Pilot, people: SimpleNamespace) -> None:
    running.pilot_suspend(pilot_id=pilot.pk, actor=people.officer, reason="Vento.", restart_conditions="Calma.")
    running.pilot_restart(pilot_id=pilot.pk, actor=people.officer)
    outbox.drain()
    outbox.drain()
    texts = list(OutgoingMessage.objects.filter(user=people.editor).order_by("pk").values_list("text", flat=True))
    assert ["suspended" in text for text in texts] == [True, False] and "goes on" in texts[1]


def test_news_of_a_fact_is_its_own_though_the_money_has_not_followed_an_earlier_one(
    pilot: Pilot, people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(key: str, payload: dict[str, Any]) -> None:
        raise ConnectionError

    monkeypatch.setattr("citylab.payments.tasks.handle_terms", away)
    asked = running.extension_request(pilot_id=pilot.pk, actor=people.owner, ends_on=clock.today() + timedelta(days=80), reason="Pioggia.")
    running.extension_answer(request_id=asked.pk, actor=people.officer, granted=False, answer="Il parco serve.")
    running.pilot_suspend(pilot_id=pilot.pk, actor=people.officer, reason="Vento.", restart_conditions="Calma.")
    outbox.drain()
    texts = list(OutgoingMessage.objects.filter(user=people.editor, case_kind="pilot").order_by("pk").values_list("text", flat=True))
    sentences = ["asks for an extension", "has its answer", "has suspended"]
    assert [[sentence for sentence in sentences if sentence in text] for text in texts] == [[sentence] for sentence in sentences]


# --- whose pilot it is ----------------------------------------------------------------------------------------------------------


def test_a_pilot_goes_to_an_officer_only(pilot: Pilot, people: SimpleNamespace) -> None:
    for who in (people.insider, people.evaluator, people.owner):
        with pytest.raises(DomainError) as refusal:
            assigning.pilot_assign(pilot_id=pilot.pk, actor=people.officer, officer=who)
        assert refusal.value.code == "not_an_officer"
    colleague = factories.person("officer")
    assigning.pilot_assign(pilot_id=pilot.pk, actor=people.officer, officer=colleague)
    assert Pilot.objects.get(pk=pilot.pk).officer == colleague
    assert set(told()) == {people.owner.pk, people.editor.pk, people.insider.pk, colleague.pk}


def test_a_start_up_hands_over_nothing(pilot: Pilot, people: SimpleNamespace) -> None:
    with pytest.raises(NotAllowed):
        assigning.pilots_hand_over(actor=people.owner, from_officer=people.officer, to_officer=factories.person("officer"), chosen=[pilot.pk])
    assert Pilot.objects.get(pk=pilot.pk).officer == people.officer
