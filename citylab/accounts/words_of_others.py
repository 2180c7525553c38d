"""Texts of django-allauth and Django that our Italian says in its own words: named here, they are collected with ours, and ours come first."""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

ADDRESSES = (
    _("Email"),
    _("Email address"),
    _("Email Addresses"),
    _("The following email addresses are associated with your account:"),
    _("Make Primary"),
    _("Re-send Verification"),
    _("Add Email"),
    _("Add Email Address"),
    _("Confirm Email Address"),
    _("Verify Your Email Address"),
    _('Please confirm that <a href="mailto:%(email)s">%(email)s</a> is an email address for user %(user_display)s.'),
    _('This email confirmation link expired or is invalid. Please <a href="%(email_url)s">issue a new email confirmation request</a>.'),
    _(
        "We have sent an email to you for verification. Follow the link provided to finalize the signup process. If you do not see the verification email in your main inbox,"
        " check your spam folder. Please contact us if you do not receive the verification email within a few minutes."
    ),
    _("Confirmation email sent to %(email)s."),
    _("You have confirmed %(email)s."),
    _("Removed email address %(email)s."),
    _("Primary email address set."),
    _("Do you really want to remove the selected email address?"),
)
PASSWORDS = (
    _("Change Password"),
    _("Current Password"),
    _("New Password (again)"),
    _("Password Reset"),
    _("Reset My Password"),
    _("Forgotten your password? Enter your email address below, and we'll send you an email allowing you to reset it."),
    _("Please contact us if you have any trouble resetting your password."),
    _("We have sent you an email. If you have not received it please check your spam folder. Otherwise contact us if you do not receive it in a few minutes."),
    _(
        "The password reset link was invalid, possibly because it has already been used.  Please request a"
        ' <a href="%(passwd_reset_url)s">new password reset</a>.'
    ),
    _("The email address and/or password you specified are not correct."),
    _("Your password can’t be too similar to your other personal information."),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.", "Your password must contain at least %(min_length)d characters.", "min_length"
    ),
    _("Your password can’t be a commonly used password."),
    _("Your password can’t be entirely numeric."),
)
ACCESS = (
    _("Sign Out"),
    _("Are you sure you want to sign out?"),
    _("You have signed out."),
    _("Successfully signed in as %(name)s."),
    _("You are already logged in as %(user_display)s."),
    _("Confirm Access"),
    _("Please reauthenticate to safeguard your account."),
    _("Enter your password:"),
    _("Too many failed login attempts. Try again later."),
)
SECOND_FACTOR = (
    _("Two-Factor Authentication"),
    _("Authenticator App"),
    _("Authenticator code"),
    _("Activate Authenticator App"),
    _("Deactivate Authenticator App"),
    _("An authenticator app is not active."),
    _("Authentication using an authenticator app is active."),
    _("No recovery codes set up."),
    _("You cannot activate two-factor authentication until you have verified your email address."),
    _("You can store this secret and use it to reinstall your authenticator app at a later time."),
    _("You are about to deactivate authenticator app based authentication. Are you sure?"),
    _("You are about to generate a new set of recovery codes for your account."),
)
