"""Nothing ships in one language: the French catalogue says everything that the source says."""

import pytest

from microacq import catalogue

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'


def test_every_message_is_in_french():
    assert catalogue.problems() == []


@pytest.fixture
def tree(tmp_path):
    """A small source with one message of each kind."""
    (tmp_path / "microacq").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "microacq" / "x.py").write_text(
        '_("Hello")\nngettext("%(n)s day", "%(n)s days", n)\npgettext("month", "May")\n'
    )
    (tmp_path / "templates" / "x.html").write_text(
        '{% load i18n %}{% translate "It\'s late" %}\n'
        "{% blocktranslate trimmed with a=b %}\n  Dear {{ a }}\n  (you)\n{% endblocktranslate %}"
    )
    catalogue.po_file(tmp_path).parent.mkdir(parents=True)
    return tmp_path


def write(tree, text):
    catalogue.po_file(tree).write_text(HEADER + text)


WHOLE = """msgid "Hello"
msgstr "Bonjour"

msgid "%(n)s day"
msgid_plural "%(n)s days"
msgstr[0] "un jour"
msgstr[1] "%(n)s jours"

msgctxt "month"
msgid "May"
msgstr "mai"

msgid "It's late"
msgstr "Il est tard"

msgid "Dear %(a)s (you)"
msgstr "Bonjour %(a)s (vous)"
"""


def test_python_and_templates_are_read(tree):
    write(tree, WHOLE)
    assert catalogue.problems(tree) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('msgid "Hello"', 'msgid "Bye"', "missing: 'Hello' (microacq/x.py)"),
        ('msgid "Hello"', '#, fuzzy\nmsgid "Hello"', "fuzzy: 'Hello' (microacq/x.py)"),
        ('"Bonjour"', '""', "not translated: 'Hello' (microacq/x.py)"),
        ('"%(n)s jours"', '""', "not translated: '%(n)s day' (microacq/x.py)"),
        ('msgctxt "month"\n', "", "missing: 'May' (microacq/x.py)"),
        ("Bonjour %(a)s", "Bonjour", "placeholders differ: 'Dear %(a)s (you)' (templates/x.html)"),
    ],
)
def test_what_is_not_ready_is_named(tree, old, new, problem):
    write(tree, WHOLE.replace(old, new))
    assert catalogue.problems(tree) == [problem]


def test_updating_keeps_translations_and_drops_what_is_gone(tree):
    write(tree, WHOLE.replace('msgid "It\'s late"', 'msgid "It is early"'))
    catalogue.update(tree)
    assert catalogue.problems(tree) == ['not translated: "It\'s late" (templates/x.html)']
    assert "early" not in catalogue.po_file(tree).read_text()


def test_compiling_once_is_enough(tree):
    write(tree, WHOLE)
    assert catalogue.compile_french(tree)
    assert not catalogue.compile_french(tree)
    assert b"Bonjour" in catalogue.po_file(tree).with_suffix(".mo").read_bytes()
