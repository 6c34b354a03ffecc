#!/usr/bin/env bash
# The quick tests with every supported Python that this machine has (`make nightly`). What it lacks is named, and is no failure.
# UV: the program uv; without it, the one that `make setup` installs. VERSIONS: other versions than the supported ones.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-$(command -v uv || echo .cchc-tools/uv)}
"$uv" --version >/dev/null || { echo "there is no uv: run \`make setup\`, or name the program in UV" >&2; exit 1; }
if command -v pyenv >/dev/null; then # its shims answer for the chosen version only
	for bin in "$(pyenv root)"/versions/3.*/bin; do PATH="$bin:$PATH"; done
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
missing=() failed=()
for version in ${VERSIONS:-3.11 3.12 3.13}; do
	if ! python=$("$uv" python find --system --no-python-downloads "$version" 2>/dev/null); then
		missing+=("$version")
		continue
	fi
	echo "Python $version: $python"
	"$uv" venv --quiet --python "$python" "$folder/$version"
	"$uv" pip sync --quiet --python "$folder/$version/bin/python" --require-hashes requirements-dev.lock
	"$uv" pip install --quiet --python "$folder/$version/bin/python" --no-deps -e .
	# shellcheck disable=SC2046 # each line of the list is a word
	"$folder/$version/bin/python" -m pytest --quick -q -p no:cacheprovider -n auto --dist loadfile $(sed '/^#/d;/^--ignore/d' tests/quick.txt) || failed+=("$version")
done
[ ${#missing[@]} = 0 ] || echo "not tested, because this machine has no Python ${missing[*]}"
[ ${#failed[@]} = 0 ] || { echo "the quick tests fail with Python ${failed[*]}" >&2; exit 1; }
