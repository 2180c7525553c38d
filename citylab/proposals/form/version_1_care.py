"""Version 1, sections 5–10: people, safety, data, impact, declarations, attachments.

Sources: CommuniCity (domain B7) for co-creation; Smart Road decree art. 11 (C1) for automated vehicles; ENAC for drones [K]; DPR 445/2000 for
the declarations; Helsinki (B4) for dismantling and insurance.
"""

from django.utils.translation import gettext_lazy as _

from .definition import BOOLEAN, CHOICE, CHOICES, DECIMAL, INTEGER, LONG_TEXT, ROWS, TEXT, AttachmentKind, Field, Section

people = Section(
    5, "people", _("People"),
    _("Who takes part, who is touched by it, and how they are heard."),
    (
        Field("co_creation", LONG_TEXT, _("Co-creation"), _("How the people concerned help to shape the pilot, before and during it."), required=True, maximum=3000),
        Field("involvement", LONG_TEXT, _("Involvement of the target group"), _("Who they are, how you reach them, how many you expect."), required=True, maximum=3000),
        Field("accessibility", LONG_TEXT, _("Accessibility"), _("How people with disabilities can use it or get past it."), required=True, maximum=2000),
        Field("has_minors", BOOLEAN, _("Minors take part")),
        Field("minors_measures", LONG_TEXT, _("How minors are protected"), _("Consent of the parents, people who accompany, what is recorded."), required=True, maximum=2000, shown_when=("has_minors", True)),
    ),
)  # fmt: skip

safety = Section(
    6, "safety", _("Safety"),
    _("What may go wrong, what you do about it, and who pays if it does."),
    (
        Field("risks", LONG_TEXT, _("Risks"), _("For passers-by, participants, workers, things and traffic."), required=True, maximum=3000),
        Field("mitigations", LONG_TEXT, _("What you do about each"), required=True, maximum=3000),
        Field("monitoring", LONG_TEXT, _("How you watch over the pilot"), _("Who can stop it, how fast, and how the city reaches them."), required=True, maximum=2000),
        Field("insurance", TEXT, _("Insurance"), _("Company, kind and cover, or when you will have it: it must be in force before the start."), required=True, maximum=500),
        Field("special_means", CHOICES, _("Means with rules of their own"), options=(("automated_vehicle", _("Automated vehicle")), ("drone", _("Drone"))), maximum=2),
        Field("vehicle_owner", TEXT, _("Owner of the vehicle"), required=True, maximum=200, shown_when=("special_means", "automated_vehicle")),
        Field("road_sections", LONG_TEXT, _("Road sections"), _("Each with its class, and whether its owner consents."), required=True, maximum=2000, shown_when=("special_means", "automated_vehicle")),
        Field("weather_limits", TEXT, _("Weather limits"), _("In which conditions the vehicle does not drive."), required=True, maximum=500, shown_when=("special_means", "automated_vehicle")),
        Field("insurance_factor", DECIMAL, _("Insurance, as a multiple of the ordinary minimum"), _("At least four times (Smart Road decree)."), required=True, minimum=1, maximum=100, shown_when=("special_means", "automated_vehicle")),
        Field("supervisor", TEXT, _("Supervisor"), _("Who can take over at any moment, and with which licence."), required=True, maximum=300, shown_when=("special_means", "automated_vehicle")),
        Field("enac_authorisation", TEXT, _("ENAC authorisation"), _("Number, or when you will ask for it."), required=True, maximum=200, shown_when=("special_means", "drone")),
        Field("flight_route", LONG_TEXT, _("Route and height of the flights"), required=True, maximum=2000, shown_when=("special_means", "drone")),
        Field("drone_pilot", TEXT, _("Licence of the drone's pilot"), required=True, maximum=200, shown_when=("special_means", "drone")),
    ),
)  # fmt: skip

