"""The draw: its file, its beacon and its order, and that nothing else than the real ones is accepted."""

import hashlib
import itertools
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluations import draw

ROOT = Path(__file__).resolve().parent.parent
POOL_FILE = ROOT / "tests/data/draw/pool-TEST-0001.txt"
POOL = POOL_FILE.read_bytes()
ROUND = 657413
SIGNATURE = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
RANDOMNESS = "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
SEED = "f827c9e3adf54ca8f4cf241bf19780494260da28146e14e1fa3f59b5fdaa010f"
ORDER = (
    "f32fe948410c9152953b3609dd0e025b",
    "947a27ea1d7931e9629640fa05481b2b",
    "d77f44b6a4678920077ea6096d6f8e32",
    "74c89011f800fae4f8f14eeb95c9e6d6",
    "b750aa452cdb41e7e34b30159cb9e9a0",
)
QUICKNET, DEMONSTRATION = draw.QUICKNET, draw.DEMONSTRATION


def lines(text: bytes) -> list[bytes]:
    return text.split(b"\n")


def with_line(number: int, value: bytes) -> bytes:
    changed = lines(POOL)
    changed[number - 1] = value
    return b"\n".join(changed)


def demonstration_pool(receipts=ORDER) -> bytes:
    return draw.pool_text("DEMO-0001", DEMONSTRATION.chain_hash, ROUND, receipts).encode("ascii")


# The worked vector


def test_the_worked_draw_comes_out_as_published():
    assert draw.draw(POOL, SIGNATURE) == draw.DrawResult(RANDOMNESS, SEED, ORDER)
    assert draw.draw(POOL, SIGNATURE.upper()) == draw.DrawResult(RANDOMNESS, SEED, ORDER)


def test_the_pool_file_is_made_byte_for_byte():
    text = draw.pool_text("TEST-0001", QUICKNET.chain_hash, ROUND, ORDER)
    assert text.encode("ascii") == POOL
    pool = draw.parse_pool(POOL)
    assert pool == draw.Pool(
        "TEST-0001", QUICKNET, ROUND, tuple(sorted(ORDER)), hashlib.sha256(POOL).hexdigest()
    )
    assert pool.sha256 == "726266d9a8d5a35ab0d658beade6e9137b5bd6d295f9e5b2a0c7a96cd1242e0f"


def test_the_recorded_beacon_is_valid_for_its_round_alone():
    assert draw.verify_signature(QUICKNET, ROUND, SIGNATURE)
    assert not draw.verify_signature(QUICKNET, ROUND + 1, SIGNATURE)
    assert not draw.verify_signature(QUICKNET, ROUND - 1, SIGNATURE)
    assert not draw.verify_signature(DEMONSTRATION, ROUND, SIGNATURE)


# Rounds and times


@pytest.mark.parametrize(
    ("after_genesis", "first_after"), [(-4000, 1), (-0.5, 1), (0, 2), (2.999999, 2), (3, 3), (5, 3), (6, 4)]
)
def test_the_first_round_strictly_after_a_moment(after_genesis, first_after):
    moment = datetime.fromtimestamp(QUICKNET.genesis, UTC) + timedelta(seconds=after_genesis)
    assert draw.round_after(moment, QUICKNET) == first_after
    assert draw.round_time(first_after, QUICKNET) > moment


@pytest.mark.parametrize(
    ("frozen_at", "round_number"),
    [
        (datetime(2023, 9, 15, 9, 0, 0, tzinfo=UTC), ROUND - 1200),  # a full hour stays
        (datetime(2023, 9, 15, 9, 0, 0, 1, tzinfo=UTC), ROUND),
        (datetime(2023, 9, 15, 9, 0, 1, tzinfo=UTC), ROUND),
        (datetime(2023, 9, 15, 9, 59, 59, 999999, tzinfo=UTC), ROUND),
        (datetime(2023, 9, 15, 10, 0, 0, tzinfo=UTC), ROUND),
        (datetime(2023, 9, 15, 6, 0, 0, tzinfo=timezone(timedelta(hours=-4))), ROUND),  # the same in Ottawa
        (datetime(2023, 9, 15, 10, 0, 0, 1, tzinfo=UTC), ROUND + 1200),
    ],
)
def test_the_round_of_a_freeze(frozen_at, round_number):
    assert draw.freeze_round(frozen_at, QUICKNET) == round_number
    assert draw.freeze_round(frozen_at, DEMONSTRATION) == round_number


