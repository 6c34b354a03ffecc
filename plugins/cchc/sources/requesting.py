"""The request for one page, written as the profile says: parameters of the query, or a body by POST."""

from __future__ import annotations

from dataclasses import dataclass

from cchc.sources.http import Asked, entity_path
from cchc.sources.login import filled
from cchc.sources.profile import Entity, Http


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
        if http.body is not None:
            values = {"entity": self.entity.name, "from": start, "to": end, "limit": size, "page": None, "offset": None, "cursor": None}
            values[{"page_number": "page", "offset": "offset"}.get(pages.kind, "cursor")] = place
            return Asked(path, {} if url else http.parameters, http.headers, filled(http.body, values), url)
        if url is not None:
            return Asked(path, {}, http.headers, url=url)
        sent = {pages.size_parameter: size, pages.from_parameter: start, pages.to_parameter: end, pages.place_parameter: place}
        params = dict(http.parameters) | {name: str(value) for name, value in sent.items() if name and value is not None}
        return Asked(path, params, http.headers)
