#!/usr/bin/env python3
"""Records how the real ansible-core reads and writes YAML.

    python record_yaml.py        (with ansible-core 2.19.14 installed)

writes yaml_load.jsonl, yaml_tail.jsonl, yaml_broken.jsonl and yaml_dump.jsonl beside itself. Texts stand in the
lists below; every row is compared by the tests in src/yaml/.
"""
import datetime
import json
import os
import pathlib
import tempfile

import yaml
from ansible._internal._datatag._tags import Origin, TrustedAsTemplate
from ansible.errors import AnsibleError
from ansible.parsing.utils.yaml import from_yaml
from ansible.parsing.vault import EncryptedString
from ansible.parsing.yaml.loader import AnsibleLoader
from ansible.parsing.yaml.dumper import AnsibleDumper
from ansible.plugins.filter.core import to_yaml, to_nice_yaml
from ansible._internal._yaml import _constructor

HERE = pathlib.Path(__file__).parent

SCALARS = """
0 1 -1 +1 00 07 08 09 0755 -0755 +0755 0o17 0b1010 0b 0b2 0x1F 0XFF 0x 0xg -0x1f 1_000 _1 1_ 0_ 1__0 123456789012345678901234567890
-123456789012345678901234567890 9223372036854775807 9223372036854775808 -9223372036854775808 1:30 1:60 1:5 01:30 -1:30 1:30:45 1:2:3:4 190:20:30
190:20:30.15 1:30. 1:30.5 1_0:30 12:30:45 1: 1:a 0.0 1.0 -1.5 +1.5 1. .5 -.5 +.5 . .. .e5 1.5e3 1.5e+3 1.5E-3 1e3 1e+3 1.e+3 1_0.5 1._5 .5_0 .inf -.inf +.inf .Inf .INF
.iNF .nan .NaN .NAN .Nan inf nan Infinity yes Yes YES yEs no No NO on On ON off Off OFF true True TRUE tRUE false False FALSE y Y n N t f
null Null NULL nULL ~ ~~ none None << <<< = == 2001-12-14 2001-1-1 2001-01-1 2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43Z 2001-12-14T21:59:43z
2001-12-14t1:59:43 2001-12-14T21:59 2001-12-14T21:59:43.1234567 2001-12-14T21:59:43. 2001-12-14T21:59:43+1 2001-12-14T21:59:43+01:30 2001-12-14T21:59:43-00:30 1999-02-29 2000-02-29 2001-13-01
2001-00-01 2001-01-00 0000-01-01 2001-12-14T24:00:00 2001-12-14T21:60:00 2001-12-14T21:59:60 2001-12-14T21:59:43+24:00 12-12-2001
a-b a:b a#b #a -a -- --- ... ?a :a a: @a `a %a !a 'a' "a" {{a}} [a] {a} é ß 日本 🎉 a\\b "a\\tb" "\\u00e9" "\\x41" 'it''s' 1.2.3 10.0.0.1 1,000 1/2 5% +-1 --1 -+1 - + 0.1.2 1-1 e3 0e3 0.e3
""".split()

SCALARS += ["2001-12-14 21:59:43.10 -5", "2001-12-15 2:59:43.10", "2001-12-14 21:59:43", "2001-12-14  21:59:43 Z", "2001-12-14 21:59:43 +05:30", "a b", "a #b", "a # b", "''", '""', "- a", "a: b", "yes no"]

