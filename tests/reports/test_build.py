"""From the warehouse to the files: what is read, what is written, that the same data give the same bytes."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import text

from cchc.cli import main as cli
from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.forms import form_06a
from cchc.forms.form_06a import total
from cchc.mail import MailServer
from cchc.period import midnight, parse_period
from cchc.reports.build import build, layout_of
from cchc.reports.content import read
from cchc.reports.late_mail import send_late_mails
from cchc.settings import PROJECT, Settings
from cchc.warehouse import asked_binds, engine
from cchc.warehouse.queries import statement
from tests.reports.rows import KNOWN, dossier, insert_row, value
from tests.support.smtp import mail_server
from tests.support.warehouse import NewWarehouse, tamper

DECEMBER = parse_period("2023-12")
DISTRICT_UNIT, COMMUNE_UNIT = "H19.16.6", "H19.16.21"


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with new_warehouse(tmp_path_factory.mktemp("reports")) as made:
        with engine(made).begin() as c:
            insert_row(c, "ops.extract", source_code="one_stop", window_to=KNOWN, status="complete", started_at=KNOWN)
            for unit, level, met in (
                ("all", "all", 90),
                ("level:commune", "commune", 90),
                (COMMUNE_UNIT, "commune", 99),
                (DISTRICT_UNIT, "district", 80),
            ):
                status, gap = ("met", 0) if met >= 96 else ("missed", 96 - met)
                value(c, made.plan, "dossier_on_time_rate", unit, level, met, 100, target=Decimal("0.96"), status=status, gap_count=gap)
                value(c, made.plan, "online_dossier_rate", unit, level, 40, 160)
            value(c, made.plan, "ecertified_copy_count", "all", "all", 1042, None, status="met")
            dossier(c, 1, DISTRICT_UNIT, "2023-12-01", "2023-12-08", "2023-12-11")
            dossier(c, 2, COMMUNE_UNIT, "2023-11-20", "2023-11-30", "2023-12-05", apology_count=1)
            dossier(c, 3, COMMUNE_UNIT, "2023-11-20", "2023-11-24", "2023-11-30")  # late, but in November
            dossier(c, 4, COMMUNE_UNIT, "2023-12-20", "2023-12-22", None)
            dossier(c, 5, COMMUNE_UNIT, "2023-12-20", "2023-12-22", None, paused_since="2023-12-26")
            dossier(c, 6, COMMUNE_UNIT, "2023-12-27", "2024-01-02", None)  # 1 January is a holiday
            dossier(c, 7, DISTRICT_UNIT, "2023-12-27", "2024-01-04", None)
            dossier(c, 8, DISTRICT_UNIT, "2023-12-27", "2024-01-05", None)  # the fourth working day
            dossier(c, 9, DISTRICT_UNIT, "2023-12-27", "2023-12-31", None)
            dossier(c, 10, DISTRICT_UNIT, "2023-12-01", None, "2023-12-04")
            dossier(c, 11, DISTRICT_UNIT, "2023-12-01", "2023-12-04", "2023-12-06", is_counted=False)
        yield made


def test_every_cell_of_the_plan_is_there(settings: Settings) -> None:
    content = read(settings, DECEMBER)
    numbers = list(dict.fromkeys(row.target_no for row in content.plan))
    assert len(numbers) == 47 and len([number for number in numbers if number.startswith("T")]) == 41
    assert [row.section.split(".")[0] for row in content.plan] == sorted(row.section.split(".")[0] for row in content.plan)
    by_number = {row.target_no: row for row in content.plan}
    assert (by_number["T20"].year_value, by_number["T20"].status, by_number["T20"].gap_count) == (Decimal("90.00"), "missed", 6)
    assert (by_number["T17"].scope_code, by_number["T17"].period_value) == ("level:commune", Decimal("25.00"))
    assert by_number["D01"].period_value == 1042
    assert (by_number["T38"].status, by_number["T38"].has_value, by_number["T38"].lead_agency) == ("no_data", False, "Phòng Nội vụ")
    assert [(failure.target.target_no, failure.units) for failure in content.failures] == [("T20", ["Phòng Tài nguyên và Môi trường"])]


def test_a_unit_reads_its_own(settings: Settings) -> None:
    content = read(settings, DECEMBER, COMMUNE_UNIT)
    assert {row.level for row in content.plan} == {"all", "commune"} and {row.scope_code for row in content.plan} == {COMMUNE_UNIT}
    assert next(row for row in content.plan if row.target_no == "T20").status == "met"
    rows: list[Any] = [*content.late, *content.due, *content.units]
    assert {row.unit_code for row in rows} == {COMMUNE_UNIT}
    assert content.months[0].received == 160


def test_late_dossiers(settings: Settings) -> None:
    found = [
        (row.dossier_code[-1], row.state, row.days_late, row.working_days_late, row.apology_count) for row in read(settings, DECEMBER).late
    ]
    assert found == [("1", "resolved", 3, 1, 0), ("4", "open", 9, 5, 0), ("2", "resolved", 5, 3, 1), ("5", "paused", 4, 2, 0)]
    assert read(settings, DECEMBER).late[0].procedure_name == "Thủ tục thứ nhất"


def test_late_dossiers_are_found_once_by_their_month(settings: Settings) -> None:
    """Not all late ones of the history, and not once for each stretch of days of each unit."""
    asked = statement("reports/late_dossier")
    binds = {
        "kind": "month", "start": date(2023, 12, 1), "last_day": date(2023, 12, 31), "end_at": midnight(date(2024, 1, 1)),
        "as_published": False, "root": "H19.16", "unit": None,
    }  # fmt: skip
    with engine(settings).connect() as connection:
        for setting in ("enable_seqscan", "enable_bitmapscan"):
            connection.execute(text(f"set local {setting} = off"))
        plan = "\n".join(connection.execute(text(f"explain {asked}"), asked_binds(asked, binds)).scalars())
        connection.rollback()
    assert "CTE late" in plan
    assert re.search(r"using dossier_late_ix .*\n\s+Index Cond:", plan), plan


def test_due_within_three_working_days(settings: Settings) -> None:
    found = [(row.dossier_code[-1], row.working_days_left) for row in read(settings, DECEMBER).due]
    assert found == [("9", 0), ("6", 1), ("7", 3)]


def test_the_form_keeps_its_identities(settings: Settings) -> None:
    content = read(settings, DECEMBER, each_unit=True)
    form = content.form_total
    assert (
        form.received_count
        == form.received_online_count + form.received_otherwise_count + form.carried_over_count
        == form.finished_count + form.open_count
        == 9
    )
    assert form.open_count == form.open_in_time_count + form.open_past_due_count == 6
    assert [unit.unit_code for unit, _rows in content.unit_forms] == [DISTRICT_UNIT, COMMUNE_UNIT]
    assert sum(total(rows).received_count for _unit, rows in content.unit_forms) == 9


def test_the_form_is_read_by_the_names_of_its_columns(settings: Settings) -> None:
    names = list(form_06a.Row.__dataclass_fields__)
    swapped = ", ".join(f"{name} {'bigint' if name.endswith('_count') else 'text'}" for name in reversed(names))
    with engine(settings).connect() as connection:  # rolled back at the end
        before = form_06a.rows(connection, DECEMBER)
        connection.execute(text("create temp table form_before as select * from mart.form_06a('month', '2023-12-01', 'all')"))
        connection.execute(text("alter function mart.form_06a rename to form_06a_before"))
        connection.execute(
            text(
                f"create function mart.form_06a(period_kind text, period_start date, scope text) returns table ({swapped}) language sql as "
                f"'select {', '.join(reversed(names))} from form_before'"
            )
        )
        assert form_06a.rows(connection, DECEMBER) == before != ()


def test_what_does_not_exist_is_an_error(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(CchcError, match="2023-11 is not computed"):
        build(settings, parse_period("2023-11"), tmp_path)
    with pytest.raises(WrongUse, match=r"'H19.16.99' is no unit"):
        build(settings, DECEMBER, tmp_path, "H19.16.99")
    with pytest.raises(WrongUse, match=r"no report 06b; did you mean '06a'\?; known are 06a"):
        build(settings, DECEMBER, tmp_path, kinds=["06b"])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(CchcError, match="cannot be written into"):
        build(settings, DECEMBER, tmp_path / "file", kinds=["due"])


def test_a_published_period_keeps_its_layout(settings: Settings, tmp_path: Path) -> None:
    assert layout_of(settings, DECEMBER).folder.name == "v2023-01-01"
    edition = {
        "plan_code": settings.plan, "period_kind": "month", "period_start": "2023-12-01", "period_end": "2024-01-01", "edition": 1,
        "source_clocks": "{}", "definitions": "{}", "missing": "{}", "findings": "{}", "approval": "person", "approved_by": "a tester",
        "published_at": KNOWN, "layout": "v2022-01-01",
    }  # fmt: skip
    try:
        with engine(settings).begin() as c:
            insert_row(c, "mart.publication", **edition)
        assert layout_of(settings, DECEMBER).folder.name == "v2022-01-01"
        (path,) = build(settings, DECEMBER, tmp_path, kinds=["report"])
        assert "TÓM TẮT" not in [paragraph.text for paragraph in Document(str(path)).paragraphs]
        tamper(settings, "update mart.publication set layout = 'v2021-01-01'")
        with pytest.raises(NotConfigured, match="edition 1 of 2023-12 was published with the layout v2021-01-01, which .* lacks"):
            build(settings, DECEMBER, tmp_path)
        tamper(settings, "update mart.publication set layout = null")  # an edition without papers binds nothing
        assert layout_of(settings, DECEMBER).folder.name == "v2023-01-01"
    finally:
        tamper(settings, "delete from mart.publication")


def test_the_same_data_give_the_same_bytes(settings: Settings, tmp_path: Path) -> None:
    made = build(settings, DECEMBER, tmp_path / "one")
    assert [path.name for path in made] == [
        "bieu_II.06a_2023-12.xlsx", "phu_luc_ke_hoach_2023-12.xlsx", "phu_luc_ke_hoach_2023-12.html", "bao_cao_cchc_2023-12.docx",
        "ho_so_qua_han_2023-12.xlsx", "ho_so_qua_han_2023-12.html", "ho_so_sap_den_han_2023-12.xlsx", "ho_so_sap_den_han_2023-12.html",
        "xep_hang_cap_xa_2023-12.xlsx", "xep_hang_cap_xa_2023-12.html", "cong_khai_2023-12.html",
    ]  # fmt: skip
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "America/New_York", "LC_ALL": "C", "MPLCONFIGDIR": str(tmp_path / "mpl")}
    command = [sys.executable, "-m", "cchc.cli", "report", "2023-12", "--output", str(tmp_path / "two")]
    done = subprocess.run(command, cwd=PROJECT / "plugins", env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "two" / path.name) for path in made]
    digests = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / name).iterdir()} for name in ("one", "two")
    ]
    assert digests[0] == digests[1] and len(digests[0]) == len(made)


@pytest.mark.skipif(not shutil.which("soffice"), reason="soffice is missing (libreoffice-calc, libreoffice-writer)")
def test_a_pdf_stands_beside_each_paper(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["report", "2023-12", "--kind", "06a", "--kind", "due", "--output", str(tmp_path)]
    assert cli.main(command) == 0
    out, err = capsys.readouterr()
    assert not [line for line in out.split() if line.endswith(".pdf")] and err == "no PDF is written: CCHC_PDF is off\n"
    monkeypatch.setenv("CCHC_PDF", "on")
    assert cli.main(command) == 0
    out, err = capsys.readouterr()
    assert [Path(line).name for line in out.split()][-2:] == ["bieu_II.06a_2023-12.pdf", "ho_so_sap_den_han_2023-12.pdf"] and err == ""
    assert all(Path(line).is_file() for line in out.split())


def test_the_command(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        cli.main(["report", "2023-12", "--unit", COMMUNE_UNIT, "--kind", "06a", "--kind", "due", "--kind", "ranking", "--each-unit"]) == 0
    )
    folder = settings.home / "reports" / "2023-12"
    assert capsys.readouterr().out.split() == [
        str(folder / f"{name}_2023-12_{COMMUNE_UNIT}{ending}")
        for name, ending in (("bieu_II.06a", ".xlsx"), ("ho_so_sap_den_han", ".xlsx"), ("ho_so_sap_den_han", ".html"))
    ]
    assert cli.main(["report", "2023-10"]) == 1
    assert "not computed" in capsys.readouterr().err
    assert cli.main(["report", "2023-12", "--kind", "rankin"]) == 2
    told = capsys.readouterr().err
    assert "no report rankin; did you mean 'ranking'?; known are 06a, annex, report, late, due, ranking, page" in told


def switched(settings: Settings, folder: Path, text: str) -> Settings:
    """The settings with another unit_mail.yaml."""
    shutil.copytree(settings.authority_dir, folder / "reference")
    (folder / "reference" / "unit_mail.yaml").write_text(text, encoding="utf-8")
    return replace(settings, authority_dir=folder / "reference")


def test_each_unit_gets_its_own_late_dossiers(settings: Settings, tmp_path: Path) -> None:
    own = switched(
        settings, tmp_path, f"send: true\naddresses:\n  {COMMUNE_UNIT}: [a@example.vn, b@example.vn]\n  H19.16.22: [c@example.vn]\n"
    )
    with mail_server() as box:
        server = MailServer("127.0.0.1", box.port, "so.lieu@example.vn", security="none")
        lines = send_late_mails(own, DECEMBER, server)
        assert lines == [
            "H19.16.6 Phòng Tài nguyên và Môi trường: 1 late, not sent: unit_mail.yaml of the authority names no address for it",
            "H19.16.21 Thị trấn Vĩnh An: 3 late, sent to a@example.vn, b@example.vn",
        ]
        (mail,) = box.mails
        assert box.recipients == [["a@example.vn", "b@example.vn"]]
        assert mail["Subject"] == "Danh sách hồ sơ quá hạn tháng 12 năm 2023 – Thị trấn Vĩnh An: 3 hồ sơ"
        assert (
            "3 hồ sơ thủ tục hành chính quá hạn" in box.texts[0]
            and "2 hồ sơ đang giải quyết và 2 hồ sơ chưa có thư xin lỗi" in box.texts[0]
        )
        (file,) = mail.iter_attachments()
        assert file.get_filename() == f"ho_so_qua_han_2023-12_{COMMUNE_UNIT}.xlsx"
        sheet = load_workbook(io.BytesIO(file.get_content())).worksheets[0]
        codes = [cell.value for cell in sheet["B"] if str(cell.value).startswith("H19.16.")]
        assert codes and all(code.startswith(f"{COMMUNE_UNIT}-") for code in codes) and len(codes) == 3  # no other unit's
        box.refuses = {"a@example.vn", "b@example.vn"}
        with pytest.raises(CchcError, match=r"H19.16.21 Thị trấn Vĩnh An: 3 late: the mail server 127.0.0.1 refused every address"):
            send_late_mails(own, DECEMBER, server)
        assert len(box.mails) == 1


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("send: false\n", WrongUse, "lists of late dossiers are not sent: unit_mail.yaml of the authority says send: false"),
        ("send: true\naddresses:\n  H19.16.299: [a@example.vn]\n", NotConfigured, "no unit H19.16.299"),
        (
            "send: true\naddresses:\n  H19.16.21: [a.example.vn]\n",
            NotConfigured,
            "addresses of H19.16.21: a.example.vn is no e-mail address",
        ),
        ("send: true\naddresses:\n  H19.16.21: []\n", NotConfigured, "addresses of H19.16.21: an empty list is no e-mail address"),
    ],
)
def test_what_is_not_sent_says_why(text: str, kind: type[CchcError], said: str, settings: Settings, tmp_path: Path) -> None:
    server = MailServer("127.0.0.1", 9, "so.lieu@example.vn", security="none")
    with pytest.raises(kind, match=said):
        send_late_mails(switched(settings, tmp_path, text), DECEMBER, server)


def test_the_lists_are_shown_before_they_are_sent(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["late-lists", "2023-12"]) == 0
    out = capsys.readouterr().out
    assert COMMUNE_UNIT in out and "nobody" in out and "nothing was sent; --send does it" in out
    assert cli.main(["late-lists", "2023-12", "--send"]) == 1
    assert "there is no mail server: set AIRFLOW_CONN_CCHC_SMTP" in capsys.readouterr().err
