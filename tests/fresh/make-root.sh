#!/usr/bin/env bash
# Makes a pristine Debian 12 for tests/fresh/run.sh: minbase with git, make and the certificates, the apt and npm
# configuration of this machine, and nothing else that Malachite needs. Keeps a tarball, so that the next one is quick.
#   make-root.sh FOLDER            needs root and debootstrap
#   make-root.sh --mount FOLDER    only what it mounts there
#   make-root.sh --unmount FOLDER  and takes that away
set -euo pipefail
mode="make"
case ${1:-} in
--mount | --unmount)
    mode=${1#--}
    shift
    ;;
esac
folder=$(realpath -m "${1:?usage: make-root.sh FOLDER}")
tarball=$folder.tar

mirror() {
    apt-get update --print-uris 2>/dev/null |
        sed -n "s#^'\(.*\)/dists/bookworm/InRelease'.*#\1#p" | head -n 1
}

copy_if_present() { # PATH...
    local path
    for path in "$@"; do
        [[ -e $path ]] || continue
        mkdir -p "$folder${path%/*}"
        cp -aL "$path" "$folder${path%/*}/"
    done
}

bootstrap() {
    local uri
    uri=$(mirror)
    [[ -n $uri ]] || { echo "make-root.sh: apt on this machine has no source for Debian 12" >&2 && exit 1; }
    debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$folder" "$uri" >"$folder.log" 2>&1 ||
        { tail -n 5 "$folder.log" >&2 && exit 1; }
    rm -rf "$folder"/etc/apt/sources.list "$folder"/etc/apt/sources.list.d
    copy_if_present /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/auth.conf.d \
        /etc/resolv.conf /etc/hosts /root/.npmrc /etc/npmrc /usr/local/share/ca-certificates
    chroot "$folder" update-ca-certificates >/dev/null 2>&1
    rm -rf "$folder"/var/lib/apt/lists/* "$folder"/var/cache/apt/archives/*.deb
}

# Away with what an earlier run left mounted: rm must never reach this machine's /dev.
unmount() {
    local point
    for point in proc dev/pts dev; do
        mountpoint -q "$folder/$point" && umount "$folder/$point"
    done
    return 0
}

mount_all() {
    mount -t proc proc "$folder/proc"
    mount --bind /dev "$folder/dev"
    mkdir -p "$folder/dev/pts"
    mount --bind /dev/pts "$folder/dev/pts"
}

unmount
case $mode in
unmount) exit ;;
mount) mount_all && exit ;;
esac
# One file system: whatever is still mounted below stays.
rm -rf --one-file-system "$folder"
mkdir -p "$folder"
if [[ -s $tarball ]]; then
    tar -xpf "$tarball" -C "$folder"
else
    bootstrap
    tar -cpf "$tarball.new" -C "$folder" .
    mv "$tarball.new" "$tarball"
fi
mount_all
echo "$folder"
