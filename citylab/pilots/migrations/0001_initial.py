"""Pilots: agreement, gates, milestones, readings, incidents, closing.

One file with every constraint inside its table: SQLite rebuilds a table for each constraint added later.
"""

import citylab.proposals.models.proposal
import django.db.models.deletion
import django_fsm
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('challenges', '0001_initial'),
        ('proposals', '0001_initial'),
        ('taxonomy', '0001_initial'),
        ('testbeds', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pilot',
            fields=[
                ('state', django_fsm.FSMField(choices=[('agreement', 'Agreement'), ('preparation', 'Preparation'), ('ready', 'Ready'), ('running', 'Running'), ('suspended', 'Suspended'), ('terminated', 'Ended by the start-up'), ('revoked', 'Revoked by the city'), ('restoration', 'Restoration'), ('reporting', 'Reporting'), ('closed', 'Closed'), ('withdrawn', 'Withdrawn')], db_index=True, default='agreement', max_length=50, protected=True, verbose_name='state')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=30, unique=True, verbose_name='code')),
                ('slug', models.SlugField(max_length=120, unique=True, verbose_name='address')),
                ('title', models.CharField(max_length=200)),
                ('starts_on', models.DateField(blank=True, null=True)),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('turn', models.CharField(choices=[('applicant', 'The start-up'), ('office', 'The city'), ('nobody', 'Nobody')], default='office', max_length=20)),
                ('due_on', models.DateField(blank=True, db_index=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('audit_salt', models.CharField(default=citylab.proposals.models.proposal.new_salt, editable=False, max_length=32)),
                ('agreement_number', models.CharField(blank=True, max_length=40)),
                ('agreement_city_signed_on', models.DateField(blank=True, null=True)),
                ('agreement_startup_signed_on', models.DateField(blank=True, null=True)),
                ('started_on', models.DateField(blank=True, null=True)),
                ('completed_on', models.DateField(blank=True, null=True)),
                ('removal_due_on', models.DateField(blank=True, null=True)),
                ('ending_reason', models.TextField(blank=True)),
                ('outcome', models.CharField(blank=True, choices=[('adopt', 'The city adopts it'), ('procure', 'The city procures it'), ('extend', "Goes on at the start-up's own cost"), ('stop', 'Stops here')], max_length=20)),
                ('outcome_reasons', models.TextField(blank=True)),
                ('closed_on', models.DateField(blank=True, null=True)),
                ('public_title_it', models.CharField(blank=True, max_length=160)),
                ('public_title_en', models.CharField(blank=True, max_length=160)),
                ('public_summary_it', models.TextField(blank=True, max_length=1000)),
                ('public_summary_en', models.TextField(blank=True, max_length=1000)),
                ('public_confirmed_by_city_at', models.DateTimeField(blank=True, null=True)),
                ('public_confirmed_by_startup_at', models.DateTimeField(blank=True, null=True)),
                ('is_archive', models.BooleanField(default=False)),
                ('archive_organisation', models.CharField(blank=True, max_length=160)),
                ('archive_city', models.CharField(blank=True, max_length=60)),
                ('archive_years', models.CharField(blank=True, max_length=40)),
                ('latitude', models.FloatField(blank=True, null=True)),
                ('longitude', models.FloatField(blank=True, null=True)),
                ('source', models.CharField(blank=True, max_length=120)),
                ('source_note_it', models.CharField(blank=True, max_length=300)),
                ('source_note_en', models.CharField(blank=True, max_length=300)),
                ('challenge', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pilots', to='challenges.challenge')),
                ('officer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pilots', to='accounts.organisation')),
                ('programme', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pilots', to='taxonomy.programme')),
                ('proposal', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pilot', to='proposals.proposal')),
                ('public_confirmed_by_city', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('public_confirmed_by_startup', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sector', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pilots', to='taxonomy.sector')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pilots', to='testbeds.site')),
            ],
            options={
                'verbose_name': 'pilot',
                'verbose_name_plural': 'pilots',
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['state', 'due_on'], name='pilot_state_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['agreement', 'preparation', 'ready', 'running', 'suspended', 'terminated', 'revoked', 'restoration', 'reporting', 'closed', 'withdrawn'])), name='pilot_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('is_archive', True), ('proposal__isnull', True)), models.Q(('is_archive', False), ('proposal__isnull', False)), _connector='OR'), name='pilot_archive_has_no_proposal'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'closed'), _negated=True), ('is_archive', True), models.Q(models.Q(('outcome', ''), _negated=True), models.Q(('outcome_reasons', ''), _negated=True)), _connector='OR'), name='pilot_closed_with_outcome', violation_error_message='A pilot is closed with its outcome and the reasons.'), models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='pilot_ends_after_start')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Milestone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200)),
                ('due_on', models.DateField()),
                ('done_on', models.DateField(blank=True, null=True)),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='milestones', to='pilots.pilot')),
            ],
            options={
                'ordering': ['due_on', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Indicator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_it', models.CharField(max_length=160)),
                ('name_en', models.CharField(max_length=160)),
                ('unit', models.CharField(blank=True, max_length=20)),
                ('baseline', models.DecimalField(decimal_places=2, max_digits=14)),
                ('target', models.DecimalField(decimal_places=2, max_digits=14)),
                ('method', models.CharField(blank=True, max_length=300)),
                ('is_public', models.BooleanField(default=True)),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='indicators', to='pilots.pilot')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('happened_at', models.DateTimeField()),
                ('severity', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], max_length=10)),
                ('text', models.TextField()),
                ('measures', models.TextField(blank=True)),
                ('reported_at', models.DateTimeField()),
                ('settled_on', models.DateField(blank=True, null=True)),
                ('reported_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='incidents', to='pilots.pilot')),
            ],
            options={
                'ordering': ['-happened_at'],
                'constraints': [models.UniqueConstraint(fields=('pilot', 'number'), name='incident_number_once')],
            },
        ),
        migrations.CreateModel(
            name='Gate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('signatures', 'Agreement signed by both'), ('permits', 'Permits'), ('insurance', 'Insurance'), ('fees', 'Fees and stamp duty'), ('deposit', 'Deposit'), ('dpia', 'Data protection impact assessment'), ('slot', 'Site booked')], max_length=20)),
                ('result', models.CharField(choices=[('red', 'Missing'), ('green', 'In order'), ('not_needed', 'Not needed')], default='red', max_length=20)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('set_at', models.DateTimeField(blank=True, null=True)),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gates', to='pilots.pilot')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('pilot', 'kind'), name='gate_once')],
            },
        ),
        migrations.CreateModel(
            name='FinalReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('results', models.TextField()),
                ('lessons', models.TextField()),
                ('next_steps', models.TextField(blank=True)),
                ('submitted_at', models.DateTimeField()),
                ('attachment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.attachment')),
                ('submitted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('pilot', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='final_report', to='pilots.pilot')),
            ],
        ),
        migrations.CreateModel(
            name='PilotNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('written_at', models.DateTimeField()),
                ('internal', models.BooleanField(default=False)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='pilots.pilot')),
            ],
            options={
                'ordering': ['-written_at'],
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_on', models.DateField()),
                ('value', models.DecimalField(decimal_places=2, max_digits=14)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('entered_at', models.DateTimeField()),
                ('entered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('indicator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='pilots.indicator')),
            ],
            options={
                'ordering': ['read_on', 'id'],
                'constraints': [models.UniqueConstraint(fields=('indicator', 'read_on'), name='reading_once_a_day')],
            },
        ),
        migrations.CreateModel(
            name='RestorationCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('checked_on', models.DateField()),
                ('passed', models.BooleanField()),
                ('note', models.TextField(blank=True)),
                ('recorded_at', models.DateTimeField()),
                ('checked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='restoration_checks', to='pilots.pilot')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Suspension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('restart_conditions', models.TextField()),
                ('suspended_on', models.DateField()),
                ('restarted_on', models.DateField(blank=True, null=True)),
                ('incident', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='suspensions', to='pilots.incident')),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suspensions', to='pilots.pilot')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='SuspensionRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('requested_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suspension_requests', to='pilots.pilot')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('answer', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ExtensionRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ends_on', models.DateField()),
                ('reason', models.TextField()),
                ('requested_at', models.DateTimeField()),
                ('result', models.CharField(choices=[('requested', 'Requested'), ('granted', 'Granted'), ('refused', 'Refused'), ('lapsed', 'Lapsed')], default='requested', max_length=20)),
                ('answer', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='extension_requests', to='pilots.pilot')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('result', 'requested')), fields=('pilot',), name='one_pending_extension')],
            },
        ),
    ]
