from .evaluation import Assignment, Decision, Evaluation, Score
from .procedure import ChangeRequest, ChangeRequestItem, Communication, Note, RefusalNotice, ScreeningCheck
from .proposal import CaseCounter, DraftReminder, Proposal, ProposalSite, Turn
from .submission import Attachment, ProposalVersion, RegisterCounter, RegisterEntry, Signature, StampDuty

__all__ = [
    "Assignment", "Attachment", "CaseCounter", "ChangeRequest", "ChangeRequestItem", "Communication", "Decision", "DraftReminder",
    "Evaluation", "Note", "Proposal", "ProposalSite", "ProposalVersion", "RefusalNotice", "RegisterCounter", "RegisterEntry", "Score",
    "ScreeningCheck", "Signature", "StampDuty", "Turn",
]  # fmt: skip
