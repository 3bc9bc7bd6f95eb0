#!/bin/bash
# Asks /healthz of the process in this container; exit 0 if it answers 200.
# The slim image has no curl: bash speaks TCP itself.
#   vedette-healthcheck [port] [path]
set -eu

port="${1:-${VEDETTE_HTTP_PORT:-9464}}"
path="${2:-/healthz}"

exec 3<>"/dev/tcp/127.0.0.1/${port}"
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "${path}" >&3
read -r -t 4 _ status _ <&3
[ "${status}" = 200 ]
