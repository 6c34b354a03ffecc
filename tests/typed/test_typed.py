"""The reader of typed YAML: what it refuses, and how it says so. A small made-up file stands for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Discriminator, Field, model_validator

from cchc.errors import NotConfigured
from cchc.typed import Fault, Typed, read, read_once


class Bus(Typed):
    kind: Literal["bus"]
    seats: int = Field(ge=1)


class Tram(Typed):
    kind: Literal["tram"]
    wagons: int = 2


class Stop(Typed):
    name: str
    minutes: int = 5


class Line(Typed):
    retired: ClassVar = {"colour": "take the key 'colour' out: a line has no colour any more."}
    nulls: ClassVar = {"night": "none"}

    vehicle: Annotated[Bus | Tram, Discriminator("kind")]
    stops: list[Stop] = Field(min_length=1)
    days: list[str] = []
    names: dict[str, str] = {}
    share: float = 1.0
    is_free: bool = False
    night: str = "all"
    note: str | None = None

    @model_validator(mode="after")
    def _rules(self) -> Line:
        for number, stop in enumerate(self.stops):
            if stop.minutes > 60:
                raise Fault("a bus does not wait for more than an hour.", "stops", number)
        return self


GOOD = """\
ten:
  vehicle:
    kind: bus
    seats: 40
  stops:
    - name: Market
    - name: Harbour
      minutes: 7
