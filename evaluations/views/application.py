"""The supplier's side: one start page, four short pages, check and send, the receipt; change or withdraw until closing.

Knows how pages follow each other and what is shown when it is too late. What is kept, checked and refused is decided
in `evaluations.applications`. Nobody's application but the visitor's own is ever read here, save the sign-off file,
which the team may open after closing.
"""

import hashlib
import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.http import require_http_methods, require_safe

from microacq import clock, limits, logs
from microacq.kept_text import KeepsText, mark_of
from opportunities.lifecycle import Refused, Role
from opportunities.views.transition import refused, visible_or_404

from .. import applications, files
from ..desk import ORDER, STEPS, Desk
from ..forms.application import PAGES, province_choices
from ..models import Application

PARTS = {
    "about": applications.ABOUT,
    "eligibility": applications.ELIGIBILITY,
    "answers": ("answers",),
    "payment": ("means",),
}
"""What each page holds of `Application.working`, besides the sign-off file."""
NAMES_SEEN_FROM = ("confirmed", "drawing", "selection", "work")
"""States in which the whole team may see whose sign-off it is: from the confirmed evaluation to the signature."""
SENT_AN_HOUR, SAVED_AN_HOUR = 30, 300
"""How often one supplier may send, and save a page."""
TOO_OFTEN = gettext_lazy(
    "You did this very often in the last hour. What you saved is kept. Try again in a while."
)


