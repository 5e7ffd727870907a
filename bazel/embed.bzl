"""embedded_files: files that become part of a program."""

def embedded_files(name, srcs, symbol, **kwargs):
    """A library whose header <package>/<name>.h declares the files.

    They are `const struct embedded_file SYMBOL[]` and `SYMBOL_count`, in the
    order of srcs (base/embedded_file.h).
    """
    header = native.package_name() + "/" + name + ".h"
    native.genrule(
        name = name + "_gen",
        srcs = srcs,
        outs = [name + ".c"],
        cmd = "sh $(location //bazel:embed.sh) %s %s $(SRCS) > $@" %
              (symbol, header),
        tools = ["//bazel:embed.sh"],
    )
    native.genrule(
        name = name + "_header_gen",
        outs = [name + ".h"],
        cmd = "sh $(location //bazel:embed.sh) %s -h > $@" % symbol,
        tools = ["//bazel:embed.sh"],
    )
    native.cc_library(
        name = name,
        srcs = [name + ".c"],
        hdrs = [name + ".h"],
        deps = ["//base:embedded_file"],
        **kwargs
    )
