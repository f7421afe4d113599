# SPDX-License-Identifier: Apache-2.0
"""Clients of npm: the packages of clients/package-lock.json, and programs of clients/ that use them.

They are kept in BUILD/clients, and fetched once, without running what a package would run when it is installed.
"""

import os
import shutil

from kit import BUILD, HERE, Skip, check, need_command, run, the_gate

SOURCES = os.path.join(HERE, "clients")
_why_not = None  # what keeps them from being installed, once it is known


def install():
    """The folder with node_modules and our programs; skips with what npm said where they can't be had."""
    global _why_not  # pylint: disable=global-statement
    need_command("node")
    need_command("npm")
    if _why_not:
        raise Skip(_why_not)
    folder = os.path.join(BUILD, "clients")
    os.makedirs(folder, exist_ok=True)
    stamp = os.path.join(folder, "installed")
    for name in os.listdir(SOURCES):
        shutil.copy(os.path.join(SOURCES, name), folder)
    with open(os.path.join(folder, "package-lock.json"), encoding="utf-8") as file:
        lock = file.read()
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read() == lock:
                return folder
    done = run(["npm", "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"], timeout=300)
    if done.code != 0:
        _why_not = f"npm can't install the clients: {done.errors[-200:]}"
        raise Skip(_why_not)
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(lock)
    return folder


def node(policy, program, *arguments, **variables):
    """One run of a program of clients/ behind a policy's socket; a variable that is None is not set."""
    gate = the_gate()
    env = {"DOCKER_HOST": gate.host(policy), "DOCKER_CONFIG": gate.path("config"), "HOME": gate.dir,
           "TMPDIR": gate.dir, **variables}
    argv = ["node", os.path.join(install(), program), *arguments]
    unset = [f"--unset={name}" for name, value in env.items() if value is None]
    return run(["env", *unset, *argv], env={name: value for name, value in env.items() if value is not None})


def says(result, text):
    check(text in result.ok().text, f"no {text!r} in {result.text[-300:]!r}")
