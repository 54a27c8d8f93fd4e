"""Dates and numbers as Canada writes them, in English and in French."""
