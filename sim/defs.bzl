"""The rule for tests that try many seeds."""

def troupe_sim_test(name, seeds = 1000, deps = [], env = {}, size = "medium", tags = [], cc_test = None, **kwargs):
    """A cc_test of GoogleTest whose tests call troupe::ForEachSeed().

        load("@troupe//sim:defs.bzl", "troupe_sim_test")

        troupe_sim_test(
            name = "bank_sim_test",
            seeds = 5000,
            srcs = ["bank_sim_test.cc"],
            deps = [":bank_troupe", "@troupe//:troupe"],
        )

    Args:
      seeds: how many each ForEachSeed() of the test tries, on two cores.
      deps: besides //sim:for_each_seed and GoogleTest's main().
      cc_test: instead of Bazel's own.
    """
    merged = dict(env)
    merged["TROUPE_SIM_RULE_SEEDS"] = str(seeds)
    merged["TROUPE_SIM_RULE_PROCESSES"] = "2"
    (cc_test or native.cc_test)(
        name = name,
        deps = deps + [
            str(Label("//sim:for_each_seed")),
            "@com_google_googletest//:gtest_main",
        ],
        env = merged,
        size = size,
        tags = tags + ["cpu:2", "many_seeds"],
        **kwargs
    )
