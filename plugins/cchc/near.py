"""The known word that is nearest to one that somebody mistyped."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import combining, normalize


def near(word: object, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known word that is nearest; empty where none is near."""
    matches = get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def or_known(word: object, known: Iterable[str]) -> str:
    """The nearest known word as `near` writes it; where none is near, all of them: `; known are: x, y`."""
    words = list(known)
    return near(word, words) or f"; known are: {', '.join(words) or 'none'}"


def plain(text: str) -> str:
    """A text in small letters and without the marks of Vietnamese: people type names without them."""
    return "".join(letter for letter in normalize("NFD", text.casefold().replace("đ", "d")) if not combining(letter))
