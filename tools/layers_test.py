#!/usr/bin/python3
"""tools/layers finds each breach, and nothing in a tree that keeps the rules."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from load_tool import load_tool  # noqa: E402

layers = load_tool("layers")

HOME = "/" + "home/someone"


def breaches_of(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return [(b.path, b.line, b.rule) for b in layers.check_tree(root)]


class LayersTest(unittest.TestCase):
    def test_includes_go_one_way(self):
        for path, header in [
            ("base/a.h", "loop/b.h"),
            ("loop/a.h", "actors/b.h"),
            ("actors/a.cc", "transport/b.h"),
            ("actors/a.cc", "proto/b.pb.h"),
            ("transport/a.cc", "sim/b.h"),
            ("sim/a.cc", "tests/b.h"),
            ("examples/one/a.cc", "tests/b.h"),
            ("proto/a.cc", "actors/b.h"),
            ("actors/a.h", "troupe.h"),
        ]:
            with self.subTest(path, header=header):
                found = breaches_of({path: f'\n#include "troupe/{header}"\n'})
                self.assertEqual(found, [(path, 2, "layer")])

    def test_allowed_includes_pass(self):
        self.assertEqual(breaches_of({
            "sim/a.cc": '#include "troupe/base/x.h"\n#include "troupe/transport/x.h"\n',
            "transport/a.h": '#include "troupe/proto/frame.pb.h"\n',
            "tests/loop/a_test.cc": '#include "troupe/sim/x.h"\n#include <unistd.h>\n',
            "examples/bank/main.cc": '#include "troupe/troupe.h"\n#include "examples/bank/bank.pb.h"\n',
            "loop/a.cc": "#include <sys/epoll.h>\n#include <liburing.h>\n",
            "base/a.h": "#include <string>\n#include <csignal>\n",
        }), [])

    def test_headers_of_ours_need_the_prefix(self):
        self.assertEqual(breaches_of({"loop/a.cc": '#include "base/b.h"\n'}),
                         [("loop/a.cc", 1, "prefix")])

    def test_os_headers_stay_in_loop(self):
        for header in ["sys/socket.h", "unistd.h", "netinet/tcp.h", "liburing.h"]:
            with self.subTest(header):
                self.assertEqual(breaches_of({"transport/a.cc": f"#include <{header}>\n"}),
                                 [("transport/a.cc", 1, "os-header")])
                self.assertEqual(breaches_of({"sim/a.cc": f"#include <{header}>\n"}),
                                 [("sim/a.cc", 1, "os-header")])
                self.assertEqual(breaches_of({"sim/seeds/a.cc": f"#include <{header}>\n"}), [])

    def test_lockfree_queues_are_named_in_one_file(self):
        include = "#include <boost/lockfree/spsc_queue.hpp>\n"
        self.assertEqual(breaches_of({"loop/a.h": include}), [])
        self.assertEqual(breaches_of({"loop/a.h": include, "loop/b.h": include}),
                         [("loop/b.h", 1, "lockfree")])

    def test_clocks_are_read_in_base_and_loop_only(self):
        code = "// absl::Now()\nauto now = absl::Now();\nstd::chrono::steady_clock::now();\n"
        self.assertEqual(breaches_of({"actors/a.cc": code}),
                         [("actors/a.cc", 2, "clock"), ("actors/a.cc", 3, "clock")])
        self.assertEqual(
            breaches_of({"loop/a.cc": code, "base/a.cc": code, "sim/seeds/a.cc": code}), [])

    def test_paths_of_one_machine_are_found_in_any_text(self):
        self.assertEqual(breaches_of({"README.md": f"see {HOME}/x\nsee /usr/include, $HOME/work/x\n"}),
                         [("README.md", 1, "path")])

    def test_what_git_keeps_for_itself_is_not_read(self):
        self.assertEqual(breaches_of({".git": f"gitdir: {HOME}/x/.git/worktrees/y\n"}), [])


if __name__ == "__main__":
    unittest.main()
