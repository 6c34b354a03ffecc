"""Texts to values: strict, whole columns, the same as the cell-by-cell reader of the sources."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cchc.sources.times import reader
from cchc.staging import local_time, parse

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
THERE = ZoneInfo("Europe/Amsterdam")
FORMATS = ("yyyyMMddHHmmss", "iso")
ALL_FORMATS = (*FORMATS, "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy HH:mm", "dd/MM/yyyy")


def moments(texts: list[str | None], formats: tuple[str, ...] = FORMATS, zone: ZoneInfo = HERE) -> list[datetime | None]:
    values = parse.times(pa.array(texts, type=pa.string()), formats, zone).to_pylist()
    return [None if value is None else value.replace(tzinfo=UTC) for value in values]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("20230228235959", datetime(2023, 2, 28, 16, 59, 59, tzinfo=UTC)),
        ("20240229000000", datetime(2024, 2, 28, 17, tzinfo=UTC)),
        ("2023-02-03", datetime(2023, 2, 2, 17, tzinfo=UTC)),
        ("2023-02-03T04:05", datetime(2023, 2, 2, 21, 5, tzinfo=UTC)),
        ("2023-02-03 04:05:06", datetime(2023, 2, 2, 21, 5, 6, tzinfo=UTC)),
        ("2023-02-03T04:05:06.1234567Z", datetime(2023, 2, 3, 4, 5, 6, 123456, tzinfo=UTC)),
        ("2023-02-03T04:05:06+07:00", datetime(2023, 2, 2, 21, 5, 6, tzinfo=UTC)),
        ("2023-02-03T04:05:06-0530", datetime(2023, 2, 3, 9, 35, 6, tzinfo=UTC)),
        ("2023-02-03T04:05Z", datetime(2023, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_a_time_is_read(text: str, utc: datetime) -> None:
    assert moments([text]) == [utc]


@pytest.mark.parametrize(
    "text",
    ["20230231000000", "20230229000000", "20231345990000", "20230228240000", "2023-02-03T24:00:00", "2023-02-03T04:05:60", "2023-2-3", "20230203",
     "2023-02-03T04", "2023-02-03T04:05.5", "2023-02-03Z", "２０２３０２２８２３５９５９", "20230228 35959", "2023-02-03T04:05:06 +07:00",
     "2023-02-03T04:05:06+24:00", "2023-02-03T04:05:06+07:60", "0000-01-01", "0001-01-01", "hôm qua", "31/02/2023", "(malformed)"],
)  # fmt: skip
def test_what_is_no_time_is_unreadable_and_never_rolled_over(text: str) -> None:
    assert moments([text]) == [None]


def test_a_missing_cell_stays_missing_and_the_rest_is_read() -> None:
    assert moments([None, "20230101000000", "x", None]) == [None, datetime(2022, 12, 31, 17, tzinfo=UTC), None, None]
    assert moments([]) == []


def test_hours_that_do_not_exist_or_come_twice() -> None:
    gap, twice, after = moments(["2023-03-26T02:30:00", "2023-10-29T02:30:00", "2023-03-26T03:00:00"], ("iso",), THERE)
    assert (gap, twice, after) == (
        datetime(2023, 3, 26, 1, 30, tzinfo=UTC),
        datetime(2023, 10, 29, 0, 30, tzinfo=UTC),
        datetime(2023, 3, 26, 1, tzinfo=UTC),
    )


def test_a_local_date_is_judged_in_the_zone() -> None:
    texts = pa.array(["2023-03-26T23:30:00Z", "26/03/2023", "2023-03-26", "x", None])
    days = parse.dates(texts, ("iso", "dd/MM/yyyy"), HERE).to_pylist()
    assert days == [date(2023, 3, 27), date(2023, 3, 26), date(2023, 3, 26), None, None]


digits = st.text("0123456789", min_size=14, max_size=14)
numbers = st.tuples(
    st.integers(0, 2100), st.integers(0, 13), st.integers(0, 32), st.integers(0, 25), st.integers(0, 61), st.integers(0, 61)
)
tails = st.sampled_from(["", "Z", "+07:00", "-0530", "+7", ".5", ".123456789", ".5Z", ",25+07:00", "z", " "])


@st.composite
def written(draw: st.DrawFn) -> str:
    year, month, day, hour, minute, second = draw(numbers)
    day_text = f"{year:04d}-{month:02d}-{day:02d}"
    return draw(
        st.sampled_from(
            [
                f"{year:04d}{month:02d}{day:02d}{hour:02d}{minute:02d}{second:02d}",
                day_text,
                f"{day_text}T{hour:02d}:{minute:02d}" + draw(tails),
                f"{day_text}{draw(st.sampled_from(['T', ' ', 't']))}{hour:02d}:{minute:02d}:{second:02d}" + draw(tails),
                f"{day:02d}/{month:02d}/{year:04d} {hour:02d}:{minute:02d}:{second:02d}",
                f"{day:02d}/{month:02d}/{year:04d} {hour:02d}:{minute:02d}",
                f"{day:02d}/{month:02d}/{year:04d}",
            ]
        )
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(written() | digits | st.text(max_size=22), min_size=1, max_size=40), st.sampled_from([HERE, THERE]))
def test_columns_are_read_as_the_sources_read_cells(texts: list[str], zone: ZoneInfo) -> None:
    one_by_one = reader(ALL_FORMATS, zone)
    for text, value in zip(texts, moments(list(texts), ALL_FORMATS, zone), strict=True):
        wanted = one_by_one(text)
        if wanted is not None and wanted.year > 1:
            assert value == wanted.astimezone(UTC), text
        elif wanted is None:
            assert value is None, text


@settings(max_examples=100, deadline=None)
@given(
    # a delivered text does not say which of two equal local times is meant; the earlier one is used (fold=0)
    st.lists(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)).map(lambda wall: wall.replace(fold=0)), min_size=1, max_size=20),
    st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Amsterdam", "America/St_Johns"]),
)
@example([datetime(2023, 3, 26, 2, 30), datetime(2023, 10, 29, 2, 30), datetime(2233, 3, 31, 2)], "Europe/Amsterdam")
def test_zones_agree_with_zoneinfo(walls: list[datetime], name: str) -> None:
    zone = ZoneInfo(name)
    micros = pa.array(walls, type=pa.timestamp("us")).cast(pa.int64()).to_numpy()
    for wall, utc in zip(walls, local_time.to_utc(micros, zone), strict=True):
        offset = wall.replace(tzinfo=zone).utcoffset()
        assert offset is not None
        assert utc == pa.scalar(wall - offset, pa.timestamp("us")).value


def test_integers_are_strict() -> None:
    texts = pa.array(["0", "7", "-3", "07", "+7", "4.0", "", "x", "1.000", None, "99999999999999999999"])
    assert parse.integers(texts, "bigint").to_pylist() == [0, 7, -3, None, None, None, None, None, None, None, None]


def test_integers_keep_to_the_limits_of_their_type() -> None:
    texts = pa.array(["32767", "32768", "-32768", "-32769"])
    assert parse.integers(texts, "smallint").to_pylist() == [32767, None, -32768, None]
    assert parse.integers(pa.array(["2147483647", "2147483648"]), "integer").to_pylist() == [2147483647, None]


def test_amounts_with_dots_for_thousands() -> None:
    texts = pa.array(["50.000", "50000", "1.250.000", "50.00", "5.0000", ".500", "0", "0.000", "50,000", "-50.000"])
    assert parse.integers(texts, "bigint", ".").to_pylist() == [50000, 50000, 1250000, None, None, None, 0, None, None, -50000]


def test_amounts_with_a_fraction_are_rounded_half_up_on_their_digits() -> None:
    texts = ["1500000.00", "0.5", "-0.5", "-0.4", "2.49999999999999999999", "2.5", "-2.5", "3.", ".5", "1,5", "07.0", "9.5", "12"]
    wanted = [1500000, 1, -1, 0, 2, 3, -3, None, None, None, None, 10, 12]
    assert parse.integers(pa.array(texts), "bigint", None, ".").to_pylist() == wanted
    vietnamese = ["1.500.000,50", "1.500.000", "1500000,4", "1.50,4", "50.00", "-1.000,5", "999.999.999.999,9", "1,500.5"]
    assert parse.integers(pa.array(vietnamese), "bigint", ".", ",").to_pylist() == [
        1500001, 1500000, 1500000, None, None, -1001, 1000000000000, None,
    ]  # fmt: skip
    assert parse.integers(pa.array(["32767.4", "32767.5"]), "smallint", None, ".").to_pylist() == [32767, None]
    assert parse.with_fraction(pa.array(["1.0", "1.50", "1", None]), ".").to_pylist() == [False, True, False, None]


@settings(max_examples=200, deadline=None)
@given(st.decimals(-(10**12), 10**12, places=6), st.sampled_from([(None, "."), (".", ","), (",", "."), (" ", ",")]))
def test_amounts_are_rounded_as_exact_decimals_are(amount: Decimal, marks: tuple[str | None, str]) -> None:
    thousands, decimal = marks
    text = f"{amount:,.6f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands or "")
    (value,) = parse.integers(pa.array([text]), "bigint", thousands, decimal).to_pylist()
    assert value == int(amount.quantize(Decimal(1), ROUND_HALF_UP)), text


def test_flags() -> None:
    assert parse.flags(pa.array(["1", "0", "True", "false", "2", "x", None])).to_pylist() == [True, False, True, False, None, None, None]


def test_json_values_become_texts() -> None:
    values = [None, " a ", 1, 2.0, 2.5, True, {"a": 1}, [1], "e\u0301"]
    assert parse.texts(values).to_pylist() == [None, "a", "1", "2", "2.5", "true", "(malformed)", "(malformed)", "é"]


def test_missing_values_and_prefixes() -> None:
    texts = pa.array(["", "0001-01-01T00:00:00", "00010101000000", "0001", "x", None])
    assert parse.without_missing(texts, ("", "0001-01-01*", "00010101*")).to_pylist() == [None, None, None, "0001", "x", None]


def test_twelve_hours_bring_a_time_onto_the_day_of_its_file() -> None:
    formats = ("dd/MM/yyyy HH:mm:ss",)
    texts = ["01/02/2023 12:00:00", "01/02/2023 11:59:59", "02/02/2023 23:00:00", "03/02/2023 11:59:59", "03/02/2023 12:00:00", None]
    days = parse.dates(pa.array(["02/02/2023"] * 6), ("dd/MM/yyyy",), HERE)
    values, moved = parse.shifted_onto(parse.times(pa.array(texts), formats, HERE), days, HERE)
    local = [None if value is None else value.replace(tzinfo=UTC).astimezone(HERE).strftime("%d %H:%M:%S") for value in values.to_pylist()]
    assert local == ["02 00:00:00", "01 11:59:59", "02 23:00:00", "02 23:59:59", "03 12:00:00", None]
    assert moved.to_pylist() == [True, False, False, True, False, False]
