"""docs/assurance.md says what is: each test it names is there, and each row that is tested here is in it."""

import re
from pathlib import Path

from django.conf import settings

BASE = Path(settings.BASE_DIR)
HERE = Path(__file__).parent


def test_the_table_and_the_tests_agree():
    text = (BASE / "docs" / "assurance.md").read_text()
    rows = [int(number) for number in re.findall(r"^\| (\d+) \|", text, re.M)]
    assert len(rows) == len(set(rows)), "a row is there twice"
    for path in re.findall(r"`(tests/\S+?\.py)`", text):
        assert (BASE / path).is_file(), path
    tested = {
        int(number)
        for file in HERE.glob("test_*.py")
        for number in re.findall(r"^def test_(\d+)_", file.read_text(), re.M)
    }
    assert sorted(tested - set(rows)) == [], "tested, but not in docs/assurance.md"
