#!/usr/bin/env bash
# Runs the container images of `make image` with runc, without a container engine, in a network of its own. Needs root,
# runc, skopeo and umoci. `make test-image` runs it; arguments go to pytest. Builds the images a second time, which takes
# minutes, unless MALACHITE_IMAGE_TWICE=no.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
for tool in runc skopeo umoci; do
    command -v "$tool" >/dev/null || { echo "run.sh: $tool is not installed: apt-get install $tool" >&2; exit 1; }
done
[[ $(id -u) -eq 0 ]] || { echo "run.sh: runc needs root" >&2; exit 1; }
work=$(mktemp -d /var/tmp/malachite-image.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
for target in slim latest; do
    archive=build/image/malachite-$target.tar
    [[ -s $archive ]] || { echo "run.sh: $archive is not there: run make image" >&2; exit 1; }
    # The skopeo of Debian reports a missing policy file as an error; the archive is our own.
    skopeo copy --quiet --insecure-policy "docker-archive:$archive" "oci:$work/oci:$target"
    umoci unpack --image "$work/oci:$target" "$work/$target" 2>/dev/null
    # Only the OCI format drops the health check: the archive's own configuration has it.
    tar -xOf "$archive" "$(tar -xOf "$archive" manifest.json | "$python" -c 'import json, sys; print(json.load(sys.stdin)[0]["Config"])')" \
        >"$work/$target/image.json"
done
if [[ ${MALACHITE_IMAGE_TWICE:-yes} != no ]]; then
    created=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["created"])' "$work/slim/image.json")
    SOURCE_DATE_EPOCH=$(date -d "$created" +%s) OUT=$work/again scripts/image.sh build/image/context/malachite
fi
# shellcheck disable=SC2016
MALACHITE_IMAGES=$work unshare --net --pid --mount --fork --kill-child bash -c \
    'ip link set lo up && mount -t proc proc /proc && exec "$0" -m pytest -q -p no:cacheprovider --timeout 300 tests/image "$@"' \
    "$python" "$@"
