"""What Troupe is built with, for this workspace and for those that depend on it.

A repository that the caller defined before troupe_deps() wins over ours.
"""

load("//third_party:absl.bzl", "absl_repository")
load("//third_party:compiler.bzl", "compiler_repository")
load("//third_party:peers.bzl", "peers_repository")
load("//third_party:system.bzl", "stand_in_repository", "system_repository")

_BAZEL_FOLDERS = {
    "bazel_skylib": "/usr/share/bazel/tools/skylib",
    "platforms": "/usr/share/bazel/tools/platforms",
    "rules_java": "/usr/share/bazel/rules/java",
    "rules_proto": "/usr/share/bazel/rules/proto",
}

_LIBRARIES = {
    "boost": ["libboost-dev"],
    "com_github_google_benchmark": ["libbenchmark-dev"],
    "com_google_googletest": ["libgtest-dev", "libgmock-dev"],
    "liburing": ["liburing-dev"],
    "openssl": ["libssl-dev"],
    "spdlog": ["libspdlog-dev", "libfmt-dev"],
}

def _third_party(file):
    # Label() resolves to this workspace whatever name the caller gave it.
    return str(Label("//third_party:" + file))

def _define(rule, name, **kwargs):
    if not native.existing_rule(name):
        rule(name = name, **kwargs)

def troupe_deps():
    """Defines every external repository that Troupe's targets name."""
    for name, path in _BAZEL_FOLDERS.items():
        _define(native.local_repository, name, path = path)

    # Bazel asks for these two by name even where nothing of them is used.
    _define(
        stand_in_repository,
        "rules_cc",
        files = {
            _third_party("rules_cc.BUILD"): "cc/BUILD",
            _third_party("rules_cc_defs.bzl"): "cc/defs.bzl",
        },
    )
    _define(
        stand_in_repository,
        "remote_coverage_tools",
        files = {_third_party("remote_coverage_tools.BUILD"): "BUILD"},
    )

    _define(compiler_repository, "troupe_compiler")
    _define(absl_repository, "com_google_absl")
    for name, packages in _LIBRARIES.items():
        _define(
            system_repository,
            name,
            build_file = _third_party(name + ".BUILD"),
            packages = packages,
        )
    _define(
        system_repository,
        "com_google_protobuf",
        build_file = _third_party("com_google_protobuf.BUILD"),
        links = {
            "/usr/bin/protoc": "bin/protoc",
            "/usr/include/google": "google",
        },
        packages = ["libprotobuf-dev", "libprotoc-dev", "protobuf-compiler"],
    )
    _define(peers_repository, "bench_peers")
