"""A folder where programs of npm's packages work on files of a test."""

import json
import os
import shutil
import subprocess
import tempfile

from tests.support import node

PATIENCE_S = 240
HERE = "tests/openapi"


class Workbench:
    """Made when entered, gone when left; packages can be imported there."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        os.symlink(node.modules(), self.path("node_modules"))
        self.put("package.json", '{"type": "module"}')
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, text):
        """Writes a file."""
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def take(self, *names):
        """Copies files that lie beside this one."""
        for name in names:
            shutil.copy(os.path.join(HERE, name), self.folder)

    def run(self, name, *args, **env):
        """Runs a package's program, or a script of the folder, here;
        (status, output, errors)."""
        if not name.endswith(".js"):
            name = os.path.realpath(os.path.join(node.modules(), ".bin", name))
        done = subprocess.run(
            ["node", name, *args], cwd=self.folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=PATIENCE_S, check=False,
            env=dict(os.environ, HOME=self.folder, REDOCLY_TELEMETRY="off",
                     REDOCLY_SUPPRESS_UPDATE_NOTICE="true", **env))
        return done.returncode, done.stdout, done.stderr

    def must(self, name, *args, **env):
        """The same for what has to succeed; its output."""
        status, out, err = self.run(name, *args, **env)
        if status != 0:
            raise AssertionError("%s: %d\n%s%s" % (name, status, out, err))
        return out

    def make_types(self, document):
        """Makes schema.d.ts of a description, the text of one."""
        self.put("openapi.json", document)
        self.must("openapi-typescript", "openapi.json", "-o", "schema.d.ts")

    def compile(self, *names):
        """Compiles TypeScript in strict mode, to out/; (status, output)."""
        self.put("tsconfig.these.json", json.dumps(
            {"extends": "./tsconfig.json", "files": names}))
        status, out, err = self.run("tsc", "--project", "tsconfig.these.json")
        return status, out + err
