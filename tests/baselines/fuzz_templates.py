#!/usr/bin/env python3
"""Random templates over random variables, rendered by ansible-core and by rplay, and compared.

Run with the Python of an ansible-core 2.19.14 installation:
    cargo build --example render
    python tests/baselines/fuzz_templates.py target/debug/examples/render [--seconds N] [--seed N] [--show N]

Differences in value, type or error text are printed, the most frequent kind first; the exit status is 1 where
there are any. With --record N it compares nothing, and writes N rows to standard output: fuzzed.jsonl.
"""
import argparse
import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import warnings

warnings.filterwarnings("ignore", category=SyntaxWarning)
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "0"
os.environ.setdefault("TZ", "UTC")

# Differences that are meant, by a pattern over "source -> theirs -> ours".
MEANT = [
    # CPython's own words, or the names of ansible-core's containers, which rplay has not.
    r"(?i)_AnsibleLazy|_AnsibleTagged|_lazy_containers|ansible\._internal",
    # How deep Python can go is not how deep rplay goes.
    r"maximum recursion depth",
    # Python's sets have no order.
    r"\| (union|difference|symmetric_difference|intersect)",
    # jinja2's Markup, and groupby's named tuples in text: plain text and tuples in rplay.
    r"Markup",
    r"groupby",
    # A mistake of ansible-core's own lists, which a variable's are and a literal's are not.
    r"CapturedExceptionMarker",
    r"NotImplementedType|not \\?\"UndefinedMarker\\?\"\) to list",
    # Python's own words for what is no name at all.
    r"failed to load: '\w+' object|has no attribute 'decode'",
    # Bytes that are no text: surrogates, which rplay's text cannot hold.
    r"\\\\udc",
    # Too many answers to be waited for.
    r"too slow",
    # Methods of literals and of variables have types of different names.
    r"builtin_function_or_method|'method'|METHOD",
    # A variable's list counts the templates in it, not what they give.
    r"lz\S*\.(count|index)\(",
    # The options of `sequence` are looked at in the order of a set.
    r"Config '\w+' for 'sequence'",
    # A literal's list takes what `pop` gets for a number, a variable's for a place.
    r"\.pop\('a'\)",
    # Numbers of open files.
    r"is (not )?(exists|file|directory|is_dir|is_file|link_exists|same_file)",
    # A seed that is false is none.
    r"(shuffle|random)\((seed=)?(i|0)\)",
    # Which of several mistakes a sort meets first.
    r"sort.*not supported between instances.*not supported between instances",
    # A name of jinja2's generated code.
    r"root\.<locals>",
    # Where templates are sought is not the same: neither has a playbook.
    r"not found in search path",
    # An IPv6 address in an IPv4 network, which netaddr takes for a number.
    r"ipsubnet\('10",
    # `(a ~ b) ~ c`: minijinja's tree has no parentheses, so which part is reported first may differ.
    r"\) ~ ",
    # Objects' addresses.
    r" at 0x[0-9a-f]+",
]

INTS = [0, 1, 2, 3, 5, 7, 10, -1, -2, 42, 255]
FLOATS = [0.0, 1.0, 1.5, -2.5, 0.1, 100.25, 1e3]
WORDS = ["", "a", "b", "ab", "abc", "Hello World", "x,y,z", "10", "1.5", "true", "no", "a b  c", "é", "line\\nnext", "A-b_c", "k", "%s", "{0}", "<b>", "it", "192.168.1.10/24", "10.0.0.1", "::1", "2001:db8::/32", "/etc/x.d/a.conf", "http://u@h:80/p?q=1#f", "2024-05-06", "1.2.3", "1.2.3-rc1",
         "- a\\n- b: 1", "{\"a\": [1, null]}", "YWJj", "1h 30m", "10 KB", "ABC", "ß", "\ttab", "'q'", "\"dq\"", "a=b", "0x1f", "1e3", "-7", "C:\\\\x\\\\y.txt", "$HOME", "}}", "aa:bb:cc:dd:ee:ff"]
NAMES = ["i", "f", "s", "t", "l", "d", "n", "ll", "ld", "dd", "e", "lazy", "lz", "missing", "z"]
KEYS = ["a", "b", "k", "items", "x", "zz"]


