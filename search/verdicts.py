"""The verdict of chosen records, rather than of the best: for an alert about a new one, and for “Why not?”."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.utils.translation import get_language

from citylab.accounts.models import Organisation
from citylab.challenges.selectors import visible_challenges
from citylab.core import clock
from citylab.proposals.models import Proposal
from citylab.testbeds.models import Site
from citylab.testbeds.selectors import availability

from . import matching
from .documents import challenge_texts, site_texts
from .engines import Wanted, get_engine
from .matching import Match, need_of, query_of
from .offers import challenge_offer, have_run, names_of_terms, site_offer
from .places import Places
from .policy import Need, TextScore, judge_challenge, judge_site
from .ranking import PLACES, nearest, ranked

# How many of the nearest texts of each kind count as near, about, where all records are judged.
NEAREST = 100


class Bench:
    """Published records of one kind, fetched once, to be judged for any number of proposals (saved ones, or an organisation's profile).

    `engine` says afterwards which one answered.
    """

    def __init__(self, kind: str, only: Collection[Any] | None = None) -> None:
        self.kind = kind
        self.only = only
        self.engine = get_engine()
        self.moment = clock.now()
        self.sites: list[Any] = []
        if kind == "site":
            # All of them: what one site lacks, another may have.
            self.sites = list(Site.objects.filter(live=True).prefetch_related("sectors", "assets__capability").annotate(past=have_run("site")))
            self.records = [site for site in self.sites if only is None or site.pk in only]
        else:
            challenges = visible_challenges(self.moment).prefetch_related("technologies", "capabilities").annotate(past=have_run("challenge"))
            self.records = list(challenges if only is None else challenges.filter(pk__in=only))
        self._kinds: Mapping[str, str] = {value: str(label) for value, label in Organisation.Kind.choices}
        self._names: dict[str, dict[str, str]] = {}

    def matches(self, proposals: Sequence[Proposal]) -> list[Match]:
        """Each record with the best of its verdicts for these proposals, which share their text."""
        texts = self._texts(proposals[0])
        judged = [self._judged(proposal, texts) for proposal in proposals]
        return [max(verdicts, key=lambda match: match.score) for verdicts in zip(*judged, strict=True)]

    def _judged(self, proposal: Proposal, texts: Mapping[tuple[str, str], TextScore]) -> list[Match]:
        need = need_of(proposal)
        judge = self._site_judge(need) if self.kind == "site" else self._challenge_judge(need)
        names = self._names_now()
        sites = {site.code: site for site in self.sites}
        found = []
        for record in self.records:
            verdict = judge(record, texts.get((self.kind, str(record.pk)), TextScore()))
            found.append(matching._match(record, record.name if self.kind == "site" else record.title, verdict, names, self._kinds, lambda code: sites[code].get_absolute_url()))
        return found

    def _names_now(self) -> dict[str, str]:
        """Names in the reader's language, read once for each language."""
        language = get_language() or "it"
        if language not in self._names:
            self._names[language] = names_of_terms() | {site.code: site.name for site in self.sites}
        return self._names[language]

    def _challenge_judge(self, need: Need) -> Any:
        return lambda challenge, text: judge_challenge(need, challenge_offer(challenge, self.moment), text)

    def _site_judge(self, need: Need) -> Any:
        free = availability(self.sites, need.starts_on, need.ends_on) if need.starts_on and need.ends_on else {}
        offers = {site.code: site_offer(site, free.get(site.pk)) for site in self.sites}

        places = Places((code, offer.point) for code, offer in offers.items() if need.capabilities <= offer.capabilities)

        def nearest_with(_capabilities: frozenset[str], but: str) -> tuple[str, int] | None:
            return places.nearest(offers[but].point, but)

        return lambda site, text: judge_site(need, offers[site.code], text, nearest_with)

    def _texts(self, proposal: Proposal) -> Mapping[tuple[str, str], TextScore]:
        query = query_of(proposal)
        # Both kinds, as the panel ranks them: a text that is far from every site is no reason for the least far one.
        if self.only is None:
            hits = nearest(query.title, query.text, query.language, PLACES, 2 * NEAREST, self.engine)
        else:
            keys = tuple(str(record.pk) for record in self.records)
            questions = [Wanted(kind, len(keys), others=1, chosen=keys) if kind == self.kind and keys else Wanted(kind, 1) for kind in PLACES]
            hits = [hit for found in ranked(self.engine, query, questions) for hit in (*found.hits, *found.others)]
        read = site_texts if self.kind == "site" else challenge_texts
        texts = {(self.kind, str(record.pk)): " ".join(read(record, query.language)) for record in self.records}
        return matching._scores(hits, query.whole, query.language, texts)
