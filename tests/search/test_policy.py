"""What fits what, and why: each constraint with its remedy, each signal with its share, and the groups."""

from datetime import date
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search import weights
from search.policy import ChallengeOffer, Group, Need, SiteOffer, TextScore, judge_challenge, judge_site, metres_between

MAY = date(2027, 5, 12)
TURIN, NEAR, FAR = (45.07, 7.68), (45.08, 7.68), (45.17, 7.68)


def need(**fields):
    return Need(**{"sector": "mobility", "starts_on": date(2027, 5, 1), "ends_on": date(2027, 5, 31), **fields})


def site(**fields):
    return SiteOffer(**{"code": "here", "sectors": frozenset({"mobility"}), "capabilities": frozenset({"power"}), "area_m2": 100, "point": TURIN, "free_places": 1, **fields})


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
        (need(capabilities=frozenset({"5g"})), site(), ("there", 850), "nearly", [("capability_missing", {"codes": ("5g",), "site": "there", "metres": 850}, "other_site")]),
        (need(capabilities=frozenset({"5g", "power"})), site(), None, "nearly", [("capability_missing", {"codes": ("5g",), "site": "", "metres": 0}, "do_without")]),
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
        (need(applicant_kind="startup"), challenge(applicant_kinds=frozenset({"research", "public"})), "nearly", [("applicant_kind", {"kinds": ("public", "research")}, "add_partner")]),
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


def test_what_is_far_or_in_another_sector_is_no_reason():
    assert at_site(Need(sector="energy", point=FAR), site(), None).reasons == ()


def test_the_strength_of_a_reason_follows_its_share():
    verdict = at_site(Need(sector="mobility", point=TURIN, capabilities=frozenset({"power"})), site(past_pilots=1), None, TextScore(1.0))
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
