from django.db import migrations, models


def remember(apps, schema_editor):
    """What stands in the row was last published: Wagtail keeps drafts elsewhere."""
    Challenge = apps.get_model("challenges", "Challenge")
    mode = Challenge.objects.filter(pk=models.OuterRef("challenge_id")).values("mode")
    apps.get_model("challenges", "ChallengeProgress").objects.update(published_mode=models.Subquery(mode))


class Migration(migrations.Migration):
    dependencies = [("challenges", "0002_published_closing_time")]

    operations = [
        migrations.AddField(
            "challengeprogress",
            "published_mode",
            models.CharField(choices=[("open", "Open, no ranking"), ("competitive", "Competitive, with ranking")], default="", max_length=20),
            preserve_default=False,
        ),
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
