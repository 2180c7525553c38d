"""People, organisations, memberships and roles.

One file with every constraint inside its table: SQLite rebuilds a table for each constraint added later.
"""

import citylab.accounts.models
import citylab.core.clock
import django.db.models.deletion
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail')),
                ('name', models.CharField(blank=True, max_length=160, verbose_name='name')),
                ('language', models.CharField(choices=[('it', 'Italian'), ('en', 'English')], default='it', max_length=2, verbose_name='language')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('is_staff', models.BooleanField(default=False)),
                ('is_demo', models.BooleanField(default=False)),
                ('date_joined', models.DateTimeField(default=citylab.core.clock.now)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_once', violation_error_message='This e-mail address is already registered.')],
            },
        ),
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('legal_name', models.CharField(max_length=200, verbose_name='legal name')),
                ('kind', models.CharField(choices=[('startup', 'Start-up'), ('sme', 'Small or medium enterprise'), ('large', 'Large enterprise'), ('research', 'University or research body'), ('nonprofit', 'Third-sector body'), ('public', 'Public body'), ('partnership', 'Partnership')], max_length=20, verbose_name='kind')),
                ('legal_form', models.CharField(blank=True, max_length=80, verbose_name='legal form')),
                ('country', models.CharField(default='IT', max_length=2, verbose_name='country')),
                ('vat_number', models.CharField(blank=True, max_length=20, verbose_name='VAT number (P.IVA)')),
                ('tax_code', models.CharField(blank=True, max_length=16, verbose_name='tax code (codice fiscale)')),
                ('foreign_identifier', models.CharField(blank=True, max_length=40, verbose_name='foreign identifier')),
                ('rea', models.CharField(blank=True, max_length=20, verbose_name='REA number')),
                ('pec', models.EmailField(blank=True, max_length=254, verbose_name='PEC')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='telephone')),
                ('website', models.URLField(blank=True, verbose_name='website')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='address')),
                ('postcode', models.CharField(blank=True, max_length=12, verbose_name='postcode')),
                ('town', models.CharField(blank=True, max_length=80, verbose_name='town')),
                ('latitude', models.FloatField(blank=True, null=True)),
                ('longitude', models.FloatField(blank=True, null=True)),
                ('size', models.CharField(blank=True, choices=[('micro', 'Micro (fewer than 10 people)'), ('small', 'Small (10 to 49 people)'), ('medium', 'Medium (50 to 249 people)'), ('large', 'Large (250 people or more)')], max_length=10, verbose_name='size')),
                ('innovative_startup', models.BooleanField(default=False, verbose_name='innovative start-up (special section of the register)')),
                ('impact_startup', models.BooleanField(default=False, verbose_name='impact start-up')),
                ('founded_on', models.DateField(blank=True, null=True, verbose_name='founded on')),
                ('language', models.CharField(choices=[('it', 'Italian'), ('en', 'English')], default='it', max_length=2, verbose_name='language of the description')),
                ('description', models.TextField(blank=True, max_length=2000, verbose_name='what the organisation does')),
                ('sector_codes', models.JSONField(blank=True, default=list, verbose_name='sectors')),
                ('technology_codes', models.JSONField(blank=True, default=list, verbose_name='technologies')),
                ('representative_name', models.CharField(blank=True, max_length=160, verbose_name='legal representative')),
                ('representative_role', models.CharField(blank=True, max_length=80, verbose_name='role of the representative')),
                ('representative_tax_code', models.CharField(blank=True, max_length=16, verbose_name='tax code of the representative')),
                ('representative_email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail of the representative')),
                ('test_manager_name', models.CharField(blank=True, max_length=160, verbose_name='test manager')),
                ('test_manager_email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail of the test manager')),
                ('test_manager_phone', models.CharField(blank=True, max_length=40, verbose_name='telephone of the test manager')),
                ('is_demo', models.BooleanField(default=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'organisation',
                'verbose_name_plural': 'organisations',
                'ordering': ['legal_name'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('vat_number', ''), _negated=True), fields=('country', 'vat_number'), name='organisation_vat_once', violation_error_message='This identifier is already registered.'), models.UniqueConstraint(condition=models.Q(('tax_code', ''), _negated=True), fields=('country', 'tax_code'), name='organisation_tax_code_once', violation_error_message='This identifier is already registered.'), models.UniqueConstraint(condition=models.Q(('foreign_identifier', ''), _negated=True), fields=('country', 'foreign_identifier'), name='organisation_foreign_once', violation_error_message='This identifier is already registered.')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('editor', 'Editor'), ('reader', 'Reader')], max_length=10, verbose_name='role')),
                ('joined_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.organisation')),
            ],
            options={
                'ordering': ['joined_at'],
                'constraints': [models.UniqueConstraint(fields=('user', 'organisation'), name='membership_once')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('editor', 'Editor'), ('reader', 'Reader')], max_length=10, verbose_name='role')),
                ('token', models.CharField(default=citylab.accounts.models.new_token, max_length=60, unique=True)),
                ('invited_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.organisation')),
            ],
            options={
                'ordering': ['-invited_at'],
            },
        ),
        migrations.CreateModel(
            name='AccessRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message', models.TextField(blank=True, max_length=1000)),
                ('asked_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('accepted', models.BooleanField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_requests', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_requests', to='accounts.organisation')),
            ],
            options={
                'ordering': ['-asked_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('answered_at__isnull', True)), fields=('organisation', 'user'), name='access_request_once')],
            },
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('startup', 'Start-up'), ('officer', 'Officer'), ('evaluator', 'Evaluator'), ('department', 'Department'), ('editor', 'Editor'), ('administrator', 'Administrator')], max_length=20)),
                ('granted_at', models.DateTimeField()),
                ('granted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='role_grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'role'), name='role_once')],
            },
        ),
    ]
