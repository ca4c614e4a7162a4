#!/usr/bin/env python3
"""Records what the real ansible-core gives for filters, tests and lookups: filters.jsonl.

Run with the Python of an ansible-core 2.19.14 installation (with passlib for password_hash, xmltodict, jsonpatch and
prettytable for the filters of collections that use them):
    python tests/baselines/record_filters.py > tests/baselines/filters.jsonl

A row: kind, name, input, args, kwargs, and either value or error. In inputs and arguments
{"$undefined": "x"} is an undefined variable, {"$bytes": "…"} bytes; in values {"$datetime": "…"}.
Lookups run in an empty folder with the files of FILES.
"""

import json
import os
import sys
import tempfile

FILES = {
    "files/a.txt": "  hello\nworld\n\n",
    "files/b.txt": "b",
    "plain.txt": "plain\n",
    "files/data.ini": "[global]\nkey=value\nOther = Two\nempty=\n[sec]\nkey=in sec\nk2: v2\n multi\n",
    "files/p.properties": "a=1\nb = two\n",
    "files/data.csv": "name,age,city\nbob,3,Rome\n\"ann, b\",4,\"New \"\"York\"\"\"\n",
    "files/tab.csv": "x\t1\t2\ny\t3\t4\n",
    "files/bad.bin": b"\xff\xfe",
    "files/vaulted": "$ANSIBLE_VAULT;1.1;AES256\n61\n",
    "templates/t.j2": "x is here\n",
    "glob/one.yml": "1",
}

A = [3, 1, 2]
S = ["b", "A", "c", "a"]
PEOPLE = [
    {"name": "bob", "age": 3, "tags": ["x", "y"], "in": {"k": 1}},
    {"name": "Ann", "age": 1, "tags": [], "in": {"k": 2}},
    {"name": "cid", "age": 3, "tags": ["x"], "in": {"k": 1}},
]
NESTED = {"b": {"x": 1, "l": [1, 2]}, "a": [1, None, "t\u00e9xt"], "n": None, "t": True, "f": 1.5}
U = {"$undefined": "nope"}
LONG = "The quick brown fox jumps over the lazy dog, again-and-again until supercalifragilistic words end."

VAULTED = "$ANSIBLE_VAULT;1.2;AES256;filter_default\n373336313663373437390a6634663738646533636662636331353339373533363931306236626337\n61646635313537646464623335663539366537613633326461396365633761346638630a61333866\n61383338643730653130303532303165613335373637633134623338\n"


def c(value, *args, **kwargs):
    return value, list(args), kwargs


