"""The programs of the items between processes: each has a server and a client."""

import subprocess
from typing import Dict, Iterator, List

from thresholds import NET as THRESHOLDS

ITEMS = ["8a", "8b", "8c", "9", "10", "11"]
TARGETS = {"troupe": "net", "asio": "asio_net", "floor": "raw_net"}
PEER = "asio"
FLOORS = ["floor"]
# Items that are run a second time by programs that look for work all the time, where the others
# sleep until there is some.
_SPINNING = {"8a", "8b", "8c"}
_MODES: Dict[str, List[List[str]]] = {"troupe": [[], ["--spin"]], "asio": [[]],
                                      "floor": [[], ["--spin"]]}


def _run(program: str, mode: List[str], item: str) -> List[str]:
    server = subprocess.Popen([program, "server", *mode], stdout=subprocess.PIPE, text=True)
    try:
        word, port = server.stdout.readline().split()
        assert word == "port"
        client = [program, "client", *mode, item, port, str(server.pid)]
        return subprocess.run(client, stdout=subprocess.PIPE, text=True, check=True,
                              timeout=60).stdout.splitlines()
    finally:
        server.kill()
        server.wait()


def measure(folder: str, program: str, item: str, cpu: bool) -> Iterator[str]:
    """Runs one item once, in each mode. Yields the client's lines, or those of processor time."""
    for mode in _MODES[program]:
        if not mode or item in _SPINNING:
            for line in _run("%s/%s" % (folder, TARGETS[program]), mode, item):
                if not cpu or ",cpu_s" in line:
                    yield line
