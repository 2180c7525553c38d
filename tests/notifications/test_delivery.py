"""Messages go out, are tried again, and are never forgotten."""

from datetime import timedelta
from smtplib import SMTPAuthenticationError, SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected
from threading import Barrier, Thread

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from citylab.core import clock
from citylab.notifications import services, tasks
from citylab.notifications.models import OutgoingMessage


def tell(kind, user, n=1):
    return services.notify(kind=kind, user=user, context={"title": f"Case {n}"}, dedupe=str(n))


@pytest.fixture
def server_away(monkeypatch):
    def send(backend, messages):
        raise SMTPServerDisconnected("no server")

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", send)
        yield patch


@pytest.mark.django_db
def test_a_message_goes_out_as_text_and_html(ada, receipt, asleep, mailoutbox, settings):
    message = tell(receipt, ada)
    assert tasks.deliver_due() == 1
    mail = mailoutbox[0]
    assert (mail.to, mail.subject, mail.from_email) == (["ada@example.org"], message.subject, settings.DEFAULT_FROM_EMAIL)
    assert mail.body == message.text and mail.alternatives[0].mimetype == "text/html" and mail.alternatives[0].content == message.html
    assert mail.extra_headers == {"Content-Language": "it", "Auto-Submitted": "auto-generated"}
    message.refresh_from_db()
    assert message.delivery == "sent" and message.sent_at is not None
    assert tasks.deliver_due() == 0 and len(mailoutbox) == 1


@pytest.mark.django_db
def test_a_message_that_can_be_stopped_says_so_to_the_mail_program(ada, receipt, asleep, mailoutbox, settings):
    settings.SITE_URL = "https://citylab.example/"
    services.notify(kind=receipt, user=ada, context={"title": "Case"}, unsubscribe="/it/stop/x/", dedupe="1")
    tasks.deliver_due()
    headers = mailoutbox[0].message()
    assert (headers["List-Unsubscribe"], headers["List-Unsubscribe-Post"]) == ("<https://citylab.example/it/stop/x/>", "List-Unsubscribe=One-Click")


@pytest.mark.django_db(transaction=True)
def test_the_commit_sends_it_and_a_rollback_does_not(ada, receipt, mailoutbox):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell(receipt, ada, 1)
        raise ZeroDivisionError
    with transaction.atomic():
        tell(receipt, ada, 2)
        assert mailoutbox == []
    assert [mail.subject for mail in mailoutbox] == ["it: Case 2 in Torino"]


@pytest.mark.django_db
def test_a_server_that_is_away_is_tried_again_later(ada, receipt, asleep, server_away, mailoutbox, travel):
    travel("2027-03-01 09:00")
    message = tell(receipt, ada)
    assert tasks.deliver_due() == 0
    message.refresh_from_db()
    assert (message.delivery, message.attempts, message.error) == ("queued", 1, "SMTPServerDisconnected('no server')")
    assert message.next_attempt_at == clock.now() + timedelta(minutes=2)
    server_away.undo()
    assert tasks.deliver_due() == 0  # not before its time
    travel("2027-03-01 09:02")
    assert tasks.deliver_due() == 1
    message.refresh_from_db()
    assert (message.delivery, message.error, len(mailoutbox)) == ("sent", "", 1)


def refusing(monkeypatch, error):
    """The mail server answers every message with this error; the list grows by one for each."""
    asked = []

    def send(backend, messages):
        asked.append(messages)
        raise error

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    return asked


@pytest.mark.django_db
def test_a_server_that_is_away_over_a_week_end_costs_nobody_their_mail(ada, receipt, asleep, server_away, mailoutbox, travel):
    friday = travel("2027-03-05 17:00")
    message = tell(receipt, ada)
    moment, waits = friday, []
    while moment < friday + timedelta(hours=64):
        travel(moment)
        tasks.deliver_due()
        message.refresh_from_db()
        waits.append((message.next_attempt_at - moment).total_seconds() / 60)
        moment = message.next_attempt_at
    assert waits[:8] == [2, 4, 8, 16, 32, 60, 60, 60] and max(waits) == 60 and message.delivery == "queued"
    server_away.undo()
    travel(moment)
    assert tasks.deliver_due() == 1 and len(mailoutbox) == 1


@pytest.mark.django_db
def test_after_five_days_nobody_waits_for_a_server_any_longer(ada, receipt, asleep, server_away, travel, caplog):
    moment = travel("2027-03-01 09:00")
    message = tell(receipt, ada)
    for day in range(6):
        travel(moment)
        tasks.deliver_due()
        message.refresh_from_db()
        assert message.delivery == ("queued" if day < 5 else "failed")
        moment += timedelta(days=1)
    assert f"Message {message.pk} was given up" in caplog.text


@pytest.mark.django_db
def test_one_look_is_enough_to_know_that_a_server_is_away(ada, receipt, asleep, monkeypatch, travel):
    travel("2027-03-01 09:00")
    for number in range(3):
        tell(receipt, ada, number)
    asked = refusing(monkeypatch, TimeoutError("timed out"))
    assert tasks.deliver_due() == 0 and len(asked) == 1
    assert sorted(OutgoingMessage.objects.values_list("delivery", "attempts")) == [("queued", 0), ("queued", 0), ("queued", 1)]


