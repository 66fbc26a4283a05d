"""Repositories over the libraries that the system's package manager installed.

They name libraries to link and nothing else: the headers are found where the
compiler looks anyway, in /usr/include.
"""

def installed_version(rctx, package):
    """The version of an installed package, or None."""
    query = rctx.execute(["dpkg-query", "-W", "-f=${db:Status-Status} ${Version}", package])
    if query.return_code == 0 and query.stdout.startswith("installed "):
        return query.stdout[len("installed "):].strip()
    return None

def write_version_header(rctx, packages):
    """Writes version.h; as an input of every compilation it changes when a package does."""
    lines = []
    missing = []
    for package in packages:
        version = installed_version(rctx, package)
        if version:
            lines.append("// %s %s" % (package, version))
        else:
            missing.append(package)
    if missing:
        fail("@%s needs packages that are not installed. Run: apt-get install %s" %
             (rctx.name, " ".join(missing)))
    rctx.file("version.h", "\n".join(lines) + "\n", executable = False)

def write_workspace(rctx):
    rctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % rctx.name, executable = False)

def _system_repository_impl(rctx):
    write_workspace(rctx)
    write_version_header(rctx, rctx.attr.packages)
    for target, path in rctx.attr.links.items():
        rctx.symlink(target, path)
    rctx.symlink(rctx.attr.build_file, "BUILD")

system_repository = repository_rule(
    implementation = _system_repository_impl,
    attrs = {
        "build_file": attr.label(mandatory = True),
        "links": attr.string_dict(doc = "From a path under /usr to one in the repository."),
        "packages": attr.string_list(mandatory = True),
    },
    configure = True,
    local = True,
    doc = "A BUILD file of ours over installed packages.",
)

def _stand_in_repository_impl(rctx):
    write_workspace(rctx)
    for label, path in rctx.attr.files.items():
        rctx.symlink(label, path)
    if "BUILD" not in rctx.attr.files.values():
        rctx.file("BUILD", "", executable = False)

stand_in_repository = repository_rule(
    implementation = _stand_in_repository_impl,
    attrs = {"files": attr.label_keyed_string_dict(doc = "From our file to its path there.")},
    local = True,
    doc = "The few files Bazel asks of a repository that would come over the network.",
)
