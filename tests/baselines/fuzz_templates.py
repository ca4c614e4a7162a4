#!/usr/bin/env python3
"""Random templates over random variables, rendered by ansible-core and by rplay, and compared.

Run with the Python of an ansible-core 2.19.14 installation:
    cargo build --example render
    python tests/baselines/fuzz_templates.py target/debug/examples/render [--seconds N] [--seed N] [--show N]

Differences in value, type or kind of error are printed, the most frequent first, and after them those of an error's
words alone; the exit status is 1 where there are any of the former. With --record N it compares nothing, and writes N rows to standard output: fuzzed.jsonl. With
--rows FILE it writes rows of the templates in that file, one in each line: mended.jsonl, of mended.txt, where a
template stands for each difference that was found and mended.
"""
import argparse
import collections
import errno
import json
import os
import random
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore", category=SyntaxWarning)
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "0"
os.environ.setdefault("TZ", "UTC")

# What is made equal before two answers are compared: only names, never what a template gives.
PLAIN = [
    # The class of text with a place or trust, which only an error shows: rplay's text does not always have the same.
    (r"(?:ansible\.module_utils\._internal\._datatag\.)?_AnsibleTagged(Date|DateTime)\b", lambda found: "datetime." + found[1].lower()),
    (r"(?:ansible\.module_utils\._internal\._datatag\.)?_AnsibleTagged(Str|Int|Float)\b", lambda found: found[1].lower()),
    # The module of a filter of ansible-core's own, loaded under another name each time.
    (r"ansible\.plugins\.filter\.core_\d+\.", ""),
    # Where an object lies in memory.
    (r"(?i) at 0x[0-9a-f]+", ""),
    # Bytes that are no text: a surrogate for each, which rplay's text cannot hold, or one sign for some.
    (r"(\\\\?udc[0-9a-f]{2}|[\udc80-\udcff]|\ufffd)+", "\ufffd"),
]

# Differences that are meant, each a pattern over "source -> theirs -> ours", in which . is a line end too, and why.
MEANT = [
    (r"(\.(encode|to_bytes)\(|urlsplit).* -> .*bytes", "bytes have but few methods in rplay"),
    (r" \+ .* -> \{'error': \".*'list'(.*)\"\} -> \{'error': \".*'_AnsibleLazyTemplateList'\1\"\}$", "of which class the sum of two lists is, which only an error shows: Python's own where one is a filter's and one a variable's"),
    (r"MarkerError\.__init__\(\) missing 1 required", "a mistake of ansible.utils where a test of it is asked for what failed for two reasons"),
    (r"keyword argument repeated: \w+ \(\S+, line \d+\)", "a line of the Python that jinja2 makes of a template"),
    (r"root\.<locals>\.t_\d+\(\) got an unexpected keyword", "a function of the Python that jinja2 makes of a template, which stands for a filter that there is not"),
    (r"maximum recursion depth exceeded.* -> .*maximum recursion depth exceeded", "where CPython noticed that it went too deep"),
    (r"Invalid version: Markup\(", "HTML that is no version, as Python's repr has it"),
    (r"(filter|set|macro|call|block|recursive) .*without context", "an include without context within a filter, a set block, a recursive loop or a macro, which jinja2 shows at once, outside of it: a mistake of its code generator"),
    (r"\.j2'.* -> \{'error': .*CapturedExceptionMarker.* -> \{'error'", "the same mistake, where what failed is an operand"),
    (r"(?i)time\.struct_time\(|datetime\.IsoCalendarDate\(|\.(timetuple|isocalendar)\(\).* -> \{'value'.* -> \{'value'", "what timetuple() and isocalendar() are, as text: tuples in rplay"),
    (r"inline if-expression on line (\d+) in '\w+\.j2' evaluated.* -> .*inline if-expression on line \1 evaluated", "the name of the template that an `if` without `else` stands in"),
    (r"items(?!\w|\()[^|]*\| *(\w+\.\w+\.\w+|hash|checksum|md5|sha1|b64encode|to_uuid|regex_(escape|findall|search|replace)|replace|split|reverse|truncate|wordwrap|urlencode|password_hash|random|shuffle)\b",
     "where a method lies in memory, in what is made of its text"),
    (r"udc[0-9a-f]{2}.* -> .*\ufffd|surrogates not allowed.* -> \{'value': .*\ufffd", "texts of bytes that are no text: rplay has one sign for all of them, which are alike in sets and no error in YAML"),
    (r"'ansible\.builtin\.(permutations|combinations|product)' failed\.\"\} -> .*too many", "more answers than memory holds, in other words"),
]

# What is asked of neither, since the real one takes too long or too much memory.
TOO_MUCH = re.compile(r"too slow|MemoryError|Out-of-order context deactivation")

INTS = [0, 1, 2, 3, 5, 7, 10, -1, -2, 42, 255]
FLOATS = [0.0, 1.0, 1.5, -2.5, 0.1, 100.25, 1e3]
WORDS = ["", "a", "b", "ab", "abc", "Hello World", "x,y,z", "10", "1.5", "true", "no", "a b  c", "é", "line\\nnext", "A-b_c", "k", "%s", "{0}", "<b>", "it", "192.168.1.10/24", "10.0.0.1", "::1", "2001:db8::/32", "/etc/x.d/a.conf", "http://u@h:80/p?q=1#f", "2024-05-06", "1.2.3", "1.2.3-rc1",
         "- a\\n- b: 1", "{\"a\": [1, null]}", "YWJj", "1h 30m", "10 KB", "ABC", "ß", "\ttab", "'q'", "\"dq\"", "a=b", "0x1f", "1e3", "-7", "C:\\\\x\\\\y.txt", "$HOME", "}}", "aa:bb:cc:dd:ee:ff"]
