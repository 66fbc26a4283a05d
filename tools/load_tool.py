"""Loads a tool that has no .py suffix, for its test."""

import importlib.machinery
import importlib.util
import os
import sys


def load_tool(name):
    """The module of the file `name` in this folder."""
    folder = os.path.dirname(os.path.realpath(__file__))
    sys.dont_write_bytecode = True
    sys.path.insert(0, folder)
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(folder, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    loader.exec_module(module)
    return module
