#!/usr/bin/env bash
# Builds the container images malachite:slim and malachite:latest with buildah, as archives in build/image.
#   image.sh PROGRAM [TARGET...]
# OUT=FOLDER replaces build/image. The same sources and packages of Debian give the same image ids.
# Without BASE=IMAGE, the base is a minimal Debian 12 made with mmdebstrap: no registry of images is asked.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:?usage: image.sh PROGRAM [TARGET...]}
shift
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then targets=(slim latest); fi
for tool in buildah mmdebstrap python3; do
    command -v "$tool" >/dev/null || { echo "image.sh: $tool is not installed: apt-get install $tool" >&2; exit 1; }
done
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
out=${OUT:-build/image}
context=$out/context
mkdir -p "$context"
install -m 755 "$program" "$context/malachite"
install -m 644 "$(dirname "$program")/malachite-faults.so" "$context/malachite-faults.so"
strip "$context/malachite" "$context/malachite-faults.so"
install -m 755 docker/entrypoint.sh "$context/entrypoint.sh"
buildah=(buildah --storage-driver vfs)
if [[ -z ${BASE:-} ]]; then
    BASE=localhost/malachite-base
    # Without manuals and translations, as Debian's own slim images.
    if [[ ! -s $out/base.tar ]]; then
        mmdebstrap --quiet --variant=minbase --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
            --dpkgopt='path-include=/usr/share/doc/*/copyright' --format=tar \
            --customize-hook='rm -rf "$1"/var/cache/* "$1"/var/log/*' bookworm "$out/base.tar.new"
        mv "$out/base.tar.new" "$out/base.tar"
    fi
    printf 'FROM scratch\nADD base.tar /\n' >"$out/Basefile"
    "${buildah[@]}" bud --quiet --isolation chroot --format docker --timestamp "$SOURCE_DATE_EPOCH" \
        -t "$BASE" -f "$out/Basefile" "$out" >/dev/null
fi
for target in "${targets[@]}"; do
    "${buildah[@]}" bud --quiet --isolation chroot --format docker --timestamp "$SOURCE_DATE_EPOCH" \
        --build-arg BASE="$BASE" --build-arg VERSION="$(cat VERSION)" --target "$target" \
        -t "malachite:$target" -f docker/Containerfile "$context" >/dev/null
    rm -f "$out/malachite-$target.tar"
    "${buildah[@]}" push --quiet "malachite:$target" "docker-archive:$out/malachite-$target.tar:malachite:$target"
    scripts/image-finish.py "$out/malachite-$target.tar"
    echo "$out/malachite-$target.tar"
done
