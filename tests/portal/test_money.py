"""The start-up's money: what it sees, how it pays, and what stands when something goes wrong."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citylab.accounts.models import Membership
from citylab.core import clock, outbox
from citylab.payments.models import Charge, Checkout, Notice, Payee, Receipt, Refund, SandboxCheckout
from citylab.payments.money import money_view
from citylab.payments.providers import Unavailable, sandbox
from citylab.payments.services import charging, deposits, events, paying, refunding
from citylab.pilots import selectors
from tests import factories
from tests.portal.conftest import signed_in, soup

SINCE = date(2020, 1, 1)  # in force whenever the test runs
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return factories.city(officer=factories.person("officer", is_demo=True))


@pytest.fixture
def pilot(people):
    """On a site with a flat fee of 250 euro and a deposit of 1,000, both owed to one payee who is paid online."""
    site = factories.site("dora")
    factories.flat_fee(site, 250_00, valid_from=SINCE)
    factories.deposit(site, None, fixed_cents=1_000_00, valid_from=SINCE)
    made = factories.approved_pilot(people=people, at=site, starts_on=clock.today() + 10 * DAY)
    outbox.drain()
    return made


@pytest.fixture
def owner(pilot):
    return signed_in(factories.owner_of(pilot.organisation))


def charge(pilot, kind):
    return Charge.objects.get(pilot=pilot, kind=kind)


def state(pilot, kind):
    return charge(pilot, kind).state


def tab(pilot):
    return f"{reverse('portal:pilot', args=[pilot.pk])}?tab=money"


def pay(client, pilot, *kinds):
    return client.post(reverse("portal:pay", args=[pilot.pk]), {"charge": [charge(pilot, kind).pk for kind in kinds]})


def choose(client, address, *outcomes):
    """What somebody chooses on the test provider's page, and what follows."""
    for outcome in outcomes:
        answer = client.post(address, {"outcome": outcome})
        events.events_handle()
    return answer


def paid(client, pilot, *kinds):
    address = pay(client, pilot, *kinds).url
    choose(client, address, "pay")
    return address


def decided(pilot, people, released, reasons="", uploads=()):
    type(pilot).objects.filter(pk=pilot.pk).update(state="reporting")
    return deposits.deposit_decide(charge_id=charge(pilot, "deposit").pk, actor=people.officer, released_cents=released, reasons=reasons, uploads=uploads)


def words(node):
    """The text of a part of the page as it reads: no blank before a comma that stands behind an element of its own."""
    return re.sub(r" (?=[,.:;)])|(?<=[(]) ", "", " ".join(node.get_text(" ", strip=True).split()))


def sums(page):
    """The figures on top of the tab."""
    return {words(box.dt): words(box.dd) for box in page.select(".tcl-money-sums > div")}


def said(response):
    return words(soup(response).find("main"))


# --- what is seen ---------------------------------------------------------------------------------------------------------------


def test_the_tab_shows_every_sum_with_its_state_its_arithmetic_and_its_rule(pilot, owner):
    page = soup(owner.get(tab(pilot)))
    heads = [words(head) for head in page.select(".tcl-costs .tcl-cost-head")]
    assert heads == ["Pay: Entry €250.00", "Pay: Deposit €1,000.00", "Stamp duty on the decision €16.00"]
    assert sums(page) == {"To pay": "€1,266.00", "Paid": "€0.00", "Held as deposit": "€0.00", "To come back": "€0.00"}
    due = clock.today() + 10 * DAY
    fee = words(page.find(id=f"sum-{charge(pilot, 'fee').pk}"))
    assert f"State: To be paid Due on {due.day} {due:%B %Y}, 10 days left" in fee
    assert "Once for the whole pilot: €250.00" in fee
    assert "Act DCC 1/2027" in fee and "version 1" in fee and "VAT Outside VAT" in fee
    stamp = charge(pilot, "stamp_duty")
    assert "Paid with the proposal: stamp 1000000000" in words(page) and stamp.state == "due"


