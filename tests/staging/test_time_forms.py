"""Forms of times: each is read as it is meant, and every reader of times agrees with every other, whatever the formats and the texts are."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cchc.sources.time_patterns import Rules, form
from cchc.sources.times import Reading, late_test, month_reader
from cchc.staging import parse

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
RULES = Rules(HERE, pivot=1950)
NAMES = (
    "iso", "yyyyMMddHHmmss", "ddMMyyyyHHmmss", "yyyyMMdd", "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy", "HH:mm dd/MM/yyyy", "MMdd-yyyy", "epoch", "epoch_ms",
    "json_date", "excel_serial", "dd-MMM-yy", "d/M/yyyy H:m", "MMMM d, yyyy", "EEE dd MMM yyyy hh:mm a", "yyyy-MM-dd HH:mm:ss.SSS",
    "yyyy-MM-dd'T'HH:mm:ssXXX", "%d %B %Y", "%Y-%m-%d %H:%M:%S.%f", "'ngày' dd 'tháng' MM 'năm' yyyy", "dd.MM.yy HH:mm", "yyMMddHHmmss", "yyyy/M/d",
)  # fmt: skip


def read(name: str, text: str, rules: Rules = RULES) -> str | None:
    """The local time that a text means in one format."""
    at = Reading((name,), rules).reader()(text)
    return (
        None if at is None else at.astimezone(rules.zone).strftime("%Y-%m-%d %H:%M:%S.%f").removesuffix(".000000").removesuffix(" 00:00:00")
    )


@pytest.mark.parametrize(
    ("name", "text", "local"),
    [
        ("dd-MMM-yy", "05-Jan-23", "2023-01-05"),
        ("dd-MMM-yy", "05-JAN-49", "2049-01-05"),
        ("dd-MMM-yy", "05-sept-50", "1950-09-05"),
        ("dd-MMM-yy", "05-Jän-23", None),
        ("dd-MMM-yy", "05-Au\u017f-23", None),
        ("dd-MMM-yy", "31-Feb-23", None),
        ("d MMMM yyyy", "5  tháng 12 2023", None),
        ("d MMMM yyyy", "5 Tháng  12 2023", "2023-12-05"),
        ("d MMM yyyy", "5 Thg 1 2023", "2023-01-05"),
        ("d MMMM yyyy", "5 tháng mười một 2023", "2023-11-05"),
        ("d MMMM yyyy", "5 tháng mười 2023", "2023-10-05"),
        ("'ngày' d 'tháng' M 'năm' yyyy", "Ngày 5 tháng 1 năm 2023", "2023-01-05"),
        ("d/M/yyyy h:mm a", "5/1/2023 12:07 AM", "2023-01-05 00:07:00"),
        ("d/M/yyyy h:mm a", "5/1/2023 1:07 CH", "2023-01-05 13:07:00"),
        ("d/M/yyyy h:mm a", "5/1/2023 13:07 PM", None),
        ("EEEE, MMMM d, yyyy", "Thursday, January 5, 2023", "2023-01-05"),
        ("%d.%m.%y %H:%M", "05.01.23 08:30", "2023-01-05 08:30:00"),
        ("%Y-%m-%dT%H:%M:%S%z", "2023-01-05T01:30:00+0000", "2023-01-05 08:30:00"),
        ("yyyy-MM-dd HH:mm:ss.SSS", "2023-01-05 08:30:00.250", "2023-01-05 08:30:00.250000"),
        ("epoch", "1672882200", "2023-01-05 08:30:00"),
        ("epoch", "1672882200.5", "2023-01-05 08:30:00.500000"),
        ("epoch", "20230105", None),
        ("epoch_ms", "1672882200250", "2023-01-05 08:30:00.250000"),
        ("epoch_ms", "1672882200", None),
        ("epoch_ms", "0", None),
        ("json_date", "/Date(1672882200000)/", "2023-01-05 08:30:00"),
        ("json_date", "\\/Date(1672882200000+0700)\\/", "2023-01-05 08:30:00"),
        ("json_date", "/Date(-62135596800000)/", None),
        ("excel_serial", "44931", "2023-01-05"),
        ("excel_serial", "44931.3541666667", "2023-01-05 08:30:00"),
        ("excel_serial", "44931.99999999", "2023-01-06"),
        ("excel_serial", "60", None),
        ("excel_serial", "2958466", None),
    ],
)  # fmt: skip
def test_a_form_is_read(name: str, text: str, local: str | None) -> None:
    if name == "json_date" and local is None:
        moments = parse.times(pa.array([text]), (name,), HERE, RULES)
        assert moments.to_pylist() == [datetime(1, 1, 1)]  # the least moment that the warehouse has
        return
    assert read(name, text) == local


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DD/MM/yyyy", "'DD' is no part of a time"),
        ("dd/MM", "no year"),
        ("dd/yyyy", "no month"),
        ("MM/yyyy", "no day"),
        ("dMyyyy", "d and M stand side by side"),
        ("yyyySdd/MM", "stand side by side"),
        ("dd/MM/yyyy dd", "day twice"),
        ("dd/MM/yyyy hh:mm", "go together"),
        ("dd/MM/yyyy HH:mm a", "go together"),
        ("yyyy-MM-ddTHH:mm", "'T' is no part of a time; letters that stand in the text are quoted"),
        ("%d/%m/%Q", "'%Q' is no directive"),
    ],
)
def test_a_pattern_that_nobody_could_read_by_is_refused(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        form(name)


def test_an_offset_that_is_not_meant() -> None:
    local = Rules(HERE, ignores_offset=True)
    for name, text in (("iso", "2023-01-05T08:30:00Z"), ("iso", "2023-01-05T08:30-05:00"), ("yyyy-MM-dd'T'HH:mmX", "2023-01-05T08:30Z")):
        assert read(name, text, local) == "2023-01-05 08:30:00", name
        found = parse.times(pa.array([text]), (name,), HERE, local).to_pylist()
        assert found == [datetime(2023, 1, 5, 1, 30)], name
    assert read("epoch", "1672882200", local) == "2023-01-05 08:30:00", "these are moments in any zone"


formats = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple)
moments = st.datetimes(datetime(1950, 1, 1), datetime(2049, 12, 31)) | st.datetimes(datetime(2023, 6, 29), datetime(2023, 7, 2))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text in one of the forms, or one that is nearly so, or any other."""
    at = draw(moments).replace(microsecond=draw(st.sampled_from([0, 250_000])))
    name = draw(st.sampled_from(NAMES))
    stamp = at.replace(tzinfo=HERE).timestamp()
    made = {
        "epoch": f"{int(stamp)}",
        "epoch_ms": f"{int(stamp * 1000)}",
        "json_date": f"/Date({int(stamp * 1000)})/",
        "yyyy-MM-dd'T'HH:mm:ssXXX": at.strftime("%Y-%m-%dT%H:%M:%S")
        + draw(st.sampled_from(["Z", "+07:00", "-0530", "+24:00", "+07:60", ""])),
        "iso": at.strftime("%Y-%m-%dT%H:%M") + draw(st.sampled_from(["", "Z", ":07", ":07.5Z", "+07"])),
    }
    whole = at.replace(second=0, microsecond=0)
    text = made.get(name) or form(name).write(whole, RULES) or form(name).write(whole.replace(hour=0, minute=0), RULES) or "x"
    if draw(st.booleans()):
        return text
    place = draw(st.integers(0, len(text)))
    return text[:place] + draw(st.sampled_from(["", "0", "9", "-", " ", "x", "\u017f"])) + text[place + draw(st.integers(0, 1)) :]


