"""What a supplier does with an application: write it, submit it, change it until closing, withdraw it.

Everything written is kept apart (`Application.working`) until it is submitted; each submission copies it, whole and
immutable, and into the columns that are evaluated. Deadlines are decided by the clock once the opportunity's row is
held still, never by whether a job has run. Writes no event: until closing, only its supplier knows of an application.
"""

import hashlib
import json
import secrets
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from microacq import clock, text
from opportunities import notifications
from opportunities.lifecycle import Refused
from opportunities.models import Opportunity

from . import files
from .may_apply import why_not
from .models import Answer, Application, Submission, SupplierProfile

ANSWER_WORDS = 250
FORMAT = "esdc-microacq-application-v1"
ABOUT = ("legal_name", "business_name", "province", "code_account")
ELIGIBILITY = ("of_age", "standing", "uses_git", "needs_sign_off")
SENT = (
    *ABOUT,
    *ELIGIBILITY,
    "means",
    "sign_off",
    "sign_off_name",
    "status",
    "submitted_at",
    "sha256",
    "receipt",
)
"""The columns that a submission writes."""
LANGUAGES = ("en", "fr")


def own(opportunity, user) -> Application | None:
    """This person's application to the opportunity, in whatever state, or None."""
    return (
        Application.objects.filter(opportunity=opportunity, supplier=user).first()
        if user.is_authenticated
        else None
    )


def own_at(reference: str, user) -> Application | None:
    """This person's application to what was posted under a reference, or None: its keys alone, to send it by."""
    found = Application.objects.filter(opportunity__reference=reference, opportunity__posted_at__isnull=False)
    return found.filter(supplier=user).only("opportunity", "supplier").first()


def save_draft(opportunity, by, changes: dict[str, Any], now: datetime | None = None) -> Application:
    """Keep what was written on one page: `changes` holds names of ABOUT or ELIGIBILITY, "means", "answers"
    ({criterion id: text}) or "sign_off" (what `files.keep` gave, or None). Makes the application on the first save.

    What was submitted stands until it is submitted again. Raises Refused.
    """
    with transaction.atomic():
        opportunity = _turn(opportunity, by)
        now = now or clock.now()
        _refuse(why_not(opportunity, by, now))
        application = (
            Application.objects.select_for_update().filter(opportunity=opportunity, supplier=by).first()
        )
        if application is None:
            application = Application(
                opportunity=opportunity, supplier=by, created_at=now, working=prefill(by)
            )
        before = application.working.get("sign_off")
        working = application.working = merged(application.working, changes)
        if before and before != working.get("sign_off") and before["name"] != application.sign_off.name:
            transaction.on_commit(lambda: drop_unless_submitted(application, before["name"]))
        application.saved_at = now
        application.save()
    return application


def drop_unless_submitted(application: Application, name: str) -> None:
    """Remove a stored file that no submission of the application holds."""
    if not any(name in submission.content for submission in application.submissions.all()):
        files.drop(name)


def prefill(user) -> dict[str, Any]:
    """What is known of the supplier: from their profile, else from their last application, else from their account."""
    profile = SupplierProfile.objects.filter(user=user).first()
    if profile:
        return {
            "legal_name": user.name,
            **{name: getattr(profile, name) for name in ABOUT if name != "legal_name"},
        }
    last = Application.objects.filter(supplier=user).order_by("-saved_at").first()
    known = {name: last.working.get(name, "") for name in ABOUT} if last else {}
    return known if any(known.values()) else {"legal_name": user.name}


def answer_texts(application: Application, criteria) -> list[tuple[Any, str]]:
    """Each evaluation criterion with what is written about it so far."""
    written = application.working.get("answers", {})
    return [(criterion, written.get(str(criterion.pk), "")) for criterion in criteria]


def not_eligible(working: dict[str, Any]) -> list:
    """Why somebody who answered so cannot be a supplier; empty when nothing speaks against it so far."""
    reasons = []
    if working.get("of_age") is False:
        reasons.append(
            _(
                "A supplier signs a contract, so they must have reached the age of majority in their province or territory and be able to contract."
            )
        )
    if working.get("standing") == Application.Standing.NEITHER:
        reasons.append(
            _(
                "A supplier must be Canadian, First Nations, Métis, Inuit or a permanent resident of Canada, or hold the permits to work in Canada."
            )
        )
    if working.get("uses_git") is False:
        reasons.append(
            _(
                "The work is delivered in a public repository, so a supplier must be able to use Git and have a public account."
            )
        )
    return reasons