def test_the_figures_on_top_follow_what_is_paid_kept_and_given_back(pilot, owner, people):
    paid(owner, pilot, "fee", "deposit")
    page = soup(owner.get(tab(pilot)))
    assert sums(page) == {"To pay": "€16.00", "Paid": "€250.00", "Held as deposit": "€1,000.00", "To come back": "€0.00"}
    receipt = Receipt.objects.get()
    assert page.find("a", href=reverse("portal:receipt_page", args=[receipt.pk])) and page.find("a", href=reverse("portal:receipt_pdf", args=[receipt.pk]))
    decided(pilot, people, 700_00, "A broken lamp.", [SimpleUploadedFile("lamp.pdf", factories.pdf())])
    page = soup(owner.get(tab(pilot)))
    assert sums(page) == {"To pay": "€16.00", "Paid": "€250.00", "Held as deposit": "€0.00", "To come back": "€700.00", "Kept of a deposit": "€300.00"}
    refunding.refunds_send()
    page = soup(owner.get(tab(pilot)))
    assert sums(page)["Given back"] == "€700.00" and sums(page)["To come back"] == "€0.00"
    deposit = page.find(id=f"sum-{charge(pilot, 'deposit').pk}")
    assert "State: Kept" in words(deposit) and "A broken lamp." in words(deposit)
    assert owner.get(deposit.find("a", string="lamp.pdf")["href"]).headers["Content-Type"] == "application/pdf"


def test_a_waived_sum_names_its_act_and_an_overdue_one_its_days(pilot, owner, people, travel):
    charging.charge_waive(charge_id=charge(pilot, "fee").pk, actor=people.officer, act="DGC 1/2027", reason="A public interest.")
    travel(clock.now() + 12 * DAY)
    page = soup(owner.get(tab(pilot)))
    assert "State: Waived" in words(page) and "By the act DGC 1/2027" in words(page)
    assert "2 days late" in words(page.find(id=f"sum-{charge(pilot, 'deposit').pk}"))


def test_what_cannot_be_worked_out_says_what_is_missing(people):
    site = factories.site("dora")
    factories.area_fee(site, valid_from=SINCE)
    factories.deposit(site, "30", valid_from=SINCE)
    made = factories.approved_pilot(people=people, at=site)
    type(made.proposal).objects.filter(pk=made.proposal_id).update(area_m2=None)
    outbox.drain()
    text = words(soup(signed_in(factories.owner_of(made.organisation)).get(tab(made))).find(id="money-unknown").parent)
    assert "Fee not known yet Cannot be worked out yet: the area is missing." in text


def test_the_first_page_and_the_list_say_what_is_to_be_paid(pilot, owner, travel):
    home = soup(owner.get(reverse("portal:home")))
    assert home.find("h2", string="What is to be paid") and "Sensori per la pioggia: €1,266.00" in words(home)
    day = clock.today()
    assert f"To pay: €1,266.00, by {day.day} {day:%B %Y}" in words(soup(owner.get(reverse("portal:pilots"))))
    paid(owner, pilot, "fee", "deposit")
    paying.checkout_begin(charge_ids=[charge(pilot, "stamp_duty").pk], actor=factories.owner_of(pilot.organisation), language="en")
    assert "Sensori per la pioggia: €16.00" in words(soup(owner.get(reverse("portal:home"))))


@pytest.mark.parametrize("page", ["tab", "home", "list"])
def test_pages_cost_the_same_queries_for_three_sums_and_for_thirty(pilot, owner, page):
    address = {"tab": tab(pilot), "home": reverse("portal:home"), "list": reverse("portal:pilots")}[page]

    def queries(ask):
        with CaptureQueriesContext(connection) as captured:
            ask()
        return len(captured)

    owner.get(address)
    few = queries(lambda: owner.get(address))
    fee = charge(pilot, "fee")
    for number in range(27):
        Charge.objects.create(**{field.attname: getattr(fee, field.attname) for field in Charge._meta.concrete_fields if field.attname not in ("id", "part")}, part=f"copy:{number}")
    assert queries(lambda: owner.get(address)) == few
    if page == "tab":
        found = selectors.pilot(pilot.pk)
        assert queries(lambda: money_view(found)) <= 10


# --- who may ------------------------------------------------------------------------------------------------------------------


