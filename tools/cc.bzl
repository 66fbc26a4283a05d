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

def _cc_test(name, data = [], size = "small", linkstatic = True, **kwargs):
    native.cc_test(
        name = name,
        data = data + [str(Label("//tools:tsan_suppressions"))],
        linkstatic = linkstatic,
        size = size,
        **_with_flags(kwargs)
    )

def troupe_cc_test(name, deps = [], **kwargs):
    """A cc_test of GoogleTest.

    It gets gtest_main unless deps names gtest or gtest_main itself, and 60 seconds
    unless `size` says more.
    """
    own_main = _GTEST in deps or _GTEST_MAIN in deps
    _cc_test(name = name, deps = deps + ([] if own_main else [_GTEST_MAIN]), **kwargs)

def troupe_cc_fuzz_test(name, corpus = [], deps = [], linkopts = [], **kwargs):
    """A test of a source that defines LLVMFuzzerTestOneInput().

    It runs the corpus and some seeded mutations of it. With --config=fuzz it is a libFuzzer
    binary that fuzzes for 30 seconds, or as long as one says:
    `bazel run --config=fuzz <target> -- -max_total_time=600 <absolute path of a corpus folder>`.
    """
    fuzzing = str(Label("//tools:fuzzing"))
    fuzz_main = str(Label("//tools:fuzz_main"))
    _cc_test(
        name = name,
        args = select({
            fuzzing: ["-max_total_time=30"],
            "//conditions:default": ["$(locations %s)" % c for c in corpus],
        }),
        data = corpus,
        linkopts = linkopts + select({
            fuzzing: ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps + select({
            fuzzing: [],
            "//conditions:default": [fuzz_main],
        }),
        **kwargs
    )