def missing(application: Application, criteria) -> dict[str, list]:
    """What is still to do before submitting, as sentences, by page: about, eligibility, answers, payment."""
    working = application.working
    about, eligibility, answers, payment = [], list(not_eligible(working)), [], []
    for name, sentence in (
        ("legal_name", _("Give your full name.")),
        ("province", _("Choose your province or territory.")),
        ("code_account", _("Give the address of your public repository account.")),
    ):
        if not working.get(name):
            about.append(sentence)
    if any(working.get(name) in (None, "") for name in ELIGIBILITY):
        eligibility.append(_("Answer each of the eligibility questions."))
    if working.get("needs_sign_off"):
        sign_off = working.get("sign_off")
        upload = files.state_of(sign_off["name"]) if sign_off else None
        if not sign_off:
            eligibility.append(_("Add your Director General’s written sign-off."))
        elif upload and upload.scan == upload.Scan.REFUSED:
            eligibility.append(_("The virus scanner refused your sign-off. Add another file."))
    if not working.get("needs_sign_off") and application.supplier.is_esdc and not eligibility:
        eligibility.append(
            _("You work for the Government of Canada, so you need your Director General’s written sign-off.")
        )
    for number, (_criterion, written) in enumerate(answer_texts(application, criteria), 1):
        count = text.count_words(written)
        if not count:
            answers.append(_("Answer criterion %(number)d.") % {"number": number})
        elif count > ANSWER_WORDS:
            answers.append(
                _("Your answer to criterion %(number)d has %(count)d words. The most is %(limit)d.")
                % {"number": number, "count": count, "limit": ANSWER_WORDS}
            )
    if not working.get("means"):
        payment.append(_("Say how you can be paid."))
    return {"about": about, "eligibility": eligibility, "answers": answers, "payment": payment}


