"""The clock of a source over HTTP (the Date of its answer), whatever stands there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cchc.sources.connection import Connection
from cchc.sources.http import Answer, Client, retry_after
from tests.sources.conftest import profile

DATES = {
    "Sat, 01 Jul 2023 00:00:00 GMT": datetime(2023, 7, 1, tzinfo=UTC),
    "Sat, 01 Jul 2023 00:00:00 -0000": datetime(2023, 7, 1, tzinfo=UTC),
    "Sat, 01 Jul 2023 07:00:00 +0700": datetime(2023, 7, 1, tzinfo=UTC),
    "Fri, 31 Dec 9999 23:59:59 -2300": None,  # no day of Python in UTC: it ended in a stack trace
    "Mon, 01 Jan 2023 00:00:00 +99999999999": None,
    "yesterday": None,
    "": None,
}


@pytest.mark.parametrize("date", DATES)
def test_a_date_is_read_or_left_out(date: str) -> None:
    login = Connection("one_stop", "http://127.0.0.1:9", login="x", password="x")
    with Client(profile("one_stop"), login) as client:
        client._see_clock(Answer(200, {"Date": date}, b""), "here")
        assert client.clock == DATES[date]


@pytest.mark.parametrize("value", ["nan", "inf", "-5", "1e9", "²", "٣", "Mon, 01 Jan 2023 00:00:00 +99999999999", "x" * 1000])
def test_a_pause_that_is_none_is_the_usual_one(value: str) -> None:
    assert retry_after(value, 0.3) == 0.3
