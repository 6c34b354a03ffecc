#!/usr/bin/env bash
# The quick tests with every supported Python that this machine has, and with the system's own, which may be an older patch of one of them
# (Debian 12 has 3.11.2) (`make nightly`). What the machine lacks is named, and is no failure.
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
missing=() failed=() own=/usr/bin/python3
"$own" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || own=
for version in ${VERSIONS:-3.11 3.12 3.13 $own}; do
	if ! python=$("$uv" python find --system --no-python-downloads "$version" 2>/dev/null); then
		missing+=("$version")
		continue
	fi
	echo "Python $version: $python"
	environment=$folder/${version//\//_}
	"$uv" venv --quiet --python "$python" "$environment"
	"$uv" pip sync --quiet --python "$environment/bin/python" --require-hashes requirements-dev.lock
	"$uv" pip install --quiet --python "$environment/bin/python" --no-deps -e .
	# shellcheck disable=SC2046 # each line of the list is a word
	"$environment/bin/python" -m pytest --quick -q -p no:cacheprovider -n auto --dist loadfile $(sed '/^#/d;/^--ignore/d' tests/quick.txt) || failed+=("$version")
done
[ ${#missing[@]} = 0 ] || echo "not tested, because this machine has no Python ${missing[*]}"
[ ${#failed[@]} = 0 ] || { echo "the quick tests fail with Python ${failed[*]}" >&2; exit 1; }