class Maker:
    """Makes variables, expressions and templates from a grammar."""

    def __init__(self, rng):
        self.r = rng
        self.locals = []

    def pick(self, *options):
        return self.r.choice(options)

    def data(self, depth=0):
        kind = self.r.randrange(9 if depth < 2 else 6)
        if kind < 2:
            return self.r.choice(INTS)
        if kind == 2:
            return self.r.choice(FLOATS)
        if kind == 3:
            return self.r.choice([w.replace("\\n", "\n") for w in WORDS])
        if kind == 4:
            return self.r.choice([True, False])
        if kind == 5:
            return None
        if kind < 8:
            return [self.data(depth + 1) for _ in range(self.r.randrange(4))]
        return {self.r.choice(KEYS): self.data(depth + 1) for _ in range(self.r.randrange(4))}

    def variables(self):
        r = self.r
        return {
            "i": r.choice(INTS), "f": r.choice(FLOATS), "s": r.choice([w.replace("\\n", "\n") for w in WORDS]), "t": r.choice([True, False]),
            "l": [self.data(1) for _ in range(r.randrange(5))], "d": {k: self.data(1) for k in r.sample(KEYS, r.randrange(1, 4))},
            "n": None, "ll": [[r.choice(INTS) for _ in range(r.randrange(3))] for _ in range(r.randrange(4))],
            "ld": [{"a": r.choice(INTS), "b": r.choice(WORDS[:8]), "k": r.choice([True, None, 1])} for _ in range(r.randrange(4))],
            "dd": {k: {"a": r.choice(INTS), "b": self.data(2)} for k in r.sample(KEYS, 2)}, "e": r.choice(["", [], {}]),
            "lazy": "{{ " + r.choice(["i + 1", "s ~ i", "l", "d", "lz", "l | length", "missing", "[i, s]"]) + " }}",
            "lz": ["{{ i }}", 1, "{{ s }}"],
        }

    # Expressions

    def string(self):
        word = self.r.choice(WORDS)
        return "'" + word.replace("\\n", "n") + "'"

    def atom(self, depth):
        r = self.r
        kind = r.randrange(14)
        if kind < 5:
            return r.choice(NAMES + self.locals * 2)
        if kind == 5:
            return str(r.choice(INTS))
        if kind == 6:
            return str(r.choice(FLOATS))
        if kind < 9:
            return self.string()
        if kind == 9:
            return r.choice(["true", "false", "none", "True", "None"])
        if depth <= 0:
            return r.choice(NAMES)
        if kind == 10:
            return "[" + ", ".join(self.expr(depth - 1) for _ in range(r.randrange(4))) + "]"
        if kind == 11:
            return "{" + ", ".join(f"'{r.choice(KEYS)}': {self.expr(depth - 1)}" for _ in range(r.randrange(3))) + "}"
        if kind == 12:
            return "(" + ", ".join(self.expr(depth - 1) for _ in range(2)) + ")"
        return self.call(depth)

    def call(self, depth):
        r = self.r
        return r.choice([
            lambda: f"range({r.randrange(5)})",
            lambda: f"range({r.randrange(3)}, {r.randrange(8)}, {r.choice([1, 2, -1])}) | list",
            lambda: f"dict(a={self.expr(depth - 1)})",
            lambda: f"query('items', {self.expr(depth - 1)})",
            lambda: f"lookup('items', {self.expr(depth - 1)})",
            lambda: f"query('dict', {self.expr(depth - 1)})",
            lambda: f"lookup('sequence', 'start={r.randrange(3)} end={r.randrange(6)}')",
            lambda: f"query('nested', {self.expr(depth - 1)}, [1, 2])",
            lambda: f"query('together', {self.expr(depth - 1)}, l)",
            lambda: f"query('flattened', {self.expr(depth - 1)})" if False else f"lookup('vars', '{r.choice(NAMES)}', default=1)",
            lambda: f"namespace(a={self.expr(depth - 1)}).a",
            lambda: f"undef('why')",
            lambda: f"query('" + r.choice(["dict", "items", "indexed_items", "list", "subelements", "cartesian", "flattened", "sequence", "varnames", "vars", "random_choice", "ini", "community.general.flattened",
                                          "community.general.cartesian", "nope", "ansible.builtin.items"]) + f"', {self.expr(depth - 1)})",
            lambda: f"lookup('" + r.choice(["vars", "varnames", "sequence", "dict", "indexed_items", "list", "env", "first_found"]) + f"', {self.string()}" + r.choice(["", "", ", wantlist=true", ", errors='ignore'", ", default=i", ", nope=1"]) + ")",
            lambda: "lookup('sequence', '" + r.choice(["1-5/2", "4:x%02d", "start=0 count=3 format=n%d", "start=5 end=1 stride=-2", "0x3-0x6", "end=a", "count=0", ""]) + "')",
            lambda: f"query('subelements', ld, '{r.choice(KEYS)}', {{'skip_missing': {r.choice(['true', 'false'])}}})",
            lambda: f"dict({r.choice(['d', 'l', '[(1, 2)]', 'd, a=1', 'zip(1)'])})",
            lambda: f"now(utc=true).{r.choice(['year > 2000', 'nope', 'tzinfo'])}",
            lambda: f"{r.choice(['vars', 'hostvars', 'groups', 'lipsum', 'environment', 'template_name', 'self', 'loop', 'caller', 'varargs', 'q'])}.{r.choice(['s', 'a', 'x'])}",
            lambda: f"range({self.atom(0)})",
            lambda: f"{r.choice(['1_000', '0x1F', '0b101', '0o17', '1e5', '1.5e-3', '12345678901234567890', '1.', '.5', '007', '1__0'])}",
            lambda: f"omit",
        ])()

    def filtered(self, depth):
        r = self.r
        x = self.postfix(depth - 1)
        e = lambda: self.expr(depth - 2)
        name = r.choice(FILTERS)
        return name(self, x, e)

    def postfix(self, depth):
        r = self.r
        x = self.atom(depth)
        if depth > 0 and r.random() < 0.35:
            x = f"({self.expr(depth - 1)})"
        for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
            x += r.choice([
                lambda: "." + r.choice(KEYS),
                lambda: "[" + self.expr(0) + "]",
                lambda: f"['{r.choice(KEYS)}']",
                lambda: f"[{r.choice([0, 1, -1, 2])}]",
                lambda: f"[{r.choice(['', '1', '-2', '0'])}:{r.choice(['', '2', '-1', '5'])}{r.choice(['', '', ':2', ':-1'])}]",
                lambda: r.choice(METHODS)(self),
            ])()
        return x

    def expr(self, depth):
        r = self.r
        if depth <= 0:
            return self.atom(0)
        kind = r.randrange(20)
        if kind < 4:
            return self.postfix(depth)
        if kind < 11:
            return self.filtered(depth)
        a, b = self.expr(depth - 1), self.expr(depth - 1)
        if kind < 13:
            op = r.choice(["+", "-", "*", "/", "//", "%", "~", "~", "+"])
            if op == "*":
                b = str(r.randrange(4))
            return f"({a} {op} {b})"
        if kind == 13:
            return f"({self.atom(0)} ** {r.randrange(4)})"
        if kind == 14:
            return f"({a} {r.choice(['==', '!=', '<', '>', '<=', '>='])} {b})"
        if kind == 15:
            return f"({a} {r.choice(['in', 'not in'])} {b})"
        if kind == 16:
            return f"({a} {r.choice(['and', 'or'])} {b})"
        if kind == 17:
            return r.choice([f"(not {a})", f"(-{self.atom(0)})", f"({a} if {b} else {self.expr(depth - 1)})", f"({a} if {b})"])
        return f"({self.postfix(depth - 1)} is {r.choice(['', 'not '])}{r.choice(TESTS)(self)})"

    # Statements

    def block(self, depth):
        r = self.r
        return "".join(self.piece(depth) for _ in range(r.randrange(1, 4)))

    def tag(self, text):
        r = self.r
        return "{%" + r.choice(["", "", "", "-", "+"]) + f" {text} " + r.choice(["", "", "", "-", "+"]) + "%}"

    def piece(self, depth):
        r = self.r
        kind = r.randrange(16 if depth > 0 else 8)
        if kind < 3:
            return r.choice([" ", "\n", "text", "a\n  b", "- ", "#", "\n\n", "x: "])
        if kind < 8:
            return "{{" + r.choice(["", "", "", "-"]) + f" {self.expr(r.randrange(1, 4))} " + r.choice(["", "", "", "-"]) + "}}"
        if kind < 10:
            parts = self.tag(f"if {self.expr(2)}") + self.block(depth - 1)
            if r.random() < 0.3:
                parts += self.tag(f"elif {self.expr(1)}") + self.block(depth - 1)
            if r.random() < 0.5:
                parts += self.tag("else") + self.block(depth - 1)
            return parts + self.tag("endif")
        if kind < 12:
            name = r.choice(["v", "w"])
            head, names = r.choice([
                (f"for {name} in {self.expr(1)}", [name, "loop.index", "loop.last", "loop.length", "loop.revindex0"]),
                (f"for {name} in {r.choice(['l', 'll', 'range(3)', 'ld', 'lz', 'd'])}", [name, "loop.first", "loop.index0", "loop.cycle('a', 'b')", "loop.previtem", "loop.nextitem", "loop.changed(1)"]),
                (f"for {name} in l if {name}", [name, "loop.index"]),
                ("for q, w in d.items()", ["q", "w", "loop.depth"]),
                ("for q, w in dd | dictsort", ["q", "w"]),
            ])
            body = self.inside(names, depth - 1)
            orelse = self.tag("else") + "none" if r.random() < 0.2 else ""
            return self.tag(head) + body + orelse + self.tag("endfor")
        if kind == 12:
            name = r.choice(["u", "v"])
            text = self.tag(f"set {name} = {self.expr(2)}") if r.random() < 0.6 else self.tag(f"set {name}") + self.block(depth - 1) + self.tag("endset")
            self.locals.append(name)
            return text
        if kind == 13:
            call = r.choice(["m(1)", "m(i, y=2)", "m()", "m(s, l)", "m(1, 2, 3)"])
            return self.tag("macro m(x, y='d')") + self.inside(["x", "y"], 0) + self.tag("endmacro") + "{{ " + call + " }}"
        if kind == 14:
            return self.tag(f"filter {r.choice(['upper', 'trim', 'length', 'indent(2)', 'replace(1, 2)'])}") + self.block(depth - 1) + self.tag("endfilter")
        return r.choice([
            lambda: "{% raw %}{{ x }}{% endraw %}",
            lambda: "{# note #}",
            lambda: self.tag(f"with v = {self.expr(1)}") + self.inside(["v"], depth - 1) + self.tag("endwith"),
            lambda: "{% set ns = namespace(c=0) %}{% for v in l %}{% set ns.c = ns.c + 1 %}{% endfor %}{{ ns.c }}",
            lambda: "{% macro c() %}<{{ caller(1) }}>{% endmacro %}{% call(q) c() %}{{ q }}{{ i }}{% endcall %}",
            lambda: "{% for v in ld recursive %}{{ v.a }}{% if loop.depth < 2 %}{{ loop(ld) }}{% endif %}{% endfor %}",
            lambda: "{% macro va() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ va(" + r.choice(["1, 2", "x=1", "i, *l", "**d", "", "1, q=s"]) + ") }}",
            lambda: "{% macro md(a, b=a, c=i) %}{{ a }}|{{ b }}|{{ c }}{% endmacro %}{{ md(" + r.choice(["1", "a=2", "1, 2, 3", "b=1", "", "1, c=none", "1, d=2", "1, a=2"]) + ") }}",
            lambda: "{% macro mn() %}{% endmacro %}{{ mn." + r.choice(["name", "arguments", "catch_kwargs", "catch_varargs", "caller", "nope"]) + " }}",
            lambda: "{% call(a, b='z') cc() %}{{ a }}{{ b }}{% endcall %}" if r.random() < 0.3 else "{% macro cc(x) %}{{ caller(x, " + self.expr(1) + ") if caller else 'no' }}{% endmacro %}{% call(a, b) cc(i) %}{{ a }}{{ b }}{% endcall %}",
            lambda: "{% set " + r.choice(["p, q = 1, 2", "p, q = l", "(p, q) = (1, 2)", "p = 1, 2", "ns.x = 1"]) + " %}{{ p }}{{ q }}",
            lambda: "{% set b" + r.choice(["", " | upper", " | trim | length", " | replace('a', 'b')"]) + " %}" + self.block(0) + "{% endset %}{{ b }}",
            lambda: "{% for v in " + self.expr(1) + " %}{{ loop." + r.choice(["index", "revindex", "first", "last", "length", "cycle(1, 2)", "changed(v)", "previtem | default('-')", "nextitem | default('-')", "depth0", "nope"])
            + " }}{% endfor %}",
            lambda: "{% for k, v in " + r.choice(["d | dictsort", "d.items()", "ld", "l", "dd.items()", "[(1, 2)]", "l | zip(l)"]) + " if " + r.choice(["v", "k != 'a'", "loop is undefined", "v is defined"]) + " %}{{ k }}={{ v }};{% else %}none{% endfor %}",
            lambda: "{% with %}{% set i = 9 %}{{ i }}{% endwith %}{{ i }}",
            lambda: "{% with v = 1, w = v %}{{ v }}{{ w }}{% endwith %}",
            lambda: "{% block " + r.choice(["b1", "b2"]) + " %}" + self.block(0) + "{% endblock %}{{ self." + r.choice(["b1", "b2", "b3"]) + "() }}",
            lambda: "{% include " + r.choice(["'nope.j2'", "['a.j2', 'b.j2']", "'nope.j2' ignore missing"]) + " %}",
            lambda: "{% " + r.choice(["do l.append(1)", "break", "continue", "debug", "trans", "endif", "else", "nope", "autoescape true", "set", "for x", "if", "print 1"]) + " %}",
            lambda: "{%- set cy = cycler('a', 'b') -%}{{ cy.next() }}{{ cy.next() }}{{ cy.current }}{{ cy.reset() }}{{ cy.current }}",
            lambda: "{% set jo = joiner('|') %}{{ jo() }}a{{ jo() }}b",
            lambda: "{% set ns = namespace(" + r.choice(["x=1", "d", "{'x': 1}", "d, x=2"]) + ") %}{% set ns.x = " + self.expr(1) + " %}{{ ns.x }}{{ ns.y is defined }}",
            lambda: "{% set h = l %}{% set _ = h." + r.choice(["append(3)", "extend([1])", "insert(0, 'q')", "pop()", "clear()", "sort()", "reverse()"]) + " %}{{ h }}{{ l }}",
            lambda: "{% set h = d %}{% set _ = h." + r.choice(["update({'n': 1})", "pop('a', 1)", "setdefault('a', 2)", "clear()", "popitem()"]) + " %}{{ h }}{{ d == h }}",
            lambda: "{% raw -%} {{ a }} {%- endraw %}", lambda: "{{ '%s-%d' % (s, i) }}", lambda: "{{ '" + r.choice(["%05d", "%x", "%.2f", "%s", "%r", "%5s|", "%-5s|", "%+d", "%e", "%c", "%%", "%(a)s", "%i", "%z"]) + "' % " + r.choice(["i", "f", "s", "d", "l", "(i,)", "none"]) + " }}",
            lambda: "{{ '" + r.choice(["{:>5}", "{:05d}", "{:,}", "{:.2f}", "{:x}", "{!r}", "{0!s:^7}", "{:%}", "{:e}", "{a}", "{0.a}", "{0[a]}", "{:b}", "{:+}", "{:q}", "{", "{}{}"]) + "'.format(" + r.choice(["i", "f", "s", "d", "a=i", "*l", "none"]) + ") }}",
        ])()

    def inside(self, names, depth):
        before = list(self.locals)
        self.locals += names
        body = self.block(depth)
        self.locals = before
        return body

    def template(self):
        self.locals = []
        r = self.r
        if r.random() < 0.6:
            return "{{ " + self.expr(r.randrange(1, 5)) + " }}"
        return self.block(r.randrange(0, 3))


