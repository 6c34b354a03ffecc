"""Addresses of the dashboard's views (cchc.links)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from cchc.errors import NotConfigured
from cchc.links import Links, View, dashboard_links
from cchc.period import ZONE
from cchc.settings import Settings

LINKS = Links("https://airflow.example/cchc")


def test_each_view_has_its_address() -> None:
    assert LINKS.scorecard() == "https://airflow.example/cchc/"
    assert LINKS.indicator("dossier_on_time_rate") == "https://airflow.example/cchc/indicators/dossier_on_time_rate"
    assert LINKS.unit("H19.16.21") == "https://airflow.example/cchc/units/H19.16.21"
    assert LINKS.health() == "https://airflow.example/cchc/health"
    assert LINKS.load(7) == "https://airflow.example/cchc/loads/7"
    assert LINKS.publications() == "https://airflow.example/cchc/publications"
    assert LINKS.publication(3) == "https://airflow.example/cchc/publications/3"
    assert LINKS.dossier("one_stop", "000.00.16") == "https://airflow.example/cchc/dossiers/one_stop/000.00.16"
    assert Links("/airflow/cchc").health() == "/airflow/cchc/health"


def test_what_a_page_shows_is_its_query() -> None:
    view = View(period="2023-Q4", basis="year_to_date", scope="level:commune", known_at=datetime(2024, 1, 5, 6, tzinfo=ZONE), lang="en")
    address = LINKS.scorecard(view)
    assert address == (
        "https://airflow.example/cchc/?period=2023-Q4&basis=year_to_date&scope=level:commune&known_at=2024-01-05T06:00:00%2B07:00&lang=en"
    )
    assert parse_qs(urlsplit(address).query)["known_at"] == ["2024-01-05T06:00:00+07:00"]
    assert LINKS.health(View(period="2023-12")) == "https://airflow.example/cchc/health?period=2023-12"


def test_a_code_is_one_part_of_the_path_whatever_stands_in_it() -> None:
    assert LINKS.dossier("one_stop", "a/b?c#d e") == "https://airflow.example/cchc/dossiers/one_stop/a%2Fb%3Fc%23d%20e"
    assert LINKS.unit("Phú Lý").endswith("/units/Ph%C3%BA%20L%C3%BD")


def test_where_the_dashboard_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CCHC_DASHBOARD_URL", raising=False)
    settings = Settings.load()
    assert dashboard_links(settings) is None
    assert dashboard_links(settings, "https://airflow.example/ui/") == Links("https://airflow.example/ui/cchc")
    monkeypatch.setenv("CCHC_DASHBOARD_URL", "https://numbers.example/cchc/")
    assert dashboard_links(Settings.load(), "https://airflow.example") == Links("https://numbers.example/cchc")


@pytest.mark.parametrize(
    "url", ["numbers.example", "ftp://numbers.example", "https://", "https://a.example/?x=1", "https://a.example/#x", "https://[a"]
)
def test_an_address_that_no_browser_opens_is_refused(url: str) -> None:
    settings = replace(Settings.load(), dashboard_url=url)
    with pytest.raises(NotConfigured, match="CCHC_DASHBOARD_URL is '"):
        dashboard_links(settings)
    with pytest.raises(NotConfigured, match=r"\[api\] base_url"):
        dashboard_links(replace(settings, dashboard_url=None), url)
