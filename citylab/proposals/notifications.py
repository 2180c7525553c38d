"""The messages of the casework: named classes, texts in the reader's language."""

from django.utils.translation import gettext_lazy as _

from citylab.notifications.classes import Notification


class FormalAct(Notification):
    """Formal acts always go out: they start or stop a term."""

    category = "formal"
    mandatory = True


class ProposalReceipt(FormalAct):
    code = "proposal_receipt"
    label = _("Receipt of a proposal")
    template = "proposals/messages/receipt"


class AdditionsReceipt(FormalAct):
    code = "additions_receipt"
    label = _("Receipt of additions")
    template = "proposals/messages/additions_receipt"


class ChangesRequested(FormalAct):
    code = "changes_requested"
    label = _("Request for additions")
    template = "proposals/messages/changes_requested"


class RefusalNoticeGiven(FormalAct):
    code = "refusal_notice"
    label = _("Refusal notice")
    template = "proposals/messages/refusal_notice"


class DecisionTaken(FormalAct):
    code = "decision"
    label = _("Decision")
    template = "proposals/messages/decision"


class FormalMessage(FormalAct):
    code = "message"
    label = _("Message from the city")
    template = "proposals/messages/message"


class CaseReopened(FormalAct):
    code = "reopened"
    label = _("Case reopened")
    template = "proposals/messages/reopened"


class ProposalWithdrawn(FormalAct):
    code = "withdrawn"
    label = _("Withdrawal")
    template = "proposals/messages/withdrawn"


class CaseProgress(Notification):
    code = "case_progress"
    category = "progress"
    label = _("Progress of a case")
    template = "proposals/messages/progress"


class DeadlineExtended(Notification):
    code = "deadline_extended"
    category = "deadlines"
    label = _("A deadline was extended")
    template = "proposals/messages/deadline_extended"


class ChallengeClosed(Notification):
    code = "challenge_closed"
    category = "deadlines"
    label = _("A challenge was closed early")
    template = "proposals/messages/challenge_closed"


class ChallengeUnpublished(Notification):
    code = "challenge_unpublished"
    category = "deadlines"
    label = _("A challenge was taken off the site")
    template = "proposals/messages/challenge_unpublished"


class DraftReminderMessage(Notification):
    code = "draft_reminder"
    category = "deadlines"
    label = _("A draft's deadline is near")
    template = "proposals/messages/draft_reminder"


class WorkForOfficer(Notification):
    code = "work_for_officer"
    category = "desk"
    label = _("Work on the desk")
    template = "proposals/messages/work_for_officer"


class EvaluationAsked(Notification):
    code = "evaluation_asked"
    category = "desk"
    label = _("An evaluation is asked of you")
    template = "proposals/messages/evaluation_asked"


class EvaluationTakenOff(Notification):
    code = "evaluation_taken_off"
    category = "desk"
    label = _("An evaluation is no longer asked of you")
    template = "proposals/messages/evaluation_taken_off"


class QuestionAnswered(Notification):
    code = "question_answered"
    category = "questions"
    label = _("Your question has its answer")
    template = "proposals/messages/question_answered"
