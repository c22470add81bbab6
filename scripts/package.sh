#!/usr/bin/env bash
# Builds the Debian package from what git knows, in build/package, and looks at it with lintian.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in dpkg-buildpackage dh lintian; do
    command -v "$tool" >/dev/null || { echo "package.sh: $tool is not installed: apt-get install debhelper lintian" >&2; exit 1; }
done
out=build/package
rm -rf "$out"
mkdir -p "$out/malachite"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$out/malachite" 2>/dev/null || true
if [[ -s build/portal/files.c ]]; then
    mkdir -p "$out/malachite/build/portal"
    cp build/portal/files.c "$out/malachite/build/portal/"
fi
(cd "$out/malachite" && dpkg-buildpackage -us -uc -b >../log 2>&1) || { tail -n 20 "$out/log" >&2; exit 1; }
lintian --fail-on error,warning "$out"/*.changes
ls "$out"/*.deb