NAMES = ["i", "f", "s", "t", "l", "d", "n", "ll", "ld", "dd", "e", "lazy", "lz", "missing", "z"]
KEYS = ["a", "b", "k", "items", "x", "zz"]


class Maker:
    """Makes variables, expressions and templates from a grammar."""

    def __init__(self, rng, folder):
        self.r, self.folder, self.round = rng, folder, 0
        self.locals = []

    def files(self):
        """Templates and data that the next templates may name: other names each time, as both keep what they read."""
        self.round += 1
        for name in os.listdir(self.folder):
            os.remove(os.path.join(self.folder, name))
        part = lambda: self.template().replace("\n", " ") if self.r.random() < 0.5 else self.block(0)
        block = lambda name, text: self.tag(f"block {name}") + text + self.tag("endblock")
        n = self.round
        texts = {
            f"inc{n}.j2": part() + "{{ v | default('unset') }}" + self.r.choice(["", "\n", "\n\n"]),
            f"mac{n}.j2": "{% macro say(x, y=i) %}" + self.inside(["x", "y"], 1) + "{% endmacro %}{% set z = " + self.expr(2) + " %}{% set _hid = 1 %}{% macro ask() %}{{ caller(1) if caller else 'none' }}{% endmacro %}",
            f"base{n}.j2": "<" + block("one", part()) + "|" + block("two", "{{ i }}" + part()) + ">\n",
            f"kid{n}.j2": "{% extends 'base" + str(n) + ".j2' %}" + self.r.choice(["", " beside ", "{{ i }}", "{% set q = i %}"]) + block("one", self.r.choice(["", "{{ super() }}"]) + part()) + self.r.choice(["", block("two", "{{ self.one() }}")]),
            f"head{n}.j2": self.r.choice(["#jinja2: trim_blocks: False", "#jinja2: lstrip_blocks: True", "#jinja2:variable_start_string: '[%', variable_end_string: '%]'", "#jinja2: trim_blocks:False, lstrip_blocks:True",
                                          "#jinja2: keep_trailing_newline:False", "#jinja2: nope: 1", "#jinja2: newline_sequence:'\\r\\n'", "#jinja2: block_start_string: '<%', block_end_string: '%>'", "#jinja2", "#jinja2: comment_start_string: '##'"])
            + "\n" + self.r.choice(["{% if t %}\n  {% set q = 1 %}\nx\n{% endif %}\n", "  {% for v in l %}\n    {{ v }}\n  {% endfor %}\nend", "[% i %] {{ i }}\n", "<% if t %>\nyes\n<% endif %>\n", "a {# c #}\n\tb\n## {{ i }}\n"]),
            f"data{n}.ini": "[sec]\n" + "".join(f"{k}={self.r.choice(WORDS)}\n" for k in self.r.sample(KEYS, 3)) + "[global]\na = 1\nb=%(a)s\n",
            f"data{n}.csv": "".join(",".join(self.r.choice(["a", "b", "x y", '"q,1"', "", "10"]) for _ in range(3)) + "\n" for _ in range(4)),
            f"text{n}.txt": self.r.choice(["a\nb\n", "", " x ", "{{ i }}\n", "\n\n", "é\n"]),
        }
        self.texts = texts
        for name, text in texts.items():
            with open(os.path.join(self.folder, name), "w") as out:
                out.write(text)

    def file(self, *kinds):
        """The name of a file that there is, mostly."""
        kind, _, ext = self.r.choice(kinds).partition(".")
        return "nope.j2" if self.r.random() < 0.08 else f"{kind}{self.round}.{ext}"

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
            "ansible_search_path": [self.folder],
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
        ] + [lambda: self.looked_up(depth)] * 5)()

    def looked_up(self, depth):
        """A lookup as it is meant to be called."""
        r, e = self.r, lambda: self.expr(depth - 1)
        call = r.choice(["lookup", "query", "q"])
        more = r.choice(["", "", "", "", ", wantlist=true", ", errors='ignore'", ", errors='warn'", ", wantlist=false", ", allow_unsafe=true", ", nope=1"])
        args = r.choice([
            lambda: "'dict', " + r.choice(["d", "dd", "{}", "{'a': 1, 'b': [2]}", "[d, dd]", "d, dd"]),
            lambda: "'subelements', " + r.choice(["ld, 'k'", "[{'a': [1, 2]}, {'a': []}], 'a'", "[{'a': {'b': [1]}}], 'a.b'", "dd, 'a'", "ld, 'zz', {'skip_missing': true}", "[ld, 'b']", "ld"]),
            lambda: "'nested', " + r.choice(["l, ll", "[1, 2], ['a', 'b'], [true]", "l", "[], [1]", "lz, lz", "ll"]),
            lambda: "'together', " + r.choice(["l, ll", "[1, 2], ['a']", "l", "[], [1]", "lz, [3, 4]"]),
            lambda: "'sequence', '" + r.choice(["1-4", "end=3 format=%02d", "start=10 end=0 stride=-5", "count=2 start=7", "0-9/4:v%x", "start=1 count=0", "start=3", "end=3 count=1", "1-a", "stride=2 end=5", "start=0 end=3 format=x"]) + "'",
            lambda: "'sequence', " + r.choice(["end=3", "start=1, end=i", "count=2, format='a%d'", "start='a', end=2", "end=2, stride=0"]),
            lambda: "'indexed_items', " + r.choice(["l", "ll", "[['a'], 'b']", "d", "s"]),
            lambda: "'items', " + r.choice(["l, ll", "[l]", "s, i", "d", "ld", "lz"]),
            lambda: "'list', " + r.choice(["l", "ll, l", "s"]),
            lambda: "'ini', '" + r.choice(["a", "b", "zz", "[a-z]"]) + f"', file='{self.file('data.ini')}'" + r.choice(["", ", section='sec'", ", section='global'", ", section='nope'", ", default='q'", ", section='sec', re=true", ", type='properties'", ", case_sensitive=true, section='sec'", ", interpolation=false"]),
            lambda: "'ini', '" + r.choice(["a section=sec", "b section=global", "zz default=9", "k section=sec re=true"]) + f" file={self.file('data.ini')}'",
            lambda: "'csvfile', '" + r.choice(["a", "b", "x y", "zz", "a b"]) + f"', file='{self.file('data.csv')}'" + r.choice(["", ", delimiter=','", ", delimiter=',', col=2", ", delimiter=',', col=9", ", delimiter=',', default='q'", ", delimiter=',', keycol=1, col=0"]),
            lambda: "'csvfile', '" + r.choice(["a", "b"]) + f" file={self.file('data.csv')} delimiter=, col=1'",
            lambda: f"'file', '{self.file('text.txt')}'" + r.choice(["", ", lstrip=true", ", rstrip=false", f", '{self.file('data.csv')}'"]),
            lambda: "'lines', '" + r.choice(["echo a; echo b", "true", "printf x", "exit 3", "printf '%s' 'a b'"]).replace("'", "\\'") + "'",
            lambda: "'pipe', '" + r.choice(["echo a; echo b", "true", "printf x", "exit 3"]) + "'",
            lambda: "'first_found', " + r.choice([f"['nope', '{self.file('text.txt')}']", f"'{self.file('text.txt')}'", "[{'files': 'nope'}], skip=true", "'nope', skip=true", "['nope']", f"files=['{self.file('inc.j2')}'], paths=['/nope', '{self.folder}']"]),
            lambda: "'vars', " + r.choice(["'i', 's'", "'missing', default=s", "'lazy'", "'lz'", "s", "'d'", "'missing'", "l"]),
            lambda: "'varnames', " + r.choice(["'^l'", "'.'", "'^nope$'", "'z$', '^i'", "'['", "i"]),
            lambda: "'env', " + r.choice(["'NOPE_X'", "'NOPE_X', default='d'", "'NOPE_X', default=undef()", "i"]),
            lambda: "'config', " + r.choice(["'DEFAULT_POLL_INTERVAL'", "'DEFAULT_BECOME_METHOD'", "'NOPE'", "'NOPE', on_missing='skip'", "'DEFAULT_POLL_INTERVAL', 'DEFAULT_TIMEOUT'", "'NOPE', on_missing='x'", "'DEFAULT_MODULE_NAME', show_origin=true", "i"]),
            lambda: "'random_choice', " + r.choice(["[i]", "['a']", "[l]"]),
            lambda: "'fileglob', " + r.choice(["'*.nope'", "'/nope/*'", f"'{self.folder}/*.csv'"]),
            lambda: "'template', '" + self.file("inc.j2", "mac.j2", "base.j2", "kid.j2", "head.j2", "head.j2", "head.j2") + "'" + r.choice(["", "", ", template_vars={'v': i}", ", convert_data=false", ", variable_start_string='[%', variable_end_string='%]'", ", trim_blocks=false", ", lstrip_blocks=true",
                                                                                                                                           ", comment_start_string='##', comment_end_string='##'", ", jinja2_native=true"]),
            lambda: "'unvault', '" + self.file("text.txt") + "'",
            lambda: "'url', 'http://127.0.0.1:9/', " + r.choice(["timeout=1", "split_lines=false, timeout=1"]) if False else "'password', '" + self.folder + "/p" + str(self.round) + r.choice([" length=5 seed=a", " chars=digits seed=b length=4", " seed=x chars=a,b", " length=x"]) + "'",
            lambda: "'password', '/dev/null', " + r.choice(["seed='a'", "seed=s, length=3", "seed='a', chars=['digits']", "seed=i, chars=['a', 'b'], length=4", "chars=['x'], length=3", "length=-1", "chars=[], length=2, seed='q'", "seed='k', chars=['ascii_letters', '.,:']"]),
            lambda: "'community.general.flattened', " + r.choice(["l, ll", "[1, [2, [3]]]", "s", "lz"]),
            lambda: "'community.general.cartesian', " + r.choice(["l, ll", "[1, 2], ['a']", "l", "[]"]),
            lambda: f"'{r.choice(NAMES)}', {e()}",
        ])()
        return f"{call}({args}{more})"

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
            lambda: "{% include '" + self.file("inc.j2", "kid.j2", "base.j2", "mac.j2") + "'" + r.choice(["", " ignore missing", " with context", " without context", " ignore missing without context"]) + " %}",
            lambda: "{% include ['nope.j2', '" + self.file("inc.j2") + "'] %}",
            lambda: "{% set v = " + self.expr(1) + " %}{% include '" + self.file("inc.j2") + "' %}",
            lambda: "{% import '" + self.file("mac.j2") + "' as mm" + r.choice(["", " with context", " without context"]) + " %}{{ mm." + r.choice(["say(1)", "z", "say(s, y=2)", "nope", "_hid", "ask()"]) + " }}{% call mm.ask() %}{{ i }}{% endcall %}",
            lambda: "{% from '" + self.file("mac.j2") + "' import " + r.choice(["say", "say as tell, z", "z", "nope", "say with context", "ask, say", "_hid"]) + " %}{{ " + r.choice(["say(i)", "tell(1)", "z", "nope", "ask"]) + " }}",
            lambda: "{% for v in " + r.choice(["l", "ld", "lz", "ll", "d", "range(3)", "[]"]) + " %}{{ [loop.index, loop.index0, loop.revindex, loop.revindex0, loop.first, loop.last, loop.length, loop.depth, loop.depth0, loop.cycle('x', 'y', v)] }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.changed(v, 1) }}{% endfor %}",
            lambda: "{% for v in [{'n': 1, 'c': [{'n': 2, 'c': []}]}, {'n': i, 'c': []}] recursive %}{{ loop.depth }}{{ v.n }}[{{ loop(v.c) }}]{% else %}" + self.block(0) + "{% endfor %}",
            lambda: "{% for v in l %}{% if " + self.expr(1) + " %}{% " + r.choice(["break", "continue"]) + " %}{% endif %}{{ v }},{% endfor %}",
            lambda: "{% macro va2(a, b=2) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{{ caller is defined }}{% endmacro %}{{ va2(" + r.choice(["1", "1, 2, 3", "b=1, c=2", "*l", "**d", "a=1, a=2", "i, q=s, *ll"]) + ") }}",
            lambda: "{% macro out(x) %}{% macro inn(y) %}{{ x }}{{ y }}{% endmacro %}{{ inn(1) }}{% endmacro %}{{ out(" + self.expr(1) + ") }}",
            lambda: "{% if t -%}\n  x\n  {%- elif i +%}\n y\n{% endif %}\n  {% set a = 1 %}\n z {#- c -#} \n",
            lambda: "  {%+ if t %}\n\n a{% endif %}  \n{%- raw %}{% if %}{% endraw -%}\n{# x #}\n\n",
            lambda: "{% autoescape " + r.choice(["true", "false"]) + " %}{{ '<' }}{% endautoescape %}",
            lambda: "{{ '" + r.choice(["%s %s", "%(a)s-%(k)s", "%5.1f", "%-6d|", "%#x", "%o", "%.3s", "%*d", "% d", "%c%c"]) + "' % " + r.choice(["(i, f)", "d", "dd", "l", "(s, l)", "(5, i)", "{'a': s, 'k': 1}", "i"]) + " }}",
            lambda: "{{ '" + r.choice(["{0:>10}|{1!r}", "{a[0]}", "{:_}", "{:,.2f}", "{:^9}", "{0.real}", "{:<{w}}", "{:#b}", "{:c}", "{!s:>4.2}", "{:=+6d}", "{d[a]}"]) + "'.format(" + r.choice(["i, s", "f, w=5", "s, l, w=3", "a=l", "d=d, a=s", "l, d", "i, w=8"]) + ") }}",
            lambda: "{{ (" + self.expr(1) + ")[" + r.choice(["::2", "-1:", ":-2", "1:3", "::-1", "3:1:-1", "i:", ":i", "none:2", "'a':"]) + "] }}",
            lambda: "{{ ('" + r.choice(["2024-05-06 07:08:09", "2024-02-29 00:00:00", "1999-12-31 23:59:59"]) + "' | to_datetime" + r.choice(["", "('%Y-%m-%d %H:%M:%S')"]) + ")" + r.choice([".year", ".isoformat()", ".strftime('%a %j %U')", ".weekday()", ".date()", ".timestamp()", ".time()",
              " - ('2024-01-01 00:00:00' | to_datetime)", ".nope", ".replace(year=2000)", ".timetuple()", ".date().isoformat()", " > ('2024-01-01' | to_datetime('%Y-%m-%d'))", ".time().hour", ".ctime()", ".isocalendar()", ".toordinal()", ".date() - ('2020-01-01' | to_datetime('%Y-%m-%d')).date()"]) + " }}",
            lambda: "{{ ((('2024-05-06 07:08:09' | to_datetime) - ('" + r.choice(["2024-05-01 00:00:00", "2024-05-06 07:08:09", "2030-01-01 12:00:01"]) + "' | to_datetime))" + r.choice([".days", ".total_seconds()", ".seconds", "", " * 2", " // 2", " / 2", ".microseconds", " + 1", " | string", ".total_seconds() | int", ".nope"]) + ") }}",
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
        if r.random() < 0.02:
            text = "{% extends '" + self.file("base.j2", "kid.j2") + "' %}\n" + self.tag("block " + r.choice(["one", "two", "three"])) + self.block(0) + r.choice(["", "{{ super() }}"])
            return text + self.tag("endblock") + r.choice(["", "beside {{ i }}", "{% set q = 1 %}"])
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
    one("mandatory", ["'why'", "msg=s"]), one("random", ["0, 1, seed=2", "start=1, step=2, seed=4", "seed=i or 1"]), one("shuffle", ["seed='a'", "i or 1"]),
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
    one("to_datetime", ["'%d.%m.%y'", "'%H:%M'", "'%Y-%m-%dT%H:%M:%S%z'", "format='%j %Y'"]),
    one("strftime", ["1700000000", "0, true", "1e9, utc=true", "none", "-1", "'7'"]),
    one("to_nice_yaml", ["width=40, indent=3", "indent=8", "sort_keys=true, width=10", "default_flow_style=none", "explicit_end=true", "canonical=true", "default_style='|'", "width=1"]),
    one("to_json", ["indent=1, sort_keys=true", "separators=['; ', '= ']", "ensure_ascii=true, indent=0", "preprocess_unsafe=true", "vault_to_text=false", "allow_nan=false", "skipkeys=true"]),
    one("regex_replace", ["'(?i)A', 'b'", "'a|b', ''", "'(a)|(b)', '<\\\\1>'", "'.$', '!', multiline=true", "'b*', '-', count=2", "'(?x) a  # all', 'q'", "'\\\\bit\\\\b', 'IT'"]),
    one("regex_search", ["'(?i)HELLO'", "'(?P<y>\\\\d+)-(?P<m>\\\\d+)', '\\\\g<y>', '\\\\g<m>'", "'^$'", "'a', '\\\\1'", "'(a)', '\\\\g<nope>'", "'(a)', 'x'"]),
    one("password_hash", ["'sha256', 'saltsalt', rounds=1000", "'sha512', salt='abcdefgh', rounds=1000", "'md5', 'abcdefgh'", "'sha512', 'a b', rounds=1000", "'sha256', salt=1, rounds=1000", "'md5', salt='toolongsalt'",
                         "'sha512', 'abcdefgh', rounds=1", "'md5', 'ab', ident='x'", "hashtype='sha256', salt='é', rounds=1000"]),
    one("hash", ["'sha3_256'", "'blake2s'", "'sha384'", "'ripemd160'", "'sm3'", "'md5-sha1'", "'sha512_256'", "'shake_128'", "'SHA1'"]),
    one("combine", ["d, {'a': [1]}, list_merge='prepend_rp', recursive=true", "dd, d, recursive=true, list_merge='append_rp'", "{'k': 1}, recursive='yes'", "[d, dd]", "{}, {}, list_merge='keep'"]),
    one("human_readable", ["unit='M'", "isbits=true", "false, 'k'", "true, 'G'", "unit=''"]), one("human_to_bytes", ["default_unit='K', isbits=true", "'b'", "isbits='x'", "default_unit='Q'"]),
    one("urlsplit", ["'username'", "'netloc'", "'query'", "'fragment'", "'path'", "'password'", "query='port'"]),
    one("zip_longest", ["l, [1, 2], 'abcd'", "fillvalue='-'", "[], fillvalue=0"]), one("product", ["d", "l, repeat=2", "[1], 'ab', (2, 3)"]),
    one("ansible.utils.ipaddr", ["'netmask'", "'broadcast'", "'int'", "'type'", "'version'", "'subnet'", "'hostmask'", "'first_usable'", "'range_usable'", "'host/prefix'", "'network/prefix'", "'ip/prefix'", "'address/prefix'", "'ip_netmask'",
                                "'public'", "'private'", "'loopback'", "'multicast'", "'unicast'", "'wrap'", "'6to4'", "'cidr'", "'10.0.0.0/8'", "'nope'", "'-1'", "'300'", "'size_usable'", "'peer'", "'host', version=4", "version=6", "'', alias='x'",
                                "'ipv4'", "'ipv6'", "'previous_usable'", "'next_usable'", "'network_id'", "'link-local'", "'net', version=6"]),
    one("ansible.utils.ipv4", ["'address'", "'net'", "'host'", "'1'"]), one("ansible.utils.ipv6", ["'prefix'", "'address'", "'nope'"]),
    one("ansible.utils.ipmath", ["'a'", "2**33", "0", "none"]), one("ansible.utils.nthhost", ["0", "'a'", "2**33", "-300"]), one("ansible.utils.ipsubnet", ["33", "24, 300", "'a'", "64, 1", "0", "'192.168.0.0/16'", "28, 0", "26, 'x'"]),
    one("ansible.utils.next_nth_usable", ["1", "10", "'a'", "300"]), one("ansible.utils.previous_nth_usable", ["1", "4", "'a'"]), one("ansible.utils.network_in_network", ["'10.0.0.0/8'", "'10.0.0.1'", "'x'", "'::/0'"]),
    one("ansible.utils.network_in_usable", ["'10.0.0.1'", "'192.168.1.10'", "'x'"]), one("ansible.utils.reduce_on_network", ["'10.0.0.0/8'", "'x'", "'::/0'"]), one("ansible.utils.slaac", ["'aa:bb:cc:dd:ee:ff'", "'x'"]),
    one("ansible.utils.cidr_merge", ["", "'span'", "'nope'"]), one("ansible.utils.usable_range", [""]), one("ansible.utils.ipcut", ["1", "-1", "8"]), one("ansible.utils.ip4_hex", ["", "'.'"]), one("ansible.utils.ipv6form", ["'compress'", "'expand'", "'x509'", "'nope'"]),
    one("ansible.utils.hwaddr", ["''", "'linux'", "'unix'", "'pgsql'", "'psql'", "'win'", "'cisco'", "'bool'", "'nope'", "'int'"]), one("ansible.utils.macaddr", ["''", "'unix'", "'cisco'"]),
    one("community.general.json_query", ["'[*].[a, b]'", "'[::-1]'", "'max_by(@, &a)'", "'join(`,`, @)'", "'to_string(@)'", "'values(@)'", "'a.b'", "'[?a==`1`]'", "'[?contains(b, `a`)]'", "'type(@)'", "'merge(@, `{}`)'", "'not_null(a, b)'", "'a[0]'", "''", "'sort_by(@, &a)[0]'", "'reverse(@)'", "i"]),
    one("community.general.replace_keys", ["target=[{'after': 'q', 'before': 'a'}]", "target=[{'after': 'q', 'before': '^a'}], matching_parameter='regex'", "target=[]", "target={'after': 'q'}", "target=[{'after': 'q', 'before': 'a'}], matching_parameter='nope'"]),
    one("community.general.keep_keys", ["target='a'", "target=[]", "target=['a'], matching_parameter='ends_with'", "", "target=['('], matching_parameter='regex'", "target=1"]), one("community.general.remove_keys", ["target='a'", "target='[ab]', matching_parameter='regex'", "target=['a', 'a']", "nope=1"]),
    one("community.general.lists_mergeby", ["ld, ld, 'b'", "'a'", "ld, 'a', nope=1", "[{'a': 1, 'q': [1]}], 'a', recursive=true, list_merge='prepend'", "ld, ['a']", "ld, 'zz'"]),
    one("community.general.lists_union", ["l", "[1, 2]", "'ab'", "[1], flatten=true", "1", "", "[l], flatten=true"]), one("community.general.lists_intersect", ["l", "[1, 2], [2]", "'ab'", "[[1, 2]], flatten=true"]),
    one("community.general.lists_difference", ["l", "[1, 2]", "[]"]), one("community.general.lists_symmetric_difference", ["l", "[1, 2]", "[3], [3]"]),
    one("community.general.accumulate", ["", "'a'"]), one("community.general.crc32", [""]), one("community.general.random_mac", ["seed='a'"]),
    one("community.general.from_csv", ["", "delimiter=';'", "fieldnames='a,b'", "dialect='unix'", "dialect='nope'", "skipinitialspace=true", "strict=true", "fieldnames=['a']"]),
    one("community.general.to_time_unit", ["'s'", "'ms'", "'nope'", "'d', year=365", "unit='h'"]), one("community.general.to_minutes", ["", "month=30"]), one("community.general.to_hours", [""]), one("community.general.to_days", ["week=7"]), one("community.general.to_milliseconds", [""]),
    one("community.general.to_weeks", [""]), one("community.general.to_months", [""]), one("community.general.to_years", ["nope=1"]), one("community.general.version_sort", [""]), one("community.general.dict_kv", ["none", "l", "'a b'"]),
    one("community.general.groupby_as_dict", ["'k'", "'zz'", "1"]), one("community.general.counter", [""]), one("ansible.utils.ipwrap", ["'address'", "'nope'"]),
    one("ansible.utils.get_path", ["'a'", "'b.a'", "'a|upper'", "'k'", "'zz|default(1)'", "'['", "5", "'a', true", "'a', wantlist=true", "path='b[0]'", ""]), one("ansible.utils.to_paths", ["", "'p'", "wantlist=true", "prepend='a b'", "l", "nope=1"]),
    one("ansible.utils.index_of", ["'eq', 1", "'odd'", "'!in', 'abc'", "'match', 'a'", "'eq', 1, 'a'", "'eq', 'x', 'k', wantlist=true", "'defined', none, 'a', true", "'nope'", "'in', [1, 'a']", "'not eq', 1", "'string'", "test='mapping'", ""]),
    one("ansible.utils.keep_keys", ["['a']", "['a', 'k']", "'a'", "['a'], 'starts_with'", "['b'], 'ends_with'", "['^[ak]'], 'regex'", "[]", "['a'], 'x'", "5"]), one("ansible.utils.remove_keys", ["['a']", "['a'], 'starts_with'", "['.'], 'regex'", "['zz']", "target=['k']", "''"]),
    one("ansible.utils.replace_keys", ["[{'before': 'a', 'after': 'q'}]", "[{'before': 'a', 'after': 'k'}, {'before': 'k', 'after': 'a'}]", "[{'before': '', 'after': 'q'}], 'starts_with'", "[{'before': '.', 'after': 'z'}], 'regex'", "[{}]", "[{'x': 1}]", "'before=a after=b'"]),
    one("ansible.utils.fact_diff", ["d", "l", "s", "'a'", "d, common=true", "[1, 'a']", "l, {'vars': {'skip_lines': ['a']}}", "none"]), one("ansible.utils.param_list_compare", ["['all']", "['all', '!a']", "['a', 'b', 'zz']", "l", "'a,b'"]),
    one("ansible.utils.from_xml", ["", "'xmltodict'", "'lxml'"]), one("ansible.utils.to_xml", ["", "indent='spaces'", "full_document=false", "'xmltodict', 'spaces', 2"]),
    one("community.general.from_ini", ["", "1"]), one("community.general.to_ini", [""]), one("community.general.unicode_normalize", ["", "'NFD'", "'NFKC'", "form='NFKD'", "'x'"]), one("community.general.reveal_ansible_type", ["", "{'str': 'text'}", "alias=5"]),
    one("community.general.json_patch", ["'add', '/a', 1", "'remove', '/a'", "'replace', '/0', 5", "'test', '/a', 1", "'test', '/a', 1, fail_test=true", "'add', '/-', d", "'nope', '/a'", "'add', 'a'", "op='add', path='/b/0', value=l"]),
    one("community.general.json_patch_recipe", ["[{'op': 'add', 'path': '/q', 'value': 1}, {'op': 'move', 'path': '/r', 'from': '/q'}]", "[{'op': 'copy', 'path': '/0', 'from': '/1'}]", "[]", "l", "[{'op': 'test', 'path': '', 'value': 1}], true"]),
    one("community.general.to_prettytable", ["", "'a'", "'a', 'b'", "header_names=['x']", "column_alignments={'a': 'left', 'b': 'r'}", "column_order=['k', 'a']"]), one("community.general.to_yaml", ["", "indent=4", "default_flow_style=false"]), one("community.general.to_nice_yaml", ["", "width=20"]),
    one("unvault", ["'x'"]), one("realpath", [""]), one("expanduser", [""]), one("expandvars", [""]), one("type_debug", [""]), one("pprint", ["true"]), one("safe", [""]), one("to_nice_yaml", ["default_style='\"'"]),
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
    "version('1.0.0', '<', version_type='semver')", "version('1.2.3-rc1', '>=', version_type='semantic')", "version('2024.5', 'eq', version_type='pep440')", "version('1.0a1', '>', version_type='loose')", "version('1.0', '<', strict=true, version_type='strict')",
    "version('x', 'ne')", "version(l)", "version('1.0', operator='<=')", "version('')", "in_any", "ansible.utils.in_any_network(['10.0.0.0/8', '::/0'])", "ansible.utils.ipv4", "ansible.utils.ipv6_address", "ansible.utils.mac", "ansible.utils.subnet_of('10.0.0.0/8')",
    "ansible.utils.supernet_of('10.0.0.1/32')", "ansible.utils.loopback", "ansible.utils.multicast", "ansible.utils.unspecified", "ansible.utils.ip_address", "ansible.utils.in_one_network(['10.0.0.0/8'])",
    "ansible.utils.private", "ansible.utils.public", "ansible.utils.reserved", "ansible.utils.ipv4_netmask", "ansible.utils.ipv4_hostmask", "ansible.utils.ipv6_teredo", "ansible.utils.ipv6_sixtofour", "ansible.utils.ipv6_ipv4_mapped", "community.general.ansible_type('str')", "community.general.ansible_type(['int', 'list[str]'])", "community.general.fqdn_valid", "community.general.fqdn_valid(min_labels=2)",
    "== 1", "!= s", "defined or true", "none and false", "all", "any", "callable", "gt(1)", "lt('a')", "failed", "changed", "skipped", "abs", "url", "filter", "nan",
]]


