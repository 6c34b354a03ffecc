"""Choose the encoding of a text file among those that the profile allows, and read the file as NFC whatever its encoding.

A file is read twice: first wholly with every allowed encoding, then its records with the first one that fits. An encoding of one byte a
letter can read nearly every file, and would make rubbish of it. Therefore a file must also look as one of its kind: what is UTF-8 is
nothing else, and in the encodings of Vietnamese the words with marks must be syllables of Vietnamese.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Sequence
from typing import IO, Any, Protocol
from unicodedata import is_normalized, normalize

from cchc.sources.delivered import Unfinished, Unreadable
from cchc.sources.vietnamese_letters import LETTERS, VIETNAMESE, LetterDecoder, is_syllable, marked_words, plain_name

CHUNK = 2**16
MOST_HELD = 2**16
WORDS_JUDGED = 5_000
SIGNS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # the byte order marks


class Decoder(Protocol):
    """What decodes a text piece by piece."""

    def decode(self, data: bytes, final: bool = False, /) -> str:
        """The letters of the next bytes."""


def decoder(name: str) -> Decoder:
    """A decoder of an encoding, by its plain name."""
    if name in LETTERS:
        return LetterDecoder(name)
    python = "utf-8-sig" if name == "utf-8" else VIETNAMESE.get(name, name)
    found: Decoder = codecs.getincrementaldecoder(python)("strict")
    return found


class Recoded(io.RawIOBase):
    """A readable stream with the text of another one in UTF-8 and NFC. Raises UnicodeDecodeError for bytes that are no text."""

    def __init__(self, inner: IO[bytes], name: str) -> None:
        self._inner, self._decoder = inner, decoder(name)
        self._ready = b""
        self._held = ""
        self._done = False

    def readable(self) -> bool:
        """Whether the stream can be read; always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read bytes into the buffer. Returns their number, 0 at the end."""
        while not self._ready and not self._done:
            data = self._inner.read(CHUNK)
            self._done = not data
            self._ready = self._composed(self._held + self._decoder.decode(data, self._done)).encode()
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _composed(self, text: str) -> str:
        """The text in NFC. Its last letters are held back, because a mark that belongs to them may follow."""
        cut = len(text)
        if not self._done and not (text and text[-1] in "\r\n"):
            cut = max(text.rfind("\n"), text.rfind(" "), text.rfind(",")) + 1
            cut = cut or (len(text) if len(text) > MOST_HELD else 0)
        self._held = text[cut:]
        return text[:cut] if is_normalized("NFC", text[:cut]) else normalize("NFC", text[:cut])


class _Candidate:
    """One allowed encoding during the first reading of a file: `fault` says why it is not the one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fault = ""
        self.is_cut = False
        self._decoder = decoder(name)
        self._lines = 0
        self._words: list[str] = []
        self._rest = ""

    def take(self, data: bytes, final: bool) -> None:
        """Decode the next bytes of the file."""
        if self.fault:
            return
        try:
            text = normalize("NFC", self._rest + self._decoder.decode(data, final))
        except UnicodeDecodeError as error:
            self.is_cut = final and error.reason in ("unexpected end of data", "truncated data")
            self.fault = (
                f"not {self.name}: byte {error.object[error.start]:#04x} after line {self._lines + error.object[: error.start].count(10)}"
            )
            return
        except UnicodeError as error:
            self.fault = f"not {self.name}: {error}"
            return
        self._lines += text.count("\n")
        cut = len(text) if final else text.rfind("\n") + 1
        self._rest = text[cut:] if len(text) - cut < MOST_HELD else ""
        if self.name in VIETNAMESE and len(self._words) < WORDS_JUDGED:
            self._words += marked_words(text[:cut])

    def judge(self, is_utf8: bool) -> None:
        """Look at the text as a whole. `is_utf8`: the file is UTF-8 and has letters beyond ASCII."""
        if self.fault or self.name not in VIETNAMESE:
            return
        wrong = sum(not is_syllable(word) for word in self._words)
        if is_utf8:
            self.fault = f"not {self.name}: it is UTF-8"
        elif 3 * wrong > len(self._words):
            self.fault = f"not {self.name}: {wrong} of the {len(self._words)} words with marks would be no syllables of Vietnamese"


def choose(content: IO[bytes], encodings: Sequence[str], key: str) -> str:
    """The first of the allowed `encodings` that the whole file `content` has. `key`: the entry of the profile that allows them.

    Raises Unfinished if the file ends within a letter, and Unreadable if it has none of them; the message says why for each.
    """
    candidates = [_Candidate(plain_name(name)) for name in dict.fromkeys(encodings)]
    is_utf8 = _Candidate("utf-8")
    has_marks = False
    begun = True
    while True:
        data = content.read(CHUNK)
        if begun:
            candidates = _by_sign(data, candidates, key)
            begun = False
        has_marks = has_marks or not data.isascii()
        for candidate in (*candidates, is_utf8):
            candidate.take(data, final=not data)
        if not data:
            break
    for candidate in candidates:
        candidate.judge(has_marks and not is_utf8.fault)
    fitting = next((candidate.name for candidate in candidates if not candidate.fault), None)
    if fitting is None:
        if any(candidate.is_cut for candidate in candidates):
            raise Unfinished("it ends within a letter")
        raise Unreadable(f"it has none of the encodings that are allowed: {'; '.join(candidate.fault for candidate in candidates)}", key)
    return fitting


def _by_sign(data: bytes, candidates: list[_Candidate], key: str) -> list[_Candidate]:
    """The encodings that can be meant by how a file begins: only one if it has a byte order mark, and no UTF-16 if it has none."""
    sign = next((name for mark, name in SIGNS if data.startswith(mark)), None)
    told = [candidate for candidate in candidates if sign is None or candidate.name == sign]
    if not told:
        raise Unreadable(f"it is {sign} by its byte order mark, which is not among {', '.join(each.name for each in candidates)}", key)
    for candidate in told:
        if candidate.name == "utf-16" and sign is None:
            candidate.fault = "not utf-16: it has no byte order mark (for such files say utf-16-le or utf-16-be)"
    return told
