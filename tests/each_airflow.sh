#!/usr/bin/env bash
# The DAGs, the pages and the walk through the whole stack with the newest two minor releases of Airflow that can be installed.
# The DAGs need the release that is locked, or a later one (retry policies came with 3.3); with an earlier one the pages alone are tried.
# UV: the program uv; without it, the one that `make setup` installs. VERSIONS: other releases, for example VERSIONS="3.4.0b2".
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-$(command -v uv || echo .cchc-tools/uv)}
"$uv" --version >/dev/null || { echo "there is no uv: run \`make setup\`, or name the program in UV" >&2; exit 1; }
newest() { # the newest release that a requirement allows
	echo "apache-airflow$1" | "$uv" pip compile --quiet --no-header --no-annotate --no-deps - | sed -n 's/^apache-airflow==//p'
}
if [ -z "${VERSIONS:-}" ]; then
	last=$(newest "")
	[ -n "$last" ] || { echo "the package index names no release of apache-airflow" >&2; exit 1; }
	VERSIONS="$last $(newest "<${last%.*}")"
fi
locked=$(sed -n 's/^apache-airflow==\([0-9]*\.[0-9]*\)\..*/\1/p' requirements.lock)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=()
for version in $VERSIONS; do
	echo "Airflow $version"
	"$uv" venv --quiet --python .venv/bin/python "$folder/$version"
	python="$folder/$version/bin/python"
	"$uv" pip sync --quiet --python "$python" --require-hashes requirements-dev.lock
	"$uv" pip install --quiet --python "$python" --no-deps -e .
	# the releases of its own parts follow that of Airflow; everything else stays as it is locked, unless this release refuses it
	"$uv" pip install --quiet --python "$python" "apache-airflow==$version" || { failed+=("$version (cannot be installed)"); continue; }
	tests=(tests/dashboard)
	if [ "$(printf '%s\n' "$locked" "${version%.*}" | sort -V | head -n 1)" = "$locked" ]; then
		tests+=(tests/dags/test_structure.py tests/dags/test_runs.py tests/embedded/test_access.py tests/end_to_end/test_airflow.py)
	else
		echo "earlier than Airflow $locked, which is locked: the pages alone"
	fi
	"$python" -m pytest -q -p no:cacheprovider "${tests[@]}" || failed+=("$version")
done
[ ${#failed[@]} = 0 ] || { echo "red with Airflow ${failed[*]}" >&2; exit 1; }