class Ordered:
    """A set in the order of its items, as rplay's filters of sets have it; Python's own order is arbitrary."""

    def __init__(self, items=()):
        self.items = dict.fromkeys(items)

    def __iter__(self):
        return iter(self.items)

    def __and__(self, other):
        return Ordered(item for item in self.items if item in other.items)

    def __sub__(self, other):
        return Ordered(item for item in self.items if item not in other.items)

    def __or__(self, other):
        return Ordered([*self.items, *other.items])

    def __xor__(self, other):
        return (self - other) | (other - self)


class Real:
    """ansible-core's own renderings."""

    def __init__(self, folder):
        from ansible.parsing.dataloader import DataLoader
        from ansible.plugins.loader import filter_loader, init_plugin_loader, lookup_loader
        from ansible.template import Templar, trust_as_template
        from ansible.utils.display import Display
        from jinja2.environment import Template

        Display.display = lambda *args, **kwargs: None
        init_plugin_loader()
        # No open files but the three that every process has: a number is an open file to tests of paths.
        stat = os.stat

        def of_three(path, **options):
            if isinstance(path, int) and 2 < path < 1 << 31:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF), path)
            return stat(path, **options)

        os.stat = of_three
        # ansible.utils copies what it is given, which in a template from a file leads to the template itself.
        Template.__deepcopy__ = lambda template, memo: template
        # What is in the order of Python's sets, and so another one in each run.
        filter_loader.get("ansible.builtin.union").j2_function.__globals__["set"] = Ordered
        sequence = lookup_loader.get("ansible.builtin.sequence").set_fields.__globals__
        sequence["FIELDS"] = ("start", "end", "stride", "count", "format")
        self.loader, self.templar, self.trust = DataLoader(), Templar, trust_as_template
        self.loader.set_basedir(folder)
        self.searched = [os.path.join(folder, "templates"), folder]
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
        # Again and again: what is asked may take the first for its own failure.
        signal.setitimer(signal.ITIMER_REAL, 10, 1)
        try:
            templar = self.templar(loader=self.loader, variables=self.trusted(self.vars))
            templar = templar.copy_with_new_env(searchpath=self.searched)
            return {"value": repr(templar.template(self.trust(source)))}
        except Exception as ex:
            return {"error": str(ex)}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


