"""The C++ rules of this workspace: Bazel's own, with Troupe's flags and header prefix."""

load("@troupe_compiler//:flags.bzl", "COPTS")

_GTEST = "@com_google_googletest//:gtest"
_GTEST_MAIN = "@com_google_googletest//:gtest_main"

def _with_flags(kwargs):
    merged = dict(kwargs)
    merged["copts"] = COPTS + merged.get("copts", [])
    merged["features"] = ["layering_check"] + merged.get("features", [])
    return merged

def _include_prefix():
    package = native.package_name()
    return "troupe/" + package if package else "troupe"

def troupe_cc_library(name, hdrs = [], textual_hdrs = [], **kwargs):
    """A cc_library whose headers are included as "troupe/<package>/<header>".

    Always a static archive: a shared one of each library would double the link actions
    and, in optimised builds, the compilations too.
    """
    has_headers = bool(hdrs) or bool(textual_hdrs)
    native.cc_library(
        name = name,
        hdrs = hdrs,
        textual_hdrs = textual_hdrs,
        include_prefix = _include_prefix() if has_headers else None,
        linkstatic = True,
        **_with_flags(kwargs)
    )

def troupe_cc_binary(name, **kwargs):
    """A cc_binary with Troupe's flags."""
    native.cc_binary(name = name, **_with_flags(kwargs))

def troupe_cc_test(name, deps = [], data = [], size = "small", linkstatic = True, **kwargs):
    """A cc_test of GoogleTest.

    It gets gtest_main unless deps names gtest or gtest_main itself, and 60 seconds
    unless `size` says more.
    """
    own_main = _GTEST in deps or _GTEST_MAIN in deps
    native.cc_test(
        name = name,
        data = data + [str(Label("//tools:tsan_suppressions"))],
        deps = deps + ([] if own_main else [_GTEST_MAIN]),
        linkstatic = linkstatic,
        size = size,
        **_with_flags(kwargs)
    )
