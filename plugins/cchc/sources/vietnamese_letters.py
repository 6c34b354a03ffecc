"""The two encodings of Vietnamese before Unicode, TCVN3 (ABC) and VNI, letter by letter; and whether a text can be Vietnamese at all.

TCVN3 has one byte a letter, and no capital letters with a tone mark: fonts of capitals show them (the code of `á` under such a font is
`Á`), so they are read as small letters. VNI writes most letters as a base letter and a mark. Punctuation of both is that of windows-1252.
A byte that stands for nothing, or a mark after a letter that cannot have it, is an error and never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from unicodedata import normalize

GRAVE, HOOK, TILDE, ACUTE, DOT = "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"
CIRCUMFLEX, BREVE, HORN = "\u0302", "\u0306", "\u031b"

_TCVN3_ROWS = {
    0xA1: "ĂÂÊÔƠƯĐăâêôơưđ",
    0xB5: "àảãáạ",
    0xBB: "ằẳẵắ",
    0xC6: "ặầẩẫấậè",
    0xCE: "ẻẽéẹềểễếệìỉ",
    0xDC: "ĩíịò",
    0xE1: "ỏõóọồổỗốộờởỡớợù",
    0xF1: "ủũúụừửữứựỳỷỹýỵ",
}
_VNI_MARKS = {
    0xF9: ACUTE, 0xF8: GRAVE, 0xFB: HOOK, 0xF5: TILDE, 0xEF: DOT,
    0xE2: CIRCUMFLEX, 0xE1: CIRCUMFLEX + ACUTE, 0xE0: CIRCUMFLEX + GRAVE, 0xE5: CIRCUMFLEX + HOOK, 0xE3: CIRCUMFLEX + TILDE,
    0xE4: CIRCUMFLEX + DOT,
    0xEA: BREVE, 0xE9: BREVE + ACUTE, 0xE8: BREVE + GRAVE, 0xFA: BREVE + HOOK, 0xFC: BREVE + TILDE, 0xEB: BREVE + DOT,
}  # fmt: skip
_VNI_LETTERS = {0xF4: "ơ", 0xF6: "ư", 0xF1: "đ", 0xED: "í", 0xEC: "ì", 0xE6: "ỉ", 0xF3: "ĩ", 0xF2: "ị", 0xEE: "ỵ"}
_TONES = (ACUTE, GRAVE, HOOK, TILDE, DOT)


def _tcvn3() -> dict[bytes, str]:
    return {bytes([first + place]): letter for first, row in _TCVN3_ROWS.items() for place, letter in enumerate(row)}


def _vni() -> dict[bytes, str]:
    """The letters by one or two bytes; a capital has the byte of the small letter or mark less 0x20."""
    letters: dict[bytes, str] = {}
    for code, letter in _VNI_LETTERS.items():
        letters |= {bytes([code]): letter, bytes([code - 0x20]): letter.upper()}
    for code, mark in _VNI_MARKS.items():
        takes = "a" if BREVE in mark else "aeo" if CIRCUMFLEX in mark else "aeouy"
        # no y with a dot below: that is a letter of its own
        for base in takes.replace("y", "") if mark == DOT else takes:
            small = normalize("NFC", base + mark)
            letters |= {base.encode() + bytes([code]): small, base.upper().encode() + bytes([code - 0x20]): small.upper()}
            letters[base.upper().encode() + bytes([code])] = small.upper()  # a capital at the beginning of a word
    for code in (0xF4, 0xF6):  # ơ and ư take a tone as a second byte
        for mark_code, mark in _VNI_MARKS.items():
            if mark in _TONES:
                small = normalize("NFC", _VNI_LETTERS[code] + mark)
                capital = bytes([code - 0x20])
                letters |= {bytes([code, mark_code]): small, capital + bytes([mark_code - 0x20]): small.upper()}
                letters[capital + bytes([mark_code])] = small.upper()
    return letters


def _punctuation(last: int) -> dict[bytes, str]:
    """Bytes from 0x80 to `last` as windows-1252 has them, but for letters."""
    found = {bytes([code]): bytes([code]).decode("cp1252", "replace") for code in range(0x80, last + 1)}
    return {code: mark for code, mark in found.items() if mark != "\ufffd" and not mark.isalpha()}


LETTERS: Mapping[str, dict[bytes, str]] = {"tcvn3": _punctuation(0xA0) | _tcvn3(), "vni": _punctuation(0xBF) | _vni()}
# where a letter has two forms, the first one is written
_BYTES = {name: {letter: code for code, letter in reversed(letters.items())} for name, letters in LETTERS.items()}
VIETNAMESE = {"windows-1258": "cp1258", **{name: name for name in LETTERS}}  # each with the name under which Python knows it
_ALIASES = {"utf8": "utf-8", "utf-8-sig": "utf-8", "utf_8": "utf-8", "utf16": "utf-16"}
_FIRST_OF_TWO = {name: {code[:1] for code in letters if len(code) == 2} for name, letters in LETTERS.items()}


def plain_name(encoding: str) -> str:
    """The name of an encoding as the program uses it. Raises LookupError for one that nobody knows."""
    name = encoding.strip().lower()
    name = _ALIASES.get(name, name)
    if name not in VIETNAMESE:
        "".encode(name)
    return name


class LetterDecoder:
    """Decodes `tcvn3` or `vni` piece by piece. Raises UnicodeDecodeError for a byte that stands for nothing where it stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._letters, self._first = LETTERS[name], _FIRST_OF_TWO[name]
        self._held = b""

    def decode(self, data: bytes, final: bool = False) -> str:
        """The letters of the next bytes. A byte that may be half a letter is held back, unless `final`."""
        data, self._held = self._held + data, b""
        if not final and data[-1:] in self._first:
            data, self._held = data[:-1], data[-1:]
        if data.isascii():
            return data.decode("ascii")
        letters, out, at = self._letters, [], 0
        while at < len(data):
            for width in (2, 1):
                code = data[at : at + width]
                letter = letters.get(code)
                if letter is None and width == 1 and code.isascii():
                    letter = code.decode("ascii")
                if letter is not None:
                    out.append(letter)
                    at += len(code)
                    break
            else:
                raise UnicodeDecodeError(self.name, data, at, at + 1, "no letter, or a mark without its letter")
        return "".join(out)


