"""The draw that anyone can check: pool file + signature of a public beacon -> order of the receipts.

Knows the pool file's format, the beacon's rounds and keys, BLS signatures and the ordering. Knows nothing
of Django, the database, the network, people or the current time: every input is an argument.
Sentences of errors are English and marked for translation; str(error) is the English sentence, and
`gettext(error.sentence) % error.particulars` gives it in the reader's language.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py_ecc.bls.typing import G1Uncompressed

HEADER = "esdc-microacq-pool-v1"
HEADER_LINES = 5  # header, reference, chain hash, round, number of receipts
MAX_POOL_BYTES = 1_000_000  # some 30,000 receipts; more is not a pool file of ours
MAX_ROUND = 80_000_000_000  # about the year 9600: keeps every round's time a date that can be written
DOMAIN_TAG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RECEIPT = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[1-9][0-9]{0,10}")
_SIGNATURE = re.compile(r"[0-9a-fA-F]{96}")
_RANDOMNESS = re.compile(r"[0-9a-f]{64}")


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is: whoever shows it translates it."""
    return sentence


class DrawError(ValueError):
    """The draw cannot be made from what was given. str() is a sentence for a person, in English."""

    def __init__(self, sentence: str, **particulars: object) -> None:
        super().__init__(sentence % particulars)
        self.sentence = sentence
        self.particulars = particulars


class PoolError(DrawError):
    """The bytes are not a pool file exactly as one is published."""


@dataclass(frozen=True)
class Chain:
    """A beacon: a BLS key that signs one round after another, each at its time."""

    name: str
    chain_hash: str  # 64 hex characters
    public_key: str  # 192 hex characters: a point of G2, compressed
    genesis: int  # Unix seconds, when round 1 is published
    period: int  # seconds from one round to the next

    @property
    def is_demonstration(self) -> bool:
        return self.chain_hash == DEMONSTRATION.chain_hash


@dataclass(frozen=True)
class Pool:
    """What a pool file says. `sha256` is that of the whole file, in hex."""

    reference: str
    chain: Chain
    round: int
    receipts: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class DrawResult:
    """`randomness` and `seed` in hex; `order`: the receipts, first drawn first."""

    randomness: str
    seed: str
    order: tuple[str, ...]


QUICKNET = Chain(
    name="drand quicknet",
    chain_hash="52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    public_key=(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
        "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
    genesis=1692803367,
    period=3,
)

# Public on purpose and worth nothing: anybody can sign any round with it, in advance. It exists so that
# a demonstration on a machine without a network can show a draw. No real draw may ever use its chain.
DEMONSTRATION_SECRET = 20220331
_DEMONSTRATION_KEY = (
    "8eca1f13a6e735073f5720bb5f445f0e7f29962f9881a510cadf9481e4bd3ef31ebbeb4fa5af90373329e93039f83437"
    "0bdae7afc80905e96c7d17a5efe5665ed748895329d00f84727a8190ca63969a63be2c7fbd8ec1a4798b73a31c117759"
)
_DEMONSTRATION_TEXT = (
    f"esdc-microacq demonstration beacon, not random, secret is public\n{_DEMONSTRATION_KEY}\n"
)
DEMONSTRATION = Chain(
    name="demonstration",
    chain_hash=hashlib.sha256(_DEMONSTRATION_TEXT.encode("ascii")).hexdigest(),
    public_key=_DEMONSTRATION_KEY,
    genesis=QUICKNET.genesis,
    period=QUICKNET.period,
)

_CHAINS = {chain.chain_hash: chain for chain in (QUICKNET, DEMONSTRATION)}

# What a stranger runs, with nothing but Python 3. Shown on the public page and in docs/draw.md.
CHECK_SCRIPT = """\
# python3 check.py POOL_FILE SIGNATURE prints the receipts in the order drawn.
# That SIGNATURE is the beacon's own for the round on line 4 of the pool file: check that with drand's tools.
import hashlib, hmac, sys
pool = open(sys.argv[1], "rb").read()
receipts = pool.decode("ascii").split("\\n")[5:-1]
randomness = hashlib.sha256(bytes.fromhex(sys.argv[2])).hexdigest()
seed = hashlib.sha256(pool + randomness.encode() + b"\\n")
print("pool", hashlib.sha256(pool).hexdigest(), "seed", seed.hexdigest(), file=sys.stderr)
for receipt in sorted(receipts, key=lambda r: hmac.new(seed.digest(), r.encode(), "sha256").hexdigest()):
    print(receipt)
"""


def chain_by_hash(chain_hash: str) -> Chain:
    """The known chain with that hash (hex, lower case). DrawError when there is none."""
    try:
        return _CHAINS[chain_hash]
    except KeyError:
        raise DrawError(_("The beacon's chain hash is not one that this program knows.")) from None


