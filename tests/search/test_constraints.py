"""Every hard constraint as a case: what an engine calls fitting is what the policy calls fitting, on both engines and whichever database."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from citylab.accounts.models import Organisation, Role
from citylab.challenges.models import Challenge
from citylab.challenges.services import challenge_close, deadline_extend
from citylab.core import clock
from citylab.proposals.models import Proposal
from citylab.taxonomy.models import Capability, Sector
from citylab.testbeds.models import Blackout, Site
from citylab.testbeds.services import booking_hold
from search import matching
from search.engines import TextQuery, Wanted
from tests import factories

from .answering import ENGINES, answering, fill_embedded, filled_cluster

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 9, 0, 30, tzinfo=clock.rome)
DAY = timedelta(days=1)
MAY = {"starts_on": date(2027, 5, 1), "ends_on": date(2027, 5, 31)}
# Metres north of 45.07, 7.68; how far two places are is the same to every engine but for a metre.
DEGREES_PER_METRE = 1 / 111_194.93


def north(metres: int) -> tuple[float, float]:
    return 45.07 + metres * DEGREES_PER_METRE, 7.68


def taken(site: Site, *periods: tuple[date, date]) -> None:
    for number, (first, last) in enumerate(periods):
        booking_hold(site_id=site.pk, case_id=f"00000000-0000-0000-{number:04d}-{site.pk:012d}", label="", starts_on=first, ends_on=last, actor=None)


def closed(site: Site, first: date, last: date, *, yearly: bool) -> None:
    Blackout.objects.create(site=site, starts_on=first, ends_on=last, yearly=yearly)


def make_sites() -> None:
    site = factories.site
    site("plain")
    site("bare", capabilities=())
    site("rich", capabilities=("power", "5g"))
    site("unmeasured", area_m2=None)
    site("small", area_m2=100)
    site("north-1000", latitude=north(1000)[0], longitude=north(1000)[1])
    site("north-5000", latitude=north(5000)[0], longitude=north(5000)[1])
    taken(site("busy", capacity=1), (date(2027, 5, 10), date(2027, 5, 20)))
    taken(site("half-busy", capacity=2), (date(2027, 5, 10), date(2027, 5, 20)))
    # Each place is taken for half of May: no one place is free throughout.
    taken(site("two-halves", capacity=2), (date(2027, 5, 1), date(2027, 5, 15)), (date(2027, 5, 15), date(2027, 5, 31)))
    closed(site("no-august"), date(2025, 8, 1), date(2025, 8, 31), yearly=True)
    closed(site("no-winter"), date(2025, 12, 20), date(2026, 1, 6), yearly=True)
    closed(site("fair"), date(2027, 5, 12), date(2027, 5, 12), yearly=False)
    site("from-june", available_from=date(2027, 6, 1))
    site("until-april", available_until=date(2027, 4, 30))


def make_challenges(editor: Any) -> None:
    challenge = factories.challenge
    challenge("anyone")
    challenge("5-to-7", trl_min=5, trl_max=7)
    challenge("research", applicant_kinds=["research"])
    challenge("companies", applicant_kinds=["startup", "sme"])
    challenge("10000-euro", budget_max_cents=1_000_000)
    challenge("no-money", budget_max_cents=0)
    challenge("opens-now", opens_at=NOW)
    challenge("opens-later", opens_at=NOW + timedelta(seconds=1))
    challenge("last-minute", closes_at=NOW.replace(second=0))
    challenge("closed", closes_at=NOW.replace(second=0) - timedelta(minutes=1))
    early = challenge("closed-early", closes_at=NOW + 30 * DAY)
    longer = challenge("extended", closes_at=NOW - DAY)
    challenge("within-1000", latitude=45.07, longitude=7.68, maximum_distance_metres=1000)
    challenge("has-place", latitude=45.07, longitude=7.68)
    challenge("needs-5g").capabilities.add(factories.term(Capability, "5g"))
    with clock.travelling_to(NOW - 2 * DAY):
        challenge_close(challenge_id=early.pk, actor=editor)
        deadline_extend(challenge_id=longer.pk, to_moment=NOW + DAY, reason="Più tempo.", actor=editor)


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Sites and challenges that differ from a plain one in one thing each, as they stand on the first of March."""
    with django_db_blocker.unblock(), transaction.atomic():
        with clock.travelling_to(NOW - 10 * DAY):
            make_sites()
            make_challenges(factories.person(Role.EDITOR))
        with clock.travelling_to(NOW):
            fill_embedded()
            yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def prefix(city: None) -> Iterator[str]:
    with filled_cluster() as made:
        yield made


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, city: None) -> Iterator[Any]:
    with answering(request.getfixturevalue("prefix") if request.param == "elasticsearch" else None) as found:
        yield found


