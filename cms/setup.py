"""What the editors' room needs before the first editor comes: groups, permissions, moderation, languages, the first pages."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Locale,
    Page,
    Site,
    Workflow,
    WorkflowContentType,
    WorkflowPage,
    WorkflowTask,
)

from citylab.challenges.models import Challenge, Question
from citylab.payments.models import DepositRule, Exemption, FeeRule, Payee
from citylab.taxonomy.models import Capability, Pole, Programme, S3Area, Sector, Technology
from citylab.testbeds.models import Site as TestbedSite

from .first_pages import HELP, HELP_PAGES, HOME, STORIES, First
from .models import CityPage, HelpPage, HomePage, MenuItem, SecondPersonTask, StoryIndexPage

MODERATED = (Challenge, TestbedSite)
KEPT = (Sector, S3Area, Pole, Technology, Capability, Programme, FeeRule, DepositRule, Exemption, Payee, MenuItem)


def prepare() -> None:
    """Create what is missing; safe to call any number of times, and never overwrites what editors changed."""
    with transaction.atomic():
        _permissions_exist()
        _groups()
        _pages()
        _moderation()


def _permissions_exist() -> None:
    """Django makes permissions at the end of `migrate`, room by room; some of these rooms come after ours."""
    for label in ("wagtailadmin", "wagtailcore", "wagtailimages", "wagtaildocs", "simple_translation", "wagtailredirects", "taxonomy", "challenges", "testbeds", "payments", "cms"):
        create_permissions(apps.get_app_config(label), verbosity=0)


def _permissions(model: type[models.Model], *actions: str) -> list[Permission]:
    names = [f"{action}_{model._meta.model_name}" for action in actions]
    return list(Permission.objects.filter(content_type=ContentType.objects.get_for_model(model), codename__in=names))


def _groups() -> None:
    """Nobody publishes alone, administrators neither: publication goes through the second person. Withdrawing a record needs `change`."""
    editors, _created = Group.objects.get_or_create(name="Editors")
    moderators, _created = Group.objects.get_or_create(name="Moderators")
    administrators, _created = Group.objects.get_or_create(name="Administrators")
    access = Permission.objects.get(codename="access_admin", content_type__app_label="wagtailadmin")
    shared = [
        access,
        *(p for model in MODERATED for p in _permissions(model, "add", "change", "delete")),
        *(p for model in KEPT for p in _permissions(model, "add", "change", "delete")),
        *_permissions(Question, "change", "view"),
        Permission.objects.get(codename="submit_translation", content_type__app_label="simple_translation"),
    ]
    editors.permissions.set(shared)
    moderators.permissions.set([access])
    administrators.permissions.set([*shared, *(p for model in MODERATED for p in _permissions(model, "unlock")), *_permissions(Redirect, "add", "change", "delete")])
    root = _root()
    collection = Collection.get_first_root_node() or Collection.add_root(name="Root")
    GroupPagePermission.objects.filter(group__in=[editors, moderators, administrators]).delete()
    for group in (editors, administrators):
        for permission in Permission.objects.filter(codename__in=("add_page", "change_page"), content_type__app_label="wagtailcore"):
            GroupPagePermission.objects.create(group=group, page=root, permission=permission)
        files = ("add_image", "change_image", "choose_image", "add_document", "change_document", "choose_document")
        for permission in Permission.objects.filter(codename__in=files, content_type__app_label__in=["wagtailimages", "wagtaildocs"]):
            GroupCollectionPermission.objects.get_or_create(group=group, collection=collection, permission=permission)


def _moderation() -> None:
    """One workflow of one step for records and pages; Wagtail's own, where one person may approve the own text, is switched off."""
    if SecondPersonTask.objects.exists():
        return
    workflow = Workflow.objects.create(name="Moderazione")
    task = SecondPersonTask.objects.create(name="Approvazione di una seconda persona", active=True)
    task.groups.set(Group.objects.filter(name__in=["Moderators", "Administrators"]))
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    for model in MODERATED:
        WorkflowContentType.objects.update_or_create(content_type=ContentType.objects.get_for_model(model), defaults={"workflow": workflow})
    WorkflowPage.objects.update_or_create(page=_root(), defaults={"workflow": workflow})
    Workflow.objects.exclude(pk=workflow.pk).filter(active=True).update(active=False)


def _root() -> Page:
    root = Page.objects.filter(depth=1).first()
    if root is None:
        Locale.objects.get_or_create(language_code=settings.LANGUAGE_CODE)
        root = Page.add_root(instance=Page(title="Root", slug="root", content_type=ContentType.objects.get_for_model(Page)))
    return root


def _pages() -> None:
    """The home page in both languages, with stories and help below; Wagtail's welcome page goes."""
    italian, _created = Locale.objects.get_or_create(language_code="it")
    english, _created = Locale.objects.get_or_create(language_code="en")
    root = _root()
    if HomePage.objects.exists():
        return
    home = _add(root, HomePage(slug="inizio", locale=italian, **HOME["it"]))
    Site.objects.all().delete()
    Site.objects.create(hostname="localhost", port=80, root_page=home, is_default_site=True, site_name=settings.WAGTAIL_SITE_NAME)
    Page.objects.get(pk=root.pk).get_children().exclude(pk=home.pk).delete()
    home_en = _add(root, HomePage(slug="start", locale=english, translation_key=home.translation_key, **HOME["en"]))
    homes = {"it": home, "en": home_en}
    locales = {"it": italian, "en": english}
    _pair(homes, locales, lambda code: StoryIndexPage(slug=STORIES[code][0], title=STORIES[code][1], lead=STORIES[code][2]))
    helps = _pair(homes, locales, lambda code: HelpPage(slug=HELP[code][0], title=HELP[code][1], lead=HELP[code][2]))
    for to_confirm, in_italian, in_english in HELP_PAGES:
        _pair(helps, locales, lambda code, words={"it": in_italian, "en": in_english}, open_points=to_confirm: _help(words[code], open_points))


def _help(words: First, to_confirm: bool) -> HelpPage:
    return HelpPage(slug=words.slug, title=words.title, lead=words.lead, body=words.body, to_confirm=to_confirm)


def _pair(parents: dict[str, Any], locales: dict[str, Locale], make: Any) -> dict[str, Any]:
    """One page in each language, each the other's translation."""
    made: dict[str, Any] = {}
    for code, parent in parents.items():
        page = make(code)
        page.locale = locales[code]
        if made:
            page.translation_key = made["it"].translation_key
        made[code] = _add(parent, page)
    return made


def _add(parent: Page, page: CityPage) -> Any:
    """A published page with a first revision, so that its history starts at the beginning."""
    added = Page.objects.get(pk=parent.pk).add_child(instance=page)
    added.save_revision().publish(skip_permission_checks=True)
    return type(page).objects.get(pk=added.pk)
