"""@com_google_absl under Abseil's own labels, over libabsl-dev's pkg-config files.

//:absl_x stands for absl_x.pc, with its Requires as deps and its Libs as linkopts;
//absl/<package>:<target> are aliases of those.
"""

load(":system.bzl", "write_version_header", "write_workspace")

# package: {target: the .pc file's name, where it is not the target's own}
_LABELS = {
    "algorithm": {"algorithm": "", "container": "algorithm_container"},
    "base": {
        "base": "",
        "config": "",
        "core_headers": "",
        "dynamic_annotations": "",
        "endian": "",
        "log_severity": "",
        "prefetch": "",
    },
    "cleanup": {"cleanup": ""},
    "container": {
        "btree": "",
        "fixed_array": "",
        "flat_hash_map": "",
        "flat_hash_set": "",
        "inlined_vector": "",
        "node_hash_map": "",
        "node_hash_set": "",
    },
    "debugging": {
        "failure_signal_handler": "",
        "leak_check": "",
        "stacktrace": "",
        "symbolize": "",
    },
    "flags": {
        "commandlineflag": "flags_commandlineflag",
        "config": "flags_config",
        "flag": "flags",
        "marshalling": "flags_marshalling",
        "parse": "flags_parse",
        "reflection": "flags_reflection",
        "usage": "flags_usage",
    },
    "functional": {"any_invocable": "", "bind_front": "", "function_ref": ""},
    "hash": {"hash": ""},
    "memory": {"memory": ""},
    "meta": {"type_traits": ""},
    "numeric": {"bits": "", "int128": ""},
    "random": {
        "bit_gen_ref": "random_bit_gen_ref",
        "distributions": "random_distributions",
        "random": "random_random",
        "seed_sequences": "random_seed_sequences",
    },
    "status": {"status": "", "statusor": ""},
    "strings": {"cord": "", "str_format": "", "strings": ""},
    "synchronization": {"synchronization": ""},
    "time": {"civil_time": "", "time": ""},
    "types": {"any": "", "compare": "", "optional": "", "span": "", "variant": ""},
    "utility": {"utility": ""},
}

_PUBLIC = "package(default_visibility = [\"//visibility:public\"])\n"

def _pkg_config_folder(rctx):
    arch = rctx.execute(["dpkg-architecture", "-qDEB_HOST_MULTIARCH"])
    candidates = [arch.stdout.strip()] if arch.return_code == 0 else []
    for triple in candidates + ["x86_64-linux-gnu", "aarch64-linux-gnu"]:
        folder = rctx.path("/usr/lib/%s/pkgconfig" % triple)
        if folder.exists and rctx.path("%s/absl_base.pc" % folder).exists:
            return folder
    fail("@%s: no absl_base.pc under /usr/lib. Run: apt-get install libabsl-dev" % rctx.name)

def _parse(text):
    requires = []
    libs = []
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == "Requires":
            requires = [r.strip().split(" ")[0] for r in value.split(",") if r.strip()]
        elif key == "Libs":
            libs = [w for w in value.split(" ") if w.startswith("-") and not w.startswith("-L")]
    return requires, libs

def _absl_repository_impl(rctx):
    write_workspace(rctx)
    write_version_header(rctx, ["libabsl-dev"])
    names = []
    targets = [_PUBLIC]
    for file in sorted(["%s" % f for f in _pkg_config_folder(rctx).readdir()]):
        base = file.split("/")[-1]
        if not base.startswith("absl_") or not base.endswith(".pc"):
            continue
        name = base[:-len(".pc")]
        names.append(name)
        requires, libs = _parse(rctx.read(file))
        targets.append("cc_library(name = %r, hdrs = [\"version.h\"], linkopts = %r, deps = %r)\n" %
                       (name, libs, [":" + r for r in requires]))
    rctx.file("BUILD", "".join(targets), executable = False)
    for package, labels in _LABELS.items():
        aliases = [_PUBLIC]
        for target, pc in labels.items():
            actual = "absl_" + (pc or target)
            if actual in names:
                aliases.append("alias(name = %r, actual = \"//:%s\")\n" % (target, actual))
        rctx.file("absl/%s/BUILD" % package, "".join(aliases), executable = False)

absl_repository = repository_rule(
    implementation = _absl_repository_impl,
    configure = True,
    local = True,
)
