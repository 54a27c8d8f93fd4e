"""What a hostile person types, and a world in which they typed it everywhere.

Each text carries the mark `zqx`, so that whatever element, attribute, address, property or header came from it is known.
Knows how to walk opportunities through their steps with such texts; knows nothing of pages.
"""

from django import forms

from evaluations.demo.journey import Journey, Words, closing_for
from microacq import clock
from opportunities.actions import Invalid, act, make_form
from tests.factories import NEED, STATEMENT, people

MARK = "zqx"
TRICKS = (
    "<script>zqx(1)</script>",
    "\"><img src=zqx onerror=zqx(2)>",
    "'><svg/onload=zqx(3)>",
    "' onmouseover='zqx(4)' zqx='",
    "\" autofocus onfocus=\"zqx(5)\" zqx=\"",
    "</textarea></title></style></script><script>zqx(6)</script>",
    "<!--><zqx-comment>-->",
    "]]><zqx-cdata/>",
    "<style>@import '//zqx.example/a.css'</style>",
    "<iframe srcdoc='<script>zqx(7)</script>'></iframe>",
    "<meta http-equiv=refresh content='0;url=//zqx.example/'>",
    "<base href=//zqx.example/>",
    "<form action=//zqx.example><button formaction=javascript:zqx(8)>",
    "<details open ontoggle=zqx(9)>",
    "<math><mtext><style><img src=zqx onerror=zqx(10)></style></mtext></math>",
    "<a href=javascript:zqx(11)>zqx</a>",
    "&lt;script&gt;zqx(12)&lt;/script&gt;",
    "[zqx](javascript:zqx(13))",
    "[zqx](JaVaScRiPt&colon;zqx(14))",
    "[zqx](&#x6A;ava&Tab;script:zqx(15))",
    "[zqx](data:text/html;base64,PHpxeD4=)",
    "[zqx](vbscript:zqx(16))",
    "[zqx](//zqx.example)",
    "[zqx](https://zqx.example/\" onclick=\"zqx(17))",
    "[zqx](https://zqx.example 'x\" onclick=\"zqx(18)')",
    "![zqx](https://zqx.example/pixel.png)",
    "<javascript:zqx(19)>",
    "`<b onclick=zqx(20)>`",
    "{{ 'zqxzqx'|upper }}{% debug %}{{ request.user.password }}",
    "%(zqx)s %s {zqx} {0.__class__} ${zqx}",
)  # fmt: skip
BLOCK = """```html" onclick="zqx(21)
<script>zqx(22)</script>
```

[zqx]: javascript:zqx(23) "zqx"

# zqx <svg onload=zqx(24)>

| zqx | <img src=zqx onerror=zqx(25)> |
|---|---|
| [zqx] | <script>zqx(26)</script> |

<div onclick="zqx(27)">

- <script>zqx(28)</script>
"""
EVERYTHING = "\n\n".join(TRICKS) + "\n\n" + BLOCK
LINES = (
    "zqx\r\nBcc: zqx@zqx.example\r\nSubject: zqx\r\n\r\n<script>zqx(29)</script>\r\nATTACH:http://zqx.example"
)
"""What would be headers of a mail, an answer or a calendar, where a new line were taken for one."""
ADDRESS = 'https://zqx.example/"><script>zqx(30)</script>'


class Tricks:
    """Texts to type, each fit for its field; short fields take the tricks in turn."""

    def __init__(self):
        self.turn = 0

    def short(self, most: int) -> str:
        """The next trick of at most so many characters."""
        while True:
            trick = TRICKS[self.turn % len(TRICKS)]
            self.turn += 1
            if len(trick) <= most:
                return trick

    def for_length(self, most: int | None, *, lines: bool = True) -> str:
        """As much as a field of `most` characters takes (None: any number)."""
        if lines and (most is None or most >= len(EVERYTHING) + len(LINES) + 2):
            return f"{EVERYTHING}\n\n{LINES}"
        if lines and most >= 400:
            return f"{BLOCK}\n{self.short(most - len(BLOCK) - 1)}"
        return self.short(most or 150)

    def for_field(self, field: forms.Field) -> str | None:
        """What to type into a field of a form, or None where nothing can be typed."""
        if isinstance(field.widget, forms.HiddenInput | forms.PasswordInput):
            return None
        if isinstance(field, forms.URLField):
            return ADDRESS
        if (
            isinstance(field, forms.EmailField)
            or type(field) in NOT_TEXT
            or not isinstance(field, forms.CharField)
        ):
            return None
        return self.for_length(field.max_length, lines=isinstance(field.widget, forms.Textarea))


NOT_TEXT = (forms.RegexField, forms.SlugField, forms.UUIDField)


class PlantedJourney(Journey):
    """A journey on which everybody types tricks into every field that takes them."""

    tricks = Tricks()

    def act(self, name, by, now, **data):
        """The transition with as many planted fields as its form takes; the journey's own words in the others."""
        self.opportunity.refresh_from_db()
        form = make_form(name, self.opportunity, by, now)
        planted = {key: text for key, field in form.fields.items() if (text := self.tricks.for_field(field))}
        tried = {**data, **planted}
        for _attempt in range(4):
            try:
                return act(name, self.opportunity, by, data=tried, now=now)
            except Invalid as invalid:
                for key in invalid.form.errors:
                    for wrong in list(planted) if key == "__all__" else [key]:
                        planted.pop(wrong, None)
                tried = {**data, **planted}
        return act(name, self.opportunity, by, data=data, now=now)

    def application(self, supplier, number):
        most = {"legal_name": 200, "business_name": 200}
        sent = super().application(supplier, number)
        texts = {key: self.tricks.for_length(length, lines=False) for key, length in most.items()}
        answers = {key: self.answer() for key in sent["answers"]}
        return sent | texts | {"code_account": ADDRESS, "answers": answers}

    def answer(self) -> str:
        """An answer to a criterion: within its 250 words."""
        return f"{EVERYTHING}\n\nATTACH:http://zqx.example"

    def judge(self, evaluator, number):
        passed, reason = super().judge(evaluator, number)
        return passed, f"{reason} {EVERYTHING}"[:4000]


def planted_words(tricks: Tricks) -> Words:
    """A need and a statement in which every text is a trick."""

    def both(most: int | None, lines: bool = True) -> dict[str, str]:
        return {language: tricks.for_length(most, lines=lines) for language in ("en", "fr")}

    need = {key: tricks.for_length(200, lines=False) for key in NEED} | {"title_en": tricks.short(100)}
    need |= {"need": EVERYTHING, "reason": EVERYTHING, "heard_from": tricks.short(200)}
    statement = STATEMENT | {
        "title": both(100, lines=False),
        "short_description": both(500, lines=False),
        "background": both(None),
        "work": both(None),
        "deliverables": both(None),
        "skills": [both(100, lines=False), both(100, lines=False)],
        "evaluation_criteria": [both(None)],
        "acceptance_criteria": [row | both(None) for row in STATEMENT["acceptance_criteria"]],
    }
    return Words(need, statement)


def plant(state: str, cast, *, now=None, **options):
    """An opportunity in `state`, in which everybody typed tricks. Options as for `people`, and `passing`."""
    passing = options.pop("passing", [True, True] if state == "drawing" else None)
    passing = [False, False] if state == "no_award" else passing
    closing = closing_for(state, now or clock.now())
    journey = PlantedJourney(people(cast, **options), planted_words(PlantedJourney.tricks), closing, passing)
    return journey.to(state)