TAGGED = """
!!str 12|!!str|!!int "12"|!!int 0x10|!!int x|!!int ""|!!int -|!!int 08|!!int 1:x|!!int " 5 "|!!float 1|!!float x|!!float "1e3"|!!float inf|!!float 1:30|!!bool yes|!!bool x|!!bool "yEs"|!!null x|!!null ''
!!timestamp 2001-12-14|!!timestamp 2001-1-2|!!timestamp x|!!binary aGVsbG8=|!!binary aGVsbG8|!!binary a|!!binary "aGVs\\n bG8="|!!binary é|!!binary aGVs=bG8=|!!binary ""|!!binary ab==cd
!!set {a}|!!set {}|!!omap [a: 1, b: 2]|!!pairs [a: 1, a: 2]|!!omap {a: 1}|!!omap [1]|!!omap [{a: 1, b: 2}]|!!pairs x|!!seq [1]|!!seq x|!!map {a: 1}|!!map [1]|!!str [1]|!!str {a: 1}|!!str {=: x}|!!int {=: 5}
!unsafe x|!unsafe "{{ x }}"|!unsafe 12|!unsafe "12"|!unsafe [a, {b: c}]|!unsafe {a: [b, !!str 1]}|!unsafe yes|!unsafe "<<"|!unsafe "*"|!unsafe|!unsafe {<<: {a: 1}, b: 2}|!unsafe [[a]]
!vault x|!vault "12"|!vault [1]|!vault-encrypted x|!vault|!foo x|!foo [1]|!foo {a: 1}|!!foo x|!!python/unicode x|!!python/dict {a: 1}|!!python/tuple [1]|!!python/object:os.system x|! 12|! "12"|! [1]|! {a: 1}|!<tag:yaml.org,2002:str> 1|!e!x 1
&a x|&a [1]|*a|!!merge x|!!value x|!!yaml x|=|<<|!!int 99999999999999999999
""".strip().replace("\n", "|").split("|")

