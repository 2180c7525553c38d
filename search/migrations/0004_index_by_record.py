"""One row for each record, with its facts, and its words by language; the full-text tables anew. What was indexed is indexed again."""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from search.engines.embedded import tables

OLD_SQLITE = ["DROP TRIGGER search_fts_insert", "DROP TRIGGER search_fts_delete", "DROP TRIGGER search_fts_update", "DROP TABLE search_fts"]
RECORDS = {"site": ("testbeds", "Site"), "challenge": ("challenges", "Challenge"), "pilot": ("pilots", "Pilot"), "proposal": ("proposals", "Proposal")}


def drop_old(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in OLD_SQLITE:
            schema_editor.execute(statement)


def create(apps, schema_editor):
    tables.create(schema_editor.connection)


def drop(apps, schema_editor):
    tables.drop(schema_editor.connection)


def ask_for_indexing(apps, schema_editor):
    """The worker indexes each record again by itself."""
    message = apps.get_model("core", "OutboxMessage")
    for kind, name in RECORDS.items():
        records = apps.get_model(*name).objects.order_by("pk").values_list("pk", flat=True)
        rows = (message(topic=f"{kind}.content_changed", key=str(pk), payload={}, created_at=timezone.now()) for pk in records.iterator())
        message.objects.bulk_create(rows, batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [
        ("search", "0003_alerts_and_feedback"),
        ("core", "0002_outbox_by_record"),
        ("testbeds", "0002_no_overlapping_bookings"),
        ("challenges", "0001_initial"),
        ("pilots", "0005_fine_numbers_and_answered_suspensions"),
        ("proposals", "0001_initial"),
    ]
    operations = [
        migrations.RunPython(drop_old, migrations.RunPython.noop),
        migrations.DeleteModel("SearchDocument"),
        migrations.CreateModel(
            name="SearchRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("object_id", models.CharField(max_length=40)),
                ("revision", models.BigIntegerField()),
                ("digest", models.CharField(blank=True, max_length=32)),
                ("is_deleted", models.BooleanField(default=False)),
                ("accepted", models.PositiveIntegerField(default=0)),
                ("has_calendar", models.BooleanField(default=False)),
                ("area_m2", models.PositiveIntegerField(null=True)),
                ("trl_min", models.PositiveSmallIntegerField(null=True)),
                ("trl_max", models.PositiveSmallIntegerField(null=True)),
                ("budget_max_cents", models.PositiveBigIntegerField(null=True)),
                ("opens_at", models.DateTimeField(null=True)),
                ("closes_at", models.DateTimeField(null=True)),
                ("latitude", models.FloatField(null=True)),
                ("longitude", models.FloatField(null=True)),
                ("maximum_metres", models.PositiveIntegerField(null=True)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("kind", "object_id"), name="record_once")]},
        ),
        migrations.CreateModel(
            name="SearchFact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=20)),
                ("value", models.CharField(max_length=60)),
                ("record", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="values", to="search.searchrecord")),
            ],
            options={"indexes": [models.Index(fields=["name", "value"], name="fact_by_value")]},
        ),
        migrations.CreateModel(
            name="SearchPeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("record", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="periods", to="search.searchrecord")),
            ],
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("language", models.CharField(max_length=2)),
                ("title", models.TextField()),
                ("stemmed_title", models.TextField()),
                ("body", models.TextField()),
                ("whole", models.TextField()),
                ("words", models.TextField()),
                ("pairs", models.TextField()),
                ("grams", models.TextField()),
                ("record", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="documents", to="search.searchrecord")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("record", "language"), name="document_once")]},
        ),
        migrations.CreateModel(
            name="WaitingRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("object_id", models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="Affinity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("proposal_id", models.CharField(db_index=True, max_length=40)),
                ("kind", models.CharField(max_length=20)),
                ("object_id", models.CharField(max_length=40)),
                ("share", models.FloatField()),
            ],
            options={"indexes": [models.Index(fields=["kind", "object_id", "-share"], name="affinity_by_place")]},
        ),
        migrations.RunPython(create, drop),
        migrations.RunPython(ask_for_indexing, migrations.RunPython.noop),
    ]
