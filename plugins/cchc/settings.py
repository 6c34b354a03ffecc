"""The settings of an installation, read from the environment variables (CCHC_…); README.md lists them.

`Settings.load()` reads the environment at each call, so tests and the CLI can change it.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cchc.errors import NotConfigured
from cchc.files import make_once, write_private

PROJECT = Path(__file__).resolve().parents[2]
PRIVACY_KEY = "privacy_key"
SIGNING_KEY = "signing_key.pem"
SHORTEST_KEY = 32  # characters of a key in a file of ours; those that are made have 43
FERNET_KEY = "airflow_fernet_key"  # with which Airflow encrypts the connections that it keeps
KEYS_OF_AIRFLOW = (FERNET_KEY, "airflow_secret_key", "airflow_jwt_secret", "airflow_jwt_secret_2")
FERNET_FORM = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes; Airflow gets the `=` behind it
VINH_CUU = PROJECT / "include" / "authorities" / "vinh_cuu"  # the authority without CCHC_AUTHORITY


@dataclass(frozen=True)
class Settings:
    """The paths and URLs of one installation.

    `warehouse_url`: a SQLAlchemy URL, with the login by which everything is done; None means the embedded PostgreSQL under `home`.
    `owner_url`: the same database with the login of its owner, for what `warehouse_url` may not do (cchc.warehouse.url.as_owner).
    `authority_dir`: the folder with the data of the authority; `reference_dir`: what is the same for every authority.
    `dashboard_url`: where people reach the dashboard; None means below the address of Airflow (cchc.links).
    `pdf`: whether papers are written as PDF, too.
    """

    home: Path
    warehouse_url: str | None
    landing_url: str
    sources_dir: Path
    plan: str
    dashboard_url: str | None = None
    sql_dir: Path = PROJECT / "include" / "sql"
    expectations_dir: Path = PROJECT / "expectations"
    reference_dir: Path = PROJECT / "include" / "reference"
    plans_dir: Path = PROJECT / "include" / "plans"
    reports_dir: Path = PROJECT / "include" / "reports"
    dashboard_dir: Path = PROJECT / "include" / "dashboard"
    authority_dir: Path = VINH_CUU
    pdf: bool = True
    owner_url: str | None = None

    @classmethod
    def load(cls) -> Settings:
        """Read the settings from the environment; each has a default. Raises NotConfigured for one that has no such value."""
        _one_of("CCHC_PDF", os.environ.get("CCHC_PDF", "").lower(), "on", "off")
        schedule = os.environ.get("CCHC_SCHEDULE", "")
        _one_of(
            "CCHC_SCHEDULE", "" if schedule.startswith("profiles:") else schedule, "on", "off", "profiles:… (as docker-compose sets it)"
        )
        home = Path(os.environ.get("CCHC_HOME") or PROJECT / ".cchc").absolute()
        return cls(
            home=home,
            warehouse_url=secret_variable("CCHC_WAREHOUSE_URL"),
            landing_url=_landing_url() or (home / "landing").as_uri(),
            sources_dir=_sources_dir(),
            plan=os.environ.get("CCHC_PLAN") or usual_plan(authority_dir()),
            dashboard_url=os.environ.get("CCHC_DASHBOARD_URL") or None,
            plans_dir=plans_dir(authority_dir()),
            authority_dir=authority_dir(),
            pdf=os.environ.get("CCHC_PDF", "").lower() != "off",
            owner_url=secret_variable("CCHC_OWNER_WAREHOUSE_URL"),
        )

    def privacy_key(self) -> str:
        """The key of the HMAC that replaces identity numbers: CCHC_PRIVACY_KEY, or else the key that `cchc init` made in `home`.

        If the key changes, the old and the new values for one person differ (docs/runbooks/privacy_key.md).
        Raises NotConfigured where there is no key.
        """
        return secret_variable("CCHC_PRIVACY_KEY") or self.secret(PRIVACY_KEY)

    def has_privacy_key(self) -> bool:
        """Whether there is a privacy key, in the environment or in `home`."""
        return secret_variable("CCHC_PRIVACY_KEY") is not None or self._secret_file(PRIVACY_KEY).exists()

    def make_privacy_key(self) -> Path | None:
        """Make the privacy key of this installation, unless there is one. `cchc init` does it, before anything is ingested.

        Returns the file in which it lies where this call has made it, else None.
        """
        is_there = self.has_privacy_key()
        if not secret_variable("CCHC_PRIVACY_KEY"):
            self.make_secret(PRIVACY_KEY)
        return None if is_there else self._secret_file(PRIVACY_KEY)

    def replace_privacy_key(self) -> None:
        """Write a new privacy key in place of the one in `home`. The old one is gone then.

        Raises NotConfigured where the key comes from the environment: whoever set it must set another one.
        """
        if secret_variable("CCHC_PRIVACY_KEY"):
            raise NotConfigured("The privacy key comes from the environment (CCHC_PRIVACY_KEY): set another one there.")
        write_private(self._secret_file(PRIVACY_KEY), secrets.token_urlsafe(32))

    def signing_key(self) -> bytes | None:
        """The private key (PEM) with which the office signs its bundles; None where there is none.

        It is in the file that CCHC_SIGNING_KEY names, else in signing_key.pem beside the other secrets of `home`. Raises NotConfigured
        where the file cannot be read.
        """
        named = os.environ.get("CCHC_SIGNING_KEY")
        path = Path(named) if named else self._secret_file(SIGNING_KEY)
        if not named and not path.exists():
            return None
        try:
            return path.read_bytes()
        except OSError as error:
            raise NotConfigured(f"The signing key {path} cannot be read: {error.strerror or error}.") from error

    def secret(self, name: str) -> str:
        """A secret of this installation, from the folder `home`.

        Raises NotConfigured where it was never made, where its file cannot be read, is empty or no text, and where the privacy key was cut
        off: another key gives every person another hash, and one of some letters is found by trying.
        """
        path = self._secret_file(name)
        try:
            return _whole(path, path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            if name.startswith("airflow_") and name != FERNET_KEY:
                raise NotConfigured(
                    f"This installation has no secret {path}. Restore it from the backup; or `cchc down`, then `cchc up`, which makes "
                    "another one: then everybody logs in to Airflow again."
                ) from None
            raise NotConfigured(
                f"This installation has no secret {path}. `cchc init` makes the privacy key, `cchc up` makes the secrets of Airflow. "
                "If the installation had this file before, restore it from the backup: another secret does not fit the stored data."
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(path, error) from None

    def make_secret(self, name: str) -> str:
        """The secret of that name; a random text is made where there is none, in a file with mode 0600. All processes get the same one."""
        path = self._secret_file(name)
        try:
            return _whole(path, make_once(path, lambda: secrets.token_urlsafe(32)))
        except UnicodeDecodeError as error:
            raise _unreadable(path, error) from None
        except OSError as error:
            if path.is_symlink() or path.exists() or (path.parent.exists() and not path.parent.is_dir()):
                raise _unreadable(path, error) from None
            raise  # it is not there and cannot be made: the folder is what is wrong

    def secrets_others_may_read(self) -> list[Path]:
        """The files of the secrets, and their folder, that other accounts of the machine may read or write."""
        folder = self._secret_file(PRIVACY_KEY).parent
        found = [folder, *sorted(folder.iterdir())] if folder.is_dir() else []
        return [path for path in found if path.exists() and path.stat().st_mode & 0o077]

    def _secret_file(self, name: str) -> Path:
        return self.home / "secrets" / name


def secret_variable(name: str, variables: Mapping[str, str] = os.environ) -> str | None:
    """The secret that a variable holds, or the file that `<name>_FILE` names; None where neither is set.

    Spaces and line ends around the content of the file do not count. Files are for docker-compose, whose environments everybody sees who
    may use Docker. Raises NotConfigured where both are set, because nobody could say which one counts, and where the file is missing,
    empty or cannot be read.
    """
    value, file = variables.get(name) or None, variables.get(f"{name}_FILE")
    if not file:
        return value
    if value:
        raise NotConfigured(f"{name} and {name}_FILE are both set: unset one of them.")
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror or error
        raise NotConfigured(f"{name}_FILE names {file}, which cannot be read: {why} (docs/runbooks/server.md, Secrets).") from error
    if not text:
        raise NotConfigured(f"{name}_FILE names {file}, which is empty: restore it from the backup (docs/runbooks/server.md, Secrets).")
    return text


def authority_dir(variables: Mapping[str, str] = os.environ) -> Path:
    """The folder with the data of the authority (CCHC_AUTHORITY, else that of Vĩnh Cửu).

    A process belongs to one authority: its zone and the root of its units are read once, when the package is imported.
    """
    return Path(variables.get("CCHC_AUTHORITY") or VINH_CUU).absolute()


def plans_dir(authority: Path) -> Path:
    """The folder with the plans of an authority: `plans` in its folder; those of Vĩnh Cửu are in include/plans."""
    return PROJECT / "include" / "plans" if authority == VINH_CUU else authority / "plans"


def plans_name() -> str:
    """What messages call the folder with the plans of this process's authority."""
    authority = authority_dir()
    return "include/plans" if authority == VINH_CUU else f"{authority.name}/plans"


