"""cc_proto_library as a target that the layering check accepts a dependency on."""

def _cc_proto_headers_impl(ctx):
    context = ctx.attr.cc_proto[CcInfo].compilation_context
    return [DefaultInfo(files = depset(context.direct_public_headers))]

_cc_proto_headers = rule(
    implementation = _cc_proto_headers_impl,
    attrs = {"cc_proto": attr.label(mandatory = True, providers = [CcInfo])},
    doc = "The x.pb.h files of a cc_proto_library.",
)

def troupe_cc_proto_library(name, deps, **kwargs):
    """The C++ of the one proto_library in deps.

    Bazel's own cc_proto_library has its headers in no module map, so that whoever includes them
    fails the layering check; this target exports them.
    """
    code = name + "_code"
    headers = name + "_headers"
    hidden = {"tags": kwargs.get("tags"), "testonly": kwargs.get("testonly")}
    native.cc_proto_library(
        name = code,
        deps = deps,
        visibility = ["//visibility:private"],
        **hidden
    )
    _cc_proto_headers(
        name = headers,
        cc_proto = code,
        visibility = ["//visibility:private"],
        **hidden
    )
    native.cc_library(
        name = name,
        hdrs = [headers],
        # The headers include those of other files without naming them here.
        features = ["-layering_check"],
        linkstatic = True,
        deps = [code],
        **kwargs
    )
