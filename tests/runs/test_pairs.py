"""Acts of operators with one another, overlapping and one after the other: the state is the defined one, or the act is refused with words.

The table of docs/reliability.md says which pair is tried where.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cchc.authority import read_authority
from cchc.embedded import backup, backup_files
from cchc.errors import CchcError, NotConfigured
from cchc.indicators.compute import compute
from cchc.period import parse_period
from cchc.pipeline import close as closing
from cchc.pipeline import ingest as pipeline
from cchc.pipeline import withdraw as withdrawing
from cchc.pipeline.authority_folder import begin
from cchc.pipeline.rebuild import rebuild
from cchc.pipeline.refresh import refresh
from cchc.reference import load as loading
from cchc.reference.load import load_reference
from cchc.runs import journal
from cchc.runs.maintenance import remove_old_landing
from cchc.runs.retry import open_retries
from cchc.settings import Settings
from cchc.sources import landing
from cchc.sources.connection import from_environment
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from cchc.warehouse.locks import hold
from tests.runs.erasing import erase
from tests.support.cli import Said, cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.environment import added
from tests.support.warehouse import NewWarehouse, admin, execute, rows_of

CODES = [f"H19.16.21-230605-000{place}" for place in range(1, 10)]
NUMBER = "001085000017"
DOSSIERS = "select dossier_code as code from core.dossier order by 1"
FIRST = "dossiers_20230609.ndjson"
KEYS = "select applicant_key as k from core.dossier order by dossier_code"


@pytest.fixture
def drop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(tmp_path / "drop"))
    return tmp_path / "drop"


@pytest.fixture
def loaded(warehouse: Settings, drop: Path) -> Settings:
    """Two files: one with a dossier of a citizen and one in quarantine, and one with another dossier."""
    dossier_file(drop, "20230609", [dossier(CODES[0], SoGiayToChuHoSo=NUMBER), dossier(CODES[1], TrangThaiHoSo="77")])
    assert cchc("ingest", "one_stop", "--to", "2023-06-20").code == 0
    dossier_file(drop, "20230610", [dossier(CODES[2])])
    assert cchc("ingest", "one_stop", "--to", "2023-06-21").code == 0
    return warehouse


def codes(settings: Settings) -> list[str]:
    """The dossiers that are known."""
    return [row["code"] for row in rows_of(settings, DOSSIERS)]


def active(settings: Settings) -> AbstractContextManager[None]:
    """Commands mean this warehouse."""
    return added({"CCHC_HOME": str(settings.home), "CCHC_WAREHOUSE_URL": str(settings.warehouse_url)})


STEPS: tuple[Callable[[Settings, int], Any], ...] = (pipeline.stage_step, pipeline.validate_step, pipeline.load_step)


@pytest.mark.parametrize("done", range(3))
def test_a_retry_that_is_not_published_brings_back_nothing_that_is_withdrawn(loaded: Settings, done: int) -> None:
    (retry,) = open_retries(loaded)
    for step in STEPS[:done]:
        step(loaded, retry)
    said = cchc("withdraw", "--file", FIRST, "--reason", "a test")
    assert said.code == 0, said.err
    with pytest.raises(CchcError, match="because what it reads again was withdrawn while it was in work; nothing of it is published"):
        STEPS[done](loaded, retry)
    assert codes(loaded) == [CODES[2]]
    assert "nothing to retry" in cchc("quarantine", "retry").out
    assert "retry from quarantine" not in cchc("doctor", "one_stop").out, "nothing has to take its place"


def test_a_retry_is_withdrawn_with_the_load_that_it_read_again(loaded: Settings) -> None:
    assert cchc("quarantine", "retry").code == 0
    said = cchc("withdraw", "--file", FIRST, "--reason", "a test")
    assert said.code == 0, said.err
    assert codes(loaded) == [CODES[2]]
    said = cchc("withdraw", "--file", FIRST, "--reason", "a test")
    assert (said.code, "is withdrawn (load" in said.err) == (2, True)
    said = cchc("quarantine", "retry", "--load", "1")
    assert (said.code, "load 1 was withdrawn: what it brought counts as never delivered" in said.err) == (2, True)


def meanwhile(act: Callable[[], Any], settings: Settings) -> tuple[threading.Thread, list[Any]]:
    """An act in a thread of its own that waits for a lock by now, or is done; and what it returned."""
    done: list[Any] = []
    thread = threading.Thread(target=lambda: done.append(act()))
    thread.start()
    assert wait_until(lambda: bool(rows_of(settings, WAITING)) or not thread.is_alive(), 30, 0.02)
    return thread, done


@pytest.mark.parametrize("act", ["withdraw", pytest.param("reload", marks=pytest.mark.nightly)])
def test_a_retry_that_comes_while_a_withdrawal_publishes_waits(loaded: Settings, act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The withdrawal had given up the retries that it saw; one that opened afterwards published what was withdrawn, under its own load."""
    publish = withdrawing._publish
    threads: list[tuple[threading.Thread, list[Any]]] = []

    def between(*arguments: Any) -> int:
        rows = publish(*arguments)
        threads.append(meanwhile(lambda: open_retries(loaded), loaded))
        assert threads[0][1] == [], "it waits"
        return rows

    monkeypatch.setattr(withdrawing, "_publish", between)
    assert cchc(act, "--file", FIRST, "--reason", "a test").code == 0
    threads[0][0].join(60)
    retried = rows_of(loaded, "select retry_of from ops.load where extract_id = any(:x)", x=threads[0][1][0])
    assert [row["retry_of"] for row in retried] == ([] if act == "withdraw" else [3]), "what was withdrawn is read again by nobody"
    assert codes(loaded) == ([CODES[2]] if act == "withdraw" else [CODES[0], CODES[2]])


