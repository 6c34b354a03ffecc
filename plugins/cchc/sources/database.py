"""Read the tables of a source from its database: one read-only session, one snapshot for all entities where the engine has snapshots.

A session reads with a cursor of the server, a batch at a time, so memory does not grow with a table. Whatever the database says against it
becomes an error that names the source and the entity; a message never has the login, and never a value of a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from cchc import period
from cchc.errors import ContractViolation, NotConfigured, SourceUnavailable, WrongClock
from cchc.near import or_known
from cchc.sources.connection import DATABASES, Connection, variable
from cchc.sources.database_errors import refusal
from cchc.sources.database_silence import Watch
from cchc.sources.database_values import ValueReader
from cchc.sources.fields import named, new_names
from cchc.sources.landing import Window
from cchc.sources.limits import MIB, Limits
from cchc.sources.needs import check_dated
from cchc.sources.profile import Database, Entity, Profile
from cchc.sources.sequence import first_number, whole
from cchc.sources.unreadable_times import times_or_texts

CONNECT_SECONDS = 10
MYSQL_TIMESTAMP = 7  # the type of MySQL's protocol for a moment; DATETIME, a local time, has 12
SAMPLES = 50  # rows by which the kind of a change column is known
EXTRAS = {"pymysql": "mysql", "pymssql": "sqlserver", "oracledb": "oracle"}
CLOCKS = {
    "postgresql": "select clock_timestamp()",
    "mysql": "select utc_timestamp(6)",
    "mssql": "select sysutcdatetime()",
    "oracle": "select sys_extract_utc(systimestamp) from dual",
}
NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mssql": "SQL Server", "oracle": "Oracle"}


def address(connection: Connection) -> sa.URL:
    """The SQLAlchemy URL of a source's database. Raises NotConfigured if the connection does not name one."""
    parts = urlsplit(connection.host)
    scheme, _, driver = parts.scheme.partition("+")
    default = DATABASES[scheme.lower()]
    try:
        port = parts.port
    except ValueError:
        raise NotConfigured(f"The connection of {connection.source} has a port that is no number.") from None
    options = {name: str(value) for name, value in connection.extra.items() if isinstance(value, (str, int, float))}
    return sa.URL.create(
        f"{default.partition('+')[0]}+{driver}" if driver else default,
        connection.login,
        connection.password,
        parts.hostname,
        port,
        parts.path.strip("/") or None,
        options,
    )