FILTERS = {
    "abs": [c(-1), c(1.5), c(-2.5), c(True), c("a"), c(None), c(-123456789012345678901234567890), c(1, 2)],
    "attr": [c({"a": 1}, "a"), c("x", "nope"), c(1)],
    "b64decode": [c("aGVsbG8="), c("aGVsbG8"), c("x"), c("a-_b", urlsafe=True), c("aABiAA==", encoding="utf-16-le"), c(""), c("aGVs\nbG8=")],
    "b64encode": [c("hello"), c("h\u00e9"), c(1), c("??>>", urlsafe=True), c("hi", encoding="utf-16-le"), c(None), c("h\u00e9", encoding="latin-1")],
    "basename": [c("/a/b.c"), c("/a/"), c(""), c(1), c(["a"]), c("x", 1)],
    "batch": [c([1, 2, 3], 2), c([1, 2, 3], 2, 0), c([], 2), c([1, 2], 3, fill_with="x"), c(1, 2), c([1])],
    "bool": [c("yes"), c("No"), c("on"), c("maybe"), c(""), c(1), c(0), c(2), c(1.0), c(None), c([1]), c(True), c("1"), c("TRUE"), c("t"), c("y")],
    "capitalize": [c("hELLO wORLD"), c(""), c(1), c("\u00e9a")],
    "center": [c("ab", 5), c("abc", 6), c("a", 4), c("abc", 2), c("x", width=3), c(1, 3)],
    "checksum": [c("a"), c(1), c(""), c({"a": 1})],
    "combinations": [c([1, 2, 3], 2), c("ab", 2), c([1], 2), c([1, 2]), c([1, 2], -1), c([1, 2], "a")],
    "combine": [c({"a": 1}, {"b": 2}), c({"a": {"x": 1, "y": 1}}, {"a": {"y": 2}}), c({"a": {"x": 1, "y": 1}}, {"a": {"y": 2}}, recursive=True),
        c([{"a": 1}, {"a": 2}]), c({}), c([]), c({"a": [1, 2]}, {"a": [2, 3]}, list_merge="append"), c({"a": [1, 2]}, {"a": [2, 3]}, list_merge="prepend"),
        c({"a": [1, 2]}, {"a": [2, 3]}, list_merge="append_rp"), c({"a": [1, 2]}, {"a": [2, 3]}, list_merge="prepend_rp"), c({"a": [1, 2]}, {"a": [2, 3]}, list_merge="keep"),
        c({"a": 1}, 1), c({"a": 1}, "x"), c({"a": 1}, None), c({"a": 1}, {"b": 1}, list_merge="zz"), c({"a": 1}, zz=1), c({"a": [1]}, {"a": 1}),
        c({"a": {"b": [1]}}, {"a": {"b": [2]}}, recursive=True, list_merge="append"), c({"a": 1, "b": 2}, {"c": 3, "a": 4}, {"b": 9}), c({"b": 1, "a": 1}, [{"a": 2}, {"c": 3}])],
    "comment": [c("hi\nyou"), c("hi", "c"), c("hi\n\nyou", "cblock"), c("x", "xml"), c("x", "erlang"), c("x", "zz"), c("x", decoration="! "),
        c("x", "plain", prefix="#######\n#", postfix="#\n#######"), c("x", prefix_count=2, postfix_count=3), c("a\nb", beginning="<<", end=">>"), c("x", newline="\r\n"), c(1), c("x", prefix="\n", prefix_count=2), c("x", "plain", 3)],
    "commonpath": [c(["/a/b/c", "/a/b/d"]), c(["a/b", "a/c"]), c([]), c("x"), c(["/a", "b"]), c([1])],
    "count": [c([1, 2]), c("abc"), c(1)],
    "d": [c(U, "x"), c("", "x", True), c(None, "x"), c(U)],
    "default": [c(U, "x"), c("", "x"), c("", "x", True), c("", "x", boolean=True), c(0, 5, True), c(None, "x"), c(U), c("a", "x", 1), c([], [1], True), c(U, default_value=3)],
    "dict2items": [c({"a": 1, "b": [2]}), c({"a": 1}, key_name="k", value_name="v"), c({"a": 1}, "k"), c([1]), c(1), c({}), c(None), c({"a": 1}, 1, 2, 3)],
    "dictsort": [c({"b": 1, "A": 2, "c": 0}), c({"b": 1, "A": 2}, True), c({"b": 1, "a": 2}, by="value"), c({"b": 1, "a": 2}, reverse=True), c({"b": 1}, by="zz"), c([1]), c({"a": 1, "b": "x"}, by="value")],
    "difference": [c([1, 2, 3], [2]), c([], [1]), c([[1], [2]], [[2]]), c([1], 1), c([3, 1, 1], [])],
    "dirname": [c("/a/b.c"), c("/a"), c("a"), c(""), c("a//b"), c(1)],
    "e": [c("<a href='x'>&\"</a>"), c(1)],
    "escape": [c("<b>&"), c(None)],
    "expanduser": [c("~/x"), c("x"), c("~nobodyatall/x"), c("~root"), c(1)],
    "expandvars": [c("$RPLAY_X/${RPLAY_X}b/$nope/$"), c("x"), c(1)],
    "extract": [c("a", {"a": 1}), c(0, [5, 6]), c("a", {"a": {"b": [7]}}, ["b", 0]), c("a", {"a": {"b": 3}}, "b"), c(-1, [5, 6]), c("a")],
    "fileglob": [c("nope*"), c(1)],
    "filesizeformat": [c(1), c(100), c(1000), c(1500), c(1000000), c(1e12), c(1024, True), c(1048576, binary=True), c("13000"), c("x"), c(0), c([1]), c(10**27)],
    "first": [c([1, 2]), c("ab"), c([]), c({"a": 1}), c(1), c([1], 2)],
    "flatten": [c([1, [2, [3, [4]]]]), c([1, [2, [3, [4]]]], 1), c([1, [2, [3]]], levels=2), c([1, None, [None, 2]]), c([1, None], skip_nulls=False), c([["None", "null"]]), c("ab"), c(1), c([1, [2]], 0)],
    "float": [c("1.5"), c("x"), c("x", 2.5), c(1), c(None), c("1e3"), c(" 2 "), c("inf"), c("1_0"), c(True), c([])],
    "forceescape": [c("<b>")],
    "format": [c("%s-%d", "a", 3), c("%05.2f|%-4s|%x", 3.14159, "a", 255), c("%(a)s", a=1), c("%s", None), c("%d", "x"), c("%s %s", "a"), c("%s", "a", "b"), c("%s", [1, "x"]), c("100%%")],
    "from_json": [c('{"a": [1, 2.5, null, true, "x"]}'), c("x"), c(""), c('{"a": 1'), c({"a": 1}), c([1]), c("123456789012345678901234567890"), c(1), c(None), c('"\\u00e9"')],
    "from_yaml": [c("a: 1\nb: [x, y]"), c(None), c(""), c("a: b: c"), c([1]), c("- 1\n- 2.5\n- yes\n- 2024-01-02\n- 0o7\n- ~"), c("---\na: 1\n---\nb: 2"), c("x")],
    "from_yaml_all": [c("---\na: 1\n---\nb: 2\n"), c(None), c(""), c("[1")],
    "groupby": [c(PEOPLE, "age"), c(PEOPLE, "name"), c(PEOPLE, "in.k"), c(PEOPLE, "zz"), c(PEOPLE, "zz", default=0), c([{"a": "b"}, {"a": "B"}], "a"), c([{"a": "b"}, {"a": "B"}], "a", case_sensitive=True), c([], "a"), c(1, "a"), c([{"a": 1}, {"a": "x"}], "a")],
    "hash": [c("a"), c("a", "md5"), c("a", "sha256"), c("a", "sha512"), c("a", "sha224"), c("a", "sha384"), c("a", "nope"), c(1, "md5"), c("a", hashtype="sha1"), c([1])],
    "human_readable": [c(1), c(1024), c(10485760), c(1.5), c(10, True), c(10240, isbits=True), c(1024000000, unit="G"), c("a"), c("1024"), c(0), c(1024, unit="K"), c(1e27), c(-5)],
    "human_to_bytes": [c("10"), c("10 M"), c("1.5K"), c("2KB"), c("2Kb"), c("2Kb", isbits=True), c("2KB", isbits=True), c("5", "G"), c("x"), c("10 Q"), c(10), c("1 kilobyte"), c("3 B"), c("3 b"), c("3 bytes"), c("1Y"), c("10.", "M"), c(""), c(None), c(1.5)],
    "indent": [c("a\nb\n\nc"), c("a\nb", 2), c("a\nb", first=True), c("a\n\nb", blank=True), c("a\nb", ">>"), c(1), c("a\nb\n", 2), c(""), c("a\nb", 2, True), c(["a"])],
    "int": [c("42"), c("x"), c("x", 7), c("3.7"), c(3.9), c("0x1f", base=16), c("1f", 0, 16), c("0b11", base=0), c("077", base=8), c(None), c(True), c([]), c("1_000"), c(" 5 "), c("-5"), c("123456789012345678901234567890"), c("1e3"), c("inf"), c("0x1f"), c("z", base=36), c("")],
    "intersect": [c([1, 2, 3], [2, 3, 4]), c([], [1]), c([[1], [2]], [[2]]), c([1], 1)],
    "items": [c({"a": 1, "b": 2}), c([1]), c({})],
    "items2dict": [c([{"key": "a", "value": 1}]), c([{"k": "a", "v": 1}], key_name="k", value_name="v"), c([{"a": 1}]), c([1]), c("x"), c({}), c([]), c([{"key": [1], "value": 1}])],
    "join": [c([1, "a", None]), c(["a", "b"], ","), c(["a", "b"], d="-"), c(PEOPLE, ",", attribute="name"), c(PEOPLE, ",", "in.k"), c(1), c("abc", "."), c([]), c([[1], {"a": 1}], " "), c({"a": 1, "b": 2}, "+"), c([1.5, True], ","), c(["a"], 1, 2, 3), c(["x", "y"], 1)],
    "last": [c([1, 2]), c("ab"), c([]), c(1), c({"a": 1, "b": 2})],
    "length": [c([1, 2]), c("ab\u00e9"), c({"a": 1}), c(1), c(None), c([1], 1)],
    "list": [c("ab"), c({"a": 1}), c([1]), c(1), c(None)],
    "log": [c(8, 2), c(100, 10), c(1), c(10), c("a"), c(0), c(-1), c(2, "x")],
    "lower": [c("ABC\u00c9"), c(1), c(None), c(True), c(["A"])],
    "mandatory": [c("a"), c(U), c(U, "need it"), c(U, msg="m"), c(None), c("")],
    "map": [c(["a", "b"], "upper"), c(PEOPLE, attribute="name"), c(PEOPLE, attribute="in.k"), c(PEOPLE, attribute="zz", default="d"), c([1, 2], "nope"), c(PEOPLE, attribute="name", zz=1), c(["1", "2"], "int"),
        c(["a-b", "c"], "regex_replace", "-", "+"), c([]), c(None), c([1]), c(["x"], "default", "y"), c([[1, 2], [3]], "first"), c([["a", "b"]], "join", ","), c([{"a": 1}], "combine", {"b": 2}), c(["h%s"], "format", "x"), c("ab", "upper"), c([[5, 6]], attribute=1)],
    "max": [c(A), c([]), c(["a", "B"]), c(["a", "B"], True), c(PEOPLE, attribute="age"), c([1, "a"]), c("abc"), c(1), c([1, 2.5]), c(["b", "B"])],
    "md5": [c("a"), c("\u00e9"), c(1)],
    "min": [c(A), c([]), c(["b", "A"]), c(["b", "A"], case_sensitive=True), c(PEOPLE, attribute="name"), c([1, "a"]), c([2, 1.0])],
    "normpath": [c("/a/../b//c/./d"), c(""), c("../a"), c("//x"), c(1)],
    "password_hash": [c("pw", "sha512", "abcdefgh", rounds=5000), c("pw", "sha256", "abcdefgh", rounds=5000), c("pw", "sha512", "abcdefgh", rounds=1000), c("pw", salt="saltsaltsaltsalt", rounds=2000), c("pw", "nope"), c("pw", "sha512", "a b"), c("pw", "sha256", "abc", rounds=10)],
    "path_join": [c(["a", "b"]), c(["/a", "/b", "c"]), c("x"), c(["a/", "b"]), c([]), c(1), c(["a", 1]), c(["", "a"]), c({"a": 1})],
    "permutations": [c([1, 2, 3]), c([1, 2, 3], 2), c("ab"), c([1], 2), c([1], -1), c(1)],
    "pow": [c(2, 3), c(2, 0.5), c(-8, 0.5), c("a", 2), c(2, "x"), c(10, 400), c(2)],
    "pprint": [c({"b": 1, "a": [1, 2]}), c("x"), c([LONG, LONG]), c({"aaa": LONG, "b": {"x": LONG, "y": 1}}), c(1.0)],
    "product": [c([1, 2], [3, 4]), c("ab", [1]), c([1, 2], repeat=2), c([], [1]), c([1], 1), c([0, 1], [2], [3, 4])],
    "quote": [c("a b"), c("abc"), c("it's"), c(""), c(None), c(1), c("a;b"), c("x=y"), c("\u00e9"), c(["a b"])],
    "random": [c(60, seed="host1"), c([1, 2, 3, 4, 5], seed="x"), c(100, seed=42), c("abc", seed="q"), c(10, 5, seed="s"), c(100, 10, 10, seed="s"), c(0), c([]), c(None), c([1], 1), c(5, "x"), c(1.5), c(1000000007, seed="big")],
    "realpath": [c("/"), c("/no-such/../x"), c(1)],
    "regex_escape": [c("a.b*c (d) e-f"), c("a.b*c$", "posix_basic"), c("a", "posix_extended"), c("a", "zz"), c(1), c("x_y#&~\n")],
    "regex_findall": [c("a1b22", r"\d+"), c("a1b22", r"([a-z])(\d)"), c("ab", "(a)"), c("aA", "a", ignorecase=True), c("a\nb", "^.", True), c("x", "("), c(123, r"\d"), c("", "x*"), c("abc", ""), c("x", None), c("x", 1)],
    "regex_replace": [c("foobar", "o+", "0"), c("foobar", "^f(.*)r$", r"\1"), c("a-b", "(?P<x>a)", r"[\g<x>]"), c("abc", "b", ""), c("ABC", "b", "x", ignorecase=True), c("a\nb", "^", "> ", multiline=True),
        c("aaa", "a", "b", count=2), c("aaa", "a", "b", mandatory_count=2), c("aaa", "a", "b", mandatory_count=3), c("x", "(", ""), c("x", "x", r"\2"), c("x", "x", r"\g<nope>"), c("x", "x", r"\q"), c(123, "2", "x"), c("abc", "x*", "-"),
        c("foo\n", "foo$", "bar"), c("aXbX", "(?<=a)X", "-"), c("a.b", r"\.", "\\n"), c("path/to", "/", r"\\"), c("x", "x", 1), c("x", 1, "y"), c("a b", r"(\w) (\w)", r"\2 \1"), c([1, "a"], "1", "2"), c("hello", "", "-"), c("abc"), c("x", ["x"], "y")],
    "regex_search": [c("foo1bar2", r"\d"), c("foo", r"\d"), c("a=1", r"(\w)=(\d)", r"\1", r"\2"), c("a=1", r"(?P<k>\w)=", r"\g<k>"), c("A", "a", ignorecase=True), c("x\ny", "^y$", multiline=True), c("x", "("), c("a", "(b)?a", r"\1"), c("a", "a", r"\1"), c("a", "a", "1"), c("a", "a", r"\g<zz>"), c(12, "2"), c("a"), c("a", "a", 1)],
    "reject": [c([1, 2, 3], "odd"), c([0, 1, None]), c([1, 2], "eq", 1), c(["a", "b"], "in", ["a"]), c([1], "nope"), c([]), c(["ab", "c"], "match", "a")],
    "rejectattr": [c(PEOPLE, "tags"), c(PEOPLE, "age", "eq", 3), c(PEOPLE, "zz", "defined"), c(PEOPLE), c([], "a")],
    "rekey_on_member": [c([{"n": "a", "v": 1}, {"n": "b", "v": 2}], "n"), c({"x": {"n": "a"}}, "n"), c([{"n": "a"}, {"n": "a"}], "n"), c([{"n": "a", "v": 1}, {"n": "a", "v": 2}], "n", duplicates="overwrite"), c([{"n": 1}], "zz"), c([1], "n"), c("x", "n"), c([], "n", "zz"), c([{"n": 1}])],
    "relpath": [c("/a/b", "/a/c"), c("/a/b", start="/"), c("", "/"), c("/a", "/a"), c(1)],
    "replace": [c("aab", "a", "x"), c("aab", "a", "x", 1), c(123, 2, 5), c("a", "b"), c("abc", "", "-"), c("aab", "a", "x", count=1), c(["a"], "a", "b")],
    "reverse": [c([1, 2]), c("abc"), c(1), c({"a": 1, "b": 2})],
    "root": [c(9), c(27, 3), c(-1), c("a"), c(2, 0), c(-8, 3), c(4, "x"), c(16, "4")],
    "round": [c(2.5), c(3.5), c(2.675, 2), c(42.55, 1, "floor"), c(42.51, 1, "ceil"), c(5), c(1234, -2), c("a"), c(1.5, 0, "zz"), c(-2.5), c(1e20), c(True), c(2.25, method="ceil"), c(1234.5, -2)],
    "safe": [c("<b>"), c(1)],
    "select": [c([1, 2, 3], "odd"), c([0, 1, None, "x"]), c([1, 2], ">", 1), c(["ab", "c"], "search", "b"), c([1], "nope"), c(["a"], "string"), c([1, 2, 3], "in", [1, 3]), c([1, "a"], "gt", 0), c({"a": 1}, "eq", "a"), c(1, "odd"), c([5, 10], "divisibleby", 5)],
    "selectattr": [c(PEOPLE, "age", "eq", 3), c(PEOPLE, "tags"), c(PEOPLE, "in.k", "equalto", 1), c(PEOPLE, "zz", "defined"), c(PEOPLE, "zz", "undefined"), c(PEOPLE, "name", "match", "b"), c(PEOPLE), c(PEOPLE, "tags", "contains", "y"), c(PEOPLE, "zz"), c(PEOPLE, "age", "nope")],
    "sha1": [c("a")],
    "shuffle": [c([1, 2, 3, 4, 5], seed="x"), c([1, 2, 3], seed=5), c(1), c("abc", seed="x")],
    "slice": [c([1, 2, 3, 4, 5], 2), c([1, 2, 3], 2, "x"), c([], 2), c([1], 0), c([1, 2], 3, fill_with=0), c([1, 2])],
    "sort": [c(A), c(S), c(S, case_sensitive=True), c(A, True), c(A, reverse=True), c(PEOPLE, attribute="age"), c(PEOPLE, attribute="age,name"), c(PEOPLE, attribute="name", reverse=True), c([1, "a"]), c(1), c("bca"), c([[2, 1], [1, 3]]), c([None, 1]), c([{"a": 1}, {"a": 0}]), c([1.5, 1, True]), c({"b": 1, "a": 2}), c(PEOPLE, attribute="zz"), c(["10", "9", "1.2"]), c([])],
    "split": [c("a b  c"), c("a,b,,c", ","), c("a,b,c", ",", 1), c(" x "), c(1), c(["a"]), c("a", ""), c("a", 1), c(""), c("a--b", "--")],
    "splitext": [c("a.tar.gz"), c("a"), c(".bashrc"), c("/a.b/c"), c(1)],
    "strftime": [c("%Y-%m-%d %H:%M:%S", 1441357287, True), c("%a %A %b %B %j %U %w %W %y %p %I %Z %% %e %s %F %T %D %R %u %V %G %C %n|%t|%h %x %X %c", 0, utc=True), c("%Y", "0", utc=True), c("%Y", "x"), c("%Y", 1.9, utc=True), c("%-d %_d %03d %^a", 86400, utc=True), c(1), c("%Y", [1]), c("%Q %E", 0, utc=True), c("%Y-%m-%d", -1, utc=True)],
    "string": [c(1), c(1.0), c(True), c(None), c("a"), c([1, "a"]), c({"a": None}), c(1e20)],
    "striptags": [c("<p>a  <b>b</b>\n c</p>"), c("<!-- x --> y &amp; z"), c(1)],
    "subelements": [c(PEOPLE, "tags"), c(PEOPLE, "zz"), c(PEOPLE, "zz", True), c(PEOPLE, "zz", skip_missing=True), c({"x": PEOPLE[0]}, "tags"), c(PEOPLE, "name"), c(1, "x"), c(PEOPLE, 1), c([{"a": {"b": [1, 2]}}], "a.b"), c([{"a": {"b": [1]}}], ["a", "b"]), c(PEOPLE, "name.x"), c([1], "x"), c([], "x")],
    "sum": [c([1, 2]), c([1, 2.5]), c([]), c([1], start=5), c(PEOPLE, attribute="age"), c(PEOPLE, "in.k"), c([1, "a"]), c([[1], [2]], start=[]), c(["a"], start=""), c(1)],
    "symmetric_difference": [c([1, 2, 3], [2, 3, 4]), c([], [1]), c([[1]], [[2]])],
    "ternary": [c(True, 1, 2), c(False, 1, 2), c(None, 1, 2), c(None, 1, 2, 3), c("", "a", "b"), c("x", "a", "b"), c(1, 2), c(True, true_val="a", false_val="b"), c([], 1, 2, none_val=3)],
    "title": [c("hello world-foo (bar) it's"), c(1), c("HELLO")],
    "to_datetime": [c("2016-08-14 20:00:12"), c("2016-08-14", "%Y-%m-%d"), c("x"), c("2016-08-14x", "%Y-%m-%d"), c("2016-13-14", "%Y-%m-%d"), c("14 Aug 16 08:00 PM", "%d %b %y %I:%M %p"), c("2016-02-30", "%Y-%m-%d"), c(1), c("a", "%Q"), c("2015-12-25T03:04:05.5Z", "%Y-%m-%dT%H:%M:%S.%fZ")],
    "to_json": [c(NESTED), c("\u00e9"), c("\u00e9", ensure_ascii=False), c({"b": 1, "a": 2}, sort_keys=True), c([1, {"a": []}], indent=2), c({"a": 1}, separators=[",", ":"]), c(None), c(1.0), c(1e20), c(True), c({"a": {}}, indent=4), c([], indent=2), c("a\"\\\n/<"), c(123456789012345678901234567890), c({"a": 1}, indent="--"), c({"a": 1}, zz=1), c(NESTED, indent=2, sort_keys=True)],
    "to_nice_json": [c(NESTED), c({"b": 1, "a": [1, {"c": 2}]}), c({"b": 1, "a": 2}, sort_keys=False), c({"a": 1}, 2), c([], 2), c("\u00e9", ensure_ascii=False), c({"a": 1}, indent=8), c({"b": 1, "a": 1}, 2, False)],
    "to_nice_yaml": [c(NESTED), c([1, "a", {"b": [1, 2]}]), c({"b": 1, "a": 1}, sort_keys=False), c({"a": {"b": 1}}, indent=2), c("x"), c({"a": "multi\nline\n", "b": "", "c": "yes", "d": "123"}), c([]), c({}), c({"long": LONG}), c({"long": LONG}, width=40), c(None)],
    "to_uuid": [c("a"), c("a", "11111111-2222-3333-4444-555555555555"), c("a", "zz"), c(1), c("\u00e9")],
    "to_yaml": [c(NESTED), c([1, "a"]), c({"a": 1}), c("x"), c(1), c(None), c({"a": [1, {"b": 2}]}), c({"a": [1]}, default_flow_style=False), c({"b": 1, "a": 2}, sort_keys=False), c({"a": "\u00e9", "b": True, "c": 1.5, "d": "true", "e": "1.5", "f": "a: b", "g": " x", "h": "#c"}), c({"a": 1}, explicit_start=True)],
    "tojson": [c({"b": "<&'>", "a": 1}), c([1], 2), c("x")],
    "trim": [c("  a b \n"), c("xxaxx", "x"), c("abc", chars="ac"), c(1), c("")],
    "truncate": [c(LONG, 20), c(LONG, 20, True), c(LONG, 20, False, "~"), c("short", 10), c(LONG, 20, leeway=0), c(LONG), c("abcdefghij", 8, leeway=0), c("foo bar baz qux", 9), c("foo bar baz qux", 11, False, "...", 0), c("abc", 2, leeway=0), c(1)],
    "type_debug": [c("a"), c(1), c(1.5), c(True), c(None), c([1]), c({"a": 1}), c(U), c(123456789012345678901234567890)],
    "union": [c([1, 2], [2, 3]), c([[1]], [[1], [2]]), c([], []), c([{"a": 1}], [{"a": 1}]), c([1], 1)],
    "unique": [c([1, 2, 1]), c(["a", "A"]), c(["a", "A"], True), c(["a", "A"], case_sensitive=True), c(PEOPLE, attribute="age"), c([[1], [1], [2]]), c([{"a": 1}, {"a": 1}]), c("aab"), c(1), c([1, True, 1.0]), c([[1]], case_sensitive=False), c(["b", "a", "b"])],
    "unvault": [c("plain", "pw"), c(VAULTED, "pw"), c(VAULTED, "bad"), c(VAULTED, "pw", vault_id="x"), c(1, "pw"), c("x", 1), c("x")],
    "upper": [c("ab\u00df"), c(1), c(None)],
    "urldecode": [c("a+b%20c"), c("%zz%C3%A9"), c(1), c("")],
    "urlencode": [c("a b/c?d=\u00e9"), c({"a": "b c", "d": 1}), c([["x", "y/z"]]), c(1), c([[1]])],
    "urlize": [c("see http://example.com/x?y=1, ok"), c("www.example.com."), c("(https://a.org/b)"), c("mail me@x.com now"), c("http://example.com/long/path/here", 10), c("http://a.b", nofollow=True, target="_blank"), c("example.com and foo.txt"), c("<b>"), c("x", rel="a b")],
    "urlsplit": [c("http://user:password@www.acme.com:9000/dir/index.html?query=term#fragment"), c("http://a.b/c", "hostname"), c("http://a.b/c", "port"), c("http://a.b/c", "zz"), c("x"), c("http://[::1]:80/", "hostname"), c("http://a:x/", "port"), c(1), c("mailto:a@b.c"), c("//h/p")],
    "vault": [c("secret", "pw", salt="salty"), c("secret", "pw", "salty", "myid"), c(1, "pw"), c("x", 1), c("x")],
    "win_basename": [c("C:\\a\\b.txt"), c("a/b"), c("C:\\")],
    "win_dirname": [c("C:\\a\\b.txt"), c("a/b"), c("C:\\"), c("\\\\srv\\share\\x")],
    "win_splitdrive": [c("C:\\a"), c("a"), c("\\\\srv\\share\\x"), c("\\\\srv")],
    "wordcount": [c("a b-c, d_e"), c(""), c(1)],
    "wordwrap": [c(LONG, 20), c(LONG, 10), c(LONG, 10, False), c(LONG, 20, wrapstring="|"), c("a\n\nb", 5), c("a   b", 3), c(LONG, 20, break_on_hyphens=False), c(1), c("x", 0)],
    "xmlattr": [c({"a": "<1>", "b": None, "c": 2}), c({"a": 1}, False), c({"a b": 1}), c([1]), c({})],
    "zip": [c([1, 2], ["a", "b"]), c([1, 2], [3]), c([1]), c([1], 1), c(1, [1]), c("ab", "cd", [1, 2]), c([1, 2], [3], strict=True)],
    "zip_longest": [c([1, 2], ["a"]), c([1, 2], [3], fillvalue="x"), c([1], 1), c([], [])],
}

