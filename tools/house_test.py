#!/usr/bin/python3
"""tools/house measures what it says, and fails on more as on less."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from load_tool import load_tool  # noqa: E402

house = load_tool("house")


@contextlib.contextmanager
def root_of(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        yield root


def tree_of(files):
    with root_of(files) as root:
        return house.Tree(root)


def found(breaches):
    return [(b.path, b.line, b.rule) for b in breaches]


def places(name, files):
    return [tuple(place) for place in house.measure(tree_of(files))[name]]


def lists(**values):
    """The lists and numbers of the tool, as a test needs them."""
    return mock.patch.multiple(house, **values)


def target(name, count):
    headers = "".join(f'        "{i}.h",\n' for i in range(count))
    return f'troupe_cc_library(\n    name = "{name}",\n    hdrs = [\n{headers}    ],\n)\n'


class LinesTest(unittest.TestCase):
    def test_long_sources_and_headers(self):
        files = {
            "actors/mail/a.cc": "\n" * house.SOURCE_LINES,
            "loop/b.cc": "\n" * (house.SOURCE_LINES + 1),
            "loop/a.h": "\n" * house.HEADER_LINES,
            "loop/b.h": "\n" * (house.HEADER_LINES + 1),
            "tests/loop/c_test.cc": "\n" * 2000,
        }
        with lists(LONG_SOURCES={}, LONG_HEADERS={}):
            self.assertEqual(found(house.check_lines(tree_of(files))), [
                ("loop/b.cc", house.SOURCE_LINES + 1, "source"),
                ("loop/b.h", house.HEADER_LINES + 1, "header"),
            ])

    def test_the_lines_of_a_long_file_only_shrink(self):
        long = house.SOURCE_LINES + 50
        for lines, words in ((long + 1, f"cut it: {long + 1} lines are more than {long}"),
                             (long, None),
                             (long - 1, f"lower the number in tools/house to {long - 1}"),
                             (house.SOURCE_LINES, "take it off the list")):
            with self.subTest(lines), lists(LONG_SOURCES={"sim/a.cc": long}, LONG_HEADERS={}):
                said = [b.advice for b in house.check_lines(tree_of({"sim/a.cc": "\n" * lines}))]
                self.assertEqual([words in advice for advice in said], [True] if words else [])

    def test_a_long_file_that_is_gone_leaves_the_list(self):
        with lists(LONG_SOURCES={}, LONG_HEADERS={"sim/a.h": 500}):
            self.assertEqual(found(house.check_lines(tree_of({}))), [("sim/a.h", 1, "header")])

    def test_the_shards_header_has_its_own_bound(self):
        text = "\n" * house.SHARD_LINES
        self.assertEqual(found(house.check_shard(tree_of({house.SHARD: text}))),
                         [(house.SHARD, house.SHARD_LINES, "shard")])
        self.assertEqual(found(house.check_shard(tree_of({house.SHARD: text[1:]}))), [])

    def test_the_shards_header_is_where_the_tool_looks_for_it(self):
        self.assertEqual(found(house.check_shard(tree_of({}))), [(house.SHARD, 1, "shard")])


class TargetsTest(unittest.TestCase):
    def test_a_target_with_many_headers(self):
        with lists(LARGE_TARGETS=set()):
            for count, breaches in ((house.TARGET_HEADERS, []),
                                    (house.TARGET_HEADERS + 1, [("loop/BUILD", 2, "target")])):
                with self.subTest(count):
                    tree = tree_of({"loop/BUILD": "\n" + target("a", count)})
                    self.assertEqual(found(house.check_targets(tree)), breaches)

    def test_a_large_target_that_was_cut_leaves_the_list(self):
        with lists(LARGE_TARGETS={"//sim:a"}):
            large = tree_of({"sim/BUILD": target("a", house.TARGET_HEADERS + 9)})
            self.assertEqual(found(house.check_targets(large)), [])
            for files in ({}, {"sim/BUILD": target("a", house.TARGET_HEADERS)}):
                with self.subTest(files):
                    self.assertEqual([b.rule for b in house.check_targets(tree_of(files))],
                                     ["target"])

    def test_headers_are_counted_wherever_a_target_is_made(self):
        text = ('[\n    troupe_cc_library(\n        name = noun,\n        hdrs = [noun + ".h"],\n'
                '    )\n    for noun in ["a", "b"]\n]\n' + target("c", 3) +
                'troupe_cc_library(name = "d", hdrs = ["e.h"] + ["f.h"])\n'
                'troupe_cc_library(name = "g", srcs = ["g.cc"])\n')
        self.assertEqual(set(house.targets_of("sim/BUILD", text)),
                         {("//sim:noun", 2, 1), ("//sim:c", 8, 3), ("//sim:d", 16, 2)})

    def test_headers_that_are_not_listed_cannot_be_counted(self):
        text = 'troupe_cc_library(name = "a", hdrs = glob(["*.h"]))\n'
        with lists(LARGE_TARGETS=set()):
            self.assertEqual(found(house.check_targets(tree_of({"loop/BUILD": text}))),
                             [("loop/BUILD", 1, "target")])

    def test_the_largest_target_of_a_folder(self):
        files = {"loop/BUILD": target("a", 2) + target("b", 4) + target("c", 3),
                 "sim/BUILD": target("d", 7)}
        self.assertEqual(places(house.LARGEST_TARGET % "loop", files), [("loop/BUILD", 8)] * 4)
        self.assertEqual(places(house.LARGEST_TARGET % "actors", files), [])


class IncludesTest(unittest.TestCase):
    def test_internal_headers_do_not_include_those_for_users(self):
        files = {
            "actors/stream.h": '#include "troupe/actors/mail/a.h"\n',
            "actors/mail/a.h": '#include <string>\n#include "troupe/actors/stream.h"\n',
            "actors/mail/b.h": '#include "troupe/actors/any_ref.h"\n',
            "actors/mail/b.cc": '#include "troupe/actors/stream.h"\n',
        }
        with lists(VOCABULARY={"actors/any_ref.h"}):
            self.assertEqual(found(house.check_arrows(tree_of(files))),
                             [("actors/mail/a.h", 2, "up")])
        self.assertEqual(places(house.UP, files), [("actors/mail/a.h", 2), ("actors/mail/b.h", 1)])

    def test_a_word_that_no_internal_header_uses_leaves_the_vocabulary(self):
        files = {"actors/mail/b.cc": '#include "troupe/actors/any_ref.h"\n'}
        with lists(VOCABULARY={"actors/any_ref.h"}):
            breaches = list(house.check_arrows(tree_of(files)))
        self.assertEqual([b.advice for b in breaches], ["take actors/any_ref.h off VOCABULARY"])

    def test_circles_of_folders(self):
        files = {
            "actors/mail/a.h": '#include "troupe/actors/runtime/b.h"\n',
            "actors/runtime/b.h": '#include "troupe/actors/memory/c.h"\n',
            "actors/memory/c.h": "",
            "actors/memory/c.cc": '#include "troupe/actors/runtime/b.h"\n',
        }
        self.assertEqual(places(house.CIRCLES, files), [])
        files["actors/runtime/d.h"] = '\n#include "troupe/actors/mail/a.h"\n'
        self.assertEqual(places(house.CIRCLES, files), [("actors/mail/a.h", 1)])

    def test_headers_behind_the_one_for_users(self):
        files = {
            "troupe.h": '\n#include "troupe/actors/a.h"\n',
            "actors/a.h": '#include "troupe/loop/b.h"\n',
            "actors/mail/e.h": "",
            "loop/b.h": '#include "troupe/actors/a.h"\n',
            "loop/c.h": "",
        }
        self.assertEqual(places(house.REACHABLE, files), [("troupe.h", 2), ("actors/a.h", 1)])
        self.assertEqual(places(house.PUBLIC_HEADERS, files), [("actors/a.h", 1)])

    def test_nothing_heavy_behind_the_header_for_users(self):
        for header in ("<boost/lockfree/queue.hpp>", '"absl/container/flat_hash_map.h"',
                       "<csignal>", "<iostream>", "<regex>"):
            with self.subTest(header):
                heavy = f"#include <string>\n#include {header}\n"
                files = {"troupe.h": '#include "troupe/loop/a.h"\n', "loop/a.h": heavy}
                self.assertEqual(found(house.check_heavy(tree_of(files))),
                                 [("loop/a.h", 2, "heavy")])
                files.update({"loop/a.h": "#include <iosfwd>\n", "loop/a.cc": heavy,
                              "loop/b.h": heavy})
                self.assertEqual(found(house.check_heavy(tree_of(files))), [])


class RowsTest(unittest.TestCase):
    def test_rows_have_a_legend(self):
        files = {
            "docs/faults.md": "See F410.\n\n| F41 | partial reads |\n",
            "tests/a_test.cc": "TEST(A, F41_B) {}\nTEST(A, F410_C) {}\nTEST(A, F410_D) {}\n",
            "tests/b_test.cc": "// Fault F7: a greeting.\nconst int kMask = 0xF8;\n",
            "tests/c_test.py": "class F9_Test: pass\n",
            "sim/a.cc": "// F6\n",
        }
        self.assertEqual(found(house.check_rows(tree_of(files))), [
            ("tests/a_test.cc", 2, "row"), ("tests/b_test.cc", 1, "row"),
            ("tests/c_test.py", 1, "row"),
        ])
        files["docs/faults.md"] += "| F410 | a |\n| F7 | b |\n| F9 | c |\n"
        self.assertEqual(found(house.check_rows(tree_of(files))), [])


class FunctionsTest(unittest.TestCase):
    def lengths(self, text):
        return list(house.function_lengths(text))

    def test_functions_of_scopes_and_classes(self):
        self.assertEqual(self.lengths(
            "namespace a {\nclass B {\n public:\n  int c() const {\n    return 1;\n  }\n"
            "  int d_ = int{};\n};\nB::B() : d_(1) {\n  if (d_) {\n  }\n}\n}\n"), [(4, 3), (9, 4)])

    def test_heads_of_every_form(self):
        body = "{\n  if (x) {\n  }\n}\n"
        for head in ("void F() ", "template <class T, class U = A<B<T>>>\nvoid F(T t) ",
                     "template <typename T>\n  requires(sizeof(T) > 1)\nvoid F(T t) ",
                     "A::A() : B(1), c_{2} ", "A::A() : c_(2), d_{} ",
                     "A::A() noexcept(true) : d_{} ",
                     "bool operator==(const A& a, const A& b) ", "void operator()(int i) ",
                     "auto F(int i = {}) -> std::vector<int> ", "int F(struct tm* time) ",
                     "constexpr auto kTable = [] ", "const auto kF = [](int i) ",
                     "void F() ABSL_LOCKS_EXCLUDED(mutex_) ", 'extern "C" void F() '):
            with self.subTest(head):
                self.assertEqual(self.lengths(head + body), [(head.count("\n") + 1, 4)])

    def test_scopes_are_no_functions(self):
        for head in ("namespace ", 'namespace [[deprecated("b")]] a ', "struct alignas(64) A ",
                     "template <typename T>\nclass A<T(int)> : public B<T> ", "enum class A : int ",
                     "template <typename T>\n  requires(sizeof(T) > 1)\nstruct A ", 'extern "C" ',
                     "const std::array<int, 2> kA = "):
            with self.subTest(head):
                self.assertEqual(self.lengths(head + "{\n}\n"), [])

    def test_long_functions(self):
        for lines, expected in ((house.FUNCTION_LINES, []),
                                (house.FUNCTION_LINES + 1, [("sim/a.cc", 2)])):
            body = "\nvoid F() {\n" + "  G();\n" * (lines - 2) + "}\n"
            files = {"sim/a.cc": body, "tests/a.cc": body}
            with self.subTest(lines):
                self.assertEqual(places(house.LONG_FUNCTIONS, files), expected)
        self.assertEqual(places(house.LONG_FUNCTIONS, {"sim/a.cc": "int a;\n" * 99}), [])


class FriendsTest(unittest.TestCase):
    def test_friends_are_counted_in_code_only(self):
        text = ("class A {\n  friend class B;  // A friend.\n  friend struct C<int>;\n  friend D;\n"
                "};\nconst char* kText = \"friend\";\n")
        self.assertEqual(places(house.FRIENDS, {"transport/a.h": text, "tests/a.h": text}),
                         [("transport/a.h", 2), ("transport/a.h", 3), ("transport/a.h", 4)])

    def test_operators_and_function_templates_are_free(self):
        text = ("class A {\n  friend bool operator==(const A&, const A&) = default;\n"
                "  template <typename H>\n  friend H AbslHashValue(H h, const A& a);\n};\n")
        for name in (house.FRIENDS, house.FRIEND_TEMPLATES):
            self.assertEqual(places(name, {"loop/a.h": text}), [])

    def test_class_templates_have_a_number_of_their_own(self):
        text = "class A {\n  template <typename T>\n  friend class B;\n};\n"
        self.assertEqual(places(house.FRIENDS, {"loop/a.h": text}), [])
        self.assertEqual(places(house.FRIEND_TEMPLATES, {"loop/a.h": text}), [("loop/a.h", 3)])


class NumbersTest(unittest.TestCase):
    def numbers(self, most):
        return lists(NUMBERS={**dict.fromkeys(house.NUMBERS, 0), house.FRIENDS: most})

    def test_everything_that_is_measured_has_a_number(self):
        self.assertEqual(set(house.measure(tree_of({}))), set(house.NUMBERS))

    def test_numbers_only_shrink(self):
        tree = tree_of({"sim/a.h": "friend class A;\nfriend class B;\n"})
        with self.numbers(2):
            self.assertEqual(list(house.check_numbers(tree)), [])
        with self.numbers(1):
            self.assertEqual(found(house.check_numbers(tree)),
                             [("sim/a.h", 1, "number"), ("sim/a.h", 2, "number")])
        with self.numbers(3):
            said = [b.advice for b in house.check_numbers(tree)]
            self.assertEqual(said, [house.FRIENDS + ": lower the number in tools/house to 2"])

    def test_breaches_are_printed_and_fail(self):
        nothing = dict(LONG_SOURCES={}, LONG_HEADERS={}, LARGE_TARGETS=set(), VOCABULARY=set())
        files = {"sim/a.h": "friend class A;\n", house.SHARD: "\n"}
        with root_of(files) as root, lists(**nothing):
            for most, status, printed in ((1, 0, ""), (0, 1, "sim/a.h:1: number: ")):
                output = io.StringIO()
                with self.subTest(most), self.numbers(most), contextlib.redirect_stdout(output):
                    self.assertEqual(house.main([root]), status)
                self.assertEqual(output.getvalue()[:len(printed) or None], printed)


if __name__ == "__main__":
    unittest.main()
