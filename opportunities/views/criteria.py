"""The two lists of criteria in the statement: add, change, remove, reorder, and take a ready-made one."""

from django.contrib import messages
from django.db.models import Max
from django.http import Http404
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _

from ..forms.criteria import AcceptanceCriterionForm, EvaluationCriterionForm, ListForm
from ..models import AcceptanceCriterion, EvaluationCriterion
from ..statement import SECTION, SECTIONS, STANDARD_ACCEPTANCE, standard_criterion
from .editing import EditView
from .statement import STATEMENT_SLUG, _under, after

MODELS = {"evaluation": EvaluationCriterion, "acceptance": AcceptanceCriterion}
CRITERION_FORMS = {"evaluation": EvaluationCriterionForm, "acceptance": AcceptanceCriterionForm}


def criteria_of(opportunity, key: str):
    """The criteria of one list, in order."""
    return MODELS[key].objects.filter(opportunity=opportunity)


def next_order(opportunity, key: str) -> int:
    return (criteria_of(opportunity, key).aggregate(last=Max("order"))["last"] or 0) + 1


class CriteriaView(EditView):
    """The list, with a button for each thing that can be done to it."""

    page_name = "statement"
    template_name = "opportunities/statement_criteria.html"
    key = ""

    def make_form(self, opportunity, now, data=None):
        form = ListForm(data)
        form.now = now
        form.save = lambda: self.do(opportunity, form)
        return form

    def do(self, opportunity, form) -> None:
        """Carry out what the button says, on the locked opportunity."""
        if form.pk:
            self.move(opportunity, form.what, form.pk)
        elif form.what == "standard" and self.key == "evaluation":
            self.add(opportunity, standard_criterion(opportunity))
        elif form.what in STANDARD_ACCEPTANCE and self.key == "acceptance":
            self.add(opportunity, STANDARD_ACCEPTANCE[form.what], kind=form.what)
        opportunity.save()

    def add(self, opportunity, texts, **fields) -> None:
        MODELS[self.key].objects.create(
            opportunity=opportunity,
            order=next_order(opportunity, self.key),
            text_en=texts["en"],
            text_fr=texts["fr"],
            **fields,
        )

    def move(self, opportunity, what: str, pk: int) -> None:
        rows = list(criteria_of(opportunity, self.key))
        place = next((index for index, row in enumerate(rows) if row.pk == pk), None)
        if place is None:
            return  # somebody removed it, which is what the version tells the reader
        row = rows.pop(place)
        if what == "remove":
            row.delete()
        else:
            rows.insert(max(0, place - 1) if what == "up" else place + 1, row)
        for order, each in enumerate(rows, start=1):
            if each.order != order:
                each.order = order
                each.save(update_fields=["order"])

    def context(self, opportunity):
        rows = list(criteria_of(opportunity, self.key))
        kinds = {row.kind for row in rows} if self.key == "acceptance" else set()
        place = [section.key for section in SECTIONS].index(self.key) + 1
        return {
            "section": SECTION[self.key],
            "place": place,
            "places": len(SECTIONS),
            "criteria": rows,
            "offered": [kind for kind in STANDARD_ACCEPTANCE if kind not in kinds]
            if self.key == "acceptance"
            else [],
            "add_url": f"add_{self.key}_criterion",
            "edit_url": f"edit_{self.key}_criterion",
            "next_url": after(self.key),
            "here": f"statement_{self.key}",
        }

    def saved(self, opportunity, form):
        done = {"up": _("Moved up."), "down": _("Moved down."), "remove": _("Criterion removed.")}
        messages.success(
            self.request, done.get(form.what, _("Criterion added. Read it and change what you need."))
        )
        return redirect(f"statement_{self.key}", opportunity.reference)


class CriterionView(EditView):
    """One criterion, new (no `pk`) or there already."""

    page_name = "statement"
    template_name = "opportunities/statement_section.html"
    key = ""

    def make_form(self, opportunity, now, data=None):
        pk = self.kwargs.get("pk")
        if pk:
            criterion = criteria_of(opportunity, self.key).filter(pk=pk).first()
            if not criterion:
                raise Http404
        else:
            criterion = MODELS[self.key](opportunity=opportunity, order=next_order(opportunity, self.key))
        form = CRITERION_FORMS[self.key](data, instance=criterion)
        form.now = now
        save = form.save

        def save_both():
            save()
            opportunity.save()

        form.save = save_both
        return form

    def context(self, opportunity):
        return {"section": SECTION[self.key], "criterion": True, "back_url": f"statement_{self.key}"}

    def saved(self, opportunity, form):
        messages.success(self.request, _("Criterion saved."))
        return redirect(f"statement_{self.key}", opportunity.reference)


def _urls(key: str) -> list:
    slug = SECTION[key].slug
    return [
        path(_under(STATEMENT_SLUG, slug), CriteriaView.as_view(key=key), name=f"statement_{key}"),
        path(_under(STATEMENT_SLUG, slug, "0"), CriterionView.as_view(key=key), name=f"add_{key}_criterion"),
        path(
            _under(STATEMENT_SLUG, slug, "<int:pk>"),
            CriterionView.as_view(key=key),
            name=f"edit_{key}_criterion",
        ),
    ]


urls = [*_urls("evaluation"), *_urls("acceptance")]
