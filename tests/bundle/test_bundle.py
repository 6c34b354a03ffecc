"""Editions of the small demo district as bundles: they prove themselves, and what was changed is named."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cchc.bundle import verify
from cchc.bundle.archive import pack
from cchc.bundle.pseudonyms import pseudonyms
from cchc.bundle.signature import signed, signing_key
from cchc.cli.beside import _editions
from cchc.cli.examine import _papers
from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.files import write_private
from cchc.period import parse_period
from cchc.reports.seal import Seal
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.bundle.conftest import PERIODS, Published, resealed
from tests.support.cli import cchc
from tests.support.papers import CODE, text_of
from tests.support.warehouse import rows_of

DECEMBER = parse_period("2023-12")


def wrong(path: Path, key: bytes | None = None) -> list[str]:
    """What is wrong with one bundle."""
    return verify.check(path, key).wrong


def rows_in(files: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(files[f"rows/{name}.parquet"])).to_pylist()
    return found


def figures_in(files: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files["figures.csv"].decode())))


def written(rows: list[dict[str, str]]) -> bytes:
    """Rows as the CSV of a bundle."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


# ------------------------------------------------------------------------------------------------------------- what is proven


@pytest.mark.parametrize("period", PERIODS)
def test_every_published_figure_follows_from_the_rows(published: Published, period: str) -> None:
    checked = verify.check(published.bundles[period].audit)
    assert checked.wrong == []
    (stored,) = rows_of(
        published.settings,
        "select count(*) as figures, count(distinct indicator_code) as indicators from mart.publication_value as v "
        "inner join mart.publication as p on v.publication_id = p.publication_id where p.period_kind = :k",
        k=parse_period(period).kind,
    )
    assert checked.figures == stored["figures"] and stored["indicators"] > 40
    assert checked.rows > 1000 and checked.is_audit


def test_the_figures_have_substance(published: Published) -> None:
    """A bundle of nothing but zeros would be equal too."""
    figures = figures_in(published.files())
    by_status = {status: sum(row["status"] == status for row in figures) for status in ("met", "missed", "no_data")}
    assert min(by_status.values()) > 10
    assert sum(row["denominator"] not in ("", "0") for row in figures) > 300
    assert {row["basis"] for row in figures} == set(verify.BASES)


