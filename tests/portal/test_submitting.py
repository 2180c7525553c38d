"""Handing in: everything that can be wrong is said at its field with the rest kept; then the receipt, and exactly what was handed in."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from citylab.challenges.models import Challenge
from citylab.core import clock
from citylab.proposals.models import Attachment, Proposal, ProposalVersion
from citylab.proposals.services import drafting, submitting
from citylab.proposals.workflow import State
from tests import factories

from .conftest import signed_in, soup

SERIAL = "01234567890123"


def given(**changes: Any) -> dict[str, Any]:
    """What is sent with a handwritten signature and a stamp; a value of None is left out."""
    sent = {
        "kind": "handwritten", "signatory": "Ada Rossi", "document": factories.upload("firmata.pdf"), "identity_document": factories.upload("carta.pdf"), "stamp_kind": "serial",
        "serial_number": SERIAL, "stamped_on": clock.today().isoformat(), "not_reused": "on", **changes,
    }  # fmt: skip
    return {name: value for name, value in sent.items() if value is not None}


def errors(response: Any) -> dict[str, str]:
    """Field → what the page says below it."""
    found = {}
    for line in soup(response).find_all(class_="tcl-error"):
        found[line.find_parent(class_="tcl-field")["id"].removeprefix("field-")] = line.get_text(strip=True)
    return found


EXEMPT = {"stamp_kind": "exempt", "serial_number": None, "stamped_on": None, "not_reused": None}
WRONG = [
    ({"kind": None}, {"kind": "Choose how the legal representative signed."}),
    ({"kind": "seal"}, {"kind": "Choose how the legal representative signed."}),
    ({"signatory": ""}, {"signatory": "Write who signed."}),
    ({"signatory": "x" * 161}, {"signatory": "Ensure this value has at most 160 characters (it has 161)."}),
    ({"document": None}, {"document": "Attach the signed summary."}),
    ({"document": ("vuota.pdf", b"")}, {"document": "This file is empty."}),
    ({"document": ("pagina.html", b"<p>")}, {"document": "This kind of file is not accepted. Send a PDF, a p7m, an image (JPEG, PNG, WebP) or an office document without macros."}),
    ({"kind": "p7m", "identity_document": None}, {"document": "You said p7m, but the file is not a signed p7m."}),
    ({"kind": "pdf", "identity_document": None}, {"document": "This PDF carries no digital signature. Sign it, or choose another way of signing."}),
    ({"identity_document": None}, {"identity_document": "A handwritten signature needs a copy of the signatory's identity document (DPR 445/2000 art. 38)."}),
    ({"stamp_kind": None}, {"stamp_kind": "This field is required."}),
    ({"serial_number": ""}, {"serial_number": "The serial number of a revenue stamp has 14 digits."}),
    ({"serial_number": "123"}, {"serial_number": "The serial number of a revenue stamp has 14 digits."}),
    ({"serial_number": "0123456789012A"}, {"serial_number": "The serial number of a revenue stamp has 14 digits."}),
    ({"stamped_on": ""}, {"stamped_on": "Write the date printed on the stamp."}),
    ({"stamped_on": "yesterday"}, {"stamped_on": "Write a date as day/month/year, such as 12/05/2027."}),
    ({"stamped_on": "2999-01-01"}, {"stamped_on": "The date of the stamp is in the future."}),
    ({"not_reused": None}, {"not_reused": "Declare that the stamp was not and will not be used for another document."}),
    ({**EXEMPT, "exemption": ""}, {"exemption": "Choose the ground of exemption."}),
    ({"signatory": "", "document": None, "serial_number": "1", "stamped_on": "", "not_reused": None}, {
        "signatory": "Write who signed.", "document": "Attach the signed summary.", "serial_number": "The serial number of a revenue stamp has 14 digits.",
        "stamped_on": "Write the date printed on the stamp.", "not_reused": "Declare that the stamp was not and will not be used for another document.",
    }),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("changes", "expected"), WRONG, ids=range(len(WRONG)))
def test_each_thing_wrong_is_said_at_its_field_and_the_rest_is_kept(as_owner: Client, draft: Proposal, changes: dict[str, Any], expected: dict[str, str]) -> None:
    changes = {name: factories.upload(*value) if isinstance(value, tuple) else value for name, value in changes.items()}
    sent = given(**changes)
    response = as_owner.post(reverse("portal:submit", args=[draft.pk]), sent)
    assert response.status_code == 422
    assert errors(response) == expected
    assert Proposal.objects.get(pk=draft.pk).state == State.DRAFT
    page = soup(response)
    for name in ("signatory", "serial_number", "stamped_on"):
        assert page.find(id=f"id_{name}").get("value", "") == sent.get(name, "")
    chosen = page.find("input", attrs={"name": "kind", "checked": True})
    assert (chosen["value"] if chosen else None) == (sent.get("kind") if sent.get("kind") != "seal" else None)


@pytest.mark.django_db
def test_files_that_were_accepted_need_not_be_sent_again(as_owner: Client, draft: Proposal) -> None:
    address = reverse("portal:submit", args=[draft.pk])
    response = as_owner.post(address, given(serial_number="1"))
    text = soup(response).get_text()
    assert "Already here: firmata.pdf." in text and "Already here: carta.pdf." in text
    response = as_owner.post(address, given(document=None, identity_document=None))
    assert response.status_code == 302
    assert ProposalVersion.objects.get(proposal=draft).signature.document.name == "firmata.pdf"


@pytest.mark.django_db
def test_a_file_sent_again_replaces_the_one_before(as_owner: Client, draft: Proposal) -> None:
    address = reverse("portal:submit", args=[draft.pk])
    as_owner.post(address, given(serial_number="1"))
    as_owner.post(address, given(document=factories.upload("firmata-bene.pdf")))
    names = {file["name"] for file in ProposalVersion.objects.get(proposal=draft).files}
    assert names == {"scheda.pdf", "firmata-bene.pdf", "carta.pdf"}
    assert Attachment.objects.filter(proposal=draft, name="firmata.pdf", removed_at__isnull=False).exists()


@pytest.mark.django_db
def test_a_stamp_used_in_another_request_is_refused(as_owner: Client, draft: Proposal) -> None:
    other = factories.draft()
    signed_in(factories.owner_of(other.organisation)).post(reverse("portal:submit", args=[other.pk]), given())
    response = as_owner.post(reverse("portal:submit", args=[draft.pk]), given())
    assert errors(response) == {"serial_number": "This serial number has already been used in another request. Check it, or use another stamp."}
    assert Proposal.objects.get(pk=draft.pk).state == State.DRAFT


@pytest.mark.django_db
def test_an_exempt_organisation_gives_its_ground(as_owner: Client, draft: Proposal) -> None:
    response = as_owner.post(reverse("portal:submit", args=[draft.pk]), given(**EXEMPT, exemption="onlus", exemption_note="D.Lgs. 117/2017 art. 82"))
    assert response.status_code == 302
    stamp = ProposalVersion.objects.get(proposal=draft).stamp_duty
    assert (stamp.exemption, stamp.exemption_note, stamp.serial_number) == ("onlus", "D.Lgs. 117/2017 art. 82", None)


@pytest.mark.django_db
def test_an_incomplete_proposal_leads_to_what_is_missing(db: Any) -> None:
    empty = factories.draft(complete=False)
    client = signed_in(factories.owner_of(empty.organisation))
    response = client.get(reverse("portal:submit", args=[empty.pk]), follow=True)
    assert response.redirect_chain == [(reverse("portal:review", args=[empty.pk]), 302)]
    links = [link["href"] for link in soup(response).select(".tcl-problems a")]
    assert reverse("portal:section", args=[empty.pk, "idea"]) + "#field-title" in links
    assert reverse("portal:section", args=[empty.pk, "declarations"]) + "#field-declares_truth" in links
    assert reverse("portal:section", args=[empty.pk, "attachments"]) + "#field-technical_sheet" in links


@pytest.mark.django_db
def test_a_deadline_that_passes_on_the_page_is_told_and_the_draft_stays(travel: Any) -> None:
    moment = clock.now()
    challenge = factories.challenge(mode=Challenge.Mode.COMPETITIVE, closes_at=moment + timedelta(hours=1), criteria=(("impact", 100, 0),))
    draft = factories.draft(to=challenge)
    client = signed_in(factories.owner_of(draft.organisation))
    address = reverse("portal:submit", args=[draft.pk])
    assert client.get(address).status_code == 200
    travel(moment + timedelta(hours=2))
    response = client.post(address, given())
    assert response.status_code == 422
    assert "This challenge does not take proposals any more. The draft stays here: you can copy it for another challenge." in soup(response).find(class_="alert-danger").get_text()
    assert soup(response).find("a", href=reverse("portal:copy", args=[draft.pk]))
    assert Proposal.objects.get(pk=draft.pk).state == State.DRAFT
    assert "Copy for another challenge" in soup(client.get(reverse("portal:section", args=[draft.pk, "idea"]))).get_text()


@pytest.mark.django_db
def test_the_receipt_names_case_register_and_digest_and_stays(as_owner: Client, draft: Proposal) -> None:
    response = as_owner.post(reverse("portal:submit", args=[draft.pk]), given(), follow=True)
    assert response.redirect_chain == [(reverse("portal:receipt", args=[draft.pk]), 302)]
    proposal, version = Proposal.objects.get(pk=draft.pk), ProposalVersion.objects.get(proposal=draft)
    text = soup(response).find("main").get_text(" ", strip=True)
    for part in (proposal.number, str(version.register_entry), version.digest, "Sensori per la pioggia"):
        assert part in text
    assert soup(as_owner.get(reverse("portal:receipt", args=[draft.pk]))).find("main").get_text(" ", strip=True) == text


@pytest.mark.django_db
def test_the_summary_to_sign_carries_the_digest_that_the_receipt_has(as_owner: Client, draft: Proposal) -> None:
    page = soup(as_owner.get(reverse("portal:summary", args=[draft.pk])))
    digest = submitting.digest_of(submitting.content_of(draft))
    assert digest in page.get_text()
    assert "Proviamo sensori che avvisano quando piove molto." in page.get_text()
    as_owner.post(reverse("portal:submit", args=[draft.pk]), given())
    assert ProposalVersion.objects.get(proposal=draft).digest == digest


@pytest.mark.django_db
def test_the_digest_changes_with_every_answer_and_every_file(draft: Proposal, owner: Any) -> None:
    def now() -> str:
        return submitting.digest_of(submitting.content_of(Proposal.objects.get(pk=draft.pk)))

    first = now()
    drafting.answers_save(proposal_id=draft.pk, actor=owner, answers={"title": "Altro"}, base_version=draft.version)
    second = now()
    drafting.attachment_add(proposal_id=draft.pk, actor=owner, kind="budget", upload=factories.upload("b.pdf"))
    assert len({first, second, now()}) == 3


@pytest.mark.django_db
def test_what_was_handed_in_can_be_read_and_downloaded_exactly(as_owner: Client, draft: Proposal) -> None:
    as_owner.post(reverse("portal:submit", args=[draft.pk]), given())
    version = ProposalVersion.objects.get(proposal=draft)
    page = soup(as_owner.get(reverse("portal:submitted", args=[draft.pk, 1]))).get_text()
    for file in version.files:
        assert file["sha256"] in page
    response = as_owner.get(reverse("portal:submitted_data", args=[draft.pk, 1]))
    content = json.loads(response.content)
    assert content["answers"] == version.answers and content["files"] == version.files and content["digest_sha256"] == version.digest
    assert response["Content-Disposition"] == f'attachment; filename="{Proposal.objects.get(pk=draft.pk).number}-1.json"'
    assert as_owner.get(reverse("portal:submitted", args=[draft.pk, 2])).status_code == 404


@pytest.mark.django_db
def test_a_second_window_is_told_that_it_was_handed_in(as_owner: Client, draft: Proposal) -> None:
    address = reverse("portal:submit", args=[draft.pk])
    as_owner.post(address, given())
    response = as_owner.post(address, given(serial_number="99999999999999"), follow=True)
    assert "This proposal has already been handed in." in response.content.decode()
    assert response.redirect_chain[-1][0] == reverse("portal:receipt", args=[draft.pk])
    assert ProposalVersion.objects.filter(proposal=draft).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_clicks_at_once_one_wins_and_both_get_the_receipt(draft: Proposal, owner: Any) -> None:
    clients, barrier, found = [signed_in(owner), signed_in(owner)], threading.Barrier(2), []
    address = reverse("portal:submit", args=[draft.pk])

    def click(client: Client, serial: str) -> None:
        with translation.override("en"):
            barrier.wait()
            found.append(client.post(address, given(serial_number=serial)))
        connection.close()

    threads = [threading.Thread(target=click, args=(client, f"{number:014d}")) for number, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(response.status_code, response.url) for response in found] == [(302, reverse("portal:receipt", args=[draft.pk]))] * 2
    assert ProposalVersion.objects.filter(proposal=draft).count() == 1


def test_what_the_profile_lacks_is_named_and_saving_it_leads_back_to_the_draft(db: Any) -> None:
    draft = factories.draft(factories.organisation(pec="", representative_name=""))
    organisation, client = draft.organisation, signed_in(factories.owner_of(draft.organisation))
    section, review, profile = (
        reverse(f"portal:{name}", args=args)
        for name, args in (("section", [draft.pk, "applicant"]), ("review", [draft.pk]), ("organisation", [organisation.pk]))
    )
    for address, links in (
        (section, soup(client.get(section)).select("#index-wide .tcl-missing a")),
        (review, soup(client.get(review)).select(".tcl-problems a")),
    ):
        assert [(link.get_text(strip=True), link["href"]) for link in links] == [
            ("Organisation's profile: PEC", f"{profile}?next={address}#field-pec"),
            ("Organisation's profile: legal representative", f"{profile}?next={address}#field-representative_name"),
        ]
    data = {"legal_name": organisation.legal_name, "kind": "startup", "country": "IT", "vat_number": organisation.vat_number, "language": "it", "version": 1}
    data |= {"address": "Via Nuova 1", "postcode": "10121", "town": "Torino", "pec": "acme@pec.example", "representative_name": "Ada Rossi"}
    assert client.post(f"{profile}?next={review}", data).url == review
    assert soup(client.get(review)).select(".tcl-problems a") == []
    assert client.post(f"{profile}?next=https://elsewhere.example/", {**data, "version": 2}).url == profile
