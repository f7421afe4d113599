#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Condenses the Engine API's descriptions to what the policy's tables are held against.

usage: condense.py FOLDER        v1.25.yaml … v1.NN.yaml of moby (api/docs/), to operations.def,
                                 parameters.def and fields.def beside this script

Only facts are taken over: what is there, of which type, from which version to which. The unit tests
routes, params and fields compare them with policy/*.def, so a new API version is a diff of data.
"""

import os
import re
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
METHODS = ("get", "head", "post", "put", "delete")
HEADS = {
    "operations.def": "OPERATION(operationId, method, path, first, last): what the API's descriptions list.",
    "parameters.def": "PARAMETER(operationId, name, type, first, last): the query parameters that the API's\n"
                      " * descriptions list.",
    "fields.def": "DESCRIBED(operationId, path, type, first, last): the fields of the JSON bodies that the API's\n"
                  " * descriptions list. A path goes down with `.`, into an array's elements with `[]`, into a\n"
                  " * map's values with `{}`; only its last step has a row.",
}


def load(folder):
    """The descriptions by the minor of their version."""
    found = {}
    for name in os.listdir(folder):
        match = re.fullmatch(r"v1\.(\d+).*\.yaml", name)
        if match:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found[int(match[1])] = yaml.load(file, Loader=yaml.CSafeLoader)
    return dict(sorted(found.items()))


class Description:
    def __init__(self, tree):
        self.tree = tree

    def resolve(self, node):
        while "$ref" in node:
            target = self.tree
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def operations(self):
        """(METHOD, path) → operation, with the parameters of its path."""
        for path, item in self.tree["paths"].items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    operation = dict(item[method])
                    operation["parameters"] = [self.resolve(p) for p in shared + operation.get("parameters", [])]
                    yield (method.upper(), path), operation

    def properties(self, schema):
        """All of an object's properties, with those that allOf adds."""
        schema = self.resolve(schema)
        found = dict(schema.get("properties", {}))
        for part in schema.get("allOf", []):
            found.update(self.properties(part))
        return found

    def type_of(self, schema):
        schema = self.resolve(schema)
        for part in [schema, *schema.get("allOf", [])]:
            kind = self.resolve(part).get("type")
            if isinstance(kind, list):  # [string, "null"]
                kind = next(k for k in kind if k != "null")
            if kind:
                return kind
        return "object" if self.properties(schema) else "any"

    def fields(self, schema, path=""):
        """(path, type) of everything below a schema."""
        schema = self.resolve(schema)
        properties = self.properties(schema)
        entries = schema.get("additionalProperties")
        if properties:
            for name, below in properties.items():
                yield from self.fields(below, f"{path}.{name}" if path else name)
        elif isinstance(entries, dict):
            yield from self.fields(entries, path + "{}")
        elif self.type_of(schema) == "array":
            yield from self.fields(schema["items"], path + "[]")
        else:
            yield path, self.type_of(schema)


def note(table, key, minor, kind):
    """table: key → {minor: kind}"""
    table.setdefault(key, {})[minor] = kind


def collect(descriptions):
    names, operations, parameters, fields = {}, {}, {}, {}
    for minor, tree in descriptions.items():
        description = Description(tree)
        for key, operation in description.operations():
            # A name or a path may be written otherwise in older descriptions; method and shape stay.
            place = key[0], re.sub(r"\{[^}]*\}", "{}", key[1])
            names[place] = operation["operationId"], key[0], key[1]
            note(operations, place, minor, None)
            for parameter in operation["parameters"]:
                if parameter["in"] == "query":
                    note(parameters, (place, parameter["name"]), minor, parameter["type"])
                elif parameter["in"] == "body":
                    for path, kind in description.fields(parameter["schema"]):
                        if path:  # else it is bytes: an archive
                            note(fields, (place, path), minor, kind)
    return names, operations, parameters, fields


def span(what, versions, known):
    """The first and the last version, which must have no gap between them."""
    first, last = min(versions), max(versions)
    gap = [v for v in known if first <= v <= last and v not in versions]
    if gap:
        print(f"{what}: not in {', '.join(f'v1.{v}' for v in gap)}, but before and after", file=sys.stderr)
    kinds = {versions[v] for v in versions}
    if len(kinds) > 1:
        print(f"{what}: was {sorted(kinds)}; the newest is taken", file=sys.stderr)
    return first, last


def write(name, rows, known):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        file.write(f"""// SPDX-License-Identifier: Apache-2.0
/*
 * {HEADS[name]}
 * v1.{min(known)} to v1.{max(known)}, written by condense.py from api/docs/v1.*.yaml of github.com/moby/moby
 * (Apache-2.0): facts only.
 */
""")
        file.writelines(f"{row}\n" for row in rows)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    known = load(sys.argv[1])
    if not known:
        sys.exit(f"condense.py: no v1.*.yaml in {sys.argv[1]}")
    names, operations, parameters, fields = collect(known)

    rows = []
    for place, versions in operations.items():
        name, method, path = names[place]
        first, last = span(name, versions, known)
        rows.append((path, method, f'OPERATION({name}, {method}, "{path}", {first}, {last})'))
    write("operations.def", [row for *_, row in sorted(rows)], known)

    rows = []
    for (place, key), versions in parameters.items():
        name = names[place][0]
        first, last = span(f"{name}?{key}", versions, known)
        rows.append(f'PARAMETER({name}, "{key}", {versions[last].upper()}, {first}, {last})')
    write("parameters.def", sorted(rows), known)

    rows = []
    for (place, path), versions in fields.items():
        name = names[place][0]
        first, last = span(f"{name} {path}", versions, known)
        rows.append(f'DESCRIBED({name}, "{path}", {versions[last].upper()}, {first}, {last})')
    write("fields.def", sorted(rows), known)


if __name__ == "__main__":
    main()
