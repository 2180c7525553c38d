"""The same number in two fields names one organisation: the identifiers of all stand in one table, each once.

Of two organisations that share a number already, the earlier one keeps it here; neither profile changes.
"""

import django.db.models.deletion
from django.db import migrations, models


def take(apps, schema_editor):
    organisation, identifier = apps.get_model("accounts", "Organisation"), apps.get_model("accounts", "Identifier")
    rows = []
    for found in organisation.objects.order_by("created_at"):
        values = {found.vat_number, found.tax_code, found.foreign_identifier} - {""}
        rows += [identifier(organisation=found, country=found.country, value=value) for value in sorted(values)]
    identifier.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Identifier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.CharField(max_length=2)),
                ("value", models.CharField(max_length=40)),
                ("organisation", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="identifiers", to="accounts.organisation")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("country", "value"), name="identifier_once", violation_error_message="This identifier is already registered."
                    )
                ],
            },
        ),
        migrations.RunPython(take, migrations.RunPython.noop),
    ]
