"""The small demo district with its dossiers split over two one-stop systems of different vendors.

The first vendor is the demo's own, over HTTP, of its part of the dossiers alone. The second one writes files: other names for every field,
other codes, times of another zone in another form. Both deliver the whole list of procedures; some dossiers stand in both.
"""

from __future__ import annotations

import copy
import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from cchc.settings import PROJECT, Settings
from demo import clock
from demo.clock import FOREVER
from demo.district import District
from demo.dossiers import RAW, VANISH, Dossier
from demo.history import Timeline
from tests.support.cli import Said, cchc
from tests.support.environment import environment
from tests.support.warehouse import HasWarehouse

LOCAL = timezone(timedelta(hours=7))
OF_BOTH = 10
# model's code → the second vendor's word; what is not listed is delivered as the first vendor has it
STATUS = {
    "1": "registered", "2": "accepted", "3": "refused", "4": "in work", "5": "supplement", "6": "fee due", "7": "withdrawn",
    "8": "stopped", "9": "done", "10": "handed over",
}  # fmt: skip
CODES: dict[str, dict[str, str]] = {
    "status_code": STATUS | {"cong_khai": "public", "bai_bo": "abolished"},
    "result_kind_code": {"ket_qua": "R", "tra_lai": "B", "xin_rut": "W", "xin_loi": "A"},
    "channel_code": {"1": "counter", "2": "web", "3": "mail"},
    "applicant_kind_code": {"1": "citizen", "2": "company", "3": "state", "4": "other"},
    "service_level": {"2": "I", "3": "P", "4": "F"},
    "processing_time_unit": {"gio": "h", "ngay_lam_viec": "wd", "ngay": "d", "thang": "m"},
    "paid_online_code": {"0": "no", "1": "national", "2": "provincial"},
    "submitted_on_code": {"1": "N", "2": "P"},
    "performing_level_code": {"huyen": "district", "xa": "commune"},
    "rating_code": {"rat_hai_long": "++", "hai_long": "+", "binh_thuong": "0", "khong_hai_long": "-"},
}
TIME = re.compile(r"(\d{14})|(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(Z)?")
FORMATS = {"dossiers": "ndjson", "dossier_steps": "csv", "procedures": "csv", "assessments": "csv"}


def of_second(key: str) -> bool:
    """Whether a dossier is the second vendor's: about every other one of each unit."""
    return hashlib.sha256(key.encode()).digest()[0] % 2 == 1


def is_plain(dossier: Dossier) -> bool:
    """Whether files alone can tell all of it: one that vanishes is told by /keys, a raw row may be no record at all."""
    return not any(event[1] in (VANISH, RAW) for event in dossier.events)


def known(dossier: Dossier, until: int) -> list[tuple[int, int]]:
    """Its versions that became known before a moment."""
    return [version for version in dossier.versions() if version[0] < until]


