"""Runs unittest modules as one Bazel test.

Each test method is one <testcase> of XML_OUTPUT_FILE, named as its method.
A skipped test is a failure: a check that cannot run has not passed.

    python_runner.py MODULE...      modules by dotted name
    --test_arg=-k --test_arg=PART   only the methods whose name holds PART
"""

import importlib
import os
import sys
import time
import traceback
import unittest
import xml.etree.ElementTree as ET


class Report(unittest.TestResult):
    """Notes one entry for each test: name, seconds, failure or None."""

    def __init__(self):
        super().__init__()
        self.cases = []
        self.began = 0.0
        self.noted = None

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.noted = None

    def note(self, test, failure):
        name = getattr(test, "_testMethodName", str(test))
        sentence = name.removeprefix("test_").replace("_", " ")
        if failure is not None:
            print("FAILED %s\n%s" % (sentence, failure), file=sys.stderr)
        if self.noted == test.id():
            self.cases.pop()
        self.noted = test.id()
        self.cases.append((sentence, time.monotonic() - self.began, failure))

    def addSuccess(self, test):
        self.note(test, None)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "".join(traceback.format_exception(*err)))

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "".join(traceback.format_exception(*err)))

    def addSkip(self, test, reason):
        self.errors.append((test, reason))
        self.note(test, "skipped: " + reason)

    def addExpectedFailure(self, test, err):
        self.note(test, None)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "was expected to fail")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, "%s\n%s" % (
                subtest, "".join(traceback.format_exception(*err))))


def write_xml(path, name, cases):
    failed = sum(1 for case in cases if case[2] is not None)
    suite = ET.Element("testsuite", name=name, tests=str(len(cases)),
                       failures=str(failed))
    for sentence, seconds, failure in cases:
        case = ET.SubElement(suite, "testcase", name=sentence,
                             time="%.3f" % seconds)
        if failure is not None:
            clean = "".join(c if c.isprintable() or c == "\n" else "?"
                            for c in failure)
            ET.SubElement(case, "failure").text = clean
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def main(args):
    pattern = None
    if "-k" in args:
        at = args.index("-k")
        pattern = args[at + 1]
        del args[at:at + 2]
    loader = unittest.TestLoader()
    if pattern is not None:
        loader.testNamePatterns = ["*%s*" % pattern.replace(" ", "_")]
    suite = unittest.TestSuite(
        loader.loadTestsFromModule(importlib.import_module(module))
        for module in args)
    report = Report()
    suite.run(report)
    for error in loader.errors:
        print(error, file=sys.stderr)
    failed = sum(1 for case in report.cases if case[2] is not None)
    print("%d passed, %d failed" % (len(report.cases) - failed, failed))
    path = os.environ.get("XML_OUTPUT_FILE")
    if path:
        write_xml(path, " ".join(args), report.cases)
    bad = failed or loader.errors or not report.cases
    return 1 if bad or not report.wasSuccessful() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
