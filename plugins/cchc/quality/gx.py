"""A session of Great Expectations (GX) without files, progress bars and log messages of its own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import URL, Engine


class Gx:
    """A temporary GX context whose only data source is the warehouse.

    It connects with psycopg2, because the typed parameters of psycopg 3 cause errors in the queries of GX.
    """

    def __init__(self, source: Any, context: Any) -> None:
        self._source = source
        self._context = context

    def definition(self, schema: str, table: str) -> Any:
        """The whole table or view as a batch definition; it is created again at each call, so that changed columns are seen."""
        name = f"{schema}.{table}"
        if name in self._source.get_asset_names():
            self._source.delete_asset(name)
        return self._source.add_table_asset(name, table_name=table, schema_name=schema).add_batch_definition_whole_table("all")

    def validator(self, schema: str, table: str) -> Any:
        """A validator of the table, which gives the conditions of rules."""
        return self._context.get_validator(batch_request=self.definition(schema, table).build_batch_request())

    def validate(self, schema: str, table: str, suite: Any) -> list[Any]:
        """The results of a suite on the table: which rules passed, without any values of rows."""
        results: list[Any] = self.definition(schema, table).get_batch().validate(suite, result_format="BOOLEAN_ONLY").results
        return results


def _address(url: URL) -> str:
    """The URL as GX reads it.

    SQLAlchemy leaves blanks in a password as they are, which GX refuses, and GX takes what follows a `$` for
    the name of a variable: here everything is escaped.
    """
    address = url.set(drivername="postgresql+psycopg2")
    if url.username is None or url.password is None:
        return address.render_as_string(hide_password=False)
    whole = address.set(username="user", password="password").render_as_string(hide_password=False)  # noqa: S106
    return whole.replace("user:password@", f"{quote(url.username, safe='')}:{quote(str(url.password), safe='')}@", 1)


@contextmanager
def session(engine: Engine) -> Iterator[Gx]:
    """Open GX on the database of `engine`; its connections are closed at the end."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    # GX writes its whole configuration anew, as YAML, at each table that it is told of: a fifth of a small ingest. Nobody reads what an
    # ephemeral context has written. The method is not public in GX, whose version is fixed (cchc.quality.compile).
    context._save_project_config = _write_nothing
    source = context.data_sources.add_postgres("warehouse", connection_string=_address(engine.url))
    try:
        yield Gx(source, context)
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _write_nothing() -> None:
    """In place of GX's own writing of its configuration."""


def error_of(result: Any) -> str | None:
    """The error that stopped GX from evaluating a rule; None if the rule was evaluated. A rule with an error has not passed."""
    info = result.exception_info or {}
    errors = [info] if "raised_exception" in info else [each for each in info.values() if isinstance(each, dict)]
    messages = [str(each.get("exception_message")) for each in errors if each.get("raised_exception")]
    return "; ".join(messages) if messages else None