class Session:
    """One read-only session with the database of a source, and one snapshot of it.

    Use it as a context manager. Every method raises NotConfigured, SourceUnavailable or ContractViolation.
    """

    def __init__(self, profile: Profile, connection: Connection, limits: Limits) -> None:
        if profile.database is None:
            raise NotConfigured(
                f"Source {profile.source} has no 'database' in its profile, but its connection is that of a database. Add 'database', or "
                f"give a base URL or a drop folder as host in {variable(profile.source)}."
            )
        self.profile, self.config, self.limits = profile, profile.database, limits
        url = address(connection)
        self.kind = "mysql" if url.get_backend_name() == "mariadb" else url.get_backend_name()
        self.place = url.set(username=None, password=None, query={}).render_as_string()
        self._connection: sa.Connection | None = None
        self._driver: Any = None
        self._types: dict[str, dict[str, Any]] = {}
        self._watch = Watch(self.config.statement_timeout_seconds + CONNECT_SECONDS)
        try:
            self._engine = sa.create_engine(
                url, hide_parameters=True, poolclass=sa.NullPool, connect_args=_connect_arguments(self.kind, self.config)
            )
        except (ModuleNotFoundError, NoSuchModuleError):
            driver = url.get_driver_name()
            wanted = f"cchc[{EXTRAS[driver]}]" if driver in EXTRAS else driver
            raise NotConfigured(
                f"Source {profile.source}: the driver {driver} for {NAMES[self.kind]} is not installed. Install {wanted} beside cchc."
            ) from None
        except SQLAlchemyError as error:
            raise NotConfigured(f"The connection of {profile.source} cannot be used ({type(error).__name__}): check its parts.") from None
        sa.event.listen(self._engine, "do_connect", self._watched)

    def _watched(self, dialect: Any, _: Any, arguments: Any, options: Any) -> Any:
        """A connection of the driver, which is watched from its first statement on."""
        driver = dialect.connect(*arguments, **options)
        self._watch.begin(driver)
        return driver

    def __enter__(self) -> Session:
        with self._told(f"{self.profile.source}: logging in at {self.place}"):
            self._connection = self._opened()
            # SQLAlchemy no longer gives the connection of the driver once it was lost
            self._driver = self._connection.connection.driver_connection
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.end()
        # the session only read, so nothing is lost if it cannot be closed in order, for example because the connection broke
        connection, self._connection = self._connection, None
        # PyMySQL reads the rest of an answer when its cursor goes away, also over a connection that is lost or no longer wanted
        unread, self._driver = getattr(self._driver, "_result", None), None
        if unread is not None:
            unread.unbuffered_active = False
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except Exception:  # noqa: S110  # see above: a driver raises errors of its own here
                pass
        self._engine.dispose()

    def _opened(self) -> sa.Connection:
        seconds = self.config.statement_timeout_seconds
        if self.kind == "postgresql":
            connection = self._engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            _run(connection, f"set local statement_timeout = '{int(seconds * 1000)}ms'", "set local time zone 'UTC'")
        elif self.kind == "mysql":
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            is_mariadb = bool(getattr(self._engine.dialect, "is_mariadb", False))
            limit = f"max_statement_time = {seconds}" if is_mariadb else f"max_execution_time = {int(seconds * 1000)}"
            _run(
                connection,
                "set session time_zone = '+00:00'",
                f"set session {limit}",
                "set session transaction isolation level repeatable read",
                "start transaction with consistent snapshot, read only",
            )
        else:
            connection = self._engine.connect()
            if self.kind == "oracle":
                driver: Any = connection.connection.driver_connection  # `call_timeout` is known to Oracle's driver alone
                driver.call_timeout = int(seconds * 1000)
                _run(connection, "set transaction read only")
        return connection

    @property
    def _session(self) -> sa.Connection:
        assert self._connection is not None  # noqa: S101  # the caller entered the context
        return self._connection

    @contextmanager
    def _told(self, where: str) -> Iterator[None]:
        """Turn what the database or its driver says into an error for people. The error of the driver may hold values, so it is cut off."""
        self._watch.heard()
        try:
            yield
        except (DBAPIError, UnicodeDecodeError) as error:
            if self._watch.fell_silent:
                raise SourceUnavailable(
                    f"{where}: nothing came for {self._watch.seconds:g} seconds (database.statement_timeout_seconds and {CONNECT_SECONDS} "
                    "more), so the connection was given up. Nothing of this extract is used. Check the server and the line; then run again."
                ) from None
            if isinstance(error, UnicodeDecodeError):
                raise ContractViolation(
                    f"{where}: a text is no UTF-8. Nothing of this extract is used. The database keeps bytes as they come (SQL_ASCII): "
                    "have the text corrected, or read a view that converts it (convert_from)."
                ) from None
            raise refusal(where, error, self.config.statement_timeout_seconds, self.profile.source) from None
        except SQLAlchemyError as error:
            raise SourceUnavailable(f"{where}: {type(error).__name__} while it was read. Nothing of it is used; run again.") from None

    def describe(self) -> str:
        """The product and its version, such as `PostgreSQL 18.6`."""
        version = self._engine.dialect.server_version_info or ()
        name = "MariaDB" if getattr(self._engine.dialect, "is_mariadb", False) else NAMES[self.kind]
        return f"{name} {'.'.join(str(part) for part in version if isinstance(part, int))}"

    def clock(self, known_at: datetime) -> datetime:
        """The time of the database. Raises WrongClock if `known_at` is more than CLOCK_TOLERANCE later."""
        with self._told(f"{self.profile.source}: asking for the time"):
            now: datetime = self._session.exec_driver_sql(CLOCKS[self.kind]).scalar_one()
        now = now if now.tzinfo is not None else now.replace(tzinfo=UTC)
        if known_at > now + period.CLOCK_TOLERANCE:
            raise WrongClock(
                f"{self.profile.source}: T = {known_at.isoformat(timespec='seconds')} is later than the database's own clock "
                f"({now.astimezone(known_at.tzinfo).isoformat(timespec='seconds')}). Nothing of it is used, and T stays where it was. "
                "Set the clock of this machine (or of the database) by a time server, or name an earlier T with --to."
            )
        return now

    def header(self, entity: Entity) -> list[str]:
        """The names of the columns of an entity's table, view or SQL file, in their order."""
        with self._told(self._where(entity)):
            result = self._session.execute(no_rows(entity))
            names = [str(name) for name in result.keys()]  # noqa: SIM118  # a result is no mapping: it gives its rows
            described: Any = result.cursor.description if result.cursor is not None else ()
            self._types[entity.name] = {name: column[1] for name, column in zip(names, described, strict=True)}
            result.close()
        return names

    def catalogue(self, table: str) -> tuple[dict[str, Any], list[str]]:
        """The columns of a table or view, each with its type of SQLAlchemy, and the primary key, from the database's own catalogue.

        Raises NotConfigured, which names the nearest one, if there is no such table or view.
        """
        schema, _, name = table.rpartition(".")
        with self._told(f"{self.profile.source}: the catalogue"):
            inspector = sa.inspect(self._session)
            known = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
            if name not in known:
                raise NotConfigured(f"{self.profile.source}: the database has no table or view {table!r}{or_known(name, sorted(known))}.")
            columns = {str(column["name"]): column["type"] for column in inspector.get_columns(name, schema or None)}
            return columns, list(inspector.get_pk_constraint(name, schema or None)["constrained_columns"])

    def tables(self, schema: str) -> list[str]:
        """The names of all tables and views of a schema; an empty one is that of the login."""
        with self._told(f"{self.profile.source}: the catalogue"):
            inspector = sa.inspect(self._session)
            return sorted([*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)])

    def foreign_keys(self, table: str) -> dict[str, str]:
        """The columns of a table that lead to another one, each with the name of that table."""
        schema, _, name = table.rpartition(".")
        with self._told(f"{self.profile.source}: the catalogue"):
            found = sa.inspect(self._session).get_foreign_keys(name, schema or None)
        return {str(key["constrained_columns"][0]): str(key["referred_table"]) for key in found if len(key["constrained_columns"]) == 1}

    def lacking(self, entity: Entity, header: list[str]) -> list[str]:
        """The fields of the profile for which the table has no column, except optional ones."""
        return [name for name in wanted(entity) if name not in header and name not in entity.optional_fields]

    def records(self, entity: Entity, header: list[str], window: Window) -> Iterator[dict[str, Any]]:
        """The records of an entity in a window, each with the fields of the profile alone. Without a change time, or a start, all of them.

        Records without a change time come each time. `header`: what `header` gave.
        """
        names = [name for name in wanted(entity) if name in header]
        relation = _relation(entity, names)
        statement = sa.select(*relation.c).select_from(relation)
        if entity.sequence is not None:
            statement = self._behind(entity, statement, relation.c[entity.sequence.field], window)
        elif entity.changed_at is not None:
            statement = self._in_window(entity, statement, relation.c[entity.changed_at], window)
        first = [relation.c[entity.changed_at]] if entity.rows == "event" and entity.changed_at is not None else []
        yield from self._read(entity, names, statement.order_by(*first, *(relation.c[name] for name in entity.key)))

    def records_of_day(
        self, entity: Entity, header: list[str], field: str, window: Window, *, with_undated: bool
    ) -> Iterator[dict[str, Any]]:
        """The records of an entity whose time, in `field`, lies in a window of one day. `with_undated`: and those without a time."""
        names = [name for name in wanted(entity) if name in header]
        relation = _relation(entity, names)
        statement = self._in_window(
            replace(entity, changed_at=field), sa.select(*relation.c).select_from(relation), relation.c[field], window
        )
        if not with_undated:
            statement = statement.where(relation.c[field].is_not(None))
        yield from self._read(entity, names, statement.order_by(*(relation.c[name] for name in entity.key)))

    def keys(self, entity: Entity, names: list[str]) -> Iterator[dict[str, Any]]:
        """These fields of all records of an entity, whenever they changed."""
        relation = _relation(entity, names)
        yield from self._read(entity, names, sa.select(*relation.c).select_from(relation).order_by(relation.c[entity.key[0]]))

    def _behind(self, entity: Entity, statement: sa.Select[Any], number: Any, window: Window) -> sa.Select[Any]:
        """The statement from the number on that the window says, and with the rows without a number, which are told afterwards."""
        with self._told(self._where(entity)):
            greatest = self._session.execute(sa.select(sa.func.max(number))).scalar()
        if greatest is not None and (isinstance(greatest, (bool, float)) or whole(greatest) is None or isinstance(greatest, str)):
            raise NotConfigured(
                f"{self._where(entity)}: the column {number.name} is a {type(greatest).__name__} in the database, and 'sequence' needs a "
                "whole number. Name another column, or cast it in a view or an SQL file ('query')."
            )
        first = first_number(entity, window)
        return statement if first is None else statement.where(sa.or_(number.is_(None), number >= first))

    def _in_window(self, entity: Entity, statement: sa.Select[Any], changed: Any, window: Window) -> sa.Select[Any]:
        """The statement with the half-open window on its change column, whose kind the database is asked for first.

        A T that is the moment of the run sets no end: what changed after it is counted as late, and the next extract brings it.
        """
        if window.start is None and window.is_by_clock:
            return statement
        with self._told(self._where(entity)):
            some = sa.select(changed).where(changed.is_not(None)).limit(SAMPLES)
            samples = self._session.execute(some).scalars().all()
        # a time that Python has no value for is a text
        sample = next((value for value in samples if not isinstance(value, str)), samples[0] if samples else None)
        if sample is None:
            return statement
        conditions = []
        if window.start is not None:
            conditions.append(changed >= self._bound(entity, sample, window.start))
        if not window.is_by_clock:
            if type(sample) is date:
                conditions.append(changed <= self._bound(entity, sample, window.end - timedelta(microseconds=1)))
            else:
                conditions.append(changed < self._bound(entity, sample, window.end))
        return statement.where(sa.or_(changed.is_(None), sa.and_(*conditions)))

    def _bound(self, entity: Entity, sample: Any, moment: datetime) -> date:
        """A moment in the kind of the change column: with a zone, as a local time of the profile's zone, or as a local day."""
        if isinstance(sample, datetime):
            if self._is_moment(entity, entity.changed_at or ""):
                return moment.astimezone(UTC).replace(tzinfo=None)
            return moment.astimezone(UTC) if sample.tzinfo is not None else moment.astimezone(self.profile.zone_info).replace(tzinfo=None)
        if isinstance(sample, date):
            return moment.astimezone(self.profile.zone_info).date()
        raise NotConfigured(
            f"{self._where(entity)}: the change column {entity.changed_at} is a {type(sample).__name__} in the database, which no window "
            "can be compared with. Cast it to a timestamp in a view or an SQL file ('query'), or take changed_at out: then all of it is "
            "read each time."
        )

    def _is_moment(self, entity: Entity, name: str) -> bool:
        """Whether a column comes without a zone and still is a moment in UTC: TIMESTAMP of MySQL, in the zone of the session."""
        return self.kind == "mysql" and self._types.get(entity.name, {}).get(name) == MYSQL_TIMESTAMP

    def _read(self, entity: Entity, names: list[str], statement: sa.Select[Any]) -> Iterator[dict[str, Any]]:
        where = self._where(entity)
        moments = frozenset(name for name in names if self._is_moment(entity, name))
        plain = ValueReader(where, entity, self.profile, moments, self.limits.record * MIB)
        with self._told(where):
            options = {"stream_results": True, "yield_per": self.config.batch_rows}
            with self._session.execute(statement, execution_options=options) as result:
                for number, row in enumerate(result, 1):
                    self._watch.heard()
                    yield plain.record(number, dict(zip(names, row, strict=True)))

    def _where(self, entity: Entity) -> str:
        return f"{self.profile.source} {entity.name} ({entity.table or f'SQL file {entity.query_file}'})"


