#!/usr/bin/env bash
# check_format.sh CLANG_FORMAT SOURCE_FOLDER: names every C++ source whose format differs.
set -euo pipefail
find "$2/lib" "$2/tools" "$2/tests" "$2/samples" -name '*.[ch]pp' -print0 |
  xargs -0 -n 64 -P "$(nproc)" "$1" --dry-run -Werror --ferror-limit=1 && echo "ok"
