from django.db import migrations, models


def remember(apps, schema_editor):
    """What stands in the row was last published: Wagtail keeps drafts elsewhere."""
    Challenge = apps.get_model("challenges", "Challenge")
    closes = Challenge.objects.filter(pk=models.OuterRef("challenge_id")).values("closes_at")
    apps.get_model("challenges", "ChallengeProgress").objects.update(published_closes_at=models.Subquery(closes))


class Migration(migrations.Migration):
    dependencies = [("challenges", "0001_initial")]

    operations = [
        migrations.AddField("challengeprogress", "published_closes_at", models.DateTimeField(blank=True, null=True)),
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