# What a filter is meant for; it gets other things as well.
FIT = {}
for inputs, names in {
    "s STR STR STR": "regex_search regex_findall regex_replace replace truncate indent split wordwrap center title capitalize upper lower trim urlize urlencode "
    "b64encode b64decode hash comment quote regex_escape splitext basename dirname normpath relpath from_json from_yaml from_yaml_all to_datetime human_to_bytes urlsplit "
    "wordcount xmlattr format password_hash to_uuid checksum win_basename win_dirname win_splitdrive urldecode striptags community.general.to_seconds int float bool",
    "d dd ld[0] {'a':i,'b':l}": "combine dict2items dictsort to_json to_nice_json to_yaml to_nice_yaml tojson xmlattr urlencode community.general.keep_keys community.general.remove_keys items",
    "ld ld ld dd.values()": "selectattr rejectattr groupby items2dict subelements rekey_on_member community.general.groupby_as_dict community.general.lists_mergeby community.general.json_query "
    "map sum sort unique max min join community.general.keep_keys",
    "l ll lz [1,2,3] [3,1,2] 'abc' ['b','a','B']": "map select reject sort unique join first last length min max sum flatten batch slice product zip zip_longest combinations permutations shuffle random "
    "reverse list union intersect difference symmetric_difference community.general.dict community.general.counter community.general.version_sort path_join",
    "i f 1234567 -3": "round pow log root abs filesizeformat human_readable strftime int float extract",
    "'192.168.1.10/24' '10.0.0.1' '::1' '2001:db8::/32' ['10.0.0.1','x']": "ansible.utils.ipaddr ansible.utils.ipsubnet ansible.utils.nthhost ansible.utils.ipmath ansible.utils.ipv4 ansible.utils.ipv6 ansible.utils.ipwrap",
}.items():
    for name in names.split():
        FIT.setdefault(name, []).extend(inputs.split())


