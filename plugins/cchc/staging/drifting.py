"""What shows that a field is no longer what it was: the kinds of its values as delivered, and words that its list of codes does not have.

A text is a text and a number a number as long as both can be read, so neither a rule nor the share of unreadable values tells of such a
change. Both are counted for each field of a load (ops.load_field) and compared with what came before (cchc.quality.drift).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc.sources.codes import CODES
from cchc.sources.fields import is_name
from cchc.sources.profile import Column
from cchc.sources.words import coder

KINDS = {str: "text", int: "number", float: "number", bool: "truth", list: "list", dict: "object"}
MOST_WORDS = 20
OTHERS = "(others)"
WITH_OFFSET, WITHOUT_OFFSET = "time with an offset", "time without an offset"
OFFSET = r":\d{2}(?:[.,]\d+)? ?(?:Z|[+-]\d{2}(?::?\d{2})?)$"
_CODE = re.compile(r"[\w./-]{1,30}")


def kinds_of(given: list[Any], types: set[type], texts: pa.StringArray) -> Counter[str]:
    """How many values are of which kind.

    `given`: as delivered; `types`: the types of these values; `texts`: the same as texts, null where a value means missing.
    """
    there = len(texts) - texts.null_count
    if not there:
        return Counter()
    types = types - {type(None)}
    if len(types) == 1:
        return Counter({KINDS[types.pop()]: there})
    valid = texts.is_valid().to_pylist()
    return Counter(KINDS[type(value)] for value, is_there in zip(given, valid, strict=True) if is_there)


def offsets_of(texts: pa.StringArray) -> Counter[str]:
    """How many texts of a column of times name an offset, and how many leave it to the zone of the source.

    A vendor that begins to write `Z` behind local times, in half of the records too, moves them by hours, and each of them can be read.
    """
    there = len(texts) - texts.null_count
    named = pc.sum(pc.match_substring_regex(texts, OFFSET)).as_py() or 0
    return +Counter({WITH_OFFSET: named, WITHOUT_OFFSET: there - named})


def known_codes(model: str, column: Column) -> Callable[[str], bool] | None:
    """The test whether a delivered word is in the list of codes of a column: that of the profile, else that of the model.

    None where the column has neither, or where only the presence of a value counts.
    """
    own = CODES.get(model, {}).get(column.name)
    if column.present is not None or (column.codes is None and own is None):
        return None
    if column.codes is None:
        return (own or {}).__contains__
    coded = coder(column.codes, is_loose=column.loose_codes, keeps_others=False)
    kept = own if own is not None and column.otherwise == "keep" else {}
    return lambda word: coded(word) is not None or word in kept


def see_codes(counts: Counter[str], words: pa.StringArray, is_known: Callable[[str], bool]) -> None:
    """Count the words that are not known. One that may be personal, as every text with a blank, is told by its length alone."""
    for entry in words.drop_null().value_counts().to_pylist():
        word, number = entry["values"], entry["counts"]
        if not is_known(word):
            shown = word if _CODE.fullmatch(word) and is_name(word) else f"a text of {len(word)} characters"
            counts[shown if shown in counts or len(counts) < MOST_WORDS else OTHERS] += number
