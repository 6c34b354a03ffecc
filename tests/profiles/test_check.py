"""`cchc profile check` of a file alone: every mistake is told at once, with its line and the nearest right word."""

from __future__ import annotations

from pathlib import Path

import pytest

from cchc.profiles.layouts import read_layouts
from cchc.settings import PROJECT, Settings
from cchc.sources.profile import list_profiles
from tests.support.cli import Said, cchc
from tests.support.permits import PROFILE
from tests.support.warehouse import rows_of

ONE_STOP = PROJECT / "include" / "sources" / "one_stop.yaml"
DATABASE = PROJECT / "docs" / "examples" / "vendor_database.yaml"


@pytest.fixture(autouse=True)
def _empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))


def checked(folder: Path, profile: Path, *changes: tuple[str, str]) -> Said:
    """What `cchc profile check` says of a profile with some texts changed; each must stand there."""
    text = profile.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / profile.name
    path.write_text(text, encoding="utf-8")
    return cchc("profile", "check", str(path))


def line_with(profile: Path, words: str) -> int:
    """The number of the first line with these words."""
    return next(number for number, line in enumerate(profile.read_text(encoding="utf-8").splitlines(), 1) if words in line)


def test_the_layouts_are_those_of_the_database(warehouse: Settings) -> None:
    found: dict[str, dict[str, str]] = {}
    for row in rows_of(
        warehouse,
        "select substr(relname, 7) as model, attname, format_type(atttypid, null) as kind from pg_attribute "
        "inner join pg_class on pg_class.oid = attrelid where relnamespace = 'staging'::regnamespace and relname like 'model\\_%' "
        "and relkind = 'r' and attnum > 0 and not attisdropped order by relname, attnum",
    ):
        found.setdefault(row["model"], {})[row["attname"]] = row["kind"]
    assert found, "there are no models"
    assert read_layouts(warehouse.sql_dir) == found


@pytest.mark.parametrize("source", [*list_profiles(ONE_STOP.parent), *(str(path) for path in sorted(PROFILE.parent.glob("*.yaml")))])
def test_the_profiles_of_the_project_are_well(source: str, tmp_path: Path) -> None:
    said = cchc("profile", "check", source)
    assert (said.code, "WRONG" in said.out) == (0, False), said.out
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("model: dossier\n", "model: dosier\n", "entities.dossiers.model", "there is no model 'dosier'; did you mean 'dossier'?"),
        ("      due_at:", "      due_ta:", "entities.dossiers.columns.due_ta", "has no column 'due_ta'; did you mean 'due_at'?"),
        ("General: NL.1,", "General: NL.9,", "columns.unit_code.codes.General", "'NL.9' is no unit of the authority's units.csv or"),
        ("General: NL.1,", "General: TODO,", "columns.unit_code.codes.General", "a person must fill this in: put it in the place of TODO"),
        ("{const: ket_qua}", "{const: ketqua}", "columns.result_kind_code.const", "did you mean 'ket_qua'? Allowed: ket_qua, tra_lai"),
        ('present: ["9", "4"]', 'present: ["99", "4"]', "columns.status_code.present", "'99' is no code of status_code"),
        ('Internet: "2"', 'Internet: "5"', "columns.channel_code.codes.Internet", "'5' is no code of channel_code. Allowed: 1, 2, 3."),
        ('default: "1"', 'default: "6"', "columns.channel_code.default", "'6' is no code of channel_code. Allowed: 1, 2, 3."),
        ("      K4:", "      K44:", "waived_rules.K44", "the suite dossier has no rule 'K44'; did you mean 'K4'?"),
        (
            "    model: dossier\n",
            "    model: dossier\n    suite: dosier\n",
            "dossiers.suite",
            "there is no suite 'dosier'; did you mean 'dossier'?",
        ),
        (
            '      dossier_code: "case:concept:name"\n      received_at',
            "      received_at",
            "dossiers.columns",
            "the model needs dossier_code",
        ),
        ("      channel_code: {from", "      papers: {from", "columns.papers", "the column is jsonb; 'list' goes with jsonb columns"),
        ("    rows: event\n", "    path: /x\n    rows: event\n", "dossiers.path", "'path' goes with 'http', which is missing"),
        (
            "    rows: event\n",
            "    deletions: {kind: month_keys, path: /keys}\n",
            "dossiers.deletions",
            "lists of keys by month are asked for over HTTP",
        ),
        ("zone: Europe/Amsterdam", "zone: Europe/Amsterdm", None, "zone 'Europe/Amsterdm' is not a time zone"),
        (
            "source: dutch_permits",
            "source: dutch_permit",
            None,
            "'source' is 'dutch_permit'; it must be 'dutch_permits', the name of the file",
        ),
        ("overlap_hours: 24", "overlap_hours: 24\nzone: UTC", None, "the key 'zone' stands there a second time"),
        ("entities:\n", "entities: [\n", None, "is not YAML"),
    ],
)
def test_each_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, place: str | None, words: str) -> None:
    said = checked(tmp_path, PROFILE, (old, new))
    assert said.code == 1
    assert (place or "") in said.out and words in said.out and "dutch_permits.yaml" in said.out, said.out
    if place is not None:
        assert "1 to correct" in said.out, said.out
        line = line_with(tmp_path / PROFILE.name, f"{place.rpartition('.')[2]}:")
        assert f"dutch_permits.yaml line {line}, " in said.out, said.out


