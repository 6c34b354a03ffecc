"""Read an answer over HTTP that is XML, whole: the same objects as of an XML document in a drop folder, and the faults of SOAP by name."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from cchc.errors import ContractViolation
from cchc.sources.fields import is_name
from cchc.sources.limits import Limits
from cchc.sources.paths import ABSENT, finder
from cchc.sources.unread import Unfinished, Unreadable
from cchc.sources.xml_elements import Element, Handler, parsed

ACCEPT = "text/xml, application/soap+xml, application/xml"
CONTENT_TYPE = "text/xml; charset=utf-8"
FAULT = "Envelope.Body.Fault"
# SOAP 1.2 and 1.1; a fault code is a qualified name
CODES = ("Code.Value", "Code.Value.'#text'", "faultcode", "faultcode.'#text'")
SUBCODES = ("Code.Subcode.Value", "Code.Subcode.Value.'#text'")
CODE = re.compile(r"(?:[A-Za-z_][\w.-]{0,19}:)?([A-Za-z][A-Za-z._-]{0,39}[0-9]{0,5})", re.ASCII)
Lists = tuple[tuple[Any, ...], ...]


class Whole(Handler):
    """Builds one object of a whole document: the name of its outermost element, and what that becomes.

    `lists`: the places, from the outermost element on, that are lists also where a single element is there.
    """

    def __init__(self, lists: Lists) -> None:
        super().__init__()
        self._lists = lists
        self._open = [Element({})]

    @property
    def is_within(self) -> bool:
        """No: the limit of an answer is that of its bytes."""
        return False

    def after(self, number: int) -> str:
        """Nothing: an answer is taken whole or not at all."""
        return ""

    def begin(self, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self._open.append(Element(attributes))

    def characters(self, content: str) -> None:
        """Take a piece of text."""
        self.seen += 1
        self._open[-1].texts.append(content)

    def end(self) -> None:
        """Put an element into the one around it."""
        value = self._open.pop().value
        self._open[-1].put(self.path[-1], value, is_list=tuple(self.path) in self._lists)
        if len(self._open) == 1:
            self.ready.append(self._open[0].value)


def parse_xml(body: bytes, lists: Lists, limits: Limits, where: str) -> Any:
    """The object of an answer. Raises ContractViolation if it is no whole XML, is HTML, or is a fault of SOAP."""
    try:
        found = _read(body, lists, limits)
    except (Unfinished, Unreadable) as error:
        raise ContractViolation(
            f"{where}: the answer is not XML that can be read, or was cut off ({len(body)} bytes): {error.args[0]}. It is not an empty "
            "list: ask the owner of the source."
        ) from None
    if any(name.lower() == "html" for name in found):
        raise ContractViolation(f"{where}: the answer is a page of HTML ({len(body)} bytes). It is not an empty list: ask the owner.")
    if (fault := _fault(found)) is not None:
        raise ContractViolation(f"{where}: the answer is {fault}. It is not an empty list: ask the owner of the source.")
    return found


def fault_of(body: bytes, limits: Limits) -> str | None:
    """What to say of the answer of an error: the fault of SOAP that it is, without its text. None where it is none."""
    try:
        return _fault(_read(body, (), limits))
    except (Unfinished, Unreadable):
        return None


def fault_codes(body: bytes, limits: Limits) -> set[str]:
    """The codes and subcodes of the fault of SOAP that an answer is, without their prefixes; none where it is no fault."""
    try:
        fault = finder(FAULT)(_read(body, (), limits))
    except (Unfinished, Unreadable):
        return set()
    texts = [finder(name)(fault) for name in (*CODES, *SUBCODES)] if fault is not ABSENT else []
    return {text.rpartition(":")[2] for text in texts if isinstance(text, str)}


def _read(body: bytes, lists: Lists, limits: Limits) -> Any:
    ((_, found),) = parsed(BytesIO(body), Whole(lists), limits)  # to its end: what stands after the outermost element is a fault
    return found


def _fault(answer: Any) -> str | None:
    """The words for a fault of SOAP. Of its content only a code is shown, because its text and details may contain a record."""
    fault = finder(FAULT)(answer)
    if fault is ABSENT:
        return None
    code = next((text for name in CODES if isinstance(text := finder(name)(fault), str)), "")
    named = CODE.fullmatch(code)
    return f"a SOAP fault ({code})" if named is not None and is_name(named[1]) else "a SOAP fault without a code that can be shown"
