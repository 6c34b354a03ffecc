"""The views and functions of the warehouse: one file each under include/sql, applied by `cchc init` if the file has changed.

    include/sql/<schema>/views/<name>.sql         create or replace view <schema>.<name> …, then its comments and grants
    include/sql/<schema>/functions/<name>.sql     create or replace function <schema>.<name> …, then its comment and grants

A file is applied together with every file that uses it, each after the files that it uses. Which file uses which follows from the
names in the files. ops.applied_file has the hash of each applied file. This module works inside the transaction of its caller
(cchc.warehouse.migrate).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from cchc.errors import CchcError
from cchc.period import now
from cchc.warehouse.queries import ask, run_statement

_TOKEN = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|\$(\w*)\$.*?\$\1\$|;", re.DOTALL)
_BLANK = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_KINDS = {"views": "view", "functions": "function"}
# errors of PostgreSQL if something cannot be replaced without a drop: dependent_objects_still_exist, feature_not_supported (a column
# that a view uses), invalid_table_definition (columns of a view), invalid_function_definition (arguments or columns of a function),
# ambiguous_function (the former function still exists beside the one with other arguments)
_IN_THE_WAY = {"2BP01", "0A000", "42P16", "42P13", "42725"}


class InTheWay(CchcError):
    """Something cannot be replaced: views and functions have to be dropped first and created again."""


class UsedElsewhere(CchcError):
    """Something that is not part of this product uses a view or function that would have to be dropped."""


class Statement(NamedTuple):
    """One statement of a file: its text, and the line of the file on which it begins (from 1)."""

    line: int
    text: str


@dataclass(frozen=True)
class SqlFile:
    """A view or function, and the text that creates it.

    `kind`: view or function. `path`: the file; None if the pipeline composes the text. `uses`: the names (`schema.name`) of the other
    files' views and functions that the text mentions.
    """

    schema: str
    kind: str
    name: str
    content: str
    path: Path | None = None
    uses: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def key(self) -> str:
        """Its name in ops.applied_file: `core/views/dossier`."""
        return f"{self.schema}/{self.kind}s/{self.name}"

    @property
    def made(self) -> str:
        """The name of the view or function, for example `core.dossier`."""
        return f"{self.schema}.{self.name}"

    @property
    def sha256(self) -> str:
        """Hash of the text."""
        return hashlib.sha256(self.content.encode()).hexdigest()

    @property
    def place(self) -> str:
        """The place of the text, for messages."""
        return str(self.path) if self.path else self.made


def statements(content: str) -> Iterator[Statement]:
    """Yield the statements of a file, each without the comments before it. Semicolons in quotes or comments do not count."""
    begin = 0
    ends = [match.end() for match in _TOKEN.finditer(content) if match.group(0) == ";"]
    for end in [*ends, len(content)]:
        blank = _BLANK.match(content, begin, end)
        start = blank.end() if blank else begin
        if start < end:
            yield Statement(content.count("\n", 0, start) + 1, content[start:end])
        begin = end


def read_files(sql_dir: Path) -> list[SqlFile]:
    """Read every view and function under `sql_dir`. Each comes after those that it uses.

    Raises CchcError if a file creates something other than its path says, does more than that, or if files use each other in a circle.
    """
    paths = [path for folder in _KINDS for path in sql_dir.glob(f"*/{folder}/*.sql")]
    files = [
        SqlFile(path.parts[-3], _KINDS[path.parts[-2]], path.stem, path.read_text(encoding="utf-8"), path)
        for path in sorted(paths, key=lambda path: path.parts[-3:])
    ]
    return list(_read_and_ordered(tuple(files)))


@lru_cache(maxsize=4)
def _read_and_ordered(files: tuple[SqlFile, ...]) -> tuple[SqlFile, ...]:
    """The files as `read_files` gives them. The same texts are read once in a process: each command looks whether they are applied."""
    names = {file.made for file in files}
    return tuple(_ordered([_checked(file, names) for file in files]))


def _checked(file: SqlFile, names: Collection[str]) -> SqlFile:
    """The file with the names that it uses. Raises CchcError if its content is not allowed."""
    first, *others = [*statements(file.content)] or [Statement(1, "")]
    begins = re.compile(rf"create or replace {file.kind} {re.escape(file.made)}(?!\w)")
    if not begins.match(first.text):
        raise CchcError(
            f"{file.place}, line {first.line}: the path says what the file makes: begin with `create or replace {file.kind} {file.made}`"
        )
    for statement in others:
        if not re.match(r"(comment on|grant|revoke)\b", statement.text):
            raise CchcError(
                f"{file.place}, line {statement.line}: only `comment on`, `grant` and `revoke` may follow what the file makes; "
                "a table belongs in a new migration, another view or function in a file of its own"
            )
    mentioned = set(re.findall(r"\b\w+\.\w+\b", _COMMENT.sub(" ", first.text)))
    return SqlFile(file.schema, file.kind, file.name, file.content, file.path, frozenset(mentioned & (set(names) - {file.made})))


def _ordered(files: Sequence[SqlFile]) -> list[SqlFile]:
    """The files, each after those that it uses, otherwise ordered by name. Raises CchcError if they use each other in a circle."""
    by_name = {file.made: file for file in files}
    sorter = TopologicalSorter({file.made: sorted(file.uses) for file in files})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise CchcError(f"the views and functions use each other in a circle: {circle}. Take one of these uses out of its file") from None
    ordered: list[SqlFile] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [by_name[name] for name in ready]
        sorter.done(*ready)
    return ordered


def with_users(files: Sequence[SqlFile], changed: Collection[str]) -> list[SqlFile]:
    """The files (given in their order) whose name is in `changed`, and every file that uses one of them, directly or through others."""
    affected: set[str] = set()
    for file in files:
        if file.made in changed or file.uses & affected:
            affected.add(file.made)
    return [file for file in files if file.made in affected]


def stale(connection: Connection, files: Iterable[SqlFile]) -> list[SqlFile]:
    """The files that `cchc init` has not applied in their present form."""
    recorded = _recorded(connection)
    return [file for file in files if recorded.get(file.key) != file.sha256]


def apply_files(
    connection: Connection,
    files: Sequence[SqlFile],
    dropped: Dropped | None = None,
    *,
    everything: bool = False,
    anew: bool = False,
    composed: Sequence[SqlFile] = (),
) -> list[str]:
    """Create again the views and functions whose files have changed and those that use them; drop those whose file was deleted.

    `files`: all files in their order. `everything`: apply them all, changed or not. `anew`: drop the affected views and functions
    first; otherwise each is replaced. `dropped`: what was already dropped before. `composed`: views that the pipeline composes
    itself; they are created again if they had to be dropped.
    Returns the names of what was created. Raises InTheWay if something cannot be replaced, and CchcError if a file is wrong.
    """
    recorded = _recorded(connection)
    there = _existing(connection, [file.made for file in files])
    removed = [_of_key(key) for key in sorted(set(recorded) - {file.key for file in files})]
    changed = {file.made for file in files if everything or recorded.get(file.key) != file.sha256 or file.made not in there}
    affected = with_users(files, changed)
    if anew and dropped is None and (affected or removed):
        dropped = drop(connection, [*affected, *removed], composed)
    for file in affected:
        run(connection, file)
    if not dropped:
        _drop_statements(connection, removed)
    _refuse_namesakes(connection, [file.made for file in affected if file.kind == "function"])
    if dropped:
        dropped.restore(connection)
    for file in affected:
        connection.execute(
            text(
                "insert into ops.applied_file (name, sha256, applied_at) values (:name, :sha256, :applied_at) "
                "on conflict (name) do update set sha256 = excluded.sha256, applied_at = excluded.applied_at"
            ),
            {"name": file.key, "sha256": file.sha256, "applied_at": now()},
        )
    for file in removed:
        connection.execute(text("delete from ops.applied_file where name = :name"), {"name": file.key})
    return [file.made for file in affected]


def run(connection: Connection, file: SqlFile) -> None:
    """Run the statements of a file. Raises CchcError with file and line, and InTheWay if the existing form cannot be replaced."""
    driver: Any = connection.connection.driver_connection
    for statement in statements(file.content):
        try:
            driver.execute(statement.text)
        except psycopg.Error as error:
            at = int(error.diag.statement_position or 1) - 1
            line = statement.line + statement.text.count("\n", 0, at)
            more = error.diag.message_detail or error.diag.message_hint
            hint = f" ({more})" if more else ""
            raise (InTheWay if error.sqlstate in _IN_THE_WAY else CchcError)(
                f"{file.place}, line {line}: {error.diag.message_primary}{hint}. Nothing was applied, the warehouse is as it was: "
                "correct the file and run `cchc init` again"
            ) from error


def in_the_way(error: Exception) -> bool:
    """Whether an error means that views or functions prevent a change, so that it may succeed after they are dropped."""
    raw = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(error, InTheWay) or (isinstance(raw, psycopg.Error) and raw.sqlstate in _IN_THE_WAY)


@dataclass(frozen=True)
class Dropped:
    """What was dropped: the rights to grant again, and the composed views to create again."""

    rights: tuple[tuple[str, str | None, str], ...]
    composed: tuple[SqlFile, ...]

    def restore(self, connection: Connection) -> None:
        """Create the composed views again, and grant the rights again on everything that still exists (a column may be gone)."""
        for file in self.composed:
            run(connection, file)
        for made, column, statement in self.rights:
            if run_statement(connection, "warehouse/has", made=made, column_name=column).scalar():
                connection.exec_driver_sql(statement.replace("%", "%%"))


def drop_all(connection: Connection, files: Sequence[SqlFile], composed: Sequence[SqlFile] = ()) -> Dropped:
    """Drop every view and function that a file creates or has created, so that the tables that they use can be changed."""
    removed = [_of_key(key) for key in sorted(set(_recorded(connection)) - {file.key for file in files})]
    return drop(connection, [*files, *removed], composed)


def drop(connection: Connection, files: Sequence[SqlFile], composed: Sequence[SqlFile] = ()) -> Dropped:
    """Drop what these files have created, and the composed views that use them.

    Returns what is needed to restore it. If something else in the database uses one of them, UsedElsewhere is raised and nothing
    is dropped, because objects of others are never dropped.
    """
    on_them = [file for file in composed if _existing(connection, [file.made])]
    dropping = [*files, *on_them]
    names = [file.made for file in dropping]
    others = ask(connection, "warehouse/other_user", names=names)
    if others:
        listed = "; ".join(f"{row['other']} uses {row['made']}" for row in others)
        raise UsedElsewhere(
            f"views and functions have to be made anew, and something that is not part of this product uses them: {listed}. "
            "Nothing was changed. Keep its definition, drop it, run `cchc init` again, then make it again"
        )
    rights = ask(connection, "warehouse/right", names=names)
    _drop_statements(connection, dropping)
    return Dropped(tuple((row["name"], row["column_name"], row["statement"]) for row in rights), tuple(on_them))


def _drop_statements(connection: Connection, files: Sequence[SqlFile]) -> None:
    """One statement that drops the views, then one for the functions. PostgreSQL finds the order within each. Cascade is never used."""
    for kind in ("view", "function"):
        names = [file.made for file in files if file.kind == kind]
        signatures = run_statement(connection, f"warehouse/{kind}_signature", names=names).scalars().all()
        if signatures:
            connection.exec_driver_sql(f"drop {kind} {', '.join(signatures)}".replace("%", "%%"))


def _recorded(connection: Connection) -> dict[str, str]:
    return {row.name: row.sha256 for row in connection.execute(text("select name, sha256 from ops.applied_file"))}


def _of_key(key: str) -> SqlFile:
    schema, folder, name = key.split("/")
    return SqlFile(schema, _KINDS[folder], name, "")


def _existing(connection: Connection, names: Sequence[str]) -> set[str]:
    return set(run_statement(connection, "warehouse/existing", names=list(names)).scalars())


def _refuse_namesakes(connection: Connection, names: Sequence[str]) -> None:
    """`create or replace` with other arguments leaves the former function beside the new one: then it must be dropped before."""
    twice = run_statement(connection, "warehouse/namesake", names=list(names)).scalars().all()
    if twice:
        raise InTheWay(f"the arguments of {', '.join(twice)} have changed: the former function has to be dropped")
