"""What a browser sends from the admin's forms."""

from django.urls import reverse
from django.utils import translation
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text

from tests import factories


def flat(data, action):
    """Form data as a browser sends it: several boxes of one name, and the button that was pressed."""
    boxes = {name: data.pop(name) for name in ("applicant_kinds", "assumed", "constraints", "sectors") if name in data}
    return {**nested_form_data(data), **boxes, **({f"action-{action}": "1"} if action else {})}


def errors(response):
    """The messages beside the fields, in English."""
    with translation.override("en"):
        return {name: [str(message) for message in messages] for name, messages in response.context["form"].errors.items()}



def url(record, name):
    """The address of one of the record's pages in the admin; `record` may be the model."""
    return reverse(record.snippet_viewset.get_url_name(name), args=[record.pk] if not isinstance(record, type) else [])


def challenge_form(action="", criteria=(), **changes):
    """A complete challenge; `criteria`: (id, code, weight, minimum)."""
    rows = [{"id": pk or "", "code": code, "name_it": code, "name_en": code, "weight": weight, "minimum": minimum} for pk, code, weight, minimum in criteria]
    data = {
        "code": "acqua", "slug": "acqua-piovana", "city": "Torino", "title_it": "Acqua piovana", "title_en": "Rain water", "summary_it": "Dove va l'acqua.",
        "summary_en": "Where the water goes.", "description_it": rich_text("<p>Quando piove molto.</p>"), "description_en": rich_text("<p>When it rains a lot.</p>"),
        "expected_it": "", "expected_en": "", "plan_it": "", "plan_en": "", "owner_it": "", "owner_en": "", "contact_email": "", "mode": "open", "sector": factories.sector().pk,
        "s3_area": "", "programme": "", "trl_min": 4, "trl_max": 9, "budget_max_cents": "", "co_funding_percent": "", "opens_at": "", "closes_at": "", "latitude": "", "longitude": "",
        "maximum_distance_metres": "", "source": "", "go_live_at": "", "expire_at": "",
        "criteria": inline_formset(rows, initial=sum(1 for row in rows if row["id"])), **changes,
    }  # fmt: skip
    return flat(data, action)


def site_form(action="", **changes):
    data = {
        "code": "parco", "slug": "parco-di-prova", "name_it": "Parco", "name_en": "Park", "summary_it": "Un parco.", "summary_en": "A park.",
        "description_it": rich_text("<p>Verde.</p>"), "description_en": rich_text("<p>Green.</p>"), "accessibility_it": "", "accessibility_en": "", "owner_it": "", "owner_en": "",
        "contact_email": "", "source": "", "kind": "park", "latitude": "45.07", "longitude": "7.68", "district": "", "area_m2": "", "surface": "", "capacity": 1, "available_from": "",
        "available_until": "", "go_live_at": "", "expire_at": "", "assets": inline_formset([]), "permits": inline_formset([]), "blackouts": inline_formset([]), **changes,
    }  # fmt: skip
    return flat(data, action)


def draft(client, **changes):
    """A draft challenge that this editor saved."""
    from citylab.challenges.models import Challenge

    response = client.post(url(Challenge, "add"), challenge_form(**changes))
    assert response.status_code == 302, response.context["form"].errors
    return Challenge.objects.latest("pk")


def submitted(client, **changes):
    """A challenge that this editor handed over to moderation."""
    return draft(client, action="submit", **changes)


def act(client, record, action="approve", **typed):
    """Press a moderator's button on the record's page."""
    record.refresh_from_db()
    state = record.current_workflow_task_state
    return client.post(reverse(record.snippet_viewset.get_url_name("workflow_action"), args=[record.pk, action, state.pk]), typed)


def approve_in_the_editor(client, record, **changes):
    """Press “Approve and publish” below the text itself, which sends the text along."""
    data = {**challenge_form(**changes), "action-workflow-action": "True", "workflow-action-name": "approve"}
    return client.post(url(record, "edit"), data)
