#!/bin/bash
# Validates what this machine may not be able to run: the compose file, the shell scripts and
# the package lists of the image. Exit 0 if everything that could be checked is right.
#   docker/check.sh [path of a release binary built with --static-swift-stdlib]
set -eu

here="$(cd "$(dirname "$0")" && pwd)"
binary="${1:-}"
failed=0

say() { printf '%-8s %s\n' "$1" "$2"; }
fail() {
    say FAIL "$1"
    failed=1
}

check_shell() {
    local script
    for script in "${here}"/*.sh; do
        if bash -n "${script}"; then say ok "syntax of $(basename "${script}")"; else fail "syntax of $(basename "${script}")"; fi
    done
    if command -v shellcheck > /dev/null; then
        if shellcheck "${here}"/*.sh; then say ok "shellcheck"; else fail "shellcheck"; fi
    else
        say skipped "shellcheck is not installed"
    fi
}

check_compose() {
    local file="${here}/compose.yaml"
    if docker compose version > /dev/null 2>&1; then
        if docker compose -f "${file}" config --quiet; then say ok "compose.yaml (docker compose config)"; else fail "compose.yaml"; fi
    elif command -v docker-compose > /dev/null; then
        if docker-compose -f "${file}" config --quiet; then say ok "compose.yaml (docker-compose config)"; else fail "compose.yaml"; fi
    elif python3 -c 'import yaml' 2> /dev/null; then
        if python3 "${here}/check_compose.py" "${file}"; then say ok "compose.yaml (structure only)"; else fail "compose.yaml"; fi
    else
        say skipped "compose.yaml: neither docker compose nor python3 with PyYAML"
    fi
}

# The value of `ARG NAME="..."` in the Dockerfile.
packages() { sed -n "s/^ARG $1=\"\(.*\)\"\$/\1/p" "${here}/Dockerfile"; }

# What apt would install for some packages on an empty system: the whole closure, one name a line.
closure() {
    # shellcheck disable=SC2086  # a list of names, meant to be split
    apt-get install --simulate --no-install-recommends -o Dir::State::status=/dev/null $1 | sed -n 's/^Inst \([^ ]*\) .*/\1/p'
}

check_packages() {
    if ! grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release || ! command -v apt-get > /dev/null; then
        say skipped "package lists: this is not Debian 12"
        return
    fi
    local list names
    for list in BUILD_PACKAGES RUNTIME_PACKAGES; do
        names="$(packages "${list}")"
        if [ -z "${names}" ]; then
            fail "${list} not found in the Dockerfile"
        elif closure "${names}" > /dev/null; then
            say ok "${list} can be installed: ${names}"
        else
            fail "${list}: ${names}"
        fi
    done
}

# Every shared library of the binary belongs to a package that the runtime stage installs.
check_binary() {
    if [ -z "${binary}" ]; then
        say skipped "libraries of the binary: give its path"
        return
    fi
    command -v dpkg > /dev/null || {
        say skipped "libraries of the binary: no dpkg"
        return
    }
    local installed library package
    installed="$(closure "$(packages RUNTIME_PACKAGES)")"
    while read -r library; do
        # Merged /usr: dpkg may know the file under either path.
        package="$({ dpkg -S "$(realpath "${library}")" || dpkg -S "${library}" || dpkg -S "${library#/usr}" || dpkg -S "$(realpath "${library}" | sed 's|^/usr||')"; } 2> /dev/null | head -n 1 | cut -d: -f1)" || true
        if [ -z "${package}" ]; then
            fail "${library} belongs to no package (a Swift runtime library? link with --static-swift-stdlib)"
        elif grep -qx "${package}" <<< "${installed}"; then
            say ok "$(basename "${library}") from ${package}"
        else
            fail "$(basename "${library}") from ${package}, which the runtime stage does not install"
        fi
    done < <(ldd "${binary}" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p')
    if ldd "${binary}" | grep 'not found'; then fail "libraries that this machine lacks"; fi
}

check_shell
check_compose
check_packages
check_binary
exit "${failed}"
