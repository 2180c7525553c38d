"""Dates, times and numbers as people in Turin read them, in each language; English follows Europe, not the United States."""

from django.utils.translation import gettext_noop as _

# Italian writes months and days small, Django's own catalogue has them capitalised: named here, they are translated by ours.
MONTHS = (
    _("January"), _("February"), _("March"), _("April"), _("May"), _("June"),
    _("July"), _("August"), _("September"), _("October"), _("November"), _("December"),
)  # fmt: skip
WEEKDAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
