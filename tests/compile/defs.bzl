"""compiler_says: what a compiler prints about a user's sources."""

_LANGUAGE = ["-std=c++20", "-fsyntax-only", "-fdiagnostics-color=never"]

def _compiler_says_impl(ctx):
    context = cc_common.merge_cc_infos(
        cc_infos = [dep[CcInfo] for dep in ctx.attr.deps],
    ).compilation_context
    output = ctx.actions.declare_file(ctx.label.name + ".json")
    arguments = ctx.actions.args()
    arguments.add(output)
    if ctx.file.prelude:
        arguments.add(ctx.file.prelude, format = "--prelude=%s")
    arguments.add_all(ctx.files.srcs)
    arguments.add("--")
    arguments.add(ctx.attr.compiler)
    arguments.add_all(_LANGUAGE)
    arguments.add_all(context.defines, format_each = "-D%s")

    # As a user's own headers, never as system headers, in which warnings are silent.
    arguments.add_all(context.quote_includes, before_each = "-iquote")
    arguments.add_all(context.includes, before_each = "-I")
    arguments.add_all(context.system_includes, before_each = "-isystem")
    arguments.add_all(ctx.attr.copts)
    ctx.actions.run(
        executable = ctx.executable._runner,
        arguments = [arguments],
        inputs = depset(
            ctx.files.srcs + ([ctx.file.prelude] if ctx.file.prelude else []),
            transitive = [context.headers],
        ),
        outputs = [output],
        mnemonic = "CompilerSays",
        progress_message = "Asking %s about %s" % (ctx.attr.compiler, ctx.label),
    )
    return [DefaultInfo(files = depset([output]), runfiles = ctx.runfiles([output]))]

compiler_says = rule(
    implementation = _compiler_says_impl,
    attrs = {
        "compiler": attr.string(mandatory = True),
        "copts": attr.string_list(),
        "deps": attr.label_list(providers = [CcInfo]),
        "prelude": attr.label(
            allow_single_file = [".h"],
            doc = "What most sources include, compiled once.",
        ),
        "srcs": attr.label_list(allow_files = [".cc"]),
        "_runner": attr.label(
            cfg = "exec",
            default = Label("//tests/compile:run_compiler"),
            executable = True,
        ),
    },
    doc = "A file with what `compiler` prints about each source, as an object of JSON.",
)
