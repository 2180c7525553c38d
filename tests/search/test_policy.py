"""What fits what, and why: each constraint with its remedy, each signal with its share, and the groups."""

import inspect
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from citylab.testbeds.calendar import Period, SiteCalendar
from search import policy, sentences, weights
from search.policy import Blocker, ChallengeOffer, Group, Need, Reason, SiteOffer, TextScore, judge_challenge, judge_site, metres_between

MAY = date(2027, 5, 12)
TURIN, NEAR, FAR = (45.07, 7.68), (45.08, 7.68), (45.17, 7.68)


def need(**fields):
    return Need(**{"sector": "mobility", "starts_on": date(2027, 5, 1), "ends_on": date(2027, 5, 31), **fields})


def site(**fields):
    return SiteOffer(
        **{"code": "here", "sectors": frozenset({"mobility"}), "capabilities": frozenset({"power"}), "area_m2": 100, "point": TURIN, "free_places": 1, **fields}
    )


def challenge(**fields):
    values = {
        "code": "c", "sector": "mobility", "technologies": frozenset(), "capabilities": frozenset(), "status": "open", "opens_on": None, "trl_min": 5, "trl_max": 7,
        "applicant_kinds": frozenset(), "budget_max_cents": None,
    }  # fmt: skip
    return ChallengeOffer(**{**values, **fields})


def at_site(wanted, offer, nearest=None, text=TextScore()):
    return judge_site(wanted, offer, text, lambda capabilities, but: nearest)


def blocked(verdict):
    return [(blocker.code, dict(blocker.params), blocker.remedy) for blocker in verdict.blockers]


@pytest.mark.parametrize(
    ("wanted", "offer", "nearest", "group", "blockers"),
    [
        (need(), site(), None, "fits", []),
        (Need(), site(free_places=None), None, "fits", []),
        (need(capabilities=frozenset({"power"})), site(), None, "fits", []),
        (
            need(capabilities=frozenset({"5g"})),
            site(),
            ("there", 850),
            "nearly",
            [("capability_missing", {"codes": ("5g",), "site": "there", "metres": 850}, "other_site")],
        ),
        (
            need(capabilities=frozenset({"5g", "power"})),
            site(),
            None,
            "nearly",
            [("capability_missing", {"codes": ("5g",), "site": "", "metres": 0}, "do_without")],
        ),
        (need(capabilities=frozenset({"5g", "water"})), site(), None, "not", [("capability_missing", {"codes": ("5g", "water"), "site": "", "metres": 0}, "")]),
        (need(), site(free_places=0, next_free=MAY), None, "nearly", [("no_place", {"next_free": MAY}, "move_dates")]),
        (need(), site(free_places=0), None, "not", [("no_place", {"next_free": None}, "")]),
        (need(starts_on=None), site(free_places=0), None, "fits", []),
        (need(area_m2=100), site(), None, "fits", []),
        (need(area_m2=101), site(), None, "nearly", [("area_too_small", {"offered": 100, "needed": 101}, "less_area")]),
        (need(area_m2=200), site(), None, "nearly", [("area_too_small", {"offered": 100, "needed": 200}, "less_area")]),
        (need(area_m2=201), site(), None, "not", [("area_too_small", {"offered": 100, "needed": 201}, "")]),
        (need(area_m2=201), site(area_m2=None), None, "fits", []),
    ],
)
def test_constraints_of_a_site(wanted, offer, nearest, group, blockers):
    verdict = at_site(wanted, offer, nearest)
    assert (verdict.group, blocked(verdict)) == (group, blockers)


