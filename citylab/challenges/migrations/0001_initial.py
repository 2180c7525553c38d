"""Challenges, their criteria, deadlines and questions.

One file with every constraint inside its table: SQLite rebuilds a table for each constraint added later.
"""

import django.core.validators
import django.db.models.deletion
import modelcluster.fields
import wagtail.fields
import citylab.core.previews
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('taxonomy', '0001_initial'),
        ('wagtailcore', '0098_apitoken'),
    ]

    operations = [
        migrations.CreateModel(
            name='Challenge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('live', models.BooleanField(default=True, editable=False, verbose_name='live')),
                ('has_unpublished_changes', models.BooleanField(default=False, editable=False, verbose_name='has unpublished changes')),
                ('first_published_at', models.DateTimeField(blank=True, db_index=True, null=True, verbose_name='first published at')),
                ('last_published_at', models.DateTimeField(editable=False, null=True, verbose_name='last published at')),
                ('go_live_at', models.DateTimeField(blank=True, null=True, verbose_name='go live date/time')),
                ('expire_at', models.DateTimeField(blank=True, null=True, verbose_name='expiry date/time')),
                ('expired', models.BooleanField(default=False, editable=False, verbose_name='expired')),
                ('locked', models.BooleanField(default=False, editable=False, verbose_name='locked')),
                ('locked_at', models.DateTimeField(editable=False, null=True, verbose_name='locked at')),
                ('code', models.SlugField(help_text='Permanent; used in short addresses.', max_length=20, unique=True, verbose_name='code')),
                ('slug', models.SlugField(help_text='Earlier addresses keep leading here.', max_length=120, unique=True, verbose_name='address')),
                ('city', models.CharField(default='Torino', help_text='Where this need was first published.', max_length=60, verbose_name='city of origin')),
                ('title_it', models.CharField(max_length=160, verbose_name='title (Italian)')),
                ('title_en', models.CharField(max_length=160, verbose_name='title (English)')),
                ('summary_it', models.TextField(max_length=300, verbose_name='summary (Italian)')),
                ('summary_en', models.TextField(max_length=300, verbose_name='summary (English)')),
                ('description_it', wagtail.fields.RichTextField(verbose_name='description (Italian)')),
                ('description_en', wagtail.fields.RichTextField(verbose_name='description (English)')),
                ('expected_it', models.TextField(blank=True, verbose_name='expected result (Italian)')),
                ('expected_en', models.TextField(blank=True, verbose_name='expected result (English)')),
                ('plan_it', models.CharField(blank=True, max_length=200, verbose_name='city plan (Italian)')),
                ('plan_en', models.CharField(blank=True, max_length=200, verbose_name='city plan (English)')),
                ('owner_it', models.CharField(blank=True, max_length=160, verbose_name='responsible office (Italian)')),
                ('owner_en', models.CharField(blank=True, max_length=160, verbose_name='responsible office (English)')),
                ('contact_email', models.EmailField(blank=True, max_length=254, verbose_name='contact e-mail')),
                ('mode', models.CharField(choices=[('open', 'Open, no ranking'), ('competitive', 'Competitive, with ranking')], default='open', max_length=20, verbose_name='mode')),
                ('applicant_kinds', models.JSONField(blank=True, default=list, help_text='Empty: everyone.', verbose_name='admitted applicants')),
                ('trl_min', models.PositiveSmallIntegerField(default=4, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(9)], verbose_name='lowest TRL')),
                ('trl_max', models.PositiveSmallIntegerField(default=9, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(9)], verbose_name='highest TRL')),
                ('budget_max_cents', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='highest contribution, in cents')),
                ('co_funding_percent', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='co-funding, per cent')),
                ('opens_at', models.DateTimeField(blank=True, null=True, verbose_name='opens')),
                ('closes_at', models.DateTimeField(blank=True, help_text='Needed for competitive challenges.', null=True, verbose_name='closes')),
                ('latitude', models.FloatField(blank=True, help_text='Where the need is, if it has a place.', null=True, verbose_name='latitude')),
                ('longitude', models.FloatField(blank=True, null=True, verbose_name='longitude')),
                ('maximum_distance_metres', models.PositiveIntegerField(blank=True, null=True, verbose_name='farthest site, in metres')),
                ('source', models.CharField(blank=True, max_length=120, verbose_name='source')),
                ('assumed', models.JSONField(blank=True, default=list, verbose_name='assumed fields')),
                ('capabilities', modelcluster.fields.ParentalManyToManyField(blank=True, related_name='challenges', to='taxonomy.capability', verbose_name='required capabilities')),
                ('latest_revision', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='wagtailcore.revision', verbose_name='latest revision')),
                ('live_revision', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='wagtailcore.revision', verbose_name='live revision')),
                ('locked_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='locked_%(class)ss', to=settings.AUTH_USER_MODEL, verbose_name='locked by')),
                ('programme', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='challenges', to='taxonomy.programme', verbose_name='programme')),
                ('s3_area', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='challenges', to='taxonomy.s3area', verbose_name='S3 area')),
                ('sector', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='challenges', to='taxonomy.sector', verbose_name='sector')),
                ('technologies', modelcluster.fields.ParentalManyToManyField(blank=True, related_name='challenges', to='taxonomy.technology', verbose_name='technologies')),
            ],
            options={
                'verbose_name': 'challenge',
                'verbose_name_plural': 'challenges',
                'ordering': ['code'],
                'constraints': [models.CheckConstraint(condition=models.Q(('trl_min__lte', models.F('trl_max'))), name='challenge_trl_range', violation_error_message='The lowest TRL is above the highest.'), models.CheckConstraint(condition=models.Q(('closes_at__isnull', True), ('opens_at__isnull', True), ('closes_at__gt', models.F('opens_at')), _connector='OR'), name='challenge_closes_after_opens', violation_error_message='The closing time must come after the opening time.'), models.CheckConstraint(condition=models.Q(('live', False), ('sector__isnull', False), _connector='OR'), name='challenge_live_has_sector', violation_error_message='A published challenge has a sector.')],
            },
            bases=(citylab.core.previews.BilingualPreviewMixin, models.Model),
        ),
        migrations.CreateModel(
            name='ChallengeAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=120, unique=True)),
                ('challenge', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='challenges.challenge')),
            ],
        ),
        migrations.CreateModel(
            name='ChallengeProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('closes_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('criteria_frozen_at', models.DateTimeField(blank=True, null=True)),
                ('frozen_criteria', models.JSONField(default=list)),
                ('proposals_received', models.PositiveIntegerField(default=0)),
                ('challenge', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='progress', to='challenges.challenge')),
            ],
        ),
        migrations.CreateModel(
            name='Criterion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name_it', models.CharField(max_length=120, verbose_name='name (Italian)')),
                ('name_en', models.CharField(max_length=120, verbose_name='name (English)')),
                ('weight', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='weight')),
                ('minimum', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(5)], verbose_name='minimum')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('challenge', modelcluster.fields.ParentalKey(on_delete=django.db.models.deletion.CASCADE, related_name='criteria', to='challenges.challenge')),
            ],
            options={
                'verbose_name': 'criterion',
                'verbose_name_plural': 'criteria',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='DeadlineExtension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_moment', models.DateTimeField()),
                ('to_moment', models.DateTimeField()),
                ('reason', models.TextField(verbose_name='reason')),
                ('extended_at', models.DateTimeField()),
                ('challenge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='extensions', to='challenges.challenge')),
                ('extended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['extended_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('to_moment__gt', models.F('from_moment'))), name='extension_goes_later')],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('it', 'Italian'), ('en', 'English')], default='it', max_length=2, verbose_name='language')),
                ('text', models.TextField(max_length=2000, verbose_name='question')),
                ('asked_at', models.DateTimeField(verbose_name='asked')),
                ('answer_it', models.TextField(blank=True, max_length=4000, verbose_name='answer (Italian)')),
                ('answer_en', models.TextField(blank=True, max_length=4000, verbose_name='answer (English)')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('challenge', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='challenges.challenge', verbose_name='challenge')),
                ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.organisation')),
            ],
            options={
                'verbose_name': 'question',
                'verbose_name_plural': 'questions',
                'ordering': ['-asked_at'],
            },
        ),
    ]
