#!/usr/bin/python3
"""tools/coroutine_forms finds each bad form and passes the good ones."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from load_tool import load_tool  # noqa: E402

forms = load_tool("coroutine_forms")

BAD = [
    ("if (co_await a() && co_await b()) f();", {"short-circuit", "condition"}),
    ("if (co_await a() || b) f();", {"short-circuit", "condition"}),
    ("if (ready && (co_await b()).ok()) f();", {"short-circuit", "condition"}),
    ("if ((co_await b()).ok()) f();", {"condition"}),
    ("if (auto c = a(); !(co_await b(c)).ok()) f();", {"condition"}),
    ("while ((co_await b()).ok()) ++n;", {"condition"}),
    ("do { f(); } while (!(co_await b()).ok());", {"condition"}),
    ("for (; (co_await b()).ok();) f();", {"condition"}),
    ("switch ((co_await b()).code()) { case 1: f(); }", {"condition"}),
    ("bool both = co_await a() and b;", {"short-circuit"}),
    ("EXPECT_TRUE(a && co_await b());", {"short-circuit"}),
    ("bool b = x < y && z > (co_await a());", {"short-circuit"}),
    ("while (co_await a() + co_await b() > 0) f();", {"condition"}),
    ("do { f(); } while (co_await a() == co_await b());", {"condition"}),
    ("if (x) { f(); } else if (co_await a() == co_await b()) {}", {"condition"}),
    ('co_await f({.name = "x"});', {"braced-temporary"}),
    ("co_await f(1, Foo{2});", {"braced-temporary"}),
    ("auto x = co_await f(std::vector<int>{1, 2});", {"braced-temporary"}),
    ("for (auto&& x : co_await All({a, b})) f(x);", {"braced-temporary"}),
    ("TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(Make({1})));", {"braced-temporary"}),
    ("co_return co_await f({});", {"braced-temporary"}),
    ("auto l = [this]() -> Reply<void> { co_await g(Foo{}); };", {"braced-temporary"}),
    ("co_await f([x] { return x; });", {"value-capture"}),
    ("co_await f([=] { return x; });", {"value-capture"}),
    ("co_await f([&a, s = std::move(s)]() mutable { g(s); });", {"value-capture"}),
    ("co_await cx.Offload([path]() -> Text { return Read(path); });", {"value-capture"}),
    ('co_await Run({"/bin/sh", "-c"});', {"braced-strings"}),
]

GOOD = [
    "Awaiter operator co_await() && { return Awaiter(a_, b_); }",
    "auto a = co_await f();  if (a.ok() && g()) h();",
    "if (ready && other) co_await f();",
    "while (ready && other) { co_await f(); }",
    "if (auto s = co_await f(); !s.ok() && t) g();",
    "if (const auto s = co_await f()) g();",
    "while (const auto s = co_await f()) g();",
    "for (auto s = co_await f(); s.ok(); co_await g()) h();",
    "auto&& x = co_await f();",
    "for (auto&& x : co_await f()) g(x);",
    "auto x = co_await f<int, Foo>(static_cast<T&&>(y), a && b);",
    "auto s = std::move(co_await f());  Foo foo{1, 2};",
    'Options o = {.name = "x"}; co_await f(o);',
    "auto task = [x] { return x; };  co_await f(std::move(task));",
    "co_await f([&x] { return x; });",
    "co_await f([this](int a) -> Foo<int> { return Foo<int>{a}; });",
    "co_await f([] { return Foo{1}; });",
    "co_await f(table[3]);",
    "switch (auto n = co_await f()) { case 1: { co_await g(); break; } default: {} }",
    "// co_await f({}) && b\n/* co_await f({}) */ g();",
    'const char* text = "co_await f({}) && b";',
    'const char* text = R"cc(co_await f({}) && ")" b)cc"; co_await f();',
    "#define BAD co_await f({}) \\\n   && b\nco_await g();",
    "co_await f({});  // coroutine_forms: trivial",
    "// coroutine_forms: trivial, Ping has no members.\nco_await f(Ping{});",
    "char c = '\"'; co_await f(); char d = '\"';",
    "int million = 1'000'000; co_await f('{');",
]


def in_function(code):
    return "Reply<void> Actor::On(Context& cx, const Foo& foo) {\n" + code + "\n}\n"


class CoroutineFormsTest(unittest.TestCase):
    def test_bad_forms_are_found(self):
        for code, expected in BAD:
            with self.subTest(code):
                found = forms.check_text(in_function(code))
                self.assertEqual({f.form for f in found}, expected)
                self.assertEqual({f.line for f in found}, {2})

    def test_good_forms_pass(self):
        for code in GOOD:
            with self.subTest(code):
                self.assertEqual(forms.check_text(in_function(code)), [])

    def test_forms_are_found_in_classes_and_initialiser_lists(self):
        code = """
        namespace n {
        class A final : public B {
         public:
          A() : a_{1}, b_(2) {}
          Reply<void> F() override { co_await f({}); }
          Reply<std::vector<int>> G() const { co_await f(Foo{}); }
        };
        }  // namespace n
        """
        self.assertEqual([f.line for f in forms.check_text(code)], [6, 7])

    def test_a_line_is_that_of_the_form(self):
        code = in_function("co_await f(\n    a,\n    [x] { return x; });")
        self.assertEqual([f.line for f in forms.check_text(code)], [4])


if __name__ == "__main__":
    unittest.main()
