"""Texts as YAML reads them back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml

PLAIN = re.compile(r"[^\W\d][\w.]*")


def quoted(text: str) -> str:
    """A text as YAML reads it back."""
    is_plain = PLAIN.fullmatch(text) and yaml.safe_load(text) == text
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def flow(texts: Iterable[str]) -> str:
    """A list of texts in one line."""
    return f"[{', '.join(quoted(text) for text in texts)}]"


def comment(name: str) -> str:
    """A text in a comment: one line."""
    return " ".join(name.split())
