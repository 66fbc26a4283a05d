"""@troupe_compiler//:flags.bzl: the flags that depend on which compiler CC names.

Bazel's own clang setting cannot be told from gcc's in a select() without naming the
toolchain, and a workspace that depends on this one has no .bazelrc of ours. A
repository rule sees CC as the C++ toolchain does, so the flags follow it.
"""

load(":system.bzl", "write_workspace")

_COMMON = [
    "-std=c++20",
    "-Wall",
    "-Wextra",
    "-Werror=return-type",
    # Handlers take a Context whether they need it or not, and options are aggregates
    # of which callers name the fields they change.
    "-Wno-unused-parameter",
    "-Wno-missing-field-initializers",
]

_CLANG = [
    "-Werror=thread-safety",
    # The packaged Abseil was built by a compiler with the older mangling of constraints.
    "-fclang-abi-compat=17",
]

# Objects may end inside of the functions that they call (loop/liveness.h). Without this LLVM takes
# `this` to be readable until the caller's own end, and loads members before it has looked whether
# they are still there.
_CLANG_IF_KNOWN = ["-mllvm", "-use-dereferenceable-at-point-semantics=1"]

_GCC = [
    # Says so of coroutine frames that are initialised.
    "-Wno-maybe-uninitialized",
    # What is compiled with these flags passes tools/coroutine_forms.
    "-DTROUPE_ALLOW_GCC12_COROUTINES",
]

def _compiler_repository_impl(rctx):
    name = rctx.os.environ.get("CC", "") or "gcc"
    path = rctx.which(name) or name
    probe = rctx.execute([path, "--version"])
    is_clang = probe.return_code == 0 and "clang" in probe.stdout
    own = list(_CLANG if is_clang else _GCC)
    if is_clang:
        knows = rctx.execute([path] + _CLANG_IF_KNOWN + ["-x", "c++", "-c", "/dev/null", "-o", "/dev/null"])
        if knows.return_code == 0:
            own += _CLANG_IF_KNOWN
    write_workspace(rctx)
    rctx.file("BUILD", "", executable = False)
    rctx.file("flags.bzl", "\n".join([
        "COMPILER = %r" % ("clang" if is_clang else "gcc"),
        "COPTS = %r" % (_COMMON + own),
        "",
    ]), executable = False)

compiler_repository = repository_rule(
    implementation = _compiler_repository_impl,
    configure = True,
    environ = ["CC", "PATH"],
    local = True,
)
