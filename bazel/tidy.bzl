"""tidy_test: clang-format and clang-tidy over a cc target's own sources, with the include paths and defines that Bazel gives it."""

_SCRIPT = """#!/bin/sh
set -e
for tool in clang-format clang-tidy; do
	command -v $tool >/dev/null || {{
		echo "$tool is missing: apt install $tool"
		exit 1
	}}
done
cd "$TEST_SRCDIR/$TEST_WORKSPACE"
clang-format --dry-run -Werror {all}
[ -z "{cs}" ] || exec clang-tidy --quiet {cs} -- {flags}
"""

def _impl(ctx):
    cc = ctx.attr.dep[CcInfo].compilation_context
    flags = ["-std=gnu11", "-D_GNU_SOURCE", "-I."]
    flags += ["-isystem" + d for d in cc.system_includes.to_list()]
    flags += ["-iquote" + d for d in cc.quote_includes.to_list()]
    flags += ["-D" + d for d in cc.defines.to_list()]
    files = [f for f in ctx.files.srcs if f.extension in ("c", "h")]
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(script, _SCRIPT.format(
        all = " ".join([f.short_path for f in files]),
        cs = " ".join([f.short_path for f in files if f.extension == "c"]),
        flags = " ".join(flags),
    ), is_executable = True)
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles(
            files = files + [ctx.file._tidy, ctx.file._format],
            transitive_files = cc.headers,
        ),
    )]

tidy_test = rule(
    implementation = _impl,
    test = True,
    attrs = {
        "dep": attr.label(providers = [CcInfo]),
        "srcs": attr.label_list(allow_files = [".c", ".h"]),
        "_tidy": attr.label(default = "//:.clang-tidy", allow_single_file = True),
        "_format": attr.label(default = "//:.clang-format", allow_single_file = True),
    },
)
