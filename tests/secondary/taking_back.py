"""Deliveries of feedback, taken back and read again: what the tests of `cchc withdraw` and `cchc reload` share."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from cchc.publication.known_at import as_known_at
from tests.secondary.conftest import FEEDBACK, Desk, answered, item, table
from tests.support.table_rows import table_rows

NewDesk = Callable[[str], Any]
Delivery = tuple[str, str, str, bytes]  # T, source, file name, content
DAYS = ("2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05")


def state(desk: Desk) -> dict[str, list[str]]:
    """Every row of core and mart, without the numbers of loads and when something was computed."""
    return table_rows(desk.settings, "_load_id", "computed_at")


def deliver(desk: Desk, deliveries: list[Delivery]) -> None:
    """The deliveries in their order, each T as one extract of each source."""
    for day in DAYS:
        for source in dict.fromkeys(name for _, name, *_ in deliveries):
            for t, of, name, content in deliveries:
                if (t, of) == (day, source):
                    desk.drop(source, name, content)
            done = desk.ingest(source, day)
            assert done.blocked == []


def loads_of(desk: Desk, taken: list[Delivery]) -> list[int]:
    """The loads that brought some deliveries."""
    rows = desk.rows(
        "select load_id, file_name, to_char(window_to, 'YYYY-MM-DD') as t from ops.load where status = 'loaded' and retry_of is null"
    )
    wanted = {(name, t) for t, _, name, _ in taken}
    return [row["load_id"] for row in rows if (row["file_name"], row["t"]) in wanted]


def quarantined(desk: Desk) -> list[dict[str, Any]]:
    """The open entries in quarantine, each once."""
    return desk.rows(
        "select distinct source_code, file, key, rule, first_seen_at from ops.quarantine where resolved_at is null order by 1, 2, 3, 4, 5"
    )


def feedback_by_chance(chance: random.Random) -> list[Delivery]:
    """Files of few days and revisions, of few records with few contents: many repeat one another, some rows are set aside."""
    contents = [
        lambda code: item(code),
        lambda code: answered(code, "16/05/2023 10:30", "hai_long"),
        lambda code: item(code, MaDonViXuLy="H19.16.66"),  # a unit that nobody knows
    ]
    found: dict[tuple[str, str], bytes] = {}
    for t in DAYS:
        for _ in range(chance.randint(1, 3)):
            name = f"phananh_202305{chance.choice(('08', '15'))}{chance.choice(('', '_r2'))}.csv"
            rows = [chance.choices(contents, (4, 3, 1))[0](code) for code in sorted(chance.sample("ABCD", chance.randint(2, 4)))]
            content = table(rows, FEEDBACK)
            if content not in [data for (_, known), data in found.items() if known == name]:
                found[t, name] = content
    return [(t, "feedback", name, content) for (t, name), content in found.items()]


def known(desk: Desk, moment: datetime) -> dict[str, list[str]]:
    """Every row of what counts of feedback, payments and declared figures, as known at a moment."""
    found = {}
    with as_known_at(desk.settings, moment) as (connection, _):
        for view in ("core.feedback", "core.payment", "core.declared_figure", "core.feedback_version", "core.payment_day"):
            rows = connection.execute(text(f"select cast(to_jsonb(t) - '_load_id' as text) from {view} as t")).scalars()
            found[view] = sorted(rows)
    return found


def profile_with(desk: Desk, folder: Path, **fields: str) -> Desk:
    """The desk with a profile of feedback in which these columns are filled from other fields; an empty one leaves the column out."""
    if not folder.exists():
        shutil.copytree(desk.settings.sources_dir, folder)
    lines = []
    for line in (desk.settings.sources_dir / "feedback.yaml").read_text(encoding="utf-8").splitlines():
        column = line.strip().partition(":")[0]
        if fields.get(column) != "":
            lines.append(f"{line[: len(line) - len(line.lstrip())]}{column}: {fields[column]}" if column in fields else line)
    (folder / "feedback.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Desk(replace(desk.settings, sources_dir=folder), desk.folder)


def each_under_its_own_name(chance: random.Random) -> list[Delivery]:
    """Files by chance that all still lie in the drop folder at the end, because no name comes twice."""
    return list({name: (t, source, name, content) for t, source, name, content in feedback_by_chance(chance)}.values())