class Ours:
    """rplay's, in one process that is started again where it ends."""

    def __init__(self, program, folder):
        self.program, self.folder, self.vars = program, folder, {}
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=roomier)

    def ask(self, row):
        try:
            self.process.stdin.write(json.dumps(row) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            return json.loads(line)
        except (BrokenPipeError, ValueError):
            status = self.process.wait()
            self.start()
            self.set(self.vars)
            return {"error": f"CRASH: status {status}"}

    def set(self, variables):
        self.vars = variables
        self.ask({"vars": variables, "paths": [self.folder], "environment": dict(os.environ)})


def roomier():
    resource.setrlimit(resource.RLIMIT_AS, (1 << 32, 1 << 32))


def out_of_time(*_):
    raise TimeoutError("too slow")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--show", type=int, default=40)
    parser.add_argument("--record", type=int, default=0)
    parser.add_argument("--rows", type=os.path.abspath)
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.randrange(10**9)
    args.program = args.program and os.path.abspath(args.program)
    # What a template asks for may be as large as it likes. rplay may take more, since it does not end where Python does.
    resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 1 << 32))
    with tempfile.TemporaryDirectory() as folder:
        # Relative paths are of the root, in both.
        os.chdir("/")
        if args.rows:
            return record_rows(Real(folder), args.rows)
        if args.record:
            return record(Maker(random.Random(seed), folder), Real(folder), args.record)
        return supervise(folder, args, seed)


