"""The pages in a real browser: at a desk and on a phone, in both themes, without errors, for everybody (axe), and on paper.

`make screenshots` runs these tests and keeps a picture of each page in docs/images.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.dashboard.conftest import COMMUNE, Site, running
from tests.support.browser import CHROMIUM, MISSING, chromium

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

SIZES = {"desk": {"width": 1400, "height": 900}, "phone": {"width": 390, "height": 844}}
PICTURES = os.environ.get("CCHC_SCREENSHOTS")


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, str]:
    """One address of each page."""
    dossier = site.rows("select source_code, dossier_code from mart.dossier where timeliness = 'late' order by 2 limit 1")[0]
    publication = site.rows("select max(publication_id) as n from mart.publication")[0]["n"]
    load = site.rows("select max(load_id) as n from ops.load")[0]["n"]
    return {
        "scorecard": "/?period=2023-12",
        "edition": "/?period=2023-11&edition=1",
        "indicator": "/indicators/dossier_on_time_rate?period=2023-12",
        "units": "/units?period=2023-12",
        "unit": f"/units/{COMMUNE}?period=2023-12",
        "dossier": f"/dossiers/{dossier['source_code']}/{dossier['dossier_code']}?indicator=dossier_on_time_rate&period=2023-12",
        "health": "/health?period=2023-12",
        "load": f"/loads/{load}?period=2023-12",
        "publications": "/publications",
        "publication": f"/publications/{publication}",
        "not_there": "/units/H19.16.999",
    }


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    with running(site.app) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


def opened(browser: Any, address: str, size: str = "desk", theme: str = "light", **options: Any) -> tuple[Any, list[str]]:
    """A page of somebody who is logged in, and the errors that its console tells."""
    context = browser.new_context(viewport=SIZES[size], color_scheme=theme, locale="vi-VN", **options)
    context.add_cookies([{"name": "who", "value": "operator", "url": address}])
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page, errors


# the labels at the vertical axis of each chart
TICKS = """[...document.querySelectorAll('.chart svg g[aria-label="y-axis tick label"]')]
    .map(axis => [...axis.querySelectorAll('text')].map(label => label.textContent))"""
NAMES = ("scorecard", "edition", "indicator", "units", "unit", "dossier", "health", "load", "publications", "publication", "not_there")


# on a telephone the pages that people open there; the others, which are tables as well, each night
ON_A_TELEPHONE = ("scorecard", "indicator", "unit", "not_there")
EACH_PAGE = [
    pytest.param(name, size, marks=[] if size == "desk" or name in ON_A_TELEPHONE else [pytest.mark.nightly], id=f"{name}-{size}")
    for name in NAMES
    for size in SIZES
]


@pytest.mark.parametrize(("name", "size"), EACH_PAGE)
def test_each_page_is_sound(browser: Any, address: str, pages: dict[str, str], name: str, size: str) -> None:
    theme = "light" if size == "desk" else "dark"
    page, errors = opened(browser, address, size, theme, bypass_csp=False)
    answer = page.goto(address + pages[name])
    while page.locator("meta[http-equiv=refresh]").count():  # what is counted in the background is not there yet
        page.wait_for_timeout(500)
        answer = page.goto(address + pages[name])
    page.wait_for_timeout(300)
    assert answer.status == (404 if name == "not_there" else 200)
    assert [error for error in errors if "404" not in error] == []
    assert page.locator("html").get_attribute("data-theme") == theme
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page is wider than the window"
    if name in ("scorecard", "indicator") and size == "desk":
        page.locator(".chart svg").first.wait_for()
        for ticks in page.evaluate(TICKS):
            assert len(set(ticks)) == len(ticks) > 0, "two ticks of an axis have the same label"
    if PICTURES and size == "desk" and name != "not_there":
        page.screenshot(path=str(Path(PICTURES) / f"dashboard_{name}.png"))
    # axe puts its own script into the page, so it is asked last
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    told = [(violation["id"], [node["html"][:120] for node in violation["nodes"][:3]]) for violation in found.response["violations"]]
    assert told == []
    page.context.close()


def test_a_page_is_complete_without_scripts(browser: Any, address: str, pages: dict[str, str]) -> None:
    page, _ = opened(browser, address, java_script_enabled=False)
    page.goto(address + pages["indicator"])
    with page.expect_navigation(url="**period=2023-12*"):
        page.get_by_role("button", name="Xem").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Tỷ lệ hồ sơ giải quyết đúng hạn"
    page.context.close()


def test_choices_go_into_the_address_and_the_back_button_works(browser: Any, address: str, pages: dict[str, str]) -> None:
    page, _ = opened(browser, address)
    page.goto(address + pages["scorecard"])
    page.get_by_label("Phạm vi").select_option(COMMUNE)
    page.wait_for_url(f"**scope={COMMUNE}*")
    page.get_by_role("link", name="Tỷ lệ hồ sơ giải quyết đúng hạn", exact=True).click()
    page.wait_for_url(f"**/indicators/dossier_on_time_rate*scope={COMMUNE}*")
    page.go_back()
    page.wait_for_url(lambda url: "/indicators/" not in url and f"scope={COMMUNE}" in url)
    assert page.get_by_label("Phạm vi").input_value() == COMMUNE
    page.context.close()


def test_the_keyboard_reaches_the_content_first(browser: Any, address: str, pages: dict[str, str]) -> None:
    page, _ = opened(browser, address)
    page.goto(address + pages["scorecard"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Đến nội dung chính"
    page.keyboard.press("Enter")
    page.wait_for_url("**#content")
    page.context.close()


def test_the_theme_is_that_of_airflow(browser: Any, address: str, pages: dict[str, str]) -> None:
    page, _ = opened(browser, address)
    page.goto(address + pages["scorecard"])
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.context.close()


def test_a_table_is_taken_along(browser: Any, address: str, pages: dict[str, str]) -> None:
    page, _ = opened(browser, address)
    page.goto(address + pages["indicator"])
    with page.expect_download() as download:
        page.locator("#records .take a", has_text="CSV").click()
    assert download.value.suggested_filename == "records_2023-12_all.csv"
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    shown = re.sub(r"\D", "", page.locator("#records-title small").inner_text())
    assert len(lines) == int(shown) + 1
    page.context.close()


def test_under_a_prefix_every_link_stays_below_it(browser: Any, site: Site, pages: dict[str, str]) -> None:
    with running(site.app, "/airflow/prefix") as address:
        page, errors = opened(browser, address)
        for name in ("scorecard", "indicator", "units", "unit"):
            page.goto(address + pages[name])
            links = page.evaluate(
                "[...document.querySelectorAll('a[href],form[action],link[href],script[src]')].map(e => e.href || e.action || e.src)"
            )
            outside = [link for link in links if not link.startswith((address, "data:"))]
            assert outside == [], name
        page.get_by_label("Cách tính").select_option("period")
        page.wait_for_url("**basis=period*")
        assert page.url.startswith(address)
        assert errors == []
        page.context.close()


def test_an_expired_login_leads_to_the_login(browser: Any, address: str, pages: dict[str, str]) -> None:
    page, _ = opened(browser, address)
    page.goto(address + pages["scorecard"])
    page.context.clear_cookies()
    page.get_by_role("link", name="Đơn vị", exact=True).click()
    page.wait_for_url(lambda url: "/auth/login?next=/cchc/units" in url)
    page.context.close()


def test_a_unit_is_one_sheet_of_paper(browser: Any, address: str, pages: dict[str, str], tmp_path: Path) -> None:
    page, _ = opened(browser, address)
    page.goto(address + pages["unit"])
    made = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", made)) == 1
    page.context.close()