def usual_plan(authority: Path) -> str:
    """The plan to look at without CCHC_PLAN: that of 2023 for Vĩnh Cửu, else the one with the newest year at the end of its name."""
    if authority == VINH_CUU:
        return "plan_53_KH-UBND_2023"
    folder = plans_dir(authority)
    names = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return max(names, key=lambda name: (name[-4:], name), default="")


def is_unscheduled(variables: Mapping[str, str] = os.environ) -> bool:
    """Whether no DAG runs by the clock: CCHC_SCHEDULE is `off`, or it names Compose's profiles (`profiles:tls,demo`) and `demo` is one."""
    named = variables.get("CCHC_SCHEDULE", "")
    return named == "off" or (named.startswith("profiles:") and "demo" in named.removeprefix("profiles:").replace(" ", "").split(","))


def _one_of(name: str, value: str, *allowed: str) -> None:
    """Raises NotConfigured where a setting has a value that means nothing: it would be taken for the usual one without a word."""
    if value and value not in allowed:
        raise NotConfigured(f"{name} is {value!r}. Allowed: {', '.join(allowed)}; or unset it.")


def _landing_url() -> str | None:
    """CCHC_LANDING_URL; None where it is not set. A relative path would lie below the folder in which a process happens to stand."""
    url = os.environ.get("CCHC_LANDING_URL")
    if not url:
        return None
    if Path(url).is_absolute():
        return Path(url).as_uri()
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    is_file = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
    is_elsewhere = bool(parts.scheme and parts.netloc) and parts.scheme != "file"
    if "://" not in url or not (is_file or is_elsewhere):
        raise NotConfigured(f"CCHC_LANDING_URL is {url!r}, which is no address. Write file:///srv/landing, or s3://bucket/landing.")
    return url


