"""What a stranger runs to check a published draw: the ten lines of the page, and manage.py verify_draw."""

import hashlib
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from evaluations import draw
from tests.test_draw import (
    DEMONSTRATION,
    ORDER,
    POOL,
    POOL_FILE,
    QUICKNET,
    ROOT,
    ROUND,
    SIGNATURE,
    demonstration_pool,
)


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=kept | environment, timeout=60, check=False
    )


def test_the_ten_lines_give_the_same_order(tmp_path):
    script = tmp_path / "check.py"
    script.write_text(draw.CHECK_SCRIPT)
    demonstration = tmp_path / "pool.txt"
    demonstration.write_bytes(demonstration_pool())
    signature = draw.demonstration_signature(ROUND)
    for path, given_signature, expected in [
        (POOL_FILE, SIGNATURE, ORDER),
        (demonstration, signature, draw.draw(demonstration.read_bytes(), signature).order),
    ]:
        # -I -S: nothing but the standard library
        done = run(sys.executable, "-I", "-S", str(script), str(path), given_signature)
        assert done.returncode == 0, done.stderr
        assert tuple(done.stdout.splitlines()) == expected
        assert hashlib.sha256(path.read_bytes()).hexdigest() in done.stderr
    assert len(draw.CHECK_SCRIPT.splitlines()) <= 11


def test_the_page_for_strangers_shows_what_the_code_does():
    page = (ROOT / "docs/draw.md").read_text()
    assert draw.CHECK_SCRIPT in page
    for fact in (QUICKNET.chain_hash, QUICKNET.public_key, DEMONSTRATION.chain_hash, draw.HEADER):
        assert fact in page


@pytest.mark.parametrize(
    "setting", [{"DEMO": "1"}, {"SECRET_KEY": "only-for-this-test-" + "0123456789abcdefghij" * 2}]
)
def test_verify_draw_needs_one_setting_and_no_database(setting):
    done = run(
        sys.executable, "manage.py", "verify_draw", str(POOL_FILE), "--signature", SIGNATURE, **setting
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "".join(f"{r}\n" for r in ORDER), "")


def test_verify_draw_says_in_one_line_what_is_wrong(tmp_path):
    done = run(sys.executable, "manage.py", "verify_draw", str(tmp_path), "--signature", SIGNATURE, DEMO="1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"Refused: “{tmp_path}” is a folder, not a pool file.\n"


def verify(path, signature, capsys) -> tuple[str, str]:
    call_command("verify_draw", str(path), "--signature", signature)
    return capsys.readouterr()


def test_verify_draw_says_that_a_demonstration_is_one(tmp_path, capsys):
    path = tmp_path / "pool.txt"
    path.write_bytes(demonstration_pool())
    signature = draw.demonstration_signature(ROUND)
    out, err = verify(path, f" {signature}\n", capsys)
    assert tuple(out.splitlines()) == draw.draw(path.read_bytes(), signature).order
    assert "demonstration" in err
    out, err = verify(POOL_FILE, SIGNATURE, capsys)
    assert tuple(out.splitlines()) == ORDER
    assert err == ""


@pytest.mark.parametrize(
    ("content", "signature", "said"),
    [
        (POOL, "garbage", "not the signature of round 657413"),
        (POOL, "", "not the signature of round 657413"),
        (POOL.replace(b"657413", b"657414"), SIGNATURE, "not the signature of round 657414"),
        (POOL.replace(b"\n", b"\r\n"), SIGNATURE, "end with LF alone"),
        (POOL[:-40], SIGNATURE, "cut short"),
        (bytes(range(256)), SIGNATURE, "ASCII"),
        (b"\n" * 10_000_000, SIGNATURE, "too large"),
        (b"", SIGNATURE, "empty"),
    ],
)
def test_verify_draw_refuses(content, signature, said, tmp_path, capsys):
    path = tmp_path / "pool.txt"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=said):
        verify(path, signature, capsys)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("path", ["no/such/file", "", "a\0b", "x" * 5000])
def test_verify_draw_refuses_a_path_that_is_no_file(path, capsys):
    with pytest.raises(CommandError, match="no file|cannot be read"):
        verify(path, SIGNATURE, capsys)
