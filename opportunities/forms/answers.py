"""Step 4: the team publishes suppliers' questions with their answers, or sets them aside with a reason.

Knows what a published question may not hold: who asked. The public reads the edited question, never the one asked.
"""

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import MarkdownField

from ..lifecycle import Refused
from .base import ActionForm

LANGUAGES = ("en", "fr")
WRITTEN = ["published_at", "set_aside_at", "set_aside_reason"] + [
    f"{name}{language}" for name in ("public_question", "answer") for language in ("", "_en", "_fr")
]
"""What answering writes of a question; what was asked, by whom and when stays."""
NAME_PARTS = 3
"""A word of a name shorter than this is too common to be looked for."""


class AnswersForm(ActionForm):
    """The waiting questions, each to be published with its answer, set aside with a reason, or left for later."""

    LEAVE, PUBLISH, SET_ASIDE = "leave", "publish", "set_aside"
    CHOICES = (
        (LEAVE, _("Leave for later")),
        (PUBLISH, _("Publish with the answer")),
        (SET_ASIDE, _("Set aside, with a reason for who asked")),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.questions = list(
            self.opportunity.questions.filter(published_at=None, set_aside_at=None).select_related("asker")
        )
        for question in self.questions:
            key = f"q{question.pk}_"
            self.fields[key + "do"] = forms.ChoiceField(
                label=_("What to do with this question"),
                choices=self.CHOICES,
                initial=self.LEAVE,
                widget=forms.RadioSelect,
                required=False,
            )
            for part, label in (
                ("question", _("The question, without anything that tells who asks")),
                ("answer", _("The answer")),
            ):
                for language in LANGUAGES:
                    self.fields[f"{key}{part}_{language}"] = MarkdownField(
                        label=label,
                        required=False,
                        rows=4,
                        max_length=5000,
                        help_text="",
                        initial=self._begun(question, part, language),
                    )
            self.fields[key + "reason"] = forms.CharField(
                label=_("Why it is set aside"),
                max_length=2000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
                help_text=_("Only if you set it aside. Who asked reads it."),
            )

    @staticmethod
    def _begun(question, part: str, language: str) -> str:
        if part == "question" and language == question.asker.language:
            return question.text
        return ""

    @property
    def canned(self):
        """Each question's answer, in both languages."""
        return tuple(f"q{question.pk}_answer" for question in self.questions)

    def groups(self):
        """Each question with its own fields."""
        for question in self.questions:
            key = f"q{question.pk}_"
            yield (
                question,
                {name.removeprefix(key): self[name] for name in self.fields if name.startswith(key)},
            )

    def clean(self):
        data = super().clean()
        doing = {question.pk: data.get(f"q{question.pk}_do") or self.LEAVE for question in self.questions}
        if all(what == self.LEAVE for what in doing.values()):
            self.add_error(None, _("Choose at least one question to publish or to set aside."))
        for question in self.questions:
            key, what = f"q{question.pk}_", doing[question.pk]
            if what == self.SET_ASIDE and not data.get(key + "reason"):
                self.add_error(key + "reason", _("Say why, so that who asked understands."))
            if what == self.PUBLISH:
                for name in [
                    f"{key}{part}_{language}" for part in ("question", "answer") for language in LANGUAGES
                ]:
                    if name in data and not data[name]:
                        self.add_error(
                            name, _("The question and its answer are published in both languages.")
                        )
                    elif data.get(name) and tells_who(question.asker, data[name]):
                        self.add_error(
                            name,
                            _(
                                "This text holds the name, the business or an address of who asked. Take it out."
                            ),
                        )
        return data

    def record(self, opportunity, by, now):
        published, set_aside = [], []
        waiting = opportunity.questions.select_for_update().filter(published_at=None, set_aside_at=None)
        for question in waiting:
            key = f"q{question.pk}_"
            what = self.cleaned_data.get(key + "do")
            if what == self.PUBLISH:
                for language in LANGUAGES:
                    setattr(
                        question,
                        f"public_question_{language}",
                        self.cleaned_data[f"{key}question_{language}"],
                    )
                    setattr(question, f"answer_{language}", self.cleaned_data[f"{key}answer_{language}"])
                question.published_at = now
                published.append(question.pk)
            elif what == self.SET_ASIDE:
                question.set_aside_at, question.set_aside_reason = now, self.cleaned_data[key + "reason"]
                set_aside.append(question.pk)
            else:
                continue
            question.save(update_fields=WRITTEN)
        if not published and not set_aside:
            raise Refused("stale", [_("Somebody else has just dealt with these questions.")])
        return {"published": published, "set_aside": set_aside}


def tells_who(asker, text: str) -> bool:
    """Whether a text holds the asker's full name, the name of their business, or an address of theirs."""
    name, plain = asker.name.lower().split(), " ".join(text.lower().split())
    words = [word for word in name if len(word) >= NAME_PARTS]
    whole = len(name) > 1 and (
        " ".join(name) in plain or (len(words) > 1 and all(word in plain for word in words))
    )
    profile = getattr(asker, "supplier_profile", None)
    others = [asker.email, *([profile.business_name, profile.code_account] if profile else [])]
    return whole or any(other.lower() in plain for other in others if len(other) >= NAME_PARTS)