DOCUMENTS = [
    "", "\n", "# comment\n", "---\n", "---\n...\n", "--- a\n...\n", "a", "- a\n- b\n", "a: 1\nb: 2\n", "# c\n- a: 1\n  b: 2\n-\n  - x\n  -   y\n- - z\n",
    "a: |\n  x\n  y\nb: >\n  x\n  y\n\n  z\nc: |-\n  x\nd: >-\n  x\n  y\ne: |+\n  x\n\nf: |2\n    x\n", "a: 'x\n  y'\nb: \"x\\\n  y\"\nc: x\n  y\n",
    "k:\n- 1\n- 2\nl: []\nm: {}\nn:\n", "? a\n: b\n? c\n", "? |\n  x\n: - y\n", "{a: 1, b: [x, {c: d}], e}\n", "[a: 1, b]\n", "{a, b: }\n", '{"a":1}\n', "[a,b,]\n",
    "a: &x 1\nb: *x\n", "a: &x [1, 2]\nb: *x\n", "a: &x {k: v}\nb: {<<: *x, z: 1}\n", "a: &x {kk: v}\nb: {<<: *x, kk: w}\n", "b: {kk: w, <<: {kk: v, zz: 2}}\n",
    "c: {<<: [{xx: 1, zz: 1},{xx: 2, yy: 3}]}\n", "c: {<<: [{x: 1},{x: 2}]}\n", "a: &a {xx: 1}\nb: &b {<<: *a, xx: 2}\nc: {<<: [*a, *b], q: 1}\n", "c: {<<: {xx: 1}, <<: {xx: 2}}\n",
    'c: {"<<": {a: 2}}\n', "c: {!!merge a: {b: 1}}\n", "a: {<<: !foo {b: 1}}\n", "a: {<<: {b: 1, =: 2}, =: 4}\n", "a: {<<: []}\n", "a: {<<: 1}\n", "a: {<<: [1]}\n", "a: {<<: }\n", "a: &a {x: 1, <<: {y: 2}}\nb: *a\n",
    "x: &x {aa: 1}\ny: {<<: [*x, *x]}\n", "x: &x {aa: 1}\ny: &y {<<: *x}\nz: {<<: [*x, *y]}\n",
    "a: 1\na: 2\n", "a: {b: 1, b: 2}\na: 3\n", "1: a\ntrue: b\n1.0: c\n", "true: 1\nTrue: 2\n", "~: 1\nnull: 2\n", "a: [{x: 1, x: 2}]\nb: {y: 1, y: 2}\nb: 1\n", "2001-01-01: a\n2001-01-01: b\n", "é: 1\né: 2\n", "\"it's\": 1\n\"it's\": 2\n",
    "? [1]\n: 2\n", "? {a: 1}\n: 2\n", "a: {{ x }}\n", "{{ x }}\n", "a: {{x}}: y\n", "1.5: a\n0755: b\n!!str 1: c\n!!binary aGk=: d\n", "!unsafe k: v\n",
    "h: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n", "h: !vault >\n  x\n", "h: !unsafe |\n  {{ x }}\n", "h: !unsafe\n  - '{{ a }}'\n  - b: '{{ c }}'\n", "a: &x '{{ y }}'\nb: *x\n", "a: !unsafe &x ['{{ y }}']\nb: 1\n",
    "\ufeffa: 1\n", "a: 1\r\nb: 2\r\n", "a: 1\rb: 2\r", "a: x\u0085b: 2\n", "a: |\n  x\u2028y\n", "a:\tb\n", "a: b\t# c\n", "%YAML 1.1\n---\na: 1\n", "%TAG !e! tag:e,2000:\n---\n!e!x a\n", "%TAG !! tag:yaml.org,2002:\n---\n!!int '3'\n", "%FOO bar\n---\na\n",
    "a: 1\n---\nb: 2\n", "--- a\n--- b\n", "a\n...\nb\n", "- hosts: all\n  tasks:\n    - name: x\n      debug: msg=\"{{ y }}\"\n      when: a is b\n\n    - shell: |\n        echo\n      args:\n        chdir: /\n",
    "a: *x\n", "a: &a 1\nb: &a 2\n", "a: 'x\n", "a: [1, 2\nb: 3\n", "a: {b: 1\n", "a: b: c\n", "a:\n  - b\n c: d\n", " a: 1\nb: 2\n", "a: 1\n b: 2\n", "- a\nb: 1\n", "a: @x\n", "a: `x\n", "a: %x\n", "a: \"\\q\"\n", "a: \"\\x4\"\n", "a: |x\n", "a: |\n\tx\n", "\ta: 1\n", "a: ]\n", "a: }\n", ",\n", "[,]\n", "a: [1 2: 3, [}\n", "a: &\n", "a: *\n", "a: !<x\n", "a: ! !x y\n", "a: &x &y z\n", "%YAML 3.0\n---\na\n", "%YAML x\n---\na\n", "%TAG x\n---\na\n", "---\n%TAG ! x\n", "a: \x00\n", "a: \x07\n", "a: \ufffe\n", "a: x\x7f\n", "a: [" + "x, " * 400 + "y]: z\n", "x" * 1100 + ": 1\n", "? a\n? b\n- c\n", "a\nb: c\n", "'a' b: c\n", "a: 'b' c\n", "a: \"b\" c\n", "a: 'b': c\n", "- - a\n - b\n", "a: >2\n x\n", "a: |0\n  x\n", "a: |-2+\n  x\n", "[a\n", "[a]]\n", "a: {b}c\n", "- {{ x }}\n", "- a: {{ x }}\n  b: {{ y }}\n", "a: '{{ x }}\n", "!!map\n", "!!seq\n", "!!set\n",
    "a: b\n# c\n\n\nd:\n\n\n  e\n", "a:   'x'\nlong key here:    v\n", "a: !!str 'x'\nb: !!int\n  5\nc: &q\n  d: 1\n", "- &a !!str x\n- !!str &b y\n", "-\n- ~\n- ''\n", "a: {b: {c: {d: {e: 1}}}}\n", "- !!omap\n  - a: 1\n- !!pairs\n  - b: {c: 1, c: 2}\n",
    "[" * 200 + "]" * 200, "a: 2001-13-01\nb: *z\n", "a: {x: !foo 1}\nb: !bar 2\n", "a: [[!foo 1]]\nb: [!bar 2]\n", "a: [[!foo 1]]\nb: [c, [d], ? [e]]\n",
]

