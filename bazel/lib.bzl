"""latchkey_library, latchkey_binary and latchkey_test: cc rules with their style check.

Each makes the cc_* target of the same name plus `<name>_tidy`, a test that
runs clang-format and clang-tidy over the target's own sources.
"""

load("//bazel:tidy.bzl", "tidy_test")

def latchkey_library(name, srcs = [], hdrs = [], **kwargs):
    """A cc_library whose sources are held to .clang-format and .clang-tidy."""
    native.cc_library(name = name, srcs = srcs, hdrs = hdrs, **kwargs)
    tidy_test(
        name = name + "_tidy",
        size = "large",
        srcs = srcs + hdrs,
        dep = ":" + name,
        tags = ["tidy"],
    )

def latchkey_binary(name, srcs, deps = [], **kwargs):
    """A cc_binary; its sources are compiled as a library named <name>_main."""
    native.cc_library(
        name = name + "_main",
        srcs = srcs,
        deps = deps,
        testonly = kwargs.get("testonly", False),
        alwayslink = True,
        visibility = ["//visibility:private"],
    )
    native.cc_binary(name = name, deps = [":" + name + "_main"], **kwargs)
    tidy_test(
        name = name + "_tidy",
        size = "large",
        srcs = srcs,
        dep = ":" + name + "_main",
        tags = ["tidy"],
    )

def latchkey_test(name, srcs, deps = [], size = "small", **kwargs):
    """A cmocka test; each of its cases counts as one in test.sh's sum."""
    native.cc_library(
        name = name + "_main",
        srcs = srcs,
        deps = deps + ["@system//:cmocka"],
        testonly = True,
        alwayslink = True,
        visibility = ["//visibility:private"],
    )
    native.cc_test(
        name = name,
        size = size,
        env = dict(
            {"CMOCKA_MESSAGE_OUTPUT": "xml"},
            **kwargs.pop("env", {})
        ),
        deps = [":" + name + "_main"],
        **kwargs
    )
    tidy_test(
        name = name + "_tidy",
        size = "large",
        srcs = srcs,
        dep = ":" + name + "_main",
        tags = ["tidy"],
    )

def latchkey_fuzz(name, srcs, deps = [], corpus = [], size = "medium"):
    """A libFuzzer target (LLVMFuzzerTestOneInput) in two forms.

    `<name>` is the real fuzzer: bazel build --config=fuzz //pkg:<name>, then
    run it by hand for as long as you like. `<name>_short` is a test of every
    run: the corpus and a fixed number of mutations of it, the same each time.
    """
    native.cc_library(
        name = name + "_main",
        srcs = srcs,
        deps = deps,
        testonly = True,
        alwayslink = True,
        visibility = ["//visibility:private"],
    )
    native.cc_binary(
        name = name,
        deps = [":" + name + "_main"],
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        testonly = True,
    )
    native.cc_test(
        name = name + "_short",
        size = size,
        args = ["$(locations %s)" % c for c in corpus],
        data = corpus,
        deps = [
            ":" + name + "_main",
            "//tests/fuzz:driver",
        ],
    )
    tidy_test(
        name = name + "_tidy",
        size = "large",
        srcs = srcs,
        dep = ":" + name + "_main",
        tags = ["tidy"],
    )
