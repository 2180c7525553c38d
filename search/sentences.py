"""Reasons and blockers as sentences in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils import formats
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .policy import Blocker, Reason

Names = Mapping[str, str]


def _names(kind: str, codes: Any, names: Names) -> str:
    return ", ".join(str(names.get(f"{kind}:{code}", code)) for code in codes)


def _distance(metres: int) -> str:
    return _("%(metres)s m") % {"metres": metres} if metres < 1000 else _("%(kilometres)s km") % {"kilometres": formats.number_format(round(metres / 1000, 1))}


def strength(reason: Reason) -> str:
    """A reason's share in words."""
    return {"decisive": _("decisive"), "helps": _("helps"), "little": _("little")}[reason.strength]


def reason_sentence(reason: Reason, names: Names) -> SafeString:
    """Why it fits, with the words that matched marked. `names` maps kind:code of terms, and codes of sites, to names in the reader's language."""
    params = reason.params
    if reason.code == "text":
        marked = format_html_join(", ", "<mark>{}</mark>", ((word,) for word in params["words"][:5]))
        return format_html("{} {}", _("Both texts speak of:"), marked)
    if reason.code == "sector":
        return conditional_escape(_("Same sector: %(name)s") % {"name": _names("sector", [params["code"]], names)})
    if reason.code == "technology":
        return conditional_escape(_("Same technologies: %(names)s") % {"names": _names("technology", params["codes"], names)})
    if reason.code == "capability":
        return conditional_escape(_("It has what is needed: %(names)s") % {"names": _names("capability", params["codes"], names)})
    if reason.code == "near":
        return conditional_escape(_("%(distance)s from the place given") % {"distance": _distance(params["metres"])})
    return conditional_escape(ngettext("%(count)s pilot has run here", "%(count)s pilots have run here", params["count"]) % {"count": params["count"]})


def blocker_sentence(blocker: Blocker, names: Names, kinds: Names) -> str:
    """What stands in the way."""
    params = blocker.params
    return {
        "capability_missing": lambda: _("It lacks: %(names)s") % {"names": _names("capability", params["codes"], names)},
        "no_place": lambda: _("No place free on these dates"),
        "area_too_small": lambda: _("%(needed)s m² are needed, it has %(offered)s") % {"needed": params["needed"], "offered": params["offered"]},
        "closed": lambda: _("The challenge is closed"),
        "opens_later": lambda: _("It opens later"),
        "applicant_kind": lambda: _("Only for: %(kinds)s") % {"kinds": ", ".join(str(kinds.get(kind, kind)) for kind in params["kinds"])},
        "trl": lambda: _("It asks for TRL %(min)s to %(max)s, the proposal has %(now)s") % dict(params),
        "budget": lambda: _("More is asked for than its highest contribution"),
        "too_far": lambda: (
            _("%(distance)s away, at most %(maximum)s are allowed")
            % {name: _distance(params[key]) for name, key in (("distance", "metres"), ("maximum", "maximum"))}
        ),
    }[blocker.code]()


def remedy_sentence(blocker: Blocker, names: Names) -> str:
    """What would change that; "" where nothing would."""
    params = blocker.params

    def day(value: Any) -> str:
        return formats.date_format(value, "DATE_FORMAT") if value else ""

    return {
        "": lambda: "",
        "other_site": lambda: (
            _("Nearest site with all of it: %(site)s, %(distance)s")
            % {"site": names.get(params["site"], params["site"]), "distance": _distance(params["metres"])}
        ),
        "do_without": lambda: _("It fits if that can be done without"),
        "move_dates": lambda: _("Free from %(day)s") % {"day": day(params["next_free"])},
        "less_area": lambda: _("It fits with at most %(offered)s m²") % {"offered": params.get("offered")},
        "wait": lambda: _("Opens on %(day)s") % {"day": day(params.get("on"))},
        "add_partner": lambda: _("Add a partner of that kind"),
        "raise_trl": lambda: _("One level more is enough"),
        "nearer_place": lambda: _("Choose a place nearer to it"),
        "ask_less": lambda: _("Ask for €%(limit)s at most") % {"limit": formats.number_format((params.get("limit") or 0) // 100, force_grouping=True)},
    }[blocker.remedy]()
