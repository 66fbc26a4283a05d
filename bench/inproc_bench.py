"""The programs of the items inside of one process."""

import os
import subprocess
from typing import Iterator, List

from thresholds import INPROC as THRESHOLDS

HERE = os.path.dirname(os.path.realpath(__file__))

ITEMS = ["1a", "1b", "2a", "2b", "3a", "3b", "4", "5", "6", "7", "13", "14", "15", "16"]
TARGETS = {"troupe": "inproc", "asio": "asio_inproc", "floor": "floor"}
PEER = "asio"
FLOORS = ["floor"]
# Work that several threads do; the others can be measured in processor time.
_SEVERAL_THREADS = {"1b", "2b", "7", "14"}
# What a program has no means for, or has nothing to be compared with.
_WITHOUT = {"asio": {"4", "5", "13", "14", "15", "16"}, "floor": {"13", "14", "15", "16"}}
# Of no program, but of the compiler.
_COMPILING = "16"


def measure(folder: str, program: str, item: str, cpu: bool) -> Iterator[str]:
    """Runs one item once. Yields the program's lines."""
    if item in _WITHOUT.get(program, set()) or (cpu and item in _SEVERAL_THREADS):
        return
    command: List[str] = ["%s/%s" % (folder, TARGETS[program]), *(["--cpu"] if cpu else []), item]
    if item == _COMPILING:
        command = [os.path.join(HERE, "compile_time"), "--runs", "1"]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in lines.splitlines():
        if not (cpu and "_2_shards" in line):
            yield line
