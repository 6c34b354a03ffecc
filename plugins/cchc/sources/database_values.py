"""Values of a database as they land: what another transport would deliver as text or JSON, exact and without a guess.

A decimal without a fraction is a whole number; with one it keeps all of its digits. A time without a zone stays a local time of the
profile's zone, a day stays a day. Bytes are refused by the name of their column.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from cchc.errors import ContractViolation, NotConfigured
from cchc.sources.profile import Column, Entity, Profile


class ValueReader:
    """Turns the rows of one entity into records.

    `where`: source, entity and table, for messages; `moments`: the columns without a zone that are moments in UTC; `most`: the bytes of
    text that a record may have.
    """

    def __init__(self, where: str, entity: Entity, profile: Profile, moments: frozenset[str], most: int) -> None:
        self.where, self.moments, self.most = where, moments, most
        self._formats = {name: column.formats or profile.time_formats for name, column in _columns(entity)} | {
            name: profile.time_formats for name, column in entity.wire_fields.items() if column is None
        }
        self._thousands = {name for name, column in _columns(entity) if column.thousands}
        self._decimals = {name: column.decimal for name, column in _columns(entity) if column.decimal}
        self._default = profile.time_formats

    def record(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        """The record of a row. `number`: its place in the answer. Raises ContractViolation or NotConfigured that names the column."""
        size = 0
        for name, value in row.items():
            kind = type(value)
            if kind is str:
                size += len(value)
                row[name] = value.replace("\0", "") if "\0" in value else value
            elif value is not None and kind is not int and kind is not bool:
                row[name] = self._plain(name, value)
        if size > self.most:
            raise ContractViolation(
                f"{self.where}, row {number}: its texts have {size:,} characters; at most {self.most:,} bytes of a record are read "
                "(CCHC_MAX_RECORD_MB). Nothing of it is used: leave the large column out of the profile, or ask the owner of the source."
            )
        return row

    def _plain(self, name: str, value: Any) -> Any:
        if isinstance(value, (Decimal, float)):
            return self._number(name, Decimal(repr(value)) if isinstance(value, float) else value)
        if isinstance(value, date):
            return self._time(name, value)
        if isinstance(value, (time, timedelta, UUID)):
            return str(value)
        if isinstance(value, (list, dict)):
            return value
        kind = "bytes" if isinstance(value, (bytes, bytearray, memoryview)) else f"a {type(value).__name__}"
        raise ContractViolation(
            f"{self.where}: the column {name} holds {kind}, which no column of the warehouse takes. Nothing of it is used. Leave it out of "
            "the profile, or turn it into a text or a number in a view or an SQL file ('query')."
        )

    def _number(self, name: str, value: Decimal) -> str:
        if not value.is_finite():
            return str(value)
        if value == value.to_integral_value():
            return f"{value.to_integral_value():f}" if value else "0"
        if name in self._thousands:
            raise NotConfigured(
                f"{self.where}: the column {name} is a decimal in the database, so 'thousands' must not stand with it: it would take the "
                "fraction for a group of digits. Take it out of the profile."
            )
        if self._decimals.get(name, ".") != ".":
            raise NotConfigured(
                f'{self.where}: the column {name} is a decimal in the database, so its mark is a point. Set decimal: "." in the profile.'
            )
        return f"{value.normalize():f}"

    def _time(self, name: str, value: date) -> str:
        if "iso" not in self._formats.get(name, self._default):
            raise NotConfigured(
                f"{self.where}: the column {name} is a {type(value).__name__} in the database, and 'iso' is not among its formats. Add it "
                "to time_formats, or to 'formats' of the column."
            )
        if name in self.moments and isinstance(value, datetime):
            value = value.replace(tzinfo=UTC)
        return value.isoformat()


def _columns(entity: Entity) -> list[tuple[str, Column]]:
    return [(name, column) for name, column in entity.wire_fields.items() if column is not None]
