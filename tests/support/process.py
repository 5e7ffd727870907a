"""One of our programs, started by a test: its log and its end."""

import os
import re
import signal
import subprocess
import threading
import time

# Generous: the machine may be busy and the programs may run under ASan.
PATIENCE_S = 60


class ProcessFailed(Exception):
    """A program ended when it should not, or did not when it should."""


def log_fields(line):
    """Returns a logfmt line as a dictionary."""
    return {key: quoted if quoted else plain for key, quoted, plain in
            re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))', line)}


def sentences(text):
    """The lines for people that a program wrote, its log lines left out."""
    return [line for line in text.strip().split("\n")
            if not line.startswith("time=")]


def repeat_until(check, what, patience_s=PATIENCE_S):
    """Asks until check() is true; returns what it returned."""
    end = time.monotonic() + patience_s
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            raise ProcessFailed("never happened: " + what)
        time.sleep(0.01)


class Process:
    """A running program. Its standard error is collected line by line."""

    def __init__(self, argv, env=None, pass_fds=(), folder=None):
        self.name = os.path.basename(argv[0])
        self.lines = []
        self.changed = threading.Condition()
        self.child = subprocess.Popen(
            argv, env=env, pass_fds=pass_fds, cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    @property
    def pid(self):
        return self.child.pid

    def is_running(self):
        return self.child.poll() is None

    def log(self):
        """Everything it wrote so far, as one text."""
        with self.changed:
            return "\n".join(line for line in self.lines if line is not None)

    def events(self, event, **fields):
        """Returns the log lines of an event whose fields are these."""
        with self.changed:
            parsed = [log_fields(line) for line in self.lines if line]
        return [line for line in parsed if line.get("event") == event
                and all(line.get(k) == v for k, v in fields.items())]

    def wait_for(self, check, what):
        """Waits until check(self) is true as lines come in."""
        end = time.monotonic() + PATIENCE_S
        with self.changed:
            while True:
                answer = check(self)
                if answer:
                    return answer
                left = end - time.monotonic()
                ended = bool(self.lines) and self.lines[-1] is None
                if ended or left < 0 or not self.changed.wait(left):
                    break
        raise ProcessFailed("%s never said: %s\n%s"
                            % (self.name, what, self.log()))

    def wait_for_event(self, event, **fields):
        """Waits for such a log line and returns it as a dictionary."""
        return self.wait_for(lambda p: p.events(event, **fields),
                             "%s %s" % (event, fields))[0]

    def wait_end(self):
        """Waits until it ended; returns its exit status."""
        try:
            status = self.child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ProcessFailed("%s did not end\n%s"
                                % (self.name, self.log())) from error
        self.reader.join()
        self.child.stdout.close()
        return status

    def signal(self, number):
        self.child.send_signal(number)

    def freeze(self):
        """Stops it as a debugger would; returns once the kernel says so."""
        self.signal(signal.SIGSTOP)
        repeat_until(lambda: self.state() in "Tt", "stop of " + self.name)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def state(self):
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def stop(self):
        """Ends it by SIGTERM and demands that it ends well."""
        if self.is_running():
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        status = self.wait_end()
        if status != 0:
            raise ProcessFailed("%s ended with %d\n%s"
                                % (self.name, status, self.log()))

    def kill(self):
        """Ends it by SIGKILL."""
        if self.is_running():
            self.child.kill()
        self.child.wait()
        self.reader.join()
        self.child.stdout.close()


def run(argv, env=None, text="", pass_fds=()):
    """Runs a program to its end; returns (status, stdout, stderr)."""
    done = subprocess.run(argv, env=env, input=text, text=True, check=False,
                          capture_output=True, timeout=2 * PATIENCE_S,
                          pass_fds=pass_fds)
    return done.returncode, done.stdout, done.stderr
