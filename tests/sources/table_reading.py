"""Reading one file by the profile of docs/examples/table_files.yaml, changed; the fixture `read` is in conftest.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cchc.sources.landing import Landed
from tests.sources.conftest import records

Read = Callable[..., Landed]


def unchanged(entity: dict[str, Any]) -> None:
    """The profile of the example as it is."""


def with_layout(**keys: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the profile: these keys of the layout; None takes one out."""

    def change(entity: dict[str, Any]) -> None:
        entity["layout"] |= keys
        entity["layout"] = {key: value for key, value in entity["layout"].items() if value is not None}

    return change


def codes(load: Landed) -> list[Any]:
    """The codes of the landed dossiers."""
    return [record["Mã hồ sơ"] for record in records(load) if record is not None]


def blocked(load: Landed) -> str:
    """The message of a load that must be blocked."""
    assert load.status == "blocked"
    return load.message or ""
