"""What follows from facts about challenges."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import override

from citylab.notifications.services import notify

from .models import Question
from .notifications import QuestionSetAside


def handle_question_set_aside(key: str, payload: dict[str, Any]) -> None:
    """Tell whoever asked why the question does not appear; nothing where it was brought back meanwhile."""
    question = Question.objects.select_related("challenge", "asked_by").get(pk=key)
    if question.asked_by is None or question.set_aside_at != datetime.fromisoformat(payload["moment"]):
        return
    with override(question.asked_by.language):
        address = reverse("public:challenge", args=[question.challenge.slug])
    notify(kind=QuestionSetAside, user=question.asked_by, dedupe=f"question-aside:{question.pk}:{payload['moment']}", context={"question": question, "address": address})
