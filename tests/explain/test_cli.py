"""`cchc explain`: what is printed of figures, items and stories, and what is refused."""

from __future__ import annotations

import pytest

from cchc.settings import Settings
from tests.explain.conftest import PERIOD
from tests.support.cli import cchc
from tests.support.district import CLOCK
from tests.support.warehouse import rows_of

ON_TIME = "dossier_on_time_rate"


@pytest.fixture(autouse=True)
def _everything_here_reads(published: Settings) -> None:
    """The tests of this file share one warehouse."""


def test_the_figure_stands_after_what_was_printed_before() -> None:
    said = cchc("explain", ON_TIME, "--period", PERIOD, "--rows", "1")
    assert said.code == 0, said.err
    before, _, after = said.out.partition("\nfigure: Toàn huyện, tháng 12/2023\n")
    assert "counted now" in before and "more; --rows -1 shows all" in before
    for part in (
        "  now          ",
        "  published    ",
        "another value is known now",
        "  source       one_stop (dossiers): T 2024-01-22 00:00",
        "**Numerator**",
    ):
        assert part in after, part


def test_a_part_with_its_reasons() -> None:
    said = cchc("explain", ON_TIME, "--period", PERIOD, "--rows", "3", "--part", "not_counted", "--order", "reason")
    assert said.code == 0, said.err
    listed = said.out.partition("\nnot_counted: ")[2]
    assert listed.splitlines()[1].split()[-1] == "why"
    assert "it is deleted in its source" in listed and "more; --rows -1 shows all" in listed
    searched = cchc("explain", ON_TIME, "--period", PERIOD, "--part", "numerator", "--search", "no such text")
    assert "\nnumerator: 0 items" in searched.out


def test_as_known_when_it_was_published_the_items_are_the_published_figure(published: Settings) -> None:
    edition = rows_of(
        published,
        "select numerator, denominator from mart.published_value where indicator_code = 'dossier_on_time_rate' and unit_code = 'all' "
        "and basis = 'period' and period_kind = 'month' and period_start = '2023-12-01'",
    )[0]
    said = cchc("explain", ON_TIME, "--period", PERIOD, "--rows", "1", "--part", "denominator", "--as-known-at", CLOCK)
    assert said.code == 0, said.err
    assert f"({edition['numerator']} / {edition['denominator']})" in said.out.partition("  now  ")[2].splitlines()[0]
    assert f"\ndenominator: {edition['denominator']} items" in said.out
    current = rows_of(
        published,
        "select denominator from mart.indicator_value where indicator_code = 'dossier_on_time_rate' and unit_code = 'all' and basis = 'period' and period_kind = 'month' and period_start = '2023-12-01'",
    )[0]
    assert current["denominator"] != edition["denominator"], "the district has late data, or this test checks nothing"


def test_the_story_of_a_dossier(published: Settings) -> None:
    code = rows_of(published, "select dossier_code from core.dossier_version group by 1 having count(*) > 1 order by 1 limit 1")[0][
        "dossier_code"
    ]
    said = cchc("explain", "dossier", code, "--indicator", ON_TIME, "--period", PERIOD)
    assert said.code == 0, said.err
    for part in (
        f"dossier {code} (source one_stop)",
        f"{ON_TIME}, tháng 12/2023, period: ",
        "\nversions (",
        "\nsteps (",
        "\ndues (",
        "· in force",
        "\nloads\n",
        " → ",
    ):
        assert part in said.out, part
    then = cchc("explain", "dossier", code, "--as-known-at", "2024-01-02T00:00:00+07:00")
    assert then.code == 0 and said.out.count("learnt") > then.out.count("learnt") > 0
    assert "2024-01-22" not in then.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dossier",), "`cchc explain dossier` needs the code of a dossier"),
        (("dossier", "nothing"), "no source has a dossier 'nothing', not even in quarantine"),
        (("dossier", "x", "--period", PERIOD), "whether a dossier counts is asked with both --indicator and --period"),
        ((ON_TIME,), "--period is missing"),
        ((ON_TIME, "H19.16.21-1", "--period", PERIOD), "'H19.16.21-1' is one argument too many"),
        ((ON_TIME, "--period", PERIOD, "--part", "numerator", "--order", "dues"), "did you mean 'due'?"),
    ],
)
def test_what_does_not_belong_together_is_refused(arguments: tuple[str, ...], message: str) -> None:
    said = cchc("explain", *arguments)
    assert said.code == 2
    assert message in said.err
