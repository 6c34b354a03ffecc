"""SQL statements without what people wrote into them, for logs and messages."""

from __future__ import annotations

import re

_TEXTS = re.compile(r"\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'?|--[^\n]*|/\*.*?(?:\*/|$)", re.DOTALL)
_LONG_NUMBER = re.compile(r"(?<![\w.])\d{6,}")


def without_texts(statement: str) -> str:
    """An SQL statement without its texts, comments and long numbers, which may be those of a person: `where code = '…'`."""
    return " ".join(_LONG_NUMBER.sub("…", _TEXTS.sub("'…'", statement)).split())