def supervise(folder, args, seed):
    """Has a child compare until the time is over, or SIGINT or SIGTERM comes, and tells what differed.

    What a template asks for can hold Python up in one call, where no signal reaches it: such a child is ended.
    """
    ending = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ending.append(True))
    kinds, meant, count, end, turn = collections.defaultdict(list), collections.Counter(), 0, time.time() + args.seconds, 0
    while time.time() < end and not ending:
        source, sink = os.pipe()
        child = os.fork()
        if not child:
            os.close(source)
            os.setpgid(0, 0)
            with os.fdopen(sink, "w") as told:
                compare(folder, args, seed + turn, told)
            os._exit(0)
        os.close(sink)
        turn += 1
        with os.fdopen(source) as told:
            while time.time() < end and not ending:
                if not select.select([told], [], [], 60)[0]:
                    meant["too much"] += 1
                    break
                line = told.readline()
                if not line:
                    break
                asked, aside, found = json.loads(line)
                count += asked
                meant.update(aside)
                for case in found:
                    kind = kind_of(*case[1:3])
                    # Of two values, the words say nothing.
                    if kind not in kinds or kind == "value / value":
                        print(f"after {count}: {case[0]!r}\n  {case[1]}\n  {case[2]}", flush=True)
                    kinds[kind].append(case)
        try:
            os.killpg(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(child, 0)
    differ = report(kinds, count, seed, args.show)
    for why, times in meant.most_common():
        print(f"set aside: {times} x {why}", flush=True)
    return 1 if differ else 0


def compare(folder, args, seed, told):
    """Asks both without end, and tells each round: how many, what was set aside, what differed."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, out_of_time)
    maker, real = Maker(random.Random(seed), folder), Real(folder)
    ours = Ours(args.program, folder)
    while True:
        variables = maker.variables()
        maker.files()
        real.vars = variables
        ours.set(variables)
        count, meant, found = 0, [], []
        for _ in range(20):
            source = maker.template()
            theirs = real.render(source)
            if TOO_MUCH.search(theirs.get("error", "")) or theirs == {"error": ""}:
                meant.append("too much")
                continue
            mine = ours.ask({"source": source})
            count += 1
            if same(theirs, mine):
                continue
            why = next((why for pattern, why in MEANT if re.search(pattern, f"{source} -> {theirs} -> {mine}", re.DOTALL)), None)
            if why:
                meant.append(why)
                continue
            names = set(re.findall(r"[a-z]+\d+\.\w+", source))
            files = {name: text for name, text in maker.texts.items() if name in names or names and name.startswith(("base", "mac", "inc"))}
            found.append((source, theirs, mine, {**variables, **files}))
        print(json.dumps([count, meant, found]), file=told, flush=True)


def same(theirs, mine):
    """Whether two answers are one, less the names that PLAIN makes equal."""
    return theirs == mine or plainly(theirs) == plainly(mine)


def plainly(answer):
    kind, text = next(iter(answer.items()))
    for pattern, instead in PLAIN:
        text = re.sub(pattern, instead, text)
    return kind, text


def error_kind(answer):
    """What kind of error an answer is: of which plugin, of syntax, something undefined, of Python's; None for a value."""
    kind, text = next(iter(answer.items()))
    if kind == "value":
        return None
    plugin = re.match(r"The \w+ plugin '[\w.]+' failed", text)
    if plugin:
        return plugin[0]
    head = re.match(r"Syntax error|Error rendering|Recursive loop|CRASH", text)
    return head[0] if head else "undefined"


def kind_of(theirs, mine):
    """What two answers that differ have in common with others: their words without what varies."""
    def short(answer):
        kind, text = next(iter(answer.items()))
        return kind if kind == "value" else re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "_", text)[:110]
    return f"{short(theirs)} / {short(mine)}"


