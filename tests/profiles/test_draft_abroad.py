"""Public records of other countries, in shapes that nobody tuned the draft for: a Spanish table, and an answer of a French service with Link."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from cchc.sources.time_patterns import Rules
from cchc.sources.time_words import MONTHS
from cchc.sources.times import Reading
from tests.support.cli import cchc, connect
from tests.support.http import Handler, listening

LICENCES = """Nº expediente;Tipo de licencia;Fecha de solicitud;Fecha límite;Fecha de resolución;Distrito;Solicitante;Tasa;Última modificación
2023/0001;Obra menor;02-ene-23;01-feb-23;27-ene-23;Centro;Ana Inventada Pérez;1.234,50;27-ene-23
2023/0002;Obra menor;09-ene-23;08-feb-23;15-feb-23;Norte;Luis Inventado Gil;87,00;15-feb-23
2023/0003;Actividad;13-abr-23;12-jul-23;;Centro;Eva Inventada Sol;2.010,25;13-abr-23
2023/0004;Actividad;22-ago-23;20-nov-23;30-oct-23;Norte;Juan Inventado Rey;310,75;30-oct-23
"""


def filled(path: Path, *changes: tuple[str, str]) -> str:
    """The draft, with a person's answers in it; returns it as it was drafted."""
    text = path.read_text(encoding="utf-8")
    answered = re.sub("(name_vi|owner): TODO", r"\1: Thử", text)
    for place, answer in changes:
        assert place in answered, (place, answered)
        answered = answered.replace(place, answer)
    path.write_text(answered, encoding="utf-8")
    return text


def test_a_spanish_table(tmp_path: Path) -> None:
    sample, profile = tmp_path / "licencias_2023.csv", tmp_path / "madrid.yaml"
    sample.write_text(LICENCES, encoding="utf-8")
    assert cchc("profile", "draft", str(sample), "--model", "dossier", "--output", str(profile)).code == 0
    units = "units: [{unit_code: ES.C, name: Centro, level: district, kind: office}, {unit_code: ES.N, name: Norte, level: district, kind: office}]"
    text = filled(
        profile,
        ("zone: Asia/Ho_Chi_Minh", "zone: Europe/Madrid"),
        ("unit_code: {const: TODO}", "unit_code: {from: Distrito, codes: {Centro: ES.C, Norte: ES.N}}"),
        ("files:", f"{units}\nfiles:"),
    )
    for line in (
        "time_formats: [dd-MMM-yy]" if "time_formats: [dd-MMM-yy]" in text else 'time_formats: ["dd-MMM-yy"]',
        "two_digit_years_from: 1950  # guess",
        'key: ["Nº expediente"]  # guess',
        'received_at: {from: "Fecha de solicitud", critical: true}  # guess',
        "# left out: Solicitante looks like personal data",
        "# fields that no column uses: Tipo de licencia, Distrito, Tasa (a number)",
    ):
        assert line in text, text
    tried = cchc("profile", "try", str(profile), "--delivery", str(sample))
    assert tried.code == 0, tried.out
    assert re.search(r"received_at +Fecha de solicitud +4 of 4", tried.out) and "2023-01-02 00:00:00+01:00" in tried.out
    assert re.search(r"processed_at +Fecha de resolución +3 of 4", tried.out) and "Inventad" not in tried.out


class _Service(Handler):
    records: ClassVar[list[dict[str, Any]]] = [
        {
            "idDossier": f"PC-{n:03d}",
            "commune": {"codeInsee": "38185"},
            "dates": {
                "depot": f"2023-01-1{n % 9}T09:00:00+01:00",
                "limite": "2023-05-01",
                "decision": f"2023-03-1{n % 9}T08:00:00+01:00",
                "maj": f"2023-03-1{n % 9}T09:00:00+01:00",
            },
            "petitionnaire": {"nomComplet": "Jean Inventé"},
            "etapes": [{"idEtape": f"{n}-{k}", "effectueeLe": f"2023-02-0{k + 1}T08:00:00+01:00"} for k in range(2)],
        }
        for n in range(25)
    ]

    def do_GET(self) -> None:
        """Answer a page, with the address of the next one in its header."""
        query = dict(parse_qsl(urlsplit(self.path).query))
        page, size = int(query.get("page", 1)), int(query.get("per_page", 10))
        headers = {"Content-Type": "application/json", "X-Total-Count": str(len(self.records))}
        if page * size < len(self.records):
            host = self.headers["Host"]
            headers["Link"] = f'<http://{host}/v2/dossiers?page={page + 1}&per_page={size}>; rel="next"'
        self.send(json.dumps({"resultats": self.records[(page - 1) * size : page * size]}).encode(), headers=headers)