def test_each_role_sees_and_does_what_is_its_own(pilot, owner, people):
    paid(owner, pilot, "deposit")
    decision = decided(pilot, people, 700_00, "A broken lamp.", [SimpleUploadedFile("lamp.pdf", factories.pdf())])
    SandboxCheckout.objects.update(refuses_refunds=True)
    refunding.refunds_send()
    begun = pay(owner, pilot, "fee").url
    checkout = Checkout.objects.get(lines__charge__kind="fee")
    notice = Notice.objects.get(number=pay(owner, pilot, "stamp_duty").url.rstrip("/").rsplit("/", 1)[1])
    file, refund = decision.documents.get(), Refund.objects.get()
    clients = {
        "owner": owner, "editor": signed_in(factories.member(pilot.organisation)), "reader": signed_in(factories.member(pilot.organisation, Membership.Role.READER)),
        "stranger": signed_in(factories.owner_of(factories.organisation())), "officer": signed_in(people.officer), "nobody": Client(),
    }  # fmt: skip
    looks = {
        "tab": tab(pilot), "payment": reverse("portal:payment", args=[checkout.pk]), "pay page": begun, "notice": reverse("portal:notice", args=[notice.number]),
        "document": reverse("portal:deposit_file", args=[pilot.pk, file.pk]),
    }  # fmt: skip
    acts = {
        "pay": reverse("portal:pay", args=[pilot.pk]), "cancel": reverse("portal:payment_cancel", args=[checkout.pk]), "choose": begun,
        "stamp": reverse("portal:stamp", args=[pilot.pk, charge(pilot, "stamp_duty").pk]), "account": reverse("portal:refund_account", args=[pilot.pk, refund.pk]),
        "answer": reverse("portal:deposit_answer", args=[pilot.pk, decision.pk]),
    }  # fmt: skip
    seen = {who: {name: client.get(address).status_code for name, address in looks.items()} for who, client in clients.items()}
    all_of = lambda status: dict.fromkeys(looks, status)
    assert seen == {"owner": all_of(200), "editor": all_of(200), "reader": all_of(200), "stranger": all_of(404), "officer": all_of(404), "nobody": all_of(302)}
    done = {who: {name: clients[who].post(address, {"charge": charge(pilot, "fee").pk, "outcome": "unknown"}).status_code for name, address in acts.items()} for who in ("nobody", "stranger", "officer", "reader", "editor")}
    none_of = lambda status: dict.fromkeys(acts, status)
    may = {"pay": 302, "cancel": 302, "choose": 404, "stamp": 422, "account": 422, "answer": 422}
    assert done == {"nobody": none_of(302), "stranger": none_of(404), "officer": none_of(404), "reader": none_of(403), "editor": may}


def test_a_reader_sees_no_button_that_pays(pilot):
    page = soup(signed_in(factories.member(pilot.organisation, Membership.Role.READER)).get(tab(pilot)))
    assert page.select('main form, main input[name="charge"]') == []
    assert "Owners and editors of your organisation can pay" in words(page)


# --- paying -------------------------------------------------------------------------------------------------------------------


def test_one_click_leads_to_the_provider_and_the_money_turns_the_sums_paid(pilot, owner):
    answer = pay(owner, pilot, "fee", "deposit")
    record = SandboxCheckout.objects.get()
    assert (answer.status_code, answer.url) == (302, reverse("portal:sandbox", args=[record.external_id]))
    assert [label for label, _cents in record.items] == ["Deposit", "Entry"] or [label for label, _cents in record.items] == ["Entry", "Deposit"]
    page = said(owner.get(answer.url))
    assert "Test: no money moves here" in page and "Body city" in page and "Total €1,250.00" in page
    back = choose(owner, answer.url, "pay").url
    assert "€1,250.00 has arrived" in said(owner.get(back))
    assert (state(pilot, "fee"), state(pilot, "deposit")) == ("paid", "paid")


def test_a_second_click_leads_to_the_same_payment(pilot, owner):
    assert pay(owner, pilot, "fee").url == pay(owner, pilot, "fee").url
    assert Checkout.objects.count() == 1


def test_a_colleague_goes_on_with_a_payment_or_cancels_it(pilot, owner):
    address = pay(owner, pilot, "fee").url
    colleague = signed_in(factories.member(pilot.organisation))
    page = soup(colleague.get(tab(pilot)))
    assert "A payment was begun: €250.00 (Entry)." in words(page)
    go_on = page.find("button", string="Go on with the payment").parent
    assert colleague.post(go_on["action"], {"charge": go_on.find("input", attrs={"name": "charge"})["value"]}).url == address
    colleague.post(page.find("button", string="Cancel it").parent["action"])
    paying.checkouts_tidy()
    assert state(pilot, "fee") == "due"


