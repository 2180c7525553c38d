"""Stories, help pages and programmes that exist already: the worker indexes each by itself."""

from django.db import migrations
from django.utils import timezone

RECORDS = (("page", "cms", "StoryPage"), ("page", "cms", "HelpPage"), ("programme", "taxonomy", "Programme"))


def ask_for_indexing(apps, schema_editor):
    message = apps.get_model("core", "OutboxMessage")
    for kind, app, name in RECORDS:
        keys = apps.get_model(app, name)._base_manager.order_by("pk").values_list("pk", flat=True)
        message.objects.bulk_create([message(topic=f"{kind}.content_changed", key=str(pk), payload={}, created_at=timezone.now()) for pk in keys], batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [("cms", "0002_page_parts"), ("core", "0002_outbox_by_record"), ("taxonomy", "0001_initial")]
    operations = [migrations.RunPython(ask_for_indexing, migrations.RunPython.noop)]
