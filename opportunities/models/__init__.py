"""The buying side's records, one file a subject. Everything that is evidence is append-only in the database."""

from .contract import Contract, Dispute, ExcludedSupplier, Extension
from .criterion import AcceptanceCriterion, EvaluationCriterion, Skill
from .delivery import AcceptanceResult, Assessment, Delivery, DeliveryView
from .desk import CannedReply, Handover, InternalNote
from .event import Event
from .funds import Commitment, Reservation
from .head import DailyHead, Heartbeat
from .keeping import AccessCopy, CaseFile, Disposal, LegalHold
from .message import Message, Remark
from .notification import Announcement, DailyDigest, Notification, SentAgain, SentMail
from .opportunity import Opportunity
from .payment import Certification, Invoice, Payment, PaymentConfirmation
from .posting import Amendment, Question
from .public_state import CountChange, PublicState
from .registry import RegistryEntry
from .screening import Screening, ScreeningResult
from .search import SearchEntry, SearchWord
from .splitting import SplittingDecision, SplittingFlag, SplittingLikeness
from .subscription import Consent, Following, Subscription, SubscriptionRequest
from .tracking import HandRecord

__all__ = [
    "AcceptanceCriterion",
    "AcceptanceResult",
    "AccessCopy",
    "Amendment",
    "Announcement",
    "Assessment",
    "CannedReply",
    "CaseFile",
    "Certification",
    "Commitment",
    "Consent",
    "Contract",
    "CountChange",
    "DailyDigest",
    "DailyHead",
    "Delivery",
    "DeliveryView",
    "Disposal",
    "Dispute",
    "EvaluationCriterion",
    "Event",
    "ExcludedSupplier",
    "Extension",
    "Following",
    "HandRecord",
    "Handover",
    "Heartbeat",
    "InternalNote",
    "Invoice",
    "LegalHold",
    "Message",
    "Notification",
    "Opportunity",
    "Payment",
    "PaymentConfirmation",
    "PublicState",
    "Question",
    "RegistryEntry",
    "Remark",
    "Reservation",
    "Screening",
    "ScreeningResult",
    "SearchEntry",
    "SearchWord",
    "SentAgain",
    "SentMail",
    "Skill",
    "SplittingDecision",
    "SplittingFlag",
    "SplittingLikeness",
    "Subscription",
    "SubscriptionRequest",
]
