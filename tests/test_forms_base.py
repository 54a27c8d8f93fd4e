"""The forms' ground floor: what no field accepts, money, moments and words, and the markup people meet."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import override

from microacq import text
from microacq.forms import (
    DateField,
    EasternDateTimeField,
    GCForm,
    MarkdownField,
    MoneyField,
    WordLimit,
    refuse_unsafe_text,
)

CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111\u00a01111\u00a01111\u00a01111",
    "4111 1111\u200b 1111 1111",
    "my card: 5500 0000 0000 0004, thanks",
    "3782 822463 10005",
    "2223000048400011",
    "４１１１１１１１１１１１１１１１",
    "invoice 12 4111 1111 1111 1111",
]
NOT_CARDS = [
    "4111 1111 1111 1112",
    "613-555-1234, 819-555-9876",
    "2027-01-15 2027-02-20",
    "123456789 RT0001",
    "9f1c4111111111111111ab",
    "1234567890",
    "Between 2027-01-15 and 2027-12-31 we bill 8,000.00",
]


class Everything(GCForm):
    name = forms.CharField(label="Business name", help_text="As registered.")
    email = forms.EmailField()
    title_en = forms.CharField(label="Title [en]", help_text="At most 100 characters.")
    title_fr = forms.CharField(label="Title [fr]", help_text="At most 100 characters.")
    approach = forms.CharField(widget=forms.Textarea, required=False)
    price = MoneyField(label="Price")
    closes_at = EasternDateTimeField(label="Closes")
    day = DateField(label="Day")
    draft = forms.ChoiceField(
        label="Draft in", widget=forms.RadioSelect, choices=[("en", "English"), ("fr", "French")]
    )
    skills = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, choices=[("a", "A"), ("b", "B")])
    agree = forms.BooleanField(label="I agree")
    secret = forms.CharField(widget=forms.PasswordInput, required=False)
    file = forms.FileField(required=False)


GOOD = {
    "name": "Érable",
    "email": "a@example.com",
    "title_en": "Guide",
    "title_fr": "Guide",
    "price": "8 000,00 $",
    "closes_at_0": "2027-01-15",
    "closes_at_1": "14:00",
    "day": "2027-02-01",
    "draft": "fr",
    "skills": ["a"],
    "agree": "on",
}


def filled(**changes):
    return Everything({**GOOD, **changes})


def test_a_good_form_is_accepted():
    form = filled()
    assert form.is_valid(), form.errors
    assert form.cleaned_data["price"] == Decimal("8000.00")
    assert form.cleaned_data["closes_at"] == dt.datetime(2027, 1, 15, 19, tzinfo=dt.UTC)


@pytest.mark.parametrize("typed", CARDS)
def test_card_numbers_are_refused_without_repeating_them(typed):
    form = filled(approach=typed)
    assert form.errors.as_data()["approach"][0].code == "card_number"
    assert not re.search(r"\d{4}", str(form.errors["approach"]))


@pytest.mark.parametrize("typed", NOT_CARDS)
def test_other_numbers_are_not_taken_for_cards(typed):
    assert filled(approach=typed).is_valid()


def test_a_password_may_hold_any_digits_and_never_comes_back():
    form = filled(secret="4111 1111 1111 1111")
    assert form.is_valid()
    assert "4111 1111" not in str(form["secret"])


@pytest.mark.parametrize("field", ["name", "approach", "title_fr"])
@pytest.mark.parametrize("bad", ["a\x00b", "a\x07b", "a\x1bb", "a\x85b", "a\u202eb", "a\u2066b"])
def test_control_characters_and_direction_marks_are_refused(field, bad):
    assert field in filled(**{field: bad}).errors


def test_new_lines_belong_in_long_texts_only():
    assert filled(approach="one\r\n\ttwo").is_valid()
    assert "name" in filled(name="one\nBcc: two").errors


def test_fields_added_later_are_checked_too():
    form = filled()
    form.fields["late"] = forms.CharField()
    form.data = {**GOOD, "late": "x\x00"}
    assert "late" in form.errors


def test_two_forms_do_not_pile_up_checks():
    for _ in range(3):
        filled().is_valid()
    assert len(Everything.base_fields["name"].validators) == len(forms.CharField().validators)


def test_text_from_elsewhere_can_be_checked():
    with pytest.raises(ValidationError):
        refuse_unsafe_text("4111 1111 1111 1111")
    refuse_unsafe_text("fine\n")


@pytest.mark.parametrize(
    ("typed", "amount"), [("$1,234.56", "1234.56"), ("1 234,56 $", "1234.56"), ("10000", "10000.00")]
)
def test_money_in_both_writings(typed, amount):
    assert MoneyField().clean(typed) == Decimal(amount)


@pytest.mark.parametrize("typed", ["1.000", "12,3", "abc", "-5", "10000.01", "0", "1e3", "NaN"])
def test_money_that_could_mislead_or_breaks_the_ceiling(typed):
    with pytest.raises(ValidationError):
        MoneyField().clean(typed)


def test_money_comes_back_as_it_is_written_in_the_language():
    assert 'value="1234.50"' in str(Everything(initial={"price": Decimal("1234.5")})["price"])
    with override("fr"):
        assert 'value="1234,50"' in str(Everything(initial={"price": Decimal("1234.5")})["price"])


def test_the_hour_that_does_not_exist_is_refused():
    errors = filled(closes_at_0="2027-03-14", closes_at_1="02:30").errors["closes_at"]
    assert "2:30 a.m. does not exist on March 14, 2027" in errors[0]
    assert filled(closes_at_0="2027-03-14", closes_at_1="03:00").is_valid()


def test_the_hour_that_comes_twice_means_the_first():
    form = filled(closes_at_0="2027-11-07", closes_at_1="01:30")
    assert form.is_valid()
    assert form.cleaned_data["closes_at"].astimezone(dt.UTC) == dt.datetime(2027, 11, 7, 5, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("typed", ["14:00", "2:00 pm", "2:00 p.m.", "14 h", "14h00", "14:00:00"])
def test_times_as_people_type_them(typed):
    form = filled(closes_at_1=typed)
    assert form.is_valid()
    assert form.cleaned_data["closes_at"] == dt.datetime(2027, 1, 15, 19, tzinfo=dt.UTC)


@pytest.mark.parametrize(("part", "word"), [("closes_at_0", "date"), ("closes_at_1", "time")])
def test_half_a_moment_says_which_half_is_missing(part, word):
    assert word in filled(**{part: ""}).errors["closes_at"][0]


@pytest.mark.parametrize("typed", ["15/01/2027", "2027-02-30", "tomorrow"])
def test_dates_are_year_month_day(typed):
    assert "2027-01-15" in filled(day=typed).errors["day"][0]


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("", 0),
        ("one", 1),
        ("one two  three\nfour", 4),
        ("Qu’est-ce que c’est : l’essai — fini !", 5),
        ("- a\n- b\n* c", 3),
        ("word—word", 2),
        ("one,two,three", 3),
        ("1,234.56 dollars at 14:30", 4),
        ("https://example.com/a,b", 2),
        ("**bold** text", 2),
    ],
)
def test_words_are_counted_as_people_count(written, count):
    assert text.count_words(written) == count


def test_the_word_limit_says_how_many_there_are():
    WordLimit(3)("one two three")
    with pytest.raises(ValidationError, match="3 words or fewer. You have 4"):
        WordLimit(3)("one two three four")


def test_long_texts_keep_plain_new_lines_and_a_limit():
    field = MarkdownField()
    assert field.clean("a\r\nb\rc") == "a\nb\nc"
    with pytest.raises(ValidationError):
        field.clean("x" * 10_001)
    assert "maxlength" not in str(field.widget.render("x", ""))


@pytest.mark.parametrize(
    ("moment", "english", "french"),
    [
        (
            dt.datetime(2027, 1, 15, 19, 0, tzinfo=dt.UTC),
            "January 15, 2027, 2:00 p.m. Eastern time",
            "15 janvier 2027, 14\xa0h, heure de l’Est",
        ),
        (
            dt.datetime(2027, 7, 1, 4, 5, tzinfo=dt.UTC),
            "July 1, 2027, 12:05 a.m. Eastern time",
            "1er juillet 2027, 0\xa0h\xa005, heure de l’Est",
        ),
        (
            dt.datetime(2027, 7, 1, 16, 30, tzinfo=dt.UTC),
            "July 1, 2027, 12:30 p.m. Eastern time",
            "1er juillet 2027, 12\xa0h\xa030, heure de l’Est",
        ),
    ],
)
def test_moments_in_words(moment, english, french):
    assert text.eastern_words(moment, "en") == english
    assert text.eastern_words(moment, "fr") == french


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("MA-2027-0001: le contrat est signé", "MA-2027-0001\xa0: le contrat est signé"),
        ("Titre : « Un test »", "Titre\xa0: «\xa0Un test\xa0»"),
        ("«\xa0Déjà\xa0» écrit\xa0: bien", "«\xa0Déjà\xa0» écrit\xa0: bien"),
        ("Prêt ? Oui ; allez !", "Prêt? Oui; allez!"),
        ("À 14:30, voir https://exemple.ca/a:b", "À 14:30, voir https://exemple.ca/a:b"),
        ("À suivre:", "À suivre\xa0:"),
    ],
)
def test_the_spaces_of_french(typed, written):
    assert text.french_spaces(typed) == written


def input_tag(html, name):
    return re.search(rf'<(?:input|textarea|select)[^>]*name="{name}"[^>]*>', html)[0]


def test_labels_hints_and_errors_belong_to_their_field():
    html = str(filled(name="", price="x"))
    tag = input_tag(html, "name")
    assert 'aria-invalid="true"' in tag
    assert 'aria-describedby="id_name_helptext id_name_error"' in tag
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert re.search(
        r'<label for="id_name">Business name\s*<span class="gc-req">\(required\)</span></label>', html
    )


def test_every_id_that_is_pointed_to_exists_once():
    html = str(filled(**dict.fromkeys(GOOD, "")))
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    pointed = [i for value in re.findall(r'aria-describedby="([^"]*)"', html) for i in value.split()]
    pointed += re.findall(r'href="#([^"]+)"', html) + re.findall(r'<label for="([^"]+)"', html)
    assert set(pointed) <= set(ids)
    assert len(re.findall(r'href="#', html)) == len(filled(**dict.fromkeys(GOOD, "")).errors)


def test_groups_are_fieldsets_with_a_legend():
    html = str(filled(draft=""))
    group = re.search(r'<fieldset[^>]*id="id_draft_group".*?</fieldset>', html, re.DOTALL)[0]
    assert "<legend>Draft in" in group
    assert 'aria-describedby="id_draft_error"' in group
    assert 'href="#id_draft_0"' in html
    assert "aria-invalid" not in input_tag(html, "draft")


def test_both_languages_of_a_text_stand_side_by_side_and_say_which_they_are():
    html = str(Everything())
    assert 'lang="en"' in input_tag(html, "title_en")
    assert 'lang="fr"' in input_tag(html, "title_fr")
    assert "lang=" not in input_tag(html, "name")
    assert "<legend>Title</legend>" in html
    assert "Title (English)" in html
    assert html.count("At most 100 characters.") == 1
    assert html.index('name="title_en"') < html.index('name="title_fr"')
    with override("fr"):
        french = str(Everything())
    assert french.index('name="title_fr"') < french.index('name="title_en"')


def test_eastern_time_is_named_beside_the_inputs():
    html = str(Everything(initial={"closes_at": dt.datetime(2027, 1, 15, 19, tzinfo=dt.UTC)}))
    assert "Time (Eastern time)" in html
    assert 'value="2027-01-15"' in input_tag(html, "closes_at_0")
    assert 'value="14:00"' in input_tag(html, "closes_at_1")


def test_what_was_typed_is_escaped():
    html = str(filled(name="<script>alert(1)</script>", price="<b>"))
    assert "<script>" not in html
    assert "<b>" not in html