def suited(m, name, x):
    """The input of a filter: mostly one that it is meant for."""
    if name not in FIT or m.r.random() < 0.35:
        return x
    fit = m.r.choice(FIT[name])
    return m.string() if fit == "STR" else fit


def plain(name):
    return lambda m, x, e: f"{suited(m, name, x)} | {name}"


def one(name, options):
    return lambda m, x, e: f"{suited(m, name, x)} | {name}({m.r.choice(options)})"


def arg(name):
    return lambda m, x, e: f"{suited(m, name, x)} | {name}({e()})"


FILTERS = [plain(n) for n in (
    "abs bool capitalize count dict2items dictsort escape first flatten float int items join last length list lower max md5 min "
    "quote reverse sort string sum title to_json to_nice_json to_yaml to_nice_yaml tojson trim type_debug unique upper urlencode "
    "wordcount from_json from_yaml items2dict hash b64encode basename dirname splitext checksum mandatory d('x') default(1) select reject "
    "pprint human_readable comment split permutations random(seed='x') shuffle(seed=1) regex_escape to_uuid striptags urlsplit b64decode "
    "filesizeformat round log root path_join ternary(1,2) center xmlattr"
).split()] + [arg(n) for n in (
    "default d combine difference intersect union symmetric_difference zip zip_longest product extract join split replace(1, ) "
    "indent truncate map reject select round batch slice int float regex_search regex_findall pow log"
).split() if "(" not in n] + [
    one("map", ["'upper'", "'int'", "'string'", "attribute='a'", "attribute='a.b'", "'default', 1", "'length'", "'first'", "attribute=0", "'regex_replace', 'a', 'b'", "'nope'", "attribute='zz', default='q'"]),
    one("select", ["'defined'", "'string'", "'odd'", "'eq', 1", "'in', l", "'none'", "'match', 'a'", "'gt', 1", "'mapping'"]),
    one("reject", ["'none'", "'number'", "'equalto', 'a'", "'sequence'", "'undefined'"]),
    one("selectattr", ["'a'", "'a', 'eq', 1", "'b', 'defined'", "'k', 'none'", "'b', 'in', 'abc'", "'zz'", "'a', 'gt', 1"]),
    one("rejectattr", ["'a'", "'k', 'true'", "'zz', 'defined'"]),
    one("groupby", ["'a'", "'b'", "'zz'", "'k', default=1"]),
    one("sort", ["reverse=true", "attribute='a'", "true", "attribute='b,a'", "case_sensitive=true"]),
    one("join", ["','", "', ', attribute='a'", "1", "'-'"]),
    one("regex_replace", ["'[a-z]+', 'X'", "'(.)', '\\\\1\\\\1'", "'^', '>'", "'a', 'b', count=1", "'(', 'x'"]),
    one("regex_search", ["'[a-z]'", "'(.)(.)', '\\\\2'", "'x$'"]),
    one("regex_findall", ["'.'", "'([a-z])([a-z])'"]),
    one("replace", ["'a', 'b'", "'', '-'", "1, 2", "'l', 'L', 1"]),
    one("truncate", ["5", "5, true", "3, true, '~', 0", "8, false, ''"]),
    one("indent", ["2", "width=1, first=true", "4, blank=true", "'>'"]),
    one("round", ["1", "0, 'floor'", "2, 'ceil'", "-1", "precision=1"]),
    one("int", ["7", "base=16", "0, 2"]),
    one("batch", ["2", "3, 'x'", "1"]),
    one("slice", ["2", "3, 0"]),
    one("sum", ["start=1", "attribute='a'", "attribute='a', start=5", "start=[]"]),
    one("max", ["attribute='a'", "case_sensitive=true"]),
    one("min", ["attribute='b'"]),
    one("unique", ["attribute='a'", "case_sensitive=true"]),
    one("combine", ["{'a': 1}", "d, recursive=true", "d, list_merge='append'", "dd, d", "{'x': {'a': 1}}, recursive=true"]),
    one("dict2items", ["'x'", "key_name='a', value_name='b'"]),
    one("items2dict", ["key_name='a', value_name='b'"]),
    one("subelements", ["'b'", "'a', skip_missing=true"]),
    one("to_json", ["indent=2", "sort_keys=true", "separators=(',', ':')"]),
    one("to_nice_yaml", ["indent=2", "width=20", "sort_keys=false"]),
    one("format", ["1", "'a', 2", "a=1"]),
    one("ternary", ["1, 2", "'y', 'n', 'none'"]),
    one("split", ["','", "' ', 1", "'a'"]),
    one("zip", ["l", "[1, 2]", "'abc'"]),
    one("zip_longest", ["[1, 2], fillvalue='z'"]),
    one("product", ["[1, 2]", "repeat=2"]),
    one("extract", ["d", "l", "d, 'a'", "dd, ['a', 'b']"]),
    one("flatten", ["1", "levels=1", "skip_nulls=false"]),
    one("version", ["'1'"]) if False else plain("string"),
    one("b64encode", ["'utf-8'", "urlsafe=true"]),
    one("hash", ["'sha256'", "'md5'"]),
    one("wordwrap", ["3", "4, false"]),
    one("dictsort", ["true", "by='value'", "reverse=true", "false, 'value'"]),
    one("attr", ["'a'", "'upper'"]),
    one("random", ["seed='q'", "1, seed=3"]),
    one("comment", ["'c'", "decoration='; '"]),
    one("human_to_bytes", ["'K'"]),
    one("urlsplit", ["'scheme'"]),
    one("trim", ["'a'", "chars='x'"]),
    one("ansible.utils.ipaddr", ["", "'address'", "'prefix'", "'network'", "'1'", "'host'", "'net'", "'size'", "'last_usable'", "'bool'", "'revdns'"]),
    one("ansible.utils.ipsubnet", ["26", "26, 1", "'10.0.0.0/8'", "30, -1"]),
    one("ansible.utils.nthhost", ["1", "-1", "300"]),
    one("ansible.utils.ipmath", ["1", "-5", "256"]),
    plain("ansible.utils.ipv4"), plain("ansible.utils.ipv6"), plain("ansible.utils.ipwrap"), plain("ansible.utils.hwaddr('bare')"),
    one("community.general.json_query", ["'a'", "'[*].a'", "'[?a>`1`].b'", "'length(@)'", "'keys(@)'", "'*'", "'[0]'", "'[].b | [0]'", "'[?k].a'", "'{x: a}'", "'a || b'", "'sort(@)'", "'sum([*].a)'", "'['"]),
    one("community.general.dict_kv", ["'k'", "1"]),
    plain("community.general.dict"), plain("community.general.counter"), plain("community.general.version_sort"),
    one("community.general.groupby_as_dict", ["'a'", "'b'"]),
    one("community.general.lists_mergeby", ["ld, 'a'", "[], 'a'", "ld, 'b', recursive=true", "ld, 'k', list_merge='append'"]),
    one("community.general.keep_keys", ["target=['a']", "target=['a', 'b']", "target='^a', matching_parameter='regex'"]),
    one("community.general.remove_keys", ["target=['a']", "target=['b'], matching_parameter='starts_with'"]),
    one("community.general.to_seconds", ["", "year=360"]),
    one("rekey_on_member", ["'a'", "'b', duplicates='overwrite'", "'zz'"]),
    one("combinations", ["2", "1", "3", "0"]),
    one("permutations", ["1", "2"]),
    one("commonpath", [""]), plain("normpath"), one("relpath", ["'/a'", "'a/b'"]), plain("win_basename"), plain("win_dirname"),
    plain("win_splitdrive"), plain("urldecode"), plain("forceescape"), plain("safe"), plain("sha1"), plain("e"), plain("fileglob"),
    one("regex_search", ["'(?P<x>[a-z])', '\\\\g<x>'", "'A', ignorecase=true", "'^b', multiline=true", "'(a)|(b)'", "'(.)(.)?', '\\\\1', '\\\\2'"]),
    one("regex_findall", ["'A', ignorecase=true", "'^.', multiline=true", "'(a)'", "'\\\\w+'"]),
    one("regex_replace", ["'A', 'b', ignorecase=true", "'(?P<q>a)', '<\\\\g<q>>'", "'', '-'", "'a', 'b', mandatory_count=1", "'^', '# ', multiline=true", "'\\\\s+', ' '", "'(a)(x)?', '[\\\\2]'"]),
    one("to_json", ["indent='-'", "ensure_ascii=false", "nope=1"]),
    one("to_nice_json", ["indent=1", "sort_keys=false"]),
    one("to_yaml", ["default_flow_style=true", "indent=3", "explicit_start=true", "default_style='\"'", "width=10"]),
    one("to_nice_yaml", ["indent=4, explicit_start=true", "allow_unicode=false", "nope=1"]),
    one("from_yaml_all", [""]), one("to_datetime", ["'%Y-%m-%d'", ""]), one("strftime", ["0", "1.5, utc=true", "'x'"]),
    one("filesizeformat", ["true", "binary=true"]), one("human_readable", ["true", "unit='K'", "isbits=true, unit='M'"]),
    one("human_to_bytes", ["isbits=true", "default_unit='M'"]),
    one("urlize", ["5", "nofollow=true", "target='_blank'"]), one("tojson", ["2", "indent=1"]),
    one("xmlattr", ["false", "autospace=true"]), one("wordwrap", ["5, wrapstring='|'", "width=3, break_on_hyphens=false", "0"]),
    one("truncate", ["length=3, leeway=2", "2", "end=''", "5, end='abcdef'"]),
    one("indent", ["first=true", "'ab', true, true", "0", "-1"]),
    one("sort", ["attribute='k'", "attribute='a', reverse=true", "attribute='zz'", "attribute=0", "attribute='a,k'", "case_sensitive=false, attribute='b'"]),
    one("unique", ["attribute='zz'", "false", "attribute='b'"]), one("groupby", ["'b', case_sensitive=true", "attribute='a'", "0"]),
    one("dictsort", ["by='nope'", "case_sensitive=true, by='value'", "reverse=true, by='value'"]),
    one("map", ["'extract', d", "'combine', {'q': 1}", "'regex_search', 'a'", "attribute='b', default=none", "'dict2items'", "'join', '-'", "'upper', 1", "'bool'", "'selectattr', 'a'",
                "'zip', [1]", "'attr', 'a'", "'ansible.builtin.lower'", "'replace', 'a', 'b'", "'ternary', 1, 2", "'sum'", "'type_debug'", "attribute='k.x'", "'list'", ""]),
    one("select", ["'contains', 'a'", "'truthy'", "'divisibleby', 2", "'ansible.builtin.match', '^a'", "'nope'", "'version', '1', '>'", "'sameas', none", "'==', 1", "'in', 'abc'", "'callable'"]),
    one("reject", ["'match', '^a'", "'>', 1", "'in', [1, 2]", "'lower'", "'mapping'", "'float'"]),
    one("selectattr", ["'a', '==', 1", "'b', 'match', '^a'", "'a.b', 'defined'", "'k', 'sameas', true", "'b', 'search', 'b'", "'k', 'undefined'", "'a', 'in', [1, 2]", "'b', 'contains', 'a'", "0", "'a', 'nope'"]),
    one("rejectattr", ["'b', 'eq', 'a'", "'k'", "'zz'", "'a', 'odd'"]),
    one("combine", ["", "d, dd, list_merge='replace'", "{'a': [1]}, list_merge='append_rp'", "[{'a': 2}, {'b': 3}]", "dd, recursive=true, list_merge='prepend'", "l", "d, nope=1", "d, list_merge='x'",
                    "{'a': {'b': 1}}, {'a': {'x': 2}}, recursive=true, list_merge='keep'"]),
    one("flatten", ["0", "levels=2, skip_nulls=false", "'x'"]), one("product", ["l", "'ab', [1]", "repeat=0"]), one("zip", ["", "l, 'ab'", "strict=true"]),
    one("zip_longest", ["'ab', [1], fillvalue=none", "l"]), one("extract", ["d, morekeys='a'", "ld, 'b'", "dd, morekeys=['a']", "l, 0"]),
    one("ternary", ["true_val=1, false_val=2", "l, d", "missing, 1", "1, missing"]), one("default", ["missing", "'x', true", "default_value=2", "boolean=true", "l, boolean=false"]),
    one("mandatory", ["'why'", "msg=s"]), one("random", ["0, 1", "start=1, step=2, seed=4", "seed=i"]), one("shuffle", ["seed='a'", "i"]),
    one("split", ["maxsplit=1", "none", "'', 1", "sep=','"]), one("join", ["d=','", "attribute='b'", "'', 'b'", "', ', attribute=0"]),
    one("round", ["method='ceil'", "2, 'nope'", "1, 'common'", "-2, 'floor'"]), one("int", ["base=8", "default='x'", "1, base=2", "'a', 36"]),
    one("float", ["1.5", "default='q'"]), one("batch", ["0", "linecount=2, fill_with=none", "-1"]), one("slice", ["0", "slices=2, fill_with='z'", "5"]),
    one("sum", ["'a'", "attribute='b', start=''", "start={}", "attribute='zz'"]), one("max", ["attribute='zz'", "true, 'b'"]), one("min", ["attribute='k'", "case_sensitive=true"]),
    one("pow", ["2", "-1", "0.5", "'a'"]), one("log", ["2", "10", "0", "1"]), one("root", ["3", "0", "-1"]),
    one("human_readable", ["unit='zz'"]), one("password_hash", ["'nope'"]), one("comment", ["'xml'", "'cblock'", "'erlang'", "'nope'", "prefix='x', postfix=''", "'plain', decoration='@', newline='|'"]),
    one("subelements", ["['a', 'b']", "'b.x'", "'zz'", "'zz', skip_missing=true", "'k', true"]), one("items2dict", ["'a', 'k'", "key_name='zz'"]), one("dict2items", ["'k', 'k'", "key_name=1"]),
    one("b64decode", ["encoding='latin-1'", "urlsafe=true"]), one("hash", ["'sha512'", "'crc32'", "'blake2b'", "'nope'"]), one("to_uuid", ["namespace='a'", "'7fb0c2a6-3f31-4b5c-9ac9-2b1c0e9d3a11'"]),
    one("urlsplit", ["'hostname'", "'port'", "'nope'", "query='path'"]), one("regex_escape", ["'posix_basic'", "re_type='nope'"]),
    one("path_join", [""]), one("center", ["3", "width=12", "-1"]), one("attr", ["'zz'", "'items'", "1", "'__class__'"]), one("replace", ["'a', 'b', 1", "'a', ''", "'a'", "old='a', new='b'", "'a', none"]),
    one("wordcount", [""]), one("title", [""]), one("first", ["1"]), one("string", [""]), one("abs", [""]), one("bool", [""]), one("reverse", [""]),
]

