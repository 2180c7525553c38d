"""Every kind of message that exists is written for real people about real cases, in both languages, as text and as a page."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from citylab.accounts.models import AccessRequest, Role
from citylab.accounts.services.organisations import access_request_answer, access_request_create, member_invite
from citylab.accounts.services.people import second_factor_reset
from citylab.challenges.models import Challenge
from citylab.challenges.services import challenge_close, deadline_extend, question_answer, question_ask, question_set_aside
from citylab.core import clock, outbox
from citylab.notifications.classes import CATEGORIES, registry
from citylab.notifications.models import NotificationPreference, OutgoingMessage
from citylab.payments.news import reminders_send
from citylab.payments.providers import sandbox, signing
from citylab.payments.services.events import event_receive, events_handle
from citylab.payments.services.paying import checkout_begin, checkout_enter
from citylab.pilots.services import running
from citylab.proposals.services import communicating, deciding, evaluating, screening, submitting
from citylab.proposals.tasks import send_draft_reminders
from cms.setup import prepare
from search.alerts import alert_switch
from search.saved_searches import search_save
from tests import factories

pytestmark = pytest.mark.django_db


class Town:
    """People who all read `language`, and what happens among them. Names hold what breaks a careless page."""

    def __init__(self, language):
        self.language = language
        self.owner = factories.person(Role.STARTUP, language=language, name="Ada & Co <b>")
        self.organisation = factories.organisation(self.owner, legal_name="R&D <Prova> S.r.l.")
        self.people = factories.city(officer=self.person(Role.OFFICER), evaluator=self.person(Role.EVALUATOR))
        self.editor = self.person(Role.EDITOR)

    def person(self, role):
        return factories.person(role, language=self.language)

    def case(self, state, **how):
        return factories.proposal_in(state, self.organisation, people=self.people, actor=self.owner, language=self.language, title="Pioggia & <neve>", **how)

    def key(self, state, **how):
        return {"proposal_id": self.case(state, **how).pk}

    # --- one occasion for each kind ---------------------------------------------------------------------------------------------

    def proposal_receipt(self):
        self.case("submitted")

    def changes_requested(self):
        self.case("changes_requested")

    def additions_receipt(self):
        found = self.case("changes_requested")
        submitting.additions_submit(proposal_id=found.pk, actor=self.owner, replies={item.pk: "Ecco." for item in found.change_requests.get().items.all()})

    def refusal_notice(self):
        self.case("refusal_notice")

    def decision(self):
        self.case("inadmissible")

    def message(self):
        communicating.message_send(**self.key("screening"), actor=self.people.officer, subject="Avviso", body="Un avviso & basta.", channel="pec")

    def reopened(self):
        deciding.proposal_reopen(**self.key("inadmissible"), actor=self.people.officer, to="screening", **factories.act())

    def withdrawn(self):
        self.case("withdrawn")

    def case_progress(self):
        self.case("screening")

    def work_for_officer(self):
        screening.officer_assign(**self.key("submitted"), actor=self.people.officer, officer=self.person(Role.OFFICER))

    def evaluation_asked(self):
        factories.sheet_confirmed(self.case("evaluation"), self.people.officer, self.people.evaluator)

    def evaluation_taken_off(self):
        found = self.case("evaluation")
        assignment = evaluating.evaluator_assign(proposal_id=found.pk, actor=self.people.officer, evaluator=self.people.evaluator)
        evaluating.evaluator_take_off(proposal_id=found.pk, assignment_id=assignment.pk, actor=self.people.officer, reason="Ferie & <neve>.")

    def text_awaits_review(self):
        prepare()
        author = self.person(Role.EDITOR)
        draft = factories.challenge(publish=False, title_it="Pioggia & <neve>", title_en="Rain & <neve>")
        draft.save_revision(user=author)
        draft.get_workflow().start(draft, author)

    def text_reviewed(self):
        self.text_awaits_review()
        Challenge.objects.latest("pk").current_workflow_task_state.reject(user=self.editor, comment="Manca & basta.")

    def visits(self, page, **data):
        """What somebody who is not signed in sends, in the language of the page."""
        with override(self.language):
            Client().post(reverse(page), data)

    def confirm_address(self):
        self.visits("account_signup", name="Ada & Co", email=f"{self.language}@example.org", password1="una password lunga 9", privacy="on")

    def account_exists(self):
        self.visits("account_signup", name="Ada & Co", email=self.owner.email, password1="una password lunga 9", privacy="on")

    def new_password(self):
        self.visits("account_reset_password", email=self.owner.email)

    def no_account(self):
        self.visits("account_reset_password", email=f"nobody-{self.language}@example.org")

    def deadline_extended(self):
        challenge = factories.challenge(mode="competitive")
        self.case("draft", to=challenge)
        deadline_extend(challenge_id=challenge.pk, to_moment=challenge.closes_at + timedelta(days=7), reason="Festività & ponti", actor=self.editor)

    def challenge_closed(self):
        challenge = factories.challenge(mode="competitive", title_it="Pioggia & <neve>", title_en="Rain & <neve>")
        self.case("draft", to=challenge)
        challenge_close(challenge_id=challenge.pk, actor=self.editor)

    def challenge_unpublished(self):
        challenge = factories.challenge(mode="competitive", title_it="Pioggia & <neve>", title_en="Rain & <neve>")
        self.case("draft", to=challenge)
        challenge.unpublish()

    def draft_reminder(self):
        challenge = factories.challenge(mode="competitive")
        self.case("draft", to=challenge)
        with clock.travelling_to(challenge.closes_at - timedelta(days=2)):
            assert send_draft_reminders() == 1

    def question_answered(self):
        challenge = factories.challenge()
        question = question_ask(challenge_id=challenge.pk, organisation_id=self.organisation.pk, text="Quando & dove?", language=self.language, actor=self.owner)
        question_answer(question_id=question.pk, answer_it="A maggio.", answer_en="In May.", actor=self.editor)

    def question_set_aside(self):
        question = question_ask(challenge_id=factories.challenge().pk, organisation_id=self.organisation.pk, text="Comprate & basta?", language=self.language, actor=self.owner)
        question_set_aside(question_id=question.pk, reason="È <pubblicità>.", actor=self.editor)

    def invitation(self):
        member_invite(organisation_id=self.organisation.pk, actor=self.owner, email="collega@example.org", role="editor")

    def access_asked(self):
        data = {"legal_name": "Prova", "kind": "startup", "country": "IT", "vat_number": self.organisation.vat_number}
        access_request_create(actor=self.person(Role.STARTUP), data=data, message="Lavoro qui & là.")

    def access_answered(self):
        self.access_asked()
        access_request_answer(request_id=AccessRequest.objects.latest("pk").pk, actor=self.owner, accept=True)

    def second_factor_reset(self):
        person = self.person(Role.EVALUATOR)
        Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
        second_factor_reset(user_id=person.pk, actor=self.person(Role.ADMINISTRATOR))

    def new_match(self):
        EmailAddress.objects.create(user=self.owner, email=self.owner.email, verified=True, primary=True)
        draft = self.case("draft")
        alert_switch(user=self.owner, organisation=self.organisation, proposal=draft, on=True)
        search_save(user=self.owner, name="Pioggia & <neve>", kind="challenge", words="", filters={}, language=self.language)
        challenge_title = {"title_it": "Pioggia & <neve> a Torino", "title_en": "Pioggia & <neve> in Turin"}
        factories.challenge(summary_it="Serve & basta.", summary_en="Needed & enough.", **challenge_title)

    def pilot_news(self):
        factories.pilot_in("running", self.organisation, people=self.people, actor=self.owner, language=self.language)

    def pilot_act(self):
        pilot = factories.pilot_in("running", self.organisation, people=self.people, actor=self.owner, language=self.language)
        running.pilot_suspend(pilot_id=pilot.pk, actor=self.people.officer, reason="Un guasto & basta.", restart_conditions="Riparazione.")

    def money_terms(self):
        sums_owed(self)

    def money_news(self):
        paid(sums_owed(self), self.owner, self.language)

    def money_reminder(self):
        sums_owed(self)
        with clock.travelling_to(clock.now() + timedelta(days=8)):
            assert reminders_send() >= 1

    def money_desk(self):
        checkout = paid(sums_owed(self), self.owner, self.language)
        event_receive("test", *signing.signed(sandbox.choose(checkout.external_id, "dispute")))
        events_handle()


def sums_owed(town):
    """A pilot whose stamp duty has been asked for, and a fee beside it."""
    site = factories.site()
    factories.flat_fee(site, valid_from=clock.today(), payee=factories.payee(name_it="Ente & <neve>", name_en="Body & <neve>"))
    pilot = factories.approved_pilot(town.organisation, at=site, people=town.people, actor=town.owner, language=town.language, title="Pioggia & <neve>")
    while outbox.drain():
        pass
    return pilot


def paid(pilot, payer, language):
    """Its fee, through the test provider."""
    checkout = checkout_enter(checkout_begin(charge_ids=[pilot.charges.get(kind="fee").pk], actor=payer, language=language))
    event_receive("test", *signing.signed(sandbox.choose(checkout.external_id, "pay")))
    events_handle()
    return checkout


def kinds():
    """The registry as the running product has it."""
    from importlib import import_module

    for config in apps.get_app_configs():
        if config.name.startswith(("citylab.", "cms", "search")):
            try:
                import_module(f"{config.name}.notifications")
            except ModuleNotFoundError as error:
                assert error.name == f"{config.name}.notifications"
    return {code: kind for code, kind in registry.items() if not code.startswith("trial_")}


def written(kind, language):
    """All messages of that kind that the occasion wrote, newest occasion included."""
    town = Town(language)
    getattr(town, kind)()
    while outbox.drain():
        pass
    return list(OutgoingMessage.objects.filter(kind=kind).order_by("pk"))


def test_there_is_an_occasion_for_every_kind():
    assert set(kinds()) == {name for name, value in vars(Town).items() if callable(value) and name not in ("__init__", "person", "case", "key", "visits")}


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_kind_is_written_in_both_languages_as_text_and_as_a_page(kind):
    subjects, texts = {}, {}
    for language in ("it", "en"):
        messages = [message for message in written(kind, language) if message.language == language]
        assert messages, f"no {kind} in {language}"
        for message in messages:
            for part in (message.subject, message.text, message.html):
                assert part.strip()
                assert not re.search(r"\{\{|\{%|%\(\w+\)s|\bNone\b", part)
            assert "\n" not in message.subject
            # A text is not HTML; a page is, and escapes what people wrote.
            assert "&amp;" not in message.text and "&#x27;" not in message.text and "&amp;" not in message.subject
            assert f'lang="{language}"' in message.html
            assert "<neve>" not in message.html and "<Prova>" not in message.html and "Co <b>" not in message.html
            addresses = re.findall(r"https?://\S+", message.text)
            assert addresses and all(f"/{language}/" in address or "/editing/" in address or address.endswith(".it") or address.rstrip("/").count("/") == 2 for address in addresses), addresses
        subjects[language], texts[language] = messages[-1].subject, messages[-1].text
    assert texts["it"] != texts["en"]
    assert subjects["it"] != subjects["en"] or kind == "message"  # whose subject the officer wrote


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_only_formal_acts_and_what_one_asked_for_go_out_though_everything_is_switched_off(kind, monkeypatch):
    from citylab.notifications import services

    cls = kinds()[kind]
    assert cls.category in CATEGORIES
    assert cls.mandatory == (cls.category in ("formal", "organisation"))
    reader = factories.person(Role.STARTUP)
    NotificationPreference.objects.bulk_create(NotificationPreference(user=reader, category=category, email=False) for category in CATEGORIES)
    assert services.wants(reader, cls) == cls.mandatory