@pytest.mark.parametrize(
    ("wanted", "offer", "group", "blockers"),
    [
        (need(trl_now=6), challenge(), "fits", []),
        (need(), challenge(), "fits", []),
        (need(), challenge(status="closed"), "not", [("closed", {}, "")]),
        (need(), challenge(status="not_yet_open", opens_on=MAY), "nearly", [("opens_later", {"on": MAY}, "wait")]),
        (
            need(applicant_kind="startup"),
            challenge(applicant_kinds=frozenset({"research", "public"})),
            "nearly",
            [("applicant_kind", {"kinds": ("public", "research")}, "add_partner")],
        ),
        (need(applicant_kind="research"), challenge(applicant_kinds=frozenset({"research"})), "fits", []),
        (need(trl_now=5), challenge(), "fits", []),
        (need(trl_now=7), challenge(), "fits", []),
        (need(trl_now=4), challenge(), "nearly", [("trl", {"now": 4, "min": 5, "max": 7}, "raise_trl")]),
        (need(trl_now=3), challenge(), "not", [("trl", {"now": 3, "min": 5, "max": 7}, "")]),
        (need(trl_now=8), challenge(), "not", [("trl", {"now": 8, "min": 5, "max": 7}, "")]),
        (need(requested_cents=5_000_001), challenge(budget_max_cents=5_000_000), "nearly", [("budget", {"limit": 5_000_000}, "ask_less")]),
        (need(requested_cents=5_000_000), challenge(budget_max_cents=5_000_000), "fits", []),
        (need(requested_cents=1), challenge(budget_max_cents=0), "nearly", [("budget", {"limit": 0}, "ask_less")]),
    ],
)
def test_constraints_of_a_challenge(wanted, offer, group, blockers):
    verdict = judge_challenge(wanted, offer, TextScore())
    assert (verdict.group, blocked(verdict)) == (group, blockers)


BROKEN = {
    "capability": {"wanted": {"capabilities": frozenset({"5g"})}},
    "dates": {"offer": {"free_places": 0, "next_free": MAY}},
    "area": {"wanted": {"area_m2": 150}},
    "dates for good": {"offer": {"free_places": 0}},
}


@pytest.mark.parametrize("names", [names for size in (1, 2, 3) for names in combinations(BROKEN, size) if not {"dates", "dates for good"} <= set(names)])
def test_nearly_is_at_most_two_constraints_that_one_can_do_something_about(names):
    wanted = {key: value for name in names for key, value in BROKEN[name].get("wanted", {}).items()}
    offer = {key: value for name in names for key, value in BROKEN[name].get("offer", {}).items()}
    verdict = at_site(need(**wanted), site(**offer), ("there", 10))
    expected = Group.NOT if "dates for good" in names or len(names) > 2 else Group.NEARLY
    assert (len(verdict.blockers), verdict.group) == (len(names), expected)


@pytest.mark.parametrize(
    ("wanted", "offer", "text", "code", "value", "params"),
    [
        (Need(), site(), TextScore(0.5, ("pioggia",)), "text", weights.TEXT / 2, {"words": ("pioggia",)}),
        (Need(sector="mobility"), site(), TextScore(), "sector", weights.SECTOR, {"code": "mobility"}),
        (Need(capabilities=frozenset({"power", "5g"})), site(), TextScore(), "capability", weights.CAPABILITY / 2, {"codes": ("power",)}),
        (Need(point=TURIN), site(), TextScore(), "near", weights.NEARNESS, {"metres": 0}),
        (Need(point=NEAR), site(), TextScore(), "near", weights.NEARNESS * (1 - 1112 / 3000), {"metres": 1112}),
        (Need(), site(past_pilots=2), TextScore(), "history", weights.HISTORY, {"count": 2}),
    ],
)
def test_reasons_of_a_site(wanted, offer, text, code, value, params):
    verdict = at_site(wanted, offer, None, text)
    (reason,) = verdict.reasons
    assert (reason.code, reason.share, dict(reason.params), reason.strength) == (code, 1.0, params, "decisive")
    assert verdict.score == pytest.approx(value, abs=0.0001)


@pytest.mark.parametrize(
    ("wanted", "offer", "code", "value"),
    [
        (Need(technologies=frozenset({"iot", "ai"})), challenge(technologies=frozenset({"iot"})), "technology", weights.TECHNOLOGY / 2),
        (Need(capabilities=frozenset({"power"})), challenge(capabilities=frozenset({"power"})), "capability", weights.CAPABILITY),
        (Need(sector="mobility"), challenge(), "sector", weights.SECTOR),
        (Need(), challenge(past_pilots=1), "history", weights.HISTORY),
    ],
)
def test_reasons_of_a_challenge(wanted, offer, code, value):
    verdict = judge_challenge(wanted, offer, TextScore())
    assert ([reason.code for reason in verdict.reasons], verdict.score) == ([code], pytest.approx(value, abs=0.0001))


