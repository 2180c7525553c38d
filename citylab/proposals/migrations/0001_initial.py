"""The casework of a proposal: versions, checks, evaluations, decisions, register.

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
        ('taxonomy', '0001_initial'),
        ('testbeds', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CaseCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(unique=True)),
                ('last', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='ChangeRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clock_stopped_on', models.DateField(blank=True, null=True)),
                ('answer_due_on', models.DateField()),
                ('answered_on', models.DateField(blank=True, null=True)),
                ('resumed_on', models.DateField(blank=True, null=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='RegisterCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(unique=True)),
                ('last', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='ChangeRequestItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('section', models.CharField(max_length=40)),
                ('field', models.CharField(blank=True, max_length=60)),
                ('text', models.TextField()),
                ('reply', models.TextField(blank=True)),
                ('settled', models.BooleanField(default=False)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='proposals.changerequest')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Communication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('channel', models.CharField(choices=[('portal', 'Portal'), ('pec', 'PEC')], default='portal', max_length=10)),
                ('direction', models.CharField(choices=[('to_applicant', 'To the start-up'), ('from_applicant', 'From the start-up')], default='to_applicant', max_length=20)),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField(blank=True)),
                ('sent_at', models.DateTimeField()),
                ('legally_received_on', models.DateField(blank=True, null=True)),
                ('sent_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['sent_at', 'id'],
            },
        ),
        migrations.AddField(
            model_name='changerequest',
            name='communication',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='change_request', to='proposals.communication'),
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('state', django_fsm.FSMField(choices=[('draft', 'Draft'), ('submitted', 'Received'), ('screening', 'Screening'), ('changes_requested', 'Additions requested'), ('inadmissible', 'Inadmissible'), ('evaluation', 'Evaluation'), ('refusal_notice', 'Refusal notice'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn')], db_index=True, default='draft', max_length=50, protected=True, verbose_name='state')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(blank=True, max_length=20, null=True, unique=True, verbose_name='number')),
                ('mode', models.CharField(choices=[('open', 'Open, no ranking'), ('competitive', 'Competitive, with ranking')], default='open', max_length=20)),
                ('language', models.CharField(choices=[('it', 'Italian'), ('en', 'English')], default='it', max_length=2)),
                ('form_version', models.PositiveSmallIntegerField(default=1)),
                ('answers', models.JSONField(default=dict)),
                ('version', models.PositiveIntegerField(default=0)),
                ('field_versions', models.JSONField(default=dict)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('summary', models.TextField(blank=True)),
                ('trl_now', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('trl_target', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('starts_on', models.DateField(blank=True, null=True)),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('area_m2', models.PositiveIntegerField(blank=True, null=True)),
                ('budget_cents', models.PositiveBigIntegerField(blank=True, null=True)),
                ('dismantling_cost_cents', models.PositiveBigIntegerField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('received_on', models.DateField(blank=True, null=True)),
                ('term_days', models.PositiveSmallIntegerField(default=30)),
                ('turn', models.CharField(choices=[('applicant', 'The start-up'), ('office', 'The city'), ('nobody', 'Nobody')], default='applicant', max_length=20)),
                ('due_on', models.DateField(blank=True, db_index=True, null=True)),
                ('decided_on', models.DateField(blank=True, null=True)),
                ('audit_salt', models.CharField(default=citylab.proposals.models.proposal.new_salt, editable=False, max_length=32)),
                ('capabilities', models.ManyToManyField(blank=True, related_name='+', to='taxonomy.capability')),
                ('challenge', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='challenges.challenge')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('officer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='responsible officer')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='accounts.organisation')),
                ('programme', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='taxonomy.programme')),
                ('s3_area', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='taxonomy.s3area')),
                ('sector', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='taxonomy.sector')),
                ('technologies', models.ManyToManyField(blank=True, related_name='+', to='taxonomy.technology')),
                ('updated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'proposal',
                'verbose_name_plural': 'proposals',
                'ordering': ['-updated_at'],
                'indexes': [models.Index(fields=['state', 'due_on'], name='proposal_state_due'), models.Index(fields=['officer', 'state', 'due_on'], name='proposal_officer_state_due'), models.Index(fields=['organisation', '-updated_at'], name='proposal_org_updated')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state', 'draft'), ('number__isnull', False), _connector='OR'), name='proposal_numbered_once_submitted'), models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='proposal_ends_after_start', violation_error_message='The pilot ends before it starts.'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'submitted', 'screening', 'changes_requested', 'inadmissible', 'evaluation', 'refusal_notice', 'approved', 'rejected', 'withdrawn'])), name='proposal_state_known')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('written_at', models.DateTimeField()),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='proposals.proposal')),
            ],
            options={
                'ordering': ['-written_at'],
            },
        ),
        migrations.CreateModel(
            name='DraftReminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('closes_at', models.DateTimeField()),
                ('days_before', models.PositiveSmallIntegerField()),
                ('sent_at', models.DateTimeField()),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reminders', to='proposals.proposal')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('proposal', 'closes_at', 'days_before'), name='draft_reminder_once')],
            },
        ),
        migrations.AddField(
            model_name='communication',
            name='proposal',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='communications', to='proposals.proposal'),
        ),
        migrations.AddField(
            model_name='changerequest',
            name='proposal',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='change_requests', to='proposals.proposal'),
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=200)),
                ('key', models.CharField(max_length=100, unique=True)),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField()),
                ('content_type', models.CharField(max_length=100)),
                ('uploaded_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='proposals.proposal')),
            ],
            options={
                'ordering': ['uploaded_at'],
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('assigned_at', models.DateTimeField()),
                ('declared_at', models.DateTimeField(blank=True, null=True)),
                ('has_conflict', models.BooleanField(null=True)),
                ('conflict_note', models.TextField(blank=True)),
                ('assigned_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('evaluator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='proposals.proposal')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('proposal', 'evaluator'), name='evaluator_assigned_once')],
            },
        ),
        migrations.CreateModel(
            name='ProposalSite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rank', models.PositiveSmallIntegerField(default=1)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='wished_sites', to='proposals.proposal')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='testbeds.site')),
            ],
            options={
                'ordering': ['rank', 'id'],
                'constraints': [models.UniqueConstraint(fields=('proposal', 'site'), name='proposal_site_once')],
            },
        ),
        migrations.CreateModel(
            name='ProposalVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('form_version', models.PositiveSmallIntegerField()),
                ('language', models.CharField(max_length=2)),
                ('answers', models.JSONField()),
                ('organisation', models.JSONField(default=dict)),
                ('files', models.JSONField(default=list)),
                ('challenge', models.JSONField(default=dict)),
                ('criteria', models.JSONField(default=list)),
                ('sites', models.JSONField(default=list)),
                ('digest', models.CharField(max_length=64)),
                ('submitted_at', models.DateTimeField()),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='proposals.proposal')),
                ('submitted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('proposal', 'number'), name='proposal_version_number_once')],
            },
        ),
        migrations.CreateModel(
            name='Evaluation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reasons', models.TextField(blank=True)),
                ('saved_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evaluations', to='proposals.assignment')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evaluations', to='proposals.proposalversion')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('assignment', 'version'), name='one_sheet_per_version')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('approved', 'Approved'), ('approved_with_conditions', 'Approved with conditions'), ('approved_subject_to_third_party', 'Approved subject to a third party'), ('rejected', 'Rejected'), ('inadmissible', 'Inadmissible'), ('reopened', 'Reopened')], max_length=40)),
                ('reasons', models.TextField()),
                ('conditions', models.TextField(blank=True)),
                ('third_party', models.CharField(blank=True, max_length=200)),
                ('act_number', models.CharField(max_length=40)),
                ('act_date', models.DateField()),
                ('signed_by', models.CharField(max_length=160)),
                ('decided_at', models.DateTimeField()),
                ('communication', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='proposals.communication')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='proposals.proposal')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='proposals.proposalversion')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'approved_with_conditions'), _negated=True), models.Q(('conditions', ''), _negated=True), _connector='OR'), name='decision_conditions_named', violation_error_message='Write the conditions.'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'approved_subject_to_third_party'), _negated=True), models.Q(('third_party', ''), _negated=True), _connector='OR'), name='decision_third_party_named', violation_error_message='Name the third party.')],
            },
        ),
        migrations.AddField(
            model_name='changerequest',
            name='answers',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.proposalversion'),
        ),
        migrations.CreateModel(
            name='RefusalNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reasons', models.TextField()),
                ('suspended_on', models.DateField()),
                ('observations_due_on', models.DateField()),
                ('observations', models.TextField(blank=True)),
                ('observations_received_on', models.DateField(blank=True, null=True)),
                ('closed_on', models.DateField(blank=True, null=True)),
                ('communication', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='refusal_notice', to='proposals.communication')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refusal_notices', to='proposals.proposal')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='RegisterEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField()),
                ('number', models.PositiveIntegerField()),
                ('direction', models.CharField(choices=[('received', 'Received'), ('sent', 'Sent')], max_length=10)),
                ('registered_at', models.DateTimeField()),
                ('subject', models.CharField(max_length=80)),
                ('case_kind', models.CharField(max_length=20)),
                ('case_id', models.CharField(db_index=True, max_length=40)),
            ],
            options={
                'ordering': ['year', 'number'],
                'constraints': [models.UniqueConstraint(fields=('year', 'number'), name='register_number_once')],
            },
        ),
        migrations.AddField(
            model_name='proposalversion',
            name='register_entry',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.registerentry'),
        ),
        migrations.AddField(
            model_name='communication',
            name='register_entry',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='communication', to='proposals.registerentry'),
        ),
        migrations.CreateModel(
            name='Score',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('criterion', models.CharField(max_length=40)),
                ('value', models.PositiveSmallIntegerField()),
                ('reason', models.TextField(blank=True)),
                ('evaluation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='proposals.evaluation')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('evaluation', 'criterion'), name='one_score_per_criterion'), models.CheckConstraint(condition=models.Q(('value__lte', 5)), name='score_from_zero_to_five')],
            },
        ),
        migrations.CreateModel(
            name='ScreeningCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.CharField(max_length=40)),
                ('result', models.CharField(choices=[('passed', 'In order'), ('failed', 'Not in order'), ('not_applicable', 'Does not apply')], max_length=20)),
                ('note', models.TextField(blank=True)),
                ('checked_at', models.DateTimeField()),
                ('checked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='screening_checks', to='proposals.proposalversion')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('version', 'item'), name='screening_item_once')],
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('pdf', 'Digitally signed PDF'), ('p7m', 'Digitally signed p7m'), ('handwritten', 'Handwritten, with identity document')], max_length=20)),
                ('signatory', models.CharField(max_length=160)),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.attachment')),
                ('identity_document', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.attachment')),
                ('version', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='signature', to='proposals.proposalversion')),
            ],
        ),
        migrations.CreateModel(
            name='StampDuty',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('serial_number', models.CharField(blank=True, max_length=14, null=True, unique=True, verbose_name='serial number')),
                ('stamped_on', models.DateField(blank=True, null=True, verbose_name='date of the stamp')),
                ('not_reused', models.BooleanField(default=False)),
                ('exemption', models.CharField(blank=True, choices=[('onlus', 'ONLUS or registered third-sector body'), ('public', 'Public administration'), ('innovative', 'Other ground set by law')], max_length=20)),
                ('exemption_note', models.CharField(blank=True, max_length=300)),
                ('version', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='stamp_duty', to='proposals.proposalversion')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('exemption', ''), ('not_reused', True), ('serial_number__isnull', False), ('stamped_on__isnull', False)), models.Q(('serial_number__isnull', True), models.Q(('exemption', ''), _negated=True)), _connector='OR'), name='stamp_serial_or_exemption', violation_error_message='Give the serial number with its date and the declaration of no reuse, or the ground of exemption.')],
            },
        ),
    ]
