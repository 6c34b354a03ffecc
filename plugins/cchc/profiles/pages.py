"""How a described list is cut into pages, and bounded in time, by the names of its parameters and of what stands beside the list."""

from __future__ import annotations

from typing import Any

from cchc.profiles.hints import letters
from cchc.profiles.yaml_words import quoted

PAGE = {"page", "pagenumber", "pageno", "pageindex", "trang", "sotrang"}
SIZE = {"limit", "size", "pagesize", "perpage", "rows", "top", "max", "maxresults", "soluong", "sodong", "kichthuoc", "pagelength"}
OFFSET = {"offset", "skip", "start", "startindex", "firstresult", "batdau"}
CURSOR = {"cursor", "pagetoken", "nexttoken", "after", "continuationtoken", "continuation", "token", "contro"}
FROM = {
    "from", "since", "changedfrom", "updatedfrom", "modifiedfrom", "updatedsince", "modifiedsince", "changedsince", "updatedafter",
    "modifiedafter", "startdate", "fromdate", "datefrom", "begin", "tu", "tungay",
}  # fmt: skip
TO = {
    "to", "until", "changedto", "updatedto", "modifiedto", "updatedbefore", "modifiedbefore", "enddate", "todate", "dateto", "end", "den",
    "denngay",
}  # fmt: skip
TOTAL = (
    "total",
    "totalcount",
    "totalelements",
    "totalitems",
    "totalrecords",
    "totalhits",
    "tong",
    "tongso",
    "count",
    "nhits",
    "recordcount",
)
NEXT_CURSOR = {"nextcursor", "nexttoken", "nextpagetoken", "continuationtoken", "cursor", "next", "contro"}
NEXT_URL = {"next", "nexturl", "nextlink", "nextpage", "nextpageurl", "nexthref", "odatanextlink", "tieptheo"}
TOTAL_HEADERS = {"xtotalcount", "xtotal", "totalcount"}
SIZE_WITHOUT = 100

Found = tuple[dict[str, str], list[str], list[str]]


def paginator_of(parameters: list[dict[str, Any]], beside: dict[str, dict[str, Any]], headers: dict[str, Any], data: str) -> Found:
    """The keys of `paginator` with their YAML, the parameters that must be sent and are not known, and what a person must look at.

    `parameters`: those of the request; `beside`: the values that stand in the answer beside the list; `headers`: those of the answer;
    `data`: the place of the list.
    """
    asked = {str(each.get("name")): each for each in parameters if each.get("in") == "query"}
    pages = _Pages(asked, beside, {letters(name): name for name in headers})
    keys = pages.kind() | {"data": quoted(data)} | pages.total() | pages.window()
    unknown = [name for name, each in asked.items() if each.get("required") and name not in pages.used and "default" not in _schema(each)]
    return keys, unknown, pages.notes


class _Pages:
    def __init__(self, asked: dict[str, dict[str, Any]], beside: dict[str, dict[str, Any]], headers: dict[str, str]) -> None:
        self.asked, self.beside, self.headers = asked, beside, headers
        self.used: set[str] = set()
        self.notes: list[str] = []

    def _named(self, words: set[str]) -> str | None:
        found = next((name for name in self.asked if letters(name) in words and name not in self.used), None)
        if found is not None:
            self.used.add(found)
        return found

    def _beside(self, words: set[str]) -> str | None:
        return next((name for name in self.beside if letters(name.rpartition(".")[2]) in words), None)

    def kind(self) -> dict[str, str]:
        """The kind of pages, with their parameters."""
        size = self._named(SIZE)
        cursor, offset, page = self._named(CURSOR), self._named(OFFSET), self._named(PAGE)
        next_url, next_cursor = self._beside(NEXT_URL), self._beside(NEXT_CURSOR)
        if cursor is not None and next_cursor is not None:
            return {
                "kind": "cursor",
                "limit": self._size(size),
                **_parameter("limit_parameter", size),
                "cursor_parameter": quoted(cursor),
            } | {"next": quoted(next_cursor)}
        if "link" in self.headers:
            return {"kind": "link_header"} | self._optional_size(size)
        if next_url is not None:
            return {"kind": "next_url", "next": quoted(next_url)} | self._optional_size(size)
        if offset is not None:
            sent = {"limit": self._size(size), "offset_parameter": quoted(offset), **_parameter("limit_parameter", size)}
            return {"kind": "offset", **sent}
        if page is not None:
            first = _schema(self.asked[page])
            number = first.get("minimum", first.get("default", 1))
            sent = {"size": self._size(size), "page_parameter": quoted(page), **_parameter("size_parameter", size)}
            return {"kind": "page_number", **sent, "first": "0" if number == 0 else "1"}
        if size is not None:
            self.notes.append(f"'{size}' bounds the list, and nothing names a next page: look whether one answer has everything")
        return {"kind": "single"}

    def _size(self, name: str | None) -> str:
        """How many records a page has: at most as many as the description allows."""
        schema = {} if name is None else _schema(self.asked[name])
        return str(schema.get("maximum") or schema.get("default") or SIZE_WITHOUT)

    def _optional_size(self, name: str | None) -> dict[str, str]:
        return {} if name is None else {"size": self._size(name), "size_parameter": quoted(name)}

    def total(self) -> dict[str, str]:
        """Where the number of all records stands."""
        found = {letters(name.rpartition(".")[2]): name for name in reversed(list(self.beside))}
        name = next((found[word] for word in TOTAL if word in found), None)
        if name is not None:
            return {"total": quoted(name)}
        header = next((self.headers[word] for word in TOTAL_HEADERS if word in self.headers), None)
        if header is not None:
            return {"total": '""', "total_header": quoted(header)}
        self.notes.append("no total is named: how the end of the pages is proved is in docs/guides/rest_source.md")
        return {"total": '""'}

    def window(self) -> dict[str, str]:
        """The parameters that bound the time of the last change."""
        start, end = self._named(FROM), self._named(TO)
        if start is None:
            return {"from": '""', "to": '""'}
        self.notes.append(f"'{start}' must bound the time of the last change, not that of reception")
        return {"from": quoted(start), "to": quoted(end) if end is not None else '""', "times": self._times(start)}

    def _times(self, name: str) -> str:
        schema = _schema(self.asked[name])
        if schema.get("type") in ("integer", "number"):
            return "epoch_ms" if "milli" in str(self.asked[name].get("description", "")).lower() else "epoch"
        return "day" if schema.get("format") == "date" else "iso"


def _parameter(key: str, name: str | None) -> dict[str, str]:
    return {key: quoted(name) if name is not None else '""'}


def _schema(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = parameter.get("schema")
    return schema if isinstance(schema, dict) else {}
