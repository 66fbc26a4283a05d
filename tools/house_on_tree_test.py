#!/usr/bin/python3
"""The project's own folders keep the numbers of tools/house.

How it finds them, and why it is run each time: see coroutine_forms_on_tree_test.py.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from load_tool import load_tool  # noqa: E402

sys.exit(load_tool("house").main([]))