def test_a_column_that_no_rule_can_do_without_is_named(tmp_path: Path) -> None:
    said = checked(tmp_path, PROFILE, ('      status_code: {from: "case:enddate", present: ["9", "4"]}\n', ""))
    assert "entities.dossiers.columns: no column fills status_code, so rule K1 would keep every record aside; add status_code" in said.out


def test_all_mistakes_are_told_at_once_whatever_kind_they_are(tmp_path: Path) -> None:
    """The strict reader stops at the first broken rule of a mapping, and asks no rule where a key has the wrong form."""
    said = checked(
        tmp_path,
        ONE_STOP,
        ("zone: Asia/Ho_Chi_Minh", "zone: Asia/Saigon City"),  # the form of a key
        ("limit: ", "limti: "),  # an unknown key, deep in a part
        ("    file_pattern: ", "    pattern: "),  # a key that the rules beside `files` need
        (
            "      deleted_at: ",
            "      deleted_at: {from: NgaySuaCuoi, optional: true, reason: why}\n      done_at: ",
        ),  # two rules of one entity
        ("      received_at: {from: NgayTiepNhan", "      received_at: {from: MaHoSo, personal: hmac"),
        ("      due_at: ", "      due_ta: "),  # the model
    )
    told = [line for line in said.out.splitlines() if line.startswith("WRONG")]
    for words in (
        "zone 'Asia/Saigon City' is not a time zone",
        "unknown key 'limti'; did you mean 'limit'?",
        "unknown key 'pattern'",
    ):
        assert any(words in line for line in told), (words, said.out)
    lines = [int(line.partition(" line ")[2].partition(",")[0].partition(":")[0]) for line in told if " line " in line]
    assert lines == sorted(lines)


def test_several_rules_of_one_entity_are_told_at_once(tmp_path: Path) -> None:
    said = checked(
        tmp_path,
        DATABASE,
        ("zone: Asia/Ho_Chi_Minh", "zone: Nowhere"),
        ("    table: hoso\n", ""),
        ("      deleted_at: ngay_xoa\n", "      deleted_at: {from: ngay_sua, optional: true, reason: why}\n"),
        ("{from: so_cccd, personal: hmac}", "{from: ma, personal: hmac}"),
        ("{from: han_tra, critical: true}", "{from: han_tra, critically: true}"),
        ("query: sql/vendor_steps.sql", "query: sql/vendor_step.sql"),
        ("      action_name: viec", "      acton_name: viec"),
    )
    for words in (
        "zone 'Nowhere' is not a time zone",
        "entities.dossiers: the source has 'database', so the entity needs 'table' or 'query'",
        "entities.dossiers.columns.deleted_at: 'ngay_sua' is part of the key or the change time",
        "entities.dossiers.columns.applicant_key: 'ma' is personal in one place and in clear",
        "entities.dossiers.columns.due_at: unknown key 'critically'; did you mean 'critical'?",
        "entities.dossier_steps.query: there is no SQL file 'sql/vendor_step.sql'",
        "entities.dossier_steps.columns.acton_name: the model dossier_step has no column 'acton_name'; did you mean 'action_name'?",
    ):
        assert words in said.out, (words, said.out)
    assert "7 to correct" in said.out, said.out


def test_who_asks_for_what_is_not_there_is_told() -> None:
    said = cchc("profile", "check", "one_stopp")
    assert (said.code, "did you mean 'one_stop'?" in said.err) == (2, True)
    assert cchc("profile", "check", "nowhere/at_all.yaml").code == 2
