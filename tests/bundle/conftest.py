"""Three editions of the small demo district, published one after the other, with their bundles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cchc.bundle import verify
from cchc.bundle.archive import Bundles, pack
from cchc.period import parse_period
from cchc.pipeline.close import close, close_with_reports
from cchc.settings import Settings
from tests.support.district import LoadedMonth, loaded_month
from tests.support.warehouse import NewWarehouse

PERIODS = ("2023-12", "2023-Q4", "2023")  # in the order of publication; all of them end in the month that is computed


@dataclass(frozen=True)
class Published:
    """A warehouse, and the bundles of its editions by period. Tests only read them."""

    settings: Settings
    bundles: dict[str, Bundles]

    def files(self, period: str = "2023-12", *, audit: bool = True) -> dict[str, bytes]:
        """The files of a bundle, to be changed by a test."""
        bundles = self.bundles[period]
        return verify.unpacked(bundles.audit if audit else bundles.open)


@pytest.fixture(scope="module")
def published(new_warehouse: NewWarehouse, month_template: LoadedMonth, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """The first edition with its papers, the others without: papers take seconds."""
    with loaded_month(new_warehouse, month_template, tmp_path_factory.mktemp("bundle")) as settings:
        bundles = {}
        for code in PERIODS:
            period = parse_period(code)
            if code == "2023-12":
                close_with_reports(settings, period, "a tester", incomplete=True)
            else:
                close(settings, period, "a tester", incomplete=True)
            bundles[code] = pack(settings, period)
        yield Published(settings, bundles)


def resealed(files: dict[str, bytes], folder: Path, name: str = "forged.zip") -> Path:
    """A bundle of these files in which every hash is right again: what somebody makes who changes the content, and knows how."""
    content = {
        path: verify.sha256(files[path]) for path in files if path not in (*verify.UNLISTED, verify.CONTENT) and "papers/" not in path
    }
    files = {path: data for path, data in files.items() if path not in verify.UNLISTED}
    files[verify.CONTENT] = verify.canonical({"files": content})
    manifest = verify.canonical({"format": 1, "files": {path: verify.sha256(data) for path, data in files.items()}})
    files |= {verify.MANIFEST: manifest, verify.SUMS: verify.sums({verify.MANIFEST: manifest})}
    path = folder / name
    path.write_bytes(verify.packed(files))
    return path