NETS = ["192.0.2.1/24", "192.0.2.0/24", "10.1.1.1", "::1", "2001:db8::5/64", "192.0.2.6/31", "192.0.2.1/30", "x", "3232235777", "3232235777/24"]
QUERIES = ["", "6to4", "address", "address/prefix", "bool", "broadcast", "cidr", "first_usable", "gateway", "host", "host/prefix", "hostmask", "hostnet", "int", "ip",
    "ip/prefix", "ip_netmask", "ipv4", "ipv6", "last_usable", "link-local", "lo", "loopback", "multicast", "net", "netmask", "network", "network/prefix", "network_id",
    "network_netmask", "network_wildcard", "next_usable", "peer", "prefix", "previous_usable", "private", "public", "range_usable", "revdns", "router", "size",
    "size_usable", "subnet", "type", "unicast", "v4", "v6", "version", "wildcard", "wrap", "1", "-1", "300", "zzz", "192.0.2.0/25", "2001:db8::/32"]
ROWS = [{"name": "a", "v": 1, "l": [1]}, {"name": "b", "v": 2, "l": []}]
SHOP = {"shop": {"items": [{"n": "x", "p": 3, "t": ["a", "b"]}, {"n": "y", "p": 1.5, "t": []}, {"n": "z", "p": 3}], "open": True, "none": None}, "w": "hello"}
JMES = ["shop.items[*].n", "shop.items[?p > `2`].n", "shop.items[?n == 'y']", "shop.items[].t[]", "shop.items[0]", "shop.items[-1].n", "shop.items[0:2].n", "shop.items[::-1].n",
    "shop.*", "keys(shop)", "values(@)", "length(shop.items)", "shop.items[*].{name: n, price: p}", "shop.items[*].[n, p]", "sort_by(shop.items, &p)[*].n", "max_by(shop.items, &p).n",
    "min_by(shop.items, &p).n", "sum(shop.items[*].p)", "avg(shop.items[*].p)", "join(',', shop.items[*].n)", "shop.zz", "shop.none", "shop.open && w", "shop.zz || w", "!shop.open",
    "to_string(shop.items[0])", "to_number('5')", "to_number('x')", "to_array(w)", "type(shop)", "contains(w, 'ell')", "contains(shop.items[*].n, 'x')", "starts_with(w, 'he')",
    "ends_with(w, 'x')", "reverse(w)", "reverse(shop.items[*].n)", "merge(shop, {a: `1`})", "not_null(shop.zz, w)", "map(&n, shop.items)", "abs(`-1`)", "ceil(`1.2`)", "floor(`1.8`)",
    "sort(shop.items[*].n)", "max(shop.items[*].p)", "min(shop.items[*].n)", "shop.items[?t].n", "shop.items[?contains(n, 'x') || p < `2`].n", "@", "shop | items[0] | n", "nope(w)", "length(shop.open)", "length()", "w.x", "`[1, 2]`", "'raw'", "shop.items[*].t | [0]", "sum(shop.items[*].n)", "shop.items[?p == `3`] | length(@)"]
UTILS = {
    "cidr_merge": [c(["10.0.0.0/30", "10.0.0.4/30", "10.0.0.8/29", "::1"]), c(["10.0.0.0/30", "10.0.1.4/30"], "span"), c(["x"]), c([], "span"), c(["1.2.3.4/24"], "span"), c([], "zz"), c(["1.2.3.4", "::1"], action="span"), c([])],
    "hwaddr": [c("1a:2b:3c:4d:5e:6f", q) for q in ["", "bare", "bool", "int", "cisco", "eui48", "linux", "pgsql", "postgresql", "psql", "unix", "win", "zz"]] + [c("x"), c("x", "linux"), c("1a2b.3c4d.5e6f", "unix"), c("00-00-00-0a-0b-0c", "unix"), c(12345, "linux"), c("x", "bool")],
    "ip4_hex": [c("192.168.1.5"), c("192.168.1.5", ":"), c("x"), c("::1")],
    "ipaddr": [c(net, query) for net in NETS for query in QUERIES] + [c(NETS), c(NETS, "network"), c({}), c(None), c(1.5), c(True), c("1.2.3.4/24", 1), c("1.2.3.4/24", "net", foo=1), c("", "net"), c("1.2.3.4/255.255.0.0"), c("1.2.3.4/0.0.255.255"), c(0), c("1.2.3.4", "", 6), c(NETS, "public"), c("8.8.8.8", "public"), c("8.8.8.8", "6to4"), c("::ffff:1.2.3.4", "ipv4"), c("::/0", "size")],
    "ipcut": [c("1.2.3.4", 16), c("1.2.3.4", -8), c("2001:db8::1", 64), c("x", 1)],
    "ipmath": [c("192.168.1.5", 5), c("192.168.1.5", -10), c("192.168.1.1/24", 5), c("::1", 2), c("x", 1), c("255.255.255.255", 1), c("1.2.3.4", "x"), c("1.2.3.4", "3")],
    "ipsubnet": [c("192.168.144.5"), c("192.168.144.5/20"), c("192.168.0.0/16", 20), c("192.168.0.0/16", 20, 0), c("192.168.0.0/16", 20, -1), c("192.168.0.0/16", 20, 99), c("192.168.144.5", 20), c("192.168.144.5", 18, 0), c("192.168.144.5", 18, -1), c("192.168.144.5", "192.168.0.0/16"), c("192.168.144.1/30", "192.168.144.0/24"), c("192.168.144.16/30", "192.168.144.0/24"), c("10.0.0.1", "192.168.0.0/16"), c("192.168.0.0/16", 12), c("x"), c("192.168.0.0/16", "x"), c("192.168.0.0/16", 40), c("2001:db8::/32", 48, 3)],
    "ipv4": [c(NETS), c("1.2.3.4"), c("::1"), c("1.2.3.4/24", "network"), c({})],
    "ipv6": [c(NETS), c("1.2.3.4"), c("::1"), c(1), c("2001:db8::5/64", "prefix")],
    "ipv6form": [c("::1", "expand"), c("0:0::1", "compress"), c("2001:db8::1", "x509"), c("x", "expand")],
    "ipwrap": [c(NETS), c("::1"), c("2001:db8::5/64"), c("1.2.3.4"), c("x"), c(5), c(["::1", True, "", "42540766412265424405338506004571095040/64"])],
    "macaddr": [c("1a:2b:3c:4d:5e:6f", "bare"), c("x", "bare")],
    "network_in_network": [c("192.0.2.0/24", "192.0.2.10"), c("192.0.2.0/24", "192.0.3.0/25"), c("x", "192.0.2.0/24"), c("192.0.2.0/24", "192.0.2.0/24"), c("192.0.2.0/24", "192.0.2.255")],
    "network_in_usable": [c("192.0.2.0/24", "192.0.2.10"), c("192.0.2.0/24", "192.0.2.255"), c("192.0.2.0/24", "192.0.2.0")],
    "next_nth_usable": [c("192.0.2.1/24", 2), c("192.0.2.254/24", 2), c("192.0.2.1", 1), c("x", 1), c("192.0.2.1/24", "2"), c("192.0.2.1/24", "a"), c("192.0.2.1/24")],
    "nthhost": [c("10.0.0.0/8", 305), c("10.1.1.1", 3), c("10.0.0.0/8", -1), c("x", 1), c("10.0.0.0/30", 4)],
    "previous_nth_usable": [c("192.0.2.10/24", 2), c("192.0.2.1/24", 2)],
    "reduce_on_network": [c(["192.0.2.1", "10.0.0.1", "192.0.2.128/25"], "192.0.2.0/24"), c([], "192.0.2.0/24")],
    "slaac": [c("fdcf:1894:23b5:d38c::", "c2:31:b3:83:bf:2b"), c("1.2.3.4", "c2:31:b3:83:bf:2b"), c("fdcf::/64", "x")],
    "usable_range": [c("192.0.2.0/30"), c("192.0.2.1/30"), c("x"), c("2001:db8::/126")],
}
GENERAL = {
    "accumulate": [c([1, 2, 3]), c("abc"), c(1), c([])],
    "counter": [c("abca"), c([1, 1, 2]), c(1), c([[1]]), c([])],
    "crc32": [c("a"), c(""), c(1)],
    "dict": [c([["a", 1], ["b", 2]]), c([]), c([1]), c([["a"]])],
    "dict_kv": [c(1, "k"), c([1], 2), c(1, [1])],
    "from_csv": [c("a,b\n1,2\n3,4\n"), c("a;b\n1;2", delimiter=";"), c("1,2\n", fieldnames=["x", "y"]), c("a,b\n1\n1,2,3\n"), c("a\tb\n1\t2", "excel-tab"), c("a", "zz"), c("a,b\n1, 2", skipinitialspace=True), c('a,b\n"x, y",2')],
    "groupby_as_dict": [c(ROWS, "name"), c(ROWS, "zz"), c([1], "a"), c(ROWS + ROWS, "name"), c(1, "a")],
    "json_query": [c(SHOP, query) for query in JMES] + [c([{"a": 2}, {"a": 1}], "[*].a"), c([3, 1], "sort(@)"), c(None, "a")],
    "keep_keys": [c(ROWS, ["name", "v"]), c(ROWS, "name"), c(ROWS, "n", "starts_with"), c(ROWS, "e", "ends_with"), c(ROWS, "^[nl]", "regex"), c(ROWS, "(", "regex"), c(ROWS, []), c(1, "a"), c([1], "a"), c(ROWS, "a", "zz"), c(ROWS, 1), c(ROWS, [1]), c(ROWS, ["a", "b"], "regex")],
    "lists_difference": [c([1, 2, 3, 2], [2]), c([1], [1], [1]), c([1, 1]), c([[1, 2], [2]], flatten=True)],
    "lists_intersect": [c([1, 2, 3, 2], [2, 3]), c([1], [2])],
    "lists_mergeby": [c(ROWS, [{"name": "a", "x": 5, "l": [2]}, {"name": "c"}], "name"), c(ROWS, [{"name": "a", "l": [2]}], "name", list_merge="append"), c([ROWS, [{"name": "b", "v": 9}]], "name"), c(ROWS, "name"), c(ROWS, [1], "name"), c(ROWS, ROWS, 1), c(ROWS), c(1, ROWS, "name"), c(ROWS, ROWS, "name", zz=1), c([{"k": {"a": {"b": 1}}, "n": 1}], [{"k": {"a": {"c": 2}}, "n": 1}], "n", recursive=True)],
    "lists_symmetric_difference": [c([1, 2, 3], [2, 4]), c([1], [1])],
    "lists_union": [c([1, 2, 1], [2, 3]), c([1, 1]), c([[1], [2]], flatten=True), c([1], [2], zz=1)],
    "random_mac": [c("52:54:00", seed="x"), c("52:54:00:12", seed=5), c("zz"), c(1), c("1:2:3:4:5:6"), c("52::1", seed=1), c("AA", seed="q")],
    "remove_keys": [c(ROWS, ["name"]), c(ROWS, "l", "ends_with")],
    "replace_keys": [c(ROWS, [{"before": "name", "after": "n"}]), c(ROWS, [{"before": "^.$", "after": "one"}], "regex"), c(ROWS, []), c(ROWS, [{"a": 1}]), c(ROWS, "x")],
    "to_days": [c("30h"), c("1w")], "to_hours": [c("1d 2h 30m")], "to_milliseconds": [c("1.5s"), c("2s 3ms")], "to_minutes": [c("1h 30min")], "to_months": [c("1y")],
    "to_seconds": [c("1min 30sec"), c("0"), c("x"), c("5 s"), c("-2m"), c("3hours"), c("1h", zz=1)], "to_time_unit": [c("1h", "m"), c("1h"), c("1h", "zz"), c("2days", unit="hours")], "to_weeks": [c("14d")], "to_years": [c("730d")],
    "version_sort": [c(["1.10", "1.9", "1.2rc1"]), c(["2", "10"], reverse=True), c([]), c([1]), c(["a-1.10.rpm", "a-1.9.rpm"])],
}
FILTERS.update({f"ansible.utils.{name}": rows for name, rows in UTILS.items()})
FILTERS.update({f"community.general.{name}": rows for name, rows in GENERAL.items()})
FILTERS.update({
    "ansible._protomatter.apply_trust": [c("x"), c(1)], "ansible._protomatter.dump_object": [c(1), c({"a": 1})], "ansible._protomatter.finalize": [c([1, "a"]), c({"a": None})],
    "ansible._protomatter.origin": [c(1)], "ansible._protomatter.tag_names": [c(1), c([1])], "ansible._protomatter.true_type": [c(1), c(None), c(U)], "ansible._protomatter.unmask": [c(1, "ErrorSummary"), c(1, "zz"), c(1, 5)],
})
FILTERS["password_hash"] += [c("pw", "md5", "abcdefgh"), c("pw", "md5_crypt", "abc"), c("pw", "md5", "abcdefghij"), c("pw", "md5", "abc", rounds=5), c("pw", "bcrypt", "abc"), c("pw", "bcrypt", "abcdefghijklmnopqrstuv", rounds=3), c("pw", "bcrypt", "abcdefghijklmnopqrstuv", rounds=32),
    c("pw", "bcrypt", "abcdefghijklmnopqrstuv", rounds=4, ident="zz"), c("pw", "bcrypt", rounds=4, salt_size=10), c("pw", "sha512", "abcdefghabcdefghijkl", rounds=5000), c("pw", "sha512", salt_size=40), c("pw", "sha512", salt_size="4"), c("pw", "sha256", "abc", rounds="5000"),
    c("pw", "sha256", "abc", rounds=99999999999), c("pw", "des_crypt"), c(1), c(None), c("pw", "sha512", 123, rounds=1000), c("", "sha256", "abc", rounds=1000)]
FILTERS["hash"] += [c("a", kind) for kind in ["sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s", "shake_128", "SHA256", "md5-sha1", "sha512_224", "sha512_256"]]
FILTERS["b64encode"] += [c("\u20ac", encoding="cp1252"), c("\u20ac", encoding="ascii"), c("a", encoding="nope"), c("\u20ac", encoding="utf-16"), c("a", encoding="utf_32_be"), c("\u044f", encoding="koi8_r"), c("\u20ac", encoding="latin-1")]
FILTERS["b64decode"] += [c("gA==", encoding="cp1252"), c("a", encoding="nope"), c("/w==", encoding="latin-1"), c("//5hAA==", encoding="utf-16")]

RESULT = {"failed": False, "changed": True, "skipped": False}
TESTS = {
    "!=": [c(1, 2), c(1, 1)],
    "<": [c(1, 2), c(1, "a"), c("a", "b")],
    "<=": [c(2, 2)],
    "==": [c(1, 1.0), c(1)],
    ">": [c(1, 2), c([1], [0])],
    ">=": [c(2, 2)],
    "abs": [c("/a"), c("a"), c(1)],
    "all": [c([1, 2]), c([0, 1]), c([]), c(1), c("a")],
    "any": [c([0, 1]), c([]), c([0]), c(1)],
    "boolean": [c(True), c(1)],
    "callable": [c(1)],
    "change": [c({"changed": True})],
    "changed": [c(RESULT), c({}), c({"results": [{"changed": True}]}), c({"results": [{}]}), c(1), c({"changed": 0})],
    "contains": [c([1, 2], 1), c("abc", "b"), c({"a": 1}, "a"), c(1, 1), c("a", 1), c([1])],
    "defined": [c(1), c(U), c(None)],
    "directory": [c("/"), c("/no-such"), c(""), c([1]), c(None)],
    "divisibleby": [c(4, 2), c(5, 2), c("a", 2), c(4, 0), c(4), c(4.0, 2), c([1], 2)],
    "eq": [c("a", "a"), c([1], [1]), c({"a": 1}, {"a": 1.0}), c(1, 2, 3)],
    "equalto": [c(1, 1)],
    "escaped": [c("a")],
    "even": [c(2), c(3), c(-2), c("a"), c(2.0), c(None)],
    "exists": [c("/"), c("/no-such"), c([1])],
    "failed": [c(RESULT), c({"failed": True}), c({}), c(1), c("x"), c([])],
    "failure": [c({"failed": 1})],
    "false": [c(False), c(0)],
    "falsy": [c(""), c("no"), c("no", convert_bool=True), c("x", True), c(0), c([])],
    "file": [c("/etc/passwd"), c("/"), c("/no-such")],
    "filter": [c("upper"), c("nope"), c(1)],
    "finished": [c({"finished": 1}), c({"finished": 0}), c({}), c(1)],
    "float": [c(1.0), c(1)],
    "ge": [c(2, 1), c(1, 2)],
    "greaterthan": [c(2, 1)],
    "gt": [c(2, 1), c("b", "a"), c(None, 1)],
    "in": [c(1, [1]), c("a", "abc"), c(1, 1), c("k", {"k": 1}), c(1, "a"), c(1)],
    "integer": [c(1), c(True), c(1.0), c("1")],
    "is_abs": [c("/a")],
    "is_dir": [c("/")],
    "is_file": [c("/etc/passwd")],
    "is_link": [c("/no-such")],
    "is_mount": [c("/")],
    "is_same_file": [c("/", "/etc/..")],
    "isnan": [c(1), c("a")],
    "issubset": [c([1], [1, 2]), c([3], [1]), c([[1]], [1]), c("a", "ab"), c(1, [1]), c([1])],
    "issuperset": [c([1, 2], [1]), c([1], [2])],
    "iterable": [c([1]), c("a"), c(1), c({"a": 1}), c(None)],
    "le": [c(1, 1), c("a", 1)],
    "lessthan": [c(1, 2)],
    "link": [c("/no-such"), c("/")],
    "link_exists": [c("/"), c("/no-such")],
    "lower": [c("abc"), c("aB"), c("1"), c(1), c("")],
    "lt": [c(1, 2), c(1, 1.5), c({}, {})],
    "mapping": [c({"a": 1}), c([1]), c("a")],
    "match": [c("abc", "a"), c("abc", "b"), c("ABC", "a", ignorecase=True), c("a\nb", "b", multiline=True), c("x", "("), c(12, "1"), c("abc", ".*c$"), c("abc"), c("a", None)],
    "mount": [c("/"), c("/etc/passwd"), c("/no-such")],
    "nan": [c(1.5), c(None)],
    "ne": [c(1, 2), c("a", "a")],
    "none": [c(None), c(0)],
    "number": [c(1), c(1.5), c(True), c("1")],
    "odd": [c(1), c(2), c(-1), c("a")],
    "reachable": [c({"unreachable": False}), c({"unreachable": True}), c({}), c(1)],
    "regex": [c("abc", "b"), c("abc", "b", match_type="match"), c("abc", "abc", match_type="fullmatch"), c("abc", "B", True), c("a\nb", "^b", multiline=True)],
    "same_file": [c("/", "/"), c("/", "/etc"), c("/", "/no-such")],
    "sameas": [c(1, 1), c(True, True), c(None, None), c(True, 1), c([1], [1]), c(1)],
    "search": [c("abc", "b"), c("abc", "^b"), c("ABC", "b", ignorecase=True), c("abc", "("), c([1, 2], "1"), c("x", "")],
    "sequence": [c([1]), c("a"), c({"a": 1}), c(1)],
    "skip": [c({"skipped": True})],
    "skipped": [c(RESULT), c({"skipped": True}), c(1)],
    "started": [c({"started": 1}), c({}), c(1)],
    "string": [c("a"), c(1)],
    "subset": [c([1], [1, 2])],
    "succeeded": [c(RESULT), c({"failed": True}), c({}), c(1)],
    "success": [c({})],
    "successful": [c({})],
    "superset": [c([1, 2], [1])],
    "test": [c("odd"), c("nope"), c(1)],
    "timedout": [c({"timedout": {"period": 5}}), c({}), c({"timedout": {}}), c(1)],
    "true": [c(True), c(1)],
    "truthy": [c("x"), c("no"), c("no", convert_bool=True), c("yes", True), c([1]), c(None)],
    "undefined": [c(1), c(U)],
    "unreachable": [c({"unreachable": True}), c({}), c(1)],
    "upper": [c("ABC"), c("aB"), c("1"), c("")],
    "uri": [c("http://a.b"), c("x"), c("ftp://x", ["http"]), c(1), c("http://a", ["http"])],
    "url": [c("http://a.b"), c("x"), c("mailto:a@b"), c("file:///x"), c("http://[")],
    "urn": [c("urn:isbn:1"), c("http://a")],
    "vault_encrypted": [c("$ANSIBLE_VAULT;1.1;AES256\n61"), c("x"), c(1)],
    "vaulted_file": [c("/etc/passwd"), c("/no-such")],
    "version": [c("1.10", "1.9", ">"), c("1.0", "1.0"), c("1.0", "1.0.0"), c("1.0", "1.0.0", strict=True), c("1.0.0-rc1", "1.0.0", "<", version_type="semver"), c("1.0a1", "1.0", "<", version_type="pep440"), c("1", "2", "zz"), c("", "1"), c("1", ""), c("1", "2", "lt", True, "loose"), c("1", "2", version_type="zz"), c("x", "1", version_type="semver"), c("1.x", "1.1", "lt"), c(1.5, 1.4, "gt"), c("1.0", "1.0", "ne"), c("2.0", "10", "<"), c("x", "1.0", version_type="strict"), c("x", "1", version_type="pep440"), c("20.04", "18.04", ">="), c("1.2.3-4", "1.2.3-10", "<"), c("1")],
    "version_compare": [c("1.2", "1.10", "<")],
}

TESTS.update({f"ansible.utils.{name}": rows for name, rows in {
    "in_any_network": [c("10.0.0.1", ["10.0.0.0/8", "192.168.0.0/16"]), c("1.1.1.1", ["10.0.0.0/8"])], "in_network": [c("10.0.0.1", "10.0.0.0/8"), c("x", "10.0.0.0/8"), c("::1", "10.0.0.0/8"), c("10.0.0.1/8", "10.0.0.0/8")],
    "in_one_network": [c("10.0.0.1", ["10.0.0.0/8", "10.0.0.0/16"]), c("10.0.0.1", ["10.0.0.0/8"])], "ip": [c("10.0.0.1"), c("10.0.0.1/8"), c("10.0.0.0/8"), c("x"), c("::1")], "ip_address": [c("10.0.0.1"), c("10.0.0.0/8")],
    "ipv4": [c("10.0.0.1"), c("::1")], "ipv4_address": [c("10.0.0.1"), c("::1")], "ipv6": [c("::1"), c("10.0.0.1"), c("2001:db8::/32")], "ipv6_address": [c("::1"), c("2001:db8::/32")], "loopback": [c("127.0.0.1"), c("::1"), c("10.0.0.1")],
    "mac": [c("1a:2b:3c:4d:5e:6f"), c("1A-2B-3C-4D-5E-6F"), c("1a2b.3c4d.5e6f"), c("x")], "multicast": [c("224.0.0.1"), c("10.0.0.1")], "subnet_of": [c("10.1.0.0/16", "10.0.0.0/8"), c("10.0.0.0/8", "10.1.0.0/16")],
    "supernet_of": [c("10.0.0.0/8", "10.1.0.0/16")], "unspecified": [c("0.0.0.0"), c("::"), c("1.1.1.1")],
}.items()})
TESTS.update({"ansible._protomatter.tagged": [c(1), c([1])], "ansible._protomatter.tagged_with": [c(1, "Origin"), c(1, "zz")]})

LOOKUPS = {
    "community.general.cartesian": [c(None, [1, 2], ["a"]), c(None), c(None, "x", [1, 2])],
    "community.general.filetree": [c(None, "nope/")],
    "community.general.merge_variables": [c(None, "^rplay_merge_"), c(None, "^rplay_._list$", pattern_type="regex"), c(None, "rplay_merge_", pattern_type="prefix", initial_value={"z": 1}), c(None, "nothing_like_it"), c(None, 1)],
    "community.general.random_string": [c(None, length=6, seed="x"), c(None, seed=5), c(None, length=4, override_all="a"), c(None, length=8, special=False, seed="q", base64=True), c(None, upper=False, lower=False, numbers=False, special=False), c(None, length=6, min_numeric=2, seed="m"), c(None, length=12, ignore_similar_chars=True, seed="s")],
    "config": [c(None, "DEFAULT_BECOME_USER"), c(None, "DEFAULT_POLL_INTERVAL", "DEFAULT_TIMEOUT"), c(None, "nope"), c(None, "nope", on_missing="skip"), c(None, "DEFAULT_FORKS", on_missing="zz"), c(None, 1), c(None, "port", plugin_type="connection"), c(None, "port", "retries", plugin_type="connection", plugin_name="ssh", on_missing="skip"), c(None, "remote_tmp", plugin_type="shell", plugin_name="sh"), c(None, "DEFAULT_BECOME_USER", show_origin=True)],
    "community.general.flattened": [c(None, [1, [2, [3]]], 4), c(None, ["None", 1], 2), c(None, [[1]], "a")],
    "csvfile": [c(None, "bob", file="data.csv", delimiter=","), c(None, "y", file="tab.csv"), c(None, "y", file="tab.csv", col=2), c(None, "zz", file="tab.csv", default="d"), c(None, "zz", file="tab.csv"), c(None, "bob", file="nope.csv"), c(None), c(None, "3", file="data.csv", delimiter=",", keycol=1, col=2), c(None, "y file=tab.csv col=2"), c(None, "bob", file="data.csv", delimiter=",", col=9)],
    "dict": [c(None, {"a": 1, "b": 2}), c(None, [1]), c(None, {}), c(None, {"a": 1}, {"b": 2}), c(None, 1)],
    "env": [c(None, "RPLAY_X"), c(None, "RPLAY_NOPE"), c(None, "RPLAY_NOPE", default="d"), c(None, "RPLAY_X", "RPLAY_NOPE")],
    "file": [c(None, "a.txt"), c(None, "a.txt", rstrip=False), c(None, "a.txt", lstrip=True), c(None, "plain.txt"), c(None, "nope"), c(None, "/no-such/x"), c(None, "files/b.txt"), c(None, "a.txt", "b.txt")],
    "fileglob": [c(None, "nope*"), c(None, "nodir/*")],
    "first_found": [c(None, "nope", "plain.txt"), c(None, ["nope"]), c(None, ["nope"], skip=True), c(None, {"files": ["a.txt"], "paths": ["nope", "files"]}), c(None, files=["x", "plain.txt"]), c(None, files=["a.txt"], paths=["files"]), c(None, {"files": "x,plain.txt"}), c(None, 1), c(None, [{"files": ["nope"], "skip": True}])],
    "indexed_items": [c(None, ["a", "b"]), c(None, "a", ["b"]), c(None)],
    "ini": [c(None, "key", file="data.ini"), c(None, "key", section="sec", file="data.ini"), c(None, "key section=sec file=data.ini"), c(None, "zz", file="data.ini"), c(None, "zz", file="data.ini", default="d"), c(None, "key", section="zz", file="data.ini"), c(None, "b", type="properties", file="p.properties"), c(None, ".*", section="global", file="data.ini", re=True), c(None, "Other", file="data.ini", case_sensitive=True), c(None, "other", file="data.ini"), c(None, "k2", section="sec", file="data.ini"), c(None, "x", file="nope.ini"), c(None, "empty", file="data.ini")],
    "items": [c(None, [1, [2, 3]], 4), c(None, 1), c(None, [[1]]), c(None), c(None, {"a": 1}), c(None, "ab")],
    "lines": [c(None, "printf 'a\\nb\\n'"), c(None, "exit 3"), c(None, "true")],
    "list": [c(None, 1, [2]), c(None, [1, 2])],
    "nested": [c(None, [1, 2], ["a", "b"]), c(None, [1], [2], [3]), c(None), c(None, [1]), c(None, [[1, 2]], ["a"]), c(None, [], [1])],
    "password": [c(None, "/dev/null length=8 chars=a"), c(None, "/dev/null", length=4, chars=["b"]), c(None, "/dev/null seed=x length=10"), c(None, "/dev/null zz=1"), c(None, "/dev/null", seed="foo")],
    "pipe": [c(None, "echo hi"), c(None, "exit 2"), c(None, "printf 'a\\n\\n'"), c(None, "pwd >/dev/null")],
    "random_choice": [c(None, "x"), c(None)],
    "sequence": [c(None, "3"), c(None, "5-8"), c(None, "2-10/2"), c(None, "4:host%02d"), c(None, "start=5 end=11 stride=2 format=0x%02x"), c(None, "count=5"), c(None, "start=0x0f00 count=4 format=%04x"), c(None, start=1, end=3), c(None, "start=10 end=0 stride=-5"), c(None, "x"), c(None, "end=1 start=5"), c(None, "count=1 end=2"), c(None, "start=1"), c(None, "count=0"), c(None, "1-2:%s%s"), c(None, "3", format="f%d"), c(None, "zz=1"), c(None, "stride=0 end=3"), c(None, "010"), c(None, "2:%z")],
    "subelements": [c(None, PEOPLE, "tags"), c(None, PEOPLE, "zz"), c(None, PEOPLE, "zz", {"skip_missing": True}), c(None, {"x": PEOPLE[0]}, "tags"), c(None, PEOPLE), c(None, 1, "x"), c(None, [{"a": {"b": [1, 2], "c": 3}}], "a.b"), c(None, PEOPLE, "name"), c(None, [1], "x"), c(None, [{"skipped": True}], "x")],
    "template": [c(None, "t.j2"), c(None, "nope.j2")],
    "together": [c(None, [1, 2], ["a", "b"]), c(None, [1, 2], ["a"]), c(None), c(None, [[1, 2]], [3])],
    "unvault": [c(None, "b.txt"), c(None, "nope")],
    "varnames": [c(None, "^rplay_"), c(None, "("), c(None, 1), c(None, "^nope"), c(None, "^rplay_a$", "_b$")],
    "vars": [c(None, "rplay_a"), c(None, "rplay_a", "rplay_b"), c(None, "nope_x", default="d"), c(None, 1), c(None, "nope_x")],
}

