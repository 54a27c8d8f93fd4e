"""The ways into an account, as a browser goes through them."""

import re

from django.urls import reverse
from post_office.models import Email

from tests.cast import PASSWORD


def sign_in(client, email, password=PASSWORD, **more):
    """Send the sign-in form; `more` goes to the request, such as REMOTE_ADDR."""
    return client.post(reverse("account_login"), {"login": email, "password": password}, **more)


def sign_up(client, email, **more):
    """Send the sign-up form."""
    data = {"email": email, "name": "Lu", "language": "en", "password1": PASSWORD, "password2": PASSWORD}
    return client.post(reverse("account_signup"), data, **more)


def signed_in(client) -> bool:
    """Whether the site still knows who this is: the workspace opens."""
    return client.get(reverse("workspace")).status_code == 200


def link(email: str, word: str) -> str:
    """The path of the last link sent to this address that holds the word."""
    pattern = rf"https?://[^/\s]+(/\S*{word}\S*)"
    mails = Email.objects.filter(to=[email]).order_by("-pk")
    return next(found[1] for mail in mails if (found := re.search(pattern, mail.message)))
