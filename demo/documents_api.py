"""The document management system's interface: windows of days with both ends included, and pages numbered from 0."""

from __future__ import annotations

from demo import clock
from demo.answers import Answer, Refusal, whole_number
from demo.clock import DAY
from demo.district import District
from demo.faults import InjectedFaults
from demo.history import window

ENTITIES = ("documents", "work_files", "signatures", "leaders")
MAX_SIZE = 1_000
DEFAULT_SIZE = 500


def _day(query: dict[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        return clock.parse_day(text)
    except ValueError as error:
        raise Refusal(400, f"{name} must be YYYY-MM-DD, not {text!r}") from error


class Documents:
    """Answers `GET …/api/v1/…`."""

    def __init__(self, district: District, injected: InjectedFaults) -> None:
        self._district = district
        self._faults = injected

    def get(self, entity: str, query: dict[str, str], now: int) -> Answer:
        """One page of an entity."""
        self._faults.strike()
        if entity not in ENTITIES:
            raise Refusal(404, f"no entity {entity!r}; there are {', '.join(ENTITIES)}")
        size = whole_number(query, "size", DEFAULT_SIZE, 1, MAX_SIZE)
        page = whole_number(query, "page", 0, 0, 1 << 31)
        first, last = (None, None) if entity == "leaders" else (_day(query, "tuNgay"), _day(query, "denNgay"))
        view = self._district.timelines[entity].view(now)
        low, high = window(view, None if first is None else first * DAY, None if last is None else (last + 1) * DAY)
        pages = -(-(high - low) // size)
        shown = min(page, pages - 1) if self._faults.active and pages else page
        render = self._district.render(entity)
        chosen = view[min(high, low + shown * size) : min(high, low + (shown + 1) * size)]
        return Answer(
            {
                "content": [render(entry) for entry in chosen],
                "totalElements": high - low,
                "totalPages": pages,
                "number": page,
                "last": page >= pages - 1,
            }
        )
