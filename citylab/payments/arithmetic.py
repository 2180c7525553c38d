"""What a pilot costs, worked out from plain values: no database, no clock, whole cents.

- Days are inclusive. A rule applies on each day of its validity, so a change of tariff in the middle of a pilot makes two lines.
- Free days are the first calendar days on site, whichever rule they fall under.
- Within a line everything is Decimal; the line is rounded once, half up, to the cent; then its minimum and maximum apply, once for each rule.
- Where nothing is occupied nothing is owed: a minimum does not turn an area of zero, or only free or exempt days, into a sum.
- A flat fee and a deposit follow the rule in force on the first day on site. A deposit's minimum holds whatever cost is declared.
- A fact that is missing leaves a line without amount, which says what is missing; so does a day for which the site has no rule.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TypeVar

from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from citylab.core.bilingual import LANGUAGES

from . import stamp_duty

DAY = timedelta(days=1)
CURRENCY = "EUR"
EXACT = Context(prec=60)  # wide enough that nothing but the one rounding to cents ever rounds
Text = dict[str, str]  # the same words in each language


def both(make: Callable[[], str]) -> Text:
    """A text in both languages."""
    texts = {}
    for language in LANGUAGES:
        with translation.override(language):
            texts[language] = make()
    return texts


def in_language(text: Text, language: str) -> str:
    """The words of a text in a language; in Italian where there are none."""
    return text.get(language) or text.get("it", "")


# --- what goes in -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What is known of the pilot; None for what is not known yet. `asked_on` decides which rule is shown while there are no dates."""

    asked_on: date
    starts_on: date | None = None
    ends_on: date | None = None
    area_m2: int | None = None
    dismantling_cost_cents: int | None = None
    applicant_kind: str = ""
    challenge: str = ""

    def __post_init__(self) -> None:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("the last day comes before the first")
        if (self.area_m2 or 0) < 0 or (self.dismantling_cost_cents or 0) < 0:
            raise ValueError("less than nothing")

    @property
    def has_dates(self) -> bool:
        return self.starts_on is not None and self.ends_on is not None


@dataclass(frozen=True)
class Owed:
    """The payee of a line, as it stands on it."""

    name: Text
    tax_code: str
    vat: Text


