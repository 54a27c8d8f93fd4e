"""`verify_case_file` finds every difference, refuses what is hostile, and needs neither database nor settings of a site."""

import io
import json
import subprocess
import sys
import warnings
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from microacq import archive
from opportunities import chain
from opportunities.management.commands.verify_case_file import problems

ROOT = Path(__file__).resolve().parent.parent
AT = datetime(2027, 1, 15, 19, tzinfo=UTC)


def events(count: int = 3) -> list[dict]:
    made, before = [], chain.GENESIS
    for number in range(1, count + 1):
        facts = {
            "opportunity": 7, "number": number, "transition": "amend", "from": "posted", "to": "posted", "actor": 2,
            "role": "team", "at": AT.isoformat(), "data": {"é": [1.5, None]}, "previous": before,
        }  # fmt: skip
        before = chain.hash_of(facts)
        made.append(facts | {"hash": before})
    return made


def case(made=None, *, manifest=None, more=()) -> bytes:
    """A case file with these events; `manifest` changes what it says of itself."""
    made = events() if made is None else made
    target = io.BytesIO()
    writer = archive.Writer(target, AT)
    writer.add("index.html", ["<p>", "Read me.", "</p>"])
    writer.add("events.json", [json.dumps(made)])
    for path, text in more:
        writer.add(path, [text])
    head = {"count": len(made), "head": made[-1].get("hash") if made else ""}
    writer.close(
        {"format": chain.CASE_FILE, "opportunity": "MA-2027-0007", "events": head} | (manifest or {})
    )
    return target.getvalue()


