"""The database itself refuses to change, delete or empty the trail."""

from django.db import migrations

from citylab.audit import triggers


def install(apps, schema_editor):
    triggers.TRAIL.install(schema_editor.connection)


def drop(apps, schema_editor):
    triggers.TRAIL.drop(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(install, drop)]
