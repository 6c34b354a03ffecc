"""S3: a drop folder in a bucket of Amazon, MinIO, Ceph or another store with the same interface."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from s3fs import S3FileSystem

from cchc.errors import NotConfigured
from cchc.sources.connection import Connection
from cchc.sources.remote import TIMEOUT

BLOCK = 5 * 2**20


class PatientS3(S3FileSystem):  # type: ignore[misc]  # it has no types
    """s3fs with one second try; the next run tries again, too."""

    retries = 2

    def close(self) -> None:
        """Leave the store."""
        if self._s3 is not None:
            self.close_session(self.loop, self._s3)


def opened(connection: Connection) -> tuple[PatientS3, str]:
    """The file system and the path of a connection `s3://bucket/folder`: login is the key, password the secret.

    The extra of the connection: `endpoint_url` (the store, where it is not Amazon's), `region_name`, `timeout` (seconds without an answer),
    `storage_options` (further arguments of s3fs). Without a login the environment and the role of this machine are asked.
    """
    parts = urlsplit(connection.host)
    if not parts.netloc:
        raise NotConfigured(f"The connection of {connection.source} names no bucket: write s3://bucket/folder as host.")
    extra = connection.extra
    seconds = float(extra.get("timeout", TIMEOUT))
    options: dict[str, Any] = {"default_block_size": BLOCK, "endpoint_url": extra.get("endpoint_url")}
    # Both libraries try again by themselves, one inside the other: a store that is gone would take minutes to be told.
    options["config_kwargs"] = {"connect_timeout": seconds, "read_timeout": seconds, "retries": {"total_max_attempts": 1}}
    if connection.login:
        options |= {"key": connection.login, "secret": connection.password}
    if extra.get("region_name"):
        options["client_kwargs"] = {"region_name": extra["region_name"]}
    options |= extra.get("storage_options", {})
    # a list that was kept from an earlier run would hide what was delivered since
    return PatientS3(**options, use_listings_cache=False, skip_instance_cache=True), f"{parts.netloc}{parts.path}"