def merged(working: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What is written, with the changes of one page."""
    answers = {str(key): value for key, value in changes.get("answers", {}).items()}
    return working | changes | {"answers": working.get("answers", {}) | answers}


def fingerprint(application: Application, criteria) -> str:
    """What the check page shows, as a short text: the criteria and everything written, without the receipt."""
    facts = facts_of(application, criteria) | {"receipt": ""}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def content_of(application: Application, criteria) -> str:
    """The application as canonical JSON, byte for byte what its SHA-256 is computed from.

    The receipt is part of it, so that nobody can guess a text and compare hashes.
    """
    facts = facts_of(application, criteria)
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def facts_of(application: Application, criteria) -> dict[str, Any]:
    """Everything that is sent, as plain data."""
    working = application.working
    sign_off = working.get("sign_off") if working.get("needs_sign_off") else None
    return {
        "format": FORMAT,
        "opportunity": application.opportunity.reference,
        "receipt": application.receipt,
        **{name: working.get(name, "") for name in ABOUT},
        **{name: working.get(name) for name in ELIGIBILITY},
        "means": working.get("means", ""),
        "sign_off": sign_off,
        "answers": [
            {
                "criterion": criterion.pk,
                **{language: getattr(criterion, f"text_{language}") for language in LANGUAGES},
                "answer": written,
            }
            for criterion, written in answer_texts(application, criteria)
        ],
    }


def has_changes(application: Application, criteria) -> bool:
    """Whether something was written since the last submission."""
    last = application.submissions.last()
    return last is None or last.content != content_of(application, criteria)


def submit(application: Application, by, now: datetime | None = None, shown: str | None = None) -> Submission:
    """Send the application as written, and give the immutable copy made of it.

    Sending again what was already sent gives the copy that exists. `shown` is the `fingerprint` of what the person
    saw. Raises Refused: late, not one's own, another part in the opportunity, something missing, or not what was shown.
    """
    with transaction.atomic():
        opportunity, application = _held(application)
        now = now or clock.now()
        _refuse(
            None
            if application.supplier_id == by.pk
            else Refused("role", [_("Only the supplier who wrote an application can send it.")])
        )
        application.supplier = by
        _refuse(why_not(opportunity, by, now))
        criteria = list(opportunity.evaluation_criteria.all())
        if shown is not None and shown != fingerprint(application, criteria):
            raise Refused(
                "stale",
                [
                    _(
                        "Something changed after you opened this page, in another window or in the opportunity, so nothing was sent. This is what you would send now: read it again."
                    )
                ],
            )
        gaps = [sentence for page in missing(application, criteria).values() for sentence in page]
        _refuse(Refused("incomplete", gaps) if gaps else None)
        last = application.submissions.last() if application.receipt else None
        application.receipt = application.receipt or secrets.token_hex(16)
        content = content_of(application, criteria)
        stands = application.status == Application.Status.SUBMITTED
        if stands and last and last.content == content and not to_confirm(opportunity, last):
            return last
        submission = _keep_copy(application, content, (last.number if last else 0) + 1, now)
        _copy_to_columns(application, criteria, submission)
        notifications.queue(
            "application_received",
            by,
            receipt_context(opportunity, application, submission),
            audience_name="applicant",
        )
    return submission


def to_confirm(opportunity, submission: Submission) -> bool:
    """Whether the opportunity changed, in what suppliers answer to, after this was sent."""
    return opportunity.amendments.filter(material=True, amended_at__gt=submission.submitted_at).exists()


def _keep_copy(application: Application, content: str, number: int, now: datetime) -> Submission:
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Submission.objects.create(
        application=application, number=number, submitted_at=now, content=content, sha256=digest
    )


def _copy_to_columns(application: Application, criteria, submission: Submission) -> None:
    working = application.working
    for name in ABOUT:
        setattr(application, name, working.get(name, ""))
    for name in ELIGIBILITY:
        setattr(application, name, working[name])
    application.means = working["means"]
    sign_off = working.get("sign_off") if working["needs_sign_off"] else None
    application.sign_off = sign_off["name"] if sign_off else ""
    application.sign_off_name = sign_off["shown"] if sign_off else ""
    application.status = Application.Status.SUBMITTED
    application.submitted_at, application.sha256 = submission.submitted_at, submission.sha256
    application.save(update_fields=SENT)
    Answer.objects.bulk_create(
        [
            Answer(application=application, criterion=criterion, text=written)
            for criterion, written in answer_texts(application, criteria)
        ],
        update_conflicts=True,
        unique_fields=["application", "criterion"],
        update_fields=["text"],
    )


def withdraw(application: Application, by, now: datetime | None = None) -> Application:
    """Take the application back until closing. A draft that was never sent is erased; what was sent keeps its copies.

    Withdrawing twice is once. Raises Refused.
    """
    with transaction.atomic():
        opportunity, application = _held(application)
        now = now or clock.now()
        _refuse(
            None
            if application.supplier_id == by.pk
            else Refused("role", [_("Only the supplier who wrote an application can withdraw it.")])
        )
        _refuse(why_not(opportunity, by, now))
        if application.status == Application.Status.DRAFT:
            erase_draft(application)
        elif application.status == Application.Status.SUBMITTED:
            application.status, application.saved_at = Application.Status.WITHDRAWN, now
            application.save(update_fields=["status", "saved_at"])
    return application


def erase_draft(application: Application) -> None:
    """Erase an application that was never sent, with its file. Call inside a transaction."""
    if sign_off := application.working.get("sign_off"):
        transaction.on_commit(lambda: files.drop(sign_off["name"]))
    application.delete()


def apply(opportunity, by, data: dict[str, Any], now: datetime | None = None) -> Submission:
    """Write and send an application in one go: `data` as for `save_draft`. Raises Refused."""
    return submit(save_draft(opportunity, by, data, now), by, now)


def receipt_context(opportunity, application: Application, submission: Submission) -> dict[str, Any]:
    """What the receipt says, on its page and in its email: numbers, times and what happens next; no content."""
    return {
        **notifications.mail_context(opportunity),
        "receipt": application.receipt,
        "sha256": submission.sha256,
        "submitted_at": submission.submitted_at,
        "submission_number": submission.number,
    }


def _turn(opportunity, by) -> Opportunity:
    """The opportunity as it stays until the transaction ends, and this person's turn to begin: one after the other for one
    supplier, so that two clicks begin one application."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"application {opportunity.pk} {by.pk}"]
        )
    return Opportunity.objects.held_still(opportunity.pk)


def _held(application: Application) -> tuple[Opportunity, Application]:
    """Both as they stay until the transaction ends: one supplier's clicks follow each other, so that two are one; all
    suppliers at once, as in the last minute before closing. Raises Refused when it was erased meanwhile."""
    opportunity = Opportunity.objects.held_still(application.opportunity_id)
    held = Application.objects.select_for_update().filter(pk=application.pk).first()
    if held is None:
        raise Refused(
            "gone", [_("You withdrew this application in another window, and its draft is erased.")]
        )
    held.opportunity = opportunity
    return opportunity, held


def _refuse(refusal: Refused | None) -> None:
    if refusal:
        raise refusal
