#!/usr/bin/env python3
"""check_sizes.py SOURCE_FOLDER: names what is longer than somebody can read in one go.

Files of lib and tools have at most 400 lines, functions at most 45, parameter lists at most six
entries. Where functions begin and end is read off the indentation, which clang-format guarantees.
"""

import re
import sys
from pathlib import Path

LINES_OF_FILE = 400
LINES_OF_FUNCTION = 45
PARAMETERS = 6

NO_FUNCTION = re.compile(
    r"(namespace|class|struct|enum|union|extern|using|template <[^>]*>\s*(class|struct)|"
    r"if|for|while|switch|do|else|try|case|return)\b")
PARAMETER_LIST = re.compile(r"[\w>~*&\]] ?\b[\w:~]+(\(\))?\((?P<list>(?:[^()]|\([^()]*\))*)\)"
                            r"(?=( const)?( noexcept)?( override)?( final)?( ->[^{;]*)?"
                            r"( : [^;]*)?( = (0|default|delete))?\s*[{;]$)")


def code_of(line):
    """Returns a line without its comment and the content of strings."""
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    line = re.sub(r"'(\\.|[^'\\])'", "''", line)
    return line.split("//")[0].rstrip()


def count_parameters(text):
    depth = 0
    commas = 0
    for c in text:
        depth += (c in "<([{") - (c in ">)]}")
        commas += c == "," and depth == 0
    return commas + 1 if text.strip() else 0


def statements(lines):
    """Yields (first line, last line, text) of what ends with a brace or a semicolon."""
    first = None
    parts = []
    for number, line in enumerate(lines):
        if not line or line.lstrip().startswith("#") or re.match(r"\s*(public|private|protected):", line):
            first, parts = None, []
            continue
        first = number if first is None else first
        parts.append(line.strip())
        if line.endswith(("{", ";", "}", "},")):
            yield first, number, " ".join(parts)
            first, parts = None, []


def check(path, name):
    lines = [code_of(line) for line in path.read_text().splitlines()]
    if len(lines) > LINES_OF_FILE:
        yield f"{name}: {len(lines)} lines, expected at most {LINES_OF_FILE}"
    for first, last, text in statements(lines):
        indent = len(lines[first]) - len(lines[first].lstrip())
        if indent > 4 or NO_FUNCTION.match(text):
            continue
        found = PARAMETER_LIST.search(text)
        if not found or (indent > 0 and text.endswith(";") and "=" in text.split("(")[0]):
            continue
        parameters = count_parameters(found["list"])
        is_declaration = all(" " in p.strip() for p in found["list"].split(",") if p.strip())
        if parameters > PARAMETERS and is_declaration:
            yield f"{name}:{first + 1}: {parameters} parameters, expected at most {PARAMETERS}"
        if not text.endswith("{"):
            continue
        close = " " * indent + "}"
        end = next((n for n in range(last + 1, len(lines)) if lines[n].rstrip(";") == close), last)
        if end - first + 1 > LINES_OF_FUNCTION:
            yield (f"{name}:{first + 1}: a function of {end - first + 1} lines, expected at most "
                   f"{LINES_OF_FUNCTION}")


def main():
    root = Path(sys.argv[1])
    problems = []
    for folder in ("lib", "tools"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            problems += check(path, path.relative_to(root))
    print("\n".join(problems) or "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