def _sources_dir() -> Path:
    """The folder of the profiles. Raises NotConfigured where CCHC_SOURCES_DIR names none: it would be an installation without sources."""
    named = os.environ.get("CCHC_SOURCES_DIR")
    if named and not Path(named).is_dir():
        raise NotConfigured(f"CCHC_SOURCES_DIR is {named!r}, which is no folder. Name the one with the profiles, or unset it.")
    return Path(named or PROJECT / "include" / "sources").absolute()


def _whole(path: Path, content: str) -> str:
    text = content.strip()
    if not text:
        made = "up" if path.name.startswith("airflow_") else "init"
        raise NotConfigured(
            f"The secret {path} is empty. Restore it from the backup; if it was never used, delete it and run `cchc {made}`."
        )
    if path.name == PRIVACY_KEY and len(text) < SHORTEST_KEY:
        raise NotConfigured(
            f"The secret {path} has {len(text)} characters, and a privacy key has at least {SHORTEST_KEY}: it was cut off or replaced. "
            "Restore it from the backup (docs/runbooks/privacy_key.md)."
        )
    is_whole = FERNET_FORM.fullmatch(text) is not None if path.name == FERNET_KEY else len(text) >= SHORTEST_KEY
    if path.name in KEYS_OF_AIRFLOW and not is_whole:
        form = "43 letters, digits, - and _" if path.name == FERNET_KEY else f"at least {SHORTEST_KEY} characters"
        raise NotConfigured(
            f"The secret {path} is no key ({len(text)} characters; it has {form}): it was cut off or replaced. "
            "Restore it from the backup (docs/runbooks/restore.md)."
        )
    return text


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> NotConfigured:
    if isinstance(error, UnicodeDecodeError):
        why = "it is no text"
    elif path.is_symlink() and not path.exists():
        why = f"it is a link to {path.readlink()}, which is not there"
    else:
        why = error.strerror or str(error)
    if isinstance(error, PermissionError):
        return NotConfigured(f"The secret {path} cannot be read: {why}. Give it to the account that runs `cchc`, with `chmod 600`.")
    return NotConfigured(f"The secret {path} cannot be read: {why}. Restore it from the backup (docs/runbooks/restore.md).")
