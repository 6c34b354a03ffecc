"""Files of the journal in landing that are damaged, or that are none: each is named, and never a stack trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cchc.errors import CchcError
from cchc.runs import journal
from cchc.settings import Settings

EXTRACT = {"extract_id": 1, "source_code": "one_stop", "status": "complete", "ended_at": "2023-06-20T00:00:00+07:00"}
LOAD = {"load_id": 1, "file_name": None, "entity": "dossiers", "status": "loaded", "landing_path": None}
WHOLE: dict[str, Any] = {"extract": EXTRACT, "loads": [LOAD], "coverage": [], "follows": None}


def landing(folder: Path, said: object, number: str = "00000001") -> str:
    """A landing with one journal."""
    place = folder / "one_stop" / number
    place.mkdir(parents=True)
    (place / journal.NAME).write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")
    return str(folder)


def test_a_whole_journal_is_read(tmp_path: Path) -> None:
    (run,), without = journal.read(landing(tmp_path, WHOLE))
    assert (run.number, run.source, run.is_published, without) == (1, "one_stop", True, [])


@pytest.mark.parametrize(
    "said",
    [
        "",
        '{"extract": {',
        "[]",
        "1",
        {},
        WHOLE | {"extract": None},
        WHOLE | {"extract": {"extract_id": 1}},
        WHOLE | {"loads": None},
        WHOLE | {"loads": [1]},
        WHOLE | {"loads": [{}]},
        WHOLE | {"coverage": 3},
    ],
    ids=lambda said: str(said)[:40] or "nothing",
)
def test_a_journal_of_another_shape_is_named(tmp_path: Path, said: object) -> None:
    with pytest.raises(CchcError, match=r"one_stop/00000001/run\.json cannot be read: .*Put the file of a backup in its place"):
        journal.read(landing(tmp_path, said))


@pytest.mark.parametrize("said", ["[]", "{}", '{"newest"'])
def test_a_note_of_the_newest_run_is_named(tmp_path: Path, said: str) -> None:
    (tmp_path / f"one_stop{journal.NEWEST}").write_text(said, encoding="utf-8")
    with pytest.raises(CchcError, match=rf"one_stop{journal.NEWEST} cannot be read"):
        journal.newest_runs(str(tmp_path))


def test_erasures_that_are_no_list_are_named(tmp_path: Path) -> None:
    (tmp_path / journal.ERASURES).write_text("{}", encoding="utf-8")
    with pytest.raises(CchcError, match="cannot be read"):
        journal.erasures(str(tmp_path))


def test_a_folder_whose_name_is_no_number_is_named(tmp_path: Path) -> None:
    (tmp_path / "one_stop" / "old copy").mkdir(parents=True)
    runs, without = journal.read(str(tmp_path))
    assert (runs, without) == ([], ["one_stop/old copy"])
    (told,) = journal.faults(Settings.load(), runs, without, {}, [])
    assert told.startswith("one_stop/old copy has landed and has no journal")
