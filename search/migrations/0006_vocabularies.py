from django.db import migrations

from search.engines.embedded import tables


def create(apps, schema_editor):
    tables.create_vocabularies(schema_editor.connection)


def drop(apps, schema_editor):
    tables.drop_vocabularies(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("search", "0005_waiting_work_and_leases")]
    operations = [migrations.RunPython(create, drop)]