METHODS = [lambda m, t=t: t for t in [
    ".upper()", ".lower()", ".split()", ".split(',')", ".strip()", ".items()", ".keys()", ".values()", ".get('a')", ".get('zz', 1)", ".append(1)",
    ".replace('a', 'b')", ".startswith('a')", ".endswith('z')", ".join(['a', 'b'])", ".count('a')", ".index('a')", ".find('b')", ".title()", ".copy()",
    ".pop()", ".extend([1])", ".update({'a': 1})", ".format(1, a=2)", ".splitlines()", ".zfill(4)", ".isdigit()", ".rsplit('a', 1)", ".partition(',')",
    ".find('a', 1)", ".find('b', 0, 2)", ".index('zz')", ".rindex('a')", ".rfind('b')", ".casefold()", ".removeprefix('a')", ".removesuffix('c')", ".expandtabs(2)",
    ".isalnum()", ".islower()", ".isupper()", ".isspace()", ".istitle()", ".isnumeric()", ".isdecimal()", ".isidentifier()", ".isprintable()", ".isascii()",
    ".rpartition('b')", ".split('a', 1)", ".split(maxsplit=1)", ".rsplit()", ".split('')", ".strip('ab')", ".rstrip('c')", ".startswith(('a', 'b'))", ".endswith('c', 1)",
    ".count('a', 1)", ".replace('a', 'b', 1)", ".replace('', '-')", ".join(l)", ".join('abc')", ".translate({97: 'z'})", ".encode('ascii')", ".encode('utf-8').decode()", ".encode().hex()",
    ".format(*l)", ".format(**d)", ".format(a=1, k=2)", ".format()", ".splitlines(true)", ".rjust(6, '0')", ".center(3)", ".ljust(4, 'xy')", ".zfill(-1)", ".upper(1)", ".split(1)",
    ".copy() + [1]", ".index(1)", ".index('a', 1)", ".count(1)", ".pop(0)", ".pop(9)", ".pop('a')", ".pop('zz', 2)", ".insert(-1, 'x')", ".extend('ab')", ".extend({'q': 1})", ".sort(reverse=true)",
    ".remove('a')", ".append()", ".append(1, 2)", ".get('a', d)", ".get('a').b", ".get(1)", ".get()", ".setdefault('a', 5)", ".update(b=2)", ".update([('q', 1)])", ".update(1)", ".items() | list",
    ".keys() | list", ".values() | list", ".fromkeys(['a'], 1)", ".bit_count()", ".is_integer()", ".conjugate()", ".as_integer_ratio()", ".hex()", ".to_bytes(2, 'big')", ".real", ".imag", ".numerator",
    ".denominator", ".__class__", ".__len__()", "._private", ".union([1])", ".isdisjoint([1])",
    ".insert(0, 1)", ".sort()", ".reverse()", ".setdefault('q', 1)", ".capitalize()", ".ljust(5)", ".center(7, '*')", ".swapcase()", 
    ".bit_length()", ".isalpha()", ".lstrip('a')", ".encode()", ".nope()", ".nope", ".items", ".popitem()", ".remove(1)", ".clear()",
]]