def test_an_answer_of_a_french_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample, profile = tmp_path / "reponse.json", tmp_path / "isere.yaml"
    sample.write_text(json.dumps({"resultats": _Service.records[:10]}), encoding="utf-8")
    models = ("--model", "dossier", "--model", "dossier_step")
    said = cchc("profile", "draft", str(sample), "--answer", *models, "--output", str(profile))
    assert said.code == 0, said.err
    pages = "paginator: {kind: link_header, size: 10, size_parameter: per_page, total_header: X-Total-Count, data: resultats"
    text = filled(
        profile,
        ("auth: {kind: TODO}", "auth: {kind: none}"),
        ("paginator: {kind: TODO, data: resultats", pages),
        ("path: TODO", "path: /v2/dossiers"),
        ("unit_code: {const: TODO}", 'unit_code: {from: commune.codeInsee, codes: {"38185": H19.16.21}}'),
    )
    for line in (
        "each: {list: etapes, parent_key: [idDossier]}  # guess",
        "received_at: {from: dates.depot, critical: true}  # guess",
        "step_code: idEtape  # guess",
        "dossier_code: parent.idDossier  # guess",
        "# left out: petitionnaire.nomComplet looks like personal data",
    ):
        assert line in text, text
    with listening(_Service) as base:
        connect(monkeypatch, "isere", conn_type="http", host=base)
        tried = cchc("profile", "try", str(profile))
    assert tried.code == 0, tried.out + tried.err
    assert "dossiers (model dossier): 25 records" in tried.out and "dossier_steps (model dossier_step): 50 records" in tried.out
    wrong = cchc("profile", "draft", str(profile), "--answer", "--model", "dossier", "--output", str(tmp_path / "x.yaml"))
    assert (wrong.code, "an answer of a service is a JSON document" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "pattern", "day"),
    [
        ("02-ene-23", "dd-MMM-yy", (2023, 1, 2)),
        ("22 de agosto de 2023", "d 'de' MMMM 'de' yyyy", (2023, 8, 22)),
        ("1 févr. 2023", "d MMM yyyy", (2023, 2, 1)),
        ("14 AOÛT 2023", "d MMMM yyyy", (2023, 8, 14)),
        ("3. März 2023", "d. MMMM yyyy", (2023, 3, 3)),
        ("07-mrt-2023", "dd-MMM-yyyy", (2023, 3, 7)),
        ("9 giu 2023", "d MMM yyyy", (2023, 6, 9)),
        ("15/out/2023", "dd/MMM/yyyy", (2023, 10, 15)),
    ],
)
def test_months_in_other_languages(text: str, pattern: str, day: tuple[int, int, int]) -> None:
    read = Reading((pattern,), Rules(ZoneInfo("UTC"), 1950)).reader()
    assert read(text) == datetime(*day, tzinfo=UTC)
    assert read(re.sub(r"[^\W\d]{3,}", "xyz", text)) is None


def test_no_word_is_two_months() -> None:
    """A name in one language that is another month in another one would be read wrongly in silence."""
    from cchc.sources import time_words

    lists = [names.split() for names in time_words._OTHERS]
    assert all(MONTHS[name] == number for names in lists for number, name in enumerate(names, 1))
    assert all(MONTHS[name] == number for number, name in enumerate(time_words._ENGLISH, 1))
    assert all(MONTHS[name[:3]] == number for number, name in enumerate(time_words._ENGLISH, 1))
