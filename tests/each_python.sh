#!/usr/bin/env bash
# The quick tests with every supported Python that this machine has (`make nightly`). What it lacks is named, and is no failure.
# UV: the program uv. VERSIONS: other versions than the supported ones.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
missing=() failed=()
for version in ${VERSIONS:-3.11 3.12 3.13}; do
	if ! python=$("${UV:-uv}" python find --no-python-downloads "$version" 2>/dev/null); then
		missing+=("$version")
		continue
	fi
	echo "Python $version: $python"
	"${UV:-uv}" venv --quiet --python "$python" "$folder/$version"
	"${UV:-uv}" pip sync --quiet --python "$folder/$version/bin/python" --require-hashes requirements-dev.lock
	"${UV:-uv}" pip install --quiet --python "$folder/$version/bin/python" --no-deps -e .
	# shellcheck disable=SC2046 # each line of the list is a word
	"$folder/$version/bin/python" -m pytest --quick -q -p no:cacheprovider -n auto --dist loadfile $(sed '/^#/d' tests/quick.txt) || failed+=("$version")
done
[ ${#missing[@]} = 0 ] || echo "not tested, because this machine has no Python ${missing[*]}"
[ ${#failed[@]} = 0 ] || { echo "the quick tests fail with Python ${failed[*]}" >&2; exit 1; }
