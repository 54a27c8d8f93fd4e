"""The words that somebody searches for: which posted opportunities have them, and what a mistyped one may have meant.

Knows the two tables that the database keeps (models/search.py). Knows no page, no filter and no order.
"""

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramDistance
from django.db import connection
from django.db.models import F, Q, Value

from .models import SearchEntry, SearchWord

MAX_QUERY = 200
FEW = 1000
CONFIGURATIONS = ("microacq_english", "microacq_french")
REFERENCE = re.compile(r"(?:MA-)?(\d{4}-\d{4,})", re.IGNORECASE)
MOST_WORDS, SHORTEST_WORD, CANDIDATES = 8, 4, 20


def clean(text: str) -> str:
    """What was typed, without what cannot be seen, cut to `MAX_QUERY` characters."""
    return "".join(character for character in text if character.isprintable())[:MAX_QUERY].strip()


def matches(query: str) -> Q:
    """The condition for opportunities that have the words, in either language, or that reference."""
    if found := REFERENCE.fullmatch(query):
        return Q(reference=f"MA-{found[1]}")
    return Q(search_entry__words=_stems(query))


def few(query: str) -> list[int] | None:
    """The keys of the opportunities that have the words, in no order; None when they are more than `FEW`.

    The database cannot tell beforehand how rare a word is, and reads everything posted for a rare one if not told.
    """
    if REFERENCE.fullmatch(query):
        return None
    found = SearchEntry.objects.filter(words=_stems(query)).order_by().values_list("pk")[: FEW + 1]
    sql, params = found.query.sql_with_params()
    with connection.cursor() as cursor:
        # Reading the entries one after the other seems cheap to the database, which does not count what it takes to
        # unpack them. It reads the index with this, which holds for the transaction: for this statement, outside one.
        cursor.execute(f"SET LOCAL enable_seqscan = off; {sql}", params)
        keys = [key for (key,) in cursor.fetchall()]
    return keys if len(keys) <= FEW else None


def rank(query: str) -> SearchRank:
    """How well the words fit, to order by: a title says more than a skill, and a skill more than the text."""
    return SearchRank(F("search_entry__words"), _stems(query))


def _stems(query: str):
    english, french = (SearchQuery(query, config=name, search_type="websearch") for name in CONFIGURATIONS)
    return english | french


def corrected(query: str) -> str | None:
    """The query with words that no opportunity has put right from those that some have; None when nothing is like them."""
    typed = list(dict.fromkeys(word for word in re.findall(r"\w+", query) if len(word) >= SHORTEST_WORD))
    known = _like_words([plain(word) for word in typed[:MOST_WORDS]])
    better = query
    for word in typed[:MOST_WORDS]:
        best = _best(plain(word), known.get(plain(word), []))
        if best and best != plain(word):
            better = re.sub(rf"\b{re.escape(word)}\b", best, better)
    return better if better != query else None


def plain(word: str) -> str:
    """A word in small letters without accents, as the list of words has it."""
    word = word.lower().replace("œ", "oe").replace("æ", "ae")
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter)
    )


def _like_words(words: list[str]) -> dict[str, list[str]]:
    """For each word those that look like it or begin with it, in one query."""
    parts = []
    for word in words:
        known = SearchWord.objects.annotate(asked=Value(word)).values_list("asked", "word")
        parts += [
            known.order_by(TrigramDistance("word", word))[:CANDIDATES],
            known.filter(word__startswith=word).order_by("word")[:1],
        ]
    found: dict[str, list[str]] = {}
    for asked, word in parts[0].union(*parts[1:], all=True) if parts else ():
        found.setdefault(asked, []).append(word)
    return found


def _best(word: str, candidates: list[str]) -> str | None:
    """The nearest candidate: one slip in a short word, two in a long one; else one of which it is the beginning."""
    allowed = 1 if len(word) <= 5 else 2
    near = sorted((distance(word, candidate), candidate) for candidate in candidates)
    if near and near[0][0] <= allowed:
        return near[0][1]
    return next((candidate for candidate in candidates if candidate.startswith(word)), None)


def distance(one: str, other: str) -> int:
    """How many slips lead from one word to the other: a letter missing, added, wrong, or two next to each other swapped."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]
