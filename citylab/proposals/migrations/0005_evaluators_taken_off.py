from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("proposals", "0004_stamps_of_decisions")]

    operations = [migrations.AddField("assignment", "taken_off_at", models.DateTimeField(blank=True, null=True))]