def wanted(entity: Entity) -> list[str]:
    """The fields that are asked for: those that may land, and those by which records are judged."""
    return list(dict.fromkeys((*entity.wire_fields, *entity.judging_fields)))


def absent_words(entity: Entity, header: list[str], lacking: list[str]) -> str:
    """A sentence that names the columns that are not there, and new ones with similar names."""
    others = [name for name in header if name not in entity.fields]
    return f"there is no column {named(lacking, entity)}.{new_names(others, lacking)}"


def check_database(connection: Connection, profile: Profile) -> str:
    """Log in and look at the columns of every entity. Returns a sentence about what was found. Raises the same errors as an extract."""
    for entity in profile.entities.values():
        check_dated(entity, f"{profile.source}.yaml")
    with Session(profile, connection, Limits.load()) as session:
        session.clock(period.now())
        for entity in profile.entities.values():
            header = session.header(entity)
            if lacking := session.lacking(entity, header):
                raise ContractViolation(
                    f"{profile.source} {entity.name}: {absent_words(entity, header, lacking)} Correct {profile.source}.yaml, or "
                    "mark what the source does not have as optional: true, with a reason."
                )
        found = f"{session.describe()}, read only" + (", one snapshot" if session.kind != "mssql" else ", without a snapshot")
        return f"{profile.source}: logged in at {session.place} ({found}); {', '.join(profile.entities)} have all columns of the profile."


