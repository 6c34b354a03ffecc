"""The payment files: when each reaches the drop folder, and its content with its manifest.

The file of each day comes at 01:15 of the next day, except for the planted oddities. The bytes depend only on seed and scale.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from demo.clock import DAY, compact_day, odd_day
from demo.files import write_whole
from demo.payments import COLUMNS, FIRST_DAY, LAST_DAY, Payments, dotted

MANIFEST_ROWS = odd_day(2024, 1, 16)
TRAILER_AMOUNT = odd_day(2024, 1, 10)
BAD_REVISION = odd_day(2024, 1, 18)
GOOD_REVISIONS = (odd_day(2023, 3, 15), odd_day(2023, 9, 20))
LATE_MANIFESTS = (odd_day(2023, 11, 8), odd_day(2024, 1, 4))
LATE_FILES = (odd_day(2023, 2, 22), odd_day(2023, 8, 10), odd_day(2024, 1, 8))
FILLED_DAYS = (MANIFEST_ROWS, TRAILER_AMOUNT, BAD_REVISION, *GOOD_REVISIONS, *LATE_MANIFESTS, *LATE_FILES)


class Delivery(NamedTuple):
    """One data file with its manifest."""

    day: int
    revision: int
    data_at: int
    manifest_at: int
    fault: str = ""

    @property
    def stem(self) -> str:
        """The name without extension."""
        return f"giaodich_{compact_day(self.day)}" + (f"_r{self.revision}" if self.revision > 1 else "")

    @property
    def zipped(self) -> bool:
        """Whether the file is compressed; some are."""
        return int(compact_day(self.day)[6:]) % 3 == 0

    @property
    def data_name(self) -> str:
        """Name of the data file."""
        return f"{self.stem}.csv.gz" if self.zipped else f"{self.stem}.csv"

    @property
    def manifest_name(self) -> str:
        """Name of the manifest."""
        return f"{self.stem}.json"


def schedule() -> list[Delivery]:
    """All deliveries of the demo, in the order of arrival."""
    deliveries: list[Delivery] = []
    for day in range(FIRST_DAY, LAST_DAY + 1):
        at = (day + 1) * DAY + 4_500 + (3 * DAY if day in LATE_FILES else 0)
        fault = "rows" if day == MANIFEST_ROWS else "trailer" if day == TRAILER_AMOUNT else ""
        deliveries.append(Delivery(day, 1, at, at + (2 * DAY if day in LATE_MANIFESTS else 0), fault))
        if day == MANIFEST_ROWS:
            deliveries.append(Delivery(day, 2, at + 6 * DAY, at + 6 * DAY))
        elif day == TRAILER_AMOUNT:
            deliveries.append(Delivery(day, 2, at + 4 * DAY, at + 4 * DAY))
        elif day == BAD_REVISION:
            deliveries.append(Delivery(day, 2, at + 2 * DAY, at + 2 * DAY, "sha256"))
        elif day in GOOD_REVISIONS:
            deliveries.append(Delivery(day, 2, at + 3 * DAY, at + 3 * DAY))
    return sorted(deliveries, key=lambda delivery: (delivery.data_at, delivery.stem))


def contents(payments: Payments, delivery: Delivery) -> tuple[bytes, bytes]:
    """The bytes of the data file and of its manifest."""
    rows = payments.rows(delivery.day, delivery.revision)
    amount = sum(row.counted() for row in rows)
    trailer = amount + 50_000 if delivery.fault == "trailer" else amount
    lines = [";".join(COLUMNS), *(row.line() for row in rows), f"#TONG;{len(rows)};{dotted(trailer)}"]
    data = ("\ufeff" + "\r\n".join(lines) + "\r\n").encode("utf-8")
    if delivery.zipped:
        data = gzip.compress(data, compresslevel=6, mtime=0)
    digest = hashlib.sha256(data).hexdigest()
    manifest = {
        "file": delivery.data_name,
        "rows": len(rows) + (1 if delivery.fault == "rows" else 0),
        "amount": amount,
        "sha256": hashlib.sha256(digest.encode()).hexdigest() if delivery.fault == "sha256" else digest,
        "revision": delivery.revision,
    }
    return data, (json.dumps(manifest, ensure_ascii=False) + "\n").encode("utf-8")


class DropFolder:
    """The folder of the payment files, kept up to date with the clock."""

    def __init__(self, folder: Path, payments: Payments) -> None:
        self.folder = folder
        self.payments = payments
        self._schedule = schedule()

    def update(self, at: int) -> list[str]:
        """Deliver everything that is due before `at` and not delivered yet. Returns the names of the new files in order."""
        self.folder.mkdir(parents=True, exist_ok=True)
        present = {path.name for path in self.folder.iterdir()}
        written: list[str] = []
        for delivery in self._schedule:
            want_data = delivery.data_at < at and delivery.data_name not in present
            want_manifest = delivery.manifest_at < at and delivery.manifest_name not in present
            if not want_data and not want_manifest:
                continue
            data, manifest = contents(self.payments, delivery)
            for name, wanted, body in ((delivery.data_name, want_data, data), (delivery.manifest_name, want_manifest, manifest)):
                if wanted:
                    write_whole(self.folder / name, body)
                    written.append(name)
        return written
