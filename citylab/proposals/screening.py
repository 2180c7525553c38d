"""The admissibility checklist (istruttoria formale): what an officer ticks before a proposal is evaluated."""

from django.utils.translation import gettext_lazy as _

CHECKLIST = {
    "applicant": _("The applicant may apply: kind, registration, representative"),
    "signature": _("The signature is valid and of the legal representative"),
    "stamp": _("The stamp duty is paid, or the exemption holds"),
    "declarations": _("All declarations are given (DPR 445/2000)"),
    "completeness": _("Every section and the required attachments are there"),
    "scope": _("It is a pilot, not a sale, and concerns the City of Turin"),
    "maturity": _("The technology's maturity (TRL) is within the call"),
    "duration": _("Dates and duration are compatible with the call and the site"),
    "conflicts": _("The officer has no conflict of interest (law 241/1990 art. 6-bis)"),
}
