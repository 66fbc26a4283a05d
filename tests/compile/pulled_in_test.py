#!/usr/bin/python3
"""Fails when troupe/troupe.h pulls in what users' files should not pay for.

usage: pulled_in_test.py OUTPUT      (what a compiler printed with -H)

Prints each such header with the way that leads to it.
"""

import json
import re
import sys
from typing import Iterator, List, Tuple

LINE = re.compile(r"^(?P<depth>\.+) (?P<path>\S+)$", re.M)
HEAVY = re.compile(
    r"/(?:boost/.*|google/protobuf/.*|.*\.pb\.h|flat_hash_(?:map|set)\.h|raw_hash_(?:map|set)\.h"
    r"|troupe/base/mutex\.h|csignal|iostream)$")
# Abseil's own, which its users cannot choose: status.h includes it.
ABSEILS_OWN = re.compile(r"/iostream$")


def heavy_ways(said: str) -> Iterator[Tuple[str, List[str]]]:
    way: List[str] = []
    for line in LINE.finditer(said):
        del way[len(line["depth"]) - 1:]
        path = line["path"]
        by_abseil = bool(way) and "/absl/" in way[-1] and ABSEILS_OWN.search(path)
        nested = any(HEAVY.search(above) for above in way)
        if HEAVY.search(path) and not by_abseil and not nested:
            yield path, list(way)
        way.append(path)


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        said = "\n".join(json.load(file).values())
    if "/troupe/troupe.h" not in said or " error: " in said:
        print(said)
        return 1
    failures = ["%s\n  through %s" % (path, "\n  through ".join(reversed(way)))
                for path, way in heavy_ways(said)]
    print("\n".join(failures) or "%d headers, none heavy" % len(LINE.findall(said)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
