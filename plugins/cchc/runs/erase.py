"""Erasure of a citizen: every hash of an identity number, in the warehouse and in the landing, becomes a value that nobody can link.

The new value is random and kept nowhere else. All hashes of one spelling become the same value, so what was equal stays equal and what
was different stays different: no number changes, not even one that would count persons. What is looked for is the hash itself, in every
column of every table, so a table or a source that has no profile any more is not passed over.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, text

from cchc.errors import CchcError, WrongUse
from cchc.period import now
from cchc.runs import journal
from cchc.runs.rotate import open_publications, require_rest
from cchc.settings import Settings
from cchc.sources.landing_texts import replace_in_landing
from cchc.sources.privacy import clean, key_bytes, keyed, mark_of
from cchc.warehouse import composed, owning
from cchc.warehouse.audit import note
from cchc.warehouse.queries import ask, run_statement

SHORTEST = 6  # characters; a shorter text is no identity number, and might be a word that many records have


@dataclass
class Erased:
    """What an erasure did, or would do: rows by table, files of the landing, and loads whose hashes only another key would find."""

    rows: dict[str, int] = field(default_factory=dict)
    landing_files: int = 0
    other_keys: int = 0  # number of earlier keys under which loads landed: their hashes of this number cannot be known

    @property
    def is_nothing(self) -> bool:
        """Whether no hash of the number was found."""
        return not self.rows and not self.landing_files


def spellings(number: str) -> list[str]:
    """The ways in which a source may have written an identity number: as given, without spaces, and without the zeros at its beginning.

    A worksheet that keeps the number as a number loses those zeros. Raises WrongUse where it is too short for an identity number.
    """
    given = str(clean(number))
    joined = "".join(given.split())
    if len(joined) < SHORTEST:
        raise WrongUse(f"that is no identity number: it has fewer than {SHORTEST} characters. Nothing was changed")
    return [each for each in dict.fromkeys((given, joined, joined.lstrip("0"))) if len(each) >= SHORTEST]


def erase(settings: Settings, number: str, reason: str, by: str, *, is_search: bool = False) -> Erased:
    """Replace every hash of an identity number, and note who did it, when, why and in how many rows, without the number and its hash.

    Arguments: `number`, as the source writes it; `reason` and `by`, which are kept in ops.erasure; `is_search`: only count. The warehouse
    is changed in one transaction; the landing is rewritten before its end, so after a crash the same call does the rest.

    Raises WrongUse while a run goes on, where `reason` is empty or has the number in it, and where no hash of the number is stored;
    CchcError where a hash would stay.
    """
    words = spellings(number)
    _require_reason(reason, words)
    key = key_bytes(settings.privacy_key())
    others = {keyed(word, key): secrets.token_hex(16) for word in words}
    landing_texts = {old.encode(): new.encode() for old, new in others.items()}
    with owning(settings) as connection:
        require_rest(connection)
        known = {row["privacy_key"] for row in ask(connection, "runs/privacy_key")} - {mark_of(key)}
        done = Erased(other_keys=len(known))
        tables = {row["table_name"]: row for row in ask(connection, "runs/text_column")}
        done.rows = _found(connection, tables, others)
        found = replace_in_landing(settings.landing_url, landing_texts, is_search=True)
        done.landing_files = sum(each.files for each in found)
        if done.is_nothing:
            raise WrongUse(_nothing(done))
        if is_search:
            return done
        open_publications(connection)
        _replace(connection, {table: tables[table] for table in done.rows}, others)
        counts = orjson.dumps(done.rows).decode()
        note(connection, "erasure", "privacy erase", f"{sum(done.rows.values())} rows, {done.landing_files} files of the landing", by)
        run_statement(connection, "runs/erasure", reason=reason.strip(), by=by, now=now(), rows=counts, files=done.landing_files)
        for folder in replace_in_landing(settings.landing_url, landing_texts):
            if folder.parts is not None:
                connection.execute(
                    text(
                        "update ops.load set manifest = jsonb_set(manifest, '{parts}', cast(:parts as jsonb)) where landing_path = :place"
                    ),
                    {"parts": orjson.dumps(folder.parts).decode(), "place": folder.place},
                )
        journal.write_erasures(connection, settings)
    return done


def _require_reason(reason: str, words: list[str]) -> None:
    if not reason.strip():
        raise WrongUse("give the reason: it is kept in ops.erasure. Nothing was changed")
    joined = "".join(reason.split())
    if any("".join(word.split()) in joined for word in words):
        raise WrongUse("the reason has the identity number in it, and it is kept: name a letter or a request instead. Nothing was changed")


def _nothing(done: Erased) -> str:
    told = "no hash of this number is stored, neither in the warehouse nor in the landing: give it as the source writes it. "
    if done.other_keys:
        told += "Some loads landed under another privacy key, and what they brought is not found with today's (docs/runbooks/erasure.md). "
    return told + "Nothing was changed"


def _found(connection: Connection, tables: Mapping[str, Any], others: Mapping[str, str]) -> dict[str, int]:
    """The number of rows in which a hash stands, by table, without those in which none does."""
    counts = {}
    for table in tables:
        statement = text(composed.count_with_text(table))
        counts[table] = sum(connection.execute(statement, {"old": old}).scalar_one() for old in others)
    return {table: count for table, count in counts.items() if count}


def _replace(connection: Connection, tables: Mapping[str, dict[str, Any]], others: Mapping[str, str]) -> None:
    """Replace the hashes in these tables. Raises CchcError where one is left, which ends the transaction."""
    secret = secrets.token_hex(32)
    for table, row in tables.items():
        if row["columns"]:
            statement = composed.replace_text(table, row["columns"], has_content_hash=row["has_content_hash"])
            for old, new in others.items():
                binds = {"old": old, "new": new} | ({"secret": secret} if ":secret" in statement else {})
                connection.execute(text(statement), binds)
    left = _found(connection, tables, others)
    if left:
        raise CchcError(
            f"a hash stands in a column of {', '.join(left)} that cannot be rewritten, so nothing was changed. Tell the developers"
        )
