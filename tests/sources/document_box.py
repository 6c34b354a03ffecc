"""A drop folder of documents that is read by the example profile."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from cchc.settings import PROJECT
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.profile import Profile, load_profile
from tests.sources.conftest import KEY, T

EXAMPLE = PROJECT / "docs" / "examples" / "document_register.yaml"
SOURCE = EXAMPLE.stem
STAMP = "2023-05-04T08:00:00+07:00"


def document(number: int, *signed: str) -> dict[str, Any]:
    """A made-up document of the register; `signed`: the numbers of its signatures."""
    return {
        "ma": f"VB-{number}",
        "soKyHieu": f"{number}/QĐ-UBND",
        "banHanh": {"ngay": "04/05/2023", "donVi": {"ma": "VD.1", "ten": "Phòng Ví dụ"}},
        "capNhat": STAMP,
        "chuKy": [{"soKy": so, "nguoi": {"ma": "N-1"}, "luc": STAMP} for so in signed],
    }


def body(*documents: Any) -> str:
    """One document as it is, several as a list, in the envelope of the example."""
    return json.dumps(
        {"trangThai": "ok", "ketQua": {"vanBan": list(documents) if len(documents) > 1 else documents[0]}}, ensure_ascii=False
    )


class Box:
    """A drop folder that is read by the example."""

    def __init__(self, folder: Path, landing: str) -> None:
        self.folder, self.landing = folder, landing
        self.profile: Profile = load_profile(EXAMPLE.parent, SOURCE)

    def put(self, name: str, data: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def change(self, name: str, **changed: Any) -> None:
        entity = replace(self.profile.entities[name], **changed)
        self.profile = replace(self.profile, entities={**self.profile.entities, name: entity})

    def only(self, name: str, **changed: Any) -> None:
        self.profile = replace(self.profile, entities={name: replace(self.profile.entities[name], **changed)})

    def read(self, extract_id: int = 1, **options: Any) -> list[Landed]:
        connection = Connection(SOURCE, str(self.folder))
        return extract(self.profile, connection, Window(None, T), self.landing, extract_id=extract_id, privacy_key=KEY, **options)

    def by_name(self, entity: str, **options: Any) -> dict[str, Landed]:
        return {load.file_name or "": load for load in self.read(**options) if load.entity == entity}
