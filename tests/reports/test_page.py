"""Pages: self-contained, escaped, accessible, without anything of a single dossier."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from cchc.reports.layout import Layout
from cchc.reports.page import list_page, public_page
from tests.reports.conftest import COMMUNE, OFFICE, Make, late_row, unit_row

VOID = {"meta", "br", "hr", "img", "link", "input"}
EVIL = '<script>alert(1)</script> & "x"'


class Outline(HTMLParser):
    """What the page is made of; fails where a tag is not closed."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def pictures(page: bytes) -> list[str]:
    """The SVG of each chart."""
    return [base64.b64decode(str(a["src"]).partition(",")[2]).decode() for a in Outline(page).all("img")]


@pytest.fixture(scope="module")
def page(make: Make, layout: Layout) -> bytes:
    return public_page(make(), layout)


def test_the_public_page_is_whole_and_readable_by_everybody(page: bytes) -> None:
    found = Outline(page)
    assert found.all("html") == [{"lang": "vi"}]
    assert [text for tag, text in found.texts if tag == "h1"] == ["Kết quả cải cách hành chính tháng 12 năm 2023 – Huyện Vĩnh Cửu"]
    levels = [int(tag[1]) for tag, _attributes in found.tags if re.fullmatch("h[1-6]", tag)]
    assert all(following <= level + 1 for level, following in pairwise(levels))
    ids = [str(attributes["id"]) for _tag, attributes in found.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    links = {str(attributes["href"])[1:] for attributes in found.all("a")}
    assert links and links <= set(ids)
    assert len(found.all("table")) == len(found.all("caption")) > 4
    assert all(attributes.get("scope") in ("col", "rowgroup") for attributes in found.all("th"))
    assert len(found.all("img")) == len(found.all("figcaption")) == 2
    assert all("tháng 12" in str(attributes["alt"]) or "Xã" in str(attributes["alt"]) for attributes in found.all("img"))
    assert [picture.count("<svg") for picture in pictures(page)] == [1, 1]


def test_nothing_is_fetched_from_elsewhere(page: bytes) -> None:
    found = Outline(page)
    assert not found.all("script", "link", "iframe", "object", "image", "svg")
    policy = next(a for a in found.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    used = [
        str(value) for _tag, attributes in found.tags for name, value in attributes.items() if name in ("src", "href", "xlink:href", "data")
    ]
    assert used and all(value.startswith(("#", "data:image/svg+xml;base64,")) for value in used)
    assert "@import" not in page.decode() and not re.search(r"url\((?!#)", page.decode())


def test_it_says_what_the_report_says_but_for_the_office_alone(page: bytes) -> None:
    words = page.decode().replace("\u00a0", " ")
    assert "lũy kế từ đầu năm đạt 94,92 % (1.234/1.300 hồ sơ)" in words
    assert "còn thiếu 14 hồ sơ" in words and "Tạm tính" in words and "Số liệu tạm tính" in words
    assert "[" not in re.sub(r"<style>.*?</style>", "", words, flags=re.DOTALL)
    assert "Nguyên nhân" not in words  # a heading under which only people can write
    assert "H19.16.21-" not in words and "H19.16.3-" not in words  # dossiers
    assert "Đăng ký khai sinh" not in words


def test_everything_is_escaped(make: Make, layout: Layout) -> None:
    unit = replace(COMMUNE, name=EVIL)
    content = make(months=[], units=[unit_row(unit, 1, 2, ["T20"]), unit_row(OFFICE, 1, 1)], late=[late_row(unit, 1, procedure_name=EVIL)])
    content = replace(content, form=[replace(content.form[0], field_name=EVIL)])
    for data in (public_page(content, layout), list_page(content, layout, "late"), public_page(replace(content, unit=unit), layout)):
        assert b"<script" not in data
        assert EVIL in {text for _tag, text in Outline(data).texts} or EVIL in " ".join(text for _tag, text in Outline(data).texts)


def test_names_in_charts_are_escaped(make: Make, layout: Layout) -> None:
    units = [unit_row(replace(COMMUNE, unit_code=f"U{index}", name=f"<b>{index}</b> & co $x^2$"), 1, 1) for index in range(3)]
    data = public_page(make("2023-Q4", months=[], units=units), layout).decode()
    assert "<b>0" not in data.replace("<li><b>", "")
    assert any("&lt;b&gt;0&lt;/b&gt; &amp; co $x^2$" in picture for picture in pictures(data.encode()))


@pytest.mark.parametrize("name", ["plan_annex", "late", "due", "ranking"])
def test_lists_are_pages_of_their_own(name: str, make: Make, layout: Layout) -> None:
    found = Outline(list_page(make(), layout, name))
    assert len(found.all("h1")) == 1 and len(found.all("table")) == (2 if name == "late" else 1)
    assert "landscape" in list_page(make(), layout, name).decode()
    assert all(str(a.get("href", "")).startswith("#") for a in found.all("a"))


def test_an_empty_list_says_so(make: Make, layout: Layout) -> None:
    texts: Any = {text for _tag, text in Outline(list_page(make(due=[]), layout, "due")).texts}
    assert "Không có hồ sơ nào đến hạn trong 03 ngày làm việc tới." in texts