# Rounds and times


def round_after(t: datetime, chain: Chain) -> int:
    """The first round published strictly after t (aware). ValueError for a naive datetime."""
    if t.tzinfo is None:
        raise ValueError("round_after needs an aware datetime")
    elapsed = t - datetime.fromtimestamp(chain.genesis, UTC)
    return max(1, elapsed // timedelta(seconds=chain.period) + 2)


def round_time(round_number: int, chain: Chain) -> datetime:
    """When that round is published, in UTC. ValueError outside 1 to MAX_ROUND."""
    if not 1 <= round_number <= MAX_ROUND:
        raise ValueError(f"round {round_number} is out of range")
    return datetime.fromtimestamp(chain.genesis, UTC) + timedelta(seconds=chain.period * (round_number - 1))


def freeze_round(frozen_at: datetime, chain: Chain) -> int:
    """R for a pool frozen at that moment (aware): the first round strictly after t, where t is the moment
    rounded up to the hour (a full hour stays) plus one hour. R is thus one to two hours away."""
    if frozen_at.tzinfo is None:
        raise ValueError("freeze_round needs an aware datetime")
    moment = frozen_at.astimezone(UTC)
    hour = moment.replace(minute=0, second=0, microsecond=0)
    if hour != moment:
        hour += timedelta(hours=1)
    return round_after(hour + timedelta(hours=1), chain)


# The pool file


def pool_text(reference: str, chain_hash: str, round_number: int, receipts: Iterable[str]) -> str:
    """The pool file's text (ASCII, LF), whatever the order of the receipts given.

    PoolError for a receipt that is not 32 lower-case hex characters, one that is there twice, none at all,
    an unknown chain, or a reference or round that the format cannot carry.
    """
    ordered = sorted(receipts)
    if not ordered:
        raise PoolError(_("There is no receipt to put in the pool file."))
    lines = [HEADER, reference, chain_hash, str(round_number), str(len(ordered)), *ordered]
    text = "".join(f"{line}\n" for line in lines)
    parse_pool(text.encode("utf-8", "backslashreplace"))
    return text


def parse_pool(data: bytes) -> Pool:
    """Reads a pool file. Strict: one set of receipts has exactly one file. PoolError says what is wrong."""
    lines = _lines(data)
    if lines[0] != HEADER:
        raise PoolError(_("The first line of a pool file must be “%(header)s”."), header=HEADER)
    if len(lines) < HEADER_LINES:
        raise PoolError(_("The pool file is cut short: it has %(lines)d lines."), lines=len(lines))
    __, reference, chain_hash, round_text, count_text = lines[:HEADER_LINES]
    receipts = lines[HEADER_LINES:]
    if not _REFERENCE.fullmatch(reference):
        raise PoolError(_("Line 2 of the pool file is not the reference of an opportunity."))
    if chain_hash not in _CHAINS:
        raise PoolError(
            _("Line 3 of the pool file is not the chain hash of a beacon that this program knows.")
        )
    if not _NUMBER.fullmatch(round_text) or int(round_text) > MAX_ROUND:
        raise PoolError(_("Line 4 of the pool file is not the number of a round of the beacon."))
    if not _NUMBER.fullmatch(count_text):
        raise PoolError(_("Line 5 of the pool file is not a number of receipts, 1 or more."))
    if int(count_text) != len(receipts):
        raise PoolError(
            _("The pool file says that it holds %(said)d receipts, and holds %(held)d."),
            said=int(count_text),
            held=len(receipts),
        )
    for number, receipt in enumerate(receipts, start=HEADER_LINES + 1):
        if not _RECEIPT.fullmatch(receipt):
            raise PoolError(
                _("Line %(line)d of the pool file is not a receipt (32 characters, 0 to 9 and a to f)."),
                line=number,
            )
    for number, (before, after) in enumerate(pairwise(receipts), start=HEADER_LINES + 2):
        if before == after:
            raise PoolError(_("The receipt on line %(line)d of the pool file is there twice."), line=number)
        if before > after:
            raise PoolError(
                _("The receipts are not sorted: see line %(line)d of the pool file."), line=number
            )
    return Pool(
        reference, _CHAINS[chain_hash], int(round_text), tuple(receipts), hashlib.sha256(data).hexdigest()
    )


def _lines(data: bytes) -> list[str]:
    """The file's lines without their ends, once the bytes are ASCII text with LF after every line."""
    if not data:
        raise PoolError(_("The pool file is empty."))
    if len(data) > MAX_POOL_BYTES:
        raise PoolError(_("The pool file is too large: at most %(bytes)d bytes."), bytes=MAX_POOL_BYTES)
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise PoolError(_("The pool file is not plain ASCII text.")) from None
    if "\r" in text:
        raise PoolError(_("The lines of the pool file must end with LF alone, and some end with CR."))
    if not text.endswith("\n"):
        raise PoolError(_("The pool file is cut short: its last line has no end."))
    return text[:-1].split("\n")


# The beacon's signature


def verify_signature(chain: Chain, round_number: int, signature_hex: str) -> bool:
    """Whether that is the chain's own signature (96 hex characters) of that round. Takes about a second.

    Never raises: anything that is not such a signature is False.
    """
    if not isinstance(signature_hex, str) or not _SIGNATURE.fullmatch(signature_hex):
        return False
    if not isinstance(round_number, int) or not 1 <= round_number <= MAX_ROUND:
        return False
    return _pairing_holds(chain.public_key, round_number, bytes.fromhex(signature_hex))


@lru_cache(maxsize=64)
def _pairing_holds(public_key: str, round_number: int, signature: bytes) -> bool:
    """e(signature, g2) = e(H(message), key), computed as e(signature, -g2) e(H(message), key) = 1."""
    # Imported here: it costs each process half a second, and few processes verify anything.
    # py_ecc names its types after the other kind of BLS, with keys in G1 and signatures in G2.
    from eth_typing import BLSPubkey, BLSSignature
    from py_ecc.bls.g2_primitives import pubkey_to_G1, signature_to_G2, subgroup_check
    from py_ecc.fields import optimized_bls12_381_FQ12 as FQ12
    from py_ecc.optimized_bls12_381.optimized_curve import G2, is_inf, neg
    from py_ecc.optimized_bls12_381.optimized_pairing import final_exponentiate, pairing

    try:
        point = pubkey_to_G1(BLSPubkey(signature))
    except ValueError:  # not a point of the curve
        return False
    if is_inf(point) or not subgroup_check(point):
        return False
    key = signature_to_G2(BLSSignature(bytes.fromhex(public_key)))
    left = pairing(neg(G2), point, final_exponentiate=False)
    right = pairing(key, _message_point(round_number), final_exponentiate=False)
    return bool(final_exponentiate(left * right) == FQ12.one())


def _message_point(round_number: int) -> G1Uncompressed:
    from py_ecc.bls.hash_to_curve import hash_to_G1

    message = hashlib.sha256(round_number.to_bytes(8, "big")).digest()
    return hash_to_G1(message, DOMAIN_TAG, hashlib.sha256)  # type: ignore[arg-type]  # typed as an instance


def demonstration_signature(round_number: int) -> str:
    """The demonstration chain's signature of that round, in hex. No secret: see DEMONSTRATION_SECRET."""
    from py_ecc.bls.g2_primitives import G1_to_pubkey
    from py_ecc.optimized_bls12_381.optimized_curve import multiply

    if not 1 <= round_number <= MAX_ROUND:
        raise ValueError(f"round {round_number} is out of range")
    return G1_to_pubkey(multiply(_message_point(round_number), DEMONSTRATION_SECRET)).hex()


# The draw


def draw(pool_bytes: bytes, signature_hex: str) -> DrawResult:
    """The order of the receipts, once the file is a pool file and the signature its beacon's for its round.

    PoolError for a bad file, DrawError for a signature that is not the one.
    """
    pool = parse_pool(pool_bytes)
    if not verify_signature(pool.chain, pool.round, signature_hex):
        raise DrawError(
            _("This is not the signature of round %(round)d by the beacon “%(beacon)s”."),
            round=pool.round,
            beacon=pool.chain.name,
        )
    randomness = hashlib.sha256(bytes.fromhex(signature_hex)).hexdigest()
    return DrawResult(randomness, _seed(pool_bytes, randomness).hex(), order(pool_bytes, randomness))


def order(pool_bytes: bytes, randomness_hex: str) -> tuple[str, ...]:
    """The receipts in the order that this randomness (64 lower-case hex characters) gives.

    Where the randomness comes from is not verified here. PoolError for a bad file, DrawError for bad hex.
    """
    if not _RANDOMNESS.fullmatch(randomness_hex):
        raise DrawError(_("The randomness must be 64 characters, 0 to 9 and a to f."))
    receipts = parse_pool(pool_bytes).receipts
    seed = _seed(pool_bytes, randomness_hex)
    return tuple(sorted(receipts, key=lambda receipt: hmac.digest(seed, receipt.encode("ascii"), "sha256")))


def _seed(pool_bytes: bytes, randomness_hex: str) -> bytes:
    return hashlib.sha256(pool_bytes + randomness_hex.encode("ascii") + b"\n").digest()
