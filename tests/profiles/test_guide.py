"""docs/guides/profiles.md: its sample gives its draft, word for word, and its profiles are well."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from cchc.settings import PROJECT
from tests.support.cli import cchc, connect
from tests.support.http import Handler, listening

GUIDE = (PROJECT / "docs" / "guides" / "profiles.md").read_text(encoding="utf-8")
SAMPLE = re.findall(r"```csv\n(.*?)```", GUIDE, re.DOTALL)
PROFILES = {
    source: block
    for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    for source in re.findall(r"^source: (\w+)", block, re.MULTILINE)
}


@pytest.fixture(autouse=True)
def _empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def test_the_sample_of_the_guide_gives_its_draft_and_its_message() -> None:
    Path("motcua_202305.csv").write_text(SAMPLE[0], encoding="utf-8")
    assert cchc("profile", "draft", "motcua_202305.csv", "--model", "dossier", "--output", "vendor_x.yaml").code == 0
    drafted = Path("vendor_x.yaml").read_text(encoding="utf-8")
    assert drafted == PROFILES["vendor_x"]

    filled = {"Trực tuyến": "2", "Tại quầy": "1", "Một cửa": "H19.16.21", "Phòng Nội vụ": "H19.16.02"}
    for word, code in filled.items():
        drafted = drafted.replace(f'"{word}": TODO', f'"{word}": "{code}"')
    Path("vendor_x.yaml").write_text(re.sub("(name_vi|owner): TODO", r"\1: Thử", drafted), encoding="utf-8")
    said = cchc("profile", "check", "vendor_x.yaml")
    assert said.out.splitlines()[0] in GUIDE and "did you mean 'H19.16.2'?" in said.out
    Path("vendor_x.yaml").write_text(Path("vendor_x.yaml").read_text(encoding="utf-8").replace("H19.16.02", "H19.16.2"), encoding="utf-8")
    assert cchc("profile", "try", "vendor_x.yaml", "--delivery", "motcua_202305.csv").code == 0


@pytest.mark.parametrize("source", ["vendor_y", "vendor_z"])
def test_the_other_profiles_of_the_guide_are_well(source: str) -> None:
    Path(f"{source}.yaml").write_text(PROFILES[source], encoding="utf-8")
    said = cchc("profile", "check", f"{source}.yaml")
    assert said.code == 0, said.out


class _VendorY(Handler):
    asked: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        type(self).asked.append(query)
        start, limit = int(query["offset"]), int(query["limit"])
        record = {"donVi": "H19.16.21", "ngayNhan": "2023-05-02T08:00:00", "henTra": "2023-05-10", "kenh": "web", "hoTen": "Người Bịa"}
        records = [{"hoSo": record | {"ma": f"H{number}", "ngaySua": "2023-05-02T08:00:00"}} for number in range(start, start + limit)]
        body = orjson.dumps({"duLieu": records, "tong": 100_000})
        self.send_response(200 if self.headers["Authorization"] == "Bearer the token" else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_try_of_the_http_profile_asks_for_no_more_pages_than_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("vendor_y.yaml").write_text(PROFILES["vendor_y"], encoding="utf-8")
    with listening(_VendorY) as url:
        connect(monkeypatch, "vendor_y", conn_type="http", host=url, password="the token")
        said = cchc("profile", "try", "vendor_y.yaml", "--rows", "700", "--from", "2023-05-01", "--to", "2023-06-01")
    assert said.code == 0, said.out + said.err
    assert "dossiers (model dossier): 700 records" in said.out
    assert [(query["offset"], query["tu"], query["den"]) for query in _VendorY.asked] == [
        ("0", "2023-05-01", "2023-05-31"),
        ("500", "2023-05-01", "2023-05-31"),
    ]
    assert "LOOK vendor_y.yaml line 20: none of 700 records has the field 'hoSo.ngayXong'. It is empty, or has another name." in said.out
    assert "LOOK fields that no column uses, and that never land: hoSo.hoTen" in said.out
    assert "hoSo.hoTen looks like personal data (name of a person)" in said.out and "Bịa" not in said.out


def test_a_field_without_which_no_record_can_be_judged_is_to_be_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("vendor_y.yaml").write_text(PROFILES["vendor_y"].replace("hoSo.henTra", "hoSo.henTr"), encoding="utf-8")
    with listening(_VendorY) as url:
        connect(monkeypatch, "vendor_y", conn_type="http", host=url, password="the token")
        said = cchc("profile", "try", "vendor_y.yaml", "--rows", "5")
    assert said.code == 1
    assert "WRONG vendor_y.yaml line 19: the delivery has no field 'hoSo.henTr'; did you mean 'hoSo.henTra'?" in said.out, said.out
