"""The schemas of an OpenAPI description: references followed, and the flat fields of an object with their kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cchc.profiles.nested_fields import path_of

DEEPEST = 6
DEEPEST_REFERENCE = 20
ENVELOPE_DEPTH = 3
Keys = tuple[str, ...]


class Schemas:
    """The schemas of one document. A reference to another document is nothing, because none is fetched."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def resolved(self, value: Any) -> dict[str, Any]:
        """What a reference leads to, with the parts of `allOf` together, and of `oneOf` and `anyOf` the first that is not null."""
        for _ in range(DEEPEST_REFERENCE):
            if not isinstance(value, dict):
                return {}
            if "$ref" not in value:
                return self._composed(value)
            value = self._target(str(value["$ref"]))
        return {}

    def _target(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            return {}
        found: Any = self.document
        for step in reference[2:].split("/"):
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        return found

    def _composed(self, schema: dict[str, Any]) -> dict[str, Any]:
        choices = [each for key in ("oneOf", "anyOf") for each in schema.get(key) or () if self._kinds(each) != ["null"]]
        parts = [*(schema.get("allOf") or ()), *choices[:1]]
        if not parts:
            return schema
        rest = {key: value for key, value in schema.items() if key not in ("allOf", "oneOf", "anyOf")}
        found: dict[str, Any] = {}
        for part in (*parts, rest):
            one = part if part is rest else self.resolved(part)
            properties = {**(found.get("properties") or {}), **(one.get("properties") or {})}
            found = {**found, **one} | ({"properties": properties} if properties else {})
        return found

    @staticmethod
    def _kinds(schema: Any) -> list[str]:
        kind = schema.get("type") if isinstance(schema, dict) else None
        return [kind] if isinstance(kind, str) else list(kind or ())

    def kind(self, schema: dict[str, Any]) -> str:
        """`object`, `list`, or the kind of a field: `time`, `flag`, `number`, `text`, `other`."""
        kinds = [each for each in self._kinds(schema) if each != "null"] or [""]
        if kinds[0] == "object" or "properties" in schema:
            return "object"
        if kinds[0] == "string":
            return "time" if schema.get("format") in ("date-time", "date") else "text"
        return {"array": "list", "boolean": "flag", "integer": "number", "number": "number"}.get(kinds[0], "other")

    def _walk(self, schema: dict[str, Any], above: Keys) -> Iterator[tuple[Keys, str, dict[str, Any]]]:
        """The keys, the kind and the schema of everything below an object that is no object."""
        for key, value in (schema.get("properties") or {}).items():
            inner, keys = self.resolved(value), (*above, str(key))
            kind = self.kind(inner)
            if "'" in str(key):  # no name of a profile finds it
                continue
            if kind == "object" and len(keys) < DEEPEST:
                yield from self._walk(inner, keys)
            else:
                yield keys, kind, inner

    def _objects_of(self, schema: dict[str, Any]) -> dict[str, Any] | None:
        element = self.resolved(schema.get("items") or {})
        return element if self.kind(element) == "object" else None

    def fields(self, schema: dict[str, Any]) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        """The fields of an object by name, each with its kind, and the lists of objects in it, each with the schema of an element."""
        fields, lists = {}, {}
        for keys, kind, inner in self._walk(schema, ()):
            element = self._objects_of(inner) if kind == "list" else None
            if element is not None:
                lists[path_of(keys)] = element
            else:
                fields[path_of(keys)] = "other" if kind in ("list", "object") else kind
        return fields, lists

    def flat(self, schema: Any) -> dict[str, dict[str, Any]]:
        """The values of an answer that stand beside its list, by name, each with its schema."""
        return {path_of(keys): inner for keys, kind, inner in self._walk(self.resolved(schema), ()) if kind not in ("list", "object")}

    def list_in(self, schema: Any) -> tuple[str, dict[str, Any]] | None:
        """Where the list of objects is in an answer (`""`: it is the answer), and the schema of an element; None where there is none."""
        answer = self.resolved(schema)
        if self.kind(answer) == "list":
            element = self._objects_of(answer)
            return None if element is None else ("", element)
        found = [(keys, element) for keys, kind, inner in self._walk(answer, ()) if kind == "list" and (element := self._objects_of(inner))]
        found = [pair for pair in found if len(pair[0]) <= ENVELOPE_DEPTH]
        if not found:
            return None
        keys, element = min(found, key=lambda pair: len(pair[0]))
        return path_of(keys), element
