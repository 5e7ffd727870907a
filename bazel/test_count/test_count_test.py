"""test_count adds up build events as its header says."""

import contextlib
import io
import json
import os
import tempfile
import unittest

from bazel.test_count import test_count

GOOD = "<testsuites><testsuite>%s</testsuite></testsuites>"
CASE = '<testcase name="a" time="0.1"/>'
BAD = '<testcase name="b"><failure><![CDATA[1 != 2]]></failure></testcase>'
ERROR = '<testcase name="c"><error message="exited with 139"></error></testcase>'
SKIPPED = '<testcase name="d"><skipped/></testcase>'


class Run:
    """One run's event file, made line by line."""

    def __init__(self, folder, name="events.json"):
        self.path = os.path.join(folder, name)
        self.lines = []

    def configured(self, label):
        self.lines.append({"id": {"targetConfigured": {"label": label}},
                           "configured": {"testSize": "SMALL"}})

    def add_library(self, label):
        self.lines.append({"id": {"targetConfigured": {"label": label}},
                           "configured": {"targetKind": "cc_library rule"}})

    def result(self, label, status, xml, attempt=1, shard=1):
        outputs = []
        if xml is not None:
            path = "%s %d.xml" % (self.path, len(self.lines))
            with open(path, "w", encoding="utf-8") as file:
                file.write(xml)
            outputs.append({"name": "test.xml",
                            "uri": "file://" + path.replace(" ", "%20")})
        ident = {"label": label, "run": 1, "attempt": attempt, "shard": shard}
        self.lines.append({
            "id": {"testResult": ident},
            "testResult": {"status": status, "testActionOutput": outputs}})

    def test(self, label, status, xml):
        self.configured(label)
        self.result(label, status, xml)

    def finish(self, code=0, name="SUCCESS"):
        exit_code = {"name": name}
        if code:
            exit_code["code"] = code
        self.lines.append({"id": {"buildFinished": {}},
                           "finished": {"exitCode": exit_code}})

    def count(self, *more):
        for run in (self,) + more:
            with open(run.path, "w", encoding="utf-8") as file:
                for line in run.lines:
                    file.write(json.dumps(line) + "\n")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = test_count.main([r.path for r in (self,) + more])
        return status, said.getvalue().rstrip("\n").split("\n")


class TestCountTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.run_ = Run(self.folder)

    def assert_count(self, passed, failed, *more):
        status, lines = self.run_.count(*more)
        self.assertEqual("%d passed, %d failed" % (passed, failed), lines[-1])
        self.assertEqual(0 if passed and not failed else 1, status)
        self.assertEqual(
            failed, sum(line.startswith("FAILED ") for line in lines))
        return lines

    def test_every_case_of_every_target_counts_once(self):
        self.run_.test("//a:a", "PASSED", GOOD % (CASE * 3))
        self.run_.test("//b:b", "PASSED", GOOD % CASE)
        self.run_.add_library("//b:lib")
        self.run_.finish()
        self.assert_count(4, 0)

    def test_a_failing_case_is_named_with_its_text(self):
        self.run_.test("//a:a", "FAILED", GOOD % (CASE + BAD))
        self.run_.finish(3, "TESTS_FAILED")
        lines = self.assert_count(1, 1)
        self.assertIn("FAILED //a:a: b: 1 != 2", lines)

    def test_a_long_failure_is_told_by_its_first_and_last_lines(self):
        text = "\n".join("line %d" % i for i in range(100))
        self.run_.test("//a:a", "FAILED", GOOD % (
            '<testcase name="a"><failure>%s</failure></testcase>' % text))
        self.run_.finish(3, "TESTS_FAILED")
        lines = self.assert_count(0, 1)
        self.assertIn("FAILED //a:a: a: line 0", lines)
        self.assertIn("  line 99", lines)
        self.assertNotIn("  line 50", lines)

    def test_a_crash_that_left_no_xml_is_a_failure(self):
        self.run_.test("//a:a", "FAILED", None)
        self.run_.finish(3, "TESTS_FAILED")
        lines = self.assert_count(0, 1)
        self.assertIn("FAILED //a:a: FAILED", lines)

    def test_a_crash_that_left_half_an_xml_is_a_failure(self):
        self.run_.test("//a:a", "FAILED", "<testsuites><testsuite>" + CASE)
        self.run_.finish(3, "TESTS_FAILED")
        self.assert_count(0, 1)

    def test_a_crash_that_bazel_wrote_up_is_one_failure(self):
        self.run_.test("//a:a", "FAILED", GOOD % ERROR)
        self.run_.finish(3, "TESTS_FAILED")
        self.assert_count(0, 1)

    def test_a_leak_after_the_last_case_is_a_failure(self):
        self.run_.test("//a:a", "FAILED", GOOD % (CASE * 2))
        self.run_.finish(3, "TESTS_FAILED")
        self.assert_count(2, 1)

    def test_a_timeout_is_a_failure(self):
        self.run_.test("//a:a", "TIMEOUT", None)
        self.run_.finish(3, "TESTS_FAILED")
        lines = self.assert_count(0, 1)
        self.assertIn("FAILED //a:a: TIMEOUT", lines)

    def test_a_skipped_case_is_a_failure(self):
        self.run_.test("//a:a", "PASSED", GOOD % (CASE + SKIPPED))
        self.run_.finish()
        self.assert_count(1, 1)

    def test_a_failing_case_in_a_target_that_passed_is_a_failure(self):
        self.run_.test("//a:a", "PASSED", GOOD % (CASE + BAD))
        self.run_.finish()
        self.assert_count(1, 1)

    def test_a_flaky_target_counts_by_its_last_attempt_and_is_named(self):
        self.run_.configured("//a:a")
        self.run_.result("//a:a", "FAILED", GOOD % BAD, attempt=1)
        self.run_.result("//a:a", "PASSED", GOOD % CASE, attempt=2)
        self.run_.finish()
        lines = self.assert_count(1, 0)
        self.assertIn("//a:a needed 2 attempts", lines)

    def test_every_shard_counts(self):
        self.run_.configured("//a:a")
        self.run_.result("//a:a", "PASSED", GOOD % CASE, shard=1)
        self.run_.result("//a:a", "PASSED", GOOD % CASE, shard=2)
        self.run_.finish()
        self.assert_count(2, 0)

    def test_a_target_that_passed_without_a_case_is_a_failure(self):
        self.run_.test("//a:a", "PASSED", GOOD % "")
        self.run_.finish()
        self.assert_count(0, 1)

    def test_a_test_that_never_ran_is_a_failure(self):
        self.run_.test("//a:a", "PASSED", GOOD % CASE)
        self.run_.configured("//b:b")
        self.run_.finish(1, "BUILD_FAILURE")
        lines = self.assert_count(1, 2)
        self.assertIn("FAILED //b:b: did not run", lines)

    def test_a_build_failure_is_a_failure(self):
        self.run_.test("//a:a", "PASSED", GOOD % CASE)
        self.run_.finish(1, "BUILD_FAILURE")
        lines = self.assert_count(1, 1)
        self.assertIn("FAILED bazel ended with BUILD_FAILURE (1)", lines)

    def test_a_run_that_was_cut_off_is_a_failure(self):
        self.run_.test("//a:a", "PASSED", GOOD % CASE)
        self.assert_count(1, 1)

    def test_a_run_without_events_is_a_failure(self):
        self.assert_count(0, 1)

    def test_a_run_in_which_nothing_ran_fails(self):
        self.run_.finish()
        status, lines = self.run_.count()
        self.assertEqual("0 passed, 0 failed", lines[-1])
        self.assertEqual(1, status)

    def test_a_run_that_the_filters_left_empty_is_no_failure(self):
        self.run_.test("//a:a", "PASSED", GOOD % CASE)
        self.run_.finish()
        other = Run(self.folder, "other.json")
        other.finish(4, "NO_TESTS_FOUND")
        self.assert_count(1, 0, other)

    def test_several_runs_are_added_together(self):
        self.run_.test("//a:a", "PASSED", GOOD % CASE)
        self.run_.finish()
        other = Run(self.folder, "other.json")
        other.test("//a:a", "FAILED", GOOD % (CASE + BAD))
        other.finish(3, "TESTS_FAILED")
        self.assert_count(2, 1, other)

    def test_a_missing_event_file_is_a_failure(self):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            status = test_count.main([self.folder + "/absent.json"])
        self.assertEqual(1, status)
        self.assertTrue(said.getvalue().endswith("0 passed, 1 failed\n"))