@pytest.mark.parametrize(("text", "value"), [(TextScore(0.9), 0), (TextScore(0.0, ("pioggia",)), weights.FAINT), (TextScore(0.5, ("pioggia",)), 0.5)])
def test_texts_are_alike_where_they_share_a_word(text, value):
    for verdict in (at_site(Need(), site(), None, text), judge_challenge(Need(), challenge(), text)):
        assert [reason.code for reason in verdict.reasons] == (["text"] if value else [])
        assert verdict.score == pytest.approx(weights.TEXT * value, abs=0.0001)


def test_what_is_far_or_in_another_sector_is_no_reason():
    assert at_site(Need(sector="energy", point=FAR), site(), None).reasons == ()


def test_the_strength_of_a_reason_follows_its_share():
    verdict = at_site(Need(sector="mobility", point=TURIN, capabilities=frozenset({"power"})), site(past_pilots=1), None, TextScore(1.0, ("pioggia",)))
    assert [(reason.code, reason.strength) for reason in verdict.reasons] == [
        ("text", "decisive"), ("sector", "helps"), ("capability", "helps"), ("history", "little"), ("near", "little"),
    ]  # fmt: skip


def test_the_distance_between_two_places():
    assert metres_between((45.0703, 7.6869), (45.0703, 7.6869)) == 0
    assert metres_between((45.0703, 7.6869), (45.4642, 9.1900)) == pytest.approx(125_800, rel=0.01)  # Milan


codes = st.frozensets(st.sampled_from(["power", "5g", "water"]))
needs = st.builds(
    Need, sector=st.sampled_from(["", "mobility"]), technologies=codes, capabilities=codes, starts_on=st.sampled_from([None, MAY]), ends_on=st.sampled_from([None, MAY]),
    area_m2=st.one_of(st.none(), st.integers(0, 500)), trl_now=st.one_of(st.none(), st.integers(1, 9)), requested_cents=st.one_of(st.none(), st.integers(0, 10_000)), point=st.sampled_from([None, NEAR, FAR]),
)  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(wanted=needs, offered=codes, free=st.sampled_from([None, 0, 2]), share=st.floats(0, 1), nearest=st.sampled_from([None, ("there", 1)]))
def test_verdicts_hold_together(wanted, offered, free, share, nearest):
    for verdict in (
        at_site(wanted, site(capabilities=offered, free_places=free), nearest, TextScore(share)),
        judge_challenge(wanted, challenge(capabilities=offered, technologies=offered, budget_max_cents=5_000), TextScore(share)),
    ):
        assert 0 <= verdict.score <= 1
        assert not verdict.reasons or sum(reason.share for reason in verdict.reasons) == pytest.approx(1)
        assert (verdict.group == Group.FITS) == (not verdict.blockers)
        assert verdict.group != Group.NEARLY or all(blocker.removable for blocker in verdict.blockers)


# --- what holds whatever is said and offered ---------------------------------------------------------------------------------------