@given(st.integers(QUICKNET.genesis * 10**6, 4 * 10**15))
@settings(deadline=None, derandomize=True)
def test_a_freeze_leaves_one_to_two_hours(microseconds):
    frozen_at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
    wait = draw.round_time(draw.freeze_round(frozen_at, QUICKNET), QUICKNET) - frozen_at
    assert timedelta(hours=1) < wait <= timedelta(hours=2, seconds=3)


def test_times_of_rounds():
    assert draw.round_time(ROUND, QUICKNET) == datetime(2023, 9, 15, 11, 0, 3, tzinfo=UTC)
    assert draw.round_time(draw.MAX_ROUND, QUICKNET).year < 10000
    for bad in (0, -1, draw.MAX_ROUND + 1):
        with pytest.raises(ValueError, match="out of range"):
            draw.round_time(bad, QUICKNET)
    naive = datetime(2023, 9, 15, 10)  # noqa: DTZ001
    for function in (draw.round_after, draw.freeze_round):
        with pytest.raises(ValueError, match="aware"):
            function(naive, QUICKNET)


# Pool files that are refused


REFUSED = {
    "empty": (b"", "empty"),
    "one empty line": (b"\n", "first line"),
    "another header": (with_line(1, b"esdc-microacq-pool-v2"), "first line"),
    "header only": (b"esdc-microacq-pool-v1\n", "cut short"),
    "four lines": (b"\n".join(lines(POOL)[:4]) + b"\n", "cut short"),
    "reference with a space": (with_line(2, b"TEST 0001"), "reference"),
    "no reference": (with_line(2, b""), "reference"),
    "another chain": (with_line(3, b"0" * 64), "chain hash"),
    "chain in capitals": (with_line(3, QUICKNET.chain_hash.upper().encode()), "chain hash"),
    "round zero": (with_line(4, b"0"), "round"),
    "round with a leading zero": (with_line(4, b"0657413"), "round"),
    "round with a sign": (with_line(4, b"+657413"), "round"),
    "round beyond time": (with_line(4, b"99999999999"), "round"),
    "endless round": (with_line(4, b"9" * 5000), "round"),
    "count zero": (b"\n".join([*lines(POOL)[:4], b"0", b""]), "number of receipts"),
    "count not a number": (with_line(5, b"five"), "number of receipts"),
    "count with a space": (with_line(5, b"5 "), "number of receipts"),
    "fewer than counted": (
        b"\n".join(lines(POOL)[:-2]) + b"\n",
        "says that it holds 5 receipts, and holds 4",
    ),
    "more than counted": (with_line(5, b"4"), "says that it holds 4 receipts, and holds 5"),
    "last line without end": (POOL[:-1], "cut short"),
    "cut in a receipt": (POOL[:-10], "cut short"),
    "cut in a receipt, with an end": (POOL[:-10] + b"\n", "Line 10"),
    "an empty line after": (POOL + b"\n", "holds 6"),
    "words after": (POOL + b"and one more", "cut short"),
    "a NUL after": (POOL + b"\0", "cut short"),
    "CRLF": (POOL.replace(b"\n", b"\r\n"), "CR"),
    "CRLF once": (POOL.replace(b"\n", b"\r\n", 1), "CR"),
    "CR": (POOL.replace(b"\n", b"\r"), "CR"),
    "byte order mark": (b"\xef\xbb\xbf" + POOL, "ASCII"),
    "UTF-16": (POOL.decode().encode("utf-16"), "ASCII"),
    "accent": (with_line(2, "ÉTÉ-0001".encode()), "ASCII"),
    "binary": (bytes(range(256)) * 9, "ASCII"),
    "receipt in capitals": (with_line(6, lines(POOL)[5].upper()), "Line 6"),
    "receipt too short": (with_line(7, lines(POOL)[6][:-1]), "Line 7"),
    "receipt with a space": (with_line(8, lines(POOL)[7] + b" "), "Line 8"),
    "receipt with a form feed": (with_line(8, lines(POOL)[7] + b"\x0c"), "Line 8"),
    "receipt twice": (with_line(7, lines(POOL)[5]), "line 7 of the pool file is there twice"),
    "receipts swapped": (b"\n".join([*lines(POOL)[:8], lines(POOL)[9], lines(POOL)[8], b""]), "see line 10"),
    "too large": (POOL + b"x" * 1_000_001, "too large"),
}


@pytest.mark.parametrize(("data", "said"), REFUSED.values(), ids=REFUSED)
def test_a_pool_file_that_is_not_exact_is_refused(data, said):
    with pytest.raises(draw.PoolError, match=re.escape(said)) as caught:
        draw.draw(data, SIGNATURE)
    assert str(caught.value) == caught.value.sentence % caught.value.particulars
    assert str(caught.value).endswith(".")