@settings(max_examples=400, deadline=None)
@given(
    formats,
    st.lists(texts() | st.text(max_size=20), min_size=1, max_size=12),
    st.booleans(),
    st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Amsterdam"]),
)
@example(("ddMMyyyyHHmmss", "yyyyMMddHHmmss"), ["01072023120000"], False, "Asia/Ho_Chi_Minh")  # late, and smaller as a text
@example(("MMdd-yyyy", "iso"), ["0701-2023"], False, "Asia/Ho_Chi_Minh")
def test_all_readers_of_times_agree(names: tuple[str, ...], given_texts: list[str], ignores: bool, zone: str) -> None:
    rules = Rules(ZoneInfo(zone), 1950, ignores)
    reading = Reading(names, rules)
    read_one = reading.reader()
    end = datetime(2023, 7, 1, tzinfo=rules.zone)
    is_late, month_of = late_test(reading, end), month_reader(reading, "2000-01")
    column = parse.times(pa.array(given_texts, type=pa.string()), names, rules.zone, rules).to_pylist()
    for text, value in zip(given_texts, column, strict=True):
        wanted = read_one(text)
        if wanted is None or wanted.year > 1:
            assert (None if value is None else value.replace(tzinfo=UTC)) == (None if wanted is None else wanted.astimezone(UTC)), text
        assert is_late(text) == (wanted is not None and wanted >= end), text
        month = None if wanted is None or wanted.year <= 1900 else f"{wanted.astimezone(rules.zone):%Y-%m}"
        assert month_of(text) == (month if month is not None and month >= "2000-01" else None), text


@settings(max_examples=200, deadline=None)
@given(formats, st.datetimes(datetime(1950, 1, 1), datetime(2049, 12, 31)), st.integers(0, 2))
def test_what_a_cell_is_written_as_is_read_as_it_was_or_told(names: tuple[str, ...], at: datetime, exact: int) -> None:
    at = at.replace(microsecond=0, **({}, {"second": 0}, {"hour": 0, "minute": 0, "second": 0})[exact])  # type: ignore[arg-type]
    reading = Reading(names, RULES)
    text = reading.render(at)
    for name in names:
        found = Reading((name,), RULES).reader()(text)
        if found is not None:
            assert found.replace(tzinfo=None) == at, (text, name)
            return
    assert text == at.isoformat(), "no format has room for it, so it is one that cannot be read"
