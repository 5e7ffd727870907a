"""python_test: unittest modules run by Debian's python3, standard library only.

Bazel's own py_test wants a toolchain that Debian does not package.
"""

_SCRIPT = """#!/bin/sh
# Also runs outside of Bazel's test runner: the runfiles lie beside it.
here=${{TEST_SRCDIR:-$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)/{name}.runfiles}}
cd "$here/{workspace}" || exit 1
export PYTHONPATH="$PWD" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
{env}
exec /usr/bin/python3 {main} "$@"
"""

def _script(ctx, main):
    env = []
    for key, value in ctx.attr.env.items():
        env.append('export %s="${%s:-%s}"' % (
            key,
            key,
            ctx.expand_location(value, ctx.attr.data).replace("$PWD", "'$PWD'"),
        ))
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, _SCRIPT.format(
        name = ctx.label.name,
        workspace = ctx.workspace_name,
        env = "\n".join(env),
        main = main,
    ), is_executable = True)
    runfiles = ctx.runfiles(files = ctx.files.srcs + ctx.files.data + ctx.files._runner)
    for dep in ctx.attr.data + ctx.attr.srcs + ctx.attr.deps:
        runfiles = runfiles.merge(dep[DefaultInfo].default_runfiles)
        runfiles = runfiles.merge(ctx.runfiles(transitive_files = dep[DefaultInfo].files))
    return [DefaultInfo(executable = script, runfiles = runfiles)]

def _module(file):
    return file.short_path[:-len(".py")].replace("/", ".")

def _test_impl(ctx):
    modules = " ".join([_module(f) for f in ctx.files.srcs])
    return _script(ctx, "bazel/python_runner.py " + modules)

def _program_impl(ctx):
    return _script(ctx, "-m " + _module(ctx.files.srcs[0]))

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
python_test = rule(implementation = _test_impl, test = True, attrs = _ATTRS)

# The first of srcs, as a program to run by hand.
python_program = rule(
    implementation = _program_impl,
    executable = True,
    attrs = _ATTRS,
)
