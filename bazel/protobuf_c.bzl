"""protobuf_c_library: .proto files of one package in, one cc_library out."""

def protobuf_c_library(name, srcs, deps = [], visibility = None):
    """Generates <src>.pb-c.{c,h} with protoc-c and wraps them.

    Include a header by its workspace path, for example
    "proto/latchkey/v1/auth_service.pb-c.h"; a .proto imports another by the
    same path.

    Args:
      name: the library's name.
      srcs: .proto files of this Bazel package.
      deps: other protobuf_c_library targets that srcs import.
      visibility: as usual.
    """
    cs = [src[:-len(".proto")] + ".pb-c.c" for src in srcs]
    hs = [src[:-len(".proto")] + ".pb-c.h" for src in srcs]
    native.filegroup(
        name = name + "_proto",
        srcs = srcs + [dep + "_proto" for dep in deps],
        visibility = visibility,
    )
    native.genrule(
        name = name + "_gen",
        srcs = [name + "_proto"],
        outs = cs + hs,
        cmd = "protoc-c -I. --c_out=$(GENDIR) " +
              " ".join([native.package_name() + "/" + src for src in srcs]),
    )
    native.cc_library(
        name = name,
        srcs = cs,
        hdrs = hs,
        # Generated code is not ours to warn about.
        copts = ["-w"],
        visibility = visibility,
        deps = deps + ["@system//:libprotobuf-c"],
    )
