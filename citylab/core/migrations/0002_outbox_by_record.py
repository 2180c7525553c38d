from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="outboxmessage", name="outbox_pending_key"),
        migrations.AddIndex(model_name="outboxmessage", index=models.Index(fields=["key", "id"], name="outbox_by_record")),
    ]