TESTS = [lambda m, t=t: t for t in [
    "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence", "iterable", "odd", "even", "true", "false", "truthy", "falsy",
    "lower", "upper", "divisibleby(2)", "eq(1)", "in([1, 'a'])", "sameas(none)", "match('a')", "search('b')", "regex('^a')", "contains('a')", "subset([1, 2])", "superset([1])",
    "version('1.0', '>')", "version('1.5', 'ge', strict=true)", "version('1.0', 'x')", "version('2', version_type='semver')", "version('1.0', 'lt', version_type='pep440')", "version_compare('1', '<')",
    "match('A', ignorecase=true)", "search('^b', multiline=true)", "regex('b', match_type='fullmatch')", "match('(')", "regex('a', match_type='nope')", "match(1)", "search(l)",
    "contains(1)", "contains(l)", "in(l)", "in(d)", "in('abc')", "in(1)", "subset(l)", "superset(l)", "issubset([1, 'a'])", "divisibleby(0)", "divisibleby('a')", "ne(1)", "le(2)", "ge('a')", "lessthan(3)",
    "greaterthan(none)", "equalto(s)", "sameas(l)", "test", "success", "unreachable", "timedout", "started", "finished", "reachable", "vault_encrypted", "same_file('/')", "is_abs", "is_dir", "exists", "link", "mount",
    "uri", "urn", "url(schemes=['http'])", "isnan", "truthy(convert_bool=true)", "falsy(convert_bool=true)", "escaped", "nope", "ansible.builtin.defined", "ansible.utils.ip", "ansible.utils.in_network('10.0.0.0/8')",
    "== 1", "!= s", "defined or true", "none and false", "all", "any", "callable", "gt(1)", "lt('a')", "failed", "changed", "skipped", "abs", "url", "filter", "nan",
]]