TREE = {"a": {"b-c": [1, {"d": None}], "e_1": True, "9f": 1.5, "x y": [], "z": {}}, "": {"k": 1}, "g": "text"}
DEEP = {"k": {"k": [1], "name": "n", "v": {"name": "m", "w": []}}, "l": [{"name": "a"}, {"v": 1}, {}, [], "s", None], "name": 5, "n2": ""}
SOURCES = [{"data": [{"name": "eth0", "up": True}, {"name": "eth1", "up": False}], "match_key": "name", "name": "ifs"}, {"data": [{"name": "eth0", "ip": "1.1.1.1"}], "match_key": "name", "name": "ips"}]
UNNAMED = [{"data": [{"name": "eth0"}, {"x": 1}, {"name": "eth0"}], "match_key": "name", "name": "ifs"}, {"data": [{"n": "eth1"}, {"n": "eth0"}], "match_key": "n", "name": "ns"}]
XML = '<?xml version="1.0"?>\n<a x="1" y="t&amp;u"><b>1</b><b>2</b><c/><d>t<e/>u</d><f z="3">v</f><!-- no --><g><![CDATA[<raw>]]></g>&#233;</a>'
FILTERS.update({f"ansible.utils.{name}": rows for name, rows in {
    "consolidate": [c(SOURCES), c(SOURCES, False, False, False), c(SOURCES, fail_missing_match_value=False), c(UNNAMED), c(UNNAMED, False), c(UNNAMED, False, False), c(UNNAMED, False, False, False), c(UNNAMED, fail_missing_match_key="no", fail_duplicate=0, fail_missing_match_value="off"),
        c([]), c(1), c([1]), c([{"data": 1}]), c([{"data": [1], "match_key": "a", "name": "n"}]), c([{"data": 5, "match_key": "a", "name": "n"}]), c(SOURCES, zz=1), c(SOURCES, 1, 1, 1, 1, 1), c([dict(SOURCES[0], extra=1)]), c([{"data": [{"k": 2}, {"k": 10}, {"k": 1}], "match_key": "k", "name": "n"}]),
        c([{"data": [{"k": [1]}], "match_key": "k", "name": "n"}]), c([{"data": {"q": 1}, "match_key": "k", "name": "n"}]), c("x"), c(None), c([{"data": "ab", "match_key": 5, "name": "n"}])],
    "fact_diff": [c({"a": 1, "b": 2}, {"a": 2, "b": 2}), c({"a": 1, "b": 2}, {"a": 2, "b": 2}, common=True), c({"a": 1}, {"a": 1}), c(["a", "b"], ["a", "c", "d"]), c("a\nb\n", "a\nc\n"), c("a\nb", "a\nc"), c("a\n", "a"), c("", "x"), c(None, "x"), c(None, None), c(1, 2), c(1, "x"), c({"a": 1}, "x"), c({"a": 1}),
        c("a\nb\nc 1\n", "a\nx\nc 2\n", plugin={"vars": {"skip_lines": ["^c"]}}), c(["a", "b1"], ["a", "b2"], {"vars": {"skip_lines": ["b"]}}), c("a", "b", {"vars": {"skip_lines": ["("]}}), c("a", "b", {"name": "x.y.z"}), c("a", "b", {"zz": 1}), c("a", "b", {"vars": {"skip_lines": "a,b"}}), c("a", "b", "zz"), c("a", "b", {}, "yes"), c("a", "b", nope=1),
        c({"b": {"y": [1, 2, None, True, 1.5, "\u00e9"]}, "a": []}, {"b": {"y": [1, 2, None, True, 1.5]}, "a": [], "c": {}}), c([1, None, {"a": 1}], [1, None, {"a": 2}]), c([], []), c([], ["a"]), c({}, {"a": 1}), c({"a": 1}, {"a": 2}, {"vars": {"skip_lines": ["a"]}}), c(1, 1, {"vars": {"skip_lines": ["a"]}}), c("\x1b[31mred\x1b[0m", "green"), c(True, False), c("a\r\nb", "a\nb")],
    "from_xml": [c(XML), c("<a/>"), c("<a></a>"), c("<a>t</a>"), c("<a> t </a>"), c("<a>\n <b> x </b>\n</a>"), c("<a><b/></a>", "xmltodict"), c("<a/>", "lxml"), c("<a>"), c(""), c("x"), c(5), c(None), c([1]), c({"a": 1}), c("<n:a xmlns:n='u' n:q='1'><n:b/></n:a>"), c("<a/>", nope=1), c("<a/>", 1, 2, 3), c("<a>&lt;&gt;&quot;&apos;&#x41;</a>"), c("<a>&nope;</a>"), c("<a b='1' b='2'/>"), c("<a/><b/>"), c("<a b=1/>"), c("<a><b>1</b>t<b>2</b></a>"),
        c("<a>x<!-- c -->y</a>"), c("<a><?pi data?>x</a>"), c("<!DOCTYPE a [<!ENTITY e 'v'>]><a>&e;</a>"), c("<!DOCTYPE a><a>1</a>"), c("<a x=' 1\n2 '/>"), c("<a>\u00e9\u20ac</a>"), c("<?xml version='1.0' encoding='ISO-8859-1'?><a>\u00e9</a>"), c("<a><b> </b><c>\n</c></a>"), c("  <a/>"), c("<a/>\n<!-- x -->\n"), c("<a>]]></a>"), c("<a>\r\n1\r2</a>"), c("<1a/>"), c("<a><b></a></b>"), c("<a>&#0;</a>"), c("<a>\x01</a>"), c("<a b='<'/>"), c("<A.b-c_d:e/>"), c("<a b='1'c='2'/>"), c("<a b='1'\nc=\"2\" />")],
    "get_path": [c(TREE, "a['b-c'][1].d"), c(TREE, "a.e_1"), c(TREE, "g"), c(TREE, "g|upper"), c(TREE, "a['b-c']"), c(TREE, "nope"), c(TREE, "nope.x"), c(TREE, "nope|default('d')"), c(TREE, path="a['9f'] + 1"), c(TREE, "a['b-c'][0]", False), c(TREE, "g", wantlist=True), c(TREE, ""), c(TREE, 5), c(TREE), c([1], "[0]"), c(1, "x"), c("x", "x"), c(TREE, "g }} {{ g"), c(TREE, "a["), c(TREE, None), c(TREE, ["g"]), c(TREE, "g", zz=1), c({"a b": 1}, "a"), c({}, "1"), c(None, "1"), c({"items": 5}, "items"),
        c(TREE, "lookup('env', 'RPLAY_X')"), c(TREE, "rplay_a"), c({"x": "{{ 1 + 1 }}"}, "x"), c(TREE, "[1, 2]"), c(TREE, "{'k': g}"), c(TREE, "a.z"), c(TREE, "'lit'"), c(TREE, "g, wantlist"), c("a=1", "a"), c('{"a": {"b": 7}}', "a.b")],
    "index_of": [c([1, 2, 3, 2], "eq", 2), c([1, 2, 3], "==", 2), c([1, 2, 3], "eq", 9), c([1, 2, 3], "eq", 3, wantlist=True), c(["a", "b"], "match", "^b"), c(["a", "b"], "!match", "^b"), c(["a", "b"], "not match", "^b"), c([1, 2, 3], "odd"), c([1, 2, 3], "!=", 2), c([1, 2, 3], "!= ", 2), c(PEOPLE, "eq", "bob", "name"), c(PEOPLE, "eq", 3, "age"), c(PEOPLE, "eq", 3, key="age", wantlist=True), c(PEOPLE, "eq", 1, "nope"), c(PEOPLE, "eq", 1, "nope", True), c(PEOPLE, "eq", 1, "nope", fail_on_missing=True),
        c([1, 2], "eq", 1, "k"), c([1], "eq", 1, "k"), c([1, 2], "nope", 1), c([1, "a"], ">", 1), c([1, 2], "in", 2), c([1, 2], "in", [2, 3]), c([1, 2]), c(1, "eq", 1), c("abc", "eq", "b"), c(None, "eq", 1), c([], "eq", 1), c(PEOPLE, "eq", 1, ["k"]), c(PEOPLE, "eq", 1, {"k": 1}), c([True, False], "true"), c([1, 2], 5, 1), c([1, 2], "eq", 1, zz=1), c([1, 2], "eq", 1, None, False, True, 7), c({"a": 1}, "eq", "a"), c([1, None], "none"), c([1, 2], "eq", 1, 1.5), c([{"a": 1}, {"b": 1}], "eq", 1, "a", "yes"), c([1, 2], "ansible.builtin.odd"), c(["1.2", "1.3"], "version", "1.3"), c([[1], [2]], "contains", 2), c([1, 2], "not odd"), c(["x"], "not nope")],
    "keep_keys": [c(DEEP, ["name"]), c(DEEP, ["k"]), c(DEEP, "name"), c(DEEP, ["n"], "starts_with"), c(DEEP, ["e"], "ends_with"), c(DEEP, ["^[nv]"], "regex"), c(DEEP, ["v", "l"]), c([DEEP], ["name"]), c([DEEP, 1, None, "s"], ["w"]), c(DEEP, []), c(DEEP), c("x", ["a"]), c(5, ["a"]), c(None, ["a"]), c(DEEP, ["a"], "zz"), c(DEEP, ["("], "regex"), c(DEEP, {"a": 1}), c(DEEP, 5), c(DEEP, ["name"], zz=1), c(DEEP, [5]), c(DEEP, ["name"], "equality"), c([[DEEP]], ["name"]), c(DEEP, "name,k"), c(DEEP, ["name"], "regex", 1), c({"a": {"b": {"c": 1}}}, ["c"]), c({"a": [[{"b": 1}], {"c": []}]}, ["b", "c"])],
    "param_list_compare": [c(["a", "b", "c"], ["all"]), c(["a", "b", "c"], ["!a", "all"]), c(["a", "b", "c"], ["b", "zz"]), c(["a"], ["!zz"]), c(["b", "a"], ["all", "b"]), c(["a"]), c("a,b", "a"), c("a,b", ["a"]), c(1, ["a"]), c(["a"], 1), c(["a"], [1]), c([1], ["1"]), c(["a"], ["a"], zz=1), c(["a"], {"a": 1}), c([], []), c(None, ["a"]), c(["a"], None), c(["a", "a"], ["all", "!a"]), c(["a"], ["a"], 3), c(["a"], target=["a"]), c(["a"], base=["b"]), c({"a": 1}, ["a"])],
    "remove_keys": [c(DEEP, ["name"]), c(DEEP, ["k"]), c(DEEP, "name"), c(DEEP, ["n"], "starts_with"), c(DEEP, ["e"], "ends_with"), c(DEEP, ["^[nv]"], "regex"), c([DEEP], ["name"]), c([DEEP, 0, None, "s", ""], ["w"]), c(DEEP, []), c(DEEP), c("x", ["a"]), c(5, ["a"]), c(DEEP, ["a"], "zz"), c(DEEP, ["("], "regex"), c(DEEP, {"a": 1}), c(DEEP, ["name"], zz=1), c({"a": 1, "ab": 2}, ["a", "ab"], "starts_with"), c(DEEP, ["name", "name"]), c({"a": [[], 0, [0, 1]]}, ["b"])],
    "replace_keys": [c(DEEP, [{"before": "name", "after": "N"}]), c(DEEP, [{"before": "n", "after": "N"}], "starts_with"), c(DEEP, [{"before": "e", "after": "E"}], "ends_with"), c(DEEP, [{"before": "^n", "after": "N"}], "regex"), c([DEEP, 1], [{"before": "name", "after": "k"}, {"before": "k", "after": "q"}]), c(DEEP, [{"before": "name"}]), c(DEEP, [{"after": "x"}]), c(DEEP, [{"after": "x"}], "starts_with"), c(DEEP, [{"before": "a", "zz": 1}]), c(DEEP, [1]), c(DEEP, []), c(DEEP), c("x", []), c(DEEP, [{"before": "(", "after": "x"}], "regex"), c(DEEP, "a"), c(DEEP, {"before": "name", "after": "N"}), c(DEEP, [{"before": 5, "after": 6}]), c(DEEP, [], "zz"), c(DEEP, ["before=name after=N"])],
    "to_paths": [c(TREE), c(TREE, "pre"), c(TREE, prepend="p", wantlist=True), c(TREE, wantlist=True), c([1, [2, {"a": 3}]]), c([1], "x"), c({}), c([]), c({}, "p"), c([], "p"), c("x"), c(1), c(None), c("x", "p"), c(TREE, zz=1), c(TREE, "a", True, 1), c(TREE, ["p"]), c({"a": {"it's": 1, "b\"c": 2, "\u00e9": 3, "k\n": 4}})],
    "to_xml": [c({"a": {"b": 1, "c": ["x", "y"], "d": None, "e": True, "f": 1.5, "@at": "v", "#text": "t"}}), c({"a": 1}), c({"a": None}), c({"a": ""}), c({"a": []}), c({"a": {}}), c({"a": [1]}), c({"a": [1, 2]}), c({"a": 1, "b": 2}), c({}), c("x"), c(5), c([1]), c(None), c({"a": {"b": {"c": "<&>\"'"}}}, indent="spaces"), c({"a": {"b": {"c": 1}}}, "xmltodict", "spaces", 2), c({"a": {"b": 1}}, indent="zz"), c({"a": 1}, "lxml"), c({"a": {"b": 1}}, full_document=False), c({"a": 1, "b": 2}, full_document=False), c({"a": {"b": 1}}, indent="spaces", indent_width=0), c({"a": {"b": 1}}, indent="spaces", indent_width="x"), c({"a": {"@b": "x<>&\"'\n\t", "@n": 1, "@t": True, "@z": None}}), c({"a": {"#text": "only"}}), c({"a": {"b": [{"c": 1}, {"c": 2}, None, "s"]}}), c({"a b": 1}), c({"a": {"x y": 1}}), c({"1": 1}), c({"a": {"@x y": 1}}), c({"a": {"b": []}}), c({"a": {"b": [[1, 2], [3]]}}), c({"a": 1}, zz=1), c('{"a": {"b": 1}}'), c("a=1"), c({"a": 1}, "xmltodict", "tabs", 4, False), c({"a": {"b": "\u00e9\n x "}}), c({"a": {"#text": "t", "b": 1}}), c({"a": {"@x": ["1", "2"]}}), c({"a": {"@x": {"k": 1}}}), c({"a": {"#comment": "c"}}), c({"#comment": "c", "a": 1}), c({"a": {"b": "\x01"}}), c({"a": False}), c({"a": {"@xmlns": {"": "u", "p": "v"}, "b": 1}}), c({"a": {"/b": 1}}), c({"a": {"<": 1}}), c({"a": "multi\nline"})],
}.items()})
TESTS.update({f"ansible.utils.{name}": rows for name, rows in {
    "ipv4_hostmask": [c("0.0.0.255"), c("255.255.255.0"), c("0.0.0.0"), c("x"), c(8), c("255.255.255.255"), c("8"), c("0.1.255.255"), c("0.0.255.0"), c(None), c([1]), c("0.0.0.255", 1)], "ipv4_netmask": [c("255.255.255.0"), c("0.0.0.255"), c("255.0.255.0"), c("0.0.0.0"), c("x"), c("24"), c(24), c("255.255.255.255"), c(None), c({}), c("255.255.255.128", zz=1)],
    "ipv6_ipv4_mapped": [c("::FFFF:10.1.1.1"), c("::AAAA:10.1.1.1"), c("x"), c("10.1.1.1"), c("::ffff:a01:101"), c(1), c(None)], "ipv6_sixtofour": [c("2002:c0a8:6301:1::1"), c("2001:c0a8:6301:1::1"), c("x"), c("1.1.1.1"), c("2002::"), c([])], "ipv6_teredo": [c("2001::c0a8:6301:1"), c("2002::c0a8:6301:1"), c("x"), c("2001:0:4136:e378:8000:63bf:3fff:fdd2"), c("2001:1::")],
    "private": [c(net) for net in ["10.0.0.1", "172.16.0.1", "172.32.0.1", "192.168.1.1", "8.8.8.8", "127.0.0.1", "169.254.1.1", "100.64.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.5", "240.0.0.1", "255.255.255.255", "0.0.0.0", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.170", "::1", "::", "fc00::1", "fe80::1", "2001:db8::1", "2001::1", "2001:4860::1", "64:ff9b:1::1", "100::1", "2002::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "2001:1::1", "2001:3::1", "2001:20::1", "3fff::1", "x", "10.0.0.0/8", "192.88.99.1"]] + [c(1), c(None)],
    "public": [c(net) for net in ["10.0.0.1", "8.8.8.8", "100.64.0.1", "192.0.0.9", "224.0.0.1", "::1", "2001:4860::1", "2001:db8::1", "2001:3::1", "64:ff9b::1", "ff02::1", "x", "8.8.8.0/24", "::ffff:8.8.8.8", "fe80::1"]], "reserved": [c(net) for net in ["240.0.0.1", "255.255.255.255", "10.0.0.1", "::1", "::2", "4000::1", "2001:db8::1", "8000::", "ff00::1", "fe80::1", "fc00::1", "1::", "x", "::ffff:1.2.3.4"]],
    "resolvable": [c("localhost"), c("127.0.0.1", 1), c(""), c(None), c([1]), c("127.0.0.1", 1, 2), c("127.0.0.1", zz=1)],
}.items()})
LOOKUPS.update({f"ansible.utils.{name}": rows for name, rows in {
    "get_path": [c(None, TREE, "a['b-c'][0]"), c(None, TREE, "nope"), c(None, TREE), c(None), c(None, var=TREE, path="g"), c(None, TREE, "g", 3), c(None, TREE, "a['b-c']"), c(None, TREE, "g", zz=1)],
    "index_of": [c(None, [1, 2, 3, 2], "eq", 2), c(None, [1, 2, 3], "eq", 3), c(None, [1, 2, 3], "eq", 9), c(None, data=[1, 2], test="odd"), c(None, PEOPLE, "eq", "bob", "name"), c(None, [1], "nope", 1), c(None), c(None, [1, 2], "eq", 1, zz=1)],
    "to_paths": [c(None, TREE), c(None, TREE, "p"), c(None, var=TREE, prepend="q"), c(None), c(None, 1), c(None, TREE, zz=1)],
}.items()})

