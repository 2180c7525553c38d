import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('proposals', '0001_initial'),
        ('search', '0002_full_text'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MatchFeedback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('object_id', models.CharField(max_length=40)),
                ('proposal_id', models.UUIDField(null=True)),
                ('group', models.CharField(max_length=10)),
                ('score', models.DecimalField(decimal_places=2, max_digits=3)),
                ('engine', models.CharField(max_length=20)),
                ('reasons', models.JSONField(default=list)),
                ('verdict', models.CharField(choices=[('not_relevant', 'Not relevant'), ('why_not', 'Why not?')], max_length=20)),
                ('day', models.DateField()),
                ('once', models.CharField(max_length=64, unique=True)),
            ],
            options={
                'indexes': [models.Index(fields=['day', 'kind', 'object_id'], name='feedback_day')],
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('object_id', models.CharField(max_length=40)),
                ('searches', models.JSONField(default=list)),
                ('subscriptions', models.JSONField(default=list)),
                ('told_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'kind', 'object_id'), name='alert_once')],
            },
        ),
        migrations.CreateModel(
            name='AlertSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('known', models.JSONField(default=dict)),
                ('is_paused', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organisation')),
                ('proposal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='proposals.proposal')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alert_subscriptions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('proposal__isnull', False)), fields=('user', 'proposal'), name='subscription_proposal_once'), models.UniqueConstraint(condition=models.Q(('proposal__isnull', True)), fields=('user', 'organisation'), name='subscription_organisation_once')],
            },
        ),
        migrations.CreateModel(
            name='SavedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('kind', models.CharField(choices=[('challenge', 'Challenges'), ('site', 'Sites'), ('all', 'Challenges and sites')], max_length=10)),
                ('words', models.CharField(blank=True, max_length=200)),
                ('filters', models.JSONField(default=dict)),
                ('language', models.CharField(max_length=2)),
                ('known', models.JSONField(default=dict)),
                ('is_paused', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_searches', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'constraints': [models.UniqueConstraint(fields=('user', 'name'), name='saved_search_name_once')],
            },
        ),
    ]
