"""Version 1, sections 1–4: applicant, idea, plan, what is asked of the city.

Questions and limits are those that applicants meet in CommuniCity (domain B7), Sperimentazione Italia (C2), Smart Road art. 11 (C1) and
Helsinki (B4, B5).
"""

from django.utils.translation import gettext_lazy as _

from .definition import BOOLEAN, CHOICE, CHOICES, DATE, INTEGER, LONG_TEXT, MONEY, ROWS, TEXT, Field, Section

TRL = tuple((str(level), str(level)) for level in range(1, 10))

applicant = Section(
    1, "applicant", _("Applicant"),
    _("The organisation's data come from its profile. Here you add who leads this proposal and who takes part."),
    (
        Field("contact_name", TEXT, _("Contact person for this proposal"), required=True, maximum=160, autocomplete="name"),
        Field("contact_email", TEXT, _("E-mail of the contact person"), required=True, maximum=160, autocomplete="email"),
        Field("contact_phone", TEXT, _("Telephone of the contact person"), _("With the country code, if it is not Italian."), required=True, maximum=40, autocomplete="tel"),
        Field("test_manager", TEXT, _("Test manager"), _("Who is responsible on the spot while the pilot runs, with a telephone number."), required=True, maximum=200),
        Field("is_partnership", BOOLEAN, _("Other organisations take part")),
        Field(
            "partners", ROWS, _("Partners"), _("Your organisation is the lead. Name every partner, what it brings and where it is registered."), maximum=12, shown_when=("is_partnership", True),
            rows=(
                Field("name", TEXT, _("Name"), required=True, maximum=200),
                Field("identifier", TEXT, _("VAT number or other identifier"), maximum=40),
                Field("part", TEXT, _("What it does in the pilot"), required=True, maximum=300),
            ),
        ),
    ),
)  # fmt: skip

idea = Section(
    2, "idea", _("Idea"),
    _("Say what you want to try, for whom, and what is new. Write for somebody who does not know your field."),
    (
        Field("title", TEXT, _("Title"), _("Short and plain: it names the case from now on."), required=True, maximum=120),
        Field("summary", LONG_TEXT, _("Public summary"), _("Five or six sentences that anyone can understand. A good summary says what you try, where, with whom and why."), required=True, maximum=1000),
        Field("description", LONG_TEXT, _("Description and expected impact"), _("What the solution does, how it works, and what changes for the people and the city if the pilot succeeds."), required=True, maximum=5000),
        Field("sector", CHOICE, _("Sector"), _("The one that fits best."), required=True, choices="sectors"),
        Field("s3_area", CHOICE, _("S3 area"), _("If the proposal belongs to one of the areas of the regional strategy."), choices="s3_areas"),
        Field("technologies", CHOICES, _("Technologies"), _("Up to five."), required=True, maximum=5, choices="technologies"),
        Field("trl_now", CHOICE, _("Technology readiness level now"), _("From 1 (basic principles) to 9 (proven in operation). A pilot in the city usually starts from 5 or more."), required=True, options=TRL),
        Field("trl_target", CHOICE, _("Technology readiness level after the pilot"), required=True, options=TRL),
        Field("novelty", LONG_TEXT, _("What is new"), _("Compared with what exists: name the nearest alternatives."), required=True, maximum=3000),
        Field("is_precommercial", BOOLEAN, _("The solution is not yet on the market, or is tried in a way that is not yet on the market"), _("Torino City Lab tests; it does not buy. A product that is simply for sale belongs in a tender."), required=True),
        Field("earlier_tests", LONG_TEXT, _("Earlier tests"), _("Where it was tried before and what came out of it."), maximum=2000),
    ),
)  # fmt: skip

plan = Section(
    3, "plan", _("Plan"),
    _("How the pilot goes, from set-up to removal."),
    (
        Field("starts_on", DATE, _("First day on site"), _("Set-up included. The city needs about thirty days to decide, and permits may take longer."), required=True),
        Field("ends_on", DATE, _("Last day on site"), _("Removal included."), required=True),
        Field("plan", LONG_TEXT, _("Work plan"), _("What you do, step by step, who does it, and how you notice that something goes wrong."), required=True, maximum=5000),
        Field(
            "phases", ROWS, _("Phases"), _("At least one. A phase without passengers or without the public often comes first."), required=True, maximum=12,
            rows=(
                Field("name", TEXT, _("Phase"), required=True, maximum=160),
                Field("starts_on", DATE, _("From"), required=True),
                Field("ends_on", DATE, _("To"), required=True),
                Field("description", TEXT, _("What happens"), maximum=500),
            ),
        ),
        Field("resources", LONG_TEXT, _("Resources, budget and co-funding"), _("People, equipment and money, and where the money comes from."), required=True, maximum=3000),
        Field("budget", MONEY, _("Total budget in euro"), required=True, minimum=0, maximum=100_000_000_00),
        Field("requested", MONEY, _("Contribution asked of the city, in euro"), _("Zero, unless the challenge offers one."), minimum=0, maximum=100_000_000_00),
        Field("team", LONG_TEXT, _("Team"), _("Roles and experience; names are not needed."), required=True, maximum=3000),
        Field("scale_up", LONG_TEXT, _("After the pilot"), _("How it could go on if it works: who would pay, who would use it."), required=True, maximum=3000),
    ),
)  # fmt: skip

city_assets = Section(
    4, "city_assets", _("What you ask of the city"),
    _("Places, power, data, people. The panel beside the form shows which sites fit."),
    (
        Field("sites", CHOICES, _("Sites you would like"), _("Up to three, the best first. Asking reserves nothing: approval does."), maximum=3, choices="sites"),
        Field("own_place", TEXT, _("Another place"), _("If none of the sites fits: the street or square, and why there."), maximum=300),
        Field("own_place_coordinates", TEXT, _("Coordinates of the other place"), _("Latitude and longitude, such as 45.0703, 7.6869."), maximum=60),
        Field("capabilities", CHOICES, _("What the place must offer"), _("Only what you cannot do without: every need narrows the choice."), maximum=12, choices="capabilities"),
        Field("area_m2", INTEGER, _("Area you occupy, in square metres"), _("Zero, if you occupy none."), required=True, minimum=0, maximum=1_000_000),
        Field("height_m", INTEGER, _("Height, in metres"), _("Of what you put up, or of the flight."), minimum=0, maximum=500),
        Field("power_kw", INTEGER, _("Power, in kilowatts"), minimum=0, maximum=10_000),
        Field("city_data", LONG_TEXT, _("Data of the city that you need"), maximum=2000),
        Field("city_staff", LONG_TEXT, _("People of the city that you need"), maximum=2000),
        Field("daily_schedule", TEXT, _("Days and hours"), _("Such as: Monday to Friday, 9 to 17."), required=True, maximum=300),
        Field("has_installation", BOOLEAN, _("Something is installed on the spot")),
        Field("dismantling", LONG_TEXT, _("Dismantling plan"), _("How the place is given back as it was, and in how many days."), required=True, maximum=2000, shown_when=("has_installation", True)),
        Field("dismantling_cost", MONEY, _("Cost of dismantling in euro"), _("An honest estimate: a deposit may be worked out from it."), required=True, minimum=0, maximum=10_000_000_00, shown_when=("has_installation", True)),
    ),
)  # fmt: skip
