"""kill -9 after the provider has acted and before we have written it: whoever comes next finds it, and nothing is charged or given back twice."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from citylab.audit.verifying import verify
from citylab.core import clock
from citylab.payments.models import Charge, Checkout, Refund
from citylab.payments.services import charging, events, paying, refunding
from tests import factories
from tests.payments.books import sound

from .test_killed_in_the_middle import ROOT, address

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def alone(asleep, monkeypatch):
    for room in (events, paying, refunding):
        monkeypatch.setattr(room, "_nudge", lambda: None)


@pytest.fixture
def checkout(stripe_fake):
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=clock.today() - timedelta(days=400))
    pilot = factories.pilot_in("preparation", at=site)
    charging.charges_bring_up(pilot_id=pilot.pk)
    fee = Charge.objects.get(kind="fee")
    return paying.checkout_begin(charge_ids=[fee.pk], actor=factories.owner_of(pilot.organisation), language="it")


@contextmanager
def at_work(how, fake, hold=""):
    """The process, killed at the end if not before."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "citylab.settings.test", "DATABASE_URL": address(), "TEST_VAR_DIR": str(Path(settings.MEDIA_ROOT).parent)}
    command = [sys.executable, "-m", "tests.concurrency.moving_money", how, fake.base, fake.secret_key, hold]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.stdin.close()
        process.wait(timeout=60)


def killed(how, fake, *, asks, inside):
    """Killed with the provider's answer written but not committed, or while the answer is on its way."""
    if not inside:
        fake.line.fail_next("hang", acted=True, only=f"POST {asks}")
    with at_work(how, fake, "inside" if inside else "") as process:
        if inside:
            assert process.stdout.readline() == "inside\n"
        else:
            fake.line.wait_for_hanging()
    fake.line.release()


def paid(checkout, fake):
    """The checkout is paid, and we know."""
    opened = paying.checkout_enter(checkout)
    fake.pay(opened.external_id)
    paying.settle(opened.pk, paying.providers.provider("stripe").fetch(opened.external_id, ""))
    return Charge.objects.get(kind="fee")


@pytest.mark.parametrize("inside", [True, False], ids=["inside the transaction", "before the answer"])
def test_a_checkout_is_opened_once(checkout, stripe_fake, inside):
    killed("open", stripe_fake, asks="/v1/checkout/sessions", inside=inside)
    assert (Checkout.objects.get().state, len(stripe_fake.all("checkout.session"))) == ("creating", 1)
    again = paying.checkout_begin(charge_ids=[Charge.objects.get(kind="fee").pk], actor=checkout.opened_by, language="it")
    opened = paying.checkout_enter(again)  # the same click again
    sessions = stripe_fake.all("checkout.session")
    assert (opened.state, opened.external_id, len(sessions)) == ("open", sessions[0]["id"], 1)
    paid(again, stripe_fake)
    assert (Charge.objects.get(kind="fee").state, len(stripe_fake.all("charge"))) == ("paid", 1)
    sound()
    assert verify() == []


def test_a_checkout_that_nobody_asks_for_again_is_closed_at_the_provider(checkout, stripe_fake):
    stripe_fake.line.fail_next("cut", acted=True, only="POST /v1/checkout/sessions")
    with pytest.raises(Exception, match="does not answer|non risponde"):
        paying.checkout_enter(checkout)
    with clock.travelling_to(clock.now() + LATER):
        paying.checkouts_tidy()
    assert [session["status"] for session in stripe_fake.all("checkout.session")] == ["expired"]
    assert (Checkout.objects.get().state, Charge.objects.get(kind="fee").state) == ("expired", "due")


@pytest.mark.parametrize("inside", [True, False], ids=["inside the transaction", "before the answer"])
def test_a_refund_goes_once(checkout, stripe_fake, inside):
    fee = paid(checkout, stripe_fake)
    charging.fee_give_back(charge_id=fee.pk, actor=factories.person("officer"), cents=100_00, reason="Per accordo.")
    killed("refunds", stripe_fake, asks="/v1/refunds", inside=inside)
    assert (Refund.objects.get().state, len(stripe_fake.all("refund"))) == ("owed", 1)
    refunding.refunds_send()  # another worker, while nobody can know whether the first one lives
    assert Refund.objects.get().state == "owed"
    with clock.travelling_to(clock.now() + LATER):
        refunding.refunds_send()
    assert (Refund.objects.get().state, [refund["amount"] for refund in stripe_fake.all("refund")]) == ("done", [100_00])
    sound()
    assert verify() == []


def test_a_worker_killed_anywhere_among_many_refunds_leaves_none_out_and_none_twice(checkout, stripe_fake):
    fee = paid(checkout, stripe_fake)
    officer = factories.person("officer")
    sums = [10_00 + turn for turn in range(8)]
    for cents in sums:
        charging.fee_give_back(charge_id=fee.pk, actor=officer, cents=cents, reason="Per accordo.")
    with at_work("refunds", stripe_fake) as process:
        for _turn in range(3):
            assert process.stdout.readline().startswith("done")
    assert Refund.objects.filter(state="done").count() >= 3
    with clock.travelling_to(clock.now() + LATER):
        refunding.refunds_send()
    assert sorted(refund["amount"] for refund in stripe_fake.all("refund")) == sums
    assert set(Refund.objects.values_list("state", flat=True)) == {"done"}
    sound()
    assert verify() == []
