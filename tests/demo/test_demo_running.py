"""Determinism, scale, faults, the state folder and the command line."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from demo import __main__, clock, deliveries, drops
from demo.district import District
from demo.state import StateFolder, WrongState
from demo.workdays import add_workdays
from tests.support.district import CLOCK


def test_the_same_seed_gives_the_same_district(district: District) -> None:
    again = District(seed=53, scale=0.01)
    for entity in district.timelines:
        assert again.records(entity, clock.END) == district.records(entity, clock.END)
    schedule = deliveries.schedule()
    assert [deliveries.contents(again.payments, delivery) for delivery in schedule] == [
        deliveries.contents(district.payments, delivery) for delivery in schedule
    ]
    for parcels, items in ((drops.feedback_parcels, "feedback"), (drops.survey_parcels, "survey")):
        one, two = (parcels(getattr(made, items)) for made in (again, district))
        assert [(parcel.at, parcel.name, parcel.make()) for parcel in one] == [(parcel.at, parcel.name, parcel.make()) for parcel in two]
    other = District(seed=54, scale=0.01)
    assert other.records("dossiers", clock.END) != district.records("dossiers", clock.END)


def test_numbers_follow_the_scale() -> None:
    small, large = District(scale=0.01), District(scale=0.05)
    planted = sum(len(keys) for keys in small.planted.values())
    assert 4 < (len(large.dossiers) - planted) / (len(small.dossiers) - planted) < 6.5
    assert len(large.timelines["procedures"].entries) == len(small.timelines["procedures"].entries)


def test_levels_are_those_of_a_real_district() -> None:
    district = District(scale=0.1)
    year = range(clock.moment(2023, 1, 1), clock.moment(2024, 1, 1))
    states = [(dossier, state) for dossier in district.dossiers if (state := district.state(dossier, clock.moment(2024, 1, 2))) is not None]
    received = [dossier for dossier, state in states if state.received in year]
    ended = [state for _dossier, state in states if state.ended in year and state.due and state.outcome == "ket_qua"]
    assert 5_500 < len(received) < 6_700
    assert 0.22 < sum(dossier.channel == 2 for dossier in received) / len(received) < 0.34
    assert 0.15 < sum(dossier.digitised > 0 for dossier in received) / len(received) < 0.27
    assert 0.945 < sum(state.ended // clock.DAY <= state.due // clock.DAY for state in ended) / len(ended) < 0.98
    rows = [
        row for row in district.payment_rows(clock.moment(2024, 1, 2)) if row.day * clock.DAY in year and row.state == "1" and row.amount
    ]
    assert 0.05 < sum(row.method not in ("tien-mat", "mien-phi") for row in rows) / len(rows) < 0.13
    steps = len(district.timelines["dossier_steps"].view(clock.END)) / len(district.timelines["dossiers"].view(clock.END))
    assert 3.5 < steps < 4.8


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        ((2023, 1, 17), 3, (2023, 1, 27)),
        ((2023, 1, 17), 10, (2023, 2, 7)),
        ((2023, 4, 27), 5, (2023, 5, 9)),
        ((2023, 8, 30), 3, (2023, 9, 6)),
    ],
)
def test_working_days_know_the_holidays(received: tuple[int, int, int], days: int, due: tuple[int, int, int]) -> None:
    assert add_workdays(clock.day_number(*received), days) == clock.day_number(*due)


def test_injected_faults_can_be_survived(stormy: Any, district: District) -> None:
    found, totals = stormy.window("dossier_steps", limit=150)
    keys = [record["MaBuoc"] for record in found]
    assert len(keys) > len(set(keys)) == totals[-1]
    assert {401, 429, 503} <= set(stormy.refused)
    truth = {record["MaBuoc"] for record in district.records("dossier_steps", clock.parse_iso(CLOCK))}
    assert set(keys) == truth


def test_with_faults_the_last_page_comes_for_ever(stormy: Any) -> None:
    _status, first = stormy.get("/documents/api/v1/documents", {"size": 100})
    last = first["totalPages"] - 1
    _status, end = stormy.get("/documents/api/v1/documents", {"size": 100, "page": last})
    _status, beyond = stormy.get("/documents/api/v1/documents", {"size": 100, "page": last + 50})
    assert beyond["content"] == end["content"] != []


def test_the_state_folder_keeps_its_secrets_and_its_district(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "s")
    assert state.open(seed=53, scale=0.01) == {"seed": 53, "scale": 0.01}
    path = tmp_path / "s" / "credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = StateFolder(tmp_path / "t")
    other.open(seed=53, scale=0.01)
    assert other.credentials() != state.credentials()
    assert StateFolder(tmp_path / "s").credentials() == state.credentials()
    with pytest.raises(WrongState, match="another --state"):
        state.open(scale=0.5)
    assert state.open(clock="2023-01-01T00:00:00+07:00") == {"seed": 53, "scale": 0.01}
    assert state.now() == CLOCK, "the clock does not run backwards"


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "s")
    assert __main__.main(["advance", "--state", folder, "--days", "1"]) == 2
    assert "serve" in capsys.readouterr().err
    StateFolder(folder).open(seed=53, scale=0.01, clock=CLOCK)
    assert __main__.main(["advance", "--state", folder, "--days", "3"]) == 0
    assert json.loads(capsys.readouterr().out) == {"clock": "2024-01-05T00:00:00+07:00"}
    assert (tmp_path / "s" / "payments" / "giaodich_20240103.csv.gz").exists()
    assert (tmp_path / "s" / "feedback" / "phananh_20231231.csv").exists()
    assert (tmp_path / "s" / "survey" / "khaosat_20231231.csv").exists()
    assert __main__.main(["advance", "--state", folder, "--to", "2024-01-04T00:00:00+07:00"]) == 2
    assert __main__.main(["advance", "--state", folder, "--days", "400"]) == 2
    capsys.readouterr()
    assert __main__.main(["connections", "--state", folder, "--port", "1234"]) == 0
    connections = {name: json.loads(text) for name, text in json.loads(capsys.readouterr().out).items()}
    assert connections["AIRFLOW_CONN_SRC_ONE_STOP"]["host"] == "http://127.0.0.1:1234/one_stop"
    assert set(connections["AIRFLOW_CONN_SRC_ONE_STOP"]) == {"conn_type", "host", "login", "password"}
    assert connections["AIRFLOW_CONN_SRC_DOCUMENTS"]["host"] == "http://127.0.0.1:1234/documents"
    for source in ("payments", "feedback", "survey"):
        assert connections[f"AIRFLOW_CONN_SRC_{source.upper()}"] == {"conn_type": "fs", "host": str(tmp_path / "s" / source)}
    assert len(connections) == 6


def test_a_running_server_follows_the_command_line(moving: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["advance", "--state", str(moving.demo.state.folder), "--days", "2"]) == 0
    capsys.readouterr()
    assert moving.call("GET", "/health")[2]["clock"] == "2024-01-04T00:00:00+07:00"
    assert list(moving.payments.glob("giaodich_20240102*"))
