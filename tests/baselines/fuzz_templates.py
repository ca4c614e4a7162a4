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

os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "0"
os.environ.setdefault("TZ", "UTC")

# Differences that are meant, by a pattern over "source -> theirs -> ours".
MEANT = [
    # CPython's own words, or the names of ansible-core's containers, which rplay has not.
    r"_AnsibleLazy|_AnsibleTagged|_lazy_containers|ansible\._internal",
    # How deep Python can go is not how deep rplay goes.
    r"maximum recursion depth",
    # Python's sets have no order.
    r"\| (union|difference|symmetric_difference|intersect)",
    # jinja2's Markup, and groupby's named tuples in text: plain text and tuples in rplay.
    r"Markup",
    r"groupby",
    # A mistake of ansible-core's own lists, which a variable's are and a literal's are not.
    r"NotImplementedType|not \\?\"UndefinedMarker\\?\"\) to list",
    # Python's own words for what is no name at all.
    r"failed to load: '\w+' object|has no attribute 'decode'",
    # Bytes that are no text: surrogates, which rplay's text cannot hold.
    r"\\\\udc",
    # Too many answers to be waited for.
    r"too slow",
    # Methods of literals and of variables have types of different names.
    r"builtin_function_or_method|'method'|METHOD",
    # Objects' addresses.
    r" at 0x[0-9a-f]+",
]

INTS = [0, 1, 2, 3, 5, 7, 10, -1, -2, 42, 255]
FLOATS = [0.0, 1.0, 1.5, -2.5, 0.1, 100.25, 1e3]
WORDS = ["", "a", "b", "ab", "abc", "Hello World", "x,y,z", "10", "1.5", "true", "no", "a b  c", "é", "line\\nnext", "A-b_c", "k", "%s", "{0}", "<b>", "it"]
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


def plain(name):
    return lambda m, x, e: f"{x} | {name}"


def one(name, options):
    return lambda m, x, e: f"{x} | {name}({m.r.choice(options)})"


def arg(name):
    return lambda m, x, e: f"{x} | {name}({e()})"


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
]

METHODS = [lambda m, t=t: t for t in [
    ".upper()", ".lower()", ".split()", ".split(',')", ".strip()", ".items()", ".keys()", ".values()", ".get('a')", ".get('zz', 1)", ".append(1)",
    ".replace('a', 'b')", ".startswith('a')", ".endswith('z')", ".join(['a', 'b'])", ".count('a')", ".index('a')", ".find('b')", ".title()", ".copy()",
    ".pop()", ".extend([1])", ".update({'a': 1})", ".format(1, a=2)", ".splitlines()", ".zfill(4)", ".isdigit()", ".rsplit('a', 1)", ".partition(',')",
    ".insert(0, 1)", ".sort()", ".reverse()", ".setdefault('q', 1)", ".capitalize()", ".ljust(5)", ".center(7, '*')", ".swapcase()", 
    ".bit_length()", ".isalpha()", ".lstrip('a')", ".encode()", ".nope()", ".nope", ".items", ".popitem()", ".remove(1)", ".clear()",
]]

TESTS = [lambda m, t=t: t for t in [
    "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence", "iterable", "odd", "even", "true", "false", "truthy", "falsy",
    "lower", "upper", "divisibleby(2)", "eq(1)", "in([1, 'a'])", "sameas(none)", "match('a')", "search('b')", "regex('^a')", "contains('a')", "subset([1, 2])", "superset([1])",
    "version('1.0', '>')", "all", "any", "callable", "gt(1)", "lt('a')", "failed", "changed", "skipped", "abs", "url", "filter", "nan",
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
            if theirs != mine:
                told = f"{source} -> {theirs} -> {mine}"
                if not any(re.search(pattern, told) for pattern in MEANT):
                    kinds[kind_of(theirs, mine)].append((source, theirs, mine, variables))
    report(kinds, count, seed, args.show)
    return 1 if kinds else 0


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
