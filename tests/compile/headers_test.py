#!/usr/bin/python3
"""Fault F153: fails when a compiler warned of anything: headers_test.py OUTPUT"""

import json
import re
import sys

DIAGNOSTIC = re.compile(r"^(?P<file>[^\s:][^:\n]*):\d+:\d+: (?:warning|(?:fatal )?error): .*$", re.M)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        said = "\n".join(json.load(file).values())
    failures = [diagnostic[0] for diagnostic in DIAGNOSTIC.finditer(said)]
    if not failures and "error" in said:
        failures.append(said)
    print("\n".join(failures) or "clean")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
