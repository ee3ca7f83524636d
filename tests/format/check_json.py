#!/usr/bin/env python3
"""check_json.py SOURCE_FOLDER: names where an object or an array of nlohmann's would be made of null.

nlohmann 3.11.2 does that in two steps, and crashes when memory ends between them. Values begin as
object() or array(); inside others they are made by object_at and array_at (ptattn/core/json.hpp).
"""
import pathlib
import re
import sys

FROM_NULL = [
    re.compile(r"\b(ordered_json|nlohmann::json|Json|json) \w*[a-z];"),
    re.compile(r'\w\["\w+"\]\[[^=]*\] = '),
    re.compile(r'\w\["\w+"\]\.(push_back|emplace|update)\b'),
]


def main() -> int:
    source = pathlib.Path(sys.argv[1])
    found = []
    for path in sorted(p for folder in ("lib", "tools") for p in (source / folder).rglob("*.[ch]pp")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code = line.split("//")[0]
            if any(p.search(code) for p in FROM_NULL):
                found.append(f"{path.relative_to(source)}:{number}: {line.strip()}")
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
