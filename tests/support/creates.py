# SPDX-License-Identifier: Apache-2.0
"""Random bodies of ContainerCreate, for the differential test: a good body with some changes that a client could try.

Where a change can be made comes from the field tables of policy/, read as text; what is written there from values.py.
A seed gives the same bodies each time. Objects are lists of pairs, since a key may stand twice, and a string of JSON
may be written in many ways.
"""

import json
import os
import random
import re

import create_values

POLICY = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "policy")


class Object:
    def __init__(self, pairs=()):
        self.pairs = [list(pair) for pair in pairs]

    def find(self, key):
        for pair in reversed(self.pairs):
            if pair[0] == key:
                return pair
        return None


class Raw(str):
    """Text that goes out as it is."""


def tree(value):
    """Python's own values, as Objects."""
    if isinstance(value, dict):
        return Object((key, tree(item)) for key, item in value.items())
    if isinstance(value, list):
        return [tree(item) for item in value]
    return value


def encode(value):
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Object):
        return "{" + ",".join(f"{encode(key)}:{encode(item)}" for key, item in value.pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(encode(item) for item in value) + "]"
    return json.dumps(value)


# --- the field tables -------------------------------------------------------------------------------

ROW = re.compile(r'^(?:FIELD|JUDGED)\((?:([A-Z]+)\s+)?"([^"]*)",\s*([A-Z]+),', re.M)
LINE = re.compile(r'^#(define|undef|include)\s+"?([\w.]+)"?(?:\s+"([^"]*)")?', re.M)


def read_fields(name="fields_container.def", table="container_create", macros=None):
    """[(path, type)] of one table; without a table, of a whole file."""
    with open(os.path.join(POLICY, name), encoding="utf-8") as file:
        text = file.read()
    if table:
        text = text[text.index(f"ROWS({table})"):]
        text = text[:text.index("END_ROWS")]
    macros = dict(macros or {})
    fields = []
    for line in text.split("\n"):
        row, directive = ROW.match(line), LINE.match(line)
        if row:
            fields.append((macros[row[1]] + row[2] if row[1] else row[2], row[3]))
        elif directive and directive[1] == "define":
            macros[directive[2]] = directive[3] or ""
        elif directive and directive[1] == "undef":
            macros.pop(directive[2], None)
        elif directive:
            fields += read_fields(directive[2], None, macros)
    return fields


def steps_of(path):
    """`A.B[].C{}` is A, B, [], C, {}."""
    return re.findall(r"[^.\[\]{}]+|\[\]|\{\}", path)


# --- changes ----------------------------------------------------------------------------------------


class Generator:
    def __init__(self, seed, places):
        self.seed, self.random = seed, random.Random()
        self.places = places  # @SHARE@ and so on: what they stand for here
        self.fields = read_fields()
        # On the way to a field lie objects, lists and maps that have no row of their own.
        for path, _ in list(self.fields):
            for match in re.finditer(r"\[\]|\{\}|\.", path):
                self.fields.append((path[:match.start()], "ANY"))
        self.fields = sorted(set(self.fields))
        self.interesting = [field for field in self.fields if create_values.of(field[0])]

    def body(self, number):
        """The body of that number as bytes, and what was done to make it."""
        self.random.seed(f"{self.seed}/{number}")
        root = tree(self.random.choice(create_values.SEEDS))
        done = []
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 4))):
            change = self.random.choices([row[1] for row in CHANGES], [row[0] for row in CHANGES])[0]
            done.append(change(self, root))
        text = encode(root)
        if self.random.random() < 0.04:
            text = self.spoil(text)
            done.append("spoilt")
        return self.fill(text), "; ".join(done)

    def fill(self, text):
        for name, value in self.places.items():
            text = text.replace(name, value)
        return text.encode("utf-8", "surrogateescape")

    # Values

    def value(self, path, kind):
        found = create_values.of(path)
        if found and self.random.random() < 0.85:
            value = tree(self.random.choice(found))
        else:
            value = tree(self.random.choice(create_values.BY_TYPE.get(kind, create_values.ODD)))
        if isinstance(value, str) and not isinstance(value, Raw) and value and self.random.random() < 0.06:
            value = self.written_otherwise(value)
        return value

    def written_otherwise(self, text):
        """The same string to a parser of JSON: some of its letters as escapes."""
        out = "".join(f"\\u{ord(c):04{self.random.choice('xX')}}" if ord(c) < 0x10000 and self.random.random() < 0.4
                      else json.dumps(c)[1:-1] for c in text)
        return Raw(f'"{out}"')

    def folded(self, key):
        """Another key that Go's decoder takes for the same field."""
        if self.random.random() < 0.3:
            return key.lower() if self.random.random() < 0.7 else key.upper()
        out = ""
        for c in key:
            kind = self.random.random()
            if c in "sS" and kind < 0.3:
                out += "\u017f"
            elif c in "kK" and kind < 0.3:
                out += "\u212a"
            else:
                out += c.swapcase() if kind > 0.7 else c
        return Raw(json.dumps(out, ensure_ascii=self.random.random() < 0.5))

    # Places

    def put(self, root, path, value):
        """Writes at the path, and makes what lies on the way."""
        here, steps = root, steps_of(path)
        for step, following in zip(steps, steps[1:] + [None]):
            empty = [] if following == "[]" else Object()
            if step == "[]":
                if not isinstance(here, list):
                    return
                if following is None:
                    here.append(value)
                    return
                if not here or self.random.random() < 0.3:
                    here.append(empty)
                here = here[-1]
                continue
            if not isinstance(here, Object):
                return
            key = self.map_key(path) if step == "{}" else step
            pair = here.find(key)
            if pair is None:
                pair = [key, empty]
                here.pairs.append(pair)
            if following is None:
                pair[1] = value
                return
            if pair[1] is None or not isinstance(pair[1], (Object, list)):
                pair[1] = empty
            here = pair[1]

    def map_key(self, path):
        return self.random.choice(create_values.keys_of(path))

    def some_field(self):
        return self.random.choice(self.interesting if self.random.random() < 0.8 else self.fields)

    def some_object(self, root):
        """An object of the tree that has members; HostConfig most often."""
        found = []

        def walk(value):
            if isinstance(value, Object):
                if value.pairs:
                    found.append(value)
                for _, item in value.pairs:
                    walk(item)
            elif isinstance(value, list):
                for item in value:
                    walk(item)

        walk(root)
        host = root.find("HostConfig")
        if host and isinstance(host[1], Object) and host[1].pairs and self.random.random() < 0.5:
            return host[1]
        return self.random.choice(found)

    # Changes; each tells what it did

    def set_field(self, root):
        path, kind = self.some_field()
        self.put(root, path, self.value(path, kind))
        return f"set {path}"

    def add_harmless(self, root):
        """What clients do all day, so that enough is accepted to be looked at."""
        path, value = self.random.choice(create_values.HARMLESS)
        self.put(root, path, tree(value))
        return f"harmless {path}"

    def set_odd_type(self, root):
        path, _ = self.some_field()
        self.put(root, path, tree(self.random.choice(create_values.ODD)))
        return f"odd {path}"

    def fold_key(self, root):
        target = self.some_object(root)
        pair = self.random.choice(target.pairs)
        if isinstance(pair[0], Raw):
            return "fold nothing"
        was, pair[0] = pair[0], self.folded(pair[0])
        return f"fold {was}"

    def set_folded(self, root):
        path, kind = self.some_field()
        above, _, last = path.rpartition(".")
        if last.endswith(("[]", "{}")):
            return self.set_field(root)
        holder = root
        if above:
            if self.holder(root, above) is None:
                self.put(root, above, Object())
            holder = self.holder(root, above)
        if holder is None:
            holder = root
        pair = [self.folded(last), self.value(path, kind)]
        holder.pairs.insert(self.random.randint(0, len(holder.pairs)), pair)
        return f"folded {path}"

    def holder(self, root, path):
        here = root
        for step in steps_of(path):
            pair = here.find(step) if isinstance(here, Object) else None
            here = pair[1] if pair else None
        return here if isinstance(here, Object) else None

    def repeat_key(self, root):
        """The same key again, with another value, before or after."""
        target = self.some_object(root)
        key = self.random.choice(target.pairs)[0]
        name = key if not isinstance(key, Raw) else "x"
        path = next((p for p, _ in self.fields if steps_of(p)[-1] == name), name)
        other = [self.folded(name) if self.random.random() < 0.3 else key, self.value(path, "ANY")]
        target.pairs.insert(self.random.randint(0, len(target.pairs)), other)
        return f"repeat {name}"

    def escape_key(self, root):
        pair = self.random.choice(self.some_object(root).pairs)
        if isinstance(pair[0], Raw):
            return "escape nothing"
        was, pair[0] = pair[0], self.written_otherwise(pair[0])
        return f"escape {was}"

    def set_at_root(self, root):
        """HostConfig's fields at the root, which engines before 27 obey (T-040)."""
        path, kind = self.random.choice([f for f in self.interesting if f[0].startswith("HostConfig.")])
        self.put(root, path.split(".", 1)[1], self.value(path, kind))
        if self.random.random() < 0.5:
            host = root.find("HostConfig")
            if host and self.random.random() < 0.5:
                root.pairs.remove(host)
            elif host:
                host[1] = None
        return f"root {path}"

    def add_unknown(self, root):
        self.some_object(root).pairs.append(tree(self.random.choice(create_values.UNKNOWN)))
        return "unknown"

    def make_null(self, root):
        pair = self.random.choice(self.some_object(root).pairs)
        pair[1] = None
        return f"null {pair[0]}"

    def take_away(self, root):
        target = self.some_object(root)
        pair = self.random.choice(target.pairs)
        target.pairs.remove(pair)
        return f"without {pair[0]}"

    def spoil(self, text):
        """Not the JSON that it was, to one parser or the other."""
        evil = '{"Image":"bb","HostConfig":{"Privileged":true,"Binds":["/:/host"]}}'
        cut = self.random.randint(0, len(text))
        return self.random.choice((
            lambda: text + evil, lambda: text + "\n" + evil, lambda: text + "\0", lambda: "\ufeff" + text,
            lambda: text[:cut], lambda: evil + text, lambda: " \t\r\n" + text + " \n",
            lambda: text.replace(",", ",,", 1), lambda: text.replace('"', "'"), lambda: text + "//x",
            lambda: "[" * 200 + text + "]" * 200,
            lambda: text[:-1] + ',"Labels":' + '{"a":' * 70 + "1" + "}" * 71,
            lambda: text[:-1] + ",}", lambda: text.replace("bb", "b\udcff", 1), lambda: text.replace(":", ":\f", 1),
            lambda: "null", lambda: "[]", lambda: "", lambda: text[:-1] + ',"HostConfig":NaN}'))()


CHANGES = (
    (30, Generator.set_field),
    (45, Generator.add_harmless),
    (4, Generator.set_odd_type),
    (3, Generator.fold_key),
    (5, Generator.set_folded),
    (5, Generator.repeat_key),
    (5, Generator.escape_key),
    (5, Generator.set_at_root),
    (3, Generator.add_unknown),
    (4, Generator.make_null),
    (3, Generator.take_away),
)
