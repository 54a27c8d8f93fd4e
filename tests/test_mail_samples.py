"""Every email that the site can send is listed, with when it goes out, to whom, and its words in both languages."""

from pathlib import Path

import pytest
from django.conf import settings

from evaluations import survey
from microacq import clock
from opportunities.lifecycle import LIFECYCLE
from opportunities.mail_samples import AUDIENCES, OTHER_OCCASIONS, mail_samples
from opportunities.notifications import AUDIENCES as REGISTERED

FOLDER = Path(settings.BASE_DIR) / "templates" / "emails"


def of_lifecycle() -> set[str]:
    return {notice.template for row in LIFECYCLE for notice in row.told}


def test_every_template_is_named_with_its_occasion_and_none_that_is_not_there():
    templates = {path.stem for path in FOLDER.glob("*.txt")} - {"base"}
    assert templates == of_lifecycle() | set(OTHER_OCCASIONS)
    assert not of_lifecycle() & set(OTHER_OCCASIONS)


def test_every_audience_is_named_and_known():
    told = {notice.audience for row in LIFECYCLE for notice in row.told}
    assert told <= set(AUDIENCES)
    assert told <= set(REGISTERED)


@pytest.mark.django_db
def test_each_has_its_words_in_both_languages_and_all_that_ask_show_the_survey():
    samples = {sample.name: sample for sample in mail_samples(clock.now())}
    for name in of_lifecycle() | set(OTHER_OCCASIONS):
        assert [words["language"] for words in samples[name].words] == ["en", "fr"], name
        assert all(words["subject"].strip() and words["text"].strip() for words in samples[name].words), name
        assert all(str(occasion["when"]) != name for occasion in samples[name].occasions), name
        english, french = samples[name].words
        assert ": " not in french["subject"].replace("\xa0: ", ""), french["subject"]
        assert "\xa0:" not in english["subject"], english["subject"]
    asking = {
        notice.template
        for row in LIFECYCLE
        for notice in row.told
        if (row.name, notice.audience) in survey.ASKED
    }
    assert len(asking) == 6
    for name in asking:
        assert "survey" in samples[name].words[0]["text"], name
