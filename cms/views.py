"""The front page, and what an editor does to a published challenge or page that is not an edit of its text."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.actions.unpublish_page import UnpublishPageAction
from wagtail.admin import messages
from wagtail.admin.auth import require_admin_access
from wagtail.admin.widgets import AdminAutoHeightTextInput, AdminDateTimeInput
from wagtail.models import Page

from citylab.accounts.access import public, roles
from citylab.accounts.models import Role
from citylab.challenges.models import Challenge, Question
from citylab.challenges.services import challenge_close, deadline_extend, question_answer, question_bring_back, question_set_aside
from citylab.core.errors import DomainError

from .models import HomePage

editing = roles(Role.EDITOR, Role.ADMINISTRATOR)


@public
def front(request: HttpRequest) -> HttpResponse:
    """The home page in the reader's language, found at once: Wagtail's way through its tree costs eight queries."""
    home = get_object_or_404(HomePage.objects.live().select_related("locale"), locale__language_code=request.LANGUAGE_CODE[:2])  # type: ignore[attr-defined]
    return home.serve(request)


class ExtendForm(forms.Form):
    to_moment = forms.DateTimeField(label=gettext_lazy("New closing time"), widget=AdminDateTimeInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), help_text=gettext_lazy("Everyone with a draft is told."), widget=AdminAutoHeightTextInput)


class AnswerForm(forms.Form):
    answer_it = forms.CharField(label=gettext_lazy("Answer in Italian"), required=False, widget=AdminAutoHeightTextInput)
    answer_en = forms.CharField(label=gettext_lazy("Answer in English"), required=False, widget=AdminAutoHeightTextInput)


class SetAsideForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=1000, help_text=gettext_lazy("Whoever asked is told it, in these words."), widget=AdminAutoHeightTextInput)


def _page(request: HttpRequest, form: forms.Form, **context: Any) -> TemplateResponse:
    return TemplateResponse(request, "cms/admin_form.html", {"form": form, **context}, status=422 if form.errors else 200)


@editing
@require_admin_access
def extend_deadline(request: HttpRequest, pk: int) -> HttpResponse:
    challenge = get_object_or_404(Challenge.objects.select_related("progress"), pk=pk)
    form = ExtendForm(request.POST or None, initial={"to_moment": challenge.effective_closes_at})
    if request.method == "POST" and form.is_valid():
        try:
            deadline_extend(challenge_id=pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error("to_moment" if error.code == "not_later" else None, str(error))
        else:
            messages.success(request, _("The deadline is extended, and everyone with a draft is told."))
            return redirect(_list(Challenge))
    return _page(request, form, title=_("Extend the deadline"), record=challenge, back=_list(Challenge), submit=_("Extend"))


@editing
@require_admin_access
def close_challenge(request: HttpRequest, pk: int) -> HttpResponse:
    challenge = get_object_or_404(Challenge.objects.select_related("progress"), pk=pk)
    form = forms.Form(request.POST or None)
    if request.method == "POST":
        try:
            challenge_close(challenge_id=pk, actor=request.user)
            messages.success(request, _("The challenge takes no more proposals."))
        except DomainError as error:
            messages.error(request, str(error))
        return redirect(_list(Challenge))
    return _page(request, form, title=_("Close the challenge"), record=challenge, back=_list(Challenge), submit=_("Close"), text=_("From now on it takes no proposals. Drafts stay with their authors."))


@editing
@require_admin_access
def answer_question(request: HttpRequest, pk: int) -> HttpResponse:
    question = get_object_or_404(Question.objects.select_related("challenge"), pk=pk)
    if question.set_aside_at and request.method == "GET":
        return redirect("question_bring_back", pk)
    form = AnswerForm(request.POST or None, initial={"answer_it": question.answer_it, "answer_en": question.answer_en})
    if request.method == "POST" and form.is_valid():
        try:
            question_answer(question_id=pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Question and answer stand on the challenge's page now."))
            return redirect(_list(Question))
    return _page(request, form, title=_("Answer a question"), record=question.challenge, back=_list(Question), text=question.text, submit=_("Publish the answer"), other=reverse("question_set_aside", args=[pk]), other_label=_("Set aside"))


@editing
@require_admin_access
def set_question_aside(request: HttpRequest, pk: int) -> HttpResponse:
    question = get_object_or_404(Question.objects.select_related("challenge"), pk=pk)
    form = SetAsideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            question_set_aside(question_id=pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The question is set aside, and whoever asked is told why."))
            return redirect(_list(Question))
    return _page(request, form, title=_("Set a question aside"), record=question.challenge, back=_list(Question), text=question.text, submit=_("Set aside"))


@editing
@require_admin_access
def bring_question_back(request: HttpRequest, pk: int) -> HttpResponse:
    question = get_object_or_404(Question.objects.select_related("challenge"), pk=pk)
    if request.method == "POST":
        try:
            question_bring_back(question_id=pk, actor=request.user)
            messages.success(request, _("The question is back among the others."))
        except DomainError as error:
            messages.error(request, str(error))
        return redirect(_list(Question))
    text = _("“%(question)s” was set aside: %(reason)s") % {"question": question.text, "reason": question.set_aside_reason or "–"}
    return _page(request, forms.Form(), title=_("Bring a question back"), record=question.challenge, back=_list(Question), text=text, submit=_("Bring back"))


@editing
@require_admin_access
def withdraw_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a page off the site; putting it back goes through moderation again."""
    page = get_object_or_404(Page, pk=pk, live=True).specific
    if isinstance(page, HomePage) or not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    if request.method == "POST":
        UnpublishPageAction(page, user=request.user).execute(skip_permission_checks=True)
        messages.success(request, _("“%(page)s” is no longer on the site.") % {"page": page})
        return redirect("wagtailadmin_explore", page.get_parent().pk)
    text = _("Whoever has its address will find a page that says it is not here. Putting it back needs moderation.")
    return _page(request, forms.Form(), title=_("Unpublish"), record=page, back=reverse("wagtailadmin_pages:edit", args=[pk]), submit=_("Unpublish"), text=text)


def _list(model: Any) -> str:
    return reverse(model.snippet_viewset.get_url_name("list"))
