from .pilot import Pilot
from .running import (
    ExtensionRequest,
    FinalReport,
    Gate,
    Incident,
    Indicator,
    Milestone,
    PilotNote,
    Reading,
    RestorationCheck,
    Suspension,
    SuspensionRequest,
)  # fmt: skip

__all__ = [
    "ExtensionRequest", "FinalReport", "Gate", "Incident", "Indicator", "Milestone", "Pilot", "PilotNote", "Reading", "RestorationCheck",
    "Suspension", "SuspensionRequest",
]  # fmt: skip