BROKEN = [d for d in DOCUMENTS] + [
    "- name: x\n  shell: echo 'name: ansible'\n", "- name: x: y\n", "- debug: msg=hello: world\n", "raw: \"foo\" in bar\n", "raw: \"foo\" in \"bar\"\n", "- raw: 'a' and 'b'\n", "x: \"a: b\" c: d\n", "- copy: src=foo.txt\n    dest: bar.txt\n",
    "- msg == \"Error: 'dude' was not found\"\n  x\n", "a: {{ x }}.txt\n", "a: x {{ y }}\nb: [\n", "  - a: {{ b }}: c\n", "a b: {{ c }}\n", "a-b: {{ c }}\n", "- - {{ x }}\n", "a: b\n\tc: d\n", "a: \"b\tc\" d\n", "a: 'it's'\n", "a: \"b\n", "- hosts: all\n  tasks:\n  - debug:\n      msg: hi\n    when: x\n   tags: y\n",
    "- hosts: all\n   tasks: []\n", "a: [b\nc: d\n", "a: {b: c\nd: e\n", "key: [a, b}\n", "key: {a, b]\n", "a: foo: bar\n", ": a\n b\n", " : x: y\n- z\n", "[a]: b: c\n", "{a}: b: c\n", "a.b: c: d\n", "a: 'b: c' d\n", "a: 'b:c'd: e\n", "a: \"x\"\nb: 'y' z: \"w\"\n", "\"a\": \"b\" \"c\"\n", "- \"a\" b\n", "- 'a' 'b'\n", "'a\n", "\"a\n", "a: |\n b\n  c\n d\ne\nf: g\n",
    "é: ü: ö\n", "a: 日本: x\n", "a: b\n  c\n d: e\n", "---\na: 1\n...\n---\nb\n", "a: !vault [1]\n", "a: {{ x }} # \t\n", "x: y\nx y z\n", "a:\n- b\n  c: d: e\n", "- a\n-b\n", "a: 1\n-b: 2\nc\n", "key: 'x' # don't\n  y: z\n", "a: b\n===\n", "<<<<<<< HEAD\na: 1\n=======\n", "a: -\n", "a: - b\n", "a: ? b\n", "a: &x\n", "a: *y z\n", "hosts: all\ntasks\n", "a: [1, 2]]\n", "a: b}\nc: {d\n",
]


def show(value):
    origin = Origin.get_tag(value)
    at = f"@{origin.line_num}:{origin.col_num}" if origin else ""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{show(k)}: {show(v)}" for k, v in value.items()) + "}" + at
    if isinstance(value, (set, tuple, list)):
        return "[" + ", ".join(show(v) for v in value) + "]" + at
    if isinstance(value, EncryptedString):
        return f"vault {str(value._ciphertext)!r}" + at
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(str(value)) + at + ("T" if TrustedAsTemplate.is_tagged_on(value) else "")
    return repr(value) + at


class Said(list):
    def warning(self, msg, obj=None, help_text=None):
        self.append(self.text(msg, obj, help_text))

    def deprecated(self, msg, version, obj, help_text):
        self.append(self.text(f"{msg} This feature will be removed from ansible-core version {version}.", obj, help_text))

    @staticmethod
    def text(msg, obj, help_text):
        origin = obj if isinstance(obj, Origin) else Origin.get_tag(obj)
        if origin:
            return f"{msg}\nOrigin: f:{origin.line_num}:{origin.col_num}\n\n{help_text}"
        return f"{msg} {help_text}" if obj is None else f"{msg}\nOrigin: <unknown>\n\n{obj}\n\n{help_text}"


def record_load():
    texts = DOCUMENTS + [f"k: {s}\n" for s in SCALARS] + [f"- {s}\n" for s in TAGGED]
    for text in dict.fromkeys(texts):
        _constructor.display = said = Said()
        row = {"text": text}
        try:
            row["shown"] = show(yaml.load(TrustedAsTemplate().tag(text), Loader=AnsibleLoader))
        except Exception as ex:
            row["error"] = str(ex) or repr(ex)
        if "error" not in row and said:
            row["said"] = list(said)
        yield row


def record_tail():
    """Texts that end without a line break, in and after block scalars."""
    tails = ["", "x", "  x", "  x\n  y", "  x\n\n  y", "  x\n", "  x\n ", "  x\n  ", "  x\n   ", "  x\n\n", "  x\n\n  ", "  x\n\n\n    ", "  x\n    \n  ", "\n  ", "\n", "  ", "  x\n# c", "  x\n  # c", "  x\n\n# c", "  x\ny: 1", "  x\ny: [", "  x\ny: 'z", "  x\r", "  x\u2028"]
    for head in ("|", ">", "|-", ">-", "|+", ">+", "|2", "| # c"):
        for tail in tails:
            text = f"a: {head}\n{tail}"
            try:
                yield {"text": text, "repr": repr(yaml.load(text, Loader=yaml.CSafeLoader))}
            except Exception as ex:
                yield {"text": text, "error": str(ex)}
    for text in ("a: |", "a: >-", "- |", "|", "|\n x", "a: [|", "a: b|", "a: 'x|", "a|: [", "x|: {y", "k|: &a", "k|:", "k|: !!str", "k|: *", "'|", "'\\", '"\\', '"a\\\\\\', '"\\\\', "a: \"x\n  y\\", "a\\", "\ufeff\"x\\", '"x', "'x", '"\\x4', "a: b\\"):
        try:
            yield {"text": text, "repr": repr(yaml.load(text, Loader=yaml.CSafeLoader))}
        except Exception as ex:
            yield {"text": text, "error": str(ex)}


