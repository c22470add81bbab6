#!/usr/bin/env bash
# Unpacks what the examples use of Azure's SDK for Python into DIRECTORY: install-python.sh DIRECTORY. Debian's package
# python3-azure would take 540 MB. Does nothing when it is there or cannot be had.
set -euo pipefail
directory=$(realpath -m "${1:?usage: install-python.sh DIRECTORY}")
packages=(python3-azure python3-isodate python3-msrest python3-six python3-typing-extensions)
if [ -d "$directory/azure/mgmt/rdbms" ]; then
    exit 0
fi
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
chmod 755 "$fetched"
if ! (cd "$fetched" && apt-get download -qq -o APT::Sandbox::User=root "${packages[@]}" >&2); then
    echo "install-python.sh: apt-get cannot download ${packages[*]}, so the SDK for Python is not tested" >&2
    exit 0
fi
at=./usr/lib/python3/dist-packages
for package in "$fetched"/*.deb; do
    parts=("$at/*")
    if [[ $package == */python3-azure_* ]]; then
        parts=("$at/azure/"{core,common,profiles,mgmt/core,mgmt/rdbms,mgmt/resource}"/*")
    fi
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$fetched" --wildcards "${parts[@]}"
done
mkdir -p "$(dirname "$directory")"
rm -rf "$directory"
mv "$fetched/usr/lib/python3/dist-packages" "$directory"
