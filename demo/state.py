"""The state folder of a demo: clock, seed and scale, credentials, and the drop folders of payments, feedback and survey."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, NamedTuple

from demo.authority import read
from demo.clock import Clock, first_clock, iso_offset, parse_iso
from demo.files import write_whole

DEFAULT_PORT = 8765
DEFAULT_SEED = 53
DEFAULT_SCALE = 1.0
VINH_CUU_CODE = "H19.16"


class WrongState(Exception):
    """The folder belongs to another demo than the requested one; the message says what to do."""


class Credentials(NamedTuple):
    """The credentials of a client, generated once for each state folder."""

    client_id: str
    client_secret: str
    api_key: str


def _write_private(path: Path, value: dict[str, Any]) -> None:
    write_whole(path, json.dumps(value, indent=2) + "\n", 0o600)


class StateFolder:
    """One demo on disk."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).absolute()
        self.clock = Clock(self.folder / "clock.json")
        self.payments = self.folder / "payments"
        self.feedback = self.folder / "feedback"
        self.survey = self.folder / "survey"
        self.declared = self.folder / "declared"

    def open(self, *, seed: int | None = None, scale: float | None = None, clock: str | int | None = None) -> dict[str, Any]:
        """Create the folder, or check that it belongs to the requested demo. The clock only moves forward. Returns {"seed", "scale"}."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings_path = self.folder / "district.json"
        if settings_path.exists():
            settings: dict[str, Any] = json.loads(settings_path.read_text(encoding="utf-8"))
            self._check_authority(settings)
            for name, asked in (("seed", seed), ("scale", scale)):
                if asked is not None and asked != settings[name]:
                    raise WrongState(f"{self.folder} holds a demo with {name} {settings[name]}, not {asked}: use another --state folder")
        else:
            settings = {"seed": DEFAULT_SEED if seed is None else seed, "scale": DEFAULT_SCALE if scale is None else scale}
            if not read().is_vinh_cuu:
                settings |= {"authority": read().code, "year": read().year}
            _write_private(settings_path, settings)
        wanted = parse_iso(first_clock()) if clock is None else clock if isinstance(clock, int) else parse_iso(clock)
        if not self.clock.exists() or (clock is not None and wanted > self.clock.read()):
            self.clock.write(wanted)
        self.credentials()
        for drop_folder in (self.payments, self.feedback, self.survey, self.declared):
            drop_folder.mkdir(exist_ok=True)
        return settings

    def settings(self) -> dict[str, Any]:
        """Seed and scale of an existing demo."""
        try:
            stored: dict[str, Any] = json.loads((self.folder / "district.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise WrongState(f"{self.folder} holds no demo yet: run `python -m demo serve --state {self.folder}` first") from error
        self._check_authority(stored)
        return stored

    def _check_authority(self, settings: dict[str, Any]) -> None:
        """Raise WrongState where the folder holds the demo of another authority than that of this process."""
        made, asked = settings.get("authority", VINH_CUU_CODE), read().code
        if made != asked:
            raise WrongState(f"{self.folder} holds the demo of {made}, not that of {asked} (CCHC_AUTHORITY): use another --state folder")

    def credentials(self) -> Credentials:
        """Client id, secret and API key; generated at the first call."""
        path = self.folder / "credentials.json"
        if not path.exists():
            made = Credentials(f"cchc-{secrets.token_hex(4)}", secrets.token_urlsafe(24), secrets.token_urlsafe(24))
            _write_private(path, made._asdict())
        return Credentials(**json.loads(path.read_text(encoding="utf-8")))

    def write_server(self, port: int) -> None:
        """Store the address of the running server."""
        _write_private(self.folder / "server.json", {"port": port, "pid": os.getpid()})

    def forget_server(self) -> None:
        """Remove the stored address of the server after it has stopped."""
        path = self.folder / "server.json"
        if path.exists() and json.loads(path.read_text(encoding="utf-8")).get("pid") == os.getpid():
            path.unlink()

    def server_port(self) -> int | None:
        """The stored port of the running server; None if there is none."""
        try:
            return int(json.loads((self.folder / "server.json").read_text(encoding="utf-8"))["port"])
        except FileNotFoundError:
            return None

    def connections(self, port: int | None = None) -> dict[str, str]:
        """The Airflow connections of the sources, as environment variables with JSON."""
        credentials = self.credentials()
        base = f"http://127.0.0.1:{port or self.server_port() or DEFAULT_PORT}"
        return {
            "AIRFLOW_CONN_SRC_ONE_STOP": json.dumps(
                {"conn_type": "http", "host": f"{base}/one_stop", "login": credentials.client_id, "password": credentials.client_secret}
            ),
            "AIRFLOW_CONN_SRC_DOCUMENTS": json.dumps({"conn_type": "http", "host": f"{base}/documents", "password": credentials.api_key}),
            "AIRFLOW_CONN_SRC_PAYMENTS": json.dumps({"conn_type": "fs", "host": str(self.payments)}),
            "AIRFLOW_CONN_SRC_FEEDBACK": json.dumps({"conn_type": "fs", "host": str(self.feedback)}),
            "AIRFLOW_CONN_SRC_SURVEY": json.dumps({"conn_type": "fs", "host": str(self.survey)}),
            "AIRFLOW_CONN_SRC_DECLARED": json.dumps({"conn_type": "fs", "host": str(self.declared)}),
        }

    def now(self) -> str:
        """The clock as text."""
        return iso_offset(self.clock.read())
