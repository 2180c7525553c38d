"""Alerts: whoever asked is told once, by one mail, of each published challenge or site that newly fits.

A publication starts a chain of outbox messages, each about one page of people, so that no transaction grows with their number.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import override

from citylab.accounts.models import Membership, Organisation, User
from citylab.accounts.selectors import membership_role, people_to_write_to
from citylab.challenges.selectors import Status, visible_challenges
from citylab.core import clock, outbox
from citylab.core.errors import NotAllowed
from citylab.core.locks import locked
from citylab.notifications.models import NotificationPreference
from citylab.notifications.selectors import preferences_of
from citylab.notifications.services import notify, preferences_save
from citylab.proposals.models import Proposal
from citylab.proposals.workflow import PENDING, State
from citylab.testbeds.selectors import visible_sites

from . import waiting
from .engines import get_engine
from .matching import Match
from .models import Alert, AlertSubscription, SavedSearch
from .notifications import NewMatch
from .policy import Group
from .profile_matching import profiles_of
from .saved_searches import Answers
from .verdicts import Bench

# People told in one transaction.
PAGE = 25
# What only says that nothing stands against it is no news: something in common, and not too little, must speak for it.
SPEAKING = frozenset({"text", "sector", "technology"})
LEAST_SCORE = 0.2
# The states of a proposal in which something new can still be of use.
ALIVE = (State.DRAFT, *PENDING)
_signer = signing.Signer(salt="search.alerts", sep=".")


class IndexBehind(RuntimeError):
    """The index does not hold the published record yet: the outbox tries again later."""


# --- switching on and off ---------------------------------------------------------------------------------------------------------


def subscriptions_of(user: Any, organisation: Organisation) -> dict[Any, AlertSubscription]:
    """A person's running subscriptions in an organisation: by proposal id, None for the organisation itself."""
    running = AlertSubscription.objects.filter(user=user, organisation=organisation, is_paused=False)
    return {subscription.proposal_id: subscription for subscription in running}


def running_subscriptions_of(user: Any) -> QuerySet[AlertSubscription]:
    """What a person is told of in all organisations that they still belong to."""
    members = Membership.objects.filter(user=OuterRef("user"), organisation=OuterRef("organisation"))
    return AlertSubscription.objects.filter(Exists(members), user=user, is_paused=False).select_related("organisation", "proposal")


def alert_switch(*, user: User, organisation: Organisation, proposal: Proposal | None, on: bool) -> None:
    """Tell, or no longer tell, a member of something new that fits; what fits now is not new. Raises NotAllowed for strangers."""
    if membership_role(user, organisation.pk) is None or (proposal and proposal.organisation_id != organisation.pk):
        raise NotAllowed("not_a_member", _("Only members of the organisation are told of what fits it."))
    with transaction.atomic():
        locked(User, user.pk)
        found = AlertSubscription.objects.filter(user=user, organisation=organisation, proposal=proposal).first()
        if found is None and not on:
            return
        subscription = found or AlertSubscription(user=user, organisation=organisation, proposal=proposal, created_at=clock.now())
        if on and (found is None or found.is_paused):
            subscription.known = _fitting_now(subscription)
        subscription.is_paused = not on
        subscription.save()


def _fitting_now(subscription: AlertSubscription) -> dict[str, list[int]]:
    subjects = _subjects(subscription)
    return {kind: [match.record.pk for match in Bench(kind).matches(subjects) if is_news(match)] for kind in _kinds(subscription)}


def _kinds(subscription: AlertSubscription) -> list[str]:
    """A proposal for a challenge looks for sites alone."""
    return ["site"] if subscription.proposal and subscription.proposal.challenge_id else ["challenge", "site"]


def _subjects(subscription: AlertSubscription) -> list[Proposal]:
    return [subscription.proposal] if subscription.proposal else profiles_of(subscription.organisation)


