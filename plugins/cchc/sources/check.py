"""Trying the connection of a source, whatever it is reached by."""

from __future__ import annotations

from cchc.sources.connection import Connection
from cchc.sources.files import check_drop_folder
from cchc.sources.http import check_service
from cchc.sources.profile import Profile


def check_connection(connection: Connection, profile: Profile) -> str:
    """Log in and ask for one record over HTTP, or list the drop folder; what was found, in a sentence.

    Raises the error that an extract would raise: NotConfigured, SourceUnavailable, ContractViolation.
    """
    return check_service(connection, profile) if connection.is_http else check_drop_folder(connection, profile)
