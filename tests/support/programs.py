"""Where the programs under test are: Bazel names them in the environment."""

import os


def path(variable):
    """Returns an absolute path from a variable that holds a runfile's."""
    value = os.environ.get(variable)
    if not value:
        raise RuntimeError("%s does not name a program" % variable)
    return os.path.abspath(value)


def server():
    return path("LATCHKEYD")


def gateway():
    return path("LATCHKEY_GATEWAY")


def ctl():
    return path("LATCHKEYCTL")


def certificate_maker():
    return path("CERTIFICATE_MAKER")


def shifted(env, seconds):
    """The environment for a program whose wall clock is so far ahead."""
    return dict(env, LD_PRELOAD=path("CLOCK_SHIFT"),
                CLOCK_SHIFT_S=str(seconds),
                ASAN_OPTIONS="verify_asan_link_order=0")


def environment(settings):
    """Returns the environment with settings {"section.key": value} added.

    Nothing of the caller's own LATCHKEY_ settings passes through.
    """
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("LATCHKEY_")}
    for key, value in settings.items():
        if isinstance(value, bool):
            value = "true" if value else "false"
        if isinstance(value, (list, tuple)):
            value = ",".join(value)
        name = "LATCHKEY_" + key.replace(".", "_").upper()
        env[name] = str(value)
    return env
