"""A real Superset on a real warehouse: imported by the script of docker-compose, and every chart of the dashboard is asked in a browser.

Superset is installed into an environment of its own, from tests/superset/requirements.txt.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from cchc.settings import Settings
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from tests.compose.services import SERVICES
from tests.superset.dashboard_files import FOLDER, read
from tests.support.browser import CHROMIUM, MISSING, chromium
from tests.support.cli import cchc
from tests.support.district import LoadedMonth, loaded_month
from tests.support.warehouse import NewWarehouse, rows_of

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1800)]

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
ADMIN, VIEWER, PASSWORD = "admin", "lan", "made-up-for-a-test"
PAGE = "/superset/dashboard/cchc/"
BLOCKED = "apachesuperset.gateway.scarf.sh"  # the pixel by which Superset counts its users; the browser must not load it


@dataclass(frozen=True)
class Site:
    """A running Superset, and the warehouse that it asks."""

    address: str
    settings: Settings


def python_of_superset() -> str:
    """A Python for which the packages of the list have wheels."""
    for name in ("python3.11", "python3.12"):
        if found := shutil.which(name):
            return found
    if sys.version_info[:2] in ((3, 11), (3, 12)):
        return sys.executable
    pytest.skip("Superset needs Python 3.11 or 3.12 here, and neither is on the path")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with Superset."""
    folder = tmp_path_factory.mktemp("superset") / "venv"
    subprocess.run([python_of_superset(), "-m", "venv", str(folder)], check=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "bin"


@pytest.fixture(scope="module")
def district(new_warehouse: NewWarehouse, month_template: LoadedMonth, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The small district with December 2023, and the eight months before it for the lines."""
    with loaded_month(new_warehouse, month_template, tmp_path_factory.mktemp("superset_district")) as settings:
        for month in range(4, 12):
            assert cchc("refresh", f"2023-{month:02}").code == 0
        yield settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Superset's metadata: one for all logins, so that each import but the first is one over what is there."""
    return tmp_path_factory.mktemp("superset_home")


def surroundings(home: Path, **more: str) -> dict[str, str]:
    """The environment of Superset: what docker-compose and the image set."""
    config = str(FOLDER / "superset_config.py")
    return {"PATH": os.environ["PATH"], "SUPERSET_HOME": str(home), "SUPERSET_CONFIG_PATH": config, "SUPERSET_SECRET_KEY": "k" * 40} | more


def prepare(installed: Path, home: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Run the script of the service `superset-init`."""
    environment = surroundings(home, SUPERSET_ADMIN_PASSWORD=PASSWORD, SUPERSET_WAREHOUSE_URL=url)
    command = [str(installed / "python"), str(FOLDER / "prepare.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@contextmanager
def running(installed: Path, environment: dict[str, str], log: Path) -> Iterator[str]:
    """The address of the server, started as the service `superset` starts it."""
    port = postgres.free_port(18088)
    command = [part.replace("/app/.venv/bin", str(installed)) for part in SERVICES["superset"]["command"]]
    command[command.index("0.0.0.0:8088")] = f"127.0.0.1:{port}"
    with log.open("w") as written, subprocess.Popen(command, env=environment, stdout=written, stderr=written) as server:
        address = f"http://127.0.0.1:{port}"
        try:
            assert wait_until(lambda: healthy(address), 240, 0.5), log.read_text()[-3000:]
            yield address
        finally:
            server.terminate()


def healthy(address: str) -> bool:
    """Whether the server answers, as the health check of the service asks."""
    try:
        return requests.get(f"{address}/health", timeout=5).ok
    except requests.RequestException:  # the first answer takes long on a busy machine
        return False


@pytest.fixture(scope="module", params=["analyst", "dashboard"])
def site(request: pytest.FixtureRequest, installed: Path, district: Settings, home: Path) -> Iterator[Site]:
    """Superset with the imported dashboard, on a login of this role; and an account of a person who looks."""
    login = f"superset_{request.param}"
    said = cchc("user", "add", login, "--role", request.param).out
    done = prepare(installed, home, re.findall(r"postgresql://\S+", said)[0])
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"imported: the dashboard with {len(read().charts)} charts" in done.stdout
    if request.param == "analyst":
        person = ["--firstname", "Lan", "--lastname", "Lê", "--email", "lan@example.vn", "--role", "Xem số liệu"]
        command = [str(installed / "superset"), "fab", "create-user", "--username", VIEWER, "--password", PASSWORD, *person]
        subprocess.run(command, env=surroundings(home), check=True, capture_output=True)
    with running(installed, surroundings(home), home / "server.log") as address:
        yield Site(address, district)
    assert cchc("user", "remove", login).code == 0


@dataclass
class Seen:
    """What a browser saw of the dashboard: the answer behind each chart by its title, and what went wrong."""

    answers: dict[str, dict[str, Any]]
    wrong: list[str]
    elsewhere: set[str]


def look(address: str, person: str) -> Seen:
    """Log in, open the dashboard, wait until each chart has its answer."""
    seen = Seen({}, [], set())
    titles: dict[int, str] = {}
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1500, "height": 2400})

        def heard(response: Any) -> None:
            if response.status >= 400:
                seen.wrong.append(f"{response.status} {response.url}")
            elif "/api/v1/chart/data" in response.url:
                chart = json.loads(response.request.post_data)["form_data"].get("slice_id")
                if chart is not None:
                    seen.answers[titles[chart]] = response.json()["result"][0]

        page.goto(f"{address}/login/", wait_until="networkidle")  # the form is drawn anew when its words have come
        page.fill("#username", person)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        page.wait_for_load_state()
        listed = page.request.get(f"{address}/api/v1/dashboard/cchc/charts").json()["result"]
        titles.update({chart["id"]: chart["slice_name"] for chart in listed})
        page.on("response", heard)
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else seen.elsewhere.add(asked.url.split("/")[2]),
        )
        page.on("console", lambda said: seen.wrong.append(said.text) if said.type == "error" and BLOCKED not in said.text else None)
        page.goto(f"{address}{PAGE}")
        wait_until(lambda: page.wait_for_timeout(250) or len(seen.answers) == len(read().charts), 90, 0)
        page.wait_for_timeout(4000)  # charts are drawn, and an answer to a filter that came later
    return seen


@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
def test_every_chart_has_rows_for_a_person_who_looks(site: Site) -> None:
    seen = look(site.address, VIEWER)
    assert seen.wrong == []
    assert set(seen.answers) == {chart["slice_name"] for chart in read().charts.values()}
    assert {title: (answer["status"], answer["error"]) for title, answer in seen.answers.items()} == dict.fromkeys(
        seen.answers, ("success", None)
    )
    assert [title for title, answer in seen.answers.items() if answer["rowcount"] == 0] == []
    assert seen.elsewhere <= {BLOCKED}

    # the numbers are those of the scorecard of the newest month
    (on_time,) = rows_of(
        site.settings,
        "select year_value from mart.scorecard where target_no = 'T20' and unit_code = 'all' and period_kind = 'month' and period_start = '2023-12-01'",
    )
    (shown,) = seen.answers["Hồ sơ đúng hạn, từ đầu năm (%)"]["data"]
    assert round(float(shown["luy_ke"]), 2) == float(on_time["year_value"])
    statuses = [row["status_vi"] for row in seen.answers["Bảng điểm chỉ tiêu"]["data"]]
    assert len(statuses) == 51, "45 targets by level and 6 directions"
    assert seen.answers["Chỉ tiêu đạt"]["data"] == [{"so_dat": statuses.count("Đạt") + statuses.count("Đúng tiến độ")}]


def test_a_login_that_is_refused_is_named_without_its_password(installed: Path, district: Settings, tmp_path: Path) -> None:
    done = prepare(installed, tmp_path, "postgresql://nobody:hunter2@127.0.0.1:1/warehouse")
    assert done.returncode == 1
    assert "the warehouse does not let the login of Superset read mart" in done.stderr
    assert "cchc user add superset --role dashboard" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_words_for_people_are_those_of_superset(installed: Path) -> None:
    """A word that this release does not have would be translated for nobody."""
    (template,) = installed.parent.glob("lib/python*/site-packages/superset/translations/messages.pot")
    known = template.read_text(encoding="utf-8")
    words = json.loads((FOLDER / "words.json").read_text(encoding="utf-8"))
    assert [word for word in words if f'msgid "{word}"\n' not in known] == []


@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
def test_a_superset_of_ones_own_takes_the_file(installed: Path, district: Settings, tmp_path: Path) -> None:
    """docs/guides/analysts.md: without our settings, imported by hand; here by the request that its page makes."""
    url = re.findall(r"postgresql://\S+", cchc("user", "add", "superset_own", "--role", "analyst").out)[0]
    password = url.split(":")[2].split("@")[0]
    archive = tmp_path / "cchc.zip"
    made = [str(installed / "python"), str(FOLDER / "prepare.py"), "--zip", str(archive), "--url", url.replace(f":{password}@", "@")]
    subprocess.run(made, check=True)
    (tmp_path / "superset_config.py").write_text(f"SECRET_KEY = '{'o' * 40}'\nWTF_CSRF_ENABLED = False\n", encoding="utf-8")
    environment = surroundings(tmp_path, SUPERSET_CONFIG_PATH=str(tmp_path / "superset_config.py"))
    admin = ["--username", ADMIN, "--password", PASSWORD, "--firstname", "a", "--lastname", "b", "--email", "a@example.vn"]
    for arguments in (["db", "upgrade"], ["fab", "create-admin", *admin], ["init"]):
        subprocess.run([str(installed / "superset"), *arguments], env=environment, check=True, capture_output=True)
    with running(installed, environment, tmp_path / "server.log") as address:
        login = {"username": ADMIN, "password": PASSWORD, "provider": "db"}
        token = requests.post(f"{address}/api/v1/security/login", json=login, timeout=60).json()["access_token"]
        answer = requests.post(
            f"{address}/api/v1/dashboard/import/",
            headers={"Authorization": f"Bearer {token}"},
            files={"formData": (archive.name, archive.read_bytes(), "application/zip")},
            data={"passwords": json.dumps({"databases/cchc.yaml": password})},
            timeout=120,
        )
        assert answer.status_code == 200, answer.text
        seen = look(address, ADMIN)
    assert cchc("user", "remove", "superset_own").code == 0
    assert set(seen.answers) == {chart["slice_name"] for chart in read().charts.values()}
    assert [title for title, each in seen.answers.items() if each["status"] != "success" or each["rowcount"] == 0] == []
