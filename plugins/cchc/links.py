"""Addresses of the dashboard's views, composed in one place for messages, papers and commands.

The dashboard is part of Airflow's API server, under the path `/cchc`. Where people reach it is the setting CCHC_DASHBOARD_URL
(https://airflow.example/cchc), or, without it, `/cchc` below the address of Airflow ([api] base_url) that the caller hands in. Codes of
periods and units are written as the command line writes them: 2023-12, H19.16.21, level:commune, all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode, urlsplit

from cchc.errors import NotConfigured
from cchc.settings import Settings

MOUNT = "/cchc"  # the path of the dashboard below the address of Airflow
VARIABLE = "CCHC_DASHBOARD_URL"


@dataclass(frozen=True)
class View:
    """What a page shows, as query parameters that all pages share; None: the page's own choice.

    `period`, `basis` ("period" or "year_to_date"), `scope` (a unit code, level:commune, all), `known_at` (a moment with its time zone),
    `lang` ("vi" or "en").
    """

    period: str | None = None
    basis: str | None = None
    scope: str | None = None
    known_at: datetime | None = None
    lang: str | None = None

    @property
    def query(self) -> str:
        """The query of an address with its question mark, in the order of the fields; empty where nothing is chosen."""
        moment = self.known_at.isoformat() if self.known_at else None
        chosen = {"period": self.period, "basis": self.basis, "scope": self.scope, "known_at": moment, "lang": self.lang}
        given = {name: value for name, value in chosen.items() if value is not None}
        return f"?{urlencode(given, safe=':')}" if given else ""


NO_CHOICE = View()


@dataclass(frozen=True)
class Links:
    """The addresses below `base`, which has no slash at its end: https://airflow.example/cchc, or a path for links within a server."""

    base: str

    def scorecard(self, view: View = NO_CHOICE) -> str:
        """The first page: the scorecard."""
        return self._at("", view=view)

    def indicator(self, indicator: str, view: View = NO_CHOICE) -> str:
        """The page of one indicator."""
        return self._at("indicators", indicator, view=view)

    def unit(self, unit: str, view: View = NO_CHOICE) -> str:
        """The page of one unit."""
        return self._at("units", unit, view=view)

    def health(self, view: View = NO_CHOICE) -> str:
        """The page of the health of the data: freshness, coverage, loads, quarantine."""
        return self._at("health", view=view)

    def load(self, load_id: int, view: View = NO_CHOICE) -> str:
        """The page of one load."""
        return self._at("loads", str(load_id), view=view)

    def publications(self, view: View = NO_CHOICE) -> str:
        """The list of publications."""
        return self._at("publications", view=view)

    def publication(self, publication_id: int, view: View = NO_CHOICE) -> str:
        """The page of one publication, with its restatements."""
        return self._at("publications", str(publication_id), view=view)

    def dossier(self, source: str, dossier_code: str, view: View = NO_CHOICE) -> str:
        """The page of one dossier of a source."""
        return self._at("dossiers", source, dossier_code, view=view)

    def _at(self, *parts: str, view: View) -> str:
        return "/".join([self.base, *(quote(part, safe="") for part in parts)]) + view.query


def dashboard_links(settings: Settings, airflow_url: str | None = None) -> Links | None:
    """The addresses of the dashboard of this installation; None where neither CCHC_DASHBOARD_URL nor the address of Airflow is known.

    `airflow_url`: Airflow's [api] base_url, which counts where the setting is not there. Raises NotConfigured where the address is none
    that a browser opens from a message.
    """
    if settings.dashboard_url:
        return Links(_checked(settings.dashboard_url, VARIABLE))
    return Links(_checked(airflow_url, "Airflow's [api] base_url") + MOUNT) if airflow_url else None


def _checked(url: str, setting: str) -> str:
    """The address without a slash at its end."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:  # for example a bracket that is never closed
        is_address = False
    if not is_address:
        raise NotConfigured(f"{setting} is '{url}'; it must be an address such as https://airflow.example/cchc, without ? and #")
    return url.rstrip("/")
