"""Which encoding a text file has, as far as its first bytes tell: a guess for a draft, which a person looks at."""

from __future__ import annotations

from unicodedata import normalize

from cchc.sources.vietnamese_letters import is_syllable, marked_words

UNICODE = ("utf-8-sig", "utf-16")  # these are seen for certain; one of one byte a letter fits nearly every file
VIETNAMESE = "cp1258"
WESTERN = "cp1252"  # most texts in Latin letters fit several encodings of one byte a letter; where this one fits nearly as well it is taken
OTHERS = (
    WESTERN, "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874", "cp932", "cp949", "gb18030", "big5",
)  # fmt: skip
MORE_CHAOS, LESS_COHERENCE = 0.02, 0.1  # by so much the western one may be worse, in the figures of charset-normalizer


def guessed_encoding(head: bytes) -> str:
    """The encoding of a text by its first bytes; `utf-8-sig` where none is found, so that reading it says which byte is none of UTF-8."""
    found = next((name for name in UNICODE if _decodes(head, name)), None)
    if found is not None:
        return found
    whole = head[: head.rfind(b"\n") + 1 or None]
    return VIETNAMESE if _is_vietnamese(whole) else _by_letters(whole) or UNICODE[0]


def in_order(encodings: set[str]) -> list[str]:
    """Encodings in the order in which they are to be tried: those of one byte a letter fit nearly always, so they stand last."""
    places = (*UNICODE, VIETNAMESE, *OTHERS)
    return sorted(encodings, key=places.index)


def _decodes(head: bytes, encoding: str) -> bool:
    if encoding == "utf-16" and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return False
    try:
        head[: head.rfind(b"\n") + 1 or None].decode(encoding)
    except UnicodeDecodeError:
        return encoding == "utf-16"  # it may be cut within a letter
    return True


def _is_vietnamese(text: bytes) -> bool:
    """Whether the text reads as Vietnamese: at most a third of its words with marks are no syllables, as where it is read by a profile."""
    try:
        words = marked_words(normalize("NFC", text.decode(VIETNAMESE)))
    except UnicodeDecodeError:
        return False
    return 3 * sum(not is_syllable(word) for word in words) <= len(words)


def _by_letters(text: bytes) -> str | None:
    from charset_normalizer import from_bytes

    found = list(from_bytes(text, cp_isolation=list(OTHERS)))
    if not found:
        return None
    best = found[0]
    western = next((match for match in found if match.encoding == WESTERN), best)
    is_near = western.chaos <= best.chaos + MORE_CHAOS and western.coherence >= best.coherence - LESS_COHERENCE
    return str(western.encoding if is_near and best.encoding.startswith("cp125") else best.encoding)
