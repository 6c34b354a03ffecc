"""The accounts of persons for Airflow's pages: a file beside Airflow's own users, with a salted hash of each password.

`cchc account` writes it, and cchc.airflow.auth_manager reads it at each login and at each request, so a change counts at once and without a
restart. The same account stands in ops.account, where the dashboard finds the unit of the person.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from cchc.errors import NotConfigured, WrongUse
from cchc.files import locked, write_private
from cchc.near import near

VIEWER, APPROVER = "viewer", "approver"
# what the command says: the name of Airflow's role. Airflow's simple auth manager has no approver: ours lets it answer approvals
ROLES = {"viewer": VIEWER, "approver": APPROVER, "operator": "op", "admin": "admin"}
OWN = ("admin", "viewer")  # the two users that Airflow has from its start
NAME = re.compile(r"[a-z][a-z0-9._-]{1,62}")
LEAST_PASSWORD = 12  # characters
COST = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True)
class Account:
    """One account: its role, as ROLES has it, and the salted hash of the password."""

    role: str
    salt: str
    hash: str


class Accounts:
    """The accounts in `folder`, the folder of Airflow's state (CCHC_HOME/airflow)."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "accounts.json"

    def read(self) -> dict[str, Account]:
        """The accounts by name. Raises NotConfigured if the file cannot be read: then nobody of it is let in."""
        return self._saved()[0]

    def was_removed(self, name: str) -> bool:
        """Whether an account of this name was removed, so that a token that was given to it does not count any more."""
        return name in self._saved()[1]

    def role_of(self, name: str, password: str) -> str | None:
        """The role of the account with this name and password; None where there is none."""
        account = self.read().get(name)
        # a name that is not there takes as long as a wrong password
        known = account or Account("", _encoded(b"no account"), _encoded(b"no password"))
        is_right = hmac.compare_digest(_hashed(password, known.salt), known.hash)
        return known.role if account and is_right else None

    def put(self, name: str, role: str, password: str) -> None:
        """Add an account, or give an account another role and password. Raises WrongUse if the name or the password is not allowed."""
        if name in OWN:
            raise WrongUse(f"'{name}' is one of Airflow's own users; give a person's account another name")
        if not NAME.fullmatch(name):
            raise WrongUse(f"'{name}' is no name of an account: small letters, digits, dot, hyphen, underscore, such as nguyen.van.thu")
        if len(password) < LEAST_PASSWORD:
            raise WrongUse(f"the password has {len(password)} characters; at least {LEAST_PASSWORD} are needed")
        salt = _encoded(secrets.token_bytes(16))
        with locked(self.path.with_suffix(".lock")):
            accounts, removed = self._saved()
            self._save(accounts | {name: Account(role, salt, _hashed(password, salt))}, removed - {name})

    def remove(self, name: str) -> None:
        """Remove an account; whoever is logged in with it is out at once. Raises WrongUse if there is none."""
        with locked(self.path.with_suffix(".lock")):
            accounts, removed = self._saved()
            if name not in accounts:
                raise WrongUse(f"there is no account '{name}'{near(name, accounts)}")
            self._save({other: account for other, account in accounts.items() if other != name}, removed | {name})

    def _save(self, accounts: dict[str, Account], removed: set[str]) -> None:
        saved = {"accounts": {name: asdict(account) for name, account in accounts.items()}, "removed": sorted(removed)}
        write_private(self.path, json.dumps(saved, indent=1))

    def _saved(self) -> tuple[dict[str, Account], set[str]]:
        """The accounts by name, and the names of those that were removed."""
        try:
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            return {name: Account(**entry) for name, entry in saved["accounts"].items()}, set(saved["removed"])
        except FileNotFoundError:
            return {}, set()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotConfigured(f"the file of the accounts {self.path} cannot be read ({error}). Restore it from the backup") from error


def _hashed(password: str, salt: str) -> str:
    return _encoded(hashlib.scrypt(password.encode(), salt=base64.b64decode(salt), **COST))


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
