"""How the command line is put together: which commands there are, what asking for help loads, what init and score print."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from cchc import cli
from cchc.airflow import prepare
from cchc.authority import WANTED
from cchc.cli import main, score
from cchc.errors import NotConfigured
from cchc.pipeline.initialise import initialise
from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.support.cli import cchc
from tests.support.warehouse import rows_of

COMMANDS = [
    "init", "ingest", "refresh", "scorecard", "explain", "export", "close", "publications", "restatements", "report", "late-lists", "bundle", "verify", "quarantine", "source",
    "profile", "plan", "authority", "withdraw", "reload", "declare", "doctor", "drift", "alerts", "sql", "form", "findings", "reconcile", "score", "outlook", "account", "user", "audit",
    "backup", "restore", "rebuild", "privacy", "up", "down", "status", "demo",
    "airflow", "url",
]  # fmt: skip
HEAVY = {
    "airflow",
    "great_expectations",
    "ijson",
    "numpy",
    "openpyxl",
    "pandas",
    "paramiko",
    "psycopg",
    "pyarrow",
    "python_calamine",
    "requests",
    "s3fs",
    "smbclient",
    "sqlalchemy",
    "webdav4",
}
FOLDER = Path(cli.__path__[0])


def test_the_commands_stand_in_their_order() -> None:
    listed = [line.split()[0] for line in cchc("--help").out.splitlines() if line.startswith("    ") and line[4] != " "]
    assert listed == COMMANDS
    for command in COMMANDS:
        said = cchc(command, "--help")
        assert (said.code, said.out.startswith(f"usage: cchc {command} ")) == (0, True)


def test_help_loads_nothing_heavy() -> None:
    program = "import json, sys\nimport cchc.cli.main\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY & set(json.loads(done.stdout)) == set()


def test_every_subject_is_run_and_none_runs_the_others_by_their_command_lines() -> None:
    for path in FOLDER.glob("*.py"):
        imported = {
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for name in (
                [f"{node.module}.{alias.name}" for alias in node.names] + [str(node.module)]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else []
            )
        }
        assert path.stem == "start" or "cchc.cli.main" not in imported, path.name
    registering = {path.stem for path in FOLDER.glob("*.py") if "\ndef register(" in path.read_text(encoding="utf-8")}
    assert {subject.__name__.rpartition(".")[2] for subject in main.SUBJECTS} == registering


def test_what_argparse_refuses_is_said_in_our_words(capsys: pytest.CaptureFixture[str]) -> None:
    said = cchc("scorecard", "2023-13")
    assert said.code == 2
    assert "argument period: " in said.err and "2023-13" in said.err


def test_the_server_prepares_its_warehouse_as_init_does(warehouse: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    def change() -> None:
        """Something that init has to tell, and a month that waits."""
        with engine(warehouse).begin() as connection:
            connection.execute(text("update core.unit_version set name = 'Xã Cũ' where unit_code = 'H19.16.31'"))
            connection.execute(text("delete from ops.dirty_month"))
            connection.execute(
                text(
                    "insert into ops.dirty_month (source_code, month_start, reason, marked_at) values ('one_stop', '2023-05-01', 'T', now())"
                )
            )

    change()
    done = initialise(warehouse)
    assert (done.migrations, done.waiting_months) == ([], ["2023-05"])
    assert done.changes[0].startswith("unit H19.16.31 is spelt 'Xã Mã Đà' (before: 'Xã Cũ')")
    assert done.text.splitlines() == [
        "warehouse ready; migrations applied: none, it was up to date",
        *(f"  {sentence}" for sentence in done.changes),
        "`cchc refresh` computes the months that wait: 2023-05",
    ]
    change()
    assert cchc("init").out == done.text + "\n"
    change()
    assert prepare.prepare_warehouse() == 0
    assert capsys.readouterr().out == done.text + "\n"
    assert cchc("init").out == "warehouse ready; migrations applied: none, it was up to date\n", "nothing to tell, though a month waits"
    assert rows_of(warehouse, "select count(*) as n from ops.dirty_month") == [{"n": 1}]


def test_init_says_once_that_it_made_the_privacy_key(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody who was never told of the key has a copy of it, and a backup without it cannot be used."""
    file = warehouse.home / "secrets" / "privacy_key"
    assert "privacy key" not in cchc("init").out, "the key of the environment is another one's matter"
    assert not file.exists()
    monkeypatch.delenv("CCHC_PRIVACY_KEY")
    said = cchc("init")
    assert said.code == 0, said.err
    (told,) = [line for line in said.out.splitlines() if "privacy key" in line]
    assert told.startswith(f"privacy key made: {file}. ") and "docs/runbooks/privacy_key.md" in told
    assert file.read_text() not in said.out + said.err
    assert (PROJECT / "docs/runbooks/privacy_key.md").is_file()
    assert "privacy key" not in cchc("init").out
    # where a later step fails, the next call finds the key: it is told beside the error
    file.unlink()
    monkeypatch.setenv("CCHC_PLAN", "none")
    assert cchc("init").code != 0
    assert [record.getMessage() for record in caplog.records if record.name.startswith("cchc.")] == [told]
    assert file.exists()


def test_the_terminal_rounds_as_the_papers_do(capsys: pytest.CaptureFixture[str]) -> None:
    part = {
        "group_name_vi": "Nhóm", "name_vi": "Tiến độ", "numerator": 21, "denominator": 32, "ratio": Decimal(21) / 32,
        "points": Decimal("13.125"), "max_points": Decimal(20), "missing_reason": None,
    }  # fmt: skip
    score._print_parts([part, part | {"numerator": None, "ratio": None, "points": None, "missing_reason": "no_source"}])
    lines = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in capsys.readouterr().out.splitlines()[2:]]
    assert lines == [
        ["Nhóm", "Tiến độ", "21/32", "65,63 %", "13,13", "20,00"],
        ["Nhóm", "Tiến độ", "–", "20,00", "chưa có nguồn số liệu"],
        ["Tổng", "13,13", "20,00", "thiếu 1 chỉ số"],
    ]


AUTHORITY = "code: H19.16\nname_vi: x\nzone: {zone}\nowner: x\nscopes: {{all: {{vi: x{english}}}}}\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "authority.yaml: "),
        ("code: H19.16\nname_vi: x\n", f"authority.yaml: it needs {', '.join(WANTED)}, each of them but scopes a text, and nothing else"),
        (AUTHORITY.format(zone="Asia/Ho_Chi_Minh", english=""), "authority.yaml: scopes needs a name in vi and in en for all and for"),
        (
            AUTHORITY.format(zone="Asia/Saigong", english=", en: y"),
            "authority.yaml: zone 'Asia/Saigong' is not a time zone of the IANA list",
        ),
    ],
)
def test_an_authority_that_cannot_be_read_is_one_message(tmp_path: Path, content: str | None, told: str) -> None:
    shutil.copytree(PROJECT / "plugins", tmp_path / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "include" / "authorities" / "vinh_cuu"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "authority.yaml").write_text(content, encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "-m", "cchc.cli", "doctor"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == NotConfigured("x").exit_code
    assert answer.stderr.startswith(f"cchc: NotConfigured: {told}") and "Traceback" not in answer.stderr