@dataclass(frozen=True, kw_only=True)
class Term:
    """What every rule has: which one it is, in which version, its words, its act, and when it applies (both days included)."""

    rule: int
    version: int
    name: Text
    text: Text
    act: str
    first: date
    last: date | None = None
    assumed: bool = False

    def applies_on(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


OneTerm = TypeVar("OneTerm", bound=Term)


@dataclass(frozen=True, kw_only=True)
class AreaFee(Term):
    payee: Owed
    rate: Decimal
    coefficient: Decimal = Decimal(1)
    zone: Text | None = None
    free_days: int = 0
    minimum_cents: int | None = None
    maximum_cents: int | None = None
    due_days_before: int = 0


@dataclass(frozen=True, kw_only=True)
class FlatFee(Term):
    payee: Owed
    amount_cents: int
    due_days_before: int = 0


@dataclass(frozen=True, kw_only=True)
class Deposit(Term):
    """`fixed_cents`, or `share_percent` of the declared cost of dismantling."""

    payee: Owed
    fixed_cents: int | None = None
    share_percent: Decimal | None = None
    minimum_cents: int | None = None
    maximum_cents: int | None = None
    due_days_before: int = 0
    returned_within_days: int = 30


@dataclass(frozen=True, kw_only=True)
class Exempt(Term):
    """Empty sets stand for all."""

    subjects: frozenset[str]  # "fee", "deposit"
    applicant_kinds: frozenset[str] = frozenset()
    challenges: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()

    def covers(self, subject: str, facts: Facts, site: str) -> bool:
        wanted = ((self.applicant_kinds, facts.applicant_kind), (self.challenges, facts.challenge), (self.sites, site))
        return subject in self.subjects and all(not those or this in those for those, this in wanted)


@dataclass(frozen=True)
class SiteTerms:
    """Everything that the rules say about one site."""

    site: str
    area_fees: tuple[AreaFee, ...] = ()
    flat_fees: tuple[FlatFee, ...] = ()
    deposits: tuple[Deposit, ...] = ()
    exemptions: tuple[Exempt, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.area_fees or self.flat_fees or self.deposits)


# --- what comes out -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Line:
    """One sum, with everything that a reader or a later charge needs to know about it. `amount_cents` is None where `problem` says why."""

    kind: str  # "fee", "deposit", "stamp_duty"
    label: Text
    amount_cents: int | None
    payee: Owed
    due: Text
    rule: int | None = None  # None: the law itself
    version: int | None = None
    text: Text = field(default_factory=dict)
    period: Text | None = None  # of a line that counts days
    act: str = ""
    steps: tuple[Text, ...] = ()
    problem: Text | None = None
    due_on: date | None = None
    returns: Text | None = None
    assumed: bool = False
    exempt_by: tuple[tuple[int, int], ...] = ()  # (rule, version) of each exemption that counted
    currency: str = CURRENCY


@dataclass(frozen=True)
class Estimate:
    """All lines for one site, and what they come to. Sums hold what can be worked out; `is_complete` says whether that is all."""

    site: str
    lines: tuple[Line, ...]
    has_rules: bool = True  # False: nobody has recorded any for this site, which does not mean that it is free

    @property
    def due_before_start_cents(self) -> int:
        return sum(line.amount_cents or 0 for line in self.lines)

    @property
    def comes_back_cents(self) -> int:
        return sum(line.amount_cents or 0 for line in self.lines if line.returns)

    @property
    def cost_cents(self) -> int:
        """What does not come back."""
        return self.due_before_start_cents - self.comes_back_cents

    @property
    def is_complete(self) -> bool:
        return all(line.amount_cents is not None for line in self.lines)

    @property
    def is_assumed(self) -> bool:
        return any(line.assumed for line in self.lines)


# --- how it is worked out -----------------------------------------------------------------------------------------------------


def estimate(facts: Facts, terms: SiteTerms) -> Estimate:
    """Stamp duty, fees and deposit for a pilot on one site, in the order in which they fall due."""
    lines = [*stamp_duty_lines(facts), *_flat_fees(facts, terms), *_area_fees(facts, terms), *_uncovered(facts, terms), *_deposits(facts, terms)]
    return Estimate(terms.site, tuple(lines), has_rules=not terms.is_empty)


def cents(euros: Decimal) -> int:
    """Whole cents, half up."""
    return int(EXACT.multiply(euros, Decimal(100)).quantize(Decimal(1), ROUND_HALF_UP, EXACT))


def clamped(amount: int, minimum: int | None, maximum: int | None) -> int:
    raised = max(amount, minimum or 0)
    return raised if maximum is None else min(raised, maximum)


Period = tuple[date, date]


def without(periods: Iterable[Period], first: date, last: date | None) -> list[Period]:
    """What is left of the periods once the days from `first` to `last` are taken out."""
    left: list[Period] = []
    for starts, ends in periods:
        if first > ends or (last is not None and last < starts):
            left.append((starts, ends))
            continue
        if starts < first:
            left.append((starts, first - DAY))
        if last is not None and last < ends:
            left.append((last + DAY, ends))
    return left


def days_in(periods: Iterable[Period]) -> int:
    return sum((ends - starts).days + 1 for starts, ends in periods)


def _area_fees(facts: Facts, terms: SiteTerms) -> list[Line]:
    if not facts.has_dates:
        return [_unknown(fee, "fee", facts, both(lambda: _("Cannot be worked out yet: the dates are missing."))) for fee in _current(terms.area_fees, facts)]
    assert facts.starts_on and facts.ends_on
    lines = []
    for fee in sorted(terms.area_fees, key=lambda fee: fee.first):
        first, last = max(facts.starts_on, fee.first), min(facts.ends_on, fee.last or facts.ends_on)
        if first > last:
            continue
        if facts.area_m2 is None:
            lines.append(_unknown(fee, "fee", facts, both(lambda: _("Cannot be worked out yet: the area is missing."))))
        else:
            lines.append(_area_fee(fee, facts, terms, first, last, facts.area_m2))
    return lines


def _area_fee(fee: AreaFee, facts: Facts, terms: SiteTerms, first: date, last: date, area: int) -> Line:
    assert facts.starts_on
    steps: list[Text] = []
    left: list[Period] = [(first, last)]
    period = both(lambda: _("%(first)s – %(last)s, %(days)s") % {"first": _day(first), "last": _day(last), "days": _days(days_in([(first, last)]))})
    if fee.free_days:
        left = without(left, facts.starts_on, facts.starts_on + (fee.free_days - 1) * DAY)
        free = days_in([(first, last)]) - days_in(left)
        if free:
            steps.append(both(lambda: _("Free days: %(days)s") % {"days": _days(free)}))
    left, exempted, said = _exempted("fee", left, facts, terms)
    steps += said
    days = days_in(left)
    amount = 0
    if days and not area:
        steps.append(both(lambda: _("No area is occupied: nothing is owed.")))
    elif days:
        rounded = cents(EXACT.multiply(EXACT.multiply(Decimal(area), Decimal(days)), EXACT.multiply(fee.rate, fee.coefficient)))
        amount = clamped(rounded, fee.minimum_cents, fee.maximum_cents)
        steps.append(both(lambda: _product(fee, area, days, rounded)))
        if amount > rounded:
            steps.append(both(lambda: _("At least %(amount)s") % {"amount": euros(amount)}))
        elif amount < rounded:
            steps.append(both(lambda: _("At most %(amount)s") % {"amount": euros(amount)}))
    return replace(_line(fee, "fee", facts, amount, steps, exempted), period=period)


def _product(fee: AreaFee, area: int, days: int, rounded: int) -> str:
    values = {"area": _number(area), "days": _days(days), "rate": _rate(fee.rate), "factor": _number(fee.coefficient), "amount": euros(rounded)}
    if fee.zone or fee.coefficient != 1:
        values["zone"] = (fee.zone or {}).get(_language()) or _("factor")
        return _("%(area)s m² × %(days)s × %(rate)s × %(factor)s (%(zone)s) = %(amount)s") % values
    return _("%(area)s m² × %(days)s × %(rate)s = %(amount)s") % values


def _exempted(subject: str, left: list[Period], facts: Facts, terms: SiteTerms) -> tuple[list[Period], list[Exempt], list[Text]]:
    """The days that stay, the exemptions that took some, and what is said of each."""
    counted, said = [], []
    for exemption in terms.exemptions:
        if not exemption.covers(subject, facts, terms.site):
            continue
        rest = without(left, exemption.first, exemption.last)
        gone = days_in(left) - days_in(rest)
        if gone:
            counted.append(exemption)
            said.append(both(lambda e=exemption, n=gone: _("Exempt, %(days)s: %(name)s (%(act)s)") % {"days": _days(n), "name": e.name[_language()], "act": e.act}))  # type: ignore[misc]
            left = rest
    return left, counted, said


def _flat_fees(facts: Facts, terms: SiteTerms) -> list[Line]:
    lines = []
    for fee in _current(terms.flat_fees, facts):
        exempted, said = _exempt_on_first_day("fee", facts, terms)
        if exempted:
            lines.append(_line(fee, "fee", facts, 0, said, exempted))
        else:
            amount = fee.amount_cents
            lines.append(_line(fee, "fee", facts, amount, [both(lambda amount=amount: _("Once for the whole pilot: %(amount)s") % {"amount": euros(amount)})]))  # type: ignore[misc]
    return lines


def _deposits(facts: Facts, terms: SiteTerms) -> list[Line]:
    lines = []
    for rule in _current(terms.deposits, facts):
        exempted, said = _exempt_on_first_day("deposit", facts, terms)
        if exempted:
            lines.append(_line(rule, "deposit", facts, 0, said, exempted))
        elif rule.fixed_cents is not None:
            fixed = rule.fixed_cents
            lines.append(_line(rule, "deposit", facts, fixed, [both(lambda fixed=fixed: _("Fixed sum: %(amount)s") % {"amount": euros(fixed)})]))  # type: ignore[misc]
        elif facts.dismantling_cost_cents is None:
            lines.append(_unknown(rule, "deposit", facts, both(lambda: _("Cannot be worked out yet: the cost of dismantling is missing."))))
        else:
            lines.append(_share(rule, facts, facts.dismantling_cost_cents))
    if terms.deposits and not lines and facts.starts_on and facts.ends_on:
        lines.append(_no_rule("deposit", terms.deposits[0].payee, _period(facts.starts_on, facts.ends_on)))
    return lines


def _share(rule: Deposit, facts: Facts, cost: int) -> Line:
    share = rule.share_percent or Decimal(0)
    rounded = cents(EXACT.multiply(Decimal(cost).scaleb(-2, EXACT), share.scaleb(-2, EXACT)))
    amount = clamped(rounded, rule.minimum_cents, rule.maximum_cents)
    steps = [both(lambda: _("%(share)s%% of %(cost)s = %(amount)s") % {"share": _number(share), "cost": euros(cost), "amount": euros(rounded)})]
    if amount > rounded:
        steps.append(both(lambda: _("At least %(amount)s") % {"amount": euros(amount)}))
    elif amount < rounded:
        steps.append(both(lambda: _("At most %(amount)s") % {"amount": euros(amount)}))
    return _line(rule, "deposit", facts, amount, steps)


def _exempt_on_first_day(subject: str, facts: Facts, terms: SiteTerms) -> tuple[list[Exempt], list[Text]]:
    """The exemption that frees a sum owed once: the first that is in force on the first day on site."""
    day = facts.starts_on or facts.asked_on
    for exemption in terms.exemptions:
        if exemption.applies_on(day) and exemption.covers(subject, facts, terms.site):
            return [exemption], [both(lambda e=exemption: _("Exempt: %(name)s (%(act)s)") % {"name": e.name[_language()], "act": e.act})]  # type: ignore[misc]
    return [], []


def _uncovered(facts: Facts, terms: SiteTerms) -> list[Line]:
    """Days on which the site has no fee in force, though it has some on others: nobody can say yet what they cost, and zero would be a lie."""
    fees: tuple[AreaFee | FlatFee, ...] = (*terms.area_fees, *terms.flat_fees)
    if not fees or not facts.has_dates or _current(terms.flat_fees, facts):
        return []
    assert facts.starts_on and facts.ends_on
    left: list[Period] = [(facts.starts_on, facts.ends_on)]
    for fee in terms.area_fees:
        left = without(left, fee.first, fee.last)
    return [_no_rule("fee", fees[0].payee, _period(starts, ends)) for starts, ends in left]


def stamp_duty_lines(facts: Facts) -> list[Line]:
    """Sixteen euro on the request and on the decision, once for each case whatever the site; nothing for whom the law exempts."""
    payee = Owed(stamp_duty.PAYEE, stamp_duty.PAYEE_TAX_CODE, both(lambda: _("A tax: no VAT")))
    exempt = stamp_duty.EXEMPT_BY.get(facts.applicant_kind)
    amount = 0 if exempt else stamp_duty.AMOUNT_CENTS
    if exempt:
        step = both(lambda: _("Exempt by law: %(act)s") % {"act": exempt})
    else:
        step = both(lambda: _("Flat, however many pages: %(amount)s, with a stamp whose serial number you declare not to use again") % {"amount": euros(amount)})
    texts = (
        (both(lambda: _("Stamp duty on the request")), both(lambda: _("When you hand in the proposal")), stamp_duty.REQUEST_ACT),
        (both(lambda: _("Stamp duty on the decision")), both(lambda: _("Before the decision is issued")), stamp_duty.DECISION_ACT),
    )
    text = both(lambda: _("Requests to a public administration, and what it decides on them, pay stamp duty: a flat sum when they travel online."))
    return [Line(kind="stamp_duty", label=label, amount_cents=amount, payee=payee, due=due, text=text, act=act, steps=(step,)) for label, due, act in texts]


# --- lines --------------------------------------------------------------------------------------------------------------------


def _current(terms: Sequence[OneTerm], facts: Facts) -> list[OneTerm]:
    """The rules in force on the first day on site; without it, on the day of the question, or the next to come."""
    day = facts.starts_on or facts.asked_on
    found = [term for term in terms if term.applies_on(day)]
    if not found and not facts.starts_on:
        found = sorted((term for term in terms if term.first > day), key=lambda term: term.first)[:1]
    return found


def _line(rule: AreaFee | FlatFee | Deposit, kind: str, facts: Facts, amount: int, steps: list[Text], exempted: Sequence[Exempt] = ()) -> Line:
    due_on = facts.starts_on - rule.due_days_before * DAY if facts.starts_on else None
    return Line(
        kind=kind, label=rule.name, amount_cents=amount, payee=rule.payee, due=_due(rule.due_days_before, due_on, facts.asked_on), due_on=due_on, rule=rule.rule, version=rule.version, text=rule.text,
        act=rule.act, steps=tuple(steps), returns=_returns(rule, facts) if isinstance(rule, Deposit) else None,
        assumed=rule.assumed or any(exemption.assumed for exemption in exempted), exempt_by=tuple((e.rule, e.version) for e in exempted),
    )  # fmt: skip


def _unknown(rule: AreaFee | FlatFee | Deposit, kind: str, facts: Facts, problem: Text) -> Line:
    return replace(_line(rule, kind, facts, 0, []), amount_cents=None, problem=problem)


def _no_rule(kind: str, payee: Owed, period: Callable[[], str]) -> Line:
    labels = {"fee": both(lambda: _("Fee")), "deposit": both(lambda: _("Deposit"))}
    problem = both(lambda: _("Cannot be worked out yet: no rule is set for these days. %(period)s.") % {"period": period()})
    return Line(kind=kind, label=labels[kind], amount_cents=None, payee=payee, due=both(lambda: _("To be set")), problem=problem)


def _due(days: int, due_on: date | None, today: date) -> Text:
    if due_on and due_on < today:
        return both(lambda: _("At once: the term, %(day)s, has passed") % {"day": _day(due_on)})
    if due_on:
        return both(lambda: _("By %(day)s") % {"day": _day(due_on)})
    if not days:
        return both(lambda: _("By the first day on site"))
    return both(lambda: ngettext("%(count)s day before the first day on site", "%(count)s days before the first day on site", days) % {"count": days})


def _returns(rule: Deposit, facts: Facts) -> Text:
    days = rule.returned_within_days
    if facts.ends_on:
        last = facts.ends_on
        return both(lambda: _("Within %(days)s of the check of the place, after %(last)s") % {"days": _days(days), "last": _day(last)})
    return both(lambda: _("Within %(days)s of the check of the place") % {"days": _days(days)})


def _period(first: date, last: date) -> Callable[[], str]:
    return lambda: _("From %(first)s to %(last)s") % {"first": _day(first), "last": _day(last)}


# --- words --------------------------------------------------------------------------------------------------------------------


def _language() -> str:
    return "en" if (translation.get_language() or "it").startswith("en") else "it"


def euros(amount: int) -> str:
    return _("€%(amount)s") % {"amount": formats.number_format(Decimal(amount) / 100, 2, force_grouping=True)}


def _rate(rate: Decimal) -> str:
    """At least cents, and as many places more as the rate has."""
    places = max(2, -int(rate.normalize().as_tuple().exponent))
    return _("€%(amount)s") % {"amount": formats.number_format(rate, places, force_grouping=True)}


def _number(value: int | Decimal) -> str:
    return formats.number_format(Decimal(value).normalize() + 0, force_grouping=True)


def _days(count: int) -> str:
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": formats.number_format(count, force_grouping=True)}


def _day(value: date) -> str:
    return formats.date_format(value, "SHORT_DATE_FORMAT")
