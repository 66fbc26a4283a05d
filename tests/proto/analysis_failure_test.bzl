"""A test that passes if its target cannot be analysed, with the words that say why."""

_allow_failures = analysis_test_transition(
    settings = {"//command_line_option:allow_analysis_failures": "True"},
)

def _impl(ctx):
    target = ctx.attr.target[0] if type(ctx.attr.target) == type([]) else ctx.attr.target
    if AnalysisFailureInfo not in target:
        return [AnalysisTestResultInfo(
            success = False,
            message = "%s was analysed without a failure" % target.label,
        )]
    said = [cause.message for cause in target[AnalysisFailureInfo].causes.to_list()]
    missing = [m for m in said if ctx.attr.message not in m]
    return [AnalysisTestResultInfo(
        success = not missing,
        message = "not said: %s\nbut: %s" % (ctx.attr.message, "\n".join(missing)),
    )]

analysis_failure_test = rule(
    implementation = _impl,
    analysis_test = True,
    attrs = {
        "message": attr.string(mandatory = True),
        "target": attr.label(cfg = _allow_failures, mandatory = True),
    },
)
