"""A landing that cannot be written: nothing is published, because a rebuild from landing would not know of it, and whoever runs it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cchc.errors import CchcError
from cchc.period import parse_moment
from cchc.pipeline import ingest as pipeline
from cchc.settings import Settings
from cchc.sources.connection import from_environment
from tests.support.cli import cchc, connect
from tests.support.deliveries import payment, payment_file
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import rows_of


@pytest.fixture
def settings(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """A day of payments is loaded; one payment is in quarantine."""
    connect(monkeypatch, "payments", conn_type="fs", host=str(tmp_path / "drop"))
    payment_file(tmp_path / "drop", "20230605", [payment(), payment(MaGiaoDich="G2", MaDonVi="H99.99.99")])
    assert cchc("ingest", "payments", "--to", "2023-07-01").code == 0
    return warehouse


def in_the_way(folder: Path) -> Iterator[None]:
    """A file stands in the place of a folder, which even root cannot write into."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.write_text("in the way")
    yield
    folder.unlink()
    aside.rename(folder)


def refused(folder: Path) -> Iterator[None]:
    """Nothing may be written anywhere in this folder. Root may write everywhere, so the refusal comes from the call itself."""
    from fsspec.implementations.local import LocalFileSystem

    def refusing(self: object, path: str, *arguments: object, **named: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalFileSystem, "pipe_file", refusing)
        yield


EVERYTHING = ("core", "mart", "ops")
COMMANDS = (
    ("ingest", "payments", "--to", "2023-07-02"),
    ("quarantine", "retry"),
    ("withdraw", "--load", "1", "--reason", "wrong", "--by", "somebody"),
    ("reload", "--load", "1", "--reason", "wrong", "--by", "somebody"),
    ("source", "rewind", "payments", "2023-06-01", "--why", "wrong"),
)


@pytest.mark.parametrize("broken", [in_the_way, refused])
def test_a_command_that_has_nothing_to_land_says_so_too(settings: Settings, broken: Callable[[Path], Iterator[None]]) -> None:
    """The file is known, so nothing would land: a run published all the same, told of its journal in a warning, and ended with 0."""
    before = table_rows(settings, schemas=EVERYTHING)
    with contextmanager(broken)(settings.home / "landing"):
        for command in COMMANDS:
            said = cchc(*command)
            assert said.code == 1, (command, said.out, said.err)
            assert "payments: the landing file://" in said.err and "cannot be written: " in said.err, (command, said.err)
            assert "docs/runbooks/stopped.md" in said.err
    assert differing(before, table_rows(settings, schemas=EVERYTHING)) == {}
    assert cchc(*COMMANDS[0]).code == 0


def test_the_folder_of_one_source_counts(settings: Settings) -> None:
    with contextmanager(in_the_way)(settings.home / "landing" / "payments"):
        said = cchc(*COMMANDS[0])
        assert (said.code, "landing/payments cannot be written: " in said.err) == (1, True), said.err


def test_a_landing_that_breaks_during_a_run_keeps_it_from_being_published(settings: Settings) -> None:
    """In Airflow each step is a task, and may be one of another machine. The task `load` is tried again, and then goes on."""
    extract_id = pipeline.open_extract(settings, "payments", end=parse_moment("2023-07-02"))
    pipeline.extract_step(settings, extract_id, from_environment("payments"))
    pipeline.stage_step(settings, extract_id)
    pipeline.validate_step(settings, extract_id)
    status = "select status from ops.extract where extract_id = :x"
    with contextmanager(refused)(settings.home / "landing"), pytest.raises(CchcError, match="cannot be written: Permission denied"):
        pipeline.load_step(settings, extract_id)
    assert rows_of(settings, status, x=extract_id) == [{"status": "failed"}]
    pipeline.load_step(settings, extract_id)
    assert rows_of(settings, status, x=extract_id) == [{"status": "complete"}]
    assert (settings.home / "landing" / "payments" / f"{extract_id:08d}" / "run.json").exists()


def test_doctor_names_a_landing_that_is_no_folder(settings: Settings) -> None:
    with contextmanager(in_the_way)(settings.home / "landing"):
        said = cchc("doctor")
        assert (said.code, f"landing {settings.home / 'landing'} is no folder" in said.out + said.err) == (1, True), said.out
