"""A column says what superseded a run; readers use it and never the sentence in `message`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cchc.cli.examine import examine
from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine, query, run_script
from tests.oracle.world import World
from tests.runs.site import Site, Stepwise

NewSite = Callable[..., Site]
MIGRATIONS = PROJECT / "include" / "sql" / "migrations"
ADDED = """
alter table ops.extract drop constraint extract_superseded_ck;
alter table ops.extract drop constraint extract_superseded_by_ck;
alter table ops.extract drop column superseded_by;
"""
SUPERSEDED = "select status, superseded_by, message from ops.extract order by extract_id"
# a comparison of `message` with a text: in SQL where it is no assignment of an update, in Python with == or in
DECIDES = re.compile(
    r"""(?:where|and|or|when|on|\()\s+(?:\w+\.)?message\s*(?:=|<>|!=|like|ilike|~|in\b)\s*\(?['":]|message"\]\s*(?:==|!=)|in\s+row\["message"\]"""
)


def test_a_newer_run(new_site: NewSite, world: World) -> None:
    site, t = new_site(), world.ts[-1]
    site.server.clock = t
    first = Stepwise(site, "one_stop", t)
    first.step()
    site.ingest("one_stop", t)
    first.step()
    assert "gave way to a newer one (extract 2)" in str(first.error)
    assert [tuple(row.values()) for row in site.rows(SUPERSEDED)] == [
        ("superseded", "newer_run", "a newer run of the source was started"),
        ("complete", None, None),
    ]


def test_t_was_set_back(new_site: NewSite, world: World) -> None:
    """A run that was in work then is told why it may not go on: there is no newer run."""
    site, t = new_site(), world.ts[-1]
    site.ingest("one_stop", world.ts[0])
    site.server.clock = t
    late = Stepwise(site, "one_stop", t)
    late.step()
    earlier = world.ts[0] - timedelta(days=1)
    assert site.call("source", "rewind", "one_stop", earlier.isoformat(), "--why", "a clock was wrong").code == 0
    late.step()
    assert "T of the source was set back while it was in work" in str(late.error)
    assert "gave way" not in str(late.error)
    assert site.rows(SUPERSEDED)[-1] == {"status": "superseded", "superseded_by": "rewind", "message": "T of the source was set back"}
    with site.active():
        (told,) = [finding for finding in examine(site.settings, ["one_stop"]) if "extract 2" in finding.text]
    assert "gave way because T of the source was set back, and nothing has taken its place" in told.text


def test_what_is_stored_is_converted(warehouse: Settings) -> None:
    """Rows of before, with the cause as a sentence alone, get it as a value; their sentences stay as they were."""
    rows = [
        ("ingest", "superseded", "a newer extract of the source was started"),
        ("ingest", "superseded", "a newer run of the source was started"),
        ("ingest", "superseded", "T of the source was set back"),
        ("retry", "superseded", "a newer retry of the same extract was started"),
        ("retry", "superseded", "T of the source was set back"),
        ("ingest", "failed", "extract: T of the source was set back"),
        ("ingest", "complete", None),
    ]
    with engine(warehouse).begin() as connection:
        run_script(connection, ADDED)
        for kind, status, message in rows:
            connection.execute(
                text(
                    "insert into ops.extract (source_code, window_to, kind, status, message, started_at) "
                    "values ('one_stop', now(), :kind, :status, :message, now())"
                ),
                {"kind": kind, "status": status, "message": message},
            )
        run_script(connection, (MIGRATIONS / "0023_extract_status.sql").read_text(encoding="utf-8"))
        found = query(connection, "select kind, status, message, superseded_by from ops.extract order by extract_id")
    assert [(row["kind"], row["status"], row["message"]) for row in found] == rows
    assert [row["superseded_by"] for row in found] == ["newer_run", "newer_run", "rewind", "newer_retry", "rewind", None, None]


@pytest.mark.parametrize(
    ("status", "by", "constraint"),
    [
        ("superseded", None, "extract_superseded_ck"),
        ("running", "newer_run", "extract_superseded_ck"),
        ("superseded", "somebody", "extract_superseded_by_ck"),
    ],
)
def test_the_database_holds_it(warehouse: Settings, status: str, by: str | None, constraint: str) -> None:
    insert = text("insert into ops.extract (source_code, window_to, status, superseded_by, started_at) values ('x', now(), :s, :by, now())")
    with pytest.raises(IntegrityError, match=constraint), engine(warehouse).begin() as connection:
        connection.execute(insert, {"s": status, "by": by})


def deciding(folder: Path) -> list[str]:
    """Files under a folder that compare `message` with a text."""
    files = sorted([*folder.rglob("*.sql"), *folder.rglob("*.py")])
    return [path.name for path in files if DECIDES.search(" ".join(path.read_text(encoding="utf-8").split()))]


def test_nothing_is_decided_by_a_sentence(tmp_path: Path) -> None:
    planted = {"a.sql": "select 1 from ops.load as l\nwhere l.message like 'a newer%'", "b.py": 'if row["message"] == "away":\n    pass\n'}
    for name, source in planted.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    assert deciding(tmp_path) == ["a.sql", "b.py"]
    # the two migrations that turned the sentences into values
    assert deciding(PROJECT / "include") == ["0014_coverage.sql", "0023_extract_status.sql"]
    assert deciding(PROJECT / "plugins") + deciding(PROJECT / "dags") == []
