"""`cchc profile`: draft a profile from a sample, and judge one before anything is loaded by it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cchc.cli.arguments import Add, moment
from cchc.cli.printing import print_table
from cchc.errors import NotConfigured, WarehouseUnavailable, WrongUse
from cchc.period import now
from cchc.settings import Settings

if TYPE_CHECKING:
    from cchc.profiles.check_file import Verdict
    from cchc.profiles.seen import Seen
    from cchc.sources.connection import Connection
    from cchc.sources.profile import Profile

TRY_ROWS = 500
CHECK_ROWS = 100
MOST_NAMED = 3


def register(add: Add) -> None:
    """Add the command."""
    words = "check: judge the file of a profile, beside a waiting delivery too; try: read a sample of its source; draft: propose one"
    parser = add("profile", _profile, words)
    parser.add_argument("action", choices=("check", "try", "draft"))
    parser.add_argument(
        "profile",
        help="check, try: a source, or the path of a profile ending in .yaml; draft: a file, .zip or folder of the vendor, or the OpenAPI "
        "description of its service",
    )
    parser.add_argument(
        "--model",
        action="append",
        help="draft: the model of the warehouse that the records fill, such as dossier; may be given several times",
    )
    parser.add_argument(
        "--table",
        action="store_true",
        help="draft: a table or view is named, or all of a schema ('public.*'), in the database of the source's connection",
    )
    parser.add_argument(
        "--answer", action="store_true", help="draft: the .json file is a saved answer of a service, which is to be asked over HTTP"
    )
    parser.add_argument("--output", type=Path, help="draft: the file to write, named as the source: one_stop.yaml")
    parser.add_argument("--delivery", type=Path, help="a file, or a folder of files, in place of the source's own connection")
    parser.add_argument("--rows", type=int, default=TRY_ROWS, help=f"try: how many records of each entity are read; {TRY_ROWS} without it")
    parser.add_argument("--from", dest="start", type=moment, help="try: only what changed since then, for example 2023-12-01")
    parser.add_argument("--to", type=moment, help="try: the T of the sample; without it now")


def _profile(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.profiles.check_file import check_file, path_of

    if options.action == "draft":
        return _draft(options, settings)
    verdict = check_file(settings, path_of(settings, options.profile))
    for mistake in verdict.mistakes:
        print(f"WRONG {mistake}")
    if verdict.profile is None:
        print(f"{verdict.path.name}: {len(verdict.mistakes)} to correct; the source was not looked at")
        return 1
    print(f"{verdict.path.name}: nothing to correct in the file ({', '.join(verdict.profile.entities)})")
    connection, only = _delivered(settings, verdict.profile, options.delivery, is_try=options.action == "try")
    if connection is None:
        return 0
    wrong = _look(settings, verdict, connection, only, options)
    print(f"\n{wrong} to correct. Nothing was stored." if wrong else "\nNothing to correct. Nothing was stored.")
    return 1 if wrong else 0


def _draft(options: argparse.Namespace, settings: Settings) -> int:
    """Write a profile from a sample, and print what a person must fill in."""
    from cchc.embedded.connections import source_connection
    from cchc.profiles.check_file import check_file, known_of
    from cchc.profiles.draft import Draft
    from cchc.profiles.material import of_files, of_tables
    from cchc.profiles.open_api import is_description, of_answer, of_description

    sample, output = Path(options.profile), options.output
    if options.model is None or output is None or output.suffix != ".yaml":
        raise WrongUse("draft needs --model, such as dossier, and --output, a file named as the source: one_stop.yaml")
    if not sample.exists() and not options.table:
        raise WrongUse(f"there is no file {sample}; a table of the database of the connection src_{output.stem} is named with --table")
    if output.exists():
        raise WrongUse(f"{output} is there already; name another file, or remove it")
    is_service = not options.table and (options.answer or is_description(sample))
    if options.table:
        materials = of_tables(source_connection(settings, output.stem), options.profile)
    elif options.answer:
        materials = of_answer(sample)
    else:
        materials = of_description(sample) if is_service else of_files(sample)
    draft = Draft(materials, options.model, output.stem, known_of(settings, {}), settings.sources_dir)
    written = draft.text()
    output.write_text(written, encoding="utf-8")
    for words in draft.told:
        print(f"LOOK {words}")
    mistakes = check_file(settings, output).mistakes
    for mistake in mistakes:
        print(f"FILL IN {mistake}")
    print(f"{output} is written: look at its {written.count('# guess')} lines marked 'guess', and fill in {len(mistakes)} places")
    print(f"then: cchc profile check {output}{'' if options.table or is_service else f' --delivery {sample}'}")
    return 0


def _delivered(settings: Settings, profile: Profile, path: Path | None, *, is_try: bool) -> tuple[Connection | None, str | None]:
    """Where the records are, and the only file to read where one is named. None: `check` has no delivery to look at."""
    from cchc.embedded.connections import source_connection
    from cchc.sources.connection import Connection

    if path is not None:
        if not path.exists():
            raise WrongUse(f"there is no {path}")
        folder = path if path.is_dir() else path.parent
        return Connection(profile.source, str(folder.absolute())), None if path.is_dir() else path.name
    if is_try:
        return source_connection(settings, profile.source), None
    try:
        found = source_connection(settings, profile.source)
    except NotConfigured:
        print("no delivery was looked at: the source has no connection; name a file or folder with --delivery")
        return None, None
    if found.is_http or found.is_database:
        print("the source was not asked; `cchc profile try` reads a sample of it")
        return None, None
    return found, None


def _look(settings: Settings, verdict: Verdict, connection: Connection, only: str | None, options: argparse.Namespace) -> int:
    """Read a sample of each entity and print what is to be said of it. Returns how much is to be corrected."""
    from cchc.profiles.check_file import known_of
    from cchc.profiles.sample import MOST_ROWS, take_sample
    from cchc.profiles.seen import Seen
    from cchc.profiles.words import of_fields, of_reading, of_values
    from cchc.sources.landing import Window

    if not 1 <= options.rows <= MOST_ROWS:
        raise WrongUse(f"--rows is a number from 1 to {MOST_ROWS}")
    is_try, profile = options.action == "try", verdict.profile
    assert profile is not None  # noqa: S101  # the caller looked
    known, wrong, read = known_of(settings, {"units": list(profile.units)}), 0, 0
    judged: list[Seen] = []
    window = Window(options.start, options.to or now(), explicit=options.start is not None, is_by_clock=options.to is None)
    for sample in take_sample(profile, connection, options.rows if is_try else CHECK_ROWS, window=window, only_file=only):
        read += len(sample.files) + len(sample.records) + len(sample.header)
        secret = f", {sample.secret} secret ones not looked at" if sample.secret else ""
        more = f" and {len(sample.files) - MOST_NAMED} more" if len(sample.files) > MOST_NAMED else ""
        place = f" of {', '.join(sample.files[:MOST_NAMED])}{more}" if sample.files else ""
        print(f"\n{sample.entity.name} (model {sample.entity.model}): {len(sample.records)} records{place}{secret}")
        wrong += _print(of_reading(sample))
        if not sample.fields:
            print("LOOK there is nothing to look at")
            continue
        seen = Seen(profile, sample, known)
        wrong += _print(of_fields(seen, verdict.line))
        if is_try:
            _print_became(seen)
            wrong += _print(of_values(seen, verdict.line))
            judged.append(seen)
    if not read:
        wrong += 1
        print(f"WRONG nothing was read: the source has no records, or {only or 'no file'} has a name that no file_pattern takes")
    return wrong + (_judge(settings, profile, judged) if judged else 0)


def _judge(settings: Settings, profile: Profile, judged: list[Seen]) -> int:
    """Print which rules the samples would break. Returns how much is to be corrected. Without a warehouse that is said."""
    from cchc.profiles.judge import broken_rules, in_words
    from cchc.warehouse import engine, require_migrated

    print()
    try:
        require_migrated(settings)
        broken = broken_rules(engine(settings), profile, judged, settings.expectations_dir)
    except (NotConfigured, WarehouseUnavailable) as error:
        print(f"LOOK the rules of the suites were not asked, because they need the warehouse: {error}")
        return 0
    wrong = 0
    for seen in judged:
        found = broken[seen.entity.name]
        print(
            f"{seen.entity.name}: {len(seen.lines)} records judged by the rules of {seen.entity.suite}{'' if found else ', all are well'}"
        )
        wrong += _print(in_words(profile, seen, found))
    return wrong


def _print(told: Iterable[tuple[str, str]]) -> int:
    """Print marks and sentences. Returns how many are to be corrected in the profile."""
    wrong = 0
    for mark, words in told:
        print(f"{mark} {words}")
        wrong += mark == "WRONG"
    return wrong


def _print_became(seen: Seen) -> None:
    """Print what each column became, and the shapes of the fields that no column uses."""
    rows = seen.table.num_rows
    became = [[each.column, each.field, f"{each.filled} of {rows}", str(each.distinct), each.examples] for each in seen.became()]
    print_table(["column", "from", "filled", "distinct", "examples (how often)"], became)
    unused = [[name, shapes] for name, shapes in seen.unused_shapes().items() if shapes]
    if unused:
        print_table(["field that no column uses", "shapes of its values (how often)"], unused)