def test_a_forged_receipt_changes_hash_and_order():
    """The format cannot see a forged receipt; the published hash does, and every other place changes too."""
    forged = with_line(10, b"f" * 32)
    assert draw.parse_pool(forged).sha256 != draw.parse_pool(POOL).sha256
    before = [receipt for receipt in ORDER if receipt != lines(POOL)[9].decode()]
    after = [receipt for receipt in draw.order(forged, RANDOMNESS) if receipt != "f" * 32]
    assert sorted(before) == sorted(after)
    assert draw.draw(forged, SIGNATURE).seed != SEED


def test_a_pool_whose_round_was_changed_is_refused_by_the_signature():
    with pytest.raises(draw.DrawError, match="round 657414 by the beacon"):
        draw.draw(with_line(4, b"657414"), SIGNATURE)
    with pytest.raises(draw.DrawError, match="demonstration"):
        draw.draw(with_line(3, DEMONSTRATION.chain_hash.encode()), SIGNATURE)


@pytest.mark.parametrize(
    ("reference", "chain_hash", "round_number", "receipts"),
    [
        ("TEST-0001", QUICKNET.chain_hash, ROUND, []),
        ("TEST-0001", QUICKNET.chain_hash, ROUND, [*ORDER, ORDER[0]]),
        ("TEST-0001", QUICKNET.chain_hash, ROUND, [*ORDER, "not a receipt"]),
        ("TEST-0001", QUICKNET.chain_hash, ROUND, [ORDER[0] + "\n" + ORDER[1]]),
        ("TEST-0001", QUICKNET.chain_hash, ROUND, ["é" * 32]),
        ("TEST-0001\n", QUICKNET.chain_hash, ROUND, ORDER),
        ("\ud800", QUICKNET.chain_hash, ROUND, ORDER),
        ("TEST-0001", "0" * 64, ROUND, ORDER),
        ("TEST-0001", QUICKNET.chain_hash, 0, ORDER),
    ],
)
def test_no_pool_file_is_made_of_bad_parts(reference, chain_hash, round_number, receipts):
    with pytest.raises(draw.PoolError):
        draw.pool_text(reference, chain_hash, round_number, receipts)


# Signatures that are refused

FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB


