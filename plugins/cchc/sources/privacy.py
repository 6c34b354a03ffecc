"""Remove personal data before the landing: only mapped fields are kept, and fields marked `personal: hmac` become a keyed hash.

Identity numbers become a keyed HMAC. Names, phone numbers, e-mail addresses and free text are not kept
(docs/decisions/0006_no_personal_data_in_landing.md). A redactor is made once for an entity and applied to each record. Only its result is
ever written to disk.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from unicodedata import normalize

import orjson

from cchc.errors import NotConfigured
from cchc.sources.profile import Column, Entity, Profile

MALFORMED = "(malformed)"
Record = dict[str, Any]


def key_bytes(privacy_key: str | bytes) -> bytes:
    """The privacy key as bytes. Raises NotConfigured if it is empty, because a hash without a key can be reversed by trying all numbers."""
    key = privacy_key.encode() if isinstance(privacy_key, str) else privacy_key
    if not key:
        raise NotConfigured("The privacy key is empty: set CCHC_PRIVACY_KEY to a long random text, and keep it.")
    return key


def clean(value: Any) -> Any:
    """A scalar as it lands: text in NFC without outer white space, other scalars unchanged, a list or an object as `(malformed)`."""
    if isinstance(value, str):
        return value.strip() if value.isascii() else normalize("NFC", value).strip()
    return MALFORMED if isinstance(value, (dict, list)) else value


def keyed(value: Any, key: bytes) -> str:
    """The keyed hash of a personal value: 32 hex digits of HMAC-SHA256 over its text; an empty text stays empty."""
    text = clean(value)
    if text == "" or text is MALFORMED:
        return str(text)
    begun = _begun(key).copy()  # half the price of hmac.digest, which has OpenSSL look for SHA-256 each time
    begun.update(str(text).encode())
    return begun.hexdigest()[:32]


@lru_cache(maxsize=1)
def _begun(key: bytes) -> hmac.HMAC:
    """The HMAC of a key before any value."""
    return hmac.new(key, digestmod="sha256")


def mark_of(privacy_key: str | bytes) -> str:
    """A mark by which two keys can be told apart, and from which no key can be found: 8 hex digits."""
    return hmac.digest(key_bytes(privacy_key), b"which key", "sha256").hex()[:8]


def makes_hashes(profile: Profile) -> bool:
    """Whether a field of this source lands as a keyed hash."""
    return any(entity.hashed for entity in profile.entities.values())


def redactor(entity: Entity, privacy_key: bytes, *, lists_are_text: bool = False) -> Callable[[Record], Record]:
    """The function that turns a delivered record of `entity` into the one that may land.

    `lists_are_text`: list fields come as JSON text in a cell (CSV, XLSX). Missing fields and nulls are left out.
    """
    plain: list[str] = []
    personal: list[str] = []
    lists: list[tuple[str, Callable[[Any], Any]]] = []
    for name, column in sorted(entity.wire_fields.items()):
        if column is not None and column.items is not None:
            lists.append((name, _list_redactor(column.items, privacy_key, lists_are_text)))
        elif column is not None and column.personal:
            personal.append(name)
        else:
            plain.append(name)
    fields = _field_redactor(plain, personal, privacy_key)
    if not lists:
        return fields

    def redact(record: Record) -> Record:
        out = fields(record)
        for name, items in lists:
            value = record.get(name)
            if value is not None:
                out[name] = items(value)
        return out

    return redact


def _field_redactor(plain: list[str], personal: list[str], key: bytes) -> Callable[[Record], Record]:
    """The redactor of plain fields. It runs for about forty fields of every dossier, so for texts the code of `clean` is repeated here."""

    def redact(record: Record) -> Record:
        out: Record = {}
        get = record.get
        for name in plain:
            value = get(name)
            if value is not None:
                if type(value) is str:
                    out[name] = value.strip() if value.isascii() else normalize("NFC", value).strip()
                else:
                    out[name] = clean(value)
        for name in personal:
            value = get(name)
            if value is not None:
                out[name] = keyed(value, key)
        return out

    return redact


def _list_redactor(items: tuple[Column, ...], key: bytes, is_text: bool) -> Callable[[Any], Any]:
    plain = sorted({column.source for column in items if column.source and not column.personal})
    personal = sorted({column.source for column in items if column.source and column.personal})
    fields = _field_redactor(plain, personal, key)

    def redact(value: Any) -> Any:
        if isinstance(value, str):
            text = value.strip()
            if not text:
                return ""
            if not is_text:
                return MALFORMED
            try:
                value = orjson.loads(text)
            except orjson.JSONDecodeError:
                return MALFORMED
            if value is None:
                return ""
        if type(value) is not list:
            return MALFORMED
        for item in value:
            if type(item) is not dict:
                return MALFORMED
        return [fields(item) for item in value]

    return redact