INI = "[DEFAULT]\nd = 1\n[a]\nk = v\nK=V\n e : f\nlong = one\n  two\n\n  three\n; c\n# c\nempty =\n[b c]\nx = a ; no\ny = %(d)s\n"
DOC = {"a": {"b": [1, 2, {"c": "x"}], "~t": 1, "s/l": 2}, "n": None, "": 0}
TABLE = [{"name": "bob", "age": 3, "on": True}, {"name": "Al\u00e9", "age": 30, "x": None}]
FILTERS.update({f"community.general.{name}": rows for name, rows in {
    "from_ini": [c(INI), c(""), c("[a]"), c("[a]\nk"), c("k = v"), c("[a]\nk = v\nk = w"), c("[a]\n[a]"), c("[a"), c(5), c(None), c({"a": 1}), c("[a]\nk = v", 1), c("[a]\n[DEFAULT]\nx = 1\n[a b]\ny: 2"), c("[a]\nk = v ; c\n"), c("\n\n[a]\n\nk = \n v\n"), c("[a]\n= v"), c("[a]\r\nk = v\r\n"), c("[a] junk\nk=v"), c("[]\nk = v"), c("[a]]\nk = v"), c("x\n[a]"), c("[a]\nk = v\n\n\n"), c("[a]\nk=v=w:z"), c("[a]\n  k = v\n  l = w\n"), c("[a]\nk = v\n   # c\n   w"), c("[DEFAULT]\n[DEFAULT]\nk = 1"), c("[a]\n\u00e9 = \u00fc"), c("[a]\nk : v"), c("[a]\nbad line\nworse"), c("[a]\n  indented\nk=v"), c("[a]\nk =  v  \n")],
    "to_ini": [c({"a": {"k": "v", "K": 1, "e": ""}, "b c": {"x": None}}), c({}), c({"a": {}}), c({"DEFAULT": {"d": 1}, "a": {"k": True}}), c({"a": 1}), c({"a": [1]}), c("x"), c([1]), c(None), c({"a": {"k": "one\ntwo"}}), c({"a": {"k": [1, "x"]}}), c({"a": {"k": {"l": 1}}}), c({"a": {"k": 1.5}}, 1), c({"a": {"k": "%d"}}), c({"DEFAULT": {}}), c({"a": {"K": 1, "k": 2}}), c({"a": {"": 1}}), c({"": {"a": 1}}), c({"a": None}), c({"a": "x"}), c({"a": {"k=": "v:"}})],
    "json_patch": [c(DOC, "add", "/x", 1), c(DOC, "add", "/a/b/0", 9), c(DOC, "add", "/a/b/-", 9), c(DOC, "add", "/a/b/3", 9), c(DOC, "add", "/a/b/4", 9), c(DOC, "add", "/a/b/x", 9), c(DOC, "add", "/nope/x", 9), c(DOC, "add", "", 9), c(DOC, "remove", "/a"), c(DOC, "remove", "/a/b/1"), c(DOC, "remove", "/nope"), c(DOC, "remove", "/a/b/7"), c(DOC, "remove", "/a/b/-"), c(DOC, "replace", "/n", 5), c(DOC, "replace", "/nope", 5), c(DOC, "replace", "/a/b/9", 5), c(DOC, "replace", "/a/b/2/c", [1]), c(DOC, "replace", "", [1]), c(DOC, "replace", "/a/~0t", 7), c(DOC, "replace", "/a/s~1l", 7), c(DOC, "add", "/a/~2", 7),
        c(DOC, "copy", "/y", **{"from": "/a/b"}), c(DOC, "move", "/y", **{"from": "/a/b/0"}), c(DOC, "move", "/y", **{"from": "/nope"}), c(DOC, "move", "/a/b", **{"from": "/a"}), c(DOC, "move", "/a", **{"from": "/a"}), c(DOC, "copy", "/y", **{"from": "/nope"}), c(DOC, "copy", "/y"), c(DOC, "move", "/y", **{"from": 5}), c(DOC, "test", "/n", None), c(DOC, "test", "/n", 1), c(DOC, "test", "/n", 1, fail_test=True), c(DOC, "test", "/nope", 1, fail_test=True), c(DOC, "test", "/a/b/0", 1), c(DOC, "test", "/a/b/0", True), c(DOC, "test", "/a/b", [1, 2, {"c": "x"}]),
        c('{"a": 1}', "add", "/b", 2), c("[1, 2]", "remove", "/0"), c("x", "add", "/b", 2), c("", "add", "/b", 2), c(5, "add", "/b", 2), c(None, "add", "/b"), c(DOC, "nope", "/b"), c(DOC, 5, "/b"), c(DOC, "add", 5), c(DOC, "add", "b", 5), c(DOC, "add"), c(DOC), c(DOC, "add", "/z", 1, zz=1, aa=2), c(DOC, "test", "/n", 1, fail_test="yes"), c([1], "add", "/-", {"x": 1}), c([1, 2], "add", "/01", 5), c([1, 2], "add", "/-1", 5), c("5", "add", "/a", 5), c([1, 2], "move", "/0", **{"from": "/1"}), c(DOC, "add", "/a/b/2/c/d", 5), c(DOC, "add", "/", 5), c(DOC, "remove", ""), c([[1]], "add", "/0/0", 0), c(DOC, "replace", "/a/b/-", 5), c(DOC, "add", "/n/x", 5), c("null", "add", "", 5), c(DOC, "remove", "/n/x"), c(DOC, "replace", "/n/x", 1), c(DOC, "replace", "/a/b/x", 1), c(DOC, "remove", "/a/b/x"), c(DOC, "test", "/a/b/x", 1, fail_test=True), c(DOC, "test", "/a/b/9", 1, fail_test=True), c(DOC, "copy", "/a/b/0", **{"from": "/n"}), c(DOC, "copy", "/x/y", **{"from": "/n"})],
    "json_patch_recipe": [c(DOC, [{"op": "add", "path": "/x", "value": 1}, {"op": "remove", "path": "/a"}]), c(DOC, []), c(DOC, [{"op": "test", "path": "/n", "value": 1}, {"op": "remove", "path": "/a"}]), c(DOC, [{"op": "test", "path": "/n", "value": 1}], True), c(DOC, [{"op": "test", "path": "/n", "value": 1}], fail_test=True), c(DOC, [{"op": "add", "path": "/x"}]), c(DOC, [{"op": "replace", "path": "/n"}]), c(DOC, [{"op": "test", "path": "/n"}], True), c(DOC, {"op": "add"}), c(DOC, [1]), c(DOC, [{"path": "/x"}]), c(DOC, [{"op": "add"}]), c(DOC, [{"op": "move", "path": "/x"}]), c(DOC, [{"op": "move", "path": "/x", "from": 1}]), c(DOC, [{"op": "zz", "path": "/x"}]), c(DOC), c(DOC, [], "x"), c(DOC, [], zz=1), c(DOC, "x"), c('{"b": [1]}', [{"op": "add", "path": "/b/-", "value": 2}]), c("{", []), c(DOC, [{"op": "add", "path": "/x", "value": 1, "extra": 2}]), c(5, []), c(DOC, [{"op": "remove", "path": "/nope"}])],
    "reveal_ansible_type": [c("a"), c(1), c(1.5), c(True), c(None), c([1, "a"]), c({"a": 1, "b": "x"}), c([]), c({}), c([[1], [2]]), c([{"a": 1}, {"b": 2}]), c({"a": [1]}), c("a", {"str": "text"}), c([1, "a"], {"int": "number", "str": "text"}), c("a", 5), c("a", "x"), c("a", [1]), c([1], alias={"list": "L"}), c("a", zz=1), c("a", {}, 1), c([1, 2.5, True, None])],
    "to_nice_yaml": [c(NESTED), c([1, "a", {"b": [1, 2]}]), c({"a": {"b": 1}}, indent=4), c("x"), c({"a": "multi\nline\n", "b": "", "c": "yes", "d": "123"}), c([]), c({}), c({"long": LONG}), c({"long": LONG}, width=40), c(None), c({"a": 1}, default_flow_style=True), c({"a": 1}, redact_sensitive_values=True), c({"b": 1, "a": 1}, sort_keys=False), c({"a": 1}, zz=1), c({"a": 1}, 1)],
    "to_prettytable": [c(TABLE), c([]), c(TABLE, "age", "name"), c(TABLE, column_order=["name", "on"]), c(TABLE, header_names=["N", "A", "O"]), c(TABLE, "name", "age", header_names=["N", "A"]), c(TABLE, column_alignments={"name": "left", "age": "right"}), c(TABLE, column_alignments={"name": "L", "age": "R", "on": "c"}), c(TABLE, column_alignments={"name": "middle"}), c(TABLE, column_alignments={"zz": "left"}), c(TABLE, column_alignments=["x"]), c(TABLE, column_alignments={"name": 5}), c(TABLE, "a", "b", "c", "d"), c(TABLE, header_names=["N"]), c(TABLE, header_names=["N", "A", "O", "P"]), c(TABLE, header_names="x"), c(TABLE, header_names=[1]), c(TABLE, column_order="name"), c(TABLE, column_order=[1]), c(TABLE, "name", column_order=["name"]), c(TABLE, 5), c(TABLE, "name", header_names=["A", "B"]), c(TABLE, "nope"), c(TABLE, "NAME"),
        c({"a": 1}), c("x"), c(5), c([1]), c([{"a": 1}, 5]), c(TABLE, zz=1, aa=1), c([{}]), c([{"a": 1}], header_names=["a", "a"]), c([{"a": "multi\nline", "b": [1, {"x": 2}]}]), c([{"a": 1.5, "b": "\u65e5\u672c"}, {"a": 10, "b": "e\u0301"}]), c([], "x", "y"), c([], header_names=["h"]), c([], column_alignments={"a": "left"}), c([{"a": "x", "b": ""}, {"a": ""}]), c([{"true": 1, "1": 2}]), c(TABLE, "name", "name"), c([{"a": "tab\tx"}]), c([{"a": "\x1b[31mred\x1b[0m"}]), c(TABLE, column_order=[]), c(TABLE, header_names=[]), c([{"a": None, "b": True}]), c([{"a b": "x" * 30}], column_alignments={"a b": "right"})],
    "to_yaml": [c(NESTED), c([1, "a"]), c({"a": 1}), c("x"), c(1), c(None), c({"a": [1, {"b": 2}]}), c({"a": [1]}, default_flow_style=False), c({"b": 1, "a": 2}, sort_keys=False), c({"a": "\u00e9", "b": True, "c": 1.5, "d": "true", "f": "a: b", "g": " x"}), c({"a": 1}, explicit_start=True), c({"a": 1}, 1), c({"a": 1}, indent=4)],
    "unicode_normalize": [c("\u00e9"), c("e\u0301"), c("\u00e9", "NFD"), c("\ufb01", "NFKC"), c("\u00bd", form="NFKD"), c("x", "zz"), c(5), c(None), c(["a"]), c("x", 5), c("x", "nfc"), c("\u1e9b\u0323", "NFKC"), c("", "NFC"), c("x", zz=1), c("\uac00", "NFD")],
}.items()})
TESTS.update({f"community.general.{name}": rows for name, rows in {
    "ansible_type": [c("a", "str"), c("a", ["int", "str"]), c(1, "str"), c([1], "list[int]"), c({"a": 1}, "dict[str, int]"), c("a", 5), c("a", "text", {"str": "text"}), c("a"), c("a", "str", 5), c(None, "NoneType"), c("a", {"str": 1}), c("a", "x", alias={"str": "x"})],
    "fqdn_valid": [c("srv.example.com"), c("a"), c("a", min_labels=2), c("foo_bar.example.com"), c("foo_bar.example.com", allow_underscores=True), c("-a.b"), c("a-.b"), c("a..b"), c("a.b."), c(""), c("a" * 63 + ".b"), c("a" * 64 + ".b"), c(".".join(["a" * 49] * 5)), c(".".join(["a" * 50] * 5)), c(".".join(["a" * 50] * 5) + "b."), c("1.2.3.4"), c("a.1"), c("\u00e9.com"), c(5), c(None), c(["a"]), c("a", "x"), c("a", 0), c("a", -1), c("a.b.c", 3), c("a b.c"), c("A.B-c9"), c("."), c("a.b", 2, True), c("_a.b", 2, True), c("a_.b", 2, "yes"), c("a", zz=1), c("a\n"), c("a.b", 1.5)],
}.items()})
LOOKUPS.update({f"community.general.{name}": rows for name, rows in {
    "binary_file": [c(None, "a.txt"), c(None, "bad.bin", "plain.txt"), c(None, "nope"), c(None, "nope", "b.txt", not_exist="empty"), c(None, "nope", not_exist="empty_str"), c(None, "nope", not_exist="zz"), c(None), c(None, "files"), c(None, "bad.bin", zz=1)],
    "dependent": [c(None, {"a": [1, 2]}, {"b": "[item.a, item.a + 1]"}), c(None, {"a": {"x": 1, "y": 2}}, {"b": ["z"]}), c(None, {"a": "rplay_merge_1"}, {"b": "item.a.value if item.a.value is iterable else []"}), c(None), c(None, {"a": [1]}, {"a": [2]}), c(None, {"a": 1}), c(None, 1), c(None, {"a": [1], "b": [2]}), c(None, {}), c(None, {"a": "nope_x"}), c(None, {"a": "5"}), c(None, {"a": []}), c(None, {"a": "'x'"}), c(None, {"a": ["p", "q"]}, {"b": "[item]"}), c(None, {"a": "[1"}), c(None, [{"a": [1]}])],
}.items()})
LOOKUPS["community.general.merge_variables"] += [c(None, "rplay_", override="zz"), c(None, "^rplay_merge_", override="ignore", initial_value={"a": 5}), c(None, "^rplay_merge_", initial_value={"a": 5}), c(None, "2_list", pattern_type="suffix"), c(None, "x", pattern_type="zz"), c(None, "(")]

