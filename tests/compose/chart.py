"""The official chart of Apache Airflow: what of its schema our values use, and what Helm makes of both.

    python -m tests.compose.chart CHART.tgz         write that part of its schema anew into airflow_chart.schema.json

The chart is a file of CCHC_AIRFLOW_CHART; Apache License 2.0, The Apache Software Foundation. What is kept of its schema is unchanged but for
descriptions, defaults and the keys that our values do not use.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import yaml

from cchc.settings import PROJECT

VERSION = "1.22.0"
SHA256 = "1f7d1dfe3d58e2c54899950aba907a43625a18c8b6fb3c54760c21592129a5b6"
CHART = "CCHC_AIRFLOW_CHART"
VALUES = PROJECT / "include" / "helm" / "values.yaml"
KEPT = Path(__file__).with_name("airflow_chart.schema.json")
RELEASE = "cchc"
WORDS = ("description", "default", "examples", "title")


def values() -> dict[str, Any]:
    """Our values."""
    found: dict[str, Any] = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    return found


def chart_is_missing() -> str | None:
    """Why the chart cannot be rendered here; None where it can."""
    if shutil.which("helm") is None:
        return "there is no helm here"
    path = os.environ.get(CHART)
    if not path:
        return f"{CHART} does not name the file airflow-{VERSION}.tgz"
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != SHA256:
        return f"{path} is not the chart {VERSION}: its SHA-256 is another one"
    return None


def schema_of(chart: Path) -> dict[str, Any]:
    """The schema of the values in a packed chart."""
    with tarfile.open(chart) as packed:
        member = packed.extractfile("airflow/values.schema.json")
        assert member is not None
        found: dict[str, Any] = json.load(member)
    return found


def part_of(schema: dict[str, Any], given: Any) -> dict[str, Any]:
    """Of a schema what speaks of the keys of `given`, with the definitions that it refers to.

    The part is closed where the whole is open: the chart passes over a key that it does not know at its root and in a few other places, so
    a misspelt one would be lost in silence.
    """
    definitions: dict[str, Any] = {}

    def part(node: Any, value: Any) -> Any:
        if not isinstance(node, dict):
            return node
        kept = {name: each for name, each in node.items() if name not in (*WORDS, "properties") and not name.startswith("x-")}
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            seen = definitions.get(name, {})
            definitions[name] = _merged(seen, part(schema["definitions"][name], value))
        if isinstance(node.get("additionalProperties"), dict) and isinstance(value, dict):
            others = [part(node["additionalProperties"], each) for name, each in value.items() if name not in node.get("properties", {})]
            kept["additionalProperties"] = _merged(*others)
        if "properties" in node and isinstance(value, dict):
            kept.setdefault("additionalProperties", False)
            kept["properties"] = {name: part(each, value[name]) for name, each in node["properties"].items() if name in value}
        if "items" in node and isinstance(value, list):
            kept["items"] = _merged(*[part(node["items"], each) for each in value])
        return kept

    whole: dict[str, Any] = part({name: each for name, each in schema.items() if name != "definitions"}, given)
    return whole | {"definitions": dict(sorted(definitions.items()))}


def _merged(*parts: dict[str, Any]) -> dict[str, Any]:
    """Parts of one schema together: the properties of all of them."""
    found: dict[str, Any] = {}
    for each in parts:
        properties = dict(found.get("properties", {}))
        for name, node in each.get("properties", {}).items():
            properties[name] = _merged(properties[name], node) if name in properties else node
        found |= each | ({"properties": properties} if properties else {})
    return found


def helm(*arguments: str) -> str:
    """What Helm prints, of the chart with our values; fails with its error."""
    command = ["helm", *arguments, os.environ[CHART], "--namespace", RELEASE, "--values", str(VALUES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rendered() -> list[dict[str, Any]]:
    """What Helm would put into the cluster, object by object."""
    return [each for each in yaml.safe_load_all(helm("template", RELEASE)) if each]


if __name__ == "__main__":
    KEPT.write_text(json.dumps(part_of(schema_of(Path(sys.argv[1])), values()), indent=1, sort_keys=True) + "\n", encoding="utf-8")
