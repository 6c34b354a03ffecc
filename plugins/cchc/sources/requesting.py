"""The request for one page, written as the profile says: parameters of the query, or a body by POST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape  # it writes, and reads nothing

from cchc.sources.http import Asked, entity_path
from cchc.sources.login import filled
from cchc.sources.profile import Entity, Http
from cchc.sources.profile_http import PLACEHOLDER
from cchc.sources.xml_elements import lists_of


@dataclass(frozen=True)
class Requests:
    """Makes the requests for the pages of one entity. `bounds`: the window as the source wants it written; None: no window is sent."""

    http: Http
    entity: Entity
    bounds: tuple[str, str] | None

    def page(self, place: int | str | None = None, size: int | None = None, url: str | None = None) -> Asked:
        """The request for one page.

        `place`: its number, its offset or its cursor (None: the first one); `size`: the records that are asked for, where it is not what
        the profile says; `url`: the address of a next page, which has its parameters in it.
        """
        http, pages = self.http, self.http.paginator
        size = size or pages.size
        path = entity_path(http, self.entity)
        start, end = self.bounds or (None, None)
        lists = lists_of(self.entity) if http.answers == "xml" else ()
        if http.body is not None:
            values = {"entity": self.entity.name, "from": start, "to": end, "limit": size, "page": None, "offset": None, "cursor": None}
            values[{"page_number": "page", "offset": "offset"}.get(pages.kind, "cursor")] = place
            params = {} if url else http.parameters
            if isinstance(http.body, str):  # the header SOAPAction names the operation, as the body does
                headers = {name: value.replace("{entity}", self.entity.name) for name, value in http.headers.items()}
                return Asked(path, params, headers, filled_xml(http.body, values), url, lists)
            return Asked(path, params, http.headers, filled(http.body, values), url, lists)
        if url is not None:
            return Asked(path, {}, http.headers, url=url, lists=lists)
        sent = {pages.size_parameter: size, pages.from_parameter: start, pages.to_parameter: end, pages.place_parameter: place}
        params = dict(http.parameters) | {name: str(value) for name, value in sent.items() if name and value is not None}
        return Asked(path, params, http.headers, lists=lists)


def filled_xml(template: str, values: dict[str, Any]) -> str:
    """A template of XML with its placeholders replaced, and what stands in them escaped. Where a value is None, nothing stands there."""
    return PLACEHOLDER.sub(
        lambda found: "" if values[found[1]] is None else escape(str(values[found[1]]), {'"': "&quot;", "'": "&apos;"}), template
    )
