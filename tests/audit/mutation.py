"""Requests that no browser would send: made by Hypothesis from the forms and addresses that were met.

Knows how a request is put together, and ways to put it together wrong.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from hypothesis import strategies as st

ODD = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\ufffe", "\u202e", "\u200b", "\r\n", "\x1b[2J", "'", '"', "\\", "%", "%00", "%s%n",
    "';--", "1 OR 1=1", "{{ 7 }}", "{% x %}", "-1", "-0", "0", "1", "2147483648", "-9223372036854775809", "9" * 19, "9" * 400, "1" + "0" * 5000,
    "1e999", "-1e-999", "NaN", "Infinity", "0x1f", "1_000", "١٢٣", "１２", "1,2,3", "1.2.3", "$", "true", "null", "[]", "{}", "[[[[[[]]]]]]",
    "0000-00-00", "0001-01-01", "9999-12-31", "2027-02-30", "10000-01-01", "2027-01-15T00:00:00Z", "24:00", "14 h", "99:99", "02:30", "2027-03-14",
    "../../etc/passwd", "http://[::1", "https://zqx.example:99999/", "javascript:1", "//", "mailto:", "a@", "@", "é" * 300, "x" * 20_001,
    "état", "🙂" * 80, "MA-2027-0001", "None", "undefined", "on", "en", "fr", "team", "4111 1111 1111 1111",
)  # fmt: skip
VALUES = st.one_of(st.sampled_from(ODD), st.text(max_size=40), st.integers().map(str), st.dates().map(str))
NAMES = st.one_of(
    st.sampled_from(("id", "pk", "version", "q", "page", "o", "next", "_method", "a[b][]", "\x00", "é")),
    st.text(max_size=8),
)
BROKEN_TYPES = (
    "", "text/plain", "application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=é", "application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded; charset=nothing",
    "application/xml", "image/png", ";;;", "multipart/mixed; boundary=zqx",
)  # fmt: skip


@dataclass
class Request:
    """What is sent, to where, by whom: printed whole when it breaks something."""

    who: str
    method: str
    address: str
    body: bytes
    kind: str


@st.composite
def posts(draw, forms):
    """A form sent with a few of its fields changed, left out, doubled or invented, and sometimes put together wrong."""
    who, _client, form = draw(st.sampled_from(forms))
    data = {name: [value] for name, value in form.as_it_stands().items()}
    names = st.sampled_from(sorted(form.fields)) if form.fields else NAMES
    for _change in range(draw(st.integers(1, 5))):
        name = draw(st.one_of(names, names, names, NAMES))
        data[name] = draw(st.lists(VALUES, max_size=3)) or [draw(VALUES)]
    if draw(st.integers(0, 9)) == 0:
        data |= {f"x{number}": ["y"] for number in range(draw(st.sampled_from((50, 1001))))}
    return Request(who, "POST", draw(addresses(form.action)), *draw(bodies(data)))


@st.composite
def bodies(draw, data: dict[str, list[str]]):
    """The body and its type."""
    pairs = [(name, value) for name, values in data.items() for value in values]
    encoded = urlencode([(_bytes(name), _bytes(value)) for name, value in pairs]).encode()
    way = draw(st.integers(0, 9))
    if way < 5:
        return encoded, "application/x-www-form-urlencoded"
    if way < 8:
        whole = _multipart(pairs)
        cut = len(whole) if draw(st.booleans()) else draw(st.integers(0, len(whole)))
        return whole[:cut], "multipart/form-data; boundary=zqx"
    if way == 8:
        return draw(
            st.one_of(st.binary(max_size=200), st.just(b"a=%ff%fe&b=\xff\xfe&%80=1"))
        ), "application/x-www-form-urlencoded"
    return encoded, draw(st.sampled_from(BROKEN_TYPES))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _multipart(pairs) -> bytes:
    parts = []
    for name, value in pairs:
        is_file = value.startswith("../")
        file = (
            b'; filename="' + _bytes(value)[:80] + b'"\r\nContent-Type: application/pdf' if is_file else b""
        )
        parts.append(
            b'--zqx\r\nContent-Disposition: form-data; name="'
            + _bytes(name)
            + b'"'
            + file
            + b"\r\n\r\n"
            + _bytes(value)
            + b"\r\n"
        )
    return b"".join(parts) + b"--zqx--\r\n"


@st.composite
def addresses(draw, address: str):
    """Mostly the address itself; else with another number, another piece or another question in it."""
    way = draw(st.integers(0, 9))
    if way == 0:
        number = draw(st.sampled_from(("0", "-1", "999999", "9" * 19, "9" * 40, "%00", "%ff", "é", "1e3")))
        return re.sub(r"\d+(?=/|$)", number, address, count=1)
    if way == 1:
        return address.split("?")[0] + draw(
            st.sampled_from(("%00", "%ff/", "%0d%0aX:1/", "../", ";x", "é/", "a/b/c/", "?"))
        )
    if way == 2:
        asked = draw(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=4))
        return (
            address.split("?")[0] + "?" + urlencode([(_bytes(name), _bytes(value)) for name, value in asked])
        )
    return address


@st.composite
def gets(draw, met):
    """A page asked for with odd questions, filters, orders and page numbers."""
    who, address = draw(st.sampled_from(met))
    asked = draw(st.lists(st.tuples(st.one_of(QUESTIONS, NAMES), VALUES), max_size=4))
    query = urlencode([(_bytes(name), _bytes(value)) for name, value in asked])
    method = draw(st.sampled_from(("GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")))
    return Request(who, method, draw(addresses(address.split("?")[0] + f"?{query}")), b"", "")


QUESTIONS = st.sampled_from(
    "q o p e page size sort status skill price closing state step late waits branch all _popup _to_field list_filter "
    "state__in client__password__startswith opportunity__id__exact id__in pk is_superuser__exact role_id from next".split()
)
