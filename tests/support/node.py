"""Runs tests written for Node's test runner; each becomes a case here.

Modules lie in a folder of their own at their places in the repository, beside
a node_modules that holds our own client and what bazel/npm.sh installed.
"""

import os
import re
import shutil
import subprocess
import tempfile

from tests.support import programs

PATIENCE_S = 300
TEST_NAME = re.compile(r'^\s*test\("([^"]+)"', re.MULTILINE)


def modules(lock="PACKAGE_LOCK"):
    """Where npm's packages are, beside the lock file they came from."""
    lock = os.path.realpath(programs.path(lock))
    path = os.path.join(os.path.dirname(lock), "node_modules")
    if not os.path.exists(os.path.join(path, ".installed-from.json")):
        raise RuntimeError("%s is missing; bazel/npm.sh makes it" % path)
    return path


def swagger_ui():
    """The folder of what /docs/ is made of."""
    return os.path.join(modules("SWAGGER_UI_LOCK"), "swagger-ui-dist")


def output_folder(otherwise):
    """Where screenshots go: SCREENSHOTS, or what Bazel keeps of a test."""
    return (os.environ.get("SCREENSHOTS")
            or os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR") or otherwise)


def copy_tree(folder, files):
    """Copies files of the repository, and makes the node_modules."""
    for name in files:
        target = os.path.join(folder, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(name, target)
    with open(os.path.join(folder, "package.json"), "w",
              encoding="ascii") as file:
        file.write('{"type": "module"}')
    link_modules(folder)
    if os.path.isdir(os.path.join(folder, "client/web")):
        os.symlink(os.path.join(folder, "client/web"),
                   os.path.join(folder, "node_modules/latchkey"))


def link_modules(folder):
    """Makes a node_modules of links to what npm installed."""
    ours = os.path.join(folder, "node_modules")
    os.mkdir(ours)
    theirs = modules()
    for name in os.listdir(theirs):
        os.symlink(os.path.join(theirs, name), os.path.join(ours, name))


def run(argv, folder, env=None):
    """Runs a program in a folder to its end; (status, output)."""
    done = subprocess.run(
        argv, cwd=folder, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return done.returncode, done.stdout + done.stderr


def run_tool(argv, files, made=None):
    """Runs a program of npm's packages; (status, output).

    It finds copies of files of the repository and those that are made for it,
    {name: text}.
    """
    with tempfile.TemporaryDirectory(prefix="lk-", dir="/tmp") as folder:
        copy_tree(folder, files)
        for name, text in (made or {}).items():
            with open(os.path.join(folder, name), "w",
                      encoding="utf-8") as file:
                file.write(text)
        tool = os.path.join(folder, "node_modules/.bin", argv[0])
        return run([tool, *argv[1:]], folder)


def run_tests(script, files, settings):
    """Runs a script's tests; {name: None, or what failed}."""
    with tempfile.TemporaryDirectory(prefix="lk-", dir="/tmp") as folder:
        copy_tree(folder, [script, *files])
        _, output = run(["node", "--test", "--test-reporter=tap", script],
                        folder, dict(os.environ, **settings))
    found = re.findall(r"^\s*(not )?ok \d+ - (.*)$", output, re.MULTILINE)
    return {name: output if bad else None for bad, name in found}, output


def add_cases(cls, script, files, settings):
    """Gives a TestCase a method for each test in a script.

    settings(cls) is the environment for Node, asked for once cls is set up.
    """
    with open(script, encoding="utf-8") as file:
        names = TEST_NAME.findall(file.read())
    if not names or len(set(names)) != len(names):
        raise ValueError("%s: no names, or twice the same" % script)
    outcome = []

    def check(self, name):
        if not outcome:
            outcome.append(run_tests(script, files, settings(type(self))))
        results, output = outcome[0]
        if name not in results:
            self.fail("it did not run\n" + output)
        if results[name]:
            self.fail(results[name])

    for name in names:
        method = "test_" + re.sub(r"\W+", "_", name).strip("_")
        setattr(cls, method, lambda self, name=name: check(self, name))
