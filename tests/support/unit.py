#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the test programs that meson knows, and counts their single tests (TAP).

usage: unit.py [--under valgrind|sanitizers] [--jobs N] BUILD SUITE [NAME…]

Criterion runs each test in a process of its own, and neither shows what that one says on stderr nor fails
when it ends with a report of valgrind or a sanitizer. So both write to files, one a process, and any file
with something in it is a failure. The last line is `N passed, N failed, N skipped`.
"""

import argparse
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

VALGRIND = ["valgrind", "-q", "--vgdb=no", "--trace-children=yes", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect",
            "--show-leak-kinds=definite,indirect", "--error-exitcode=99", "--num-callers=20"]
TIMEOUT = 600


def find_tests(build, suite):
    out = subprocess.run(["meson", "introspect", "--tests", build], check=True, capture_output=True, text=True)
    return [t for t in json.loads(out.stdout) if any(s.split(":")[-1] == suite for s in t["suite"])]


def command_and_environment(test, under, folder):
    # $UNDER: for a test whose times, or limits on descriptors, mean something else there.
    command, environment = list(test["cmd"]), {**os.environ, **test["env"], "UNDER": under or ""}
    if under == "valgrind":
        command = VALGRIND + [f"--log-file={folder}/report.%p"] + command
    elif under == "sanitizers":
        environment["ASAN_OPTIONS"] = f"detect_leaks=1:log_path={folder}/report"
        environment["UBSAN_OPTIONS"] = f"print_stacktrace=1:halt_on_error=1:log_path={folder}/report"
    return command, environment


def run(test, under):
    """(passed, failed, skipped, text)"""
    with tempfile.TemporaryDirectory(prefix="quaygate-unit.") as folder:
        command, environment = command_and_environment(test, under, folder)
        try:
            done = subprocess.run(command, env=environment, cwd=test["workdir"] or None, capture_output=True,
                                  timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            return 0, 1, 0, f"{test['name']}: not done within {TIMEOUT} s\n"
        out = done.stdout.decode("utf-8", "replace")
        skips = re.findall(r"^ok\b[\s-]*(.*?)\s*#\s*skip\s*(.*)", out, re.MULTILINE | re.IGNORECASE)
        skipped = len(skips)
        passed = len(re.findall(r"^ok\b", out, re.MULTILINE)) - skipped
        failed = len(re.findall(r"^not ok\b", out, re.MULTILINE))
        text = ""
        if failed:
            text += "".join(re.findall(r"^not ok.*\n(?:(?:  |#).*\n)*", out, re.MULTILINE))
        if not failed and (done.returncode or not passed + skipped):
            failed += 1
            text += f"ended with {done.returncode} and {passed} tests:\n{out[-1500:]}"
        for name in sorted(glob.glob(f"{folder}/report*")):
            with open(name, encoding="utf-8", errors="replace") as file:
                report = file.read()
            if report.strip():
                failed += 1
                text += report[:6000]
        if failed:
            text = f"{test['name']}:\n{text}{done.stderr.decode('utf-8', 'replace')[-3000:]}\n"
        text += "".join(f"skipped: {name}: {why}\n" for name, why in skips)
        return passed, failed, skipped, text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--under", choices=["valgrind", "sanitizers"])
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("build")
    parser.add_argument("suite")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    tests = find_tests(options.build, options.suite)
    tests = [t for t in tests if not options.names or t["name"] in options.names]
    if not tests:
        print(f"no tests in suite {options.suite} of {options.build}")
        return 2
    total = [0, 0, 0]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda test: run(test, options.under), tests):
            total = [a + b for a, b in zip(total, result)]
            sys.stdout.write(result[3])
            sys.stdout.flush()
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
