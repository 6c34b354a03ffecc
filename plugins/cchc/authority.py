"""The authority whose plan is measured, with its time zone and the root of its units: authority.yaml of its folder (CCHC_AUTHORITY)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from cchc.errors import NotConfigured
from cchc.settings import authority_dir

FILE = "authority.yaml"


@dataclass(frozen=True)
class Authority:
    """The authority. `code`: the unit at the root of its tree. `zone`: a time zone of the IANA list; all days are days of this zone."""

    code: str
    name_vi: str
    zone: str


@lru_cache(maxsize=1)
def authority() -> Authority:
    """The authority of this installation. Raises NotConfigured if its folder or its file cannot be read."""
    return read_authority(authority_dir())


def read_authority(folder: Path) -> Authority:
    """The authority of a folder. Raises NotConfigured if the folder is missing or its file cannot be read."""
    if not folder.is_dir():
        raise NotConfigured(f"{folder} is no folder: CCHC_AUTHORITY names the folder of an authority (docs/guides/authorities.md)")
    try:
        entry = yaml.safe_load((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise NotConfigured(f"{FILE}: {error}. It needs code, name_vi and zone of the authority whose plan is measured") from error
    wanted = [field.name for field in fields(Authority)]
    if not isinstance(entry, dict) or set(entry) != set(wanted) or not all(isinstance(value, str) and value for value in entry.values()):
        raise NotConfigured(f"{FILE}: it needs {', '.join(wanted)}, each of them a text, and nothing else")
    try:
        ZoneInfo(entry["zone"])
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise NotConfigured(f"{FILE}: zone {entry['zone']!r} is not a time zone of the IANA list, such as Asia/Ho_Chi_Minh") from error
    return Authority(**entry)