def on_the_curve_outside_the_group() -> str:
    """A point of the curve that is not in the group of order r: x = 4 has one."""
    x = next(x for x in itertools.count(4) if pow(x**3 + 4, (FIELD - 1) // 2, FIELD) == 1)
    return f"{x | 1 << 383:096x}"


GARBAGE = {
    "nothing": "",
    "words": "signature",
    "short": SIGNATURE[:-2],
    "long": SIGNATURE + "00",
    "a space within": SIGNATURE[:94] + " b",
    "a line end": SIGNATURE[:-1] + "\n",
    "other digits": SIGNATURE[:-1] + "٣",
    "zeros": "0" * 96,
    "ones": "f" * 96,
    "the point at infinity": "c0" + "0" * 94,
    "infinity with a sign": "e0" + "0" * 94,
    "not compressed": f"{int(SIGNATURE, 16) & ~(1 << 383):096x}",
    "the other y": f"{int(SIGNATURE, 16) ^ (1 << 381):096x}",
    "one bit changed": f"{int(SIGNATURE, 16) ^ 1:096x}",
    "x beyond the field": f"{FIELD | 1 << 383:096x}",
    "outside the group": on_the_curve_outside_the_group(),
    "the randomness": RANDOMNESS,
    "the public key": QUICKNET.public_key,
    "a megabyte": "ab" * 500_000,
    "none": None,
    "bytes": bytes.fromhex(SIGNATURE),
    "number": 7,
}


@pytest.mark.parametrize("signature", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_no_signature_and_never_an_error(signature):
    assert draw.verify_signature(QUICKNET, ROUND, signature) is False
    with pytest.raises(draw.DrawError, match="not the signature of round 657413"):
        draw.draw(POOL, signature)


@pytest.mark.parametrize("round_number", [0, -1, draw.MAX_ROUND + 1, 2**64, 2**70, None, "657413", 1.5])
def test_garbage_is_no_round(round_number):
    assert draw.verify_signature(QUICKNET, round_number, SIGNATURE) is False


@pytest.mark.parametrize("randomness", ["", RANDOMNESS.upper(), RANDOMNESS + "\n", RANDOMNESS[:-1], "٣" * 64])
def test_garbage_is_no_randomness(randomness):
    with pytest.raises(draw.DrawError, match="randomness"):
        draw.order(POOL, randomness)


# The demonstration chain


def test_the_demonstration_beacon_draws_and_its_forgeries_are_refused():
    signature = draw.demonstration_signature(ROUND)
    pool = demonstration_pool()
    result = draw.draw(pool, signature)
    assert sorted(result.order) == sorted(ORDER)
    assert draw.verify_signature(DEMONSTRATION, ROUND, signature)
    forged = [SIGNATURE, draw.demonstration_signature(ROUND + 1), f"{int(signature, 16) ^ 1 << 381:096x}"]
    for other in forged:
        with pytest.raises(draw.DrawError, match="demonstration"):
            draw.draw(pool, other)
    assert not draw.verify_signature(QUICKNET, ROUND, signature)


def test_the_demonstration_chain_is_pinned_and_says_what_it_is():
    from py_ecc.bls.g2_primitives import G2_to_signature, signature_to_G2, subgroup_check
    from py_ecc.optimized_bls12_381 import G2, multiply

    assert G2_to_signature(multiply(G2, draw.DEMONSTRATION_SECRET)).hex() == DEMONSTRATION.public_key
    assert subgroup_check(signature_to_G2(bytes.fromhex(QUICKNET.public_key)))
    assert DEMONSTRATION.chain_hash == "d4995003ec15bf6b1f8c323cb8607f2db18556ea875d99eaf9a58783d7f2e8d7"
    assert (DEMONSTRATION.genesis, DEMONSTRATION.period) == (QUICKNET.genesis, QUICKNET.period)
    assert DEMONSTRATION.is_demonstration
    assert not QUICKNET.is_demonstration
    assert draw.chain_by_hash(QUICKNET.chain_hash) is QUICKNET
    assert draw.chain_by_hash(DEMONSTRATION.chain_hash) is DEMONSTRATION
    with pytest.raises(draw.DrawError, match="chain hash"):
        draw.chain_by_hash("")
    for bad in (0, draw.MAX_ROUND + 1):
        with pytest.raises(ValueError, match="out of range"):
            draw.demonstration_signature(bad)


# What the order is, whatever the pool

receipts_of_a_pool = st.lists(
    st.binary(min_size=16, max_size=16).map(bytes.hex), min_size=1, max_size=40, unique=True
)
randomness_of_a_round = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(receipts_of_a_pool, randomness_of_a_round, st.randoms(use_true_random=False))
@settings(deadline=None, derandomize=True)
def test_the_order_is_a_permutation_and_independent_of_how_the_pool_was_built(receipts, randomness, shuffler):
    text = draw.pool_text("TEST-0001", QUICKNET.chain_hash, ROUND, receipts)
    order = draw.order(text.encode("ascii"), randomness)
    assert sorted(order) == sorted(receipts)
    shuffler.shuffle(receipts)
    again = draw.pool_text("TEST-0001", QUICKNET.chain_hash, ROUND, iter(receipts))
    assert again == text
    assert draw.parse_pool(text.encode("ascii")).receipts == tuple(sorted(receipts))


@given(st.binary(max_size=400), st.integers(0, len(POOL)))
@settings(deadline=None, derandomize=True)
def test_bytes_are_refused_or_are_the_one_file_of_what_they_say(junk, place):
    with pytest.raises(draw.PoolError):
        draw.parse_pool(junk)
    data = POOL[:place] + junk[:3] + POOL[place:]
    try:
        pool = draw.parse_pool(data)
    except draw.PoolError:
        return
    text = draw.pool_text(pool.reference, pool.chain.chain_hash, pool.round, pool.receipts)
    assert text.encode("ascii") == data


def chi_squared(counts: list[int]) -> float:
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


def test_every_order_is_as_likely_as_any_other():
    """10,000 fixed seeds: the 24 orders of four receipts, and each receipt in each place. The limits are those that
    a fair draw passes 999 times in 1,000 (chi-squared, 23 and 3 degrees of freedom; 16 places, so 1 in 16,000)."""
    receipts = sorted(ORDER[:4])
    pool = demonstration_pool(receipts)
    orders = [draw.order(pool, hashlib.sha256(b"seed %d" % n).hexdigest()) for n in range(10_000)]
    counts = [orders.count(permutation) for permutation in itertools.permutations(receipts)]
    assert sum(counts) == 10_000
    assert chi_squared(counts) < 49.73
    for place in range(4):
        drawn = [order[place] for order in orders]
        assert chi_squared([drawn.count(receipt) for receipt in receipts]) < 22.55
