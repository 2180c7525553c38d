"""What fits an organisation before it has written anything: its profile stands in for a proposal."""

from citylab.accounts.models import Organisation
from citylab.proposals.models import Proposal
from citylab.taxonomy.models import Sector

from .matching import SHOWN, Match, MatchPanel, match_proposal
from .policy import Group


def profiles_of(organisation: Organisation) -> list[Proposal]:
    """The profile as unsaved proposals, one for each of its sectors: a proposal has one sector, a profile may have several."""
    answers = {"summary": organisation.description, "technologies": organisation.technology_codes}
    sectors = list(Sector.objects.filter(code__in=organisation.sector_codes).order_by("code")) or [None]
    return [Proposal(organisation=organisation, language=organisation.language, sector=sector, answers=answers) for sector in sectors]


def match_profile(organisation: Organisation) -> MatchPanel:
    """Sites and challenges for an organisation, each as it fits the sector that suits it best."""
    panels = [match_proposal(profile) for profile in profiles_of(organisation)]
    first = panels[0]

    def best(lists: list[dict[str, list[Match]]]) -> dict[str, list[Match]]:
        found: dict[str, dict[object, Match]] = {group.value: {} for group in Group}
        for groups in lists:
            for group, matches in groups.items():
                for match in matches:
                    known = found[group].get(match.record.pk)
                    if known is None or match.score > known.score:
                        found[group][match.record.pk] = match
        return {group: sorted(matches.values(), key=lambda m: (-m.score, m.name))[:SHOWN] for group, matches in found.items()}

    sites, challenges = best([dict(panel.sites) for panel in panels]), best([dict(panel.challenges) for panel in panels])
    # Sectors never block: every panel has the same groups, and as many of each.
    return MatchPanel(sites, challenges, first.counts, first.computed_at, first.more_sites, first.more_challenges, any(panel.is_degraded for panel in panels))
