#!/usr/bin/python3
"""tools/house measures what it says, and fails on more as on less."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from load_tool import load_tool  # noqa: E402

house = load_tool("house")


def tree_of(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return house.Tree(root)


def found(breaches):
    return [(b.path, b.line, b.rule) for b in breaches]


def number(name, files):
    return next(v for k, v in house.measure(tree_of(files)).items() if name in k)


class HouseTest(unittest.TestCase):
    def test_long_sources_and_headers(self):
        files = {
            "loop/a.cc": "\n" * house.SOURCE_LINES,
            "loop/b.cc": "\n" * (house.SOURCE_LINES + 1),
            "loop/a.h": "\n" * house.HEADER_LINES,
            "loop/b.h": "\n" * (house.HEADER_LINES + 1),
            "tests/loop/c_test.cc": "\n" * 2000,
        }
        self.assertEqual(found(house.check_lines(tree_of(files))), [
            ("loop/b.cc", house.SOURCE_LINES + 1, "source"),
            ("loop/b.h", house.HEADER_LINES + 1, "header"),
        ])

    def test_a_source_that_was_cut_leaves_the_list(self):
        path = sorted(house.LONG_SOURCES)[0]
        self.assertEqual(found(house.check_lines(tree_of({path: "\n"}))), [(path, 1, "source")])
        long = tree_of({path: "\n" * (house.SOURCE_LINES + 1)})
        self.assertEqual(found(house.check_lines(long)), [])

    def test_the_shards_header_has_its_own_bound(self):
        text = "\n" * house.SHARD_LINES
        self.assertEqual(found(house.check_lines(tree_of({house.SHARD: text}))),
                         [(house.SHARD, house.SHARD_LINES, "shard")])
        self.assertEqual(found(house.check_lines(tree_of({house.SHARD: text[1:]}))), [])

    def test_targets_with_many_headers(self):
        def build(name, count):
            headers = "".join('        "%d.h",\n' % i for i in range(count))
            return 'troupe_cc_library(\n    name = "%s",\n    hdrs = [\n%s    ],\n)\n' % (name, headers)
        self.assertEqual(
            found(house.check_targets(tree_of({"loop/BUILD": build("a", house.TARGET_HEADERS)}))), [])
        self.assertEqual(
            found(house.check_targets(tree_of({"loop/BUILD": build("a", house.TARGET_HEADERS + 1)}))),
            [("loop/BUILD", 1, "target")])
        label, most = sorted(house.LARGE_TARGETS.items())[0]
        folder, name = label[2:].split(":")
        for count, breaches in ((most - 1, 1), (most, 0), (most + 1, 1)):
            with self.subTest(count):
                tree = tree_of({folder + "/BUILD": build(name, count)})
                self.assertEqual(len(list(house.check_targets(tree))), breaches)

    def test_internal_headers_do_not_include_those_for_users(self):
        files = {
            "actors/stream.h": '#include "troupe/actors/mail/a.h"\n',
            "actors/mail/a.h": '#include <string>\n#include "troupe/actors/stream.h"\n',
            "actors/mail/b.h": '#include "troupe/actors/any_ref.h"\n',
            "actors/mail/b.cc": '#include "troupe/actors/stream.h"\n',
        }
        self.assertEqual(found(house.check_arrows(tree_of(files))), [("actors/mail/a.h", 2, "up")])

    def test_rows_have_a_legend(self):
        files = {
            "docs/faults.md": "| F41 | partial reads |\n",
            "tests/a_test.cc": "TEST(A, F41_Some) {}\nTEST(A, F410_Other) {}\nTEST(A, F410_More) {}\n",
        }
        self.assertEqual(found(house.check_rows(tree_of(files))), [("tests/a_test.cc", 2, "row")])

    def test_function_lengths(self):
        text = ("namespace a {\nclass B {\n  int c() {\n    return 1;\n  }\n"
                "  int d_ = int{};\n};\nB::B() : d_(1) {\n  if (d_) {\n  }\n}\n}\n")
        self.assertEqual(list(house.function_lengths(text)), [(3, 3), (8, 4)])
        body = "void F() {\n%s}\n" % ("  G();\n" * house.FUNCTION_LINES)
        self.assertEqual(number("functions", {"sim/a.cc": body}), 1)
        self.assertEqual(number("functions", {"sim/a.cc": "int a;\n" * 99}), 0)

    def test_friends_are_counted_in_code_only(self):
        text = "class A {\n  friend class B;  // A friend.\n};\nconst char* kText = \"friend\";\n"
        self.assertEqual(number("friends", {"transport/a.h": text, "tests/a.h": text}), 1)

    def test_headers_behind_the_one_for_users(self):
        files = {
            "troupe.h": '#include "troupe/actors/a.h"\n',
            "actors/a.h": '#include "troupe/loop/b.h"\n',
            "loop/b.h": '#include "troupe/actors/a.h"\n',
            "loop/c.h": "",
        }
        self.assertEqual(number("behind troupe.h", files), 2)
        self.assertEqual(number("users of actors/", files), 1)

    def test_circles_of_folders(self):
        files = {
            "actors/mail/a.h": '#include "troupe/actors/runtime/b.h"\n',
            "actors/runtime/b.h": '#include "troupe/actors/memory/c.h"\n',
            "actors/runtime/d.h": '#include "troupe/actors/mail/a.h"\n',
            "actors/memory/c.h": "",
        }
        self.assertEqual(number("circle", files), 1)

    def test_numbers_only_shrink(self):
        with tempfile.TemporaryDirectory() as root:
            names = [b.advice for b in house.check_numbers(house.Tree(root))]
        self.assertEqual(len(names), len(house.NUMBERS))
        self.assertTrue(all("lower the number to 0" in name for name in names))
        friends = house.NUMBERS["friends"]
        for count, words in ((friends, None), (friends + 1, "not %d" % friends)):
            tree = tree_of({"sim/a.h": "friend class A;\n" * count})
            said = [b.advice for b in house.check_numbers(tree) if "friends" in b.advice]
            self.assertEqual([words in text for text in said], [True] if words else [])


if __name__ == "__main__":
    unittest.main()
