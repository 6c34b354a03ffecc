"""The secrets of docker-compose.yaml, one file each in a folder beside it: made once, or moved there from the file .env.

    python3 plugins/cchc/airflow/secret_files.py                 make what a new installation needs, or move what .env has
    python3 plugins/cchc/airflow/secret_files.py --check         name what is missing, empty or open to others; nothing is changed
    python3 plugins/cchc/airflow/secret_files.py --new NAME      make one secret that is not there, on purpose

It is run on the server, in the folder of docker-compose.yaml, before anything is installed: so it needs nothing but Python, 3.9 or later.
A secret that is there is never changed. Where an installation has some of them, a missing one is named and not made: another key would not
fit what is stored. The exception is the password of a login that the job `init` sets at each start: an older version did not have it.
The folder lets nobody but its owner in (0700), and the files in it are readable (0644), because each container sees only the files that
are mounted into it, as an ordinary user who is not the owner.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = "CCHC_SECRETS"
DEFAULT = "./secrets"
LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$")
DATABASE_URL = re.compile(r"postgres\S*://[^:/@\s]+:[^@\s]+@[^@\s]+/[^@\s]+")
FERNET_FORM = re.compile(r"[A-Za-z0-9_-]{43}=")
NAMED = "see docs/runbooks/server.md, Secrets"


@dataclass(frozen=True)
class Secret:
    """One secret: its line in .env as older versions had it, and what its file holds, with the value of the line at `{}`.

    `is_set_anew`: the job `init` gives the login this password at each start, so a missing one may be made at any time.
    """

    line: str
    form: str = "{}"
    is_set_anew: bool = False


SECRETS: dict[str, Secret] = {
    "postgres_password": Secret("POSTGRES_PASSWORD"),
    "airflow_database_url": Secret("AIRFLOW_DB_PASSWORD", "postgresql+psycopg://airflow:{}@postgres:5432/airflow"),
    "warehouse_url": Secret("WAREHOUSE_DB_PASSWORD", "postgresql+psycopg://cchc_owner:{}@postgres:5432/warehouse"),
    "warehouse_loader_url": Secret("WAREHOUSE_LOADER_PASSWORD", "postgresql+psycopg://cchc_loader_login:{}@postgres:5432/warehouse", True),
    "airflow_fernet_key": Secret("AIRFLOW_FERNET_KEY"),
    "airflow_secret_key": Secret("AIRFLOW_SECRET_KEY"),
    "airflow_jwt_secret": Secret("AIRFLOW_JWT_SECRET"),
    "airflow_admin_password": Secret("AIRFLOW_ADMIN_PASSWORD"),
    "airflow_viewer_password": Secret("AIRFLOW_VIEWER_PASSWORD"),
    "privacy_key": Secret("CCHC_PRIVACY_KEY"),
}


class NotMade(Exception):
    """Why nothing was made; each sentence says what to do."""


def main(arguments: list[str], project: Path) -> int:
    """Do what the arguments ask for in the folder of docker-compose.yaml; the exit code."""
    try:
        if arguments == ["--check"]:
            found = wrong(folder_of(project))
            print("\n".join(found) or "all secrets are there", file=sys.stderr if found else sys.stdout)
            return 1 if found else 0
        if len(arguments) == 2 and arguments[0] == "--new" and arguments[1] in SECRETS:
            made = [_make_one(folder_of(project), arguments[1])]
        elif arguments:
            print(__doc__, file=sys.stderr)
            return 2
        else:
            made = make(project)
    except (NotMade, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(made))
    return 0


def make(project: Path) -> list[str]:
    """Make the secrets, or move them out of .env, and let .env name their folder; what was done, a sentence each.

    Everything is compared before anything is written. Raises NotMade where a secret cannot be had, or is there twice.
    """
    lines, folder = _lines(project), folder_of(project)
    given = {name: value for name, secret in SECRETS.items() if (value := _value(lines, secret.line))}
    there = {name: _read(folder / name) for name in SECRETS if (folder / name).exists()}
    wanted = {name: SECRETS[name].form.format(value) for name, value in given.items()}
    differ = sorted(name for name in wanted.keys() & there.keys() if wanted[name] != there[name])
    if differ:
        raise NotMade(
            "\n".join(f"{SECRETS[name].line} in .env is another one than {folder / name}: remove the line or the file" for name in differ)
        )
    is_new = not given and not there
    new = {name: _new(name) for name in SECRETS} if is_new else {name: text for name, text in wanted.items() if name not in there}
    later = _of_a_later_version(there | new)
    new |= later
    missing = [name for name in SECRETS if name not in there and name not in new]
    if missing:
        raise NotMade("\n".join(_missing(folder, name) for name in missing))
    _write(folder, new)
    said = [f"{folder / name}: {'made' if is_new or name in later else 'moved from ' + SECRETS[name].line + ' of .env'}" for name in new]
    if _name_folder(project, lines):
        said.append(f".env: {FOLDER} names the folder, and no secret stands in this file")
    said = said or [f"nothing to do: all {len(SECRETS)} secrets are in {folder}"]
    return [*said, f"Keep a copy of {folder} elsewhere. The password of `admin` is in {folder / 'airflow_admin_password'}."]


def folder_of(project: Path) -> Path:
    """The folder of the secrets: the one that .env names, else `secrets` beside it."""
    return project / (_value(_lines(project), FOLDER) or DEFAULT)


def wrong(folder: Path) -> list[str]:
    """What is wrong with the secrets of a folder, a sentence each."""
    if not folder.is_dir():
        return [f"{folder} is missing: make it with `python3 plugins/cchc/airflow/secret_files.py`, {NAMED}"]
    found = [f"{folder} is open to others: chmod 700 {folder}"] if folder.stat().st_mode & 0o077 else []
    for name in SECRETS:
        path = folder / name
        if path.is_dir():
            found.append(f"{path} is a folder: remove it, and restore the file from your copy, {NAMED}")
        elif not path.is_file():
            found.append(_missing(folder, name))
        elif (words := _damage(path)) is not None:
            found.append(words)
        elif not path.stat().st_mode & 0o004:
            found.append(f"{path} cannot be read by the user of the containers: chmod 644 {path}")
    return found


def _damage(path: Path) -> str | None:
    """What is wrong with the content of a secret; None if nothing is known to be."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        return f"{path} is no text: restore it from your copy, {NAMED}"
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}): {NAMED}"
    if not text:
        return f"{path} is empty: restore it from your copy, {NAMED}"
    if path.name == "airflow_fernet_key" and not FERNET_FORM.fullmatch(text):
        return f"{path} is no key ({len(text)} characters; it has 43 letters, digits, - and _, and a =): restore it from your copy, {NAMED}"
    if path.name.endswith("_url") and not DATABASE_URL.fullmatch(text):
        return f"{path} is no address of a database (postgresql+psycopg://user:password@host:5432/name): restore it from your copy, {NAMED}"
    return None


