"""The profiles by which the fuzzed files and answers are read: one small register of documents, delivered in every way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from cchc.sources.profile import Profile, read_profile

SOURCE = "fuzzed"
FIELDS = ("ma", "soKyHieu", "ngay", "donVi", "han", "kySo", "capNhat")
MODEL = {
    "_row": "bigint", "_load_id": "bigint", "_file": "text", "_line": "bigint", "_key": "text", "_changed_at": "timestamp with time zone",
    "_first_seen_at": "timestamp with time zone", "_content_hash": "bigint", "_unreadable": "jsonb", "_unreadable_critical": "text",
    "_shape_error": "text", "document_code": "text", "direction_code": "text", "document_sign": "text", "issued_date": "date",
    "issuing_unit_code": "text", "secrecy_code": "text", "due_at": "timestamp with time zone", "is_digitally_signed": "boolean",
}  # fmt: skip


def register(**files: Any) -> dict[str, Any]:
    """The register as the content of a profile; `files`: its key `files`."""
    return {
        "source": SOURCE,
        "name_vi": "Sổ văn bản (dựng)",
        "owner": "Ví dụ",
        "zone": "Asia/Ho_Chi_Minh",
        "time_formats": ["dd/MM/yyyy HH:mm:ss", "dd-MMM-yy", "iso", "epoch_ms"],
        "two_digit_years_from": 1950,
        "files": files or {"full": True},
        "entities": {
            "documents": {
                "model": "document",
                "file_pattern": "*",
                "key": ["ma"],
                "changed_at": {"from": "capNhat", "critical": True},
                "columns": {
                    "document_code": "ma",
                    "direction_code": {"const": "di"},
                    "document_sign": "soKyHieu",
                    "issued_date": {"from": "ngay", "formats": ["dd/MM/yyyy"]},
                    "issuing_unit_code": "donVi",
                    "secrecy_code": {"const": "thuong"},
                    "due_at": "han",
                    "is_digitally_signed": {"from": "kySo", "true_words": ["có"]},
                },
            }
        },
    }


def signatures() -> dict[str, Any]:
    """The register with the columns of tests/sources/signatures_made_up."""
    names = ("IdKySo", "IdVanBan", "ThoiDiemKy", "NguoiKyId", "ThoiDiemKy", "HopLe", "NgayCapNhat")
    made: dict[str, Any] = register()
    entity = made["entities"]["documents"]
    known = dict(zip(FIELDS, names, strict=True))
    entity["key"], entity["changed_at"]["from"] = [known["ma"]], known["capNhat"]
    for column, keys in entity["columns"].items():
        if isinstance(keys, str):
            entity["columns"][column] = known[keys]
        elif "from" in keys:
            keys["from"] = known[keys["from"]]
    return made


def with_layout(**layout: Any) -> dict[str, Any]:
    """The register as a table in a file that stands as `layout` says."""
    made = register()
    made["entities"]["documents"]["layout"] = layout
    return made


def with_manifest() -> dict[str, Any]:
    """The register as day files with a trailer, each with a manifest beside it."""
    made = register(
        formats={"delimiter": ";", "encoding": "utf-8-sig", "trailer": "#TONG", "thousands": "."},
        name=r"vb_(?P<date>\d{8})(?:_r(?P<revision>[1-9]\d*))?\.csv",
        manifest={"suffix": ".json", "amount_field": "soKyHieu", "amount_where": {"donVi": "VD.1"}},
        full=True,
    )
    made["entities"]["documents"]["file_pattern"] = "vb_*.csv"
    return made


def nested(records: str) -> dict[str, Any]:
    """The register as documents with nested fields; `records`: the place of the records."""
    made = register(subfolders=True, archives=True)
    entity = made["entities"]["documents"]
    entity["records"] = records
    entity["columns"]["issuing_unit_code"] = "donVi.ma"
    return made


def over_http(**http: Any) -> dict[str, Any]:
    """The register as a service; `http`: the keys of its `http` beside the address."""
    made = register()
    del made["files"], made["entities"]["documents"]["file_pattern"]
    made["http"] = {"auth": {"kind": "none"}, "path": "/{entity}", "retries": 0, "timeout_seconds": 20} | http
    return made


def profile_of(content: Mapping[str, Any]) -> Profile:
    """The profile with this content, written and read like any other."""
    return _read(str(content["source"]), yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False))


@cache
def _read(source: str, text: str) -> Profile:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{source}.yaml"
        path.write_text(text, encoding="utf-8")
        return read_profile(path)
