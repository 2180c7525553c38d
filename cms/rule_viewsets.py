"""The rules of costs, as editors keep them: fees, deposits, exemptions and payees."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from citylab.payments.models import DepositRule, Exemption, FeeRule, Payee

from . import rule_views
from .rule_forms import DepositRuleForm, ExemptionForm, FeeRuleForm
from .viewsets import both


class KeptByService(SnippetViewSet):
    """Saving goes through the service; copying would go past it."""

    add_view_class = rule_views.CreateView
    edit_view_class = rule_views.EditView
    copy_view_enabled = False


WORDS = (both("name"), both("text"))
ACT = MultiFieldPanel(
    [FieldPanel("act"), FieldRowPanel([FieldPanel("valid_from"), FieldPanel("valid_until")]), FieldRowPanel([FieldPanel("source"), FieldPanel("assumed")])], heading=_("Act and validity")
)
ASSUMED = BooleanColumn("assumed", label=_("Assumed"), sort_key="assumed")
LISTED: list[Any] = ["__str__", "valid_from", "valid_until", "version", ASSUMED]
LIMITS = FieldRowPanel([FieldPanel("minimum_cents"), FieldPanel("maximum_cents")])


class FeeRuleViewSet(KeptByService):
    model = FeeRule
    icon = "table"
    menu_label = _("Fees")
    list_display: ClassVar[list[Any]] = [*LISTED[:1], "kind", *LISTED[1:]]
    list_filter: ClassVar[list[str]] = ["site", "kind", "assumed"]
    search_fields: ClassVar[list[str]] = ["name_it", "name_en", "act"]
    edit_handler = ObjectList(
        [
            *WORDS, FieldRowPanel([FieldPanel("site", widget=forms.Select), FieldPanel("payee", widget=forms.Select)]), FieldPanel("kind", widget=forms.RadioSelect),
            MultiFieldPanel([FieldRowPanel([FieldPanel("rate"), FieldPanel("coefficient"), FieldPanel("free_days")]), both("zone"), LIMITS], heading=_("By area and time")),
            MultiFieldPanel([FieldPanel("flat_cents")], heading=_("Flat fee")), FieldPanel("due_days_before"), ACT,
        ],
        base_form_class=FeeRuleForm,
    )  # fmt: skip


class DepositRuleViewSet(KeptByService):
    model = DepositRule
    icon = "lock"
    menu_label = _("Deposits")
    list_display: ClassVar[list[Any]] = LISTED
    list_filter: ClassVar[list[str]] = ["site", "assumed"]
    search_fields: ClassVar[list[str]] = ["name_it", "name_en", "act"]
    edit_handler = ObjectList(
        [
            *WORDS, FieldRowPanel([FieldPanel("site", widget=forms.Select), FieldPanel("payee", widget=forms.Select)]),
            FieldRowPanel([FieldPanel("fixed_cents"), FieldPanel("share_percent")]), LIMITS, FieldRowPanel([FieldPanel("due_days_before"), FieldPanel("returned_within_days")]), ACT,
        ],
        base_form_class=DepositRuleForm,
    )  # fmt: skip


class ExemptionViewSet(KeptByService):
    model = Exemption
    icon = "minus"
    menu_label = _("Exemptions")
    list_display: ClassVar[list[Any]] = LISTED
    search_fields: ClassVar[list[str]] = ["name_it", "name_en", "act"]
    edit_handler = ObjectList(
        [
            *WORDS, FieldPanel("subjects"), FieldPanel("applicant_kinds"), FieldPanel("challenges", widget=forms.CheckboxSelectMultiple),
            FieldPanel("sites", widget=forms.CheckboxSelectMultiple), ACT,
        ],
        base_form_class=ExemptionForm,
    )  # fmt: skip


class PayeeViewSet(KeptByService):
    model = Payee
    icon = "user"
    menu_label = _("Payees")
    list_display: ClassVar[list[Any]] = ["code", "name_it", "tax_code", ASSUMED]
    search_fields: ClassVar[list[str]] = ["code", "name_it", "name_en", "tax_code"]
    panels: ClassVar[list[Any]] = [
        both("name"), FieldRowPanel([FieldPanel("code"), FieldPanel("tax_code"), FieldPanel("assumed")]), FieldPanel("address"), both("fee_vat"), both("deposit_vat"),
        FieldRowPanel([FieldPanel("provider"), FieldPanel("account")]), FieldRowPanel([FieldPanel("fees_with_vat"), FieldPanel("stamp_exempt_by")]),
    ]  # fmt: skip


class CostsGroup(SnippetViewSetGroup):
    items = (FeeRuleViewSet, DepositRuleViewSet, ExemptionViewSet, PayeeViewSet)
    menu_icon = "table"
    menu_label = _("Costs")
    menu_name = "costs"
    menu_order = 145
