"""Web pages: the public page of a unit, and the lists. Styles and charts are in the page, nothing is fetched, all text is escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from cchc.reports import charts
from cchc.reports import vietnamese as vi
from cchc.reports.content import Content
from cchc.reports.layout import Column, Layout
from cchc.reports.narrative import Block, blocks, render, values
from cchc.reports.tables import Row, Tables, is_alert, shown

_NUMBER = re.compile(r"^(\d+\.|[a-zđ]\))\s+")


@dataclass(frozen=True)
class _Items:
    text: list[str]
    kind: str = "items"


def public_page(content: Content, layout: Layout) -> bytes:
    """The report's content for the public: without what still has to be written, without tables of single dossiers."""
    tables = Tables(content, layout)
    unit = content.unit or content.district
    found = _public(blocks(content, layout))
    texts: dict[str, Any] = {
        "title": f"Kết quả cải cách hành chính {vi.period_name(content.period)} – {unit.name}",
        "cards": _cards(content, tables),
        "blocks": _glued(found),
        "tables": {block.text: tables.fill(block.text) for block in found if block.kind == "table"},
        "charts": {block.text: charts.draw(content, block.text) for block in found if block.kind == "chart"},
        "shown": _shown,
        "is_alert": is_alert,
    }
    return render(layout, "page.html.j2", values(content, layout, tables) | texts, html=True).encode()


def list_page(content: Content, layout: Layout, name: str) -> bytes:
    """A table that is a paper of its own."""
    tables = Tables(content, layout)
    texts = {
        "filled": tables.fill(name),
        "summary": tables.fill("late_by_unit") if name == "late" else None,
        "head": layout.letterhead(content.unit or content.district),
        "source_note": tables.source_note(),
        "shown": _shown,
        "is_alert": is_alert,
    }
    return render(layout, "list.html.j2", texts, html=True).encode()


def _shown(row: Row, column: Column) -> str:
    return vi.glue(shown(row, column))


def _cards(content: Content, tables: Tables) -> list[tuple[str, str]]:
    """The page's first glance: how many targets are met, how many dossiers, how many in time."""
    judged = [row for row in content.plan if row.status not in (None, "no_data")]
    met = sum(row.status == "met" for row in judged)
    totals = content.form_total
    on_time = next((row for row in content.plan if row.indicator_code == "dossier_on_time_rate"), None)
    cards = [("chỉ tiêu đạt, trên số chỉ tiêu có số liệu", f"{met}/{len(judged)}")] if content.is_judged else []
    cards += [
        ("hồ sơ tiếp nhận trong kỳ", vi.number(totals.received_online_count + totals.received_otherwise_count)),
        ("hồ sơ đã giải quyết", vi.number(totals.finished_count)),
    ]
    if on_time is not None:
        mark = "*" if on_time.is_provisional and on_time.period_value is not None else ""
        cards.append(("hồ sơ giải quyết đúng hạn trong kỳ", vi.glue(vi.percent(on_time.period_value)) + mark))
    return cards


def _public(found: list[Block]) -> list[Block]:
    """Without placeholders and headings under which nothing is left; so those that stay lose their numbers, which would have gaps."""
    kept = [
        replace(block, text=_NUMBER.sub("", block.text)) if block.kind == "heading" and block.level > 1 else block
        for block in found
        if block.kind != "placeholder"
    ]
    shown: list[Block] = []
    for block in reversed(kept):
        level = {"heading": block.level, "appendix": 1}.get(block.kind)
        if level is None:
            shown.append(block)
            continue
        after = shown[-1] if shown else None
        next_level = {"heading": after.level, "appendix": 1}.get(after.kind) if after else 0
        if next_level is None or next_level > level:
            shown.append(block)
    return shown[::-1]


def _glued(found: list[Block]) -> list[Block | _Items]:
    """Items that follow each other as one list."""
    out: list[Block | _Items] = []
    for block in found:
        text = vi.glue(block.text) if block.kind in ("paragraph", "item") else block.text
        if block.kind != "item":
            out.append(Block(block.kind, text, block.level, block.caption))
        elif out and isinstance(out[-1], _Items):
            out[-1].text.append(text)
        else:
            out.append(_Items([text]))
    return out
