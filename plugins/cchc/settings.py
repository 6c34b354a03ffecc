"""The settings of an installation, read from the environment variables (CCHC_…); README.md lists them.

`Settings.load()` reads the environment at each call, so tests and the CLI can change it.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """The paths and URLs of one installation.

    `warehouse_url`: a SQLAlchemy URL; None means the embedded PostgreSQL under `home`.
    """

    home: Path
    warehouse_url: str | None
    landing_url: str
    sources_dir: Path
    plan: str
    sql_dir: Path = PROJECT / "include" / "sql"
    expectations_dir: Path = PROJECT / "expectations"
    reference_dir: Path = PROJECT / "include" / "reference"
    plans_dir: Path = PROJECT / "include" / "plans"
    reports_dir: Path = PROJECT / "include" / "reports"

    @classmethod
    def load(cls) -> Settings:
        """Read the settings from the environment; each has a default."""
        home = Path(os.environ.get("CCHC_HOME") or PROJECT / ".cchc").absolute()
        return cls(
            home=home,
            warehouse_url=os.environ.get("CCHC_WAREHOUSE_URL") or None,
            landing_url=os.environ.get("CCHC_LANDING_URL") or (home / "landing").as_uri(),
            sources_dir=Path(os.environ.get("CCHC_SOURCES_DIR") or PROJECT / "include" / "sources").absolute(),
            plan=os.environ.get("CCHC_PLAN") or "plan_53_KH-UBND_2023",
        )

    def privacy_key(self) -> str:
        """The key of the HMAC that replaces identity numbers: CCHC_PRIVACY_KEY, or else a key that is generated once and kept in `home`.

        If the key changes, the old and the new values for one person differ (docs/runbooks/privacy_key.md).
        """
        return os.environ.get("CCHC_PRIVACY_KEY") or self.secret("privacy_key")

    def secret(self, name: str) -> str:
        """A secret of this installation in the folder `home`; it is generated on first use, in a file with mode 0600."""
        path = self.home / "secrets" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
        return path.read_text().strip()
