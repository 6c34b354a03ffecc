"""What lies beside the warehouse and is not known to it, and what it names and is not there.

A warehouse that was set back to an earlier moment (a restore, a point in time) does not know what came later: runs in landing, editions,
erasures of citizens, another privacy key. All of them lie beside it, and nothing of the warehouse itself tells that they are missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from cchc.bundle.archive import damages
from cchc.bundle.verify import MANIFEST
from cchc.errors import CchcError, NotConfigured, sentence_of
from cchc.period import to_minute
from cchc.runs import journal
from cchc.settings import Settings
from cchc.sources.landing import Folder
from cchc.sources.privacy import mark_of
from cchc.warehouse.queries import ask

MOST_NAMED = 5
SET_BACK = "The warehouse was set back to an earlier moment, or a rebuild was cut off (docs/runbooks/restore.md)"


def strange(connection: Connection, settings: Settings) -> Iterator[str]:
    """Sentences about what the warehouse and the files beside it do not say alike; none where they agree.

    What cannot be read has a sentence too, and keeps no other check from being made.
    """
    for check in (_landing, _journals, _editions, _erasures, _key):
        try:
            yield from check(connection, settings)
        except NotConfigured:
            continue  # no key of the hashes: another finding says so
        except CchcError as error:
            yield f"what lies beside the warehouse: {error}"
        except OSError as error:
            yield f"what lies beside the warehouse: {sentence_of(error) or error}"


def _landing(connection: Connection, settings: Settings) -> Iterator[str]:
    """Runs that only landing or only the warehouse has."""
    landing = Folder(settings.landing_url)
    there = {f"{source}/{run}" for source in landing.names("directory") for run in landing.child(source).names("directory")}
    known = {row["folder"]: row["is_named"] for row in ask(connection, "doctor/run_folder")}
    later = sorted(folder for folder in there - known.keys() if journal.NAME in landing.child(*folder.split("/")).names("file"))
    if later:
        yield (
            f"landing has {len(later)} runs that the warehouse does not know: {_named(later)}. {SET_BACK}. `cchc ingest` of each source "
            "asks again for what they had brought; move these folders away then, or a rebuild would build from them, too. Withdrawals that "
            "were made since are to be made again"
        )
    gone = sorted(folder for folder, is_named in known.items() if is_named and folder not in there)
    if gone:
        yield (
            f"landing lacks {len(gone)} runs that the warehouse names: {_named(gone)}. They cannot be read again from there. Put the "
            "landing of a backup in its place (docs/runbooks/restore.md)"
        )


def _journals(connection: Connection, settings: Settings) -> Iterator[str]:
    """Runs whose journal is not there or cannot be read, and loads whose folder cannot: a rebuild from landing would end at them."""
    landing = Folder(settings.landing_url)
    journal.newest_runs(landing.url)
    lacking = []
    for source in landing.names("directory"):
        for number in landing.child(source).names("directory"):
            folder = landing.child(source, number)
            try:
                if not journal.is_readable(folder):
                    lacking.append(f"{source}/{number}")
                for load in folder.names("directory"):
                    folder.child(load).names("file")
            except CchcError as error:
                yield str(error)
            except OSError as error:
                yield sentence_of(error) or str(error)
    running = {row["folder"] for row in ask(connection, "doctor/run_folder") if row["is_running"]}
    if lacking := sorted(set(lacking) - running):
        yield (
            f"{len(lacking)} runs in landing have no journal ({journal.NAME}): {_named(lacking)}. A rebuild would not know whether they "
            "were published. Give this account the right to write into landing; then `cchc rebuild --journal` writes those that it knows"
        )


def _editions(connection: Connection, settings: Settings) -> Iterator[str]:
    """Editions that only the folder of publications or only the warehouse has."""
    folder = settings.home / "publications"
    there = {str(path.parent.relative_to(settings.home)) for path in folder.glob(f"*/[0-9]*/{MANIFEST}") if path.parent.name.isdigit()}
    known = {row["path"]: row["manifest_sha256"] for row in ask(connection, "doctor/bundle_folder")}
    if later := sorted(there - known.keys()):
        yield (
            f"{len(later)} editions lie complete in {settings.home} and are not known to the warehouse: {_named(later)}. {SET_BACK}. They "
            "may have been handed out: look at them, move them away, and close the periods again (docs/guides/publication.md)"
        )
    for folder, sha256 in sorted(known.items()):
        if folder in there:
            yield from damages(settings.home / folder, sha256)
    if gone := sorted(known.keys() - there):
        yield (
            f"{len(gone)} editions that the warehouse names are gone from {settings.home}: {_named(gone)}. Put the folder `publications` "
            "of a backup in their place (docs/runbooks/restore.md)"
        )


def _erasures(connection: Connection, settings: Settings) -> Iterator[str]:
    """Citizens who were erased after the moment to which the warehouse was set back."""
    known = {row["erased_at"] for row in ask(connection, "doctor/erasure")}
    for row in journal.erasures(settings.landing_url):
        at = datetime.fromisoformat(row["erased_at"])
        if at not in known:
            yield (
                f"a citizen was erased on {to_minute(at)} ({row['reason']}; by {row['by_whom']}), and this warehouse does not know it: the "
                "hashes may be back. `cchc privacy erase` once more (docs/runbooks/erasure.md)"
            )


def _key(connection: Connection, settings: Settings) -> Iterator[str]:
    """Rows that were hashed with another key than today's."""
    (newest,) = ask(connection, "doctor/other_key", mark=mark_of(settings.privacy_key()))
    if newest["load_id"] is not None:
        yield (
            f"loads up to {newest['load_id']} landed under another privacy key than today's: whoever has that key can test guesses against "
            "their hashes. `cchc privacy rotate` makes them useless (docs/runbooks/privacy_key.md)"
        )


def _named(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