# What random templates found.
for name, calls in {
    "hash": [c("a", "sm3"), c("a", "SM3"), c("a", "ripemd160"), c("a", "rmd160"), c("a", "md5-sha1"), c("a", "sha512-256"), c("a", "sha512_224"), c("a", "sha3-256"), c("a", "SHA-1"), c("a", "sha2-256"), c("a", "blake2b512"), c("a", "BLAKE2b"),
             c("a", "ssl3-md5"), c("a", "shake_128"), c("a", "shake_256"), c("a", ""), c("a", "sha1 "), c("a", 5), c("a", "whirlpool"), c("a", "blake2s"), c("a", "md4")],
    "combine": [c({"a": [1]}, {"a": [1]}, list_merge="append"), c({}, {"a": [1]}, list_merge="append"), c({"a": {"l": [1]}}, {"a": {"l": [1]}, "b": 1}, list_merge="append", recursive=True)],
    "union": [c("", 1.5), c("abc", 1), c(None, None), c([[1]], {"a": 1}), c([1, [2]], [[2], 3])], "intersect": [c([1, [2]], [[2]]), c(None, [1])], "difference": [c([1, [2]], [[2]]), c([1], None)],
    "symmetric_difference": [c([], None), c([1, [2]], [[2], 3]), c("ab", "bc")],
    "wordwrap": [c("Hello World", 3), c("aa bbbbbb", 3), c("a b", 1)], "sort": [c([3, "q", None, 1.5]), c([None, 2, "a", True])], "max": [c([None, 1])],
    "slice": [c([1], 0.0)], "strftime": [c(None, 5)], "subelements": [c([[1]], "a")], "fileglob": [c([]), c(["a"]), c({})], "urlsplit": [c([]), c({})],
    "map": [c([1], 5), c([1], [1]), c([1], {})], "select": [c([1], None), c([1], [1]), c(1, [1])], "round": [c("a", -2, "floor"), c([1], -2, "floor"), c("a", 2, "floor")], "float": [c("x", default="q")],
    "zip": [c([1, 2])], "password_hash": [c({}, "sha512", "a b", rounds=1000), c({}, "sha512", "ab", rounds=1), c("x", "sha512", "ab", rounds=99999999999), c([], "md5", "toolongsalt"), c([], "md5", "ab")],
    "ansible.utils.ipsubnet": [c("::1", "10.0.0.0/8"), c("::1/127", "10.0.0.0/8"), c("2001:db8::1", "10.0.0.0/8"), c("10.0.0.1", "::/64"), c("10.0.0.0/8", "10.0.0.0/16")],
    "ansible.utils.ipwrap": [c("2001:db8::/32", "nope"), c("2001:db8::1/64", "address"), c("::1", "ipv4"), c(["::1", "x"], "nope")],
    "ansible.utils.usable_range": [c(5), c(None), c([]), c({}), c(True), c("")], "ansible.utils.ipv6form": [c(5, "x509"), c("x", "nope"), c("::1", ""), c("::1"), c(None, "x509"), c([1], "expand")],
    "ansible.utils.cidr_merge": [c(None), c({}), c(5), c(""), c(True)], "ansible.utils.ipmath": [c("x", None), c(None, None), c({}, None)], "ansible.utils.ip4_hex": [c(None)],
    "ansible.utils.reduce_on_network": [c("1h 30m", "::/0"), c(7, "::/0"), c(None, "::/0"), c(["x", "10.0.0.1"], "::/0"), c(["x", "0.0.0.0"], "y")], "ansible.utils.network_in_network": [c("x", "y"), c("::/0", "x")],
    "ansible.utils.network_in_usable": [c([], "x"), c("10.0.0.0/8", "x")],
    "community.general.version_sort": [c("http://u@h:80/p?q=1#f"), c(["1.a", "1.1", "b", "1"]), c(["1.2", "1.10", "1.9"], reverse=True)],
    "community.general.to_time_unit": [c(5, "q"), c(5, "s", nope=1), c(5, "q", nope=1)], "community.general.to_years": [c(1, nope=1)], "community.general.to_seconds": [c([1]), c({"a": 1}), c([])],
    "community.general.lists_symmetric_difference": [c(True, [1]), c(None, [1]), c("true", [3], [3]), c([1, 1, 2], [2, 3])], "community.general.lists_union": [c("a", "b"), c([1], "b"), c(1, [2]), c([1, 2], [2], [3])],
    "community.general.json_query": [c(PEOPLE, "[?contains(name, `b`)]"), c(PEOPLE, "[?name==`bob`].age"), c(["a", "b"], "join(`,`, @)"), c(PEOPLE, 5), c(PEOPLE, 0), c(PEOPLE, None), c([1.5], "sort_by(@, &a)[0]"), c(PEOPLE, "[?name==' `x`']"), c({"a b": 1}, '"a b"'),
                                      c(PEOPLE, "[?age==`3`].name")],
    "community.general.dict": [c([[{"a": 1}, 1], 10])],
}.items():
    FILTERS.setdefault(name, []).extend(calls)
for name, calls in {
    "superset": [c([{}], [[1]])], "subset": [c([[1]], [{}])], "test": [c([]), c({}), c(5), c(None)], "filter": [c([]), c(5)], "divisibleby": [c("%s", 2), c("a", 2)], "escaped": [c("a")],
    "ansible.utils.mac": [c(None), c(5), c([])],
}.items():
    TESTS.setdefault(name, []).extend(calls)
LOOKUPS["env"] += [c(None, 5), c(None, None)]
LOOKUPS["vars"] += [c(None, [1])]
LOOKUPS["ini"] += [c(None, -2.5)]

MERGED = {"rplay_merge_1": {"a": 1, "l": [1]}, "rplay_merge_2": {"b": 2, "l": [2]}, "rplay_1_list": [1], "rplay_2_list": [2]}

VARIABLES = {
    "people": PEOPLE, "nested": NESTED, "s": "Hello World", "n": 42, "items_list": [{"name": "a", "v": 1}, {"name": "b", "v": 2}],
    "hosts": {"web1": {"ip": "10.0.0.1", "roles": ["web", "db"]}, "web2": {"ip": "10.0.0.2", "roles": ["web"]}}, "empty": [], "none": None,
    "res": {"stdout_lines": ["a 1", "b 2", ""], "rc": 0, "stdout": "a 1\nb 2"}, "paths": ["/etc/a.conf", "/etc/b.conf.bak"],
    "users": [{"name": "bob", "groups": ["a", "b"]}, {"name": "al"}], "ver": "2.10.3", "mac": "00:1A:2B", "tpl": "x",
}