def _of_a_later_version(known: Mapping[str, str]) -> dict[str, str]:
    """The secrets that an older version did not have: a login with a new password, at the address where the owner of the warehouse is."""
    missing = [name for name, secret in SECRETS.items() if secret.is_set_anew and name not in known]
    place = known.get("warehouse_url", "").rpartition("@")[2]
    return {name: f"{_new(name).rpartition('@')[0]}@{place}" for name in missing if place}


def _missing(folder: Path, name: str) -> str:
    if SECRETS[name].is_set_anew:
        return f"{folder / name} is missing: make it with `python3 plugins/cchc/airflow/secret_files.py`, {NAMED}"
    return (
        f"{folder / name} is missing, and .env has no {SECRETS[name].line}: restore it from your copy. "
        f"Only if it was never in use, make it with --new {name}, {NAMED}"
    )


def _make_one(folder: Path, name: str) -> str:
    if (folder / name).exists():
        raise NotMade(f"{folder / name} is there, and stays as it is. How it is changed: {NAMED}")
    _write(folder, {name: _new(name)})
    return f"{folder / name}: made"


def _new(name: str) -> str:
    if name == "airflow_fernet_key":
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return SECRETS[name].form.format(secrets.token_hex(12 if name.endswith(("admin_password", "viewer_password")) else 32))


def _write(folder: Path, contents: Mapping[str, str]) -> None:
    """Write new files: those of a new folder all or none, each of them whole or not at all. No file is written over."""
    if not contents:
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as place:  # 0700
        prepared = Path(place) / "new"
        prepared.mkdir(mode=0o700)
        for name, text in contents.items():
            _write_through(prepared / name, f"{text}\n", 0o644)
        if not folder.exists():
            prepared.rename(folder)
            return
        for name in contents:
            os.link(prepared / name, folder / name)  # refused where the name exists


def _write_through(path: Path, text: str, mode: int) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)  # whatever the umask is
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _name_folder(project: Path, lines: list[str]) -> bool:
    """Let .env name the folder, and take out the lines of the secrets. Whether it was changed; it is written whole or not at all."""
    old = {secret.line for secret in SECRETS.values()}
    kept = [line for line in lines if _name(line) not in old]
    if not _value(kept, FOLDER):
        named = f"{FOLDER}={DEFAULT}"
        kept = [named if _name(line) == FOLDER else line for line in kept]  # its empty line, below its words
        kept += [] if named in kept else [named]
    if kept == lines:
        return False
    path, new = project / ".env", project / f".env.{secrets.token_hex(8)}.new"
    try:
        _write_through(new, "\n".join(kept) + "\n", 0o600)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return True


def _lines(project: Path) -> list[str]:
    try:
        return (project / ".env").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise NotMade(f"{project / '.env'} is missing: cp .env.example .env && chmod 600 .env") from None


def _name(line: str) -> str | None:
    found = LINE.match(line)
    return found[1] if found else None


def _value(lines: list[str], name: str) -> str:
    """The value of a line of .env as Compose reads it; the last line of a name counts. Raises NotMade for what only Compose can read."""
    values = [found[2].strip() for line in lines if (found := LINE.match(line)) and found[1] == name]
    text = values[-1] if values else ""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    else:
        text = "" if text.startswith("#") else re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    if re.search(r"[$\\'\"]", text):
        raise NotMade(f"{name} in .env has a sign that Compose reads in its own way ($, \\ or a quote): write the secret without it")
    return text


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise NotMade(f"{path} is no text: restore it from your copy, {NAMED}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
