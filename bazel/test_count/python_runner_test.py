"""python_runner reports each method once and lets nothing bad pass."""

import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET


class PythonRunnerTest(unittest.TestCase):
    def run_module(self, body, *args):
        """Runs a module of that text; returns status, {name: failure}."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sample.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write("import unittest\n" + body)
            xml = os.path.join(folder, "test.xml")
            env = dict(os.environ, XML_OUTPUT_FILE=xml,
                       PYTHONPATH=folder)
            status = subprocess.run(
                [sys.executable, "bazel/python_runner.py", "sample", *args],
                env=env, check=False, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode
            cases = {c.get("name"): c.findtext("failure")
                     for c in ET.parse(xml).getroot().iter("testcase")}
        return status, cases

    def test_each_method_is_a_case_named_as_its_sentence(self):
        status, cases = self.run_module(
            "class T(unittest.TestCase):\n"
            "    def test_a_holds(self): pass\n"
            "    def test_b_holds(self): pass\n")
        self.assertEqual(0, status)
        self.assertEqual({"a holds": None, "b holds": None}, cases)

    def test_a_failure_an_error_and_a_skip_all_fail(self):
        status, cases = self.run_module(
            "class T(unittest.TestCase):\n"
            "    def test_a(self): self.assertEqual(1, 2)\n"
            "    def test_b(self): raise ValueError('boo\\x01')\n"
            "    def test_c(self): self.skipTest('no tool')\n"
            "    def test_d(self): pass\n")
        self.assertEqual(1, status)
        self.assertIn("1 != 2", cases["a"])
        self.assertIn("boo", cases["b"])
        self.assertIn("no tool", cases["c"])
        self.assertIsNone(cases["d"])

    def test_failing_subtests_make_one_failing_case(self):
        status, cases = self.run_module(
            "class T(unittest.TestCase):\n"
            "    def test_a(self):\n"
            "        for i in range(3):\n"
            "            with self.subTest(i=i): self.assertEqual(0, i)\n")
        self.assertEqual(1, status)
        self.assertEqual(["a"], list(cases))

    def test_a_class_that_cannot_be_set_up_fails(self):
        status, _ = self.run_module(
            "class T(unittest.TestCase):\n"
            "    @classmethod\n"
            "    def setUpClass(cls): raise ValueError\n"
            "    def test_a(self): pass\n")
        self.assertEqual(1, status)

    def test_a_module_without_tests_fails(self):
        status, cases = self.run_module("")
        self.assertEqual(1, status)
        self.assertEqual({}, cases)

    def test_k_chooses_by_a_part_of_the_sentence(self):
        status, cases = self.run_module(
            "class T(unittest.TestCase):\n"
            "    def test_a_holds(self): pass\n"
            "    def test_b_falls(self): self.fail()\n", "-k", "a holds")
        self.assertEqual(0, status)
        self.assertEqual(["a holds"], list(cases))
