"""system_test: a python_test that starts the real programs."""

load("//bazel:python_test.bzl", "python_test")

PROGRAMS = [
    "//gateway:latchkey-gateway",
    "//server:latchkeyd",
    "//tests/support:certificate_maker",
    "//tests/support:clock_shift.so",
]

ENV = {
    "CERTIFICATE_MAKER": "$(rootpath //tests/support:certificate_maker)",
    "CLOCK_SHIFT": "$(rootpath //tests/support:clock_shift.so)",
    "LATCHKEYD": "$(rootpath //server:latchkeyd)",
    "LATCHKEY_GATEWAY": "$(rootpath //gateway:latchkey-gateway)",
}

def system_test(name, data = [], deps = [], env = {}, **kwargs):
    """A python_test with the programs and tests/support at hand."""
    python_test(
        name = name,
        data = PROGRAMS + data,
        deps = ["//tests/support"] + deps,
        env = dict(ENV, **env),
        **kwargs
    )