def test_rows_are_counted_in_more_memory_where_they_need_it(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    counted_in = verify._counted_in

    def counted(memory: str, *given: Any) -> verify.Counted:
        tried.append(memory)
        return counted_in(memory, *given)

    monkeypatch.setattr(verify, "_counted_in", counted)
    audit = published.bundles["2023-12"].audit
    expected = verify.check(audit)
    assert expected.wrong == [] and tried == [verify.MEMORY[0]]
    monkeypatch.setattr(verify, "MEMORY", ("1MB", "2MB", "512MB"))
    tried.clear()
    assert verify.check(audit) == expected and tried == ["1MB", "2MB", "512MB"]
    monkeypatch.setattr(verify, "MEMORY", ("1MB", "2MB"))
    (sentence,) = wrong(audit)
    assert sentence.startswith("the rows cannot be counted in 2MB of memory: Out of Memory Error")


def test_a_query_that_runs_out_of_memory_is_no_wrong_query(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    run, failed = verify.Count._run, list[Any]()

    def runs_out_once(self: verify.Count, *given: Any) -> None:
        if not failed:
            failed.append(given)
            raise duckdb.OutOfMemoryException("Out of Memory Error: made by this test")
        run(self, *given)

    monkeypatch.setattr(verify.Count, "_run", runs_out_once)
    assert wrong(published.bundles["2023-12"].audit) == [] and failed


def test_the_open_bundle_has_no_row_and_the_hashes_of_all(published: Published) -> None:
    bundles = published.bundles["2023-12"]
    with zipfile.ZipFile(bundles.open) as archive:
        names = archive.namelist()
    assert not [name for name in names if name.startswith("rows/") or name.endswith(".parquet")]
    listed = json.loads(published.files()[verify.MANIFEST])["files"]
    assert {name for name in listed if name.startswith("rows/")} == {f"rows/{p}" for p in row_names(published)}
    opened, audit = verify.check_all([bundles.open, bundles.audit])
    assert not opened.wrong and not audit.wrong
    assert (opened.is_audit, audit.is_audit) == (False, True)
    assert opened.manifest_sha256 == audit.manifest_sha256 == bundles.manifest_sha256


def row_names(published: Published) -> set[str]:
    return {Path(name).name for name in published.files() if name.startswith("rows/")}


def test_the_script_in_the_bundle_works_alone(published: Published, tmp_path: Path) -> None:
    """In an interpreter that finds DuckDB and nothing of this project."""
    for name, data in published.files().items():
        path = tmp_path / "unzipped" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    site = tmp_path / "site"
    site.mkdir()
    import duckdb

    packages = Path(duckdb.__file__).parents[1]
    for path in packages.iterdir():
        if path.name.startswith(("duckdb", "_duckdb")):
            (site / path.name).symlink_to(path)
    done = subprocess.run(
        [sys.executable, "-S", str(tmp_path / "unzipped" / "verify.py"), str(published.bundles["2023-12"].audit)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("equal  2023-12 edition 1 (audit): ") and "all equal" in done.stdout
    here = subprocess.run(
        [sys.executable, "-S", "verify.py"],
        cwd=tmp_path / "unzipped",
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert here.stdout.startswith("equal  2023-12 edition 1 (audit): ")


# ------------------------------------------------------------------------------------------------------------- what is named


def test_a_figure_that_does_not_follow_from_the_rows_is_named(published: Published, tmp_path: Path) -> None:
    """Who changes a figure and makes all hashes right again is found by counting."""
    files = published.files()
    figures = figures_in(files)
    chosen = next(
        row for row in figures
        if row["indicator_code"] == "dossier_on_time_rate" and row["basis"] == "period" and row["unit_code"] == "all"
    )  # fmt: skip
    was = chosen["numerator"]
    chosen["numerator"] = str(int(was) + 1)
    files["figures.csv"] = written(figures)
    assert wrong(resealed(files, tmp_path)) == [
        f"dossier_on_time_rate of all (period): numerator is published as {int(was) + 1}, the rows give {was}"
    ]


@pytest.mark.parametrize("column", ["status", "target", "gap_count", "value", "coverage", "is_provisional"])
def test_what_is_derived_is_counted_too(published: Published, tmp_path: Path, column: str) -> None:
    files = published.files()
    figures = figures_in(files)
    chosen = next(row for row in figures if row["indicator_code"] == "dossier_on_time_rate" and row["unit_code"] == "all")
    other = {"status": "missed" if chosen["status"] == "met" else "met", "gap_count": "999", "is_provisional": "true"}
    if chosen["is_provisional"] == "true":
        other["is_provisional"] = "false"
    chosen[column] = other.get(column, "0.5")
    files["figures.csv"] = written(figures)
    (sentence,) = wrong(resealed(files, tmp_path))
    assert sentence.startswith(
        f"dossier_on_time_rate of all ({chosen['basis']}): {column} is published as {chosen[column]}, the rows give "
    )


def test_a_file_that_is_not_written_as_one_of_a_bundle_is_told(published: Published, tmp_path: Path) -> None:
    files = published.files()
    targets = list(csv.DictReader(io.StringIO(files["targets.csv"].decode())))
    next(row for row in targets if row["indicator_code"] == "dossier_on_time_rate")["target"] = ""
    (sentence,) = wrong(resealed(files | {"targets.csv": written(targets)}, tmp_path))
    assert sentence == "targets.csv: dossier_on_time_rate has no target, and only a direction has none"
    figures = figures_in(files)
    figures[0]["numerator"] = "many"
    (sentence,) = wrong(resealed(files | {"figures.csv": written(figures)}, tmp_path, "other.zip"))
    assert sentence.startswith("the figures were not recomputed: a file is not written as one of a bundle: InvalidOperation")


def test_a_changed_fact_of_one_row_is_named_where_it_counts(published: Published, tmp_path: Path) -> None:
    """One late dossier is made timely: the rate of its unit, its level and the whole do not follow any more."""
    files = published.files()
    table = pq.read_table(io.BytesIO(files["rows/dossier.parquet"]))
    rows = table.to_pylist()
    late = next(
        row for row in rows
        if row["as_of"] == "period" and row["is_counted"] and row["outcome"] == "resolved" and row["due_date"] and row["finished_date"]
        and row["finished_date"] > row["due_date"] and row["finished_date"].month == 12
    )  # fmt: skip
    late["finished_date"] = late["due_date"] = late["finished_date"].replace(day=2)
    out = io.BytesIO()
    pq.write_table(type(table).from_pylist(rows, schema=table.schema), out)
    files["rows/dossier.parquet"] = out.getvalue()
    named = [
        sentence
        for sentence in wrong(resealed(files, tmp_path))
        if sentence.startswith("dossier_on_time_rate of ") and "numerator" in sentence
    ]
    assert {sentence.split()[2] for sentence in named} == {late["unit_code"], "all", next(iter(_levels(files, late["unit_code"])))}


def _levels(files: dict[str, bytes], unit: str) -> set[str]:
    return {f"level:{row['level']}" for row in rows_in(files, "unit_at") if row["unit_code"] == unit}


def test_the_chain_names_what_is_missing_and_what_was_replaced(published: Published, tmp_path: Path) -> None:
    first, second, third = (published.bundles[period].open for period in PERIODS)
    assert [one.wrong for one in verify.check_all([third, first, second])] == [[], [], []], "in any order"
    assert verify.check_all([second])[0].notes[-1] == "the chain before it was not given: 1 earlier editions"
    missing = verify.check_all([first, third])
    assert missing[1].wrong == ["one edition between 2023-12 edition 1 and 2023 edition 1 is missing; the last one is 2023-Q4 edition 1"]
    files = published.files(audit=False)
    files["README.md"] += b"\n"
    forged = resealed(files, tmp_path, "december.zip")
    assert wrong(forged) == [], "by itself it is right"
    replaced = verify.check_all([forged, second, third])
    assert [one.wrong for one in replaced] == [[], ["it follows another 2023-12 edition 1 than december.zip: that one was replaced"], []]
    both = verify.check_all([first, forged])
    assert sum(len(one.wrong) for one in both) == 1, "two bundles of one place"


def test_another_audit_bundle_does_not_belong_to_the_open_one(published: Published, tmp_path: Path) -> None:
    files = published.files()
    table = pq.read_table(io.BytesIO(files["rows/payment.parquet"]))
    out = io.BytesIO()
    pq.write_table(table.slice(0, 0), out)
    files["rows/payment.parquet"] = out.getvalue()
    forged = resealed(files, tmp_path)
    found = [sentence for one in verify.check_all([published.bundles["2023-12"].open, forged]) for sentence in one.wrong]
    assert any("another bundle of the same place in the chain" in sentence for sentence in found)


# ------------------------------------------------------------------------------------------------------------- bytes, papers, privacy


def test_written_again_it_has_the_same_bytes(published: Published) -> None:
    bundles = published.bundles["2023-12"]
    before = bundles.open.read_bytes(), bundles.audit.read_bytes()
    bundles.open.unlink()
    bundles.audit.unlink()
    said = cchc("bundle", "2023-12")
    assert said.code == 0 and "every figure follows from its rows" in said.out, said
    assert (bundles.open.read_bytes(), bundles.audit.read_bytes()) == before
    assert bundles.audit.stat().st_mode & 0o077 == 0, "rows are for those alone who may see them"


def test_a_folder_that_was_changed_is_refused(published: Published) -> None:
    path = published.bundles["2023"].open.parent / "figures.csv"
    data = path.read_bytes()
    path.write_bytes(data.replace(b"met", b"mte", 1))
    with pytest.raises(CchcError, match=r"figures\.csv is not the one that was published: restore the folder from the backup"):
        pack(published.settings, parse_period("2023"))
    path.unlink()
    with pytest.raises(CchcError, match=r"figures\.csv cannot be read"):
        pack(published.settings, parse_period("2023"))
    path.write_bytes(data)
    assert pack(published.settings, parse_period("2023")) == published.bundles["2023"]


def test_doctor_says_which_file_of_an_edition_is_not_there(published: Published) -> None:
    def said() -> list[str]:
        with engine(published.settings).connect() as connection:
            return list(_editions(connection, published.settings))

    assert said() == []
    bundles = published.bundles["2023"]
    figures, packed = bundles.open.parent / "figures.csv", bundles.audit.read_bytes()
    whole = figures.read_bytes()
    try:
        figures.write_bytes(whole + b" ")
        assert said() == [f"{figures} is not the one that was published: restore the folder from the backup"]
        figures.write_bytes(whole)
        bundles.audit.unlink()
        folder = figures.parent
        assert said() == [f"{folder} has no bundle *_audit.zip any more: `cchc bundle 2023 --edition {folder.name}` writes it again"]
    finally:
        figures.write_bytes(whole)
        write_private(bundles.audit, packed)


def test_a_disk_that_is_full_leaves_the_edition_published(published: Published) -> None:
    bundles = published.bundles["2023-Q4"]
    data = bundles.open.read_bytes()
    bundles.open.unlink()
    (bundles.open / "in the way").mkdir(parents=True)
    said = cchc("bundle", "2023-Q4")
    assert said.code == 1 and "the bundles cannot be written into" in said.err
    (bundles.open / "in the way").rmdir()
    bundles.open.rmdir()
    assert cchc("bundle", "2023-Q4").code == 0
    assert bundles.open.read_bytes() == data


def test_what_has_no_bundle(published: Published) -> None:
    with pytest.raises(WrongUse, match="2023-11 has no bundle: it was not published, or before bundles were made"):
        pack(published.settings, parse_period("2023-11"))
    assert cchc("bundle", "2023-12", "--edition", "7").code == 2
    assert cchc("verify", "/nowhere.zip").code == 2


def test_the_command_checks_a_whole_folder(published: Published) -> None:
    said = cchc("verify", str(published.settings.home / "publications"))
    assert said.code == 0
    assert said.out.count("equal  ") == 2 * len(PERIODS)


def test_the_papers_print_the_hash_of_the_figures(published: Published) -> None:
    bundles = published.bundles["2023-12"]
    seal = Seal("2023-12", 1, bundles.content_sha256)
    assert len(seal.digits.replace(" ", "")) == verify.SHORT, "the script prints as many digits as the papers"
    text_vi = f"Mã kiểm chứng số liệu 2023-12, lần công bố 1: {seal.digits}"
    assert bundles.content_sha256[:4] in text_vi and bundles.content_sha256 in seal.qr_text
    files = published.files(audit=False)
    papers = {name: data for name, data in files.items() if name.startswith("papers/")}
    assert {Path(name).suffix for name in papers} >= {".docx", ".xlsx", ".html"}
    for name, data in papers.items():
        assert text_vi in paper_text(name, data), name
    stored = rows_of(published.settings, "select path, sha256 from mart.publication_report")
    names = {(published.settings.home / row["path"]).name for row in stored}
    lists = {name for name in names if name.startswith("ho_so_")}
    assert set(bundles.left_out) == lists, "what the bundles do not hold is told"
    assert len(lists) == 4 and {Path(name).name for name in papers} == names - lists
    assert all(verify.sha256((published.settings.home / row["path"]).read_bytes()) == row["sha256"] for row in stored)


def paper_text(name: str, data: bytes) -> str:
    if name.endswith(".html"):
        assert b"<svg" in data
        return data.decode()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if name.endswith(".docx"):
            return archive.read("word/document.xml").decode()
        assert any("media/image" in part for part in names)
        sheets = [archive.read(part).decode() for part in names if part.startswith("xl/worksheets/sheet")]
        assert all("&amp;R&amp;G" in sheet for sheet in sheets)
        return sheets[0]


def test_no_code_of_a_case_is_in_a_bundle(published: Published) -> None:
    files = published.files()
    everything = b"\n".join(
        json.dumps(pq.read_table(io.BytesIO(data)).to_pylist(), default=str).encode() if name.endswith(".parquet")
        else text_of(data).encode() if name.startswith("papers/")
        else data
        for name, data in files.items()
    )  # fmt: skip
    assert not {row["dossier_code"] for row in rows_of(published.settings, "select dossier_code from mart.dossier")} & set(
        CODE.findall(everything.decode(errors="replace"))
    ), "a paper in the bundle lists cases"
    codes = {
        "mart.dossier": "dossier_code", "core.payment": "_key", "core.feedback": "feedback_code", "core.assessment": "assessment_code",
        "core.work_file": "work_file_code", "core.leader": "person_code", "core.survey_answer": "answer_code",
    }  # fmt: skip
    for table, column in codes.items():
        found = [
            str(row["code"]).encode() for row in rows_of(published.settings, f"select distinct {column} as code from {table} limit 50")
        ]
        assert found and not [code for code in found if code in everything], table


def test_a_pseudonym_needs_the_key(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = pseudonyms(published.settings)
    (row,) = rows_of(
        published.settings, "select min(dossier_code) as code from mart.dossier where is_counted and received_date >= '2023-12-01'"
    )
    assert mine("dossier", row["code"]) in {one["dossier_code"] for one in rows_in(published.files(), "dossier")}
    assert mine("dossier", row["code"]) != mine("payment", row["code"])
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key")
    assert pseudonyms(published.settings)("dossier", row["code"]) != mine("dossier", row["code"])


def test_every_column_has_a_meaning_in_both_languages(published: Published) -> None:
    files = published.files()
    meant = list(csv.DictReader(io.StringIO(files["dictionary.csv"].decode())))
    assert all(row["meaning_vi"] and row["meaning_en"] and row["type"] for row in meant)
    there = {
        (name, column)
        for name, data in files.items()
        for column in (
            pq.read_table(io.BytesIO(data)).column_names if name.endswith(".parquet")
            else data.decode().splitlines()[0].split(",") if name.endswith(".csv") and name != "dictionary.csv"
            else []
        )
    }  # fmt: skip
    assert {(row["file"], row["column"]) for row in meant} == there


# ------------------------------------------------------------------------------------------------------------- the signature


def test_the_signature_of_the_office(published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = Ed25519PrivateKey.generate()
    secret = tmp_path / "key.pem"
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    monkeypatch.setenv("CCHC_SIGNING_KEY", str(secret))
    files = published.files(audit=False)
    files |= signed(signing_key(Settings.load()), files[verify.MANIFEST])
    files[verify.SUMS] = verify.sums(files)
    path, public = tmp_path / "signed.zip", tmp_path / "office.pem"
    path.write_bytes(verify.packed(files))
    public.write_bytes(files[verify.PUBLIC_KEY])
    assert wrong(path) == wrong(path, public.read_bytes()) == []
    assert cchc("verify", str(path), "--key", str(public)).code == 0
    other = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert wrong(path, other) == ["the signature is not one of the manifest by this key"]
    assert wrong(published.bundles["2023-12"].open, other) == ["it bears no signature of the office"]
    files[verify.SIGNATURE] = bytes(64)
    files[verify.SUMS] = verify.sums(files)
    path.write_bytes(verify.packed(files))
    assert wrong(path) == ["the signature is not one of the manifest by this key"]
    secret.write_text("no key")
    with pytest.raises(NotConfigured, match="the signing key is no private key"):
        signing_key(Settings.load())


def test_what_is_published_is_for_the_account_of_the_program(published: Published) -> None:
    assert (published.settings.home / "publications").stat().st_mode & 0o777 == 0o700


def test_doctor_says_which_published_paper_is_not_there(published: Published) -> None:
    def said() -> list[str]:
        with engine(published.settings).connect() as connection:
            return [f"{finding.level} {finding.text}" for finding in _papers(connection, published.settings)]

    count = rows_of(published.settings, "select count(*) as n from mart.publication_report")[0]["n"]
    assert said() == [f"ok publications: {count} published papers"]
    paper = next((published.settings.home / "publications").rglob("*.docx"))
    whole = paper.read_bytes()
    try:
        paper.write_bytes(whole + b" ")
        assert said()[0].startswith(
            f"WRONG publications: 1 of {count} published papers are gone or are not what was published: {paper}. Put"
        )
        paper.unlink()
        assert str(paper) in said()[0]
    finally:
        paper.write_bytes(whole)
