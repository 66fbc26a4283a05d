#!/usr/bin/python3
"""Fails when a compiler warned of anything: headers_test.py OUTPUT [HEADER...]

The headers are those whose warnings are known and wait for a mend: one that is clean must leave
the list.
"""

import json
import re
import sys

DIAGNOSTIC = re.compile(r"^(?P<file>[^\s:][^:\n]*):\d+:\d+: (?:warning|(?:fatal )?error): .*$", re.M)


def main():
    output, *known = sys.argv[1:]
    with open(output, encoding="utf-8") as file:
        said = "\n".join(json.load(file).values())
    failures = []
    unseen = set(known)
    for diagnostic in DIAGNOSTIC.finditer(said):
        header = next((h for h in known if diagnostic["file"].endswith("/" + h)), None)
        if header is None:
            failures.append(diagnostic[0])
        unseen.discard(header)
    failures += ["%s is clean: take it off the list" % header for header in sorted(unseen)]
    if said.strip() and not DIAGNOSTIC.search(said) and "error" in said:
        failures.append(said)
    print("\n".join(failures) or "clean")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
