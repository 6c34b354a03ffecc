"""`cchc bundle | verify`: write the bundles of an edition again, and check bundles without a warehouse."""

from __future__ import annotations

import argparse
from pathlib import Path

from cchc.cli.arguments import Add, period
from cchc.errors import WrongUse
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the commands."""
    bundle = add("bundle", _bundle, "write the two bundles of a published period again, and check them: always the same bytes")
    bundle.add_argument("period", type=period)
    bundle.add_argument("--edition", type=int, help="its number; default: the newest")
    verify = add(
        "verify", _verify, "check bundles: every byte, the chain of editions, and each figure against its rows; needs no warehouse"
    )
    verify.add_argument("bundles", nargs="+", metavar="BUNDLE", help="a zip, or a folder: then every bundle in it")
    verify.add_argument("--key", help="public key of the office (PEM), got by another way: it must have signed them")


def _bundle(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.pipeline.close import write_bundles
    from cchc.warehouse import require_migrated
    from cchc.warehouse.audit import noted

    require_migrated(settings)
    noted(settings, "export", "cchc bundle", f"{options.period.code}, edition {options.edition or 'newest'}")
    print(write_bundles(settings, options.period, options.edition))
    return 0


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.bundle.verify import check_all, told

    try:
        key = Path(options.key).read_bytes() if options.key else None
    except OSError as error:
        raise WrongUse(f"the key {options.key} cannot be read: {error.strerror or error}") from error
    return told(check_all(_bundles(options.bundles), key))


def _bundles(names: list[str]) -> list[Path]:
    """The bundles that are meant. Raises WrongUse where a name leads to none."""
    found: list[Path] = []
    for name in names:
        path = Path(name)
        is_unzipped = (path / "manifest.json").exists() and not any(path.glob("*.zip"))
        inside = sorted(path.rglob("*.zip")) if path.is_dir() and not is_unzipped else [path]
        if not inside or not path.exists():
            raise WrongUse(f"{name}: there is no bundle")
        found += inside
    return found