def record_broken():
    _constructor.display = Said()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f.yml")
        for text in dict.fromkeys(BROKEN):
            pathlib.Path(path).write_bytes(text.encode())
            text = pathlib.Path(path).read_bytes().decode()
            try:
                from_yaml(text, file_name=path)
            except AnsibleError as ex:
                origin = ex.obj
                yield {"text": text, "message": ex.message, "line": origin.line_num, "column": origin.col_num,
                       "help": ex._help_text and ex._help_text.strip(),
                       "context": ex._formatted_source_context.replace(path, "f.yml")}


WORDS = "the quick brown fox jumps over the lazy dog"

DUMPED = [
    None, True, False, 0, -5, 10**30, 1.0, 1.5, 1e20, 1e16, 1.5e300, 1e-7, -0.0, float("inf"), float("-inf"), datetime.date(2024, 1, 2),
    datetime.datetime(2024, 1, 2, 3, 4, 5), datetime.datetime(2024, 1, 2, 3, 4, 5, 678), datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    b"hello", b"x" * 100, b"", [], {}, [[]], [{}], {"a": []}, {"a": {}}, {"a": [1, 2]}, {"a": {"b": {"c": [1, [2, [3]]]}}}, [[1, 2], [3]], [{"a": 1, "b": 2}, {"a": 3}],
    {"b": 1, "a": 2}, {1: "a", "b": 2}, {True: 1, 0: 2, 1.5: 3}, {None: 1}, {"Z": 1, "a": 2, "é": 3, "_": 4}, {10: "a", 9: "b"}, {"k": None}, {datetime.date(2024, 1, 2): 1},
    {"a": WORDS * 4}, {"a": WORDS + "\n" + WORDS}, [WORDS * 5], WORDS * 3, {"key " * 40: 1}, {"k" * 130: 1}, {"a" * 200: "b" * 200}, {"a": {"b": [WORDS * 3, {"c": WORDS * 3}]}},
    {"a\nb": 1}, {"": ""}, {"a: b": "c: d"}, {"x": [{"y": [{"z": []}]}]}, {"list": [[1, [2]], {"a": [b"x"]}]}, [None, "null", "~", ""], [True, "true", "yes", "no", "on", "y", "n"],
    [1, "1", "1.0", "0x1", "1e3", "1_0", "1:30", "0755", ".5", "2024-01-02", "2024-01-02 03:04:05"], {"multi": "a\n\nb\n", "trail": "a\n", "lead": "\na", "sp": " a", "spt": "a "},
    "a" * 300, "a " * 200, "é" * 100, "日本 " * 60, "a\tb", "tab\tand " * 20, "it's " * 30, 'say "hi" ' * 20, "back\\slash " * 15, {"cmd": "if [ -f /etc/x ]; then\n  echo 'hi' | tee \"y\"\nfi\n"},
    {"hosts": {"web": {"vars": {"a": 1}, "hosts": ["h1", "h2"]}}}, [["a"] * 30], [list(range(40))], {f"key{i}": i for i in range(30)}, {"a": list(range(60))}, [{"a": "x" * 70, "b": "y" * 30}],
    {"t": (1, 2)}, [[[[[[1]]]]]], {"a": "- b"}, {"a": "b\n  c\n"}, {"a": "  b\nc"}, {"a": "b \nc"}, {"a": "b\n c"}, {"a": " \n "}, {"a": "\n"}, {"a": "\n\n"},
]

