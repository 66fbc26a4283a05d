"""troupe_proto_library: what cc_proto_library is to messages, with the services too."""

load("@troupe_compiler//:flags.bzl", "COPTS")
load(":cc_proto.bzl", "troupe_cc_proto_library")

_VIRTUAL_IMPORTS = "/_virtual_imports/"

def _split(source):
    """The folder that a .proto is imported from, and the name it is imported by."""
    path = source.path
    virtual = path.find(_VIRTUAL_IMPORTS)
    if virtual >= 0:
        # .../_virtual_imports/<proto_library>/<import name>
        end = path.find("/", virtual + len(_VIRTUAL_IMPORTS))
    else:
        # [bazel-out/<configuration>/bin/][external/<workspace>/]<import name>
        end = len(source.root.path) if source.root.path else -1
        start = end + 1
        if path[start:].startswith("external/"):
            end = path.find("/", start + len("external/"))
    return (path[:end] if end >= 0 else "", path[end + 1:])

def _import_argument(source):
    return "-I%s=%s" % (_split(source)[1], source.path)

def _output_root(ctx, source):
    """Where protoc writes, so that x.troupe.h is beside x.pb.h."""
    if _VIRTUAL_IMPORTS in source.path:
        return _split(source)[0]
    return "/".join([p for p in [ctx.bin_dir.path, ctx.label.workspace_root] if p])

def _services_impl(ctx):
    proto = ctx.attr.proto
    if (proto.label.workspace_name, proto.label.package) != (ctx.label.workspace_name, ctx.label.package):
        fail("write this troupe_proto_library into the BUILD file of %s" % proto.label)
    info = proto[ProtoInfo]
    if not info.direct_sources:
        fail("%s has no sources; name the proto_library that has them, in its own package" % proto.label)
    package_root = "/".join([
        p
        for p in [ctx.bin_dir.path, ctx.label.workspace_root, ctx.label.package]
        if p
    ]) + "/"
    names, headers, sources, roots = [], [], [], {}
    for source in info.direct_sources:
        name = _split(source)[1]
        root = _output_root(ctx, source)
        stem = (root + "/" + name)[len(package_root):-len(".proto")]
        names.append(name)
        roots[root] = None
        headers.append(ctx.actions.declare_file(stem + ".troupe.h"))
        sources.append(ctx.actions.declare_file(stem + ".troupe.cc"))
    if len(roots) != 1:
        fail("the sources of %s are imported from several folders: %s" % (proto.label, ", ".join(roots)))
    root = roots.keys()[0]

    # From the sources rather than their descriptor sets, which have no lines and no comments.
    arguments = ctx.actions.args()
    arguments.add(ctx.executable._plugin, format = "--plugin=protoc-gen-troupe=%s")
    arguments.add("--troupe_out=" + root)
    arguments.add_all(info.transitive_sources, map_each = _import_argument)
    arguments.add_all(names)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [arguments],
        inputs = info.transitive_sources,
        outputs = headers + sources,
        tools = [ctx.executable._plugin],
        mnemonic = "TroupeServices",
        progress_message = "Generating services of %s" % proto.label,
    )
    return [
        DefaultInfo(files = depset(headers + sources)),
        OutputGroupInfo(headers = depset(headers), sources = depset(sources)),
        CcInfo(compilation_context = cc_common.create_compilation_context(
            headers = depset(headers),
            quote_includes = depset([root]),
        )),
    ]

_services = rule(
    implementation = _services_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "_plugin": attr.label(
            cfg = "exec",
            default = Label("//proto:protoc-gen-troupe"),
            executable = True,
        ),
        "_protoc": attr.label(
            cfg = "exec",
            default = "@com_google_protobuf//:protoc",
            executable = True,
        ),
    },
    doc = "x.troupe.h and x.troupe.cc of a proto_library of this package.",
)

def troupe_proto_library(name, deps, **kwargs):
    """The C++ of a proto_library: x.pb.h and x.troupe.h of each of its files.

    Args:
      name: of the cc_library.
      deps: one proto_library, of this package. What it imports comes along; it needs no
        troupe_proto_library unless its own services are wanted.
      **kwargs: as of a cc_library, such as visibility, testonly and tags.
    """
    if len(deps) != 1:
        fail("troupe_proto_library(name = \"%s\"): deps is one proto_library" % name)
    hidden = {
        "tags": kwargs.get("tags"),
        "testonly": kwargs.get("testonly"),
        "visibility": ["//visibility:private"],
    }
    services = name + "_services"
    messages = name + "_messages"
    troupe_cc_proto_library(name = messages, deps = deps, **hidden)
    _services(name = services, proto = deps[0], **hidden)
    for group in ["headers", "sources"]:
        native.filegroup(
            name = services + "_" + group,
            srcs = [services],
            output_group = group,
            **hidden
        )
    native.cc_library(
        name = name,
        srcs = [services + "_sources"],
        hdrs = [services + "_headers", messages + "_headers"],
        copts = COPTS,
        # Generated code includes headers of the messages' own libraries, whose names it cannot know.
        features = ["-layering_check"],
        linkstatic = True,
        # What is generated has no coroutine for g++ to miscompile; users are still warned.
        local_defines = ["TROUPE_ALLOW_GCC12_COROUTINES"],
        deps = [
            messages,
            services,
            str(Label("//actors:service")),
            str(Label("//transport:ref_proto")),
        ],
        **kwargs
    )
