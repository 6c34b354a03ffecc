"""Test the connection of a source: over HTTP, a database, or a drop folder."""

from __future__ import annotations

from cchc.sources.connection import Connection
from cchc.sources.files import check_drop_folder
from cchc.sources.probe import check_service
from cchc.sources.profile import Profile


def check_connection(connection: Connection, profile: Profile) -> str:
    """Ask for one record over HTTP, look at the tables of a database, or list the drop folder. Returns a sentence about what was found.

    Raises the same errors as an extract: NotConfigured, SourceUnavailable, ContractViolation.
    """
    if connection.is_database:
        from cchc.sources.database import check_database

        return check_database(connection, profile)
    return check_service(connection, profile) if connection.is_http else check_drop_folder(connection, profile)