def proposal(**said: Any) -> Proposal:
    """A draft that says nothing but these; `kind` is the applicant's, `to` the code of the challenge it answers."""
    answers = {"title": "Sfida", "summary": "luogo"} | {name: said.pop(name) for name in ("capabilities", "requested", "own_place_coordinates") if name in said}
    to = said.pop("to", None)
    organisation = Organisation(kind=said.pop("kind", ""))
    challenge = Challenge.objects.get(code=to) if to else None
    return Proposal(language="it", answers=answers, organisation=organisation, challenge=challenge, sector=Sector.objects.get(code="mobility"), **said)


def at(metres: int) -> str:
    return "{:.7f}, {:.7f}".format(*north(metres))


CLOSED = {"closed": "closed", "closed-early": "closed", "opens-later": "opens_later"}


def without(code: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, code)


NO_PLACE = "no_place"
# What is said, and the sites and the challenges that do not fit, each with what stands in the way.
CASES: dict[str, tuple[dict[str, Any], dict[str, str], dict[str, str]]] = {
    "nothing": ({}, {}, {}),
    "a capability": ({"capabilities": ["power"]}, without("capability_missing", "bare"), {}),
    "a capability that one site has": (
        {"capabilities": ["5g"]},
        {**without("capability_missing", "plain", "bare", "unmeasured", "small", "north-1000", "north-5000", "busy", "half-busy", "two-halves"),
         **without("capability_missing", "no-august", "no-winter", "fair", "from-june", "until-april")},
        {},
    ),
    "two capabilities": (
        {"capabilities": ["power", "5g"]},
        {**without("capability_missing", "plain", "bare", "unmeasured", "small", "north-1000", "north-5000", "busy", "half-busy", "two-halves"),
         **without("capability_missing", "no-august", "no-winter", "fair", "from-june", "until-april")},
        {},
    ),
    "all of May": (MAY, without(NO_PLACE, "busy", "two-halves", "fair", "from-june", "until-april"), {}),
    "the first half": ({"starts_on": date(2027, 5, 1), "ends_on": date(2027, 5, 9)}, without(NO_PLACE, "from-june", "until-april"), {}),
    "up to the day before": ({"starts_on": date(2027, 5, 5), "ends_on": date(2027, 5, 9)}, without(NO_PLACE, "from-june", "until-april"), {}),
    "up to the first day taken": ({"starts_on": date(2027, 5, 5), "ends_on": date(2027, 5, 10)}, without(NO_PLACE, "busy", "from-june", "until-april"), {}),
    "from the last day taken": ({"starts_on": date(2027, 5, 20), "ends_on": date(2027, 5, 25)}, without(NO_PLACE, "busy", "from-june", "until-april"), {}),
    "from the day after": ({"starts_on": date(2027, 5, 21), "ends_on": date(2027, 5, 25)}, without(NO_PLACE, "from-june", "until-april"), {}),
    "across both halves": ({"starts_on": date(2027, 5, 14), "ends_on": date(2027, 5, 16)}, without(NO_PLACE, "busy", "two-halves", "from-june", "until-april"), {}),
    "the day of the fair": ({"starts_on": date(2027, 5, 12), "ends_on": date(2027, 5, 12)}, without(NO_PLACE, "busy", "fair", "from-june", "until-april"), {}),
    "the last day of April": ({"starts_on": date(2027, 4, 29), "ends_on": date(2027, 4, 30)}, without(NO_PLACE, "from-june"), {}),
    "the first day of June": ({"starts_on": date(2027, 6, 1), "ends_on": date(2027, 6, 2)}, without(NO_PLACE, "until-april"), {}),
    "the end of May": ({"starts_on": date(2027, 5, 31), "ends_on": date(2027, 6, 1)}, without(NO_PLACE, "from-june", "until-april"), {}),
    "a day of this August": ({"starts_on": date(2027, 8, 31), "ends_on": date(2027, 9, 2)}, without(NO_PLACE, "no-august", "until-april"), {}),
    "a day of the next August": ({"starts_on": date(2028, 7, 20), "ends_on": date(2028, 8, 1)}, without(NO_PLACE, "no-august", "until-april"), {}),
    "days that have begun": ({"starts_on": date(2027, 2, 20), "ends_on": date(2027, 3, 10)}, without(NO_PLACE, "from-june"), {}),
    "the August before": ({"starts_on": date(2026, 8, 31), "ends_on": date(2026, 9, 2)}, without(NO_PLACE, "no-august", "from-june"), {}),
    "around New Year": ({"starts_on": date(2028, 1, 6), "ends_on": date(2028, 1, 8)}, without(NO_PLACE, "no-winter", "until-april"), {}),
    "after the holidays": ({"starts_on": date(2028, 1, 7), "ends_on": date(2028, 1, 8)}, without(NO_PLACE, "until-april"), {}),
    "only the first day": ({"starts_on": date(2027, 5, 12)}, {}, {}),
    "all the area": ({"area_m2": 100}, {}, {}),
    "too much area": ({"area_m2": 101}, without("area_too_small", "small"), {}),
    "an area beyond every site": (
        {"area_m2": 1_000_000},
        {**without("area_too_small", "plain", "bare", "rich", "small", "north-1000", "north-5000", "busy", "half-busy", "two-halves"),
         **without("area_too_small", "no-august", "no-winter", "fair", "from-june", "until-april")},
        {},
    ),
    "no area": ({"area_m2": 0}, {}, {}),
    "TRL 4": ({"trl_now": 4}, {}, without("trl", "5-to-7")),
    "TRL 5": ({"trl_now": 5}, {}, {}),
    "TRL 7": ({"trl_now": 7}, {}, {}),
    "TRL 8": ({"trl_now": 8}, {}, without("trl", "5-to-7")),
    "TRL 3, which nobody asks for": ({"trl_now": 3}, {}, {"*": "trl"}),
    "a start-up": ({"kind": "startup"}, {}, without("applicant_kind", "research")),
    "a research body": ({"kind": "research"}, {}, without("applicant_kind", "companies")),
    "a public body": ({"kind": "public"}, {}, without("applicant_kind", "research", "companies")),
    "nothing asked": ({"requested": 0}, {}, {}),
    "a cent": ({"requested": 1}, {}, without("budget", "no-money")),
    "the whole contribution": ({"requested": 1_000_000}, {}, without("budget", "no-money")),
    "a cent too much": ({"requested": 1_000_001}, {}, without("budget", "no-money", "10000-euro")),
    "a place near enough": ({"own_place_coordinates": at(998)}, {}, {}),
    "a place too far": ({"own_place_coordinates": at(1002)}, {}, without("too_far", "within-1000")),
    # North-east, 900 m either way: inside the square around the point, outside the circle.
    "a place in the corner": ({"own_place_coordinates": "45.0780939, 7.6914615"}, {}, without("too_far", "within-1000")),
    "everything at once": (
        {"capabilities": ["power"], "area_m2": 101, "trl_now": 4, "kind": "startup", "requested": 1, **MAY},
        {"bare": "capability_missing", "small": "area_too_small", **without(NO_PLACE, "busy", "two-halves", "fair", "from-june", "until-april")},
        {"5-to-7": "trl", "research": "applicant_kind", "no-money": "budget"},
    ),
}  # fmt: skip


