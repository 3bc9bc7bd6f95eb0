#!/bin/sh
# Installs those of the named Debian packages that are missing. Uses sudo where it is not root.
set -eu
missing=""
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "These packages are needed and apt-get is not here to install them:$missing" >&2
    exit 1
fi
root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "Run as root, or install sudo, to install:$missing" >&2; exit 1; }
    root="sudo"
fi
echo "installing$missing"
$root apt-get update -qq
# The packages are split into words on purpose.
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $missing >/dev/null
