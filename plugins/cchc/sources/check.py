"""Test the connection of a source, over HTTP or as a drop folder."""

from __future__ import annotations

from cchc.sources.connection import Connection
from cchc.sources.files import check_drop_folder
from cchc.sources.probe import check_service
from cchc.sources.profile import Profile


def check_connection(connection: Connection, profile: Profile) -> str:
    """Log in and ask for one record over HTTP, or list the drop folder. Returns a sentence about what was found.

    Raises the same errors as an extract: NotConfigured, SourceUnavailable, ContractViolation.
    """
    return check_service(connection, profile) if connection.is_http else check_drop_folder(connection, profile)
