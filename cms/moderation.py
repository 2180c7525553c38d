"""What happens when moderation ends well."""

from typing import Any

from django.db import transaction


def publish_approved(workflow_state: Any, user: Any = None) -> None:
    """Publish the newest version, which only a reviewer can have changed since it was submitted. Approving is the permission: nobody has another."""
    with transaction.atomic():
        workflow_state.content_object.get_latest_revision().publish(user=user, skip_permission_checks=True)
