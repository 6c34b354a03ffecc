"""What the OpenAPI description of a service tells of its lists: fields and types, pages, windows, and who may ask.

OpenAPI 3.0 and 3.1, and Swagger 2, in JSON or YAML. Nothing is asked of the service, and no other document is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from cchc.errors import NotConfigured, WrongUse
from cchc.period import ZONE
from cchc.profiles.guesses import IDENTIFIERS, Field
from cchc.profiles.hints import letters
from cchc.profiles.material import Material, of_files
from cchc.profiles.nested_fields import PARENT
from cchc.profiles.pages import paginator_of
from cchc.profiles.schemas import Schemas
from cchc.profiles.service import Service
from cchc.profiles.swagger import as_version_3
from cchc.profiles.yaml_words import quoted

ENDINGS = (".json", ".yaml", ".yml")
FIRST_BYTES = 65536
NOT_READ = "Write the part http by docs/guides/rest_source.md, or draft from a saved answer (--answer)."


def is_description(path: Path) -> bool:
    """Whether a file describes a service, by its ending and the word `openapi` or `swagger` near its beginning."""
    if path.suffix.lower() not in ENDINGS or not path.is_file():
        return False
    if path.suffix.lower() != ".json":
        return True
    with path.open("rb") as file:
        head = file.read(FIRST_BYTES)
    return b'"openapi"' in head or b'"swagger"' in head


def of_description(path: Path) -> list[Material]:
    """The lists that a described service answers, and the lists in their records.

    Raises NotConfigured for what is no such description, and where none of its answers is a list of objects.
    """
    document = _read(path)
    service = _Description(path.name, document)
    found = list(service.materials())
    if not found:
        raise NotConfigured(
            f"{path.name}: no GET of it answers a list of objects as application/json, so nothing can be drafted. "
            "Write the part http by docs/guides/rest_source.md."
        )
    return found


def _read(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8-sig")
    try:
        document = json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except (ValueError, OverflowError, AttributeError, KeyError, RecursionError, yaml.YAMLError) as error:
        place = getattr(error, "problem_mark", None) or getattr(error, "lineno", "")
        raise NotConfigured(f"{path.name}: it is no JSON or YAML ({str(place).strip() or type(error).__name__}).") from None
    known = document if isinstance(document, dict) else {}
    if str(known.get("swagger", "")).startswith("2."):
        return as_version_3(known)
    if not str(known.get("openapi", "")).startswith("3."):
        raise NotConfigured(f"{path.name}: it is no description of Swagger 2 or OpenAPI 3. {NOT_READ}")
    return known


class _Description:
    """One description."""

    def __init__(self, name: str, document: dict[str, Any]) -> None:
        self.name, self.document, self.schemas = name, document, Schemas(document)
        servers = document.get("servers") or [{}]
        self.base = str(servers[0].get("url", "")).rstrip("/")

    def materials(self) -> Iterator[Material]:
        """A material for each list, and for each list in its records."""
        for path, item in (self.document.get("paths") or {}).items():
            operation = self.schemas.resolved(item).get("get") or {}
            answer = self._answer(operation)
            if answer is None or "{" in path:  # a path with {id} answers one record, or needs one that is known
                continue
            found = self.schemas.list_in(answer.get("schema"))
            if found is not None:
                yield from self._of_list(path, item, operation, answer, found)

    def _answer(self, operation: dict[str, Any]) -> dict[str, Any] | None:
        """The schema and the headers of a good answer in JSON."""
        answers = self.schemas.resolved(operation).get("responses") or {}
        for status in ("200", 200, "2XX", "default"):
            answer = self.schemas.resolved(answers.get(status) or {})
            for kind, content in (answer.get("content") or {}).items():
                if "json" in kind:
                    return {"schema": content.get("schema"), "headers": answer.get("headers") or {}}
        return None

    def _of_list(
        self, path: str, item: dict[str, Any], operation: dict[str, Any], answer: dict[str, Any], found: tuple[str, Any]
    ) -> Iterator[Material]:
        place, element = found
        asked = [self.schemas.resolved(each) for each in (*(item.get("parameters") or ()), *(operation.get("parameters") or ()))]
        paginator, parameters, notes = paginator_of(asked, self.schemas.flat(answer["schema"]), answer["headers"], place)
        auth, about = self._auth(operation)
        first = (f"the connection's host: {self.base or 'TODO'}", *about, *notes)
        service = Service(self.base, auth, paginator, tuple(parameters), first)
        fields, lists = self.schemas.fields(element)
        own = {name: Field(name, [], ZONE, kind) for name, kind in fields.items()}
        named = {name: list(self.schemas.fields(inner)[0]) for name, inner in lists.items()}
        whole = Material(f"GET {path}", own, file=self.name, place=(f"path: {quoted(path)}",), service=service, lists=named)
        yield whole
        for name, inner in lists.items():
            yield _of_inner(whole, name, self.schemas.fields(inner)[0])

    def _auth(self, operation: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
        """The keys of `auth`, and what a person must look at."""
        required = operation.get("security", self.document.get("security")) or []
        names = [name for each in required for name in each]
        schemes = (self.document.get("components") or {}).get("securitySchemes") or {}
        if not names:
            if schemes:
                return {"kind": "none"}, [f"the description has {', '.join(schemes)}, and does not say that this list asks for it"]
            return {"kind": "none"}, []
        told = [f"it may also be asked by {', '.join(names[1:])}"] if len(names) > 1 else []
        for name in names:
            auth = self._scheme(self.schemas.resolved(schemes.get(name) or {}))
            if auth is not None:
                return auth, told
        return {"kind": "TODO"}, [f"{', '.join(names)} is a way to log in that no kind of auth knows"]

    def _scheme(self, scheme: dict[str, Any]) -> dict[str, str] | None:
        kind, way = scheme.get("type"), str(scheme.get("scheme", "")).lower()
        if kind == "http" and way in ("basic", "bearer"):
            return {"kind": way}
        if kind == "apiKey" and scheme.get("in") in ("header", "query"):
            place = "header" if scheme["in"] == "header" else "parameter"
            return {"kind": "api_key", place: quoted(str(scheme.get("name", "TODO")))}
        flow = (scheme.get("flows") or {}).get("clientCredentials") if kind == "oauth2" else None
        if flow is None:
            return None
        return {"kind": "oauth_client_credentials", "path": quoted(self._below(str(flow.get("tokenUrl", "/token"))))}

    def _below(self, address: str) -> str:
        """An address as a path below that of the service."""
        base, other = urlsplit(self.base), urlsplit(address)
        path = other.path.removeprefix(base.path) if other.path.startswith(base.path) else other.path
        return f"/{path.lstrip('/')}"


def of_answer(path: Path) -> list[Material]:
    """A saved answer of a service in JSON: its lists as they are asked for over HTTP. How the pages go on is not in one answer.

    Raises the errors of `of_files`, and WrongUse for a file of another kind.
    """
    if not path.name.lower().endswith(".json"):
        raise WrongUse(f"an answer of a service is a JSON document (.json), not {path.name}")
    found = of_files(path)
    beside: dict[str, dict[str, Any]] = {name: {} for name in found[0].fields} if len(found) > 1 else {}
    return [_asked(each, beside) for each in found]


def _asked(found: Material, beside: dict[str, dict[str, Any]]) -> Material:
    """The records of a document as those of an answer."""
    data = next((line.removeprefix("records: ") for line in found.place if line.startswith("records: ")), '""')
    paginator, _, notes = paginator_of([], beside, {}, "")
    known = {"kind": "TODO"} | ({key: value for key, value in paginator.items() if key in ("kind", "next")} if "next" in paginator else {})
    ways = "offset, page_number, cursor, link_header, next_url or single; docs/guides/rest_source.md has the keys of each"
    first = ("the connection's host: TODO", f"kind: {ways}", "the parameters that bound the time of the change: from, to", *notes)
    service = Service("", {"kind": "TODO"}, known | {"data": data, "total": paginator["total"]}, (), first)
    each = tuple(_with_key(line, found.fields) for line in found.place if line.startswith("each: "))
    return replace(found, files=None, service=service, place=("path: TODO", *each))


def _with_key(each: str, fields: dict[str, Field]) -> str:
    around = [name.removeprefix(f"{PARENT}.") for name in fields if name.startswith(f"{PARENT}.")]
    return f"{each[:-1]}, parent_key: [{_key_among(around)}]}}"


def _key_among(names: Iterable[str]) -> str:
    """The name that most likely identifies a record, as YAML; TODO where none does."""
    own = [name for name in names if "." not in name]
    known = [name for name in own if letters(name) in IDENTIFIERS]
    near = known or [name for name in own if letters(name).startswith(("ma", "id", "so")) or letters(name).endswith(("id", "code"))]
    return quoted(near[0]) if near else "TODO"


def _of_inner(whole: Material, name: str, inner: dict[str, str]) -> Material:
    """The elements of a list in the records of a material."""
    around = {f"{PARENT}.{other}": each.kind for other, each in whole.fields.items()}
    fields = {other: Field(other, [], ZONE, kind) for other, kind in {**inner, **around}.items()}
    each = f"each: {{list: {quoted(name)}, parent_key: [{_key_among(whole.fields)}]}}"
    return Material(f"{whole.name}, {name}", fields, file=whole.file, place=(*whole.place, each), service=whole.service)