def test_sums_that_are_being_paid_already_are_told_as_a_conflict(pilot, owner):
    pay(owner, pilot, "fee")
    answer = pay(owner, pilot, "fee", "deposit")
    assert answer.status_code == 409
    assert "Some of these sums are being paid already." in said(answer) and "Go on with the payment" in said(answer)
    assert state(pilot, "deposit") == "due"


@pytest.mark.parametrize("charges", [[], ["x"], [str(uuid4())]], ids=["none", "no identifier", "unknown"])
def test_nothing_to_pay_is_said_over_the_sums(pilot, owner, charges):
    answer = owner.post(reverse("portal:pay", args=[pilot.pk]), {"charge": charges})
    assert (answer.status_code, Checkout.objects.count()) == (422, 0)
    assert ("Choose at least one sum." if not charges else "These sums do not belong together") in said(answer)


def test_a_provider_that_is_away_loses_nothing_and_the_button_goes_on(pilot, owner, monkeypatch):
    def away(self, request):
        raise Unavailable("connection reset")

    with monkeypatch.context() as broken:
        broken.setattr(sandbox.Sandbox, "create", away)
        answer = pay(owner, pilot, "fee")
        assert answer.status_code == 503
        assert "The payment service does not answer. Nothing has been paid" in said(answer)
        assert "The payment service has not answered yet" in said(owner.get(reverse("portal:payment", args=[Checkout.objects.get().pk])))
    go_on = soup(owner.get(tab(pilot))).find("button", string="Go on with the payment").parent
    address = owner.post(go_on["action"], {"charge": go_on.find("input", attrs={"name": "charge"})["value"]}).url
    choose(owner, address, "pay")
    assert (state(pilot, "fee"), Checkout.objects.count()) == ("paid", 1)


def test_a_cancelled_payment_is_due_again(pilot, owner):
    pay(owner, pilot, "fee")
    checkout = Checkout.objects.get()
    answer = owner.post(reverse("portal:payment_cancel", args=[checkout.pk]))
    paying.checkouts_tidy()
    page = soup(owner.get(answer.url))
    assert "This payment is closed" in words(page) and page.find("a", string="See what is due")["href"] == tab(pilot)
    assert state(pilot, "fee") == "due"


def test_a_payment_that_came_first_is_not_cancelled_and_says_so(pilot, owner):
    paid(owner, pilot, "fee")
    answer = owner.post(reverse("portal:payment_cancel", args=[Checkout.objects.get().pk]), follow=True)
    assert "This payment cannot be cancelled any more." in said(answer) and "€250.00 has arrived" in said(answer)


def test_a_payment_whose_time_is_over_begins_again(pilot, owner, travel):
    first = pay(owner, pilot, "fee").url
    travel(clock.now() + paying.OPEN_FOR + timedelta(minutes=1))
    assert "The time for this payment has run out" in said(owner.get(reverse("portal:payment", args=[Checkout.objects.get().pk])))
    assert "The time for this payment has run out" in said(owner.get(first))
    again = soup(owner.get(tab(pilot))).find("button", string="Begin again").parent
    second = owner.post(again["action"], {"charge": again.find("input", attrs={"name": "charge"})["value"]}).url
    assert second != first
    choose(owner, second, "pay")
    assert (state(pilot, "fee"), sorted(Checkout.objects.values_list("state", flat=True))) == ("paid", ["expired", "paid"])


def test_a_delayed_payment_that_fails_says_what_now(pilot, owner):
    address = pay(owner, pilot, "fee").url
    back = choose(owner, address, "pay_later").url
    assert "Your payment is on its way" in said(owner.get(back))
    assert sums(soup(owner.get(tab(pilot))))["Payment on its way"] == "€250.00"
    choose(owner, address, "fail")
    assert "The payment has failed" in said(owner.get(back)) and "See what is due" in said(owner.get(back))
    assert state(pilot, "fee") == "due"