def expected(blocked: dict[str, str], codes: set[str], always: dict[str, str]) -> dict[str, set[str]]:
    """What stands in the way of each record, "" for nothing; "*" is for all of them."""
    found = {code: {always[code]} if code in always else set() for code in codes}
    for code, blocker in blocked.items():
        for one in codes if code == "*" else (code,):
            found[one] |= {blocker} if blocker else set()
    return found


def ask(engine: Any, draft: Proposal, kind: str) -> tuple[set[str], set[str]]:
    """The codes of those that the engine calls fitting, and of the others."""
    need = matching.need_of(draft)
    (found,) = engine.match(TextQuery("Sfida", "luogo", "it"), [Wanted(kind, 100, matching.constraints_of(need, clock.now()), 100)])
    records = Site.objects if kind == "site" else Challenge.objects
    codes = {str(pk): code for pk, code in records.values_list("pk", "code")}
    assert (found.total, found.others_total) == (len(found.hits), len(found.others))
    return {codes[hit.object_id] for hit in found.hits}, {codes[hit.object_id] for hit in found.others}


def judged(draft: Proposal) -> tuple[dict[str, Any], dict[str, Any]]:
    """The panel's sites and challenges by their codes, all of them."""
    with mock.patch.object(matching, "SHOWN", 100):
        panel = matching.match_proposal(draft)
    return ({m.record.code: m for group in panel.sites.values() for m in group}, {m.record.code: m for group in panel.challenges.values() for m in group})