data = Section(
    7, "data", _("Data"),
    _("What you collect, why, where it stays and who may reuse it."),
    (
        Field("has_personal_data", BOOLEAN, _("Personal data are processed"), _("Pictures of people, number plates, positions and device numbers are personal data too.")),
        Field("data_roles", LONG_TEXT, _("Who is controller and who is processor"), _("GDPR articles 4, 26 and 28. Say which data, for what purpose, and for how long."), required=True, maximum=2000, shown_when=("has_personal_data", True)),
        Field("dpia", CHOICE, _("Data protection impact assessment"), _("Needed for systematic watching of public places (GDPR article 35)."), required=True, options=(("not_needed", _("Not needed")), ("to_do", _("To be done before the start")), ("done", _("Done: it is attached"))), shown_when=("has_personal_data", True)),
        Field("hosting", TEXT, _("Where the data are kept"), _("Country and provider."), required=True, maximum=300),
        Field("security", LONG_TEXT, _("Security"), _("How you protect systems and data."), required=True, maximum=2000),
        Field("interoperability", LONG_TEXT, _("Standards and interfaces"), _("Open standards, minimal interoperability mechanisms (MIMs), interfaces for the city."), maximum=2000),
        Field("open_data", LONG_TEXT, _("Open data"), _("What you publish, in which format and under which licence."), required=True, maximum=2000),
        Field("uses_ai", BOOLEAN, _("Artificial intelligence is used")),
        Field("ai_use", LONG_TEXT, _("What it decides or suggests"), _("Where its training data come from, who checks its results, and its class of risk under the AI Act."), required=True, maximum=2000, shown_when=("uses_ai", True)),
        Field("ethics", LONG_TEXT, _("Ethics"), _("Whom it could harm or leave out, and what you do about it."), maximum=2000),
    ),
)  # fmt: skip

impact = Section(
    8, "impact", _("Impact"),
    _("How you will know whether it worked."),
    (
        Field(
            "indicators", ROWS, _("Indicators"), _("At least one, at most twelve. A good indicator has a number today and a number to reach."), required=True, maximum=12,
            rows=(
                Field("name", TEXT, _("Indicator"), required=True, maximum=160),
                Field("unit", TEXT, _("Unit"), required=True, maximum=20),
                Field("baseline", DECIMAL, _("Today"), required=True, minimum=-1_000_000_000, maximum=1_000_000_000),
                Field("target", DECIMAL, _("To reach"), required=True, minimum=-1_000_000_000, maximum=1_000_000_000),
                Field("method", TEXT, _("How it is measured"), required=True, maximum=300),
            ),
        ),
        Field("environmental_impact", LONG_TEXT, _("Effect on climate and environment"), maximum=2000),
        Field("social_impact", LONG_TEXT, _("Social effect"), maximum=2000),
    ),
)  # fmt: skip


def _declaration(name: str, text: object) -> Field:
    return Field(name, BOOLEAN, text, required=True, declaration=True)  # type: ignore[arg-type]


declarations = Section(
    9, "declarations", _("Declarations"),
    _("Given under DPR 445/2000, articles 46 and 47: whoever declares what is false answers for it (article 76)."),
    (
        _declaration("declares_truth", _("What this proposal says is true and complete.")),
        _declaration("declares_power", _("Whoever signs has the power to represent the organisation.")),
        _declaration("declares_no_insolvency", _("The organisation is not in liquidation, insolvency or a similar procedure.")),
        _declaration("declares_no_crime", _("Nobody who represents it has been convicted of crimes that exclude from dealing with public bodies.")),
        _declaration("declares_contributions", _("Social security contributions are in order (DURC), or there is no duty to pay them.")),
        _declaration("declares_no_conflict", _("There is no conflict of interest with officers or evaluators of the city.")),
        _declaration("declares_costs", _("The pilot costs the city nothing beyond what the challenge offers.")),
        _declaration("declares_restoration", _("The place is given back as it was, at the organisation's own expense.")),
        _declaration("declares_privacy", _("The privacy notice has been read.")),
        Field("de_minimis", INTEGER, _("De minimis aid received in the last three years, in whole euro"), _("The limit is €300,000 in three years (regulation EU 2023/2831). Zero, if none."), required=True, minimum=0, maximum=100_000_000),
    ),
)  # fmt: skip

attachments = Section(
    10, "attachments", _("Attachments"),
    _("PDF, p7m, images (JPEG, PNG, WebP) or office documents without macros, at most 20 MB each."),
    (),
)  # fmt: skip

ATTACHMENTS = (
    AttachmentKind("technical_sheet", _("Technical sheet"), _("What the solution is made of and how it works."), needed_when=()),
    AttachmentKind("budget", _("Budget"), _("The lines behind the total.")),
    AttachmentKind("site_plan", _("Site plan"), _("Where things stand: needed when something is installed."), needed_when=("has_installation", True)),
    AttachmentKind("insurance", _("Insurance"), _("The policy, if you already have it.")),
    AttachmentKind("dpia", _("Data protection impact assessment"), _("Needed when you say that it is done."), needed_when=("dpia", "done")),
    AttachmentKind("deck", _("Presentation")),
    AttachmentKind("signed_summary", _("Signed summary"), _("Added when you hand in the proposal.")),
    AttachmentKind("identity_document", _("Identity document of the signatory"), _("With a handwritten signature.")),
    AttachmentKind("other", _("Other document")),
)