def rewritten(data: bytes, change) -> bytes:
    """The same ZIP, each file as `change(name, content)` gives it: bytes, None to leave it out, a list to have it twice."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(target, "w") as new,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        for name in old.namelist():
            content = change(name, old.read(name))
            for each in content if isinstance(content, list) else [] if content is None else [content]:
                new.writestr(name, each)
    return target.getvalue()


def found(data: bytes, head: str = "") -> list[str]:
    return list(problems(archive.Reader(io.BytesIO(data)), head))


def test_a_whole_one_has_no_problem_and_shows_its_head():
    assert found(case()) == []
    assert found(case(), events()[-1]["hash"].upper()) == []
    assert found(case([])) == []


def changed(name):
    return lambda path, content: content.replace(b"Read", b"Rend") if path == name else content


def altered_event(position, **change):
    made = events()
    made[position] |= change
    return case(made)


WRONG = {
    "a page was changed": (rewritten(case(), changed("index.html")), "'index.html' was changed"),
    "a page grew": (rewritten(case(), lambda p, c: c + b"!" if p == "index.html" else c), "not 15 bytes"),
    "a page is gone": (rewritten(case(), lambda p, c: None if p == "index.html" else c), "is missing"),
    "a page is there twice": (rewritten(case(), lambda p, c: [c, c] if p == "index.html" else c), "twice"),
    "an event was changed": (altered_event(1, role="client"), "was changed after it was written"),
    "an event is missing": (case(events()[:1] + events()[2:]), "number 2 is missing"),
    "the first is missing": (case(events()[1:]), "number 1 is missing"),
    "the last was cut off": (case(events(2), manifest={"events": {"count": 3, "head": events()[-1]["hash"]}}), "3 events, and there are 2"),
    "of another opportunity": (altered_event(2, opportunity=8), "another opportunity"),
    "a fact is missing": (case([{"number": 1}]), "a fact is missing"),
    "no list": (rewritten(case(), lambda p, c: b'{"a": 1}' if p == "events.json" else c), "not a list"),
    "another format": (case(manifest={"format": "something"}), "this is no case file"),
    "the head is another": (case(manifest={"events": {"count": 3, "head": "0" * 64}}), "the manifest's head is 000"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_it_says_what_differs(what):
    data, sentence = WRONG[what]
    assert any(sentence in problem for problem in found(data)), found(data)


def test_a_file_that_nobody_listed_and_another_head_are_told():
    extra = io.BytesIO(case())
    with zipfile.ZipFile(extra, "a") as more:
        more.writestr("../../etc/passwd", "x")
        more.writestr("note.txt", "x")
    told = found(extra.getvalue())
    assert (
        "'../../etc/passwd' is not in manifest.json" in told and "'note.txt' is not in manifest.json" in told
    )
    assert "the head should be ff" in found(case(), "FF")[0]


@pytest.mark.parametrize(
    "path", ["../up", "/etc/passwd", "a/../b", "C:\\x", "a//b", ".hidden", "a\x00b", "manifest.json", ""]
)
def test_no_path_leaves_its_folder(path):
    with pytest.raises(ValueError):
        archive.Writer(io.BytesIO(), AT).add(path, ["x"])

    def slip(name, content):
        said = json.loads(content) if name == "manifest.json" else None
        return json.dumps(said | {"files": [{"path": path, "bytes": 1, "sha256": "0"}]}) if said else content

    assert any("leaves its folder" in problem for problem in found(rewritten(case(), slip)))


def unreadable(data: bytes) -> str:
    with pytest.raises(archive.Unreadable) as problem:
        found(data)
    return str(problem.value)


def test_what_is_no_archive_of_ours_is_refused():
    assert "not a ZIP" in unreadable(b"PK\x03\x04 no")
    assert "not a ZIP" in unreadable(b"")
    assert "no manifest" in unreadable(rewritten(case(), lambda p, c: None if p == "manifest.json" else c))
    assert "not JSON" in unreadable(
        rewritten(case(), lambda p, c: b"[" * 9000 if p == "manifest.json" else c)
    )
    for nonsense in (
        b"[]",
        b'{"files": 1}',
        b'{"files": [{"path": 1}]}',
        b'{"files": [{"path": "a", "sha256": "", "bytes": -1}]}',
    ):
        assert "does not say" in unreadable(
            rewritten(case(), lambda p, c, nonsense=nonsense: nonsense if p == "manifest.json" else c)
        )


def test_a_bomb_is_not_unpacked(monkeypatch):
    """A member that says it is small and is not, one that says it is huge, and too many members."""
    small, bomb = case(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(small)) as old, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, b"0" * 30_000_000 if name == "index.html" else old.read(name))
    read = []
    whole = archive.Reader._pieces

    def counted(self, path, limit):
        for piece in whole(self, path, limit):
            read.append(len(piece))
            yield piece

    monkeypatch.setattr(archive.Reader, "_pieces", counted)
    assert "'index.html' is not 15 bytes long" in found(bomb.getvalue())
    assert sum(read) < 10_000
    monkeypatch.setattr(archive, "MAX_BYTES", 1_000_000)
    assert "unpacks to more" in unreadable(bomb.getvalue())
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    assert "more than 2 files" in unreadable(small)
    monkeypatch.setattr(archive, "MAX_FILES", 20)
    damaged = bytearray(small)
    damaged[62:72] = b"\xff" * 10
    assert any("cannot be read" in problem or "changed" in problem for problem in found(bytes(damaged)))


def run(*words):
    environment = {
        "PATH": "/usr/bin:/bin",
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    }
    command = [sys.executable, "manage.py", "verify_case_file", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def test_the_command_needs_no_database_and_exits_with_0_or_1(tmp_path, capsys):
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(case(manifest={"demonstration": True}))
    bad.write_bytes(WRONG["an event was changed"][0])
    done = run(good)
    assert (done.returncode, events()[-1]["hash"] in done.stdout) == (0, True), done.stderr
    assert "demonstration" in done.stderr
    with pytest.raises(SystemExit) as stop:
        call_command("verify_case_file", str(bad))
    assert stop.value.code == 1
    told = capsys.readouterr()
    assert "event 2 (amend): was changed after it was written" in told.err
    assert told.out == ""
    bad.write_bytes(b"nothing")
    for file in (bad, tmp_path / "none.zip"):
        with pytest.raises(CommandError):
            call_command("verify_case_file", str(file))
