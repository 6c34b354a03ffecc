"""The authority whose plan is measured, with its time zone and the root of its units: authority.yaml of its folder (CCHC_AUTHORITY)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cchc.errors import NotConfigured
from cchc.settings import authority_dir
from cchc.yaml_text import read_text

FILE = "authority.yaml"
WANTED = ("code", "name_vi", "zone", "owner", "scopes")


@dataclass(frozen=True)
class Authority:
    """The authority. `code`: the unit at the root of its tree. `zone`: a time zone of the IANA list; all days are days of this zone.

    `owner`: who runs the pipeline. `scopes`: what `all` and each level of its units is called, in Vietnamese (vi) and English (en).
    """

    code: str
    name_vi: str
    zone: str
    owner: str
    scopes: Mapping[str, Mapping[str, str]]

    def scope_names(self, language: str = "vi") -> dict[str, str]:
        """What the whole (`all`) and each level (`level:…`) is called in a language, vi or en; the whole comes first."""
        levels = {f"level:{code}": names[language] for code, names in self.scopes.items() if code != "all"}
        return {"all": self.scopes["all"][language]} | levels

    @property
    def scope_words(self) -> str:
        """The scopes that are no units, as a text for messages: level:district, level:commune, or all."""
        return f"{', '.join(list(self.scope_names())[1:])}, or all"


@lru_cache(maxsize=1)
def authority() -> Authority:
    """The authority of this installation. Raises NotConfigured if its folder or its file cannot be read."""
    return read_authority(authority_dir())


def read_authority(folder: Path) -> Authority:
    """The authority of a folder. Raises NotConfigured if the folder is missing or its file cannot be read."""
    if not folder.is_dir():
        raise NotConfigured(f"{folder} is no folder: CCHC_AUTHORITY names the folder of an authority (docs/guides/authorities.md)")
    try:
        _, entry = read_text(folder / FILE)
    except NotConfigured as error:
        what = str(error).removeprefix(FILE).strip().rstrip(".")
        raise NotConfigured(f"{FILE}: {what}. It needs {', '.join(WANTED)} of the authority whose plan is measured") from error
    if not isinstance(entry, dict) or set(entry) != set(WANTED) or not all(_is_text(entry[name]) for name in WANTED if name != "scopes"):
        raise NotConfigured(f"{FILE}: it needs {', '.join(WANTED)}, each of them but scopes a text, and nothing else")
    if not _are_names(entry["scopes"]):
        raise NotConfigured(f"{FILE}: scopes needs a name in vi and in en for all and for each level of the units")
    try:
        ZoneInfo(entry["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NotConfigured(f"{FILE}: zone {entry['zone']!r} is not a time zone of the IANA list, such as Asia/Ho_Chi_Minh") from error
    return Authority(**entry)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _are_names(scopes: object) -> bool:
    """Whether each scope, the whole among them, has a name in both languages and nothing else."""
    return isinstance(scopes, dict) and "all" in scopes and all(_is_named(code, names) for code, names in scopes.items())


def _is_named(code: object, names: object) -> bool:
    return _is_text(code) and isinstance(names, dict) and set(names) == {"vi", "en"} and all(map(_is_text, names.values()))
