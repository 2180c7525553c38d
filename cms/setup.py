"""What the editors' room needs before the first editor comes: groups, permissions, moderation, languages, the first pages."""

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from wagtail.models import GroupCollectionPermission, GroupPagePermission, Locale, Page, Site, Workflow, WorkflowContentType, WorkflowPage, WorkflowTask
from wagtail.models import Collection

from citylab.challenges.models import Challenge, Question
from citylab.taxonomy.models import Capability, Pole, Programme, S3Area, Sector, Technology
from citylab.testbeds.models import Site as TestbedSite

from .models import HelpPage, HomePage, MenuItem, SecondPersonTask, StoryIndexPage

MODERATED = (Challenge, TestbedSite)
KEPT = (Sector, S3Area, Pole, Technology, Capability, Programme, MenuItem)


def prepare() -> None:
    """Create what is missing; safe to call any number of times."""
    _groups()
    _moderation()
    _pages()


def _permissions(model: type, *actions: str) -> list[Permission]:
    content_type = ContentType.objects.get_for_model(model)
    return [Permission.objects.get_or_create(codename=f"{action}_{model._meta.model_name}", content_type=content_type, defaults={"name": f"Can {action} {model._meta.verbose_name}"[:255]})[0] for action in actions]  # type: ignore[attr-defined]


def _groups() -> None:
    """Editors write but do not publish: publication goes through the second person. Administrators may publish and unpublish."""
    editors, _created = Group.objects.get_or_create(name="Editors")
    moderators, _created = Group.objects.get_or_create(name="Moderators")
    administrators, _created = Group.objects.get_or_create(name="Administrators")
    access = Permission.objects.get(codename="access_admin", content_type__app_label="wagtailadmin")
    shared = [access, *(p for model in MODERATED for p in _permissions(model, "add", "change")), *(p for model in KEPT for p in _permissions(model, "add", "change", "delete")), *_permissions(Question, "change", "view")]
    editors.permissions.set(shared)
    moderators.permissions.set([access])
    administrators.permissions.set([*shared, *(p for model in MODERATED for p in _permissions(model, "delete", "unlock"))])
    root = Page.objects.get(depth=1)
    GroupPagePermission.objects.filter(group__in=[editors, moderators]).delete()
    for group in (editors, administrators):
        for codename in ("add_page", "change_page"):
            permission = Permission.objects.get(codename=codename, content_type__app_label="wagtailcore")
            GroupPagePermission.objects.get_or_create(group=group, page=root, permission=permission)
    collection = Collection.get_first_root_node()
    for group in (editors, administrators):
        for codename in ("add_image", "change_image", "choose_image", "add_document", "change_document", "choose_document"):
            permission = Permission.objects.get(codename=codename, content_type__app_label__in=["wagtailimages", "wagtaildocs"])
            GroupCollectionPermission.objects.get_or_create(group=group, collection=collection, permission=permission)


def _moderation() -> None:
    workflow, _created = Workflow.objects.get_or_create(name="Moderazione")
    task = SecondPersonTask.objects.first()
    if task is None:
        task = SecondPersonTask.objects.create(name="Approvazione di una seconda persona", active=True)
        task.groups.set(Group.objects.filter(name__in=["Moderators", "Administrators"]))
    WorkflowTask.objects.get_or_create(workflow=workflow, task=task.task_ptr, defaults={"sort_order": 0})
    for model in MODERATED:
        WorkflowContentType.objects.update_or_create(content_type=ContentType.objects.get_for_model(model), defaults={"workflow": workflow})
    root = Page.objects.get(depth=1)
    WorkflowPage.objects.update_or_create(page=root, defaults={"workflow": workflow})
    Workflow.objects.exclude(pk=workflow.pk).filter(active=True).update(active=False)


def _pages() -> None:
    """The home page in both languages, with stories and help below; Wagtail's welcome page goes."""
    if HomePage.objects.exists():
        return
    italian, _created = Locale.objects.get_or_create(language_code="it")
    english, _created = Locale.objects.get_or_create(language_code="en")
    root = Page.objects.get(depth=1)
    home = root.add_child(instance=HomePage(title="Torino City Lab", slug="inizio", locale=italian))
    Site.objects.all().delete()
    Site.objects.create(hostname="localhost", port=80, root_page=home, is_default_site=True, site_name="Torino City Lab")
    Page.objects.filter(depth=2).exclude(pk=home.pk).delete()
    home.add_child(instance=StoryIndexPage(title="Storie", slug="storie", locale=italian))
    home.add_child(instance=HelpPage(title="Aiuto", slug="aiuto", locale=italian))
    for page, title, slug in (
        (home, "Torino City Lab", "start"),
        (StoryIndexPage.objects.get(locale=italian), "Stories", "stories"),
        (HelpPage.objects.get(locale=italian), "Help", "help"),
    ):
        copy = page.copy_for_translation(english)
        copy.title, copy.slug, copy.live = title, slug, True
        copy.save()