def report(kinds, count, seed, most):
    words = {kind for kind, cases in kinds.items() if error_kind(cases[0][1]) and error_kind(cases[0][1]) == error_kind(cases[0][2])}
    total = lambda chosen: sum(len(kinds[kind]) for kind in chosen)
    print(f"{count} templates, seed {seed}: {total(kinds.keys() - words)} differences in value, type or kind of error, {total(words)} in its words alone")
    for kind, cases in sorted(kinds.items(), key=lambda item: (item[0] in words, -len(item[1])))[:most]:
        source, theirs, mine, variables = min(cases, key=lambda case: len(case[0]))
        used = {name: value for name, value in variables.items() if "." in name or re.search(rf"\b{name}\b", source)}
        print(f"\n{len(cases)} x {kind}\n  {source!r}\n  vars   {used!r}\n  theirs {theirs}\n  ours   {mine}")
    return total(kinds.keys() - words)


def record(maker, real, wanted):
    """Rows of templates short enough to read, those that give a value and those that fail."""
    signal.signal(signal.SIGALRM, out_of_time)
    written = 0
    while written < wanted:
        real.vars = maker.variables()
        print(json.dumps({"vars": real.vars}))
        for _ in range(40):
            source = maker.template()
            row = {"source": source, **real.render(source)}
            told = json.dumps(row)
            # What needs a file, and what is told in names that are not rplay's, is compared only.
            if len(told) > 400 or maker.folder in told or ".j2" in source or plainly(real.render(source)) != tuple(real.render(source).items())[0]:
                continue
            print(told)
            written += 1
    return 0


# The variables of the templates in mended.txt.
VARIABLES = {
    "ansible_search_path": ["/nowhere"], "i": 2, "f": 1.5, "s": "abc", "t": True, "l": [1, "a", None], "d": {"a": 1, "b": "x"}, "n": None, "ll": [[1], [2, 3]], "e": "", "lazy": "{{ missing }}", "lz": ["{{ i }}", 1, "{{ s }}"],
    "ld": [{"a": 1, "b": "a", "k": True}, {"a": 2, "b": "b", "k": None}], "dd": {"a": {"a": 1, "b": 2}, "k": {"a": 3, "b": None}},
}


def record_rows(real, path):
    """Rows of the templates in a file."""
    signal.signal(signal.SIGALRM, out_of_time)
    real.vars = VARIABLES
    print(json.dumps({"vars": VARIABLES}))
    with open(path) as lines:
        for line in lines:
            source = line.rstrip("\n")
            if source:
                kind, text = plainly(real.render(source))
                print(json.dumps({"source": source, kind: text}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
