# SPDX-License-Identifier: Apache-2.0
"""Counts test cases, one by one, from what Bazel wrote about a `bazel test`.

  count_tests.py read EVENTS.json    prints {"passed", "failed", "skipped"} as JSON
  count_tests.py sum COUNTS.json...  prints "N passed, M failed, K skipped"; fails if M is not 0

A GoogleTest target counts its test cases; any other target is one case, skipped if it passes and
its log has a line "SKIPPED: reason".
"""

import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree

SKIP_LINE = re.compile(r"^SKIPPED: (.*)$", re.MULTILINE)


def output_path(result, name):
    for output in result.get("testActionOutput", []):
        if output.get("name") == name and output.get("uri", "").startswith("file://"):
            return urllib.parse.unquote(output["uri"][len("file://") :])
    return None


def read_text(path):
    if path is None:
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def googletest_cases(path):
    """Returns [(name, outcome)] of a GoogleTest XML file, or [] if it is none."""
    try:
        root = xml.etree.ElementTree.fromstring(read_text(path))
    except xml.etree.ElementTree.ParseError:
        return []
    cases = []
    for case in root.iter("testcase"):
        if "result" not in case.attrib:
            continue
        name = "%s.%s" % (case.get("classname", ""), case.get("name", ""))
        if case.find("failure") is not None:
            cases.append((name, "failed"))
        elif case.get("result") == "completed":
            cases.append((name, "passed"))
        else:
            cases.append((name, "skipped"))
    return cases


def count_result(label, result, counts):
    """Adds one test target's (or shard's) result."""
    ok = result.get("status") in ("PASSED", "FLAKY")
    cases = googletest_cases(output_path(result, "test.xml"))
    if not cases:
        reasons = SKIP_LINE.findall(read_text(output_path(result, "test.log")))
        if ok and reasons:
            counts["skipped"] += ["%s: %s" % (label, reason) for reason in reasons[:1]]
        else:
            counts["passed" if ok else "failed"] += 1
        return
    num_failed = 0
    for name, outcome in cases:
        if outcome == "skipped":
            counts["skipped"].append("%s %s" % (label, name))
        elif outcome == "failed":
            num_failed += 1
        else:
            counts["passed"] += 1
    # A target can fail with every case passed: a crash at exit, a leak report, a time-out.
    counts["failed"] += num_failed if ok or num_failed else 1


def read_events(path):
    counts = {"passed": 0, "failed": 0, "skipped": []}
    results = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            identifier = event.get("id", {})
            if "testResult" in identifier and "testResult" in event:
                key = identifier["testResult"]
                # Of several attempts at one shard, the last stands.
                results[key["label"], key.get("run"), key.get("shard")] = event["testResult"]
            elif "targetCompleted" in identifier:
                if not event.get("completed", {}).get("success", False):
                    counts["failed"] += 1
                    print("not built: " + identifier["targetCompleted"]["label"], file=sys.stderr)
    for (label, _, _), result in sorted(results.items(), key=lambda item: str(item[0])):
        if result.get("status") == "NO_STATUS":
            continue
        count_result(label, result, counts)
    return counts


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "read":
        print(json.dumps(read_events(arguments[1])))
        return 0
    if len(arguments) >= 2 and arguments[0] == "sum":
        passed, failed, skipped = 0, 0, []
        for path in arguments[1:]:
            with open(path, encoding="utf-8") as file:
                counts = json.load(file)
            passed += counts["passed"]
            failed += counts["failed"]
            skipped += counts["skipped"]
        for reason in skipped:
            print("skipped: " + reason)
        print("%d passed, %d failed, %d skipped" % (passed, failed, len(skipped)))
        return 1 if failed else 0
    print("count_tests: read EVENTS.json, or sum COUNTS.json...", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
