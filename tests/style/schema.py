#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds policy/schema.json, which editors read, against the readers of the config.

The keys of each mapping are those of its reader's table: all that is served, and nothing that isn't known. The
operations are those of routes.def. schema.yaml, with every key, is good to both; without one of its keys' values being
what they are, or with a key more, it is not.
usage: tests/style/schema.py QUAYGATED
"""

import copy
import json
import os
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
POLICY = "properties/policies/additionalProperties/anyOf/1/properties"
CONTAINERS = f"{POLICY}/containers/properties"
# Where a table stands (the file, what comes before it), and its mapping in the schema.
TABLES = (
    ("daemon/config_read.c", "void config_read(", ""),
    ("daemon/config_read.c", "void config_read_upstream(", "properties/upstream/anyOf/1"),
    ("daemon/config_read.c", "void config_read_api_versions(", "properties/api_versions"),
    ("daemon/config_read.c", "void config_read_limits(", "properties/limits"),
    ("daemon/config_read.c", "void config_read_answers(", "properties/answers"),
    ("daemon/config_audit.c", "void config_read_audit(", "properties/audit"),
    ("daemon/config_audit.c", "void config_audit_read_sink(", "properties/audit/properties/sinks/items/anyOf/1"),
    ("daemon/config_audit.c", "KeyRow checkpoint_keys[]", "properties/audit/properties/checkpoints"),
    ("daemon/config_audit.c", "KeyRow syslog_keys[]", "properties/audit/properties/sinks/items/anyOf/2"),
    ("daemon/config_listener.c", "{\"address\", config_listener", "properties/listeners/items"),
    ("daemon/config_listener.c", "void config_read_metrics(", "properties/metrics/anyOf/1"),
    ("policy/compile.c", "{\"include\", compile", f"{POLICY[:-11]}"),
    ("policy/rules_read.c", "CONTAINERS_KEYS[]", f"{POLICY}/containers"),
    ("policy/rules_read.c", "BIND_KEYS[]", f"{CONTAINERS}/bind_mounts/items/anyOf/1"),
    ("policy/rules_read_lists.c", "void rules_read_volumes(", f"{CONTAINERS}/volumes"),
    ("policy/rules_read_lists.c", "void rules_read_namespaces(", f"{CONTAINERS}/namespaces"),
    ("policy/rules_read_lists.c", "void rules_read_labels(", f"{CONTAINERS}/labels"),
    ("policy/rules_read_limits.c", "void rules_read_ports(", f"{CONTAINERS}/ports"),
    ("policy/rules_read_limits.c", "void rules_read_limits(", f"{CONTAINERS}/limits"),
    ("policy/rules_read_set.c", "void rules_read_set(", f"{CONTAINERS}/set"),
    ("policy/rule_read.c", "ENTRY_KEYS[]", f"{POLICY}/allow/items/anyOf/1+{POLICY}/allow/items/anyOf/2"),
    ("policy/answers.c", "ANSWERS_KEYS[]", f"{POLICY}/answers"),
    ("policy/scope.c", "SCOPE_KEYS[]", f"{POLICY}/scope"),
    ("policy/exec_rules.c", "EXEC_KEYS[]", f"{POLICY}/exec"),
    ("policy/build_rules.c", "BUILD_KEYS[]", f"{POLICY}/build"),
)
wrong = []


def check(good, what):
    if not good:
        wrong.append(what)


def text_of(path):
    with open(f"{TOP}/{path}", encoding="utf-8") as file:
        return file.read()


def at(schema, path):
    for part in path.split("/") if path else ():
        schema = schema[int(part)] if isinstance(schema, list) else schema[part]
    return schema


def keys_at(schema, place):
    """Of a mapping, or of its several forms."""
    return {key for form in place.split("+") for key in at(schema, form)["properties"]}


def rows_of(path, anchor):
    """Key to whether it is served, of the first table at `anchor` or behind it."""
    text = text_of(path)
    begin = text.find(anchor)
    end = text.find("};", begin)
    rows = re.findall(r'\{"(\w+)", (\w+)\}', text[begin:end]) if begin >= 0 else []
    return {key: reader != "NULL" for key, reader in rows}


def check_tables(schema):
    for path, anchor, place in TABLES:
        rows, keys = rows_of(path, anchor), keys_at(schema, place)
        check(rows, f"{path}: no table at {anchor}")
        for key in sorted(set(rows) - keys):
            check(not rows[key], f"{path}: {key} is served, and not in the schema at {place}")
        for key in sorted(keys - set(rows)):
            check(False, f"the schema has {key} at {place}, and {path} doesn't know it")


def check_operations(schema):
    ids = re.findall(r"^ROUTE\((\w+),", text_of("policy/routes.def"), re.MULTILINE)
    check(schema["definitions"]["operation"]["enum"] == ids, "the operations are not those of routes.def")


def places(value, above=()):
    """Each mapping and each plain value, from the root down."""
    yield above, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*above, key))


def with_value(config, place, value):
    config = copy.deepcopy(config)
    node = config
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    return config


def open_mapping(place):
    """Mappings whose keys are the operator's own."""
    return place[-1:] in (("policies",), ("query",), ("require",), ("log_opts",)) or place[-2:] in (("set", "labels"), ("scope", "labels"))


def check_example(schema, example):
    validator = jsonschema.Draft7Validator(schema)
    for error in validator.iter_errors(example):
        check(False, f"schema.yaml: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    n = 0
    for place, value in places(example):
        if isinstance(value, dict) and not open_mapping(place):
            more = with_value({"": example}, ("", *place, "nosuch"), 1)[""]
            check(not validator.is_valid(more), f"an unknown key at {place} passes")
            n += 1
        if place:
            other = with_value(example, place, [[{}]])
            check(not validator.is_valid(other), f"a wrong value at {place} passes")
            n += 1
    used = {key for place, _ in places(example) for key in place if isinstance(key, str)}
    for path, anchor, place in TABLES:
        for key in keys_at(schema, place) & {k for k, served in rows_of(path, anchor).items() if served}:
            check(key in used, f"schema.yaml doesn't use {key} of {place}")
    return n


def check_daemon(daemon, text):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([daemon, "--check", "--config", file.name], capture_output=True, timeout=60, check=False)
        check(done.returncode == 0, f"schema.yaml is not good to quaygated: {done.stderr.decode()[:500]}")


def main():
    schema = json.loads(text_of("policy/schema.json"))
    text = text_of("tests/style/schema.yaml")
    jsonschema.Draft7Validator.check_schema(schema)
    check_tables(schema)
    check_operations(schema)
    n = check_example(schema, yaml.safe_load(text))
    check_daemon(sys.argv[1], text)
    for line in wrong:
        print(line)
    print(f"{len(TABLES)} tables, {n} changes that are mistakes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
