"""The pages that explain: guides, questions, terms, notices; and the two forms that reach the team from them.

Long pages are written once in each official language, templates/pages/NAME_en.html and NAME_fr.html, by people who
write that language. What is written in a form is sent to the team and kept nowhere else.
"""

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views import View

from microacq import limits

from .. import notifications, terms
from ..forms.contact import FeedbackForm, GuideRequestForm
from .caching import kept_page

SENT_AN_HOUR = 5
"""Messages from one network address."""
PARTICULARS = {
    "reference": _("the reference of the opportunity"),
    "title": _("its title"),
    "supplier_name": _("the name of the supplier selected"),
    "client_name": _("the name of the client"),
    "department": _("the client’s department"),
    "price": _("the fixed price posted"),
    "delivery_date": _("the date posted"),
    "licence": _("the open source licence posted"),
    "repository": _("the address of the open repository"),
}
"""What stands in the terms where a contract has its own facts."""


def language() -> str:
    """The language of the page: "en" or "fr"."""
    return "fr" if (get_language() or "en").startswith("fr") else "en"


def show(request, name: str, context=None, status=200):
    """A page in the reader's language."""
    return TemplateResponse(request, f"pages/{name}_{language()}.html", context, status=status)


def page(name: str):
    """The view of a page that is words alone."""

    @kept_page
    def view(request):
        return show(request, name, {"postal_address": settings.POSTAL_ADDRESS})

    return view


@kept_page
def terms_page(request):
    """The terms that a supplier signs, with what changes from one contract to the next named instead of filled in."""
    particulars = {name: str(words) for name, words in PARTICULARS.items()}
    _title, _line, words = terms.render(language(), particulars).partition("\n")
    return show(request, "terms", {"terms": words, "version": terms.VERSION})


def tell_team(template: str, context: dict, reply_to: str = "") -> None:
    """Queue what a visitor wrote to the team's people and to the team's address, each once."""
    headers = {"Reply-To": reply_to} if reply_to else {}
    context = {**context, "contact": settings.CONTACT_EMAIL, "reply_to": reply_to}
    people = {person.email.lower(): person for person in notifications.AUDIENCES["team"](None, None)}
    people.setdefault(
        settings.CONTACT_EMAIL.lower(), notifications.Recipient(settings.CONTACT_EMAIL, language())
    )
    with transaction.atomic():
        for person in people.values():
            notifications.queue(template, person, context, audience_name="team", headers=headers)


class WriteView(View):
    """A page with a form for anybody, signed in or not, that reaches the team; so many an hour from one network."""

    http_method_names = ["get", "head", "post", "options"]
    name = template = ""
    form_class = FeedbackForm
    done = ""

    def page(self, form, status=200):
        return show(self.request, self.name, {"form": form}, status)

    def get(self, request):
        known = request.user.is_authenticated
        initial = {"email": request.user.email, "name": request.user.name} if known else {}
        return self.page(self.form_class(initial=initial))

    def post(self, request):
        form = self.form_class(request.POST)
        if not form.is_valid():
            return self.page(form, 422)
        if not limits.room("write", limits.visitor(request), SENT_AN_HOUR, 60 * 60):
            form.add_error(
                None,
                gettext(
                    "Too many messages came from your network. Try again in an hour, or write to %(address)s."
                )
                % {"address": settings.CONTACT_EMAIL},
            )
            return self.page(form, 429)
        written = dict(form.cleaned_data)
        # Marked as a quotation, so that nothing in it passes for the site's own words.
        written["text"] = "\n".join(f"> {line}" for line in written["text"].splitlines())
        tell_team(self.template, written, written["email"])
        messages.success(request, self.done)
        return redirect(self.name)


class AccessibilityView(WriteView):
    """The accessibility statement, with a way to tell of a barrier."""

    name, template, form_class = "accessibility", "feedback_received", FeedbackForm
    done = _("Thank you. The team has what you wrote.")


class RequestGuideView(WriteView):
    """The detailed guide, for the department's employees."""

    name, template, form_class = "request_guide", "guide_requested", GuideRequestForm
    done = _("Thank you. The team sends the guide to the address that you gave.")


urls = [
    path(_("guide-for-suppliers/"), page("guide_suppliers"), name="guide_suppliers"),
    path(_("guide-for-clients/"), page("guide_clients"), name="guide_clients"),
    path(_("guide-for-clients/request/"), RequestGuideView.as_view(), name="request_guide"),
    path(_("frequently-asked-questions/"), page("faq"), name="faq"),
    path(_("terms/"), terms_page, name="terms"),
    path(_("privacy/"), page("privacy"), name="privacy"),
    path(_("accessibility/"), AccessibilityView.as_view(), name="accessibility"),
    path(_("contact/"), page("contact"), name="contact"),
    path(_("open-data/"), page("open_data"), name="open_data"),
]