def is_news(match: Match) -> bool:
    """Worth a mail: it fits, or will when it opens (nothing is published then), and something in common speaks for it."""
    fits = match.group == Group.FITS or [line.code for line in match.blockers] == ["opens_later"]
    return fits and match.score >= LEAST_SCORE and any(line.code in SPEAKING for line in match.reasons)


# --- telling ------------------------------------------------------------------------------------------------------------------------


def handle_challenge_published(key: str, payload: dict[str, Any]) -> None:
    _begin("challenge", key)


def handle_site_published(key: str, payload: dict[str, Any]) -> None:
    _begin("site", key)


def handle_due(key: str, payload: dict[str, Any]) -> None:
    """The record `kind:id`, whose people waited until Elasticsearch held it."""
    kind, _colon, pk = key.partition(":")
    _tell_first(kind, pk)


def handle_page(key: str, payload: dict[str, Any]) -> None:
    """Tell the next page of people of the record `kind:id`, and leave the rest to a message of its own."""
    kind, _colon, pk = key.partition(":")
    record = _public_record(kind, pk)
    if record is None:
        return
    people = list(_people(kind, pk).filter(pk__gt=payload["after"]).order_by("pk")[:PAGE])
    causes = _causes(kind, record, people)
    for person in people:
        if causes[person.pk]:
            _tell(person, kind, record, causes[person.pk])
    if len(people) == PAGE:
        outbox.publish("alerts.page", key, after=people[-1].pk)


def _begin(kind: str, key: str) -> None:
    if not waiting.tell_later(kind, key):
        _tell_first(kind, key)


def _tell_first(kind: str, key: str) -> None:
    record = _public_record(kind, key)
    if record is None or not _people(kind, key).exists():
        return
    if not get_engine().held(kind, [key]):
        raise IndexBehind(f"{kind} {key}")
    outbox.publish("alerts.page", f"{kind}:{key}", after=0)


def _public_record(kind: str, pk: Any) -> Any:
    """The record as the lists show it; None once it was withdrawn or, for a challenge, closed."""
    records: QuerySet[Any] = visible_challenges(clock.now()).exclude(status_now=Status.CLOSED) if kind == "challenge" else visible_sites()
    return records.filter(pk=pk).first()


def _running_searches(kind: str) -> QuerySet[SavedSearch]:
    return SavedSearch.objects.filter(is_paused=False, kind__in=[kind, SavedSearch.Kind.ALL])


def _running_subscriptions(kind: str) -> QuerySet[AlertSubscription]:
    """Of people who still belong to the organisation, for proposals that are still alive."""
    members = Membership.objects.filter(user=OuterRef("user"), organisation=OuterRef("organisation"))
    found = AlertSubscription.objects.filter(Exists(members), Q(proposal__isnull=True) | Q(proposal__state__in=ALIVE), is_paused=False)
    return found.filter(Q(proposal__isnull=True) | Q(proposal__challenge__isnull=True)) if kind == "challenge" else found


def _people(kind: str, pk: Any) -> QuerySet[User]:
    """Who waits for such a record, may be written to and was not told of this one."""
    off = NotificationPreference.objects.filter(user=OuterRef("pk"), category=NewMatch.category, email=False)
    told = Alert.objects.filter(user=OuterRef("pk"), kind=kind, object_id=str(pk))
    waiting = Q(pk__in=_running_searches(kind).values("user")) | Q(pk__in=_running_subscriptions(kind).values("user"))
    return people_to_write_to().filter(waiting).exclude(Exists(off)).exclude(Exists(told))


@dataclass
class Causes:
    """Why a person is told: the searches that find the record, and the subscriptions that it fits with their matches."""

    searches: list[SavedSearch] = field(default_factory=list)
    subscriptions: list[tuple[AlertSubscription, Match]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.searches or self.subscriptions)


