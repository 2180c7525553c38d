"""An editor's own account page in Wagtail."""

import re

from django.urls import reverse


def test_the_account_page_asks_for_the_name_that_the_person_has_and_keeps_it(anna):
    page = anna.get(reverse("wagtailadmin_account")).content.decode()
    assert re.search(r'name="name_email-name" value="Anna"', page) and "first_name" not in page
    answer = anna.post(
        reverse("wagtailadmin_account"),
        {
            "name_email-name": "Anna Bianchi",
            "locale-preferred_language": "it",
            "theme-theme": "light",
            "theme-density": "default",
            "theme-contrast": "system",
            "theme-keyboard_shortcuts": "on",
        },
    )
    assert answer.status_code == 302
    anna.user.refresh_from_db()
    assert (anna.user.name, anna.user.language) == ("Anna Bianchi", "it")


def test_no_time_zone_is_asked_for_since_every_deadline_is_the_citys_time(anna):
    assert "time_zone" not in anna.get(reverse("wagtailadmin_account")).content.decode()
