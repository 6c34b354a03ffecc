"""Words of a source in the words of the model: truth values, loose code maps, and values made of the groups of an expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from unicodedata import normalize

from cchc.typed import Fault


def folded(word: str) -> str:
    """A word without what people and systems write now so and now so: case, doubled blanks, the normal form of accents."""
    return " ".join(normalize("NFC", word).lower().split())


def check_words(true_words: Iterable[str], false_words: Iterable[str], codes: Mapping[str, str] | None) -> None:
    """Raise Fault if a word means two things. `codes`: a map whose words are found loosely."""
    if both := sorted({folded(word) for word in true_words} & {folded(word) for word in false_words}):
        raise Fault(f"{both[0]!r} stands in 'true_words' and in 'false_words'.")
    known: dict[str, str] = {}
    for word, code in (codes or {}).items():
        if known.setdefault(folded(word), code) != code:
            raise Fault(f"with 'loose_codes' {word!r} is a word of 'codes' twice, with two codes.")


def check_made_of_groups(expression: str | None, made: str) -> None:
    """Raise Fault if `made` names anything but groups of the expression."""
    if expression is None:
        raise Fault("'extract_as' is made of the groups of 'extract', which is missing.")
    compiled = re.compile(expression)
    known = {*compiled.groupindex, *(str(number) for number in range(1, compiled.groups + 1))}
    try:
        names = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(made) if name is not None]
    except ValueError as error:
        raise Fault(f"'extract_as' {made!r} cannot be read: {error}.") from error
    for name, spec, conversion in names:
        if name not in known or spec or conversion:
            raise Fault(f"'extract_as' names {{{name}}}; the groups of 'extract' are {', '.join(sorted(known)) or 'none'}.")


def extractor(expression: str, made: str | None) -> Callable[[str], str | None]:
    """A function that gives the value of a text: its first match, the group `value` of it, or what `made` makes of the groups."""
    compiled = re.compile(expression, re.ASCII)
    group = "value" if "value" in compiled.groupindex else 0
    pieces = None if made is None else [(text, name) for text, name, _, _ in Formatter().parse(made)]

    def value(word: str) -> str | None:
        match = compiled.search(word)
        if match is None:
            return None
        if pieces is None:
            found: str | None = match[group]
            return found
        return "".join(text + ("" if name is None else _group(match, name)) for text, name in pieces)

    return value


def _group(match: re.Match[str], name: str) -> str:
    return match[int(name) if name.isdigit() else name] or ""


def coder(codes: Mapping[str, str], *, is_loose: bool, keeps_others: bool) -> Callable[[str], str | None]:
    """A function that gives the code of a word; of another word the word itself, or None."""
    known = {folded(word): code for word, code in codes.items()} if is_loose else codes

    def code(word: str) -> str | None:
        return known.get(folded(word) if is_loose else word, word if keeps_others else None)

    return code