def no_rows(entity: Entity) -> Any:
    """The statement for the columns of an entity without a row."""
    # false() of SQLAlchemy is `WHERE 0` in Oracle, which is no condition there
    never = sa.literal_column("1") == sa.literal_column("0")
    return sa.select(sa.literal_column("*")).select_from(_relation(entity, [])).where(never)


def _relation(entity: Entity, names: list[str]) -> Any:
    columns: list[Any] = [sa.column(name) for name in names]
    if entity.table is not None:
        schema, _, name = entity.table.rpartition(".")
        return sa.table(name, *columns, schema=schema or None)
    # a colon of the file is no parameter; the line break ends a comment on its last line
    text = sa.text((entity.query or "").replace("\\", "\\\\").replace(":", "\\:") + "\n")
    return text.columns(*columns).subquery("records")


def _run(connection: sa.Connection, *statements: str) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)


def _connect_arguments(kind: str, config: Database) -> dict[str, Any]:
    """What the driver is told: how long it waits for a connection, and when a connection counts as lost."""
    patience = config.statement_timeout_seconds + CONNECT_SECONDS
    if kind == "postgresql":
        alive = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
        # a database that keeps bytes as they come (SQL_ASCII) is read as UTF-8; what is none is an error, never another letter
        asked = {"connect_timeout": CONNECT_SECONDS, "application_name": "cchc", "client_encoding": "utf8", **alive}
        return asked | {"context": times_or_texts()}
    if kind == "mysql":
        return {"connect_timeout": CONNECT_SECONDS, "read_timeout": int(patience)}
    if kind == "mssql":
        return {"login_timeout": CONNECT_SECONDS, "timeout": int(config.statement_timeout_seconds)}
    return {"tcp_connect_timeout": CONNECT_SECONDS}
