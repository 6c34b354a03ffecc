"""Whether and why a dossier counts for an indicator in a period: the answer that the items behind the figure give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from cchc.explain.items import Item, Part, ask_for, items_behind, parts_of
from cchc.explain.words import Words
from cchc.indicators.count import binds
from cchc.period import Period, to_minute
from cchc.reference.catalogue import Indicator
from cchc.settings import Settings

# the records that name a dossier; procedures, leaders, work files, units and declared figures do not
OF_DOSSIERS = ("dossier", "payment", "feedback", "opinion")


@dataclass(frozen=True)
class Verdict:
    """The answer. `part`: numerator, denominator_not_numerator or not_counted; None if the indicator counts nothing of dossiers.

    `why`: in words. `items`: the rows that say so, one for each payment, feedback or opinion of the dossier. `start_at`, `end_at`: the
    moments between which the period counts.
    """

    indicator: Indicator
    period: Period
    basis: str
    part: Part | None
    why: Words
    items: tuple[Item, ...]
    start_at: datetime
    end_at: datetime


def verdict(
    connection: Connection,
    settings: Settings,
    source: str,
    dossier_code: str,
    facts: dict[str, Any],
    code: str,
    period: Period,
    basis: str,
) -> Verdict:
    """Whether and why a dossier counts. `facts`: what is counted of it now (a row of mart.dossier).

    Raises WrongUse for an unknown indicator or basis, or a period of which nothing is known yet.
    """
    asked = ask_for(connection, settings, code, period, basis, _tree(facts))
    known_at = asked.clocks.of(asked.indicator.role).get(source, asked.known_at)
    limits = binds(source, period, basis, known_at)

    def answer(part: Part | None, why: Words, items: tuple[Item, ...] = ()) -> Verdict:
        return Verdict(asked.indicator, period, basis, part, why, items, limits["start_at"], limits["end_at"])

    if asked.indicator.record not in OF_DOSSIERS:
        return answer(None, Words("chỉ tiêu này không đếm hồ sơ", "this indicator does not count dossiers"))
    for part in (Part.NUMERATOR, Part.DENOMINATOR_NOT_NUMERATOR, Part.NOT_COUNTED):
        if part not in parts_of(asked.indicator):
            continue
        page = items_behind(connection, settings, code, period, basis, asked.scope, part=part, limit=None, dossier=dossier_code)
        items = tuple(item for item in page.items if asked.indicator.record != "dossier" or item.source_code == source)
        if items:
            return answer(part, items[0].why, items)
    return answer(Part.NOT_COUNTED, _outside(asked.indicator, facts, limits))


def _tree(facts: dict[str, Any]) -> str:
    """The scope in which the dossier is looked for: its unit, which may belong to another authority; without a unit, the whole."""
    return str(facts.get("counted_code") or "all")


def _outside(item: Indicator, facts: dict[str, Any], limits: dict[str, Any]) -> Words:
    """Why nothing of the dossier lies in the period."""
    first, last = to_minute(limits["start_at"]), to_minute(limits["end_at"])
    if item.record != "dossier":
        return Words(
            f"không có bản ghi nào của hồ sơ này được tính từ {first} đến trước {last}",
            f"no record of the dossier lies between {first} (included) and {last} (excluded)",
        )
    received, ended = (to_minute(facts[name]) if facts.get(name) else None for name in ("received_at", "finished_at"))
    return Words(
        f"ngoài kỳ (từ {first} đến trước {last}): tiếp nhận {received or 'chưa có'}, kết thúc {ended or 'chưa có'}",
        f"outside of the period (from {first} to before {last}): received {received or 'never'}, ended {ended or 'not yet'}",
    )
