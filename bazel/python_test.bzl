"""python_test: unittest modules run by Debian's python3, standard library only.

Bazel's own py_test wants a toolchain that Debian does not package.
"""

_SCRIPT = """#!/bin/sh
cd "$TEST_SRCDIR/$TEST_WORKSPACE" || exit 1
export PYTHONPATH="$PWD" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
{env}
exec /usr/bin/python3 {runner} {modules} "$@"
"""

def _module(file):
    return file.short_path[:-len(".py")].replace("/", ".")

def _impl(ctx):
    env = [
        'export %s="%s"' % (key, ctx.expand_location(value, ctx.attr.data))
        for key, value in ctx.attr.env.items()
    ]
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, _SCRIPT.format(
        env = "\n".join(env),
        runner = ctx.file._runner.short_path,
        modules = " ".join([_module(f) for f in ctx.files.srcs]),
    ), is_executable = True)
    runfiles = ctx.runfiles(
        files = ctx.files.srcs + ctx.files.data + ctx.files.deps +
                [ctx.file._runner],
    )
    for dep in ctx.attr.data + ctx.attr.deps:
        runfiles = runfiles.merge(dep[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = script, runfiles = runfiles)]

_ATTRS = {
    "srcs": attr.label_list(allow_files = [".py"]),
    "deps": attr.label_list(),
    "data": attr.label_list(allow_files = True),
    "env": attr.string_dict(),
    "_runner": attr.label(
        default = "//bazel:python_runner.py",
        allow_single_file = True,
    ),
}

# Each method of each TestCase in srcs is one case. `deps` are filegroups of
# modules, `data` files and programs; `env` may name them by $(rootpath ...).
python_test = rule(implementation = _impl, test = True, attrs = _ATTRS)