def test_the_page_of_a_payment_asks_again_less_and_less_and_stops_when_it_is_over(pilot, owner):
    pay(owner, pilot, "fee")
    address = reverse("portal:payment", args=[Checkout.objects.get().pk])

    def look(seen, looked):
        response = owner.get(address, {"seen": seen, "looked": looked}, headers={"HX-Request": "true"})
        poll = soup(response).find(id="payment-poll")
        return poll.get("hx-trigger"), soup(response).find(id="payment-state") is not None

    first = soup(owner.get(address)).find(id="payment-poll")
    assert (first["hx-trigger"], first["hx-get"]) == ("load delay:2s", f"{address}?seen=open&looked=1")
    assert [look("open", looked) for looked in (1, 20, 100)] == [("load delay:2s", False), ("load delay:10s", False), ("load delay:60s", False)]
    choose(owner, reverse("portal:sandbox", args=[SandboxCheckout.objects.get().external_id]), "pay")
    assert look("open", 3) == (None, True)
    assert soup(owner.get(address)).find(id="payment-poll").get("hx-get") is None


def test_whoever_comes_back_from_paying_is_not_asked_to_pay_while_the_confirmation_is_on_its_way(pilot, owner):
    pay(owner, pilot, "fee")
    checkout = Checkout.objects.get()
    address, record = reverse("portal:payment", args=[checkout.pk]), SandboxCheckout.objects.get()
    assert [url.partition(address)[2] for url in (record.success_url, record.cancel_url)] == ["?returned=done", ""]

    def offered(**query):
        page = soup(owner.get(address, query)).find(id="payment-state")
        return page.h2.get_text(strip=True), [button.get_text(strip=True) for button in page.find_all("button")]

    assert offered() == ("No payment has arrived yet", ["Go on with the payment", "Cancel it"])
    assert offered(returned="done") == ("Your payment is being confirmed", [])
    choose(owner, reverse("portal:sandbox", args=[record.external_id]), "pay")
    assert offered(returned="done") == ("€250.00 has arrived", [])


def test_every_ending_can_be_chosen_on_the_test_page(pilot, owner):
    address = pay(owner, pilot, "fee").url
    buttons = lambda: [button["value"] for button in soup(owner.get(address)).select('main button[name="outcome"]')]
    assert buttons() == ["pay", "pay_later", "cancel"]
    assert choose(owner, address, "cancel").url == reverse("portal:payment", args=[Checkout.objects.get().pk])
    choose(owner, address, "pay_later")
    assert buttons() == ["arrive", "fail"]
    choose(owner, address, "arrive")
    assert buttons() == ["dispute", "refuse_refunds", "cancel"]
    choose(owner, address, "dispute", "refuse_refunds")
    assert buttons() == ["win", "lose", "cancel"]
    assert sums(soup(owner.get(tab(pilot))))["Disputed with the bank"] == "€250.00"
    choose(owner, address, "win")
    assert (state(pilot, "fee"), buttons()) == ("paid", ["cancel"])


def test_the_test_page_exists_only_where_the_test_provider_takes_the_payments(pilot, owner, settings):
    address = pay(owner, pilot, "fee").url
    settings.PAYMENT_PROVIDER = "stripe"
    assert (owner.get(address).status_code, owner.post(address, {"outcome": "pay"}).status_code) == (404, 404)
    events.events_handle()
    assert state(pilot, "fee") == "checkout_open"


def test_a_payee_paid_by_notice_gives_a_notice_to_print(pilot, owner):
    Payee.objects.update(provider="notice")
    assert soup(owner.get(tab(pilot))).find("form", id="pay-city").find("button").get_text().startswith("Get the payment notice")
    answer = pay(owner, pilot, "fee", "deposit")
    record = Notice.objects.get()
    assert answer.url == reverse("portal:notice", args=[record.number])
    page = soup(owner.get(answer.url))
    number = " ".join(re.findall(".{1,4}", record.number))
    assert number in words(page) and "€1,250.00" in words(page) and "00514490010" in words(page)
    assert page.find("figure", attrs={"role": "img"}).find("svg") and page.find("a", href=reverse("portal:notice_pdf", args=[record.number]))
    assert soup(owner.get(tab(pilot))).find("button", string="Open the notice")


# --- what is filled in --------------------------------------------------------------------------------------------------------


def errors(response):
    return {box["id"].removeprefix("field-"): [words(error) for error in box.select(".tcl-error")] for box in soup(response).select(".tcl-field") if box.select(".tcl-error")}


def kept(response, name):
    field = soup(response).find(["input", "textarea"], attrs={"name": name})
    return field.get_text().strip() if field.name == "textarea" else field.get("value")


