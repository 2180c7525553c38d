"""Every address of ours is closed unless it is listed here as open, and to whom: the whole table, tried as each of the seven."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import translation

from citylab.accounts.middleware import OURS, access_of
from citylab.accounts.models import Role
from tests import factories

ANYONE = "anonymous startup officer evaluator department editor administrator"
SIGNED_IN = "startup officer evaluator department editor administrator"
OFFICERS = "officer administrator"
ON_PILOTS = "officer department administrator"
EDITORS = "editor administrator"

TABLE = {
    # Outside the languages.
    "root": ANYONE,
    "health": ANYONE,
    "webhook": ANYONE,
    "short_challenge": ANYONE,
    "short_site": ANYONE,
    "short_pilot": ANYONE,
    # Residents and whoever reads.
    "front": ANYONE,
    "public:challenge_list": ANYONE,
    "public:challenge": ANYONE,
    "public:site_list": ANYONE,
    "public:site": ANYONE,
    "public:pilot_list": ANYONE,
    "public:pilot": ANYONE,
    "public:programme_list": ANYONE,
    "public:programme": ANYONE,
    "public:apply": ANYONE,
    "public:costs": ANYONE,
    "public:rate": ANYONE,
    "public:rate_why": ANYONE,
    "public:search": ANYONE,
    "public:suggestions": ANYONE,
    "public:alert_stop": ANYONE,
    "public:ask": SIGNED_IN,
    # People and accounts. The demo sign-in answers 404 outside the local settings.
    "demo_login": ANYONE,
    "start": SIGNED_IN,
    "invitation": SIGNED_IN,
    "access_request": SIGNED_IN,
    "account_settings": SIGNED_IN,
    # Applicants: what they see depends on their organisation (object rules), not on a role.
    "portal:home": SIGNED_IN,
    "portal:messages": SIGNED_IN,
    "portal:matches": SIGNED_IN,
    "portal:matches_of": SIGNED_IN,
    "portal:match_why": SIGNED_IN,
    "portal:match_feedback": SIGNED_IN,
    "portal:alerts": SIGNED_IN,
    "portal:searches": SIGNED_IN,
    "portal:search_save": SIGNED_IN,
    "portal:search_change": SIGNED_IN,
    "portal:organisation_create": SIGNED_IN,
    "portal:organisation": SIGNED_IN,
    "portal:members": SIGNED_IN,
    "portal:member_change": SIGNED_IN,
    "portal:invitation_revoke": SIGNED_IN,
    "portal:start": SIGNED_IN,
    "portal:section": SIGNED_IN,
    "portal:autosave": SIGNED_IN,
    "portal:panel": SIGNED_IN,
    "portal:costs": SIGNED_IN,
    "portal:attach": SIGNED_IN,
    "portal:download": SIGNED_IN,
    "portal:detach": SIGNED_IN,
    "portal:copy": SIGNED_IN,
    "portal:delete": SIGNED_IN,
    "portal:review": SIGNED_IN,
    "portal:summary": SIGNED_IN,
    "portal:submit": SIGNED_IN,
    "portal:receipt": SIGNED_IN,
    "portal:submitted": SIGNED_IN,
    "portal:submitted_data": SIGNED_IN,
    "portal:case": SIGNED_IN,
    "portal:additions": SIGNED_IN,
    "portal:observations": SIGNED_IN,
    "portal:withdraw": SIGNED_IN,
    "portal:pay": SIGNED_IN,
    "portal:deposit_file": SIGNED_IN,
    "portal:stamp": SIGNED_IN,
    "portal:refund_account": SIGNED_IN,
    "portal:deposit_answer": SIGNED_IN,
    "portal:payment": SIGNED_IN,
    "portal:payment_cancel": SIGNED_IN,
    "portal:sandbox": SIGNED_IN,
    "portal:notice": SIGNED_IN,
    "portal:notice_pdf": SIGNED_IN,
    "portal:receipt_page": SIGNED_IN,
    "portal:receipt_pdf": SIGNED_IN,
    "portal:pilots": SIGNED_IN,
    "portal:pilot": SIGNED_IN,
    "portal:pilot_file": SIGNED_IN,
    "portal:pilot_act": SIGNED_IN,
    "portal:pilot_act_on": SIGNED_IN,
    # The desk.
    "desk:home": "officer evaluator department administrator",
    "desk:queue": OFFICERS,
    "desk:filter_save": OFFICERS,
    "desk:filter_delete": OFFICERS,
    "desk:hand_over": OFFICERS,
    "desk:access_requests": "officer",
    "desk:people": "administrator",
    "desk:person": "administrator",
    "desk:person_act": "administrator",
    "desk:rankings": OFFICERS,
    "desk:ranking": OFFICERS,
    "desk:quality": OFFICERS,
    "desk:case": OFFICERS,
    "desk:comparable": OFFICERS,
    "desk:change_site": OFFICERS,
    "desk:take": OFFICERS,
    "desk:assign": OFFICERS,
    "desk:move": OFFICERS,
    "desk:request_changes": OFFICERS,
    "desk:checklist": OFFICERS,
    "desk:settle": OFFICERS,
    "desk:note": OFFICERS,
    "desk:message": OFFICERS,
    "desk:delivery": OFFICERS,
    "desk:attachment": "officer evaluator administrator",
    "desk:trail_csv": OFFICERS,
    "desk:assign_evaluator": OFFICERS,
    "desk:take_off_evaluator": OFFICERS,
    "desk:evaluations": "evaluator",
    "desk:evaluation": "evaluator",
    "desk:money": OFFICERS,
    "desk:money_receipts": OFFICERS,
    "desk:money_export": OFFICERS,
    "desk:reconcile": OFFICERS,
    "desk:receipt_page": OFFICERS,
    "desk:receipt_pdf": OFFICERS,
    "desk:notice_pdf": OFFICERS,
    "desk:deposit_file": OFFICERS,
    "desk:pilots": ON_PILOTS,
    "desk:pilot": ON_PILOTS,
    "desk:pilot_file": ON_PILOTS,
    "desk:pilot_act": ON_PILOTS,
    "desk:pilot_act_on": ON_PILOTS,
    # Our own pages in the editors' room.
    "challenge_extend": EDITORS,
    "challenge_close": EDITORS,
    "question_answer": EDITORS,
    "question_set_aside": EDITORS,
    "question_bring_back": EDITORS,
    "page_withdraw": EDITORS,
    "who_could_answer": EDITORS,
    "worked_example": EDITORS,
    **{
        f"wagtailsnippets_{record}:{page}": EDITORS
        for record in ("challenges_challenge", "testbeds_site")
        for page in ("add", "edit", "revisions_revert", "unpublish", "workflow_action")
    },
    **{f"wagtailsnippets_payments_{record}:{page}": EDITORS for record in ("feerule", "depositrule", "exemption", "payee") for page in ("add", "edit")},
}

# A sample of Wagtail's own pages. People and roles are managed at the desk; the site and the second person's approval are part of the installation.
NOBODY = ""
WAGTAIL = {
    "wagtailadmin_home": EDITORS,
    "wagtailadmin_explore_root": EDITORS,
    "wagtailadmin_account": EDITORS,
    "wagtailadmin_reports:site_history": EDITORS,
    "wagtailimages:index": EDITORS,
    "wagtaildocs:index": EDITORS,
    "wagtailsnippets_challenges_challenge:list": EDITORS,
    "wagtailsnippets_testbeds_site:list": EDITORS,
    "wagtailusers_users:index": NOBODY,
    "wagtailusers_groups:index": NOBODY,
    "wagtailsites:index": NOBODY,
    "wagtailadmin_workflows:index": NOBODY,
    "wagtailadmin_collections:index": NOBODY,
    "wagtailredirects:index": "administrator",
}
ARGUMENTS: dict[str, Any] = {"uuid": uuid.UUID(int=1), "int": 999_999, "slug": "nothing", "str": "nothing"}
WHO = ANYONE.split()


def views(patterns: Any = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, ":".join(part for part in (namespace, pattern.namespace) if part))
        else:
            yield f"{namespace}:{pattern.name}" if namespace else str(pattern.name), pattern


def is_ours(pattern: URLPattern) -> bool:
    view = getattr(pattern.callback, "view_class", pattern.callback)
    return access_of(pattern.callback) is not None or view.__module__.startswith(OURS)


def address(name: str) -> str:
    """The address of a view, with arguments that name nothing."""
    pattern = dict(views())[name].pattern
    kinds = {argument: type(converter).__name__.removesuffix("Converter").lower().replace("string", "str") for argument, converter in pattern.converters.items()}
    with translation.override("en"):
        return reverse(name, kwargs={argument: ARGUMENTS[kind] for argument, kind in kinds.items()})


def in_both_languages(name: str) -> set[str]:
    found = set()
    for language in ("it", "en"):
        with translation.override(language):
            found.add(reverse(name))
    return found


def client_of(who: str, *, second_factor: bool = True) -> Client:
    client = Client()
    if who != "anonymous":
        user = factories.person(Role(who))
        client.force_login(user)
        if second_factor:
            Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return client


def may_open(client: Client, name: str) -> bool:
    """Whether whoever sits at this client gets in: neither sent to sign in nor refused. That nothing is found there does not matter."""
    response = client.get(address(name))
    if response.status_code == 302:
        target = response["Location"].split("?")[0]
        # Wagtail sends whom it refuses to the home of its admin.
        return target not in in_both_languages("account_login") and not (name in WAGTAIL and target == reverse("wagtailadmin_home"))
    return response.status_code not in (401, 403)


def test_the_table_names_every_address_of_ours():
    assert sorted({name for name, pattern in views() if is_ours(pattern)}) == sorted(TABLE)


@pytest.mark.django_db
@pytest.mark.parametrize("who", WHO)
def test_each_address_opens_to_those_in_the_table_and_to_nobody_else(who):
    client = client_of(who)
    assert {name for name in TABLE if may_open(client, name)} == {name for name, those in TABLE.items() if who in those.split()}


@pytest.mark.django_db
@pytest.mark.parametrize("who", WHO)
def test_the_editors_room_opens_to_editors_and_administrators_only(who):
    client = client_of(who)
    assert {name for name in WAGTAIL if may_open(client, name)} == {name for name, those in WAGTAIL.items() if who in those.split()}


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["officer", "evaluator", "department", "editor", "administrator"])
def test_whoever_acts_for_the_city_opens_nothing_before_the_second_factor(who):
    client = client_of(who, second_factor=False)
    closed = [name for name, those in {**TABLE, **WAGTAIL}.items() if who in those.split() and "anonymous" not in those.split()]
    answers = {name: client.get(address(name)) for name in closed}
    assert {name for name, answer in answers.items() if answer.status_code == 302 and answer["Location"] in in_both_languages("mfa_activate_totp")} == set(closed)


def test_a_view_that_says_nothing_stays_closed():
    def silent(request: Any) -> None: ...

    silent.__module__ = "citylab.portal.views.somewhere"
    assert access_of(silent) == frozenset()
