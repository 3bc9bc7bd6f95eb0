#!/usr/bin/env python3
"""Runs the commands of the README as they stand there and compares what they print with what stands there.

    readme_tour.py path/to/vedette

Blocks of `sh` under "Five minutes" run in one shell, in order; the block after one is what it prints, on both standard
streams. In it `…` stands for any lines (alone in a line) or for any text (within one). The block after "What it prints"
is compared with the demo. Exit code: 0 the README tells the truth, 1 it does not.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
MARK = "--- end of a block of the README ---"


def blocks(text):
    """(language, content) of every fenced block."""
    return [(match[1], match[2]) for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.S | re.M)]


def pattern(expected):
    lines = []
    for line in expected.splitlines():
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(re.escape(part) for part in line.split("…")) + r"\n")
    return "".join(lines)


def compare(name, expected, found):
    if re.fullmatch(pattern(expected), found):
        print(f"{name}: as in the README")
        return True
    # The first line that is nowhere tells more than a failed match.
    missing = [line for line in expected.splitlines() if line.strip() != "…" and not re.search(pattern(line + "\n"), found)]
    print(f"{name}: the README says\n{expected}\nbut it prints\n{found}\nnot printed:\n" + "\n".join(missing), file=sys.stderr)
    return False


def shell(script, vedette, directory):
    environment = {**os.environ, "PATH": f"{vedette.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    return done.stdout


def tour(text, vedette, directory):
    found = blocks(text[text.index("## Five minutes"):text.index("## How the pieces fit")])
    pairs = []
    for index, (language, content) in enumerate(found):
        # The first block makes the program and an empty directory known, which is done here.
        if language == "sh" and "mktemp" not in content:
            output = found[index + 1] if index + 1 < len(found) and found[index + 1][0] != "sh" else None
            pairs.append((content, output[1] if output else None))
    printed = shell("\n".join(f"{content}\necho '{MARK}'" for content, _ in pairs), vedette, directory).split(MARK + "\n")
    results = [
        compare(content.strip().splitlines()[0], expected, output)
        for (content, expected), output in zip(pairs, printed) if expected is not None
    ]
    return len(results) >= 7 and all(results)


def demo(text, vedette, directory):
    (_, expected), *_ = blocks(text[text.index("What it prints"):])
    printed = "".join(line for line in shell("vedette demo", vedette, directory).splitlines(True) if not line.startswith("last hour"))
    return compare("vedette demo", expected, printed)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return False
    vedette = pathlib.Path(sys.argv[1]).resolve()
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory:
        results = [tour(text, vedette, directory), demo(text, vedette, directory)]
    return all(results)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