# Whole templates, as playbooks have them: filters together, and with the evaluator's syntax.
TEMPLATES = """
{{ people | map(attribute='name') | list }}
{{ people | map(attribute='name') | map('upper') | join(', ') }}
{{ people | selectattr('age', 'equalto', 3) | map(attribute='name') | first }}
{{ people | groupby('age') | map('first') | list }}
{% for g in people | groupby('age') %}{{ g.grouper }}={{ g.list | length }};{% endfor %}
{% for k, l in people | groupby('age') %}{{ k }}:{{ l | map(attribute='name') | join(',') }} {% endfor %}
{{ dict(people | groupby('age')) }}
{{ people | groupby('age') }}
{{ people | groupby('age') | map(attribute='grouper') | list }}
{{ people | groupby('age') | map(attribute='list') | map('length') | list }}
{{ dict(['a', 'b'] | zip([1, 2])) }}
{{ ['a', 'b'] | zip([1, 2]) | list }}
{{ ['a', 'b'] | product([1, 2]) | map('join', '-') | list }}
{{ hosts | dict2items | map(attribute='value.ip') | list }}
{{ hosts | dict2items | selectattr('value.roles', 'contains', 'db') | map(attribute='key') | list }}
{{ hosts | dict2items(key_name='h', value_name='d') | map(attribute='h') | join(' ') }}
{{ hosts.values() | map(attribute='roles') | flatten | unique | sort }}
{{ hosts | combine({'web3': {'ip': 'x'}}) | list }}
{{ hosts | combine({'web1': {'ip': 'y'}}, recursive=True) }}
{{ items_list | items2dict(key_name='name', value_name='v') }}
{{ users | subelements('groups', skip_missing=True) | map('last') | list }}
{{ users | subelements('groups', skip_missing=True) }}
{{ users | map(attribute='groups', default=[]) | list }}
{{ users | map(attribute='groups') | list }}
{{ users | selectattr('groups', 'defined') | list | length }}
{{ users | rejectattr('groups', 'defined') | map(attribute='name') | list }}
{{ res.stdout_lines | select | map('split') | map('last') | map('int') | sum }}
{{ res.stdout_lines | reject('equalto', '') | list }}
{{ res.stdout_lines | map('regex_replace', '(\\w) (\\d)', '\\2-\\1') | list }}
{{ res.stdout | regex_search('b (\\d)', '\\1') | first | int + 1 }}
{{ res.stdout | regex_findall('\\d') }}
{{ paths | map('basename') | map('splitext') | map('first') | list }}
{{ paths | select('match', '.*\\.conf$') | list }}
{{ paths | map('regex_replace', '^/etc/', '') | join(':') }}
{{ paths | map('dirname') | unique }}
{{ ver is version('2.9', '>=') }}
{{ ver.split('.')[:2] | join('.') }}
{{ ver is version('2.10', '<', strict=True) }}
{{ (n | string) ~ 'x' }}
{{ n | string | length }}
{{ 'yes' | bool }}
{{ (n > 40) | ternary('big', 'small') }}
{{ undefd | default('d') }}
{{ undefd.a.b | default('d') }}
{{ nested.zz | default(omit) is defined }}
{{ none | default('x', true) }}
{{ empty | default(['y'], true) }}
{{ nested | to_json }}
{{ nested | to_nice_json(indent=2) }}
{{ nested | to_yaml }}
{{ nested | to_nice_yaml(indent=2) }}
{{ '{"a": [1, 2]}' | from_json }}
{{ ('{"a": [1, 2]}' | from_json).a | last }}
{{ 'a: [1, 2]' | from_yaml }}
{{ s | lower | replace(' ', '_') }}
{{ s | b64encode | b64decode }}
{{ s | hash('sha256') | truncate(10, True, '') }}
{{ s | regex_replace('(?i)hello', 'Bye') }}
{{ s | comment }}
{{ s | quote }}
{{ 'a;b' | quote }}
{{ s.split() | map('lower') | list }}
{{ [1, [2, 3]] | flatten | max }}
{{ [3, 1, 2] | sort(reverse=true) | first }}
{{ people | sort(attribute='age') | map(attribute='name') | list }}
{{ people | sum(attribute='age') }}
{{ people | map(attribute='tags') | list | length }}
{{ [1, 2, 3] | select('odd') | list }}
{{ range(5) | list | random(seed='x') }}
{{ 100 | random(seed='host') }}
{{ range(10) | batch(3) | list }}
{{ range(10) | slice(3) | list }}
{{ [1, 2, 3] | difference([2]) }}
{{ [1, 2] | union([2, 3]) | intersect([3, 4]) }}
{{ [1, 2] | symmetric_difference([2, 3]) }}
{{ 1048576 | human_readable }}
{{ '1 GB' | human_to_bytes }}
{{ ['a', 'b', none] | join(',') }}
{{ ['x', 'y'] | join }}
{{ {'b': 1, 'a': 2} | dictsort }}
{% for k, v in {'b': 1, 'a': 2} | dictsort %}{{ k }}{{ v }}{% endfor %}
{% for k, v in hosts.items() %}{{ k }}={{ v.ip }} {% endfor %}
{% for u in users %}{{ loop.index }}{{ u.name }}{{ ',' if not loop.last }}{% endfor %}
{{ 'web1' in hosts }}
{{ ['a'] is subset(['a', 'b']) }}
{{ 'abc' is match('a') and 'abc' is search('c') }}
{{ none is none }}
{{ undefd is defined }}
{{ s is string and n is number and hosts is mapping and people is iterable }}
{{ people | length > 2 }}
{{ people | map(attribute='nope') | list }}
{{ people | selectattr('nope') | list }}
{{ undefd | upper }}
{{ s | nope_filter }}
{{ s is nope_test }}
{{ s | int(default=7) }}
{{ '3.7' | float | round | int }}
{{ 7 | root | round(2) }}
{{ 10 | log(10) }}
{{ 2 | pow(10) | int }}
{{ [1, 2] | permutations | list }}
{{ [1, 2, 3] | combinations(2) | list }}
{{ 'web1' | extract(hosts, 'ip') }}
{{ ['web1', 'web2'] | map('extract', hosts, 'ip') | list }}
{{ ['web1', 'web2'] | map('extract', hosts) | map(attribute='ip') | list }}
{{ ['web1', 'web2'] | map('extract', hosts, ['roles', 0]) | list }}
{{ people | rekey_on_member('name') | list }}
{{ 'http://user:pw@h:80/p?q=1#f' | urlsplit('hostname') }}
{{ '%Y' | strftime(0, true) }}
{{ ('2024-01-02' | to_datetime('%Y-%m-%d')).year }}
{{ (('2024-01-03' | to_datetime('%Y-%m-%d')) - ('2024-01-01' | to_datetime('%Y-%m-%d'))).days }}
{{ 'x' | to_uuid }}
{{ 'a' | type_debug }} {{ 1.5 | type_debug }} {{ [] | type_debug }} {{ {} | type_debug }}
{{ people | type_debug }}
{{ '%s-%s' | format('a', 'b') }}
{{ '%03d' | format(7) }}
{{ ['%s.com', '%s.org'] | map('format', 'x') | list }}
{{ [['a', 1], ['b', 2]] | map('join', '=') | join('&') }}
{{ [[1, 2], [3, 4]] | sum(start=[]) }}
{{ [{'a': 1}, {'b': 2}] | combine }}
{{ [[1, 2], [3]] | map('length') | list }}
{{ [1, 2, 3][1:] | first }}
{{ 'a,b' | split(',') | last }}
{{ s | wordcount }} {{ s | title }} {{ s | capitalize }} {{ s | reverse }}
{{ s | indent(2, first=true) }}
{{ 'a\nb' | indent(4) }}
{{ mac | upper | replace(':', '') }}
{{ lookup('env', 'RPLAY_X') }}
{{ lookup('file', 'plain.txt') }}
{{ lookup('file', 'plain.txt', 'b.txt') }}
{{ lookup('file', 'plain.txt', 'b.txt', wantlist=True) }}
{{ query('file', 'plain.txt') }}
{{ q('sequence', 'start=1 end=3') }}
{{ lookup('sequence', 'start=1 end=3') }}
{{ lookup('file', 'nope', errors='ignore') }}
{{ lookup('file', 'nope', errors='ignore') | default('d', true) }}
{{ lookup('first_found', ['nope', 'plain.txt']) | basename }}
{{ lookup('dict', hosts) | length }}
{{ lookup('vars', 'n') + 1 }}
{{ lookup('vars', 'nope_y', default='d') }}
{{ lookup('varnames', '^pe') }}
{{ lookup('pipe', 'echo hi') | upper }}
{{ lookup('template', 't.j2') }}
{{ lookup('items', [1, [2]]) }}
{{ lookup('nested', [1, 2], ['a']) }}
{{ lookup('indexed_items', ['a', 'b']) }}
{{ lookup('ini', 'key section=sec file=data.ini') }}
{{ lookup('nope_lookup', 1) }}
{{ [undefd, 1] | first | default('u') }}
{{ [1, undefd] | length }}
{{ [1, undefd] | join }}
{{ people | map('dict2items') | map('first') | map(attribute='value') | list }}
{{ [1, 2, 3] | map('pow', 2) | map('int') | list }}
{{ ['b', 'a'] | sort == ['a', 'b'] }}
{{ hosts | length }}{{ hosts | first }}
{{ hosts.keys() | list | sort | join(' ') }}
{{ 'abc' | list }}
{{ (people | first).name | default('x') }}
{{ people[0]['in'].k }}
{{ [] | first }}
{{ [] | max | default('m') }}
{{ [] | first | default('none') }}
{{ '<a>' | e }} {{ '<a>' | escape | upper }}
{{ 'a b' | urlencode }}
{{ {'a': 'b c'} | urlencode }}
{{ '/a/b' | relpath('/a') }}
{{ ['/a', 'b'] | path_join }}
{{ 'secret' | password_hash('sha512', 'abcdefgh', rounds=5000) }}
{{ 'x' | mandatory }}
{{ undefd | mandatory }}
{{ undefd | mandatory('give it') }}
{{ [{'a': {'b': 1}}, {'a': {'b': 2}}] | selectattr('a.b', '>', 1) | list }}
{{ [{'a': 1}, {'a': 2}] | selectattr('a', 'in', [2, 3]) | list }}
{{ [{'a': 'x'}, {'a': 'y'}] | selectattr('a', 'search', 'x') | list }}
{{ ['1', 'a', '2'] | select('match', '^[0-9]+$') | map('int') | list }}
{{ 'a' if people | selectattr('name', 'equalto', 'bob') | list else 'b' }}
{{ (people | selectattr('name', 'equalto', 'bob') | first).age }}
{{ ['a', 'b'] | map('regex_replace', '$', '.x') | list }}
{{ ['a', 'b'] | map('regex_replace', '^', 'p-') | list }}
{{ ['a', 'b'] | map('regex_replace', '^(.*)$', 'p-\\1') | list }}
{{ 'foo.bar' | regex_escape }}
{{ 'x' * 3 | int }}
{{ 10 | filesizeformat }}
{{ '  pad ' | trim }}|
{{ 'a' ~ none ~ 1 }}
{{ [none, 1] | select | list }}
{{ {'a': none} | to_json }}
{{ "it's" | quote }} {{ 'a"b' | to_json }}
{{ [3, 1] | sort | map('string') | join('') | int }}
{{ {'a': 1} == {'a': 1.0} }}
{{ 'A' | ternary('t', 'f') }}
{{ [1, 2] | zip_longest([3], fillvalue=0) | map('sum') | list }}
{{ ['a', 'b', 'a'] | unique | list }}
{{ ['b', 'B', 'a'] | sort }}
{{ ['b', 'B', 'a'] | unique }}
{{ 'ansible' | shuffle(seed='x') | join }}
{{ [1, 2, 3] | shuffle(seed='abc') }}
{{ [4, 5] | last }}{{ [4, 5] | min }}
{{ {'a': undefd, 'b': 1} | ansible.utils.get_path('b') }}
{{ {'a': 1} | ansible.utils.get_path('1/0') }}
{{ {'a': 1} | ansible.utils.get_path('a.y') | default('q') }}
{{ {'a': 1} | ansible.utils.get_path('a|nope') }}
{{ {'a': 1} | ansible.utils.get_path('a|to_uuid(1,2,3)') }}
{{ {'a': 1} | ansible.utils.get_path('a if false') }}
{{ {'a': 1} | ansible.utils.get_path('a if false') is defined }}
{{ {'a': 1} | ansible.utils.get_path('"b\\tc"') }}
{{ {'a': 1} | ansible.utils.get_path('a }}b{% if a %}c{% endif %}{{ a') }}
{{ {'a': 1} | ansible.utils.get_path('a+') }}
{{ {'a': {'items': 3}} | ansible.utils.get_path("a['items']") }}
{{ {'a': 5} | ansible.utils.get_path(path="a", var={'a': 6}) }}
{{ hosts | ansible.utils.get_path("web1.roles[1]") }}
{{ {1: 2} | ansible.utils.get_path('g') }}
{{ [{1: 2}] | ansible.utils.index_of('eq', 2, 1) }}
{{ {1: 2, 'a': 1} | ansible.utils.keep_keys(['a']) }}
{{ {1: 2} | ansible.utils.keep_keys(['1']) }}
{{ {1: 2} | ansible.utils.keep_keys(['1'], 'regex') }}
{{ {1: 2} | ansible.utils.remove_keys(['1'], 'starts_with') }}
{{ {1: 2} | ansible.utils.remove_keys(['1'], 'regex') }}
{{ {1: 2} | ansible.utils.remove_keys(['1'], 'ends_with') }}
{{ {1: 2} | ansible.utils.replace_keys([{'before': '1', 'after': 'x'}]) }}
{{ {1: 2} | ansible.utils.replace_keys([{'before': '1', 'after': 'x'}], 'regex') }}
{{ {1: {'a': 1}} | ansible.utils.to_paths }}
{{ {none: {'a': 1}} | ansible.utils.to_paths }}
{{ {'a': {1: 2}} | ansible.utils.to_paths }}
{{ {1: {2: 3}} | ansible.utils.to_xml }}
{{ lookup('ansible.utils.get_path', hosts, "web1.roles") }}
{{ ['web1.ip', 'web2.ip'] | map('ansible.utils.get_path', 'x') | list }}
{{ hosts | ansible.utils.to_paths }}
{{ {'a': (1, 2)} | ansible.utils.to_paths }}
{{ (1, 2) | ansible.utils.to_paths }}
{{ {'a': 1, 'u': undefd} | ansible.utils.to_paths }}
{{ {'a': 1, 'u': undefd} | ansible.utils.keep_keys(['a']) }}
{{ {'a': 1, 'u': undefd} | ansible.utils.remove_keys(['u']) }}
{{ [undefd, 1] | ansible.utils.index_of('eq', 1) }}
{{ people | ansible.utils.index_of('eq', 'Ann', 'name') }}
{{ people[people | ansible.utils.index_of('eq', 'Ann', 'name')].age }}
{{ (1, 2) | ansible.utils.index_of('eq', 2) }}
{{ range(3) | ansible.utils.index_of('eq', 2) }}
{{ [1] | ansible.utils.index_of('subset', 3) }}
{{ empty | ansible.utils.index_of('eq', 2) }}
{{ [(1, 2)] | ansible.utils.keep_keys(['a']) }}
{{ paths | ansible.utils.param_list_compare(['all', '!/etc/a.conf']) }}{{ paths }}
{% set x = ['c', 'b'] %}{{ x | ansible.utils.param_list_compare(['all', '!b']) }}{{ x }}
""".strip().split("\n")


def main():
    home = tempfile.mkdtemp()
    root = os.path.realpath(tempfile.mkdtemp())
    os.environ.update(HOME=home, RPLAY_X="from env", ANSIBLE_DEPRECATION_WARNINGS="0", TZ="UTC")
    for name, content in FILES.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
    os.chdir(root)

    import datetime

    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader
    from ansible.template import Templar, trust_as_template

    init_plugin_loader()
    loader = DataLoader()
    loader.set_basedir(root)

    def plain(value):
        if isinstance(value, dict):
            return {str(k) if isinstance(k, str) else k: plain(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(v) for v in value]
        if isinstance(value, datetime.datetime):
            return {"$datetime": str(value)}
        if isinstance(value, datetime.date):
            return {"$date": str(value)}
        for kind in (bool, int, float, str):
            if isinstance(value, kind):
                return kind(value)
        return None if value is None else {"$other": type(value).__name__}

    def run(kind, name, value, args, kwargs):
        variables = {"input": value, "args": args, "kwargs": kwargs, "rplay_a": 1, "rplay_b": "two", **MERGED, "ansible_search_path": [root]}
        source = "input"
        if isinstance(value, dict) and "$undefined" in value:
            source = value["$undefined"]
        call = f"(*args, **kwargs)"
        text = {
            "filter": "{{ %s | %s%s }}" % (source, name, call),
            "test": "{{ %s is %s%s }}" % (source, name, call),
            "lookup": "{{ query('%s', *args, **kwargs) }}" % name,
        }[kind]
        if kind == "test" and not name[0].isalpha():
            text = "{{ [%s] | select('%s', *args, **kwargs) | length == 1 }}" % (source, name)
        row = {"kind": kind, "name": name, "input": value, "args": args, "kwargs": kwargs}
        try:
            row["value"] = plain(Templar(loader=loader, variables=variables).template(trust_as_template(text)))
        except Exception as ex:
            row["error"] = str(ex).replace(root, "$root")
        text = json.dumps(row, ensure_ascii=False).replace(root, "$root")
        sys.stdout.write(text.replace(home, "$home") + "\n")

    def template(text):
        variables = {**json.loads(json.dumps(VARIABLES)), "ansible_search_path": [root]}
        row = {"kind": "template", "text": text}
        try:
            row["value"] = plain(Templar(loader=loader, variables=variables).template(trust_as_template(text)))
        except Exception as ex:
            row["error"] = str(ex)
        line = json.dumps(row, ensure_ascii=False).replace(root, "$root")
        sys.stdout.write(line.replace(home, "$home") + "\n")

    sys.stdout.write(json.dumps({"kind": "variables", "value": VARIABLES}, ensure_ascii=False) + "\n")
    for text in TEMPLATES:
        template(text)
    for kind, table in (("filter", FILTERS), ("test", TESTS), ("lookup", LOOKUPS)):
        for name in sorted(table):
            for value, args, kwargs in table[name]:
                run(kind, name, value, args, kwargs)


main()
