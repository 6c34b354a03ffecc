"""Where everything is: the environment variables of design.md §4, read in one place.

`Settings.load()` reads the environment each time it is called, so tests and the CLI can change it.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Paths and URLs of one installation.

    `warehouse_url` is a SQLAlchemy URL, or None for the embedded PostgreSQL under `home`.
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
        """The settings that the environment asks for; defaults as in design.md §4."""
        home = Path(os.environ.get("CCHC_HOME") or PROJECT / ".cchc").absolute()
        return cls(
            home=home,
            warehouse_url=os.environ.get("CCHC_WAREHOUSE_URL") or None,
            landing_url=os.environ.get("CCHC_LANDING_URL") or (home / "landing").as_uri(),
            sources_dir=Path(os.environ.get("CCHC_SOURCES_DIR") or PROJECT / "include" / "sources").absolute(),
            plan=os.environ.get("CCHC_PLAN") or "plan_53_KH-UBND_2023",
        )

    def privacy_key(self) -> str:
        """CCHC_PRIVACY_KEY: keys the HMAC of identity numbers. Without one the installation makes its own and keeps it in `home`.

        Changing it makes old and new keys of one person differ.
        """
        return os.environ.get("CCHC_PRIVACY_KEY") or self.secret("privacy_key")

    def secret(self, name: str) -> str:
        """A secret of this installation kept in `home`, made on first use (mode 0600)."""
        path = self.home / "secrets" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
        return path.read_text().strip()
