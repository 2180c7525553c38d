from django.db import migrations

from search.engines.embedded import tables


def create(apps, schema_editor):
    tables.create_trigrams(schema_editor.connection)


def drop(apps, schema_editor):
    tables.drop_trigrams(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("search", "0006_vocabularies")]
    operations = [migrations.RunPython(create, drop)]