def _causes(kind: str, record: Any, people: Sequence[User]) -> dict[Any, Causes]:
    found: dict[Any, Causes] = defaultdict(Causes)
    answers = Answers({kind: [record]})
    for search in _running_searches(kind).filter(user__in=people).order_by("pk"):
        if record.pk not in search.known.get(kind, []) and answers.is_answer(search, kind, record):
            found[search.user_id].searches.append(search)
    languages = {person.pk: person.language for person in people}
    bench = Bench(kind, [record.pk])
    related = ("organisation", "proposal__organisation", "proposal__sector", "proposal__challenge")
    for subscription in _running_subscriptions(kind).filter(user__in=people).select_related(*related).order_by("pk"):
        if record.pk in subscription.known.get(kind, []):
            continue
        with override(languages[subscription.user_id]):
            for match in bench.matches(_subjects(subscription)):
                if is_news(match):
                    found[subscription.user_id].subscriptions.append((subscription, match))
    return found


def _tell(person: User, kind: str, record: Any, causes: Causes) -> None:
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                user=person, kind=kind, object_id=str(record.pk), searches=[search.pk for search in causes.searches],
                subscriptions=[subscription.pk for subscription, _match in causes.subscriptions], told_at=clock.now(),
            )  # fmt: skip
    except IntegrityError:  # another worker told this person in this very moment
        return
    with override(person.language):
        context = {
            "kind": kind, "record": record, "name": record.title if kind == "challenge" else record.name, "summary": record.summary, "address": record.get_absolute_url(), "stop": stop_address(alert),
            "manage": reverse("portal:searches"), "searches": [search.name for search in causes.searches],
            "matches": [{"subscription": subscription, "reasons": _readable(match)} for subscription, match in causes.subscriptions],
        }  # fmt: skip
    notify(kind=NewMatch, user=person, context=context, unsubscribe=context["stop"], dedupe=f"alert:{kind}:{record.pk}:{person.pk}")


def _readable(match: Match) -> list[dict[str, Any]]:
    """The reasons, and when it opens, for a page with the words that matched marked, and for a plain text."""
    return [{"html": line.text, "plain": unescape(strip_tags(line.text)), "note": line.note} for line in (*match.reasons, *match.blockers)]


# --- stopping by one click ----------------------------------------------------------------------------------------------------------


def stop_address(alert: Alert) -> str:
    """The path of the page that stops what led to an alert; whoever has the mail may open it."""
    return reverse("public:alert_stop", args=[_signer.sign(str(alert.pk))])


def alert_by_token(token: str) -> Alert | None:
    """The alert of a signed link; None for a link that is not ours, or whose reader is gone."""
    try:
        pk = _signer.unsign(token)
    except signing.BadSignature:
        return None
    return Alert.objects.select_related("user").filter(pk=pk).first()


@dataclass(frozen=True)
class Cause:
    """Something that led to an alert, by its name."""

    name: str
    is_paused: bool


def causes_of(alert: Alert) -> list[Cause]:
    """What led to an alert and still exists."""
    searches = SavedSearch.objects.filter(user=alert.user, pk__in=alert.searches)
    subscriptions = AlertSubscription.objects.filter(user=alert.user, pk__in=alert.subscriptions).select_related("proposal", "organisation")
    return [
        *(Cause(search.name, search.is_paused) for search in searches),
        *(Cause(s.proposal.title if s.proposal and s.proposal.title else s.organisation.legal_name, s.is_paused) for s in subscriptions),
    ]


def alert_stop(alert: Alert) -> None:
    """Pause what led to an alert; a second click changes nothing."""
    with transaction.atomic():
        SavedSearch.objects.filter(user=alert.user, pk__in=alert.searches).update(is_paused=True)
        AlertSubscription.objects.filter(user=alert.user, pk__in=alert.subscriptions).update(is_paused=True)


def alerts_stop_all(alert: Alert) -> None:
    """No alert of any kind for its reader any more, as if switched off in the account."""
    wanted = {category for category, is_wanted in preferences_of(alert.user).items() if is_wanted}
    preferences_save(user=alert.user, wanted=wanted - {NewMatch.category})
