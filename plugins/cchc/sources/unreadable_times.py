"""Times of PostgreSQL that Python has no value for, such as infinity, a year BC, one after 9999, or 24:00: they come as their text.

The driver refuses them, and with them the whole answer, so one record would keep its source from being read on every run. A text goes
the way of every value that is no time: the record is set aside by its column, and the others are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg.adapt import AdaptersMap

TYPES = ("date", "timestamp", "timestamptz", "time", "timetz", "interval")


def times_or_texts() -> AdaptersMap:
    """What a session of psycopg reads values by: times as usual, and what is none for Python as text."""
    from psycopg import DataError, adapters
    from psycopg.adapt import AdaptersMap, Loader
    from psycopg.pq import Format

    found = AdaptersMap(adapters)
    for name in TYPES:
        oid = adapters.types[name].oid
        usual = adapters.get_loader(oid, Format.TEXT)
        assert usual is not None  # noqa: S101  # psycopg has one for each of its own types
        found.register_loader(oid, _or_text(usual, Loader, (DataError, ArithmeticError, ValueError)))
    return found


def _or_text(usual: Any, base: Any, refusals: tuple[type[Exception], ...]) -> Any:
    """A loader that asks the usual one. It holds that one, because the driver calls what derives from its own loaders past Python."""

    class OrText(base):  # type: ignore[misc] # psycopg is imported late, so its class is a value here
        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._usual = usual(oid, context)

        def load(self, data: Any) -> Any:
            try:
                return self._usual.load(data)
            except refusals:
                return bytes(data).decode("utf-8", "replace")

    return OrText
