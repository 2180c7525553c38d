"""A message is written once, in the reader's language, unless the reader does not want it."""

import pytest
from django.utils.translation import override

from citylab.notifications import classes, selectors, services
from citylab.notifications.models import OutgoingMessage

pytestmark = pytest.mark.django_db


def tell(kind, user=None, dedupe="one", **values):
    return services.notify(kind=kind, user=user, context={"title": "R&D <live>", "address": "/it/pratiche/7/"}, dedupe=dedupe, **values)


def test_the_message_is_in_the_readers_language_whatever_the_page_was_in(ada, receipt):
    with override("en"):
        message = tell(receipt, ada, case_kind="proposal", case_id=7)
    assert message.subject == "it: R&D <live> in Torino"
    assert message.text.startswith("Gentile Ada & Co,\n\nReceived: R&D <live>\n")
    assert "\nhttps://lab.example/it/pratiche/7/\n" in message.text
    assert (message.address, message.language, message.kind, message.delivery) == ("ada@example.org", "it", "trial_receipt", "queued")
    assert (message.user, message.case_kind, message.case_id) == (ada, "proposal", "7")


def test_an_english_reader_gets_english(ada, receipt):
    ada.language = "en"
    message = tell(receipt, ada)
    assert message.subject.startswith("en: ") and message.text.startswith("Dear Ada & Co,")


def test_without_a_page_of_its_own_the_text_is_set_in_the_common_page(ada, receipt):
    html = tell(receipt, ada).html
    assert '<html lang="it">' in html and "Received: R&amp;D &lt;live&gt;" in html
    assert '<a href="https://lab.example/it/pratiche/7/"' in html
    assert html.count("Gentile") == 1 and html.count("Città di Torino") == 1


def test_a_page_of_its_own(ada, reminder):
    html = tell(reminder, ada).html
    assert "<p>Soon: R&amp;D &lt;live&gt;</p>" in html and "Gentile Ada &amp; Co," in html
    assert 'href="https://lab.example/it/pratiche/7/"' in html


def test_an_address_without_an_account(receipt):
    message = tell(receipt, address="someone@example.org", language="en")
    assert (message.user, message.address, message.language) == (None, "someone@example.org", "en")
    assert message.text.startswith("Good day,")


def test_the_same_occasion_is_told_once(ada, receipt):
    assert tell(receipt, ada) is not None
    assert tell(receipt, ada) is None
    assert tell(receipt, ada, dedupe="two") is not None
    assert OutgoingMessage.objects.count() == 2


def test_a_category_switched_off_is_silent_but_formal_acts_go_out(ada, receipt, reminder):
    services.preferences_save(user=ada, wanted=set())
    assert tell(reminder, ada) is None
    assert tell(receipt, ada) is not None
    assert selectors.preferences_of(ada) == {category: category == "formal" for category in classes.CATEGORIES}
    services.preferences_save(user=ada, wanted={"deadlines"})
    assert tell(reminder, ada, dedupe="two") is not None


def test_whoever_chose_nothing_gets_everything(ada):
    assert selectors.preferences_of(ada) == dict.fromkeys(classes.CATEGORIES, True)


def test_two_kinds_cannot_share_a_code_and_a_category_must_exist(receipt):
    with pytest.raises(ValueError, match="already has the code trial_receipt"):
        type("Other", (classes.Notification,), {"code": "trial_receipt", "category": "formal"})
    with pytest.raises(ValueError, match="gossip is not a category"):
        type("Gossip", (classes.Notification,), {"code": "gossip", "category": "gossip"})


@pytest.mark.parametrize("rows", [3, 30])
def test_the_messages_of_a_case_cost_one_query(ada, receipt, rows, django_assert_num_queries):
    for n in range(rows):
        tell(receipt, ada, dedupe=str(n), case_kind="proposal", case_id=7)
    tell(receipt, ada, dedupe="other", case_kind="proposal", case_id=8)
    with django_assert_num_queries(1):
        found = [(message.subject, message.address, message.delivery) for message in selectors.messages_of_case("proposal", 7)]
    assert len(found) == rows
    with django_assert_num_queries(1):
        assert len([message.text for message in selectors.messages_of(ada)]) == rows + 1
