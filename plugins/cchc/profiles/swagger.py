"""A description of Swagger 2 (OpenAPI 2) in the form of OpenAPI 3, as far as a draft asks for it."""

from __future__ import annotations

from typing import Any

SCHEMA_KEYS = ("type", "format", "default", "minimum", "maximum", "items", "enum")
FLOWS = {"application": "clientCredentials"}


def as_version_3(document: dict[str, Any]) -> dict[str, Any]:
    """The same description: servers, the schemas of parameters and answers, and the ways to log in. References lead where they led."""
    scheme = next((each for each in ("https", "http") if each in (document.get("schemes") or ["https"])), "https")
    host, base = document.get("host"), str(document.get("basePath") or "").rstrip("/")
    security = {name: _login(each) for name, each in (document.get("securityDefinitions") or {}).items()}
    return {
        **document,
        "servers": [{"url": f"{scheme}://{host}{base}"}] if host else [],
        "components": {"securitySchemes": security},
        "parameters": {name: _parameter(each) for name, each in (document.get("parameters") or {}).items()},
        "responses": {name: _answer(each) for name, each in (document.get("responses") or {}).items()},
        "paths": {path: _path(item) for path, item in (document.get("paths") or {}).items()},
    }


def _path(item: dict[str, Any]) -> dict[str, Any]:
    get = item.get("get")
    answers = {str(status): _answer(each) for status, each in ((get or {}).get("responses") or {}).items()}
    asked = {"parameters": [_parameter(each) for each in item.get("parameters") or ()]}
    if get is None:
        return {**item, **asked}
    return {**item, **asked, "get": {**get, "parameters": [_parameter(each) for each in get.get("parameters") or ()], "responses": answers}}


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    return {**parameter, "schema": {key: parameter[key] for key in SCHEMA_KEYS if key in parameter}}


def _answer(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "content": {"application/json": {"schema": answer["schema"]}}} if "schema" in answer else answer


def _login(scheme: dict[str, Any]) -> dict[str, Any]:
    if scheme.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if scheme.get("type") == "oauth2" and scheme.get("flow") in FLOWS:
        return {"type": "oauth2", "flows": {FLOWS[scheme["flow"]]: {"tokenUrl": scheme.get("tokenUrl", "/token")}}}
    return scheme
