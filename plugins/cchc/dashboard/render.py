"""Templates and their answers: every text from the warehouse is escaped, and the browser may load nothing from elsewhere."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cchc.dashboard.table import cell_text
from cchc.settings import Settings

# Scripts and styles come from our own files alone; nothing is fetched, and no other site may show our pages in a frame.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STATIC = {
    "dashboard.css": "text/css; charset=utf-8",
    "dashboard.js": "text/javascript; charset=utf-8",
    "theme.js": "text/javascript; charset=utf-8",
}


@cache
def environment(settings: Settings) -> Environment:
    """The templates of include/dashboard/templates. A name that is not there is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(settings.dashboard_dir / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["data"] = as_data
    made.globals["cell_text"] = cell_text
    made.globals["points"] = points
    made.globals["static_version"] = static_version(settings)
    return made


def points(months: Any) -> list[dict[str, Any]]:
    """The months of a trend as the points of a chart."""
    return [{"at": month["last_day"], "value": month["shown"]} for month in months]


def as_data(value: Any) -> str:
    """A value as JSON for an attribute that a script reads."""
    return json.dumps(value, ensure_ascii=False, default=_json_part, separators=(",", ":"))


def _json_part(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def static_file(settings: Settings, name: str) -> Path:
    """The path of one of the files in STATIC."""
    return settings.dashboard_dir / "static" / name


def static_version(settings: Settings) -> str:
    """A short text that changes with the static files, so that a browser may keep them."""
    content = b"".join(static_file(settings, name).read_bytes() for name in sorted(STATIC))
    return hashlib.sha256(content).hexdigest()[:12]


def render(settings: Settings, template: str, values: dict[str, Any]) -> str:
    """A page as HTML."""
    return environment(settings).get_template(template).render(values)
