"""manage.py grant_role: a role for somebody who has signed up; how an installation gets its first administrator."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from citylab.accounts.models import Role, User
from citylab.accounts.services.roles import role_grant


class Command(BaseCommand):
    help = "Give a role to a person who has an account. It stands in the audit trail as given by the system."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that the person signed up with")
        parser.add_argument("role", choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"], is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody with an active account has the address {options['email']}: first let the person sign up on the site.")
        if user.has_role(options["role"]):
            self.stdout.write(f"{user.email} has the role {options['role']} already.")
            return
        role_grant(user=user, role=options["role"], actor=None)
        self.stdout.write(f"{user.email} has the role {options['role']} now.")