@pytest.mark.parametrize("name", CASES)
def test_what_an_engine_calls_fitting_is_what_the_policy_calls_fitting(engine: Any, name: str) -> None:
    said, sites, challenges = CASES[name]
    draft = proposal(**said)
    for kind, blocked, always, found in zip(("site", "challenge"), (sites, challenges), ({}, CLOSED), judged(draft), strict=True):
        wanted = expected(blocked, set(found), always)
        assert {code: {line.code for line in match.blockers} for code, match in found.items()} == wanted
        assert {code: match.group == "fits" for code, match in found.items()} == {code: not blockers for code, blockers in wanted.items()}
        assert ask(engine, draft, kind) == (
            {code for code, blockers in wanted.items() if not blockers},
            {code for code, blockers in wanted.items() if blockers},
        )


def test_a_site_too_far_from_the_challenge_that_is_answered_does_not_fit(engine: Any) -> None:
    draft = proposal(to="within-1000")
    sites, challenges = judged(draft)
    assert {code for code, match in sites.items() if match.blockers} == {"north-5000"}
    assert [(line.code, line.note) for line in sites["north-5000"].blockers] == [("too_far", "")]
    assert set(challenges) == {"within-1000"}
    fitting, others = ask(engine, draft, "site")
    assert (others, "north-1000" in fitting) == ({"north-5000"}, True)


def test_a_challenge_without_a_place_limits_no_site(engine: Any) -> None:
    Challenge.objects.filter(code="anyone").update(maximum_distance_metres=10)
    draft = proposal(to="anyone", own_place_coordinates=at(0))
    assert ask(engine, draft, "site")[1] == {code for code, match in judged(draft)[0].items() if match.blockers} == set()


days = st.dates(date(2026, 1, 1), date(2028, 12, 31))
said = st.fixed_dictionaries(
    {},
    optional={
        "capabilities": st.lists(st.sampled_from(["power", "5g", "water"]), unique=True), "period": st.tuples(days, st.integers(0, 400)), "area_m2": st.integers(0, 10_000),
        "trl_now": st.integers(1, 9), "kind": st.sampled_from(["startup", "sme", "research", "public"]), "requested": st.integers(0, 2_000_000),
        "own_place_coordinates": st.integers(0, 3000).filter(lambda metres: abs(metres - 1000) > 1).map(at),
    },
)  # fmt: skip


@tried(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=said)
def test_whatever_is_said_engine_and_policy_agree(engine: Any, answers: dict[str, Any]) -> None:
    answers = dict(answers)
    if "period" in answers:
        first, length = answers.pop("period")
        answers |= {"starts_on": first, "ends_on": first + length * DAY}
    draft = proposal(**answers)
    for kind, found in zip(("site", "challenge"), judged(draft), strict=True):
        fits = {code for code, match in found.items() if match.group == "fits"}
        assert ask(engine, draft, kind) == (fits, set(found) - fits)


@pytest.mark.parametrize("name", CASES)
def test_both_engines_give_the_same_panel(prefix: str, name: str) -> None:
    """Groups, reasons, blockers and what would remove them, and the counts; only the order may differ."""
    draft = proposal(**CASES[name][0])
    panels = []
    for engine in (None, prefix):
        with answering(engine):
            panels.append([{code: (str(m.group), {line.code for line in m.reasons}, [(line.code, line.text, line.note, line.address) for line in m.blockers])
                            for code, m in found.items()} for found in judged(draft)] + [matching.match_proposal(draft).counts])  # fmt: skip
    assert panels[0] == panels[1]