ORDER = [Group.FITS, Group.NEARLY, Group.NOT]
TODAY = date(2027, 3, 1)
tried = settings(max_examples=300, deadline=None, derandomize=True, database=None)
capabilities = st.frozensets(st.sampled_from(["power", "5g", "water", "v2x"]))
kinds = st.frozensets(st.sampled_from(["startup", "research", "public"]))
places = st.sampled_from([None, TURIN, NEAR, FAR])
days = st.dates(TODAY, date(2027, 12, 31))
shares = st.floats(0, 1)
# What a draft says, and what more it may come to say.
answers = {
    "sector": st.sampled_from(["", "mobility", "energy"]), "technologies": capabilities, "capabilities": capabilities, "area_m2": st.none() | st.integers(1, 500),
    "trl_now": st.none() | st.integers(1, 9), "applicant_kind": st.sampled_from(["", "startup", "research"]), "requested_cents": st.none() | st.integers(1, 10_000), "point": places,
}  # fmt: skip
wanted_things = st.builds(Need, centre=places, maximum_metres=st.sampled_from([None, 1000, 20_000]), **answers)
periods = st.tuples(days, st.integers(0, 60)).map(lambda period: Period(period[0], period[0] + timedelta(days=period[1])))
site_offers = st.builds(
    SiteOffer, code=st.just("here"), sectors=st.frozensets(st.sampled_from(["mobility", "energy"])), capabilities=capabilities, area_m2=st.none() | st.integers(1, 500),
    point=st.sampled_from([TURIN, NEAR, FAR]), past_pilots=st.integers(0, 50),
)  # fmt: skip
challenge_offers = st.builds(
    lambda lowest, more, **rest: ChallengeOffer(trl_min=lowest, trl_max=min(9, lowest + more), **rest), lowest=st.integers(1, 9), more=st.integers(0, 8), code=st.just("c"),
    sector=st.sampled_from(["mobility", "energy"]), technologies=capabilities, capabilities=capabilities, status=st.sampled_from(["open", "closed", "not_yet_open"]),
    opens_on=st.just(MAY), applicant_kinds=kinds, budget_max_cents=st.none() | st.integers(0, 10_000), past_pilots=st.integers(0, 50), point=places,
    maximum_metres=st.sampled_from([None, 0, 1000, 20_000]),
)  # fmt: skip
# The capabilities of the other sites, each nearer than the next.
others = st.lists(capabilities, max_size=4)


def among(having):
    """`nearest_with` over other sites, the nearest first."""

    def nearest_with(wanted, but):
        return next(((f"other-{number}", 100 * number + 100) for number, held in enumerate(having) if wanted <= held), None)

    return nearest_with


def at_time(wanted, calendar):
    """What a site's calendar says of the dates of a need."""
    found = calendar.availability(Period(wanted.starts_on, wanted.ends_on), TODAY)
    return {"free_places": found.free_places, "next_free": found.next_free.starts_on if found.next_free else None}


calendars = st.builds(
    SiteCalendar, capacity=st.integers(1, 2), available_from=st.none() | days, available_until=st.none() | days,
    closed=st.lists(st.tuples(periods, st.booleans()).map(lambda one: (one[0].starts_on, one[0].ends_on, one[1])), max_size=2),
    taken=st.lists(st.tuples(st.integers(1, 2), periods), max_size=4),
)  # fmt: skip


def no_better(first, second):
    return ORDER.index(second.group) >= ORDER.index(first.group)


@tried
@given(wanted_things, site_offers, st.sampled_from(["power", "5g", "water", "v2x"]), others, shares)
def test_one_more_capability_never_makes_a_site_fit_less(wanted, offer, more, having, share):
    before = judge_site(wanted, offer, TextScore(share), among(having))
    after = judge_site(wanted, replace(offer, capabilities=offer.capabilities | {more}), TextScore(share), among(having))
    assert no_better(after, before)
    assert after.score >= before.score


@tried
@given(wanted_things, st.data(), site_offers, challenge_offers, others, shares)
def test_to_ask_for_more_never_makes_anything_fit_better(wanted, data, site_offer, challenge_offer, having, share):
    name = data.draw(st.sampled_from(sorted(answers)))
    more = data.draw(answers[name])
    if name == "capabilities":
        more |= wanted.capabilities
    elif getattr(wanted, name):
        return  # said already: to say something else is not to ask for more
    asking = replace(wanted, **{name: more})
    for judge in (
        lambda need: judge_site(need, site_offer, TextScore(share), among(having)),
        lambda need: judge_challenge(need, challenge_offer, TextScore(share)),
    ):
        assert no_better(judge(wanted), judge(asking))


