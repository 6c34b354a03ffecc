"""close_month really runs: a person is asked, or the rule approves; who rejects publishes nothing; what is late or missing is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cchc.cli import main as cli
from cchc.settings import VINH_CUU, Settings
from demo.server import Demo
from tests.dags.conftest import Box
from tests.support.district import CLOCK
from tests.support.smtp import mail_server
from tests.support.warehouse import NewWarehouse, rows_of

TOLERANT = {"missing_units": 99, "absent_sources": 9}
STRICT_ABOUT_UNITS = {"missing_units": 0, "absent_sources": 9}
APPROVE = {"chosen": "Approve", "note": "đã xem"}
REJECT = {"chosen": "Reject"}
PUBLISHED = "select period_start, edition, approval, approved_by, note from mart.publication"


@pytest.fixture(scope="module")
def closable(
    new_warehouse: NewWarehouse, district_sources: Demo, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, dict[str, str]]]:
    """A warehouse that knows the dossiers of 2023, and its variables. Each test closes a period of its own in it."""
    home = tmp_path_factory.mktemp("closable")
    with new_warehouse(home / "home") as settings, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", district_sources.connections()["AIRFLOW_CONN_SRC_ONE_STOP"])
        assert cli.main(["ingest", "one_stop", "--to", CLOCK]) == 0
        yield (
            settings,
            {
                "CCHC_HOME": str(settings.home),
                "CCHC_WAREHOUSE_URL": str(settings.warehouse_url),
                "CCHC_LANDING_URL": settings.landing_url,
                "CCHC_PRIVACY_KEY": settings.privacy_key(),
            },
        )


def reference(folder: Path, approval: str, rule: dict[str, int]) -> Path:
    """A folder of reference data whose closing.yaml says who approves."""
    shutil.copytree(VINH_CUU, folder)
    lines = [f"approval: {approval}", f"rule: {{{', '.join(f'{key}: {value}' for key, value in rule.items())}}}", "wait_hours: 72"]
    (folder / "closing.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def published(settings: Settings, month: str) -> list[tuple[Any, ...]]:
    """The editions of a month: number, kind of approval, who approved, note."""
    return [tuple(row.values())[1:] for row in rows_of(settings, PUBLISHED) if f"{row['period_start']:%Y-%m}" == month]


def test_who_rejects_publishes_nothing(box: Box, closable: tuple[Settings, dict[str, str]], tmp_path: Path) -> None:
    settings, variables = closable
    done = box.close("2023-07", variables, answer=REJECT, reference=reference(tmp_path / "reference", "person", TOLERANT))
    assert done["state"] == "success", done
    assert {task: done["tasks"][task] for task in ("approval", "freeze", "notify")} == {
        "approval": "success",
        "freeze": "skipped",
        "notify": "skipped",
    }
    (asked,) = done["asked"]
    assert asked["subject"] == "Công bố số liệu kỳ 2023-07?"
    assert asked["body"] == done["results"]["findings"]
    assert "**Bảng điểm sẽ công bố**" in asked["body"], "the approver sees what will be frozen"
    assert published(settings, "2023-07") == []


def test_the_rule_approves_and_nobody_is_asked(box: Box, closable: tuple[Settings, dict[str, str]], tmp_path: Path) -> None:
    settings, variables = closable
    done = box.close("2023-08", variables, answer=None, reference=reference(tmp_path / "reference", "rule", TOLERANT))
    assert done["state"] == "success", done
    assert done["tasks"]["approval"] == "skipped"
    assert done["asked"] == []
    assert done["tasks"]["bundle"] == "success"
    assert done["tasks"]["late_lists"] == "skipped", "nobody has switched them on"
    rule = "rule: at most 99 missing units and 9 absent sources"
    assert published(settings, "2023-08") == [(1, "rule", rule, None)]
    assert done["results"]["freeze"].endswith(f"phê duyệt: {rule}")


def test_each_unit_is_sent_its_late_dossiers(box: Box, closable: tuple[Settings, dict[str, str]], tmp_path: Path) -> None:
    settings, variables = closable
    folder = reference(tmp_path / "reference", "rule", TOLERANT)
    (folder / "unit_mail.yaml").write_text("send: true\naddresses: {H19.16.21: [a@example.vn]}\n", encoding="utf-8")
    without = box.close("2023-06", variables, answer=None, reference=folder)
    assert without["tasks"]["late_lists"] == "failed"
    assert "Airflow has no connection cchc_smtp" in without["errors"]["late_lists"]
    assert published(settings, "2023-06"), "the period is published all the same"
    with mail_server() as mailbox:
        smtp = {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": mailbox.port,
            "extra": {"from_email": "so.lieu@example.vn", "security": "none"},
        }
        more = {"AIRFLOW_CONN_CCHC_SMTP": json.dumps(smtp)}
        done = box.close("2023-10", variables | more, answer=None, reference=folder)
        assert done["state"] == "success", done
        assert [line for line in done["results"]["late_lists"] if "sent to a@example.vn" in line]
        assert mailbox.recipients == [["a@example.vn"]]
        (mail,) = mailbox.mails
        assert "Danh sách hồ sơ quá hạn tháng 10 năm 2023" in mail["Subject"]


def test_with_a_late_source_a_person_is_asked_whatever_the_rule(
    box: Box, closable: tuple[Settings, dict[str, str]], tmp_path: Path
) -> None:
    settings, variables = closable  # the source is known up to the second of January
    done = box.close("2024-01", variables, answer=APPROVE, reference=reference(tmp_path / "reference", "rule", TOLERANT))
    assert done["state"] == "success", done
    (asked,) = done["asked"]
    assert "- one_stop: đã trích xuất đến 02/01/2024 00:00\n" in asked["body"]
    assert "- **one_stop chưa đủ số liệu đến hết kỳ**" in asked["body"]
    assert "kỳ này chưa được tính; sẽ tính trước khi công bố" in asked["body"]
    assert done["results"]["freeze"].endswith("kỳ này chưa có số liệu nào được tính"), "the approver has seen none of them"
    assert published(settings, "2024-01") == [(1, "person", "thu", "đã xem")]


def test_with_missing_units_a_person_is_asked(box: Box, closable: tuple[Settings, dict[str, str]], tmp_path: Path) -> None:
    settings, variables = closable
    done = box.close("2023-09", variables, answer=APPROVE, reference=reference(tmp_path / "reference", "rule", STRICT_ABOUT_UNITS))
    assert done["state"] == "success", done
    missing = done["results"]["coverage"]
    assert any(missing.values()), "the small district has units that sent nothing"
    (asked,) = done["asked"]
    for code, units in missing.items():
        assert (f"- chưa có số liệu ({code}): {', '.join(units)}" in asked["body"]) == bool(units)
    assert published(settings, "2023-09") == [(1, "person", "thu", "đã xem")]