def test_a_reload_whose_reading_gave_way_to_a_retry_says_what_to_do(loaded: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before, stage = codes(loaded), pipeline.stage_step
    retried: list[int] = []

    def between(settings: Settings, extract_id: int) -> None:
        stage(settings, extract_id)
        if not retried:
            retried.extend(open_retries(loaded))

    monkeypatch.setattr(pipeline, "stage_step", between)
    said = cchc("reload", "--file", FIRST, "--reason", "a test")
    assert (said.code, "It read again what extract 1 had landed; a retry of the quarantine" in said.err) == (1, True), said.err
    assert "do yours again" in said.err and "cchc ingest" not in said.err, "no ingest asks for it"
    assert (codes(loaded), rows_of(loaded, "select 1 from ops.withdrawal")) == (before, [])


def test_retention_lets_no_retry_open_and_no_backup_name_what_it_removes(
    loaded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files went first: a retry that opened then read from the folder in which the process stood, and a backup told of a loss."""
    for table in ("ops.load", "ops.extract"):
        execute(loaded, f"update {table} set ended_at = ended_at - interval '1 year', started_at = started_at - interval '1 year'")
    remove = landing.Folder.remove
    opened: list[list[int]] = []
    written: list[Path] = []

    def between(folder: landing.Folder, name: str | None = None) -> None:
        opened.append(open_retries(loaded))
        remove(folder, name)
        if not written:
            written.append(backup.write(loaded, tmp_path / "backups"))

    monkeypatch.setattr(landing.Folder, "remove", between)
    assert len(remove_old_landing(loaded, 90)) == 2
    assert opened and not any(opened)
    assert backup.lacking_in(written[0]) == []
    said = cchc("quarantine", "retry", "--load", "1")
    assert (said.code, "load 1 has no landing (it was never landed, or retention removed it)" in said.err) == (2, True), said.err


@pytest.mark.parametrize("done", range(3))
def test_a_failed_run_is_not_taken_up_again_under_another_key(
    loaded: Settings, drop: Path, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow tries a failed task again, but what the run had landed and staged was made with the old key, and is gone."""
    dossier_file(drop, "20230611", [dossier(CODES[3], SoGiayToChuHoSo=NUMBER)])
    run = pipeline.open_extract(loaded, "one_stop")
    pipeline.extract_step(loaded, run, from_environment("one_stop"))
    for step in STEPS[:done]:
        step(loaded, run)
    execute(loaded, "update ops.extract set status = 'failed' where extract_id = :x", x=run)
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    assert cchc("privacy", "rotate").code == 0
    with pytest.raises(CchcError, match="because the privacy key was changed while it was in work; nothing of it is published"):
        STEPS[done](loaded, run)
    assert "gave way because the privacy key was changed, and nothing has taken its place" in cchc("doctor", "one_stop").out
    assert cchc("ingest", "one_stop").code == 0
    assert codes(loaded) == [CODES[0], CODES[2], CODES[3]]


# ------------------------------------------------------------ a warehouse built from landing
@pytest.fixture
def elsewhere(new_warehouse: NewWarehouse, drop: Path, tmp_path: Path) -> Iterator[Settings]:
    """An empty warehouse beside the other one, with the same drop folder and key."""
    variables = {name: os.environ[name] for name in ("AIRFLOW_CONN_SRC_ONE_STOP",)}
    with new_warehouse(tmp_path / "elsewhere") as other, added(variables):
        yield other


def rebuilt(landing: str, *options: str) -> Said:
    """`cchc rebuild` from a landing."""
    return cchc("rebuild", "--landing", landing, *options)


def test_what_another_key_removed_is_not_silently_missing_in_a_rebuild(
    loaded: Settings, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the source is left in landing, so no later run misses it."""
    with active(loaded):
        monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
        assert cchc("privacy", "rotate").code == 0
    said = rebuilt(loaded.landing_url)
    assert (said.code, "extract 2 of one_stop, the newest that was published, is gone from landing" in said.err) == (2, True), said.err
    assert rows_of(elsewhere, "select 1 from ops.extract") == []
    with active(loaded):
        assert cchc("ingest", "one_stop", "--full").code == 0
    said = rebuilt(loaded.landing_url)
    assert (said.code, "extract 2 of one_stop is gone from landing: extract 3 was published after it" in said.err) == (2, True)
    said = rebuilt(loaded.landing_url, "--without", "2")
    assert (said.code, "extract 2 is left out, as asked" in said.err) == (1, True)
    assert codes(elsewhere) == [], "the files of before were not read again"


def test_what_retention_removed_is_not_silently_missing_in_a_rebuild(loaded: Settings, elsewhere: Settings) -> None:
    for table in ("ops.load", "ops.extract"):
        execute(loaded, f"update {table} set ended_at = ended_at - interval '1 year', started_at = started_at - interval '1 year'")
    assert len(remove_old_landing(loaded, 90)) == 2
    said = rebuilt(loaded.landing_url)
    assert (said.code, "extract 2 of one_stop, the newest that was published, is gone from landing" in said.err) == (2, True), said.err


def test_a_rebuilt_warehouse_knows_that_citizens_were_erased(loaded: Settings, elsewhere: Settings) -> None:
    """Else a reload from the drop folder would bring the citizen back without a word."""
    erased = "select reason, by_whom, erased_at, rows_by_table, landing_files from ops.erasure"
    with active(loaded):
        assert erase("--yes", number=NUMBER).code == 0
    assert rebuilt(loaded.landing_url).code == 0
    assert rows_of(elsewhere, erased) == rows_of(loaded, erased) != []
    assert [row["k"] for row in rows_of(elsewhere, KEYS)] == [row["k"] for row in rows_of(loaded, KEYS)]
    remove_old_landing(elsewhere, -1)
    said = cchc("reload", "--file", FIRST, "--reason", "a test")
    assert (said.code, "citizens were erased 1 times" in said.out) == (0, True), said.err


def test_no_run_begins_while_a_warehouse_is_built_from_landing(
    loaded: Settings, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, tried = pipeline.stage_step, []

    def meanwhile(settings: Settings, extract_id: int) -> None:
        tried.extend([cchc("ingest", "one_stop"), cchc("quarantine", "retry")])
        stage(settings, extract_id)

    monkeypatch.setattr(pipeline, "stage_step", meanwhile)
    assert rebuilt(loaded.landing_url).code == 0
    assert len(tried) == 4
    for said in tried:
        assert (said.code, "the warehouse is being built from landing" in said.err) == (2, True), said
    assert codes(elsewhere) == codes(loaded)


def test_a_rebuild_that_is_cut_off_is_told_and_runs_get_numbers_of_their_own(
    loaded: Settings, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(settings: Settings, extract_id: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "validate_step", crash)
        with pytest.raises(KeyboardInterrupt):
            rebuild(elsewhere, loaded.landing_url)
    said = rebuilt(loaded.landing_url)
    assert (said.code, "this warehouse has runs, and nothing is overwritten" in said.err) == (2, True)
    assert cchc("ingest", "one_stop").code == 0
    assert rows_of(elsewhere, "select max(extract_id) as x, max(load_id) as l from ops.load") == [{"x": 3, "l": 4}]


# ------------------------------------------------------------ a backup of before, restored after
@pytest.fixture
def restored(loaded: Settings, postgres_server: postgres.Server, tmp_path: Path) -> Iterator[Callable[[], Said]]:
    """A function that restores the first backup of `loaded` into an empty database of a server; commands mean it until the end."""
    folder = ("--to", str(tmp_path / "backups"))
    assert cchc("backup", *folder).code == 0
    (first,) = (tmp_path / "backups").glob("2*")
    name = f"restored_{first.stat().st_ino}"
    with added({}):

        def restore() -> Said:
            assert cchc("backup", *folder).code == 0
            postgres_server.ensure_databases(name)
            os.environ |= {"CCHC_HOME": str(tmp_path / "restored"), "CCHC_WAREHOUSE_URL": postgres_server.url(name)}
            return cchc("restore", "--from", str(tmp_path / "backups"), "--name", first.name)

        yield restore
        if os.environ["CCHC_HOME"] == str(tmp_path / "restored"):
            engine(Settings.load()).dispose()
            admin(postgres_server, f"drop database {name} with (force)")


def test_what_a_restore_undoes_is_told(loaded: Settings, restored: Callable[[], Said], monkeypatch: pytest.MonkeyPatch) -> None:
    """The citizen, the withdrawn file and the old key do not come back without a word."""
    assert erase("--yes", number=NUMBER).code == 0
    assert cchc("withdraw", "--load", "2", "--reason", "a test").code == 0
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    assert cchc("privacy", "rotate").code == 0
    said = restored()
    assert said.code == 0, said.err
    for act in ("privacy erase: 1 rows", "withdraw: one_stop, loads 2; ", "privacy rotate: "):
        assert act in said.err
    assert "`cchc privacy erase` once more" in said.err and "withdraw it once more" in said.err
    assert "is in no backup here: citizens erased, keys changed" in said.err
    assert "landed under another privacy key than today's" in cchc("doctor", "one_stop").out
    assert codes(Settings.load()) == [CODES[0], CODES[2]], "as it was then"
    assert cchc("privacy", "rotate").code == 0
    assert "another privacy key" not in cchc("doctor", "one_stop").out


def test_an_erasure_that_overlaps_a_backup_is_told_by_its_restore(
    loaded: Settings, restored: Callable[[], Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The moment of the database is before the erasure, the backup is written after it: a clock alone would not tell."""
    copied = backup_files.copy_landing
    said: list[Said] = []

    def meanwhile(*arguments: Any) -> dict[str, str]:
        if not said:
            said.append(erase("--yes", number=NUMBER))
        return copied(*arguments)

    monkeypatch.setattr(backup_files, "copy_landing", meanwhile)
    made = backup.write(loaded, tmp_path / "backups")
    assert said[0].code == 0
    assert "privacy erase: 1 rows" not in "".join(backup.undone_by(made)), "no later backup knows it"
    later = backup.write(loaded, tmp_path / "backups")
    assert "privacy erase: 1 rows" in backup.undone_by(made)[0]
    assert len(backup.undone_by(later)) == 1


# ------------------------------------------------------------ what lies beside a warehouse that was set back
STRANGE = (
    "that the warehouse does not know: ",
    "that the warehouse names: ",
    "are not known to the warehouse: ",
    "that the warehouse names are gone",
    "a citizen was erased",
    "another privacy key",
    "what lies beside the warehouse",
)


def strange() -> list[str]:
    """What `cchc doctor` says of what lies beside the warehouse."""
    lines = [line for line in cchc("doctor", "one_stop").out.splitlines() if line.startswith("WRONG")]
    return [line for line in lines if any(words in line for words in STRANGE)]


def only(*words: str) -> None:
    """Require that `cchc doctor` says one sentence with all these words, and no other one."""
    said = strange()
    assert len(said) == 1, said
    assert not [each for each in words if each not in said[0]], said


def test_doctor_names_each_state_that_warehouse_and_files_do_not_say_alike(loaded: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is planted alone, seen in its own sentence, and taken away again; what is as it should be is not told."""
    home, runs = loaded.home, loaded.home / "landing" / "one_stop"
    assert strange() == []
    for number in range(3, 9):
        shutil.copytree(runs / "00000002", runs / f"0000000{number}")
    only("landing has 6 runs that the warehouse does not know: one_stop/00000003", "one_stop/00000007 and 1 more")
    for number in range(4, 9):
        shutil.rmtree(runs / f"0000000{number}")
    (runs / "00000003" / journal.NAME).unlink()
    assert strange() == [], "a run that was killed before it had a number has no journal, and the maintenance removes it"
    shutil.rmtree(runs / "00000003")

    (runs / "00000001").rename(home / "aside")
    only("landing lacks 1 runs that the warehouse names: one_stop/00000001. They cannot be read again")
    (home / "aside").rename(runs / "00000001")

    edition = home / "publications" / "2023-06" / "1"
    edition.mkdir(parents=True)
    (edition / "report.docx").write_text("a paper")
    assert strange() == [], "papers alone are no complete edition"
    (edition / "manifest.json").write_text("{}")
    only("1 editions lie complete in", "are not known to the warehouse: publications/2023-06/1")
    shutil.rmtree(edition)

    erased = {"reason": "letter 17", "by_whom": "an operator", "erased_at": "2024-01-31T16:40:00+07:00", "rows_by_table": {}}
    (home / "landing" / journal.ERASURES).write_text(json.dumps([erased | {"landing_files": 0}]))
    only("a citizen was erased on 2024-01-31 16:40 (letter 17; by an operator), and this warehouse does not know it")
    (home / "landing" / journal.ERASURES).write_text('[{"reason": "letter 17", "era')
    only("what lies beside the warehouse: ", journal.ERASURES, "cannot be read")
    (home / "landing" / journal.ERASURES).unlink()
    assert erase("--yes", number=NUMBER).code == 0
    assert strange() == [], "an erasure that the warehouse knows"

    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    only("loads up to 2 landed under another privacy key than today's")


def test_a_run_that_failed_and_was_taken_up_again_has_the_journal_of_its_end(loaded: Settings, drop: Path) -> None:
    """The maintenance between wrote that it failed, and a rebuild would have left it out without a word."""
    dossier_file(drop, "20230611", [dossier(CODES[3])])
    run = pipeline.open_extract(loaded, "one_stop")
    pipeline.extract_step(loaded, run, from_environment("one_stop"))
    execute(loaded, "update ops.extract set status = 'failed' where extract_id = :x", x=run)
    assert journal.write(loaded) == 1
    for step in STEPS:
        step(loaded, run)
    told = {each.number: each.is_published for each in journal.read(loaded.landing_url)[0]}
    assert told == {1: True, 2: True, run: True}


# ------------------------------------------------------------ a closing, and what changes the figures
WAITING = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
BESIDE_A_CLOSING: dict[str, Callable[[Settings], Said]] = {
    "withdraw": lambda settings: cchc("withdraw", "--load", "2", "--reason", "a test"),
    "reload": lambda settings: cchc("reload", "--load", "2", "--reason", "a test"),
    "ingest": lambda settings: cchc("ingest", "one_stop", "--to", "2023-07-12"),
    "rewind": lambda settings: cchc("source", "rewind", "one_stop", "2023-07-05", "--why", "a test"),
    "retry": lambda settings: cchc("quarantine", "retry"),
    "init": lambda settings: cchc("init"),
    "rotate": lambda settings: cchc("privacy", "rotate"),
    "erase": lambda settings: erase("--yes", number=NUMBER),
}


FAST = ("withdraw", "ingest", "init", "rotate")
# `cchc init` ends at the view of the findings, which a closing reads before it freezes: there it would wait for that view, whatever else
# holds it. So it comes at the first moment at which it could still change what is published.
PLACES = {"init": "every_tree"}


@pytest.mark.parametrize("act", [each if each in FAST else pytest.param(each, marks=pytest.mark.nightly) for each in BESIDE_A_CLOSING])
def test_what_changes_figures_waits_until_an_edition_is_frozen(
    warehouse: Settings, drop: Path, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the values are those of before and their items those of after, in an edition that nobody can change.

    Or the edition keeps what a rotation or an erasure replaced everywhere else: they do not see what is not committed.
    """
    monkeypatch.delenv("CCHC_PRIVACY_KEY")  # kept in CCHC_HOME, it changes with the rotation alone
    warehouse.make_privacy_key()
    dossier_file(drop, "20230609", [dossier(CODES[0], SoGiayToChuHoSo=NUMBER)])
    assert cchc("ingest", "one_stop", "--to", "2023-07-10").code == 0
    dossier_file(drop, "20230610", [dossier(CODES[1]), dossier(CODES[2], TrangThaiHoSo="77")])
    assert cchc("ingest", "one_stop", "--to", "2023-07-11").code == 0
    dossier_file(drop, "20230611", [dossier(CODES[3])])
    execute(warehouse, "delete from ops.dirty_month where month_start < '2023-06-01'")
    started: list[tuple[threading.Thread, list[Any]]] = []
    place = PLACES.get(act, "freeze_values")
    goes_on = getattr(closing, place)

    def between(*arguments: Any) -> Any:
        started.append(meanwhile(lambda: BESIDE_A_CLOSING[act](warehouse), warehouse))
        assert not started[0][1], "it waits"
        return goes_on(*arguments)

    monkeypatch.setattr(closing, place, between)
    edition = closing.close(warehouse, parse_period("2023-06"), "a tester", incomplete=True)
    started[0][0].join(60)
    (said,) = started[0][1]
    assert said.code == 0, said.err
    assert edition.values > 0
    assert "2023-06 edition 1: every figure follows from its rows" in closing.write_bundles(warehouse, parse_period("2023-06"))
    assert strange() == []
    shutil.rmtree(warehouse.home / "publications" / "2023-06")  # an edition is here: what doctor says without it costs no further one
    only("1 editions that the warehouse names are gone from", "publications/2023-06/1")


def test_a_restatement_whose_cause_is_withdrawn_is_not_approved(warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever decides on it while the withdrawal comes is asked to do it again, and then nothing is left to publish."""
    dossier_file(drop, "20230609", [dossier(CODES[0])])
    assert cchc("ingest", "one_stop", "--to", "2023-07-10").code == 0
    execute(warehouse, "delete from ops.dirty_month where month_start <> '2023-06-01'")
    period = parse_period("2023-06")
    closing.close(warehouse, period, "a tester", incomplete=True)
    dossier_file(drop, "20230610", [dossier(CODES[1])])
    assert cchc("ingest", "one_stop", "--to", "2023-07-11").code == 0
    execute(warehouse, "delete from ops.dirty_month where month_start <> '2023-06-01'")
    refresh(warehouse)
    states = "select distinct state from mart.restatement"
    assert rows_of(warehouse, states) == [{"state": "open"}]
    withdrawn: list[Said] = []

    def between(*arguments: Any) -> Any:
        done = refresh(*arguments)
        if not withdrawn:
            withdrawn.append(cchc("withdraw", "--load", "2", "--reason", "a test"))
        return done

    monkeypatch.setattr(closing, "refresh", between)
    with pytest.raises(CchcError, match="a load has just touched it; run `cchc close 2023-06` again"):
        closing.close(warehouse, period, "a tester", incomplete=True)
    assert withdrawn[0].code == 0
    with pytest.raises(CchcError, match="nothing that is known now differs from it"):
        closing.close(warehouse, period, "a tester", incomplete=True)
    assert rows_of(warehouse, states) == [{"state": "withdrawn"}]
    assert rows_of(warehouse, "select max(edition) as n from mart.publication") == [{"n": 1}]


# ------------------------------------------------------------ two inits at once
def test_an_init_that_waits_for_another_reads_every_file_afterwards(
    warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read the profiles before, and stored those of before beside the plans, units and rules of after."""
    shutil.copytree(warehouse.sources_dir, tmp_path / "sources")
    settings, profile, waits = replace(warehouse, sources_dir=tmp_path / "sources"), tmp_path / "sources" / "survey.yaml", hold

    def between(*arguments: Any) -> None:
        monkeypatch.setattr(loading, "hold", waits)
        text = profile.read_text(encoding="utf-8")
        profile.write_text(text.replace("name_vi: Khảo sát mức độ hài lòng", "name_vi: Khảo sát"), encoding="utf-8")
        load_reference(settings)
        waits(*arguments)

    monkeypatch.setattr(loading, "hold", between)
    load_reference(settings)
    assert rows_of(warehouse, "select name_vi from core.source where source_code = 'survey'") == [{"name_vi": "Khảo sát"}]


def test_an_init_of_another_authority_changes_nothing(loaded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell without CCHC_AUTHORITY is enough for it: every unit was ended, and every plan, by the folder of another authority."""
    begin(tmp_path / "other")
    kept = "select (select count(*) from core.unit) as units, (select max(valid_to) from core.unit_version) as last, root_code from core.authority"
    before = rows_of(loaded, kept)
    monkeypatch.setattr(loading, "authority", lambda: read_authority(tmp_path / "other"))
    with pytest.raises(
        NotConfigured, match=r"this warehouse is that of Huyện Vĩnh Cửu \(H19.16\).*folder of Tỉnh Mẫu \(T99\).*Nothing was loaded"
    ):
        load_reference(replace(loaded, authority_dir=tmp_path / "other", plans_dir=tmp_path / "other" / "plans"))
    assert rows_of(loaded, kept) == before


def test_a_plan_that_changes_while_its_values_are_computed_waits_and_marks_them(
    warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It sees no value that is not committed, so it marked none: what was judged already stayed judged by the plan of before, for ever."""
    dossier_file(drop, "20230609", [dossier(CODES[0])])
    assert cchc("ingest", "one_stop", "--to", "2023-07-10").code == 0
    execute(warehouse, "delete from ops.dirty_month where month_start <> '2023-06-01'")
    shutil.copytree(warehouse.plans_dir, tmp_path / "plans")
    (targets,) = (tmp_path / "plans").glob("plan_53*/targets.csv")
    text = targets.read_text(encoding="utf-8")
    targets.write_text(text.replace("dossier_on_time_rate,all,>=,96", "dossier_on_time_rate,all,>=,97"), encoding="utf-8")
    assert targets.read_text(encoding="utf-8") != text
    started: list[threading.Thread] = []
    done: list[list[str]] = []

    def meanwhile(*arguments: Any, **options: Any) -> list[int]:
        changed = compute(*arguments, **options)
        if not started:
            started.append(threading.Thread(target=lambda: done.append(load_reference(replace(warehouse, plans_dir=tmp_path / "plans")))))
            started[0].start()
            assert wait_until(lambda: bool(rows_of(warehouse, WAITING)) or not started[0].is_alive(), 30, 0.02)
            assert not done, "it waits"
        return changed

    monkeypatch.setattr("cchc.indicators.refresh.compute", meanwhile)
    refresh(warehouse)
    started[0].join(60)
    assert "values of 2023-06 are judged otherwise by the plans as they are now" in "\n".join(done[0])
    assert [f"{row['month_start']}" for row in rows_of(warehouse, "select month_start from ops.dirty_month")] == ["2023-06-01"]


def test_two_restores_into_one_folder_do_not_remove_one_another(
    loaded: Settings, restored: Callable[[], Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    restore_home, second = backup_files.restore_home, []

    def meanwhile(home: Path, source: Path) -> None:
        second.append(cchc("restore", "--from", str(source.parent.parent)))
        restore_home(home, source)

    monkeypatch.setattr(backup_files, "restore_home", meanwhile)
    assert restored().code == 0
    assert (second[0].code, "another restore into" in second[0].err) == (2, True), second[0].err
    assert codes(Settings.load()) == [CODES[0], CODES[2]]