@tried
@given(wanted_things, periods, site_offers, calendars, challenge_offers, others, shares)
def test_what_breaks_a_hard_constraint_never_fits(wanted, period, offer, calendar, asked, having, share):
    wanted = replace(wanted, starts_on=period.starts_on, ends_on=period.ends_on)
    offer = replace(offer, **at_time(wanted, calendar))
    broken = [
        wanted.capabilities - offer.capabilities,
        not calendar.free_places(period),
        wanted.area_m2 and offer.area_m2 and wanted.area_m2 > offer.area_m2,
        wanted.centre and wanted.maximum_metres is not None and metres_between(wanted.centre, offer.point) > wanted.maximum_metres,
    ]
    assert (judge_site(wanted, offer, TextScore(share), among(having)).group == Group.FITS) == (not any(broken))
    broken = [
        asked.status != "open",
        asked.applicant_kinds and wanted.applicant_kind and wanted.applicant_kind not in asked.applicant_kinds,
        wanted.trl_now is not None and wanted.trl_now not in range(asked.trl_min, asked.trl_max + 1),
        asked.budget_max_cents is not None and wanted.requested_cents is not None and wanted.requested_cents > asked.budget_max_cents,
        asked.point and wanted.point and asked.maximum_metres is not None and metres_between(wanted.point, asked.point) > asked.maximum_metres,
    ]
    assert (judge_challenge(wanted, asked, TextScore(share)).group == Group.FITS) == (not any(broken))


@tried
@given(wanted_things, site_offers, challenge_offers, others, shares)
def test_the_text_leads_and_every_other_signal_keeps_to_its_share(wanted, offer, asked, having, share):
    for verdict in (judge_site(wanted, offer, TextScore(share, ("pioggia",)), among(having)), judge_challenge(wanted, asked, TextScore(share, ("pioggia",)))):
        values = {reason.code: reason.share * verdict.score for reason in verdict.reasons}
        assert sum(reason.share for reason in verdict.reasons) == pytest.approx(1 if verdict.reasons else 0)
        assert values.pop("text") == pytest.approx(weights.TEXT * max(share, weights.FAINT), abs=0.0001)
        assert all(value <= SIGNALS[code] + 0.0001 for code, value in values.items())
        assert sum(values.values()) < weights.TEXT


SIGNALS = {"sector": weights.SECTOR, "technology": weights.TECHNOLOGY, "capability": weights.CAPABILITY, "near": weights.NEARNESS, "history": weights.HISTORY}


def test_the_weights_sum_to_one_and_all_others_together_weigh_less_than_the_text():
    assert sum(SIGNALS.values()) + weights.TEXT == pytest.approx(1)
    assert all(value < weights.TEXT for value in SIGNALS.values())
    assert sum(SIGNALS.values()) < weights.TEXT


def remedied(wanted, blocker, offer, having):
    """The need and the offer after somebody did what the remedy says."""
    params = blocker.params
    if blocker.remedy == "other_site":
        return wanted, replace(offer, code=params["site"], capabilities=having[int(params["site"].removeprefix("other-"))])
    if blocker.remedy == "move_dates":
        return replace(wanted, starts_on=params["next_free"], ends_on=params["next_free"] + (wanted.ends_on - wanted.starts_on)), offer
    return {
        "do_without": lambda: (replace(wanted, capabilities=wanted.capabilities - set(params["codes"])), offer),
        "less_area": lambda: (replace(wanted, area_m2=params["offered"]), offer),
        "wait": lambda: (wanted, replace(offer, status="open")),
        "add_partner": lambda: (replace(wanted, applicant_kind=params["kinds"][0]), offer),
        "raise_trl": lambda: (replace(wanted, trl_now=wanted.trl_now + 1), offer),
        "ask_less": lambda: (replace(wanted, requested_cents=params["limit"]), offer),
        "nearer_place": lambda: (replace(wanted, point=offer.point), offer),
    }[blocker.remedy]()