class Split:
    """Which vendor has which dossiers, and up to when: an older version of OF_BOTH dossiers stands in the other vendor's system."""

    def __init__(self, whole: District, early: str):
        self.whole = whole
        self.second = {dossier.key for dossier in whole.dossiers if is_plain(dossier) and of_second(dossier.key)}
        at, year = clock.parse_iso(early), clock.moment(2023, 4, 1)
        moved = [d for d in whole.dossiers if is_plain(d) and len(known(d, at)) > 2 and known(d, at)[-1][0] > year and d.received]
        older_in_first = [d for d in moved if d.key in self.second][: OF_BOTH // 2]
        older_in_second = [d for d in moved if d.key not in self.second][: OF_BOTH - OF_BOTH // 2]
        self.older_in_first = {d.key: known(d, at)[-2][0] for d in older_in_first}
        self.older_in_second = {d.key: known(d, at)[-2][0] for d in older_in_second}

    def first_part(self) -> District:
        """The district of the first vendor."""
        return self._part(lambda key: key not in self.second, self.older_in_first)

    def second_part(self) -> District:
        """The district of the second vendor."""
        return self._part(lambda key: key in self.second, self.older_in_second)

    def _part(self, has: Callable[[str], bool], older: dict[str, int]) -> District:
        part = copy.copy(self.whole)

        def cut(entity: str, key_of: Callable[[Any], str]) -> Timeline:
            entries = []
            for changed_at, key, record, until in self.whole.timelines[entity].entries:
                dossier = key_of(record) or key
                last = older.get(dossier)
                if has(dossier):
                    entries.append((changed_at, key, record, until))
                elif last is not None and changed_at <= last:
                    entries.append((changed_at, key, record, until if until <= last else FOREVER))
            return Timeline(entries)

        part.timelines = self.whole.timelines | {
            "dossiers": cut("dossiers", lambda record: str(record.key)),
            "dossier_steps": cut("dossier_steps", lambda record: str(record.key)),
            "assessments": cut("assessments", lambda record: str(record.dossier)),
        }
        part._by_month = {
            month: [dossier for dossier in dossiers if has(dossier.key) or dossier.key in older]
            for month, dossiers in self.whole._by_month.items()
        }
        return part


class SecondVendor:
    """The profile of the second vendor, and its files: everything that the first one's has, under other names and codes."""

    def __init__(self, name: str):
        self.name = name
        first = yaml.safe_load((PROJECT / "include" / "sources" / "one_stop.yaml").read_text(encoding="utf-8"))
        self.names: dict[str, dict[str, str]] = {}
        self.codes: dict[str, dict[str, dict[str, str]]] = {}
        entities = {}
        for entity, said in first["entities"].items():
            names, codes = self.names.setdefault(entity, {}), self.codes.setdefault(entity, {})
            columns = self._columns(said["columns"], names, codes)
            if "changed_at" in said:
                changed = said["changed_at"]
                field_name = changed if isinstance(changed, str) else changed["from"]
                names[field_name] = "lastModified"
                said["changed_at"] = "lastModified" if isinstance(changed, str) else changed | {"from": "lastModified"}
            entities[entity] = said | {
                "key": [names[wire] for wire in said["key"]],
                "file_pattern": f"{entity}_*.{FORMATS[entity]}",
                "columns": columns,
            }
            entities[entity].pop("deletions", None)
        self.profile = {
            "source": name,
            "name_vi": "Phần mềm Một cửa của nhà cung cấp khác",
            "owner": "Văn phòng HĐND và UBND huyện",
            "zone": "UTC",
            "missing": ["", "-"],
            "time_formats": ["dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy"],
            "settings": first["settings"],
            "files": {"full": True, "formats": {"delimiter": "|", "encoding": "utf-8"}},
            "entities": entities,
        }

    def _columns(self, columns: dict[str, Any], names: dict[str, str], codes: dict[str, dict[str, str]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for column, said in columns.items():
            spec: dict[str, Any] = {"from": said} if isinstance(said, str) else dict(said)
            wire = spec["from"]
            spec["from"] = names.setdefault(wire, "".join(part.capitalize() for part in column.split("_")))
            if "list" in spec:
                inner: dict[str, str] = {}
                spec["list"] = self._columns(spec["list"], inner, {})
                names |= {f"{wire}.{name}": other for name, other in inner.items()}
            elif column in CODES:
                codes[wire] = CODES[column]
                spec["codes"] = {word: code for code, word in CODES[column].items()}
            found[column] = spec
        return found

    def record(self, entity: str, record: dict[str, Any]) -> dict[str, Any]:
        """A record of the first vendor as the second one would write it."""
        names, codes = self.names[entity], self.codes[entity]
        return {
            names[wire]: self._list(names, wire, value)
            if isinstance(value, list)
            else _word(value, codes.get(wire, {}), only_days=entity == "procedures")
            for wire, value in record.items()
            if wire in names
        }

    def _list(self, names: dict[str, str], wire: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{names[f"{wire}.{name}"]: _word(value, {}) for name, value in row.items() if f"{wire}.{name}" in names} for row in rows]

    def write(self, folder: Path, district: District, at: str, *, after: str | None = None) -> None:
        """The files of one morning: everything as it stands at `at`, or what has changed since `after`."""
        since = clock.parse_iso(after) if after else 0
        until = clock.parse_iso(at)
        for entity, ending in FORMATS.items():
            render = district.render(entity)
            view = [entry for entry in district.timelines[entity].view(until) if entity == "procedures" or entry[0] >= since]
            rows = [self.record(entity, render(entry)) for entry in view]
            path = folder / f"{entity}_{clock.as_date(until // clock.DAY):%Y%m%d}.{ending}"
            if ending == "ndjson":
                path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
                continue
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(dict.fromkeys(self.names[entity].values())), delimiter="|")
                writer.writeheader()
                writer.writerows(rows)


def _word(value: Any, codes: dict[str, str], *, only_days: bool = False) -> Any:
    """A value of the first vendor in the second one's way: its own code, times as dd/MM/yyyy in UTC, `-` where there is no time.

    The dates of the list of procedures (`only_days`) are days without a time, in no zone.
    """
    if not isinstance(value, str):
        return value
    if value in codes:
        return codes[value]
    if value.startswith(("0001-01-01", "00010101")):
        return "-"
    met = TIME.fullmatch(value)
    if met is None:
        return value
    try:
        local = datetime.fromisoformat(f"{met[1][:8]}T{met[1][8:]}" if met[1] else met[2])
    except ValueError:
        return value
    if only_days:
        return f"{local:%d/%m/%Y}"
    moment = local.replace(tzinfo=UTC if met[3] else LOCAL)
    return moment.astimezone(UTC).strftime("%d/%m/%Y %H:%M:%S")


@dataclass
class Site(HasWarehouse):
    """A warehouse with its sources; `connections` are those of its environment."""

    settings: Settings
    sources: Path
    connections: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def active(self) -> Iterator[Settings]:
        """The environment of this site; several may stand side by side in one test."""
        variables = {
            "CCHC_HOME": str(self.settings.home),
            "CCHC_WAREHOUSE_URL": str(self.settings.warehouse_url),
            "CCHC_PRIVACY_KEY": "a key for tests",
            "CCHC_SOURCES_DIR": str(self.sources),
        }
        with environment(**variables, **self.connections):
            yield Settings.load()

    def connect(self, source: str, folder: Path) -> None:
        """The drop folder of a source."""
        self.connections[f"AIRFLOW_CONN_SRC_{source.upper()}"] = json.dumps({"conn_type": "fs", "host": str(folder)})

    def call(self, *arguments: str, code: int = 0) -> Said:
        """`cchc …` on this site; it must end as said."""
        with self.active():
            said = cchc(*arguments)
        assert said.code == code, said.err
        return said

    def waiting(self) -> list[str]:
        """The months that wait for a refresh."""
        return [row["m"] for row in self.rows("select distinct to_char(month_start, 'YYYY-MM') as m from ops.dirty_month order by 1")]


def profiles(folder: Path, names: tuple[str, ...], *more: dict[str, Any]) -> Path:
    """A folder with some of the project's profiles, and others beside them."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.yaml").write_text((PROJECT / "include" / "sources" / f"{name}.yaml").read_text(encoding="utf-8"))
    for profile in more:
        (folder / f"{profile['source']}.yaml").write_text(yaml.safe_dump(profile, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder
