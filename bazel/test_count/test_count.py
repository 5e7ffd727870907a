"""Counts what a `bazel test` run really did.

Reads the run's build events (--build_event_json_file) and the test.xml files
that they name, and nothing else: bazel-testlogs keeps the results of earlier
runs and of other configurations. A target that failed counts as one failure
at least, whatever its XML says; a target without a single case proves
nothing and counts as a failure too.

    test_count.py EVENTS   adds this run up; prints what failed and, as the
                           last line, "N passed, N failed".

Several event files are added together. Exit status: 0 if something ran and
nothing failed, 1 otherwise.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree

# Exit codes of Bazel that are no failure of their own: all is well, some tests
# failed (each is counted), the filters left no test. Any other means that
# something could not be built or run at all.
BAZEL_OK = 0
BAZEL_HARMLESS = (BAZEL_OK, 3, 4)

# The whole text of a failure is in its log; the sum shows how it begins and,
# as a traceback says what is wrong at its end, how it ends.
FIRST_LINES, LAST_LINES = 2, 6


class Count:
    """Cases that passed, and a sentence for each one that failed."""

    def __init__(self):
        self.passed = 0
        self.failures = []
        self.notes = []

    def add(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.notes += other.notes


def read_events(path):
    """Returns the events of a file; a cut last line is not an event."""
    events = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            try:
                events.append(json.loads(line))
            except ValueError:
                events.append({"id": {"damaged": {}}})
    return events


def path_of(uri):
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme != "file":
        return None
    return urllib.parse.unquote(parts.path)


def xml_cases(path):
    """Returns [(name, failure or None)], or None if there is no good XML."""
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, TypeError, xml.etree.ElementTree.ParseError):
        return None
    cases = []
    for case in root.iter("testcase"):
        failure = None
        for kind in ("failure", "error", "skipped"):
            found = case.find(kind)
            if found is not None:
                text = (found.text or found.get("message") or kind).strip()
                failure = text if kind != "skipped" else "was skipped"
                break
        cases.append((case.get("name", "?"), failure))
    return cases


def count_result(label, result):
    """Counts the one attempt at a test that decides."""
    count = Count()
    status = result.get("status", "NO_STATUS")
    uris = {o.get("name"): o.get("uri", "")
            for o in result.get("testActionOutput", [])}
    cases = xml_cases(path_of(uris.get("test.xml", "")))
    for name, failure in cases or []:
        if failure is None:
            count.passed += 1
        else:
            count.failures.append("%s: %s: %s" % (label, name, failure))
    if status != "PASSED" and not count.failures:
        count.failures.append("%s: %s" % (label, status))
    if status == "PASSED" and not cases:
        count.failures.append("%s: passed without a single case" % label)
    if status != "PASSED" and path_of(uris.get("test.log", "")):
        count.notes.append("log of %s: %s"
                           % (label, path_of(uris["test.log"])))
    return count


def last_attempts(events):
    """Returns {(label, run, shard): (attempt, result)} of the last ones."""
    last = {}
    for event in events:
        ident = event.get("id", {}).get("testResult")
        if ident is None or "testResult" not in event:
            continue
        key = (ident["label"], ident.get("run", 1), ident.get("shard", 1))
        attempt = ident.get("attempt", 1)
        if key not in last or attempt >= last[key][0]:
            last[key] = (attempt, event["testResult"])
    return last


def tests_configured(events):
    """Returns the labels of all tests that this run was to run."""
    return [event["id"]["targetConfigured"]["label"] for event in events
            if "targetConfigured" in event.get("id", {})
            and event.get("configured", {}).get("testSize")]


def count_events(events):
    """Counts one run."""
    count = Count()
    last = last_attempts(events)
    for (label, _, _), (attempt, result) in sorted(last.items()):
        count.add(count_result(label, result))
        if attempt > 1:
            count.notes.append("%s needed %d attempts" % (label, attempt))
    ran = {label for label, _, _ in last}
    for label in sorted(set(tests_configured(events)) - ran):
        count.failures.append("%s: did not run" % label)
    finished = [e["finished"] for e in events if "finished" in e]
    if not finished:
        count.failures.append("the run did not finish")
    for end in finished:
        code = end.get("exitCode", {})
        number = code.get("code", BAZEL_OK)
        if number not in BAZEL_HARMLESS:
            count.failures.append("bazel ended with %s (%d)"
                                  % (code.get("name", "?"), number))
    return count


def shortened(failure):
    lines = failure.splitlines()
    if len(lines) > FIRST_LINES + LAST_LINES:
        lines[FIRST_LINES:-LAST_LINES] = ["..."]
    return "\n  ".join(lines)


def main(paths):
    total = Count()
    for path in paths:
        try:
            total.add(count_events(read_events(path)))
        except OSError as error:
            total.failures.append("no events of a run: %s" % error)
    for failure in total.failures:
        print("FAILED " + shortened(failure))
    for note in total.notes:
        print(note)
    if not total.failures and total.passed == 0:
        print("nothing ran")
    print("%d passed, %d failed" % (total.passed, len(total.failures)))
    return 1 if total.failures or total.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
