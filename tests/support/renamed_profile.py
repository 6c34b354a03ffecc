"""A second vendor: every profile of the project with other names for all of its fields, written to a file and read like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from cchc.settings import PROJECT
from cchc.sources.profile import Profile, read_profile


class RenamedProfile:
    """The profile of `source` under other names on the wire; `renamed` writes a record of the first vendor as the second one would."""

    def __init__(self, source: str, folder: Path):
        data = yaml.safe_load((PROJECT / "include" / "sources" / f"{source}.yaml").read_text(encoding="utf-8"))
        self.names: dict[str, str] = {}
        for entity in data["entities"].values():
            for name in _wire_names(entity):
                self.names.setdefault(name, f"Cột số {len(self.names) + 1:02d}")
        data["source"] = f"second_{source}"
        data["entities"] = {name: self._entity(entity) for name, entity in data["entities"].items()}
        manifest = (data.get("files") or {}).get("manifest")
        if manifest:
            manifest["amount_field"] = self.names[manifest["amount_field"]]
            manifest["amount_where"] = self.renamed(manifest["amount_where"])
        path = folder / f"second_{source}.yaml"
        path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
        self.profile: Profile = read_profile(path)

    def renamed(self, value: Any) -> Any:
        """A record, or what stands in it, with the second vendor's names."""
        if isinstance(value, dict):
            return {self.names.get(name, name): self.renamed(item) for name, item in value.items()}
        return [self.renamed(item) for item in value] if isinstance(value, list) else value

    def _entity(self, entity: dict[str, Any]) -> dict[str, Any]:
        changed_at = entity.get("changed_at")
        if isinstance(changed_at, str):
            entity["changed_at"] = self.names[changed_at]
        elif isinstance(changed_at, dict) and "from" in changed_at:
            changed_at["from"] = self.names[changed_at["from"]]
        for key in ("key", "key_else"):
            if key in entity:
                entity[key] = [self.names[name] for name in entity[key]]
        if "secret" in entity:
            entity["secret"] |= {key: self.names[entity["secret"][key]] for key in ("field", "unit")}
        entity["columns"] = self._columns(entity["columns"])
        return entity

    def _columns(self, columns: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, spec in columns.items():
            if isinstance(spec, str):
                out[name] = self.names[spec]
            else:
                out[name] = dict(spec)
                if "from" in spec:
                    out[name]["from"] = self.names[spec["from"]]
                if "list" in spec:
                    out[name]["list"] = self._columns(spec["list"])
        return out


def _wire_names(entity: dict[str, Any]) -> Iterator[str]:
    changed_at = entity.get("changed_at")
    yield from entity["key"]
    yield from entity.get("key_else", [])
    if isinstance(changed_at, str) or (isinstance(changed_at, dict) and "from" in changed_at):
        yield changed_at if isinstance(changed_at, str) else changed_at["from"]
    if "secret" in entity:
        yield from (entity["secret"]["field"], entity["secret"]["unit"])
    yield from _column_names(entity["columns"])


def _column_names(columns: dict[str, Any]) -> Iterator[str]:
    for spec in columns.values():
        if isinstance(spec, str):
            yield spec
        else:
            yield from [spec["from"]] if "from" in spec else []
            yield from _column_names(spec.get("list", {}))
