"""The records of the money room: the rules, what is owed, how it is paid, and the ledger."""

from .charges import Charge, DepositDecision
from .cost_rules import DepositRule, Exemption, FeeRule, Payee, Rule, RuleVersion
from .ledger import LedgerEntry, LedgerTransaction
from .own_providers import Notice, NoticeReceipt, SandboxCheckout
from .payments import Allocation, Checkout, CheckoutLine, Payment, ProviderEvent, Receipt, ReceiptCounter, Refund
from .reconciling import Difference, ReconcileRun

__all__ = [
    "Allocation", "Charge", "Checkout", "CheckoutLine", "DepositDecision", "DepositRule", "Difference", "Exemption", "FeeRule", "LedgerEntry", "LedgerTransaction",
    "Notice", "NoticeReceipt", "Payee", "Payment", "ProviderEvent", "Receipt", "ReceiptCounter", "ReconcileRun", "Refund", "Rule", "RuleVersion", "SandboxCheckout",
]  # fmt: skip
