"""Blocks of the pages that editors compose."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

FEATURES = ["h3", "h4", "bold", "italic", "ol", "ul", "link", "document-link"]


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("text"))
    source = blocks.CharBlock(label=_("source"), required=False)

    class Meta:
        icon = "openquote"
        label = _("quotation")
        template = "cms/blocks/quote.html"


class FigureBlock(blocks.StructBlock):
    value = blocks.CharBlock(label=_("number"), max_length=20)
    label = blocks.CharBlock(label=_("what it counts"), max_length=80)

    class Meta:
        icon = "order"
        label = _("figure")


class FiguresBlock(blocks.StructBlock):
    figures = blocks.ListBlock(FigureBlock(), label=_("figures"), max_num=4)

    class Meta:
        icon = "order"
        label = _("figures")
        template = "cms/blocks/figures.html"


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("title"), max_length=120)
    text = blocks.RichTextBlock(label=_("text"), features=FEATURES)

    class Meta:
        icon = "list-ol"


class StepsBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("title"), max_length=120, required=False)
    steps = blocks.ListBlock(StepBlock(), label=_("steps"))

    class Meta:
        icon = "list-ol"
        label = _("steps")
        template = "cms/blocks/steps.html"


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(label=_("question"), max_length=200)
    answer = blocks.RichTextBlock(label=_("answer"), features=FEATURES)

    class Meta:
        icon = "help"


class QuestionsBlock(blocks.StructBlock):
    questions = blocks.ListBlock(QuestionBlock(), label=_("questions"))

    class Meta:
        icon = "help"
        label = _("questions and answers")
        template = "cms/blocks/questions.html"


class SiteMapBlock(blocks.StaticBlock):
    """Every section of the site and every published page in the reader's language."""

    class Meta:
        icon = "list-ul"
        label = _("site map")
        admin_text = _("Lists every section and every published page.")
        template = "cms/blocks/site_map.html"

    def get_context(self, value: Any, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        home = context["page"].get_site_home()
        context["pages"] = home.get_descendants().live().public().defer_streamfields() if home else []
        return context


class BodyBlock(blocks.StreamBlock):
    """What a story or a help page is made of."""

    heading = blocks.CharBlock(label=_("heading"), icon="title", template="cms/blocks/heading.html", max_length=160)
    text = blocks.RichTextBlock(label=_("text"), features=FEATURES, template="cms/blocks/text.html")
    image = ImageBlock(label=_("image"), template="cms/blocks/image.html")
    quote = QuoteBlock()
    figures = FiguresBlock()
    steps = StepsBlock()
    questions = QuestionsBlock()
    site_map = SiteMapBlock()


class SectionBlock(blocks.StructBlock):
    """A row of records under a title of the editor's; which ones, the page knows."""

    title = blocks.CharBlock(label=_("title"), max_length=120)


class HomeBlock(blocks.StreamBlock):
    """The sections of the home page below its head."""

    closing_soon = SectionBlock(icon="time", label=_("challenges closing soon"), template="cms/blocks/closing_soon.html")
    steps = StepsBlock()
    text = blocks.RichTextBlock(label=_("text"), features=FEATURES, template="cms/blocks/text.html")
    sites = SectionBlock(icon="site", label=_("sites"), template="cms/blocks/sites.html")
    pilots = SectionBlock(icon="pick", label=_("pilots"), template="cms/blocks/pilots.html")
    stories = SectionBlock(icon="doc-full", label=_("stories"), template="cms/blocks/stories.html")
    figures = FiguresBlock()
