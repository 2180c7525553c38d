"""Work that waits for a record, once for each kind of work. Nothing waited before: no worker wrote it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0004_index_by_record")]

    operations = [
        migrations.DeleteModel("WaitingRecord"),
        migrations.CreateModel(
            name="WaitingRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("work", models.CharField(choices=[("write", "Write"), ("affinities", "Affinities")], max_length=10)),
                ("kind", models.CharField(max_length=20)),
                ("object_id", models.CharField(max_length=40)),
                ("revision", models.BigIntegerField()),
                ("is_news", models.BooleanField(default=False)),
                ("taken_until", models.DateTimeField(null=True)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("work", "kind", "object_id"), name="waiting_once")]},
        ),
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=20, unique=True)),
                ("host", models.CharField(max_length=255)),
                ("process", models.PositiveIntegerField()),
                ("token", models.CharField(max_length=16)),
                ("beat_at", models.DateTimeField()),
            ],
        ),
    ]
