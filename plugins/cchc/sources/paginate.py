"""Read all pages of one entity until their end is proved. The loop always ends, and an error is never an empty list.

With a total: the `total` of the source counts a record once, even if it is delivered several times. If the pages end before the distinct
keys plus the rows without a readable key reach the `total` of the last page, this is an error. A record that changes during the paging
moves to the end. So it comes twice, or it leaves the window; with page numbers it also moves another record to a page that was read
already, and so does one that is removed. Then the window is read again for the missed records.

Without a total: the end is an empty page, a page without a next one, or a short page where the profile says that pages are full. A page
that comes twice is an error. Where a record came twice, the window is read again until a reading brings nothing new.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import orjson
from requests.utils import parse_header_links

from cchc.errors import ContractViolation
from cchc.sources.envelope import Page
from cchc.sources.http import Asked, Client
from cchc.sources.landing import Window, Writer
from cchc.sources.profile import Entity, Profile
from cchc.sources.records import BATCH_RECORDS, Intake
from cchc.sources.requesting import Requests
from cchc.sources.sequence import number_bounds
from cchc.sources.shape import Shape
from cchc.sources.windows import bounds
from cchc.sources.xml_envelope import envelope_of

PASSES = 3
IDLE_PAGES = 5


class Totals:
    """The totals that the source reported on the pages of one reading."""

    def __init__(self) -> None:
        self.last = 0
        self.gone = 0
        self.moved = False
        self._first = True

    def see(self, total: int) -> None:
        """Note the total of one more page."""
        if not self._first and total != self.last:
            self.moved = True
            self.gone += max(0, self.last - total)
        self.last, self._first = total, False


class Counted:
    """How many different records were delivered, as the source counts them."""

    def __init__(self, intake: Intake, shape: Shape) -> None:
        self.intake, self.shape = intake, shape

    @property
    def least(self) -> int:
        """The smallest possible number of different delivered records."""
        return self.shape.delivered if self.shape.counts_records else self.intake.least

    @property
    def most(self) -> int:
        """The largest possible number of different delivered records."""
        return self.shape.delivered if self.shape.counts_records else self.intake.most

    @property
    def words(self) -> str:
        """The counts in words."""
        if self.shape.counts_records:
            return f"{self.shape.delivered} different records"
        return f"{self.intake.distinct_keys} distinct keys and {self.intake.keyless} rows without a readable key"


def fetch(client: Client, profile: Profile, entity: Entity, window: Window, intake: Intake, writer: Writer) -> int | None:
    """Land all records of an entity in the window. Returns the total that the source reported; None for a source that tells none.

    Raises ContractViolation if the counts do not add up or the pages do not end, and the errors of the client.
    """
    where = f"{profile.source} {entity.name}, window {window}"
    shape = Shape(entity)
    reading = _Reading(client, profile, entity, window, Counted(intake, shape))
    line, is_unsure = 1, False
    for number in range(PASSES):
        if number > 0:
            intake.read_again()
        before = (reading.counted.most, reading.totals.gone)
        for records in reading.pages():
            rows = iter(shape.rows(records))
            while batch := list(itertools.islice(rows, BATCH_RECORDS)):
                writer.add(intake.take(enumerate(batch, line)))
                line += len(batch)
            del records, rows  # else they stay until the next page has come and is decoded
        if number == 0:
            is_unsure = intake.repeated > 0 or client.http.paginator.read_twice
        is_unsure = is_unsure or reading.totals.moved
        if reading.is_whole(before if number else None, is_unsure=is_unsure):
            break
    else:
        if not client.http.paginator.has_total:
            raise ContractViolation(
                f"{where}: each of {PASSES} readings brought records that the one before did not have, so nobody knows whether "
                "it is whole. Nothing of it is used; run again when the source changes less, or ask its owner for a total."
            )
    shape.check(where, profile.source)
    if not client.http.paginator.has_total:
        return None
    _check_counts(where, reading.counted, reading.totals)
    return reading.totals.last


def _check_counts(where: str, counted: Counted, totals: Totals) -> None:
    if counted.most < totals.last:
        raise ContractViolation(
            f"{where}: the pages ended with {counted.words}, but the source counts {totals.last} (last page). Nothing of it is used; run "
            "again, and if it stays, ask the owner of the source."
        )
    if counted.least > totals.last + totals.gone:
        raise ContractViolation(
            f"{where}: the pages gave {counted.words}, more than the {totals.last} that the source counts (last page). Nothing of it is "
            "used; ask the owner of the source."
        )


class _Reading:
    """The readings of one window of one entity."""

    def __init__(self, client: Client, profile: Profile, entity: Entity, window: Window, counted: Counted) -> None:
        self.client, self.entity, self.counted = client, entity, counted
        self.config = client.http.paginator
        self.envelope = envelope_of(client.http, profile.source)
        self.totals = Totals()
        is_numbered = self.config.kind == "page_number"
        always = is_numbered and bool(self.config.from_parameter)
        by_number = self.config.times == "sequence"
        span = number_bounds(entity, window, always=always) if by_number else bounds(self.config, window, profile, always=always)
        if entity.mode == "list" and not is_numbered:
            span = None
        self.requests = Requests(client.http, entity, span)
        told = f"days {span[0]} to {span[1]}" if span is not None and is_numbered else f"window {window}"
        told = f"numbers from {span[0]} on" if span is not None and by_number else told
        self.place = f"{profile.source} {entity.name}, {told}"
        self._pages_seen: set[bytes] = set()

    def is_whole(self, before: tuple[int, int] | None, *, is_unsure: bool) -> bool:
        """Whether no further reading is needed. `before`: how many records were there and gone before this reading; None for the first."""
        if not is_unsure:
            return True
        if self.config.has_total:
            # a record that was read and then removed counts among those that are there, and may stand in for one that was missed
            is_steady = before == (self.counted.most, self.totals.gone)
            enough = self.totals.last + (0 if is_steady else self.totals.gone)
            return self.counted.most >= enough and not (self.config.read_twice and before is None)
        return before is not None and self.counted.most == before[0]

    def pages(self) -> Iterator[list[Any]]:
        """The records of each page, in one reading."""
        self._pages_seen = set()
        if self.config.kind == "single":
            yield self._single()
        elif self.config.kind in ("page_number", "offset"):
            yield from self._counted_pages()
        else:
            yield from self._linked_pages()

    def _ask(self, asked: Asked, where: str) -> tuple[Page, Mapping[str, str]]:
        """The page of an answer, and its headers. Nobody needs its text any more."""
        page, headers = self.client.ask(
            asked, where, lambda body, answer: (self.envelope.page(body, answer.headers, where), answer.headers)
        )
        if page.total is not None:
            self.totals.see(page.total)
        return page, headers

    def _single(self) -> list[Any]:
        page, headers = self._ask(self.requests.page(), self.place)
        if _linked(headers) is not None:
            raise ContractViolation(
                f"{self.place}: the profile says that one answer has everything, but its header Link names a next page. "
                "Correct http.paginator.kind (link_header)."
            )
        return page.records

    def _counted_pages(self) -> Iterator[list[Any]]:
        """Read pages by number or offset. What the source says of the last page is not used; with a total, it is only done when reached."""
        config, size = self.config, self.config.size or 0
        idle = offset = 0
        for number in itertools.count(config.first):
            place = offset if config.kind == "offset" else number
            where = f"{self.place}, {'offset' if config.kind == 'offset' else 'page'} {place}"
            page, _ = self._ask(self.requests.page(place), where)
            if not page.records:
                return
            self._see(page.records, where)
            before = self.counted.intake.fresh
            yield page.records
            length = len(page.records)
            del page  # else it stays until the next one has come and is decoded
            offset += length
            idle = idle + 1 if self.counted.intake.fresh == before else 0
            is_short = length < size
            if config.has_total:
                # a total that is too low would end the reading early, so one more page is looked at where there may be one
                is_end = is_short and config.kind == "page_number"
                if (is_end and self.counted.least >= self.totals.last) or idle >= IDLE_PAGES:
                    return
            elif config.full_pages and is_short:
                return
            elif idle >= IDLE_PAGES:
                raise self._endless(where, idle)

    def _linked_pages(self) -> Iterator[list[Any]]:
        """Follow a cursor, or the address of the next page in the header Link or in the body."""
        config = self.config
        asked, following, shown = self.requests.page(), None, ""
        seen: set[str] = set()
        idle = 0
        for number in itertools.count(1):
            where = f"{self.place}, page {number}{shown}"
            page, headers = self._ask(asked, where)
            if config.kind in ("next_url", "link_header") and not config.has_total:
                self._see(page.records, where)
            before = self.counted.intake.fresh
            yield page.records
            idle = idle + 1 if self.counted.intake.fresh == before else 0
            following = self._following(page, headers, where, number)
            del page  # else it stays until the next one has come and is decoded
            if following is None:
                return
            if config.kind != "cursor":
                following = self.client.same_host(following, where, asked.url)
            if following in seen:
                what = "cursor" if config.kind == "cursor" else "address"
                raise ContractViolation(
                    f"{where}: the next {what}, {_mark(following)}, came before, so the pages run in a circle. Ask the owner of the source."
                )
            if idle >= IDLE_PAGES:
                if config.has_total and self.counted.most >= self.totals.last:
                    return
                raise self._endless(where, idle)
            seen.add(following)
            shown = f", cursor {_mark(following)}" if config.kind == "cursor" else ""
            asked = self.requests.page(following) if config.kind == "cursor" else self.requests.page(url=following)

    def _following(self, page: Page, headers: Mapping[str, str], where: str, number: int) -> str | None:
        """The cursor or the address of the page after `page`; None where it is proved that there is none."""
        config = self.config
        if config.kind == "link_header":
            is_doubtful = "Link" not in headers and number == 1 and config.size is not None and len(page.records) >= config.size
            if is_doubtful and not config.has_total:
                raise ContractViolation(
                    f"{where}: a full page without the header Link, so nobody knows whether more pages follow. Correct http.paginator, or "
                    "name the number of records there (total or total_header)."
                )
            return _linked(headers)
        # a header is absent where there is no next page; a key of the body says null
        is_proved = page.has_next or config.has_total or config.absent_at_end or (config.next_header is not None and number > 1)
        if page.next is None and not is_proved:
            raise self.envelope.no_next(where)
        return page.next

    def _see(self, records: list[Any], where: str) -> None:
        """Note a page of a source. Raises ContractViolation where the same page came before in this reading and no total says why."""
        if not records or self.config.has_total:
            return
        mark = sha256(orjson.dumps(records, option=orjson.OPT_SORT_KEYS)).digest()
        if mark in self._pages_seen:
            raise ContractViolation(
                f"{where}: the page came before in the same form, so the source gives its last page for ever or ignores the parameter "
                f"{self.config.place_parameter or 'of the page'!r}. Nothing of it is used. Look at http.paginator in the profile; if it is "
                "right, ask the owner of the source."
            )
        self._pages_seen.add(mark)

    def _endless(self, where: str, idle: int) -> ContractViolation:
        known = f"{self.counted.most} of {self.totals.last}" if self.config.has_total else str(self.counted.most)
        return ContractViolation(
            f"{where}: {idle} pages in a row brought nothing new, and {known} records are there. "
            "The pages do not end; ask the owner of the source."
        )


def _linked(headers: Mapping[str, str]) -> str | None:
    """The address of the next page in the header Link; None where there is none."""
    links = parse_header_links(headers.get("Link", ""))
    return next((link["url"] for link in links if "next" in link.get("rel", "").lower().split()), None)


def _mark(cursor: str) -> str:
    """The name of a cursor in messages: the first digits of its sha256, because the cursor may contain the key of a record."""
    return f"#{sha256(cursor.encode()).hexdigest()[:8]}"