def encode(text: str, name: str) -> bytes:
    """A text in `tcvn3` or `vni`. Raises UnicodeEncodeError for a letter that it does not have, such as capitals with a tone in TCVN3."""
    codes, out = _BYTES[name], []
    for at, letter in enumerate(normalized := normalize("NFC", text)):
        if not letter.isascii() and letter not in codes:
            raise UnicodeEncodeError(name, normalized, at, at + 1, "no such letter")
        out.append(letter.encode() if letter.isascii() else codes[letter])
    return b"".join(out)


# the spelling of a syllable, without tone marks
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx])?"
    r"(?:[aăâeêioôơuưy]|[iyu][aêe]|u[âơôyiê]|[aâeêioôơuư][oiuy]|o[aăeo]|ư[aơu]|uyê|uya|uyu|iêu|yêu|uôi|ươi|ươu|oai|oay|oao|oeo|uây|uai|uao)"
    r"(?:ch|ng|nh|[cmnpt])?"
)
_WORD = re.compile(r"[^\W\d_]+")
_TONE = re.compile(f"[{GRAVE}{HOOK}{TILDE}{ACUTE}{DOT}]")


def is_syllable(word: str) -> bool:
    """Whether a word can be a syllable of Vietnamese: spelt as one, with one tone at most."""
    plain, tones = _TONE.subn("", normalize("NFD", word.casefold()))
    return tones <= 1 and _SYLLABLE.fullmatch(normalize("NFC", plain)) is not None


def marked_words(text: str) -> list[str]:
    """The words of a text that have a letter beyond the Latin alphabet."""
    return [word for word in _WORD.findall(text) if not word.isascii()]