@tried
@given(wanted_things, periods, site_offers, calendars, challenge_offers, others)
def test_what_a_remedy_says_removes_what_stood_in_the_way(wanted, period, offer, calendar, asked, having):
    wanted = replace(wanted, starts_on=period.starts_on, ends_on=period.ends_on)

    def site_verdict(need, offered):
        return judge_site(need, replace(offered, **at_time(need, calendar)), TextScore(), among(having))

    def challenge_verdict(need, offered):
        return judge_challenge(need, offered, TextScore())

    for judge, offered in ((site_verdict, offer), (challenge_verdict, asked)):
        before = judge(wanted, offered)
        for blocker in before.blockers:
            assert blocker.removable == bool(blocker.remedy)
            if blocker.removable:
                after = judge(*remedied(wanted, blocker, offered, having))
                assert blocker.code not in {left.code for left in after.blockers}
                assert {left.code for left in after.blockers} <= {left.code for left in before.blockers}


# --- in words ----------------------------------------------------------------------------------------------------------------------

NAMES = {"capability:5g": "Copertura 5G", "technology:5g": "Reti 5G", "capability:power": "Corrente", "dora": "Parco Dora", "sector:mobility": "Mobilità"}
SAID = {
    "capability_missing": ({"codes": ("5g", "power"), "site": "dora", "metres": 1234}, ("other_site", "do_without", "")),
    "no_place": ({"next_free": MAY}, ("move_dates", "")),
    "area_too_small": ({"offered": 100, "needed": 150}, ("less_area", "")),
    "too_far": ({"metres": 2500, "maximum": 900}, ("nearer_place", "")),
    "closed": ({}, ("",)),
    "opens_later": ({"on": MAY}, ("wait",)),
    "applicant_kind": ({"kinds": ("research",)}, ("add_partner",)),
    "trl": ({"now": 4, "min": 5, "max": 7}, ("raise_trl", "")),
    "budget": ({"limit": 1_000_000}, ("ask_less",)),
}
REASONS = {
    "text": {"words": ("pioggia",)}, "sector": {"code": "mobility"}, "technology": {"codes": ("iot",)}, "capability": {"codes": ("5g",)}, "near": {"metres": 1234},
    "history": {"count": 2},
}  # fmt: skip


def test_the_lists_of_what_is_said_are_complete():
    source = inspect.getsource(policy)
    assert set(re.findall(r'Blocker\(\s*"(\w+)"', source)) == set(SAID)
    assert set(re.findall(r'(?:signals\.append\(\(|_shared\(|return \[\()"(\w+)"', source)) == set(REASONS)


@pytest.mark.parametrize("language", ["it", "en"])
def test_everything_that_stands_in_the_way_and_every_remedy_has_a_sentence(language):
    with override(language):
        for code, (params, remedies) in SAID.items():
            for remedy in remedies:
                blocker = Blocker(code, params, remedy)
                spoken = [sentences.blocker_sentence(blocker, NAMES, {"research": "Enti di ricerca"}), sentences.remedy_sentence(blocker, NAMES)]
                assert spoken[0] and bool(spoken[1]) == bool(remedy)
                assert not any("%(" in sentence for sentence in spoken)
        for code, params in REASONS.items():
            reason = Reason(code, 0.2, params)
            assert sentences.reason_sentence(reason, NAMES) and sentences.strength(reason)


@pytest.mark.parametrize(
    ("code", "remedy", "sentence", "english"),
    [
        ("capability_missing", "other_site", "It lacks: Copertura 5G, Corrente", "Nearest site with all of it: Parco Dora, 1.2 km"),
        ("no_place", "move_dates", "No place free on these dates", "Free from 12 May 2027"),
        ("applicant_kind", "add_partner", "Only for: Enti di ricerca", "Add a partner of that kind"),
        ("too_far", "nearer_place", "2.5 km away, at most 900 m are allowed", "Choose a place nearer to it"),
        ("budget", "ask_less", "More is asked for than its highest contribution", "Ask for €10,000 at most"),
    ],
)
def test_what_would_remove_it_is_said_in_the_readers_language(code, remedy, sentence, english):
    blocker = Blocker(code, SAID[code][0], remedy)
    with override("en"):
        assert [sentences.blocker_sentence(blocker, NAMES, {"research": "Enti di ricerca"}), sentences.remedy_sentence(blocker, NAMES)] == [sentence, english]
