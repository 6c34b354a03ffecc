"""The application: its routes, who may ask, and what is answered where something is wrong.

It has only GET: nothing that a page does changes anything, so there is nothing to forge a request for. Only the audit log gets a
row, before single dossiers are shown or a file is taken along.
"""

# No `from __future__ import annotations` here: FastAPI must find the dependency `identify`, which is a local name, in the annotations.
import logging
import mimetypes
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote, unquote

import psycopg
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.exceptions import HTTPException as StarletteHTTPException

from cchc.dashboard import health, indicator, publications, scorecard, story, unit
from cchc.dashboard.page import Answer, Asking, Download, NotThere, Page
from cchc.dashboard.person import Forbidden, Login, person_of
from cchc.dashboard.render import HEADERS, STATIC, render, static_file
from cchc.dashboard.table import as_csv, as_xlsx
from cchc.dashboard.view import NothingComputed, address, computed_periods, language_of, read_view, scope_names
from cchc.dashboard.warehouse import noting, reading
from cchc.dashboard.words import LANGUAGES, words
from cchc.errors import CchcError, NotConfigured, WarehouseUnavailable, WrongUse
from cchc.settings import Settings

log = logging.getLogger(__name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGES: dict[str, Page] = {
    "/": scorecard.page,
    "/indicators/{indicator}": indicator.page,
    "/units": unit.list_page,
    "/units/{unit}": unit.page,
    "/health": health.page,
    "/loads/{load}": health.load_page,
    "/publications": publications.page,
    "/publications/{publication}": publications.one_page,
    "/dossiers/{source}/{dossier:path}": story.page,  # the code of a dossier is a source's own text: it may hold a slash
}
FILES: dict[str, Callable[[Asking], Download]] = {
    "/publications/{publication}/files/{name}": publications.paper,
    "/publications/{publication}/bundles/{form}": publications.bundle_file,
}

STORY = "dossier.html"  # the page of one dossier
SINGLE = frozenset({"dossier_code", "item", "key", "order_code"})  # the columns of tables that name a single record

Identify = Callable[[Request], Any]
LoginUrl = Callable[[Request], str]


def create_app(settings: Settings, identify: Identify, login_url: LoginUrl) -> FastAPI:
    """The dashboard as an application that can be mounted anywhere.

    `identify`: a FastAPI dependency that gives the Login of a request, or raises HTTPException 401 (nobody) or 403 (not allowed); every
    route asks it. `login_url`: where somebody who is not logged in is sent, and comes back from.
    """
    app = FastAPI(dependencies=[Depends(identify)], docs_url=None, redoc_url=None, openapi_url=None)

    for path, page in PAGES.items():
        app.get(path)(_route(settings, page, identify))

    for path, file in FILES.items():
        app.get(path)(_route_of_file(settings, file, identify))

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        """A script or a style sheet: the address changes with its content."""
        if name not in STATIC:
            raise HTTPException(404)
        return Response(
            static_file(settings, name).read_bytes(), media_type=STATIC[name], headers={"Cache-Control": "private, max-age=86400"}
        )

    @app.middleware("http")
    async def headers(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    _tell_errors(app, settings, login_url)
    return app


def _route(settings: Settings, page: Page, identify: Identify) -> Callable[..., Response]:
    def answer(request: Request, login: Annotated[Login, Depends(identify)]) -> Response:
        with reading(settings) as connection:
            asking = _asking(settings, connection, request, login)
            found = page(asking)
            form = asking.query.get("format")
            taken = _table_file(asking, found, form) if form else None  # first: only what is taken along is noted
            _note(asking, found)
            return _download(taken) if taken else _written(asking, found)

    return answer


def _route_of_file(settings: Settings, file: Callable[[Asking], Download], identify: Identify) -> Callable[..., Response]:
    def answer(request: Request, login: Annotated[Login, Depends(identify)]) -> Response:
        with reading(settings) as connection:
            asking = _asking(settings, connection, request, login)
            found = file(asking)
            noting(settings, "export", f"dashboard {asking.path}", found.name, login.name)
            return _download(found)

    return answer


def _asking(settings: Settings, connection: Any, request: Request, login: Login) -> Asking:
    asked = dict(request.query_params)
    if any("\x00" in said for said in (*asked, *asked.values(), *request.path_params.values())):
        raise WrongUse("an address has no NUL")
    view = read_view(connection, asked, base_of(request))
    return Asking(
        settings,
        connection,
        person_of(connection, login),
        view,
        words(settings, view.language),
        path_of(request),
        asked,
        dict(request.path_params),
    )


def _note(asking: Asking, answer: Answer) -> None:
    """Note who sees single records, or takes a table along, in the audit log; figures on a page are not noted.

    Where the note fails the page fails, so nothing is seen without it.
    """
    form = asking.query.get("format")
    if form:
        table = f"{asking.query.get('table')} as {form}, {asking.view.period.code} {asking.view.scope}"
        noting(asking.settings, "export", f"dashboard {unquote(asking.path)}", table, asking.person.name)
    elif shows_single_records(answer):
        seen = f"{asking.view.period.code} {asking.view.scope}"
        noting(asking.settings, "look", f"dashboard {unquote(asking.path)}", seen, asking.person.name)


def shows_single_records(answer: Answer) -> bool:
    """Whether a page names single dossiers or other records."""
    return answer.template == STORY or any(table.rows and SINGLE & {column.name for column in table.columns} for table in answer.tables)


def base_of(request: Request) -> str:
    """The path under which the dashboard is mounted, with the prefix of a proxy: /cchc, or /airflow/cchc."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def path_of(request: Request) -> str:
    """The path below the dashboard, quoted as it stands in an address."""
    path = str(request.scope["path"])
    base = base_of(request)
    return quote((path.removeprefix(base) if base and path.startswith(base) else path) or "/")


def _written(asking: Asking, answer: Answer) -> Response:
    view = answer.view or asking.view
    values = shell(asking.settings, view.language, view.base) | {
        "a": asking,
        "view": view,
        "person": asking.person,
        "title": answer.title,
        "periods": computed_periods(asking.connection),
        "scopes": scope_names(asking.connection, asking.view.period.last_day),
        "tables": {table.name: table for table in answer.tables},
        "again_in": answer.again_in,
        "path": asking.path,
    }
    html = render(asking.settings, answer.template, values | dict(answer.values))
    return HTMLResponse(html, answer.status)


def shell(settings: Settings, language: str, base: str) -> dict[str, Any]:
    """What every page needs, also one that tells an error."""
    return {"t": words(settings, language), "base": base, "languages": LANGUAGES, "address": address}


def _table_file(asking: Asking, answer: Answer, form: str) -> Download:
    table = next((table for table in answer.tables if table.name == asking.query.get("table")), None)
    if table is None or form not in ("csv", "xlsx"):
        raise WrongUse(f"this page has no table '{asking.query.get('table')}' as {form}")
    view = asking.view
    name = f"{table.name}_{view.period.code}_{view.scope.replace(':', '_')}.{form}"
    if form == "csv":
        return Download(name, "text/csv; charset=utf-8", as_csv(table, asking.words))
    return Download(name, XLSX, as_xlsx(table, asking.words, view.period.last_day))


def _download(file: Download) -> Response:
    media_type = file.media_type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(file.content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{file.name}"'})


# How each error of the package is told: the status of the answer, the words, and whether its own sentence is shown.
TOLD: dict[type[CchcError], tuple[int, str, bool]] = {
    Forbidden: (403, "forbidden_unit", False),
    publications.ChangedFile: (500, "changed_file", True),
    NothingComputed: (503, "no_data", False),
    NotConfigured: (503, "no_data", True),
    WarehouseUnavailable: (503, "warehouse_away", False),
    WrongUse: (400, "wrong_use", True),
}
HTTP_ERRORS = {401: "login", 403: "forbidden", 404: "not_there", 405: "only_reading"}


def _tell_errors(app: FastAPI, settings: Settings, login_url: LoginUrl) -> None:
    """Every error becomes a page that says what is wrong and what to do; the details of a defect go into the log alone."""

    def told(request: Request, status: int, kind: str, detail: str = "") -> Response:
        language = language_of(dict(request.query_params))
        values = shell(settings, language, base_of(request)) | {"kind": kind, "detail": detail, "again_in": None}
        return HTMLResponse(render(settings, "error.html", values), status, headers=dict(HEADERS))

    def of_http(request: Request, error: StarletteHTTPException) -> Response:
        if error.status_code == 401 and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(login_url(request), 303, headers=dict(HEADERS))
        return told(request, error.status_code, HTTP_ERRORS.get(error.status_code, "failed"))

    def of_ours(request: Request, error: CchcError) -> Response:
        status, kind, is_shown = next((found for made, found in TOLD.items() if isinstance(error, made)), (500, "failed", False))
        if status >= 500:
            log.error("the page %s: %s", request.url.path, error)
        return told(request, status, kind, str(error) if is_shown else "")

    def of_database(request: Request, error: SQLAlchemyError) -> Response:
        log.error("the warehouse refused a question of the page %s: %s", request.url.path, error)
        is_slow = isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.errors.QueryCanceled)
        return told(request, 503, "too_slow" if is_slow else "warehouse_away")

    def of_absent(request: Request, error: NotThere) -> Response:
        return told(request, 404, "not_there", str(error))

    def of_defect(request: Request, error: Exception) -> Response:
        log.error("the page %s failed", request.url.path, exc_info=error)
        return told(request, 500, "failed")

    handlers: dict[type[Exception], Any] = {
        StarletteHTTPException: of_http,
        CchcError: of_ours,
        SQLAlchemyError: of_database,
        NotThere: of_absent,
        Exception: of_defect,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