STRINGS = SCALARS + [
    "", " ", "a", " a", "a ", "a\n", "\na", "a\nb", "a\n\nb", "a\n b", "a \nb", "\t", "a\tb", "\\", "'", '"', "''", "a'b", 'a"b', "a'b\n", "#", "a #b", "a#b", ": ", "a: b", "a:b", "a:", "- a", "-a", "-", "--- a", "---", "... a", "...", "? a", "?a",
    "! a", "& a", "* a", "% a", "@a", "`a", "{a", "}a", "[a", "]a", ",a", "a,b", "a, b", "a]", "a}", "{{ x }}", "{{x}}", "| a", "> a", "|", ">", "=", "<<", "~", "é", "\x07", "\x1b[0m", "\x00", "\x7f", "\x80", "\x85", "\xa0", "\u2028", "\u2029", "\ufeff", "\ufffe", "a\ufeffb",
    "😀", "a😀b", "\u200b", "\r", "a\rb", "a\r\nb", "é\n", "日本語", "a\u2028b", "x" * 90, "x " * 50, " x" * 50, "x\n" * 30, WORDS * 3 + " ", " " + WORDS * 3, WORDS * 2 + "\n" + WORDS * 2, WORDS * 2 + "  " + WORDS * 2, WORDS * 2 + ": " + WORDS * 2, WORDS * 3 + "'", WORDS * 3 + "\t" + WORDS * 2,
    "'" + WORDS * 3 + "'", "\x07" + WORDS * 4, "\x07" + "x" * 100 + " " + "y" * 100, "é\x07" + WORDS * 3 + "  " + WORDS * 3, "a\\b\x07", "a\n" + WORDS * 3 + "\n" + WORDS * 3, "0o7", "0.", "1e5", "+1", "NaN", "a b c", "/etc/passwd", "http://x.y/z?a=b&c=d#e", "10.0.0.1", "1.2.3", "user@host", "a=b", "*", "!x", "%", "null", "None", "True",
]

STYLES = [
    ("to_yaml", {}), ("to_nice_yaml", {}), ("to_nice_yaml", {"indent": 2}), ("to_yaml", {"width": 40}), ("to_nice_yaml", {"width": 1000000, "sort_keys": False}), ("to_nice_yaml", {"indent": 1, "width": -1}), ("to_nice_yaml", {"indent": 10, "width": 5}),
    ("to_yaml", {"default_flow_style": True}), ("to_nice_yaml", {"indent": 8, "explicit_start": True, "explicit_end": True}), ("to_yaml", {"default_style": '"'}), ("to_yaml", {"default_style": "|"}), ("to_yaml", {"default_style": ">"}), ("to_yaml", {"default_style": "'"}), ("to_yaml", {"allow_unicode": False}), ("to_yaml", {"canonical": True}),
]


def record_dump():
    filters = {"to_yaml": to_yaml, "to_nice_yaml": to_nice_yaml}

    def row(value, name, options):
        if "allow_unicode" in options:
            dumped = yaml.dump(value, Dumper=AnsibleDumper, default_flow_style=None, **options)
        else:
            dumped = filters[name](value, **options)
        return {"value": python(value), "filter": name, "options": options, "dumped": dumped}

    for value in DUMPED:
        for name, options in STYLES:
            yield row(value, name, options)
    for text in dict.fromkeys(STRINGS):
        for value in (text, [text], {"k": text}, {text: "v"}, [{"a": {"b": text}}]):
            yield row(value, "to_yaml", {})
        yield row([{"a": {"b": text}}], "to_nice_yaml", {})
        if text in SCALARS:
            continue
        for name, options in STYLES[2:]:
            yield row({"k": text}, name, options)
    def vaulted():
        return EncryptedString(ciphertext="$ANSIBLE_VAULT;1.1;AES256\n6162\n6364\n")

    for value in (vaulted(), {"k": vaulted()}, [vaulted(), {"a": {"b": vaulted()}}], {"k": EncryptedString(ciphertext="x")}):
        for name, options in STYLES[:2]:
            yield row(value, name, options)


def python(value):
    """A value as JSON that keeps its type."""
    if isinstance(value, EncryptedString):
        return {"vault": value._ciphertext}
    if isinstance(value, (list, tuple)):
        return {"list": [python(v) for v in value]}
    if isinstance(value, dict):
        return {"dict": [[python(k), python(v)] for k, v in value.items()]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return {"time": str(value)}
    return value


def main():
    for name, rows in (("load", record_load()), ("tail", record_tail()), ("broken", record_broken()), ("dump", record_dump())):
        with open(HERE / f"yaml_{name}.jsonl", "w") as out:
            for row in rows:
                out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
