#!/usr/bin/env python3
"""Validates the schemas with an independent validator, and JSON lines against them.

    validate.py                                 check every schema and its examples
    validate.py --schema metric FILE...         check JSON lines (plain, .gz, .zst; - is standard input)

Needs the package `jsonschema` from PyPI, and the program `zstd` for .zst files.
Exit code: 0 everything valid, 1 something is not, 2 wrong usage.
"""

import argparse
import copy
import gzip
import json
import pathlib
import subprocess
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("validate.py: the package jsonschema is missing; install it with: pip install jsonschema", file=sys.stderr)
    sys.exit(2)

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas"
SUFFIX = ".schema.json"
# Beyond this many invalid lines a file is given up.
MAX_REPORTED = 20


class BadLine(Exception):
    pass


def names():
    return sorted(path.name[: -len(SUFFIX)] for path in SCHEMAS.glob("*" + SUFFIX))


def load(name):
    return parse((SCHEMAS / (name + SUFFIX)).read_bytes())


def parse(data):
    """Strict JSON: UTF-8, no NaN or Infinity, no key twice in one object."""

    def pairs(items):
        keys = [key for key, _ in items]
        if len(set(keys)) != len(keys):
            raise BadLine("a key stands twice in one object")
        return dict(items)

    def constant(word):
        raise BadLine(f"{word} is not JSON")

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_constant=constant)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadLine(str(error)) from error


def problem(validator, value):
    """The first thing that is wrong with a value, or None."""
    errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    if not errors:
        return None
    place = "/" + "/".join(map(str, errors[0].absolute_path))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{place}: {errors[0].message[:300]}{more}"


def check_schemas():
    """Each schema is a schema, its examples are valid, and they stop being valid when broken."""
    failures = []
    for name in names():
        schema = load(name)
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        for key in ("$id", "title", "description", "examples"):
            if not schema.get(key):
                failures.append(f"{name}: no {key}")
        for index, example in enumerate(schema.get("examples", [])):
            found = problem(validator, example)
            if found:
                failures.append(f"{name}: example {index}: {found}")
            for key in schema["required"]:
                broken = copy.deepcopy(example)
                broken.pop(key, None)
                if validator.is_valid(broken):
                    failures.append(f"{name}: example {index} is still valid without {key}")
            if not schema.get("additionalProperties", True) and validator.is_valid({**example, "not_in_the_contract": 1}):
                failures.append(f"{name}: example {index} is still valid with an unknown field")
        print(f"{name}: {len(schema['examples'])} examples")
    for failure in failures:
        print(failure, file=sys.stderr)
    return not failures


def lines(path):
    if path == "-":
        yield from sys.stdin.buffer
    elif path.endswith(".gz"):
        with gzip.open(path, "rb") as file:
            yield from file
    elif path.endswith(".zst"):
        with subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE) as process:
            yield from process.stdout
        if process.returncode:
            raise OSError(f"{path}: zstd failed with exit code {process.returncode}")
    else:
        with open(path, "rb") as file:
            yield from file


def check_file(validator, path, every):
    count = checked = bad = 0
    for number, line in enumerate(lines(path), start=1):
        if not line.strip():
            continue
        count += 1
        if (count - 1) % every:
            continue
        checked += 1
        try:
            found = problem(validator, parse(line))
        except BadLine as error:
            found = str(error)
        if found:
            bad += 1
            print(f"{path}:{number}: {found}", file=sys.stderr)
            if bad == MAX_REPORTED:
                print(f"{path}: stopped after {bad} invalid lines", file=sys.stderr)
                break
    print(f"{path}: {checked} of {count} lines checked, {bad} invalid")
    return bad == 0


def main():
    parser = argparse.ArgumentParser(description="Validate schemas and JSON lines.")
    parser.add_argument("--schema", choices=names(), help="schema that the lines must follow")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="check one line in N (default: 1)")
    parser.add_argument("files", nargs="*", metavar="FILE")
    arguments = parser.parse_args()
    if bool(arguments.schema) != bool(arguments.files) or arguments.every < 1:
        parser.error("give --schema and at least one FILE, or neither; --every is 1 or more")
    if not arguments.schema:
        return check_schemas()
    validator = Draft202012Validator(load(arguments.schema))
    results = []
    for path in arguments.files:
        try:
            results.append(check_file(validator, path, arguments.every))
        except OSError as error:
            print(error, file=sys.stderr)
            results.append(False)
    return all(results)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
