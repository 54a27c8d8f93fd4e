"""The mailing list's pages: subscribe, confirm, change, unsubscribe. A GET changes nothing on any of them.

What a page answers never tells whether an address is on the list; only links sent to the address do.
"""

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from microacq import clock, limits

from .. import mailing_list
from ..forms.subscription import CONSENT, ChoicesForm, SubscribeForm

ASKED_AN_HOUR = 20
"""Requests from one network address."""
METHODS = ["get", "head", "post", "options"]


class SubscribeView(View):
    """Asks to be told of new opportunities, without an account."""

    http_method_names = METHODS

    def page(self, form, status=200):
        context = {"form": form, "consent": CONSENT}
        return TemplateResponse(self.request, "opportunities/subscribe.html", context, status=status)

    def get(self, request):
        email = request.user.email if request.user.is_authenticated else ""
        return self.page(SubscribeForm(initial={"language": get_language()[:2], "email": email}))

    def post(self, request):
        form = SubscribeForm(request.POST)
        if not form.is_valid():
            return self.page(form, 422)
        if not limits.room("subscribe", limits.visitor(request), ASKED_AN_HOUR, 60 * 60):
            form.add_error(None, gettext("Too many requests came from your network. Try again in an hour."))
            return self.page(form, 429)
        asked = form.cleaned_data
        skills = asked.get("skills", ())
        mailing_list.ask(asked["email"], asked["language"], skills, str(CONSENT), clock.now())
        return redirect("subscribe_sent")


@require_safe
def sent(request):
    """What to do next, the same for every address."""
    return TemplateResponse(request, "opportunities/subscribe_sent.html")


def dead_link(request):
    """For a link that was cut short, changed, or is too old."""
    return TemplateResponse(request, "opportunities/dead_link.html", status=404)


@method_decorator(never_cache, name="dispatch")
class ConfirmView(View):
    """The link of the first email: shows what was asked, with the button that confirms it."""

    http_method_names = METHODS

    def get(self, request, key):
        asked = mailing_list.asked(key, clock.now())
        if not asked:
            return dead_link(request)
        if asked.confirmed_at:
            return TemplateResponse(request, "opportunities/subscribe_done.html")
        return TemplateResponse(request, "opportunities/subscribe_confirm.html", {"asked": asked})

    def post(self, request, key):
        now = clock.now()
        asked = mailing_list.asked(key, now)
        if not asked:
            return dead_link(request)
        kept = mailing_list.confirm(asked, now)
        if kept.is_active:
            messages.success(request, gettext("You are on the mailing list."))
        return redirect("subscription", mailing_list.key(kept))


@method_decorator(never_cache, name="dispatch")
class SubscriptionView(View):
    """The subscriber's own page, opened by the link in each email."""

    http_method_names = METHODS

    def page(self, kept, form, status=200):
        context = {"subscription": kept, "key": mailing_list.key(kept), "form": form}
        return TemplateResponse(self.request, "opportunities/subscription.html", context, status=status)

    def get(self, request, key):
        kept = mailing_list.subscription(key)
        if not kept:
            return dead_link(request)
        return self.page(kept, ChoicesForm(initial={"language": kept.language, "skills": kept.skills.all()}))

    def post(self, request, key):
        kept = mailing_list.subscription(key)
        if not kept:
            return dead_link(request)
        form = ChoicesForm(request.POST)
        if not form.is_valid():
            return self.page(kept, form, 422)
        kept.language = form.cleaned_data["language"]
        kept.save(update_fields=["language"])
        kept.skills.set(form.cleaned_data.get("skills", ()))
        messages.success(request, gettext("Your choices are kept."))
        return redirect("subscription", key)


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class UnsubscribeView(View):
    """One click, from the mail program (RFC 8058) or from the page: the signed link is the proof of who asks."""

    http_method_names = METHODS

    def page(self, kept):
        context = {"subscription": kept, "key": mailing_list.key(kept)}
        return TemplateResponse(self.request, "opportunities/unsubscribe.html", context)

    def get(self, request, key):
        kept = mailing_list.subscription(key)
        return self.page(kept) if kept else dead_link(request)

    def post(self, request, key):
        kept = mailing_list.subscription(key)
        if not kept:
            return dead_link(request)
        mailing_list.unsubscribe(kept, clock.now())
        kept.refresh_from_db()
        return self.page(kept)


urls = [
    path(_("subscribe/"), SubscribeView.as_view(), name="subscribe"),
    path(_("subscribe/check-your-email/"), sent, name="subscribe_sent"),
    path(_("subscribe/confirm/<str:key>/"), ConfirmView.as_view(), name="confirm_subscription"),
    path(_("subscription/<str:key>/"), SubscriptionView.as_view(), name="subscription"),
    path(_("unsubscribe/<str:key>/"), UnsubscribeView.as_view(), name="unsubscribe"),
]
