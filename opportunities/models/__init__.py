"""The buying side's records, one file a subject. Everything that is evidence is append-only in the database."""

from .contract import Contract, Dispute, ExcludedSupplier, Extension
from .criterion import AcceptanceCriterion, EvaluationCriterion, Skill
from .delivery import AcceptanceResult, Assessment, Delivery
from .event import Event
from .funds import Commitment, Reservation
from .message import Message, Remark
from .notification import Notification, SentMail
from .opportunity import Opportunity
from .payment import Certification, Invoice, Payment, PaymentConfirmation
from .posting import Amendment, Question
from .registry import RegistryEntry
from .screening import Screening, ScreeningResult
from .search import SearchEntry, SearchWord
from .subscription import Consent, Following, Subscription, SubscriptionRequest

__all__ = [
    "AcceptanceCriterion",
    "AcceptanceResult",
    "Amendment",
    "Assessment",
    "Certification",
    "Commitment",
    "Consent",
    "Contract",
    "Delivery",
    "Dispute",
    "EvaluationCriterion",
    "Event",
    "ExcludedSupplier",
    "Extension",
    "Following",
    "Invoice",
    "Message",
    "Notification",
    "Opportunity",
    "Payment",
    "PaymentConfirmation",
    "Question",
    "RegistryEntry",
    "Remark",
    "Reservation",
    "Screening",
    "ScreeningResult",
    "SearchEntry",
    "SearchWord",
    "SentMail",
    "Skill",
    "Subscription",
    "SubscriptionRequest",
]
