"""The dashboard behind Airflow's own login. Only Airflow's API server imports this module.

Airflow mounts the application of a plugin without any check of its own: without the dependency below, its pages would be open to everybody.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI, HTTPException, Request

from cchc.dashboard.app import create_app
from cchc.dashboard.person import Login
from cchc.settings import Settings

RESOURCE = "Dashboard"


def who_asks(user: Annotated[BaseUser, Depends(get_user)]) -> Login:
    """The login of a request. Airflow answers 401 where there is none or where it has expired, and 403 where the token is not its own.

    Who may start runs is an operator. Raises HTTPException 403 for a user without any role.
    """
    manager = get_auth_manager()
    if not manager.is_authorized_custom_view(method="GET", resource_name=RESOURCE, user=user):
        raise HTTPException(403)
    is_operator = manager.is_authorized_dag(method="POST", access_entity=DagAccessEntity.RUN, user=user)
    return Login(user.get_name(), is_operator)


def login_url(request: Request) -> str:
    """Airflow's page to log in, from which the browser comes back to the page that was asked for."""
    asked = urlsplit(str(request.url))
    # without a host: the page to log in puts its own before it, under which the browser knows us, whatever a proxy or a stranger names
    return str(get_auth_manager().get_url_login(next_url=asked.path + (f"?{asked.query}" if asked.query else "")))


def dashboard() -> FastAPI:
    """The application to be mounted."""
    return create_app(Settings.load(), who_asks, login_url)
