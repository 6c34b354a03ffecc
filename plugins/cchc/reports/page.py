"""The web pages: the public page of a unit, and the lists. Styles and charts are in the page; nothing is fetched; all text is escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from cchc.reports import charts
from cchc.reports import vietnamese as vi
from cchc.reports.content import Content
from cchc.reports.layout import Layout, filled
from cchc.reports.layout_file import ColumnEntry
from cchc.reports.narrative import Block, blocks, render, values
from cchc.reports.rows import Line
from cchc.reports.tables import OPEN_PLACES, Tables, shown
from cchc.states import ValueStatus

# the page allows nothing but its own styles and pictures that are in it
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_NUMBER = re.compile(r"^(\d+\.|[^\W\d_]\))\s+")


@dataclass(frozen=True)
class _Items:
    text: list[str]
    kind: str = "items"


def public_page(content: Content, layout: Layout) -> bytes:
    """The report for the public, without the parts that people still have to write. It never has a table of single dossiers."""
    tables = Tables(content, layout)
    unit = content.unit or content.district
    found = _public(blocks(content, layout))
    texts: dict[str, Any] = {
        "title": filled(layout.labels.page_title, period=vi.period_name(content.period), unit=unit.name),
        "cards": _cards(content, layout),
        "blocks": _glued(found),
        "tables": {block.text: tables.fill(block.text) for block in found if block.kind == "table"},
        "charts": {block.text: charts.draw(content, layout, block.text) for block in found if block.kind == "chart"},
        "shown": _shown,
        "policy": POLICY,
    }
    return render(layout, "page.html.j2", values(content, layout, tables) | texts, html=True).encode()


def list_page(content: Content, layout: Layout, name: str) -> bytes:
    """A table that is a paper of its own."""
    tables = Tables(content, layout)
    table = tables.fill(name)
    texts = {
        "filled": table,
        "summary": tables.fill(table.table.summary) if table.table.summary else None,
        "labels": layout.labels,
        "policy": POLICY,
        "head": layout.letterhead(content.unit or content.district),
        "source_note": tables.source_note(),
        "shown": _shown,
    }
    return render(layout, "list.html.j2", texts, html=True).encode()


def _shown(row: Line, column: ColumnEntry) -> str:
    return vi.glue(shown(row, column))


def _cards(content: Content, layout: Layout) -> list[tuple[str, str]]:
    """The first numbers of the page: targets met, dossiers received and finished, the share on time."""
    judged = [row for row in content.plan if row.status not in (None, ValueStatus.NO_DATA)]
    met = sum(row.status == ValueStatus.MET for row in judged)
    totals = content.form_total
    on_time = next((row for row in content.plan if row.indicator_code == "dossier_on_time_rate"), None)
    words = layout.labels.cards
    cards = [(words.met, f"{met}/{len(judged)}")] if content.is_judged else []
    cards += [
        (words.received, vi.number(totals.received_online_count + totals.received_otherwise_count)),
        (words.finished, vi.number(totals.finished_count)),
    ]
    if on_time is not None:
        mark = "*" if on_time.is_provisional and on_time.period_value is not None else ""
        cards.append((words.on_time, vi.glue(vi.percent(on_time.period_value)) + mark))
    return cards


def _public(found: list[Block]) -> list[Block]:
    """Removes placeholders, and headings without content. The other headings lose their numbers, which would have gaps."""
    kept = [
        replace(block, text=_NUMBER.sub("", block.text)) if block.kind == "heading" and block.level > 1 else block
        for block in found
        if block.kind not in ("placeholder", "open", "page") and block.text != OPEN_PLACES
    ]
    shown: list[Block] = []
    for block in reversed(kept):
        level = {"heading": block.level, "appendix": 1, "sheet": 1}.get(block.kind)
        if level is None:
            shown.append(block)
            continue
        after = shown[-1] if shown else None
        next_level = {"heading": after.level, "appendix": 1, "sheet": 1}.get(after.kind) if after else 0
        if next_level is None or next_level > level:
            shown.append(block)
    return shown[::-1]


def _glued(found: list[Block]) -> list[Block | _Items]:
    """Items that follow each other as one list."""
    out: list[Block | _Items] = []
    for block in found:
        text = vi.glue(block.text) if block.kind in ("paragraph", "item", "point") else block.text
        if block.kind not in ("item", "point"):
            out.append(Block(block.kind, text, block.level, block.caption))
        elif out and isinstance(out[-1], _Items):
            out[-1].text.append(text)
        else:
            out.append(_Items([text]))
    return out
