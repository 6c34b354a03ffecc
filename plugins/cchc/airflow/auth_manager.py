"""Airflow's auth manager of this project: Airflow's simple one, and the accounts of persons that `cchc account` keeps.

Airflow's own users (admin, viewer) log in as before. Whoever has an account logs in with its name, so that an approval bears the name of a
person. An approver sees what a viewer sees, answers approvals, and starts, stops and switches on nothing. Who gives wrong passwords waits
longer and longer (cchc.airflow.guesses). [core] auth_manager in include/airflow/airflow.cfg names this class.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

from airflow.api_fastapi.app import get_cookie_path
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.auth.managers.simple.datamodels.login import LoginBody
from airflow.api_fastapi.auth.managers.simple.services.login import SimpleAuthManagerLogin
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.configuration import conf
from fastapi import HTTPException

from cchc.airflow.accounts import APPROVER, OWN, VIEWER, Account, Accounts
from cchc.airflow.browsers import Asked, Browsers, asked
from cchc.airflow.guesses import ADDRESS, NAME, Guesses
from cchc.airflow.proxies import proxies
from cchc.settings import Settings

log = logging.getLogger(__name__)

MARK = "account_mark"
"""What a token says of the password for which it was given."""

TOO_MANY = "Too many wrong passwords: try again in {wait} seconds / Sai mật khẩu quá nhiều lần: thử lại sau {wait} giây"


class AccountsAuthManager(SimpleAuthManager):  # type: ignore[misc] # Airflow's module has no types
    """The simple auth manager with the accounts of persons."""

    def init(self) -> None:
        """Prepare Airflow's own users, and let the login look for accounts first."""
        super().init()
        own_token = SimpleAuthManagerLogin.create_token
        if getattr(own_token, "asks_accounts", False):
            return

        def create_token(body: LoginBody, **options: Any) -> str:
            """The token of an account, or else of one of Airflow's own users. Who guessed too often waits before it is looked at."""
            request = asked.get() or Asked()
            if not body.username or not body.password:
                return str(own_token(body, **options))
            attempt = self.guesses().begin(body.username, request.address)
            if attempt.wait:
                raise HTTPException(429, TOO_MANY.format(wait=attempt.wait), headers={"Retry-After": str(attempt.wait)})
            try:
                role = self.accounts().role_of(body.username, body.password)
                if role is None:
                    token = str(own_token(body, **options))
                else:
                    user = SimpleAuthManagerUser(username=body.username, role=_in_airflow(role))
                    token = str(self.generate_jwt(user=user, **options))
            except HTTPException:
                for limit in attempt.reached:
                    self._tell(limit, body.username, request.address)
                raise
            self.guesses().right(body.username, request.address)
            request.token = token
            return token

        create_token.asks_accounts = True  # type: ignore[attr-defined]
        # the login page and the API both call this function, and Airflow offers no other place to change it
        SimpleAuthManagerLogin.create_token = staticmethod(create_token)

    @classmethod
    def accounts(cls) -> Accounts:
        """The accounts, which lie beside the passwords of Airflow's own users."""
        return Accounts(Path(cls.get_generated_password_file()).parent)

    @classmethod
    def guesses(cls) -> Guesses:
        """The wrong passwords, which lie beside the accounts."""
        return Guesses(cls.accounts().path.parent)

    def get_fastapi_middlewares(self) -> list[tuple[Any, dict[str, Any]]]:
        """What the API server does for browsers (cchc.airflow.browsers), beside what Airflow's own manager asks for."""
        own = [conf.get("api", "base_url", fallback=""), *conf.getlist("api", "access_control_allow_origins", fallback=[])]
        return [*super().get_fastapi_middlewares(), (Browsers, {"own_urls": own, "cookie_path": get_cookie_path, "proxies": proxies()})]

    def _tell(self, limit: str, name: str, address: str) -> None:
        """Note in the audit log that somebody guesses. Where the warehouse is away the login is refused all the same, and the log tells."""
        is_known = name in OWN or name in self.accounts().read()
        whom = f"the account {name}" if is_known else "a name that is no account"
        words = {ADDRESS: f"from {address}, for several names", NAME: f"for {whom}, from several addresses"}
        subject = words.get(limit, f"for {whom}, from {address}")
        log.warning("wrong passwords %s: the next ones have to wait", subject)
        from cchc.dashboard.warehouse import noting  # the pages of the API server have it, and other processes of Airflow no use for it

        try:
            noting(Settings.load(), "login", "wrong passwords", subject, name if is_known else "nobody")
        except Exception as error:
            log.error("the audit log could not be told of wrong passwords %s: %s", subject, type(error).__name__)

    def serialize_user(self, user: SimpleAuthManagerUser) -> dict[str, Any]:
        """What a token says of a user; of an account also for which password it was given."""
        account = self.accounts().read().get(user.username)
        return dict(super().serialize_user(user)) | ({MARK: _mark(account)} if account is not None else {})

    def deserialize_user(self, token: dict[str, Any]) -> SimpleAuthManagerUser:
        """The user of a token, with the role that the account has now.

        Raises ValueError where the account was removed, or has another password than when the token was given: who took the token of a
        person would else keep it when that person changes the password, or when somebody else gets an account of that name.
        """
        user = super().deserialize_user(token)
        accounts = self.accounts()
        account = accounts.read().get(user.username)
        if account is not None:
            if token.get(MARK) != _mark(account):
                raise ValueError(f"the account {user.username} has another password now")
            return SimpleAuthManagerUser(username=user.username, role=_in_airflow(account.role), teams=user.teams)
        if accounts.was_removed(user.username):
            raise ValueError(f"the account {user.username} was removed")
        return user

    def is_authorized_dag(
        self, *, method: str, user: SimpleAuthManagerUser, access_entity: DagAccessEntity | None = None, **more: Any
    ) -> bool:
        """Whether a user may do this with a DAG: as Airflow's role says, and an approver may also answer an approval."""
        if access_entity == DagAccessEntity.HITL_DETAIL and method == "PUT" and self._approves(user):
            return True
        return bool(super().is_authorized_dag(method=method, user=user, access_entity=access_entity, **more))

    def _approves(self, user: SimpleAuthManagerUser) -> bool:
        account = self.accounts().read().get(user.username)
        return account is not None and account.role == APPROVER


def _mark(account: Account) -> str:
    """What changes with each password, and tells nothing of it."""
    return hashlib.sha256(account.salt.encode()).hexdigest()[:16]


def _in_airflow(role: str) -> str:
    """The name of Airflow's own role for a role of an account: an approver is a viewer that may do one thing more."""
    return VIEWER if role == APPROVER else role
