"""A form that shows what it computed before anything is recorded. Needs no script: the first button draws the page again."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from .base import ActionForm


class PreviewForm(ActionForm):
    """Subclasses give `computed()` and a page that extends opportunities/preview_action.html.

    Posted with `preview`, it is never valid, so that the page comes again with the amount. Posted with `shown`, the
    amount that the page showed, it is refused when what was typed since gives another.
    """

    preview_label = _("Show the amount")
    no_longer_so = _("The amount is no longer the one that you were shown. Check it below, then confirm.")

    @property
    def previewing(self) -> bool:
        """True when the amounts are only asked for."""
        return "preview" in self.data

    def computed(self) -> Decimal | None:
        """The amount in dollars that the data gives; None while the data is wrong. Asked after the fields are cleaned."""
        raise NotImplementedError

    @property
    def to_show(self) -> Decimal | None:
        """The amount to show on the page, once it can be computed."""
        if not self.is_bound:
            return None
        only_shown = set(self.errors) <= {"__all__"}
        return self.computed() if only_shown else None

    def clean(self):
        data = super().clean()
        shown = self.data.get("shown")
        if not self.errors and shown and not self.previewing and shown != str(self.computed()):
            self.add_error(None, self.no_longer_so)
        return data

    def is_valid(self) -> bool:
        return super().is_valid() and not self.previewing
