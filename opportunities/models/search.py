"""What the search looks in: the words of each posted opportunity, and every word that any of them has.

Both tables are written by the database alone (triggers of the migration `search`), so that no way of saving a text can
leave the search behind. Nothing is in them that was never posted.
"""

from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchEntry(models.Model):
    """The stems of one posted opportunity, English and French, without accents: title A, skills B, short text C, rest D."""

    opportunity = models.OneToOneField(
        "Opportunity", models.CASCADE, primary_key=True, related_name="search_entry"
    )
    words = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="search_words")]


class SearchWord(models.Model):
    """One word of four letters or more, without accents, in small letters: what a mistyped word may have meant."""

    word = models.CharField(max_length=40, primary_key=True)

    class Meta:
        indexes = [GistIndex(OpClass("word", name="gist_trgm_ops"), name="search_word_likeness")]
