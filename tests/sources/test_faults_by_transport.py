"""Each transport and each fault, against real small servers: complete or failed, never less. The table is that of the docs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cchc.settings import PROJECT
from cchc.warehouse import embedded as postgres
from tests.sources.fault_sites import Site, sites

PAGE = PROJECT / "docs" / "guides" / "what_is_read.md"
FAULTS = {
    "is cut off anywhere": "cut",
    "a total that lies": "total_lies",
    "a length that lies": "length_lies",
    "repeats": "repeats",
    "drifts": "drifts",
    "falls silent": "slow",
    "refuses": "refuses",
    "changes while it is read": "changes",
    "wrong encoding": "encoding",
}
CANNOT = "–"


def table() -> dict[tuple[str, str], str]:
    """The outcomes by (transport, fault), as the page has them."""
    section: str = PAGE.read_text(encoding="utf-8").split("## Faults of each transport")[1].split("\n## ")[0]
    first = section.strip().split("\n\n")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in first.splitlines()]
    header, _, *rows = lines
    assert header[1:] == list(FAULTS)
    return {(row[0], fault): outcome for row in rows for fault, outcome in zip(header[1:], row[1:], strict=True)}


TABLE = table()


@pytest.fixture(scope="module")
def running(postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    with sites(postgres_server, tmp_path_factory.mktemp("faults")) as found:
        yield found


def test_the_table_has_every_transport_and_says_why_a_fault_cannot_be(running: dict[str, Site]) -> None:
    assert {transport for transport, _ in TABLE} == set(running)
    assert {(transport, fault) for (transport, fault), outcome in TABLE.items() if outcome == CANNOT} == {
        (transport, fault) for transport, site in running.items() for fault, name in FAULTS.items() if getattr(site, name, None) is None
    }


CELLS = [cell for cell, outcome in TABLE.items() if outcome != CANNOT]


@pytest.mark.parametrize(("transport", "fault"), CELLS, ids=[": ".join(cell) for cell in CELLS])
def test_it_is_complete_or_it_failed(running: dict[str, Site], transport: str, fault: str) -> None:
    site = running[transport]
    site.renew()
    found = getattr(site, FAULTS[fault])() - ({"complete"} if fault == "is cut off anywhere" else set())
    site.renew()
    assert " or ".join(sorted(found)) == TABLE[transport, fault]
    assert site.outcome() == "complete", "the next run brings all"
