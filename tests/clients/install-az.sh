#!/usr/bin/env bash
# Installs the Azure CLI of Debian unless there is one.
set -euo pipefail
command -v az >/dev/null && exit 0
if [[ $(id -u) -ne 0 ]]; then
    echo "install-az.sh: say 'sudo apt-get install azure-cli' first" >&2
    exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 azure-cli
