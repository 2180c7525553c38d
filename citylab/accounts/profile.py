"""What a profile must say before the city can take a proposal from the organisation."""

from .models import Organisation


def profile_gaps(organisation: Organisation) -> list[str]:
    """The fields still to be filled in, in the order of the form: the seat, whoever signs, and where formal acts are sent (a PEC is Italian)."""
    italian = organisation.country == "IT"
    needed = ("address", *(("postcode",) if italian else ()), "town", "pec" if italian else "email", "representative_name")
    return [name for name in needed if not getattr(organisation, name).strip()]
