#!/usr/bin/python3
"""The project's own sources keep clear of the coroutine forms that g++ miscompiles.

Like layers_on_tree_test, it reads the source tree itself, which it finds from the real path of this
file: to name every source of every package as data would take a filegroup in each of them. The
"external" tag has it run each time, since Bazel does not know what it reads.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from load_tool import load_tool  # noqa: E402

sys.exit(load_tool("coroutine_forms").main([]))
