#!/usr/bin/python3
"""Runs an example without arguments and compares what it prints with its expected output."""

import subprocess
import sys

program, expected = sys.argv[1:3]
out = subprocess.run([program], capture_output=True, timeout=50)
with open(expected, "rb") as file:
    want = file.read()
if out.returncode != 0 or out.stdout != want:
    sys.exit("exit code %d\n--- printed\n%s--- expected\n%s--- errors\n%s" % (
        out.returncode, out.stdout.decode(), want.decode(), out.stderr.decode()))