class Real:
    """ansible-core's own renderings."""

    def __init__(self):
        from ansible.parsing.dataloader import DataLoader
        from ansible.plugins.loader import init_plugin_loader
        from ansible.template import Templar, trust_as_template
        from ansible.utils.display import Display

        Display.display = lambda *args, **kwargs: None
        init_plugin_loader()
        self.loader, self.templar, self.trust = DataLoader(), Templar, trust_as_template
        self.vars = {}

    def trusted(self, value):
        if isinstance(value, str):
            return self.trust(value)
        if isinstance(value, list):
            return [self.trusted(v) for v in value]
        if isinstance(value, dict):
            return {k: self.trusted(v) for k, v in value.items()}
        return value

    def render(self, source):
        templar = self.templar(loader=self.loader, variables=self.trusted(self.vars))
        try:
            return {"value": repr(templar.template(self.trust(source)))}
        except Exception as ex:
            return {"error": str(ex)}


class Ours:
    """rplay's, in one process that is started again where it ends."""

    def __init__(self, program):
        self.program, self.vars = program, {}
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, row):
        try:
            self.process.stdin.write(json.dumps(row) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            return json.loads(line)
        except (BrokenPipeError, ValueError):
            self.process.wait()
            self.start()
            self.ask({"vars": self.vars})
            return {"error": f"CRASH: status {self.process.returncode}"}

    def set(self, variables):
        self.vars = variables
        self.ask({"vars": variables})


def out_of_time(*_):
    raise TimeoutError("too slow")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--show", type=int, default=40)
    parser.add_argument("--record", type=int, default=0)
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.randrange(10**9)
    args.program = args.program and os.path.abspath(args.program)
    # Relative paths are of the root, in both.
    os.chdir("/")
    maker, real = Maker(random.Random(seed)), Real()
    signal.signal(signal.SIGALRM, out_of_time)
    if args.record:
        return record(maker, real, args.record)
    ours = Ours(args.program)
    kinds, count, end = collections.defaultdict(list), 0, time.time() + args.seconds
    while time.time() < end:
        variables = maker.variables()
        real.vars = variables
        ours.set(variables)
        for _ in range(60):
            source = maker.template()
            signal.alarm(10)
            theirs = real.render(source)
            signal.alarm(0)
            mine = ours.ask({"source": source})
            count += 1
            if not same(theirs, mine):
                told = f"{source} -> {theirs} -> {mine}"
                if not any(re.search(pattern, told) for pattern in MEANT):
                    kind = kind_of(theirs, mine)
                    if kind not in kinds:
                        print(f"after {count}: {source!r}\n  {theirs}\n  {mine}", flush=True)
                    kinds[kind].append((source, theirs, mine, variables))
    report(kinds, count, seed, args.show)
    return 1 if kinds else 0


# A variable's list is of a subclass, so Python asks the other side first: `>` for `<`, and the types change places.
SWAPPED = re.compile(r"'(<|>|<=|>=)' not supported between instances of '(\w+)' and '(\w+)'")


def same(theirs, mine):
    """Whether two answers are one, less the side that Python asked first."""
    if theirs == mine:
        return True
    turn = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
    swap = lambda found: f"'{turn[found[1]]}' not supported between instances of '{found[3]}' and '{found[2]}'"
    return "error" in mine and theirs.get("error") == SWAPPED.sub(swap, mine["error"])


def kind_of(theirs, mine):
    """What two answers that differ have in common with others: their words without what varies."""
    def short(answer):
        kind, text = next(iter(answer.items()))
        return kind if kind == "value" else re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "_", text)[:110]
    return f"{short(theirs)} / {short(mine)}"


def report(kinds, count, seed, most):
    total = sum(map(len, kinds.values()))
    print(f"{count} templates, seed {seed}: {total} differences of {len(kinds)} kinds")
    for kind, cases in sorted(kinds.items(), key=lambda item: -len(item[1]))[:most]:
        source, theirs, mine, variables = min(cases, key=lambda case: len(case[0]))
        used = {name: value for name, value in variables.items() if re.search(rf"\b{name}\b", source)}
        print(f"\n{len(cases)} x {kind}\n  {source!r}\n  vars   {used!r}\n  theirs {theirs}\n  ours   {mine}")


def record(maker, real, wanted):
    """Rows of templates short enough to read, those that give a value and those that fail."""
    written = 0
    while written < wanted:
        real.vars = maker.variables()
        print(json.dumps({"vars": real.vars}))
        for _ in range(40):
            source = maker.template()
            signal.alarm(10)
            row = {"source": source, **real.render(source)}
            signal.alarm(0)
            told = f"{source} -> {row}"
            if len(told) > 400 or any(re.search(pattern, told) for pattern in MEANT):
                continue
            print(json.dumps(row))
            written += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
