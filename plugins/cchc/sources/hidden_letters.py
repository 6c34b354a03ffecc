"""Letters that nobody sees: control characters, and marks of direction or width. With one of them a name or key looks like another."""

from __future__ import annotations

from unicodedata import category

KINDS = frozenset({"Cc", "Cf", "Zl", "Zp"})


def hidden_letter(text: str) -> str | None:
    """The first letter of a text that nobody sees, as U+200B; None if there is none."""
    if text.isascii() and text.isprintable():
        return None
    return next((f"U+{ord(letter):04X}" for letter in text if category(letter) in KINDS), None)
