"""Writing a record: a draft needs one title, publication needs both languages; choices, euros, autosave, preview, history."""

import json

import pytest
from django.urls import reverse
from wagtail.models import Revision
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text

from citylab.challenges.models import Challenge
from citylab.testbeds.models import Site
from tests import factories

from .forms import challenge_form, draft, errors, site_form, submitted, url

EMPTY = {"summary_it": "", "summary_en": "", "description_it": rich_text(""), "description_en": rich_text(""), "sector": ""}


@pytest.mark.parametrize("title", ["title_it", "title_en"])
def test_a_draft_needs_one_title_only(anna, title):
    saved = draft(anna, **{"title_it": "", "title_en": "", **EMPTY, "code": "", "slug": "", title: "Piste ciclabili sicure"})
    assert (saved.live, saved.code, saved.slug, saved.sector) == (False, "piste-ciclabili-sicu", "piste-ciclabili-sicure", None)


def test_a_draft_without_any_title_is_refused_beside_the_field(anna):
    response = anna.post(url(Challenge, "add"), challenge_form(title_it="", title_en="", **EMPTY))
    assert errors(response) == {"title_it": ["Write it in at least one language; both are needed to publish."]}
    assert not Challenge.objects.exists()


def test_a_site_draft_needs_its_name_only(anna):
    fields = {"code": "", "slug": "", "name_en": "", "summary_it": "", "summary_en": "", "kind": "", "latitude": "", "longitude": ""}
    response = anna.post(url(Site, "add"), site_form(**fields, description_it=rich_text(""), description_en=rich_text("")))
    assert response.status_code == 302
    assert Site.objects.values_list("code", "latitude", "live").get() == ("parco", None, False)


def test_two_drafts_of_the_same_name_get_addresses_of_their_own(anna):
    first = draft(anna, code="", slug="")
    second = draft(anna, code="", slug="")
    assert [first.slug, second.slug] == ["acqua-piovana", "acqua-piovana-2"]
    assert [first.code, second.code] == ["acqua-piovana", "acqua-piovana-2"]


def test_publication_needs_both_languages_and_says_so_field_by_field(anna):
    response = anna.post(url(Challenge, "add"), challenge_form("submit", title_en="", summary_it="", description_en=rich_text("")))
    assert errors(response) == {
        "title_en": ["To be published, the record needs this in English."],
        "summary_it": ["To be published, the record needs this in Italian."],
        "description_en": ["To be published, the record needs this in English."],
    }
    assert not Challenge.objects.exists()


def test_applicants_constraints_and_assumed_fields_are_check_boxes(anna):
    page = anna.get(url(Challenge, "add")).content.decode()
    assert 'type="checkbox" name="applicant_kinds" value="startup"' in page
    assert 'type="checkbox" name="assumed" value="closes_at"' in page
    assert 'type="checkbox" name="constraints" value="heritage"' in anna.get(url(Site, "add")).content.decode()
    saved = draft(anna, applicant_kinds=["startup", "sme"], assumed=["trl_min"])
    assert (saved.applicant_kinds, saved.assumed) == (["startup", "sme"], ["trl_min"])


def test_an_unknown_applicant_kind_is_refused(anna):
    response = anna.post(url(Challenge, "add"), challenge_form(applicant_kinds=["martian"]))
    assert list(errors(response)) == ["applicant_kinds"]


def test_a_code_that_is_no_longer_offered_stays_until_taken_away(anna):
    record = draft(anna)
    Challenge.objects.filter(pk=record.pk).update(assumed=["old_field"])
    Revision.objects.all().delete()
    assert 'value="old_field"' in anna.get(url(record, "edit")).content.decode()


@pytest.mark.parametrize(("typed", "cents"), [("12500.50", 1_250_050), ("0", 0), ("", None)])
def test_money_is_typed_in_euros_and_kept_in_cents(anna, typed, cents):
    saved = draft(anna, budget_max_cents=typed)
    assert saved.budget_max_cents == cents


def test_money_is_shown_in_euros(anna):
    saved = draft(anna, budget_max_cents="12500.50")
    assert 'value="12,500.50"' in anna.get(url(saved, "edit")).content.decode()


@pytest.mark.parametrize("typed", ["-1", "many", "1.999"])
def test_wrong_money_is_refused(anna, typed):
    response = anna.post(url(Challenge, "add"), challenge_form(budget_max_cents=typed))
    assert list(errors(response)) == ["budget_max_cents"]


def test_saving_a_draft_of_a_public_record_leaves_the_public_one_alone(anna):
    record = factories.challenge(criteria=(("impact", 60, 0),))
    kept = record.criteria.get()
    anna.post(url(record, "edit"), challenge_form(code=record.code, title_it="Un altro titolo", criteria=[(kept.pk, "impact", 40, 0), ("", "price", 60, 0)]))
    fresh = Challenge.objects.get(pk=record.pk)
    assert fresh.title_it == record.title_it and fresh.has_unpublished_changes
    assert list(fresh.criteria.values_list("code", "weight")) == [("impact", 60)]
    assert fresh.get_latest_revision_as_object().title_it == "Un altro titolo"


