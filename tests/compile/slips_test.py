#!/usr/bin/python3
"""Fault F154: what compilers say first about a slip names the user's line and what to write.

  slips_test.py COMPILER OUTPUT SOURCE...

A source marks the line with `// SLIP: text that the first error contains`; `// SLIP-G++:` and
`// SLIP-CLANG:` are for one compiler only, where they take precedence. A mark that stands alone is
about the line after it. "(silent)", or no mark for the compiler at all: it compiles without a word.
"""

import json
import os
import re
import sys

# Slips that wait for a change of the library, with the reason.
PENDING = {}

MARK = re.compile(r"^(.*)// SLIP(-[A-Z+]+)?: (.*)$")
ERROR = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):\d+: (?:fatal )?error: (?P<text>.*)$", re.M)


def expected(source, compiler):
    """The line and the text that `compiler` should name, or None."""
    marks = {}
    ahead = []
    with open(source, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            mark = MARK.search(line)
            if mark and not mark[1].strip():
                ahead.append(mark)
                continue
            for each in ahead + ([mark] if mark else []):
                marks[(each[2] or "").lstrip("-")] = (number, each[3].strip())
            ahead = []
    return marks.get(compiler, marks.get(""))


def complaint(source, compiler, said):
    """What is wrong with what the compiler said about `source`; None if nothing is."""
    want = expected(source, compiler)
    first = ERROR.search(said)
    if want is None or want[1] == "(silent)":
        return "compiles, but it said:\n" + said if said.strip() else None
    line, text = want
    if not first:
        return "line %d compiles without an error; it said:\n%s" % (line, said)
    if os.path.basename(first["file"]) != os.path.basename(source) or int(first["line"]) != line:
        return "the first error is not at line %d but: %s" % (line, first[0])
    if text not in first["text"]:
        return "the first error does not say \"%s\" but: %s" % (text, first[0])
    return None


def main():
    compiler, output, *sources = sys.argv[1:]
    with open(output, encoding="utf-8") as file:
        said = {os.path.basename(name): text for name, text in json.load(file).items()}
    failures = 0
    for source in sources:
        name = os.path.splitext(os.path.basename(source))[0]
        wrong = complaint(source, compiler, said[name + ".cc"])
        if name in PENDING:
            if wrong is None:
                failures += 1
                print("%s passes: take it off the list PENDING" % name)
            continue
        if wrong:
            failures += 1
            print("%s: %s" % (name, wrong))
    print("%d slips, %d failures, %d pending" % (len(sources), failures, len(PENDING)))
    sys.exit(1 if failures or not sources else 0)


if __name__ == "__main__":
    main()
