#!/usr/bin/python3
"""Writes what a compiler prints about each of some sources, as an object of JSON.

  run_compiler.py OUTPUT [--prelude=HEADER] SOURCE... -- COMPILER FLAG...
"""

import json
import os
import subprocess
import sys
import tempfile


def main():
    middle = sys.argv.index("--")
    output, *sources = sys.argv[1:middle]
    command = sys.argv[middle + 1:]
    prelude = None
    if sources and sources[0].startswith("--prelude="):
        prelude = sources.pop(0).partition("=")[2]

    with tempfile.TemporaryDirectory() as folder:
        if prelude:
            command += compile_prelude(command, prelude, folder)
        said = {source: ask(command + [source]) for source in sources}
    with open(output, "w", encoding="utf-8") as file:
        json.dump(said, file, indent=1)


def compile_prelude(command, prelude, folder):
    """Precompiles `prelude`; returns the flags that include it."""
    header = os.path.join(folder, "prelude.h")
    with open(prelude, encoding="utf-8") as file:
        text = file.read()
    with open(header, "w", encoding="utf-8") as file:
        file.write(text)
    syntax_only = ["-fsyntax-only"]
    flags = [flag for flag in command if flag not in syntax_only]
    clang = "clang" in os.path.basename(command[0])
    compiled = header + (".pch" if clang else ".gch")
    said = ask(flags + ["-x", "c++-header", header, "-o", compiled])
    if not os.path.exists(compiled):
        sys.exit("the prelude does not compile:\n" + said)
    return ["-include-pch", compiled] if clang else ["-include", header]


def ask(command):
    environment = dict(os.environ, LC_ALL="C", PATH="/usr/bin:/bin")
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            encoding="utf-8", errors="replace", env=environment, check=False)
    if result.returncode != 0 and not result.stdout.strip():
        return "%s: error: ended with %d and said nothing" % (command[0], result.returncode)
    return result.stdout


if __name__ == "__main__":
    main()