def test_autosave_answers_as_data_and_overwrites_its_own_revision(anna):
    record = draft(anna)
    headers = {"accept": "application/json", "x-requested-with": "XMLHttpRequest"}
    first = anna.post(url(record, "edit"), challenge_form(code="", slug="", title_it="Acqua p"), headers=headers)
    assert (first.status_code, first["content-type"]) == (200, "application/json")
    saved = json.loads(first.content)
    assert saved["success"] is True
    again = anna.post(url(record, "edit"), challenge_form(title_it="Acqua piovana in strada", overwrite_revision_id=saved["revision_id"]), headers=headers)
    assert json.loads(again.content)["revision_id"] == saved["revision_id"]
    assert Challenge.objects.get().get_latest_revision_as_object().title_it == "Acqua piovana in strada"
    assert record.revisions.count() == 2


def test_autosave_of_a_new_record_tells_where_it_is_now(anna):
    headers = {"accept": "application/json", "x-requested-with": "XMLHttpRequest"}
    answer = json.loads(anna.post(url(Challenge, "add"), challenge_form(title_en="", **EMPTY), headers=headers).content)
    assert answer["success"] is True and answer["pk"] == Challenge.objects.get().pk


def test_the_preview_is_the_real_public_page_with_what_is_being_typed(anna):
    record = factories.challenge()
    address = reverse(Challenge.snippet_viewset.get_url_name("preview_on_edit"), args=[record.pk])
    anna.post(address, challenge_form(code=record.code, slug=record.slug, title_it="Titolo in prova", title_en="Title on trial", applicant_kinds=["startup"]))
    page = anna.get(f"{address}?mode=en").content.decode()
    assert "Title on trial" in page and 'data-element="service-status"' in page and "Only for: Start-up." in page
    assert Challenge.objects.get().title_en == record.title_en


def test_an_empty_site_can_be_previewed(anna):
    address = reverse(Site.snippet_viewset.get_url_name("preview_on_add"))
    anna.post(address, site_form(kind="", latitude="", longitude=""))
    assert anna.get(f"{address}?mode=it").status_code == 200


def test_history_and_comparison_of_two_versions(anna):
    record = draft(anna)
    anna.post(url(record, "edit"), challenge_form(title_it="Acqua di fiume"))
    old, new = record.revisions.order_by("pk")
    assert anna.get(url(record, "history")).status_code == 200
    compared = anna.get(reverse(Challenge.snippet_viewset.get_url_name("revisions_compare"), args=[record.pk, old.pk, new.pk])).content.decode()
    assert "piovana" in compared and "di fiume" in compared


def test_the_code_never_changes_after_publication(anna):
    record = factories.challenge("stabile")
    Challenge.objects.filter(pk=record.pk).update(first_published_at="2026-01-01T00:00Z")
    anna.post(url(record, "edit"), challenge_form(code="altro"))
    assert Challenge.objects.get().get_latest_revision_as_object().code == "stabile"


def test_the_deadline_of_a_competitive_challenge_is_needed(anna):
    response = anna.post(url(Challenge, "add"), challenge_form("submit", mode="competitive"))
    assert errors(response) == {"closes_at": ["A competitive challenge needs a closing time."]}


def test_a_programme_and_a_term_are_kept_without_moderation(anna):
    from citylab.taxonomy.models import Programme, Technology

    anna.post(url(Programme, "add"), {"code": "cte-next", "kind": "local", "is_active": "on", "name_it": "CTE NEXT", "name_en": "CTE NEXT", "years": "2020–2024"})
    anna.post(url(Technology, "add"), {"code": "5g", "position": 1, "name_it": "5G", "name_en": "5G"})
    assert Programme.objects.get().name_it == "CTE NEXT" and Technology.objects.get().code == "5g"


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_admin_speaks_the_language_of_the_person(anna, language):
    anna.user.language = language
    anna.user.save()
    page = anna.get(reverse("wagtailadmin_home")).content.decode()
    assert f'<html lang="{language}"' in page
    assert ("Immagini" if language == "it" else "Images") in page


def test_submitting_starts_moderation(anna):
    record = submitted(anna)
    assert (record.live, record.workflow_in_progress, record.current_workflow_state.requested_by) == (False, True, anna.user)


def test_unused_formset_rows_are_ignored(anna):
    data = challenge_form()
    data.update(nested_form_data({"criteria": inline_formset([{"id": "", "code": "", "name_it": "", "name_en": "", "weight": "", "minimum": "", "DELETE": "on"}])}))
    assert anna.post(url(Challenge, "add"), data).status_code == 302
