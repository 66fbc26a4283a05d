#!/usr/bin/python3
"""protoc with the plugin, as the Bazel rule runs it: what it prints of a mistake, and what it writes.

usage: plugin_test.py PROTOC PLUGIN OPTIONS_PROTO
"""

import os
import subprocess
import sys
import tempfile
import unittest

PROTOC, PLUGIN, OPTIONS = sys.argv[1:4]

HEAD = """syntax = "proto3";
package bank;
import "troupe/proto/options.proto";
message Note {}
"""


def run(text):
    """protoc's exit code, what it printed, and the files it wrote by name."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "account.proto")
        with open(source, "w", encoding="utf-8") as file:
            file.write(HEAD + text)
        out = os.path.join(folder, "out")
        os.mkdir(out)
        done = subprocess.run(
            [
                PROTOC,
                f"--plugin=protoc-gen-troupe={PLUGIN}",
                f"--troupe_out={out}",
                "-I/usr/include",
                f"-Ibank/account.proto={source}",
                f"-Itroupe/proto/options.proto={OPTIONS}",
                "bank/account.proto",
            ],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        written = {}
        for where, _, names in os.walk(out):
            for name in names:
                path = os.path.join(where, name)
                with open(path, encoding="utf-8") as file:
                    written[os.path.relpath(path, out)] = file.read()
        return done.returncode, done.stderr, written


class PluginTest(unittest.TestCase):
    def test_a_mistake_is_printed_with_file_and_line(self):
        code, printed, written = run("service Account {\n"
                                     "  rpc Audit(Note) returns (Note) {\n"
                                     "    option (troupe.oneway) = true;\n"
                                     "  }\n"
                                     "}\n")
        self.assertNotEqual(code, 0)
        self.assertTrue(
            printed.startswith("--troupe_out: bank/account.proto:6:3: rpc Account.Audit: "), printed)
        self.assertEqual(written, {})

    def test_comments_and_options_reach_the_generated_files(self):
        code, printed, written = run("// Keeps money.\n"
                                     "service Account {\n"
                                     "  rpc Get(Note) returns (Note) {\n"
                                     "    option (troupe.idempotent) = true;\n"
                                     "  }\n"
                                     "}\n")
        self.assertEqual((code, printed), (0, ""))
        self.assertEqual(set(written), {"bank/account.troupe.h", "bank/account.troupe.cc"})
        self.assertIn("// Keeps money.\nclass Account {\n", written["bank/account.troupe.h"])
        self.assertIn(".idempotent = true", written["bank/account.troupe.cc"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