"""


def lines(folder: Path, text: str) -> dict[str, Line]:
    path = folder / "lines.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path, dict[str, Line])


def test_a_right_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    ten = lines(tmp_path, GOOD + "  note:\n  night:\n  share: 1\n")["ten"]
    assert [(stop.name, stop.minutes) for stop in ten.stops] == [("Market", 5), ("Harbour", 7)]
    assert ten.vehicle == Bus(kind="bus", seats=40)
    assert (ten.note, ten.night, ten.share, ten.days) == (None, "none", 1.0, []), "a key without a value is absent, or what `nulls` says"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("minutes: 7", "minuts: 7", ["line 8, ten.stops.entry 2: unknown key 'minuts'; did you mean 'minutes'? Allowed: minutes, name."]),
        ("minutes: 7", "wheels: 7", ["line 8, ten.stops.entry 2: unknown key 'wheels'. Allowed: minutes, name."]),
        ("minutes: 7", "7: 7", ["line 8, ten.stops.entry 2: unknown key 7. Allowed: minutes, name."]),
        ("name: Market", "nam: Market", ["line 6, ten.stops.entry 1: unknown key 'nam'; did you mean 'name'? Allowed: minutes, name."]),
        ("minutes: 7", 'minutes: "7"', ["line 8, ten.stops.entry 2: 'minutes' must be a whole number, found '7'."]),
        ("minutes: 7", "minutes: 7.5", ["line 8, ten.stops.entry 2: 'minutes' must be a whole number, found 7.5."]),
        ("minutes: 7", "minutes: true", ["line 8, ten.stops.entry 2: 'minutes' must be a whole number, found True."]),
        ("name: Harbour", "name: 1", ["line 7, ten.stops.entry 2: 'name' must be text (quote it), found 1."]),
        ("name: Harbour", "name: no", ["line 7, ten.stops.entry 2: 'name' must be text (quote it), found False."]),
        ("    seats: 40\n", "", ["line 2, ten.vehicle: the key 'seats' is missing. There are: kind."]),
        ("seats: 40", "seats: 0", ["line 4, ten.vehicle: 'seats' must be at least 1, found 0."]),
        ("seats: 40", "seets: 40", ["line 4, ten.vehicle: unknown key 'seets'; did you mean 'seats'? Allowed: kind, seats."]),
        ("kind: bus", "kind: tra", ["line 2, ten.vehicle: 'kind' is 'tra'; did you mean 'tram'? Allowed: bus, tram."]),
        ("    kind: bus\n", "", ["line 2, ten.vehicle: the key 'kind' is missing. There are: seats."]),
        ("    kind: bus\n    seats: 40\n", "    7\n", ["line 2, ten.vehicle: expected a mapping, found int."]),
        ("    - name: Market\n", "    - Market\n", ["line 6, ten.stops.entry 1: expected a mapping, found str."]),
        ("minutes: 7", "minutes: 70", ["line 7, ten.stops.entry 2: a bus does not wait for more than an hour."]),
        ("  stops:", "  days: [mon, 2]\n  stops:", ["line 5, ten: 'days' must be a list of texts, found 2 in it (quote it)."]),
        ("  stops:", "  days: mon\n  stops:", ["line 5, ten: 'days' must be a list, found 'mon'."]),
        ("  stops:", "  names: {vi: 10}\n  stops:", ["line 5, ten: 'names' must map texts to texts, found 10 in it (quote it)."]),
        ("  stops:", "  names: {7: Bus}\n  stops:", ["line 5, ten: 'names' must map texts to texts, found 7 in it (quote it)."]),
        ("  stops:", "  names: [vi]\n  stops:", ["line 5, ten: 'names' must be a mapping, found ['vi']."]),
        ("  stops:", "  share: all\n  stops:", ["line 5, ten: 'share' must be a number, found 'all'."]),
        ("  stops:", "  is_free: 1\n  stops:", ["line 5, ten: 'is_free' must be true or false, found 1."]),
        ("  stops:", "  colour: red\n  stops:", ["line 5, ten: take the key 'colour' out: a line has no colour any more."]),
        ("  stops:", "  stops:\n  stops:", ["line 6: the key 'stops' stands there a second time; keep one."]),
        (GOOD, "ten: 10\n", ["line 1, ten: expected a mapping, found int."]),
        (GOOD, "- ten\n", [": expected a mapping, found list."]),
        (GOOD, "", [": expected a mapping, found nothing."]),
        # all at once, and a misspelt key is not told a second time as missing
        (
            "    seats: 40\n  stops:\n    - name: Market\n",
            "    seets: 40\n  stops:\n    - nome: Market\n      minutes: soon\n",
            [
                "line 4, ten.vehicle: unknown key 'seets'; did you mean 'seats'? Allowed: kind, seats.",
                "line 7, ten.stops.entry 1: 'minutes' must be a whole number, found 'soon'.",
                "line 6, ten.stops.entry 1: unknown key 'nome'; did you mean 'name'? Allowed: minutes, name.",
            ],
        ),
    ],
)
def test_every_fault_is_told_with_line_and_place(tmp_path: Path, old: str, new: str, told: list[str]) -> None:
    assert old in GOOD
    with pytest.raises(NotConfigured) as caught:
        lines(tmp_path, GOOD.replace(old, new, 1))
    assert str(caught.value).splitlines() == [f"lines.yaml{line if line.startswith(':') else f' {line}'}" for line in told]


def test_what_is_no_yaml_and_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"lines.yaml is not YAML: (.|\n)*line 2"):
        lines(tmp_path, "ten: [\n")
    with pytest.raises(NotConfigured, match=r"none.yaml cannot be read: .*No such file"):
        read(tmp_path / "none.yaml", dict[str, Line])
    (tmp_path / "latin.yaml").write_bytes("x: \xe9".encode("latin-1"))
    with pytest.raises(NotConfigured, match=r"latin.yaml is not YAML: .*utf-8"):
        read(tmp_path / "latin.yaml", dict[str, Line])


def test_anchors_and_merged_keys_are_no_repetition(tmp_path: Path) -> None:
    text = GOOD + "eleven:\n  <<: {vehicle: {kind: tram}}\n  vehicle: {kind: bus, seats: 3}\n  stops: [{name: Hill}]\n"
    assert lines(tmp_path, text)["eleven"].vehicle == Bus(kind="bus", seats=3)


def test_a_file_is_read_once_until_its_text_is_another(tmp_path: Path) -> None:
    path = tmp_path / "stop.yaml"
    path.write_text("name: Market\n", encoding="utf-8")
    first = read_once(path, Stop)
    assert read_once(path, Stop) is first
    path.write_text("name: Harbour\n", encoding="utf-8")
    assert read_once(path, Stop) == Stop(name="Harbour")
    path.write_text("stop: Harbour\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(NotConfigured, match=r"stop\.yaml"):
            read_once(path, Stop)
