"""What the walk through the whole stack asks of the dashboard: Airflow's login before every address, and its pages in a browser."""

from __future__ import annotations

from typing import Any

import requests

from cchc.airflow.dashboard import dashboard
from tests.end_to_end.installation import Installation
from tests.support.browser import CHROMIUM, MISSING, chromium

LEADER, COMMUNE, UNIT = "ba.lan", "xa.phu.ly", "H19.16.22"
PASSWORD = "a long password 1"


def token(address: str, name: str) -> str:
    """A token of Airflow for an account."""
    answer = requests.post(f"{address}/auth/token", json={"username": name, "password": PASSWORD}, timeout=30)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["access_token"])


def stands_behind_airflows_login(installation: Installation, address: str, period: str) -> None:
    """Nobody is let in without a login; leaders see, and start nothing; somebody of a unit sees its dossiers alone."""
    installation.run("cchc.cli", "account", "add", LEADER, "--role", "viewer", "--password", PASSWORD)
    installation.run("cchc.cli", "account", "add", COMMUNE, "--role", "viewer", "--unit", UNIT, "--password", PASSWORD)
    paths = [route.path for route in dashboard().routes]  # type: ignore[attr-defined]
    assert len(paths) > 8
    for path in paths:
        filled = path.replace("{", "").replace("}", "")
        answer = requests.get(f"{address}/cchc{filled}", timeout=30)
        assert answer.status_code == 401, path
        answer = requests.get(f"{address}/cchc{filled}", headers={"Authorization": "Bearer abc.def.ghi"}, timeout=30)
        assert answer.status_code in (401, 403), path
    page = requests.get(f"{address}/cchc/", headers={"Accept": "text/html"}, timeout=30, allow_redirects=False)
    assert page.status_code == 303
    assert page.headers["location"].startswith("/auth/login?next=")
    leader, commune = ({"Authorization": f"Bearer {token(address, name)}"} for name in (LEADER, COMMUNE))
    assert "Bảng điểm cải cách hành chính" in requests.get(f"{address}/cchc/", headers=leader, timeout=60).text
    run = requests.post(f"{address}/api/v2/dags/close_month/dagRuns", json={"logical_date": None}, headers=leader, timeout=30)
    assert run.status_code == 403
    behind = f"{address}/cchc/indicators/dossier_on_time_rate?period={period}&part=denominator&format=csv&table=records"
    of_all, of_unit = (requests.get(behind, headers=headers, timeout=60).content.decode("utf-8-sig") for headers in (leader, commune))
    assert UNIT in of_unit
    assert 1 < of_unit.count("\n") < of_all.count("\n")
    installation.run("cchc.cli", "account", "remove", COMMUNE)
    assert requests.get(f"{address}/cchc/", headers=commune, timeout=30).status_code in (401, 403)


def lives_inside_airflows_pages(address: str, period: str) -> None:
    """In a browser: the login page, the entry in the navigation, the frame, links, the back button, a download, the theme, the end of the login."""
    if CHROMIUM is None:
        print(f"The dashboard inside Airflow's pages was not looked at: {MISSING}")
        return
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
        page = context.new_page()
        page.goto(f"{address}/cchc/units?period={period}")
        page.fill("input[name=username]", LEADER)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(f"**/cchc/units?period={period}")  # after the login the page that was asked for
        page.goto(f"{address}/plugin/cchc")
        frame = page.frame_locator("iframe")
        frame.get_by_role("heading", name="Bảng điểm cải cách hành chính").wait_for()
        frame.locator("html[data-framed=yes]").wait_for()
        frame.get_by_role("link", name="Đơn vị", exact=True).click()
        frame.get_by_role("heading", name="Đơn vị", level=1).wait_for()
        with page.expect_download() as download:
            frame.get_by_role("link", name="XLSX").first.click()
        assert download.value.suggested_filename.startswith("units_")
        page.go_back()
        frame.get_by_role("heading", name="Bảng điểm cải cách hành chính").wait_for()
        page.evaluate("localStorage.setItem('theme', 'dark')")
        page.reload()
        frame.locator("html[data-theme=dark]").wait_for()
        context.clear_cookies()
        frame.get_by_role("link", name="Đơn vị", exact=True).click()
        frame.locator("input[name=username]").wait_for()


def check(installation: Installation, address: Any, period: str) -> None:
    """Both."""
    stands_behind_airflows_login(installation, str(address), period)
    lives_inside_airflows_pages(str(address), period)