def test_a_stamp_pays_the_stamp_duty_and_a_wrong_one_is_told_beside_its_field(pilot, owner):
    address = reverse("portal:stamp", args=[pilot.pk, charge(pilot, "stamp_duty").pk])
    given = {"serial_number": "0123", "stamped_on": (clock.today() + DAY).isoformat(), "not_reused": "on"}
    answer = owner.post(address, given)
    assert (answer.status_code, list(errors(answer)), kept(answer, "serial_number"), kept(answer, "stamped_on")) == (422, ["serial_number"], "0123", given["stamped_on"])
    given["serial_number"] = "0123 4567 8901 23"
    assert list(errors(owner.post(address, given))) == ["stamped_on"]
    given["stamped_on"] = clock.today().isoformat()
    assert list(errors(owner.post(address, {**given, "not_reused": ""}))) == ["not_reused"]
    answer = owner.post(address, given, follow=True)
    assert "The stamp is recorded" in said(answer) and "with the stamp 01234567890123" in said(answer)
    assert state(pilot, "stamp_duty") == "paid"
    again = owner.post(address, {**given, "serial_number": "99999999999999"})
    assert again.status_code == 409 and "See how it stands now" in said(again)


def test_a_stamp_that_was_used_before_is_refused_beside_its_field(pilot, owner):
    used = pilot.proposal.versions.get().stamp_duty.serial_number
    address = reverse("portal:stamp", args=[pilot.pk, charge(pilot, "stamp_duty").pk])
    answer = owner.post(address, {"serial_number": used, "stamped_on": clock.today().isoformat(), "not_reused": "on"})
    assert errors(answer) == {"serial_number": ["This serial number has already been used in another request. Check it, or use another stamp."]}


def test_a_refused_refund_asks_for_an_account_and_a_wrong_iban_is_told_beside_its_field(pilot, owner, people):
    paid(owner, pilot, "deposit")
    SandboxCheckout.objects.update(refuses_refunds=True)
    decided(pilot, people, 1_000_00)
    refunding.refunds_send()
    link = soup(owner.get(tab(pilot))).find("a", string="Write the bank account")
    wrong = owner.post(link["href"], {"account_holder": "Prova S.r.l.", "iban": "DE00 1234"})
    assert (wrong.status_code, errors(wrong), kept(wrong, "iban"), kept(wrong, "account_holder")) == (
        422, {"iban": ["This IBAN is not valid: check its country, length and digits."]}, "DE00 1234", "Prova S.r.l.",
    )  # fmt: skip
    foreign = owner.post(link["href"], {"account_holder": "Prova S.r.l.", "iban": "DE89 3704 0044 0532 0130 00"}, follow=True)
    assert "To the account DE89370400440532013000 of Prova S.r.l." in said(foreign)
    refunding.refund_transfer_record(refund_id=Refund.objects.get().pk, actor=people.officer, transferred_on=clock.today(), reference="CRO 1")
    late = owner.post(link["href"], {"account_holder": "Prova S.r.l.", "iban": "DE89 3704 0044 0532 0130 00"})
    assert late.status_code == 422 and "No bank transfer is owed for this sum any more." in said(late)


def test_what_is_kept_is_answered_once(pilot, owner, people):
    paid(owner, pilot, "deposit")
    decision = decided(pilot, people, 700_00, "A broken lamp.")
    link = soup(owner.get(tab(pilot))).find("a", string="Answer to what is kept")
    assert link["href"] == reverse("portal:deposit_answer", args=[pilot.pk, decision.pk])
    assert errors(owner.post(link["href"], {"answer": "  "})) == {"answer": ["Write your answer."]}
    assert "It was broken before." in said(owner.post(link["href"], {"answer": "It was broken before."}, follow=True))
    again = owner.post(link["href"], {"answer": "Once more."})
    assert again.status_code == 409 and "Your organisation has answered already." in said(again)
    decision.refresh_from_db()
    assert decision.answer == "It was broken before."


def test_the_documents_of_another_pilot_are_not_given_out(pilot, owner, people):
    other = factories.approved_pilot(people=people)
    paid(owner, pilot, "deposit")
    file = decided(pilot, people, 700_00, "A broken lamp.", [SimpleUploadedFile("lamp.pdf", factories.pdf())]).documents.get()
    stranger = signed_in(factories.owner_of(other.organisation))
    assert stranger.get(reverse("portal:deposit_file", args=[other.pk, file.pk])).status_code == 404
