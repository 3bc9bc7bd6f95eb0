#!/usr/bin/env python3
"""Structural check of a compose file where docker compose is not available.

    check_compose.py compose.yaml

Every service has an image or a build, refers only to services and volumes that exist, and
mounts only files that exist (those that a user must write excepted). Exit code 0 or 1.
"""

import pathlib
import re
import sys

import yaml

SERVICE_KEYS = {
    "image", "build", "hostname", "ports", "environment", "volumes", "healthcheck", "depends_on", "entrypoint", "command",
    "restart", "read_only", "tmpfs", "cap_drop", "security_opt", "mem_limit", "stop_grace_period", "profiles",
}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
DURATION = re.compile(r"^([0-9]+(us|ms|s|m|h))+$")
PORT = re.compile(r"^([0-9.]+:)?[0-9]+:[0-9]+(/(tcp|udp))?$")


def check(path):
    document = yaml.safe_load(path.read_text())
    services = document.get("services") or {}
    volumes = document.get("volumes") or {}
    if not services:
        yield "no services"
    for name, service in services.items():
        unknown = set(service) - SERVICE_KEYS
        if unknown:
            yield f"{name}: unknown keys {sorted(unknown)}"
        if "image" not in service and "build" not in service:
            yield f"{name}: neither image nor build"
        build = service.get("build")
        if build and not (path.parent / build["context"] / build["dockerfile"]).is_file():
            yield f"{name}: no Dockerfile at {build['dockerfile']}"
        for other, need in (service.get("depends_on") or {}).items():
            if other not in services:
                yield f"{name}: depends on {other}, which does not exist"
            elif need.get("condition") not in CONDITIONS:
                yield f"{name}: condition {need.get('condition')!r} is not one of {sorted(CONDITIONS)}"
            elif need["condition"] == "service_healthy" and "healthcheck" not in services[other]:
                yield f"{name}: waits for the health of {other}, which has no health check"
        for key, value in (service.get("environment") or {}).items():
            if not isinstance(value, str):
                yield f"{name}: environment {key} is not a string: {value!r}"
        for port in service.get("ports") or []:
            if not PORT.match(str(port)):
                yield f"{name}: port {port!r}"
        for mount in service.get("volumes") or []:
            source, target = mount.split(":")[:2]
            if not target.startswith("/"):
                yield f"{name}: mount target {target} is not absolute"
            if source.startswith("."):
                if not (path.parent / source).exists():
                    yield f"{name}: {source} does not exist"
            elif source not in volumes:
                yield f"{name}: volume {source} is not declared"
        for key in ("interval", "timeout", "start_period"):
            value = (service.get("healthcheck") or {}).get(key)
            if value is not None and not DURATION.match(value):
                yield f"{name}: healthcheck {key} {value!r}"


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 1
    try:
        problems = list(check(pathlib.Path(sys.argv[1])))
    except (OSError, yaml.YAMLError, KeyError, AttributeError, ValueError) as error:
        problems = [f"{type(error).__name__}: {error}"]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
