"""@bench_peers: frameworks that benchmarks compare with.

None of them is needed to build Troupe. The target of a peer that is not installed is
incompatible with every platform, so `bazel build //...` skips what depends on it.
"""

load(":system.bzl", "installed_version", "write_workspace")

# target: (package, linkopts)
_PEERS = {
    "asio": ("libasio-dev", ["-lpthread"]),
    "caf_core": ("libcaf-dev", ["-lcaf_core", "-lpthread"]),
    "caf_io": ("libcaf-dev", ["-lcaf_io", "-lcaf_core", "-lpthread"]),
    "libevent": ("libevent-dev", ["-levent", "-lpthread"]),
    "zmq": ("libzmq3-dev", ["-lzmq"]),
}

def _peers_repository_impl(rctx):
    out = ["package(default_visibility = [\"//visibility:public\"])\n"]
    for target, (package, linkopts) in _PEERS.items():
        version = installed_version(rctx, package)
        out.append("# %s %s\n" % (package, version or "is not installed"))
        out.append("cc_library(name = %r, linkopts = %r, target_compatible_with = %r)\n" % (
            target,
            linkopts if version else [],
            [] if version else ["@platforms//:incompatible"],
        ))
    write_workspace(rctx)
    rctx.file("BUILD", "".join(out), executable = False)

peers_repository = repository_rule(
    implementation = _peers_repository_impl,
    configure = True,
    local = True,
)
