"""docs/reference/dags.md: every DAG with its schedule, parameters, tasks and order, read from the files in dags/ without Airflow.

The files are read as syntax and not executed, so the page needs no installation of Airflow. tests/dags/test_structure.py compares what the
page says with what Airflow makes of the files.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cchc.authority import authority
from cchc.documentation.pages import code, joined, repository, table
from cchc.reference.closing import closing_cron
from cchc.settings import PROJECT
from cchc.sources.profile import list_profiles, load_profile

NAME = "dags.md"
FOLDER = PROJECT / "dags"
PLACEHOLDER = re.compile(r"<\w+>")
OPERATORS = ("ApprovalOperator", "TriggerDagRunOperator")


@dataclass
class TaskOfDag:
    """One task: its id, what it is, whether it is in the pool of what writes to the warehouse, and its words."""

    name: str
    kind: str
    is_pooled: bool
    words: str


@dataclass
class Dag:
    """One DAG as its file says it. `schedule`: a cron text or a call as it is written; None where only a person starts it."""

    name: str
    file: str
    title: str
    about: str
    schedule: str | None
    words: str
    params: list[tuple[str, str, str]] = field(default_factory=list)
    tasks: list[TaskOfDag] = field(default_factory=list)
    order: list[str] = field(default_factory=list)


def text() -> str:
    """The page."""
    found = dags()
    parts = {f"dag: {mark(dag)}": _part(dag) for dag in found}
    settings = repository()
    profiles = [load_profile(settings.sources_dir, source) for source in list_profiles(settings.sources_dir)]
    rows = [
        (f"`ingest_{item.source}`", item.name_vi, f"`{item.schedule}`" if item.schedule else "by hand", item.owner) for item in profiles
    ]
    return joined(NAME, parts | {"sources": table(("DAG", "source", f"schedule ({authority().zone})", "owner"), rows)})


def mark(dag: Dag) -> str:
    """The name of a DAG without the signs around the part that is different for each source."""
    return dag.name.replace("<", "").replace(">", "")


def dags() -> list[Dag]:
    """Every DAG of the files in dags/, in the order of the files."""
    return [dag for path in sorted(FOLDER.glob("*.py")) for dag in _dags_of(path.name, ast.parse(path.read_text(encoding="utf-8")))]


def _dags_of(file: str, tree: ast.Module) -> Iterator[Dag]:
    words = ast.get_docstring(tree) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and (call := _decorator(node, "dag")) is not None:
            told = {keyword.arg: keyword.value for keyword in call.keywords}
            dag = Dag(
                name=_words(told["dag_id"]) if "dag_id" in told else node.name,
                file=file,
                title=_words(told["dag_display_name"]),
                about=_words(told["description"]),
                schedule=_schedule(told["schedule"]),
                words=_first_paragraph(words) or ast.get_docstring(node) or "",
                params=list(_params(told.get("params"))),
            )
            for inner in node.body:
                _read_step(dag, inner)
            words = ""  # what the file says is about all of it, and stands at its first DAG
            yield dag


def _decorator(node: ast.FunctionDef, *names: str) -> ast.Call | None:
    """The decorator of one of these names, as a call; None if the function has none."""
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        if ast.unparse(call.func) in names:
            return call
    return None


def _words(node: ast.expr) -> str:
    """A text, also an f-string: `ingest_<source>` for f"ingest_{profile.source}"."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return f"<{ast.unparse(node.value).rpartition('.')[2]}>"
    return str(ast.literal_eval(node))


def _schedule(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return None if node.value is None else str(node.value)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "by_clock":
        cron = node.args[0]
        if isinstance(cron, ast.Constant):
            return str(cron.value)
        if ast.unparse(cron).startswith("closing_cron("):  # the day stands in closing.yaml
            return closing_cron(repository())
    return ast.unparse(node)


def _params(node: ast.expr | None) -> Iterator[tuple[str, str, str]]:
    """Each parameter: its name, its default as it is written, its title and description."""
    if not isinstance(node, ast.Dict):
        return
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(value, ast.Call) and key is not None:
            told = {keyword.arg: keyword.value for keyword in value.keywords}
            words = [_words(told[name]) for name in ("title", "description") if name in told]
            yield _words(key), ast.unparse(value.args[0]), ": ".join(words)


def _read_step(dag: Dag, node: ast.stmt) -> None:
    """Add what a statement of a DAG says: a task, or the order of tasks."""
    if isinstance(node, ast.FunctionDef):
        call = _decorator(node, "task", "task.sensor", "task.branch")
        if call is not None:
            is_pooled = any(keyword.arg == "pool" for keyword in call.keywords)
            dag.tasks.append(TaskOfDag(node.name, ast.unparse(call.func), is_pooled, ast.get_docstring(node) or ""))
        return
    for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
        operator = next((name for name in OPERATORS if ast.unparse(call.func).split(".")[0] == name), None)
        told = {keyword.arg: keyword.value for keyword in call.keywords}
        if operator is not None and "task_id" in told:
            words = _words(told["doc_md"]) if "doc_md" in told else ""
            dag.tasks.append(TaskOfDag(_words(told["task_id"]), operator, False, words))
    if isinstance(node, ast.Expr) and (isinstance(node.value, ast.BinOp) or ast.unparse(node).startswith("chain(")):
        dag.order.append(ast.unparse(node))


def _part(dag: Dag) -> str:
    starts = f"`{dag.schedule}`" if dag.schedule else "only when a person starts it"
    titles = [PLACEHOLDER.sub(lambda found: f"`{found[0]}`", words) for words in (dag.title, dag.about)]
    rows = [("name in Airflow", titles[0]), ("what", titles[1]), ("schedule", starts), ("file", f"`dags/{dag.file}`")]
    parts = [f"### `{dag.name}`", table(("", ""), rows)]
    if dag.words:
        parts.append(dag.words)
    if dag.params:
        parts.append(
            table(("parameter", "default", "meaning"), [(f"`{name}`", f"`{default}`", words) for name, default, words in dag.params])
        )
    tasks = [(f"`{task.name}`", task.kind, "yes" if task.is_pooled else "", task.words) for task in dag.tasks]
    parts.append(table(("task", "kind", "pool `warehouse`", "what it does"), tasks))
    if dag.order:
        parts.append("Order: " + "; ".join(code([step]) for step in dag.order))
    return "\n\n".join(parts)


def _first_paragraph(words: str) -> str:
    """The docstring of the file without its first line, which is the title of all of it."""
    return " ".join(words.partition("\n\n")[2].split())