ANSWERS = {
    "no such person": (SMTPRecipientsRefused({"ada@example.org": (550, b"unknown")}), "failed"),
    "mailbox busy": (SMTPRecipientsRefused({"ada@example.org": (450, b"busy")}), "queued"),
    "content refused": (SMTPDataError(554, b"spam"), "failed"),
    "later": (SMTPDataError(451, b"later"), "queued"),
    "our password is wrong": (SMTPAuthenticationError(535, b"no"), "queued"),
    "no connection": (ConnectionRefusedError("refused"), "queued"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "delivery"), ANSWERS.values(), ids=ANSWERS)
def test_after_eight_attempts_only_what_was_refused_has_failed(ada, receipt, asleep, monkeypatch, travel, error, delivery):
    message = tell(receipt, ada)
    moment = clock.now()
    refusing(monkeypatch, error)
    for attempt in range(8):
        travel(moment + attempt * timedelta(hours=2.5))
        message.refresh_from_db()
        assert message.delivery == "queued"
        tasks.deliver_due()
    message.refresh_from_db()
    assert (message.delivery, message.attempts) == (delivery, 8)


@pytest.mark.django_db
def test_what_was_given_up_is_named_and_sent_once_its_cause_is_gone(ada, receipt, asleep, monkeypatch, mailoutbox, capsys):
    call_command("mail_failed")
    assert capsys.readouterr().out == "No message was given up.\n"
    message = tell(receipt, ada)
    OutgoingMessage.objects.filter(pk=message.pk).update(delivery="failed", attempts=8, error="SMTPDataError(554, b'spam')")
    with pytest.raises(CommandError, match=r"^1 given up"):
        call_command("mail_failed")
    named = capsys.readouterr().err
    assert f"#{message.pk} {message.kind} to ada@example.org" in named and "SMTPDataError(554" in named and message.subject not in named
    with monkeypatch.context() as patch:
        refusing(patch, SMTPDataError(554, b"spam"))
        with pytest.raises(CommandError, match=r"^1 failed again"):
            call_command("mail_failed", "--retry")
    OutgoingMessage.objects.filter(pk=message.pk).update(delivery="failed")
    call_command("mail_failed", "--retry")
    message.refresh_from_db()
    assert (message.delivery, len(mailoutbox)) == ("sent", 1)


@pytest.mark.django_db
def test_a_secret_whose_text_is_gone_cannot_be_sent_again(ada, receipt, asleep, mailoutbox, capsys):
    message = tell(receipt, ada)
    OutgoingMessage.objects.filter(pk=message.pk).update(delivery="failed", text="", html="")
    with pytest.raises(CommandError, match=r"^1 given up"):
        call_command("mail_failed")
    call_command("mail_failed", "--retry")
    assert mailoutbox == [] and OutgoingMessage.objects.get().delivery == "failed"


@pytest.mark.django_db
def test_an_address_that_no_mail_can_carry_does_not_stop_the_others(ada, receipt, asleep, mailoutbox, monkeypatch):
    broken = tell(receipt, ada, 1)
    OutgoingMessage.objects.filter(pk=broken.pk).update(address="a@example.org\nBcc: b@example.org")
    tell(receipt, ada, 2)
    monkeypatch.setattr(EmailBackend, "send_messages", _strict(EmailBackend.send_messages))
    assert tasks.deliver_due() == 1
    broken.refresh_from_db()
    assert broken.delivery == "queued" and "BadHeaderError" in broken.error
    assert [mail.subject for mail in mailoutbox] == ["it: Case 2 in Torino"]


def _strict(send):
    def checked(backend, messages):
        for message in messages:
            message.message()
        return send(backend, messages)

    return checked


@pytest.mark.django_db
def test_what_a_dead_worker_had_claimed_goes_out_later(ada, receipt, asleep, mailoutbox, travel, monkeypatch):
    travel("2027-03-01 09:00")
    message = tell(receipt, ada)

    def dies(backend, messages):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", dies)
        with pytest.raises(SystemExit):
            tasks.deliver_due()
    message.refresh_from_db()
    assert message.delivery == "sending"
    assert tasks.deliver_due() == 0  # perhaps it is still at work
    travel("2027-03-01 09:05")
    assert tasks.deliver_due() == 1
    message.refresh_from_db()
    assert (message.delivery, len(mailoutbox)) == ("sent", 1)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_send_each_message_once(ada, receipt, asleep, mailoutbox):
    for n in range(12):
        tell(receipt, ada, n)
    barrier, errors = Barrier(3), []

    def work():
        try:
            barrier.wait(timeout=20)
            tasks.deliver_due()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    tasks.deliver_due()
    assert sorted(mail.subject for mail in mailoutbox) == sorted(f"it: Case {n} in Torino" for n in range(12))


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_does_not_break_the_request(ada, receipt, monkeypatch, mailoutbox):
    def away(**options):
        raise ConnectionRefusedError("no broker")

    monkeypatch.setattr(tasks.deliver_due, "apply_async", away)
    with transaction.atomic():
        message = tell(receipt, ada)
    message.refresh_from_db()
    assert message.delivery == "queued" and mailoutbox == []
    assert tasks.deliver_due() == 1
