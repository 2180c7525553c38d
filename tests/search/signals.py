"""How much each signal of the policy helps: the golden queries' mean reciprocal rank with some of the weights at nothing."""

from collections.abc import Collection
from contextlib import ExitStack
from statistics import mean
from unittest import mock

from django.utils.translation import override

from search import matching, weights

from .golden_queries import Golden

SIGNALS = {"sector": "SECTOR", "technology": "TECHNOLOGY", "capability": "CAPABILITY", "near": "NEARNESS", "history": "HISTORY"}


def mean_reciprocal_rank(queries: Collection[Golden], without: Collection[str] = ()) -> tuple[float, dict[str, float]]:
    """Over everything that the queries want, and the mean share of each signal in the scores of what was wanted."""
    ranks, shares = [], []
    with ExitStack() as stack:
        stack.enter_context(mock.patch.multiple(matching, SHOWN=100))
        for name in without:
            stack.enter_context(mock.patch.object(weights, SIGNALS[name], 0.0))
        for query in queries:
            with override(query.language):
                panel = matching.match_proposal(query.draft())
            groups = {"site": panel.sites, "challenge": panel.challenges}
            for kind in groups:
                wanted = {code for wanted_kind, code in query.wanted() if wanted_kind == kind}
                order = [match for found in groups[kind].values() for match in found]
                places = [place for place, match in enumerate(order, start=1) if match.record.code in wanted]
                if wanted:
                    ranks.append(1 / places[0] if places else 0.0)
                    shares.append({line.code: line.share for line in order[places[0] - 1].reasons} if places else {})
    return mean(ranks), {name: mean(share.get(name, 0.0) for share in shares) for name in ("text", *SIGNALS)}