def mark_of_parts(working: dict[str, Any], names) -> str:
    """What a page shows of what is written, as a short text: another text when another window changed it since."""
    shown = json.dumps([working.get(name) for name in names], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def desk_of(request, reference: str) -> Desk:
    """The visitor's desk at a posted opportunity; 404 for what was never posted."""
    opportunity = visible_or_404(request, reference)
    if not opportunity.posted_at:
        raise Http404
    return Desk(opportunity, request.user, clock.now())


def too_late(request, desk: Desk, refusal: Refused, typed: list[tuple[Any, str]] = ()):
    """The 409 page: why it was not taken, with what was typed still there to copy.

    After a refusal that waited for its turn, give a desk read anew: another click may have sent it meanwhile.
    """
    logs.because(request, refusal.code)
    context = desk.context(
        reasons=refusal.reasons, code=refusal.code, typed=[(label, value) for label, value in typed if value]
    )
    return TemplateResponse(request, "evaluations/apply/refused.html", context, status=409)


def typed_texts(form) -> list[tuple[Any, str]]:
    """What somebody wrote in a form, to give it back."""
    return [(field.label, field.value()) for field in form.visible_fields() if isinstance(field.value(), str)]


@require_safe
def start(request, reference):
    """What is needed and how long it takes, then the checklist. Anyone may read it; the rest asks to sign in."""
    desk = desk_of(request, reference)
    if desk.closed and desk.begun:
        return redirect("application", reference)
    return TemplateResponse(
        request,
        "evaluations/apply/start.html",
        desk.context(tasks=desk.tasks()),
        status=409 if desk.closed else 200,
    )


class PageView(KeepsText, View):
    """One of the four short pages, named `page`. Saves whatever is right, even when something else is not."""

    http_method_names = ["get", "head", "post", "options"]

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.page = kwargs["page"]

    def form(self, desk: Desk, data=None, uploads=None):
        return PAGES[self.page](
            data,
            uploads,
            application=desk.application,
            opportunity=desk.opportunity,
            user=desk.user,
            criteria=desk.criteria,
        )

    def show(self, desk: Desk, form, status=200, given_back=False, overtaken=()):
        number = ORDER.index(self.page) + 1
        before = (
            reverse(f"apply_{ORDER[number - 2]}", args=[desk.opportunity.reference]) if number > 1 else None
        )
        context = desk.context(
            form=form, page=self.page, label=STEPS[self.page], number=number, total=len(ORDER), before=before
        )
        context |= {
            "writer": mark_of(desk.user),
            "given_back": given_back,
            "seen": mark_of_parts(desk.application.working, PARTS[self.page]),
            "overtaken": overtaken,
        }
        return TemplateResponse(self.request, f"evaluations/apply/{self.page}.html", context, status=status)

    def get(self, request, reference, page):
        desk = desk_of(request, reference)
        if desk.refusal:
            return too_late(request, desk, desk.refusal)
        kept = self.kept()
        return self.show(desk, self.form(desk, kept), given_back=kept is not None)

    def post(self, request, reference, page):
        desk = desk_of(request, reference)
        form = self.form(desk, request.POST, request.FILES)
        form.is_valid()
        if desk.refusal:
            return too_late(request, desk, desk.refusal, typed_texts(form))
        if not limits.room("save-application", str(request.user.pk), SAVED_AN_HOUR, 60 * 60):
            form.add_error(None, TOO_OFTEN)
            return self.show(desk, form, status=429)
        if saved := self.saved_meanwhile(desk, form):
            return self.show(desk, form, status=409, overtaken=saved)
        changes = form.changes()
        try:
            application = applications.save_draft(desk.opportunity, request.user, changes)
        except Refused as refusal:
            if changes.get("sign_off"):
                files.drop(changes["sign_off"]["name"])
            return too_late(request, desk_of(request, reference), refusal, typed_texts(form))
        later = "later" in request.POST and _only_gaps(form)
        if form.errors and not later:
            return self.show(desk, form, status=422)
        if applications.not_eligible(application.working) and page == "eligibility":
            return redirect("apply_stop", reference)
        if later:
            messages.success(request, _("What you wrote is saved. Come back to it any time before closing."))
            return redirect("apply", reference)
        return redirect(f"apply_{ORDER[ORDER.index(page) + 1]}", reference)

    def saved_meanwhile(self, desk: Desk, form) -> list[tuple[Any, str]]:
        """What another window saved on this page since it was opened, by label; empty when nothing is lost by saving."""
        working, parts = desk.application.working, PARTS[self.page]
        seen, now = self.request.POST.get("seen"), mark_of_parts(working, parts)
        if not seen or seen == now or not desk.begun:
            return []
        if mark_of_parts(applications.merged(working, form.says()), parts) == now:
            return []
        unbound = self.form(desk)
        return [(field.label, Shown.of(field)) for field in unbound.visible_fields() if Shown.of(field)]


def _only_gaps(form) -> bool:
    return all(error.code == "required" for errors in form.errors.as_data().values() for error in errors)


@require_safe
@login_required
def stop(request, reference):
    """The kind end for somebody who cannot be a supplier: why, and what they can do."""
    desk = desk_of(request, reference)
    reasons = applications.not_eligible(desk.application.working)
    if not reasons:
        return redirect("apply", reference)
    return TemplateResponse(request, "evaluations/apply/stop.html", desk.context(reasons=reasons))


class CheckView(LoginRequiredMixin, View):
    """Everything on one page, then send."""

    http_method_names = ["get", "head", "post", "options"]

    def show(self, desk: Desk, status=200, reasons=(), stale=()):
        context = desk.context(
            shown=applications.fingerprint(desk.application, desk.criteria),
            stale=stale,
            answers=applications.answer_texts(desk.application, desk.criteria),
            working=Shown(desk.application.working),
            reasons=reasons,
            number=len(ORDER),
            total=len(ORDER),
            before=reverse("apply_payment", args=[desk.opportunity.reference]),
        )
        return TemplateResponse(self.request, "evaluations/apply/check.html", context, status=status)

    def get(self, request, reference):
        desk = desk_of(request, reference)
        if desk.refusal:
            return too_late(request, desk, desk.refusal)
        if not desk.begun:
            return redirect("apply", reference)
        return self.show(desk)

    def post(self, request, reference):
        # The desk asks all that sending asks again with the row locked, so it is set up only for who must read it.
        application = applications.own_at(reference, request.user)
        if application is None:
            desk = desk_of(request, reference)
            return redirect("apply", reference) if not desk.refusal else too_late(request, desk, desk.refusal)
        if not limits.room("send-application", str(request.user.pk), SENT_AN_HOUR, 60 * 60):
            return self.show(desk_of(request, reference), status=429, reasons=[TOO_OFTEN])
        try:
            applications.submit(application, request.user, shown=request.POST.get("shown"))
        except Refused as refusal:
            desk = desk_of(request, reference)
            if refusal.code == "stale":
                return self.show(desk, status=409, stale=refusal.reasons)
            if refusal.code == "incomplete":
                return self.show(desk, status=422, reasons=refusal.reasons)
            if refusal.code == "gone":
                return too_late(request, desk, refusal)
            texts = applications.answer_texts(desk.application, desk.criteria)
            typed = [(criterion.text, written) for criterion, written in texts]
            return too_late(request, desk_of(request, reference), refusal, typed)
        return redirect("receipt", reference)


class Shown:
    """What is written, in the reader's words."""

    @staticmethod
    def of(field) -> str:
        """What a field of a page holds, in words: the text, or the choice's label."""
        value = field.value()
        choices = getattr(field.field, "choices", None)
        if choices is not None:
            return str(dict(choices).get(value, ""))
        return value if isinstance(value, str) else ""

    def __init__(self, working: dict[str, Any]):
        self.given = working

    def __getitem__(self, name: str):
        value = self.given.get(name)
        if name in ("of_age", "uses_git", "needs_sign_off"):
            return "" if value is None else _("Yes") if value else _("No")
        if name in ("standing", "means"):
            return dict(Application._meta.get_field(name).choices).get(value, "")
        if name == "province":
            return dict(province_choices()).get(value, "")
        return (value or {}).get("shown", "") if name == "sign_off" else value or ""


def own_or_404(request, reference: str) -> Desk:
    """The visitor's desk when they have an application here; 404 otherwise, whoever they are."""
    desk = desk_of(request, reference)
    if not desk.begun:
        raise Http404
    return desk


@require_safe
@login_required
def application(request, reference):
    """One's own application: its state, what was sent, what happens next."""
    desk = own_or_404(request, reference)
    context = desk.context(
        answers=applications.answer_texts(desk.application, desk.criteria),
        working=Shown(desk.application.working),
        submissions=list(desk.application.submissions.all()),
        last=desk.application.submissions.last(),
    )
    return TemplateResponse(request, "evaluations/apply/application.html", context)


@require_safe
@login_required
def receipt(request, reference):
    """The receipt of the last submission: number, hash, time, and what happens next with dates."""
    desk = own_or_404(request, reference)
    last = desk.application.submissions.last()
    if last is None:
        raise Http404
    context = desk.context(
        last=last, **applications.receipt_context(desk.opportunity, desk.application, last)
    )
    return TemplateResponse(request, "evaluations/apply/receipt.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def withdraw(request, reference):
    """Ask once, then withdraw."""
    desk = own_or_404(request, reference)
    if desk.refusal:
        return too_late(request, desk, desk.refusal)
    if request.method != "POST":
        return TemplateResponse(request, "evaluations/apply/withdraw.html", desk.context())
    try:
        applications.withdraw(desk.application, request.user)
    except Refused as refusal:
        return too_late(request, desk, refusal)
    messages.success(request, _("Your application is withdrawn. You can send it again until closing."))
    return redirect("apply", reference)


@require_safe
@login_required
def sign_off(request, reference, pk):
    """The sign-off file: to its owner; after closing, to who prepares the release; to the team once names are known."""
    opportunity = visible_or_404(request, reference)
    found = get_object_or_404(Application, pk=pk, opportunity=opportunity)
    if found.supplier_id == request.user.pk:
        file = found.working.get("sign_off")
    elif may_open_sign_off(found, request.user, clock.now()):
        if found.sign_off_held_back:
            return refused(request, opportunity, None, Refused("guard", [found.sign_off_held_back]))
        file = {"name": found.sign_off.name, "shown": found.sign_off_name} if found.sign_off else None
    else:
        file = None
    if not file:
        raise Http404
    return files.as_attachment(file["name"], file["shown"])


def may_open_sign_off(application: Application, user, now) -> bool:
    """Whether this member of the team may open the sign-off of a submitted application now."""
    opportunity = application.opportunity
    received = opportunity.applications.received().filter(pk=application.pk)
    if not opportunity.has_closed(now) or not received.exists():
        return False
    if Role.TEAM not in opportunity.roles_of(user):
        return False
    preparation = opportunity.preparations.current()
    prepares = preparation is not None and preparation.prepared_by_id == user.pk
    return prepares or opportunity.state in NAMES_SEEN_FROM


urls = [
    path(gettext_lazy("opportunities/<str:reference>/apply/"), start, name="apply"),
    path(
        gettext_lazy("opportunities/<str:reference>/apply/about-you/"),
        PageView.as_view(),
        {"page": "about"},
        name="apply_about",
    ),
    path(
        gettext_lazy("opportunities/<str:reference>/apply/eligibility/"),
        PageView.as_view(),
        {"page": "eligibility"},
        name="apply_eligibility",
    ),
    path(
        gettext_lazy("opportunities/<str:reference>/apply/answers/"),
        PageView.as_view(),
        {"page": "answers"},
        name="apply_answers",
    ),
    path(
        gettext_lazy("opportunities/<str:reference>/apply/payment/"),
        PageView.as_view(),
        {"page": "payment"},
        name="apply_payment",
    ),
    path(gettext_lazy("opportunities/<str:reference>/apply/check/"), CheckView.as_view(), name="apply_check"),
    path(gettext_lazy("opportunities/<str:reference>/apply/not-eligible/"), stop, name="apply_stop"),
    path(gettext_lazy("opportunities/<str:reference>/application/"), application, name="application"),
    path(gettext_lazy("opportunities/<str:reference>/application/receipt/"), receipt, name="receipt"),
    path(
        gettext_lazy("opportunities/<str:reference>/application/withdraw/"),
        withdraw,
        name="withdraw_application",
    ),
    path(gettext_lazy("opportunities/<str:reference>/sign-off/<int:pk>/"), sign_off, name="sign_off"),
]
