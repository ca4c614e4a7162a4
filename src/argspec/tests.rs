//! The check as a whole; texts are those of ansible-core 2.19.14.

use super::*;

static INNER: Spec = Spec {
    required_together: &[&["a", "b"]],
    ..Spec::new(&[
        Arg::new("a", Kind::Int),
        Arg::new("b", Kind::Str),
        Arg::new("secret", Kind::Str).no_log(),
        Arg::new("with", Kind::Bool).default(Default::Bool(true)),
    ])
};

static SPEC: Spec = Spec {
    file_common: true,
    mutually_exclusive: &[&["x", "y"]],
    required_if: &[RequiredIf { arg: "state", value: Default::Str("link"), needs: &["src"], any: false }],
    required_by: &[("y", &["z"])],
    ..Spec::new(&[
        Arg::new("path", Kind::Path).required().aliases(&["dest", "name"]),
        Arg::new("state", Kind::Str).choices(&["link", "file", "no"]),
        Arg::new("flag", Kind::Bool).default(Default::Bool(false)),
        Arg::new("count", Kind::Int),
        Arg::new("ratio", Kind::Float),
        Arg::new("names", Kind::List).elements(Kind::Str),
        Arg::new("numbers", Kind::List).elements(Kind::Int),
        Arg::new("opts", Kind::Dict).options(&INNER),
        Arg::new("all", Kind::List).elements(Kind::Dict).options(&INNER),
        Arg::new("map", Kind::Dict),
        Arg::new("size", Kind::Bytes),
        Arg::new("src", Kind::Path),
        Arg::new("password", Kind::Str).no_log(),
        Arg::new("x", Kind::Str),
        Arg::new("y", Kind::Str),
        Arg::new("z", Kind::Str),
    ])
};

fn run(json: &str) -> Checked {
    let given = match crate::value::parse_json(json) {
        Ok(Value::Dict(dict)) => dict,
        other => panic!("{other:?}"),
    };
    let env = |name: &str| (name == "WHERE").then(|| "/here".to_owned());
    let home = |user: &str| match user {
        "" => Some("/home/me".to_owned()),
        "bob" => Some("/home/bob".to_owned()),
        _ => None,
    };
    check(&SPEC, "file", &given, Host { env: &env, home: &home })
}

#[track_caller]
fn error(json: &str, want: &str) {
    assert_eq!(run(json).error.as_deref(), Some(want));
}

#[track_caller]
fn value(json: &str, name: &str, want: &str) {
    let checked = run(json);
    assert_eq!(checked.error, None);
    assert_eq!(crate::value::repr(checked.args.value(name)), want);
}

#[test]
fn error_texts() {
    error("{}", "missing required arguments: path");
    error(
        r#"{"path": "a", "bogus": 1}"#,
        "Unsupported parameters for (file) module: bogus. Supported parameters include: all, attributes, count, flag, \
         group, map, mode, names, numbers, opts, owner, password, path, ratio, selevel, serole, setype, seuser, size, \
         src, state, unsafe_writes, x, y, z (attr, dest, name).",
    );
    error(r#"{"path": "a", "state": "foo"}"#, "value of state must be one of: link, file, no, got: foo");
    error(r#"{"path": "a", "state": "link"}"#, "state is link but all of the following are missing: src");
    error(r#"{"path": "a", "x": 1, "y": 2}"#, "parameters are mutually exclusive: x|y");
    error(r#"{"path": "a", "y": 2}"#, "missing parameter(s) required by 'y': z");
    error(
        r#"{"path": "a", "count": "abc"}"#,
        "argument 'count' is of type str and we were unable to convert to int: \"'abc'\" cannot be converted to an int",
    );
    error(
        r#"{"path": "a", "numbers": ["1", "x"]}"#,
        "Elements value for option 'numbers' is of type str and we were unable to convert to int: \"'x'\" cannot be \
         converted to an int",
    );
    error(
        r#"{"path": "a", "map": "x"}"#,
        "argument 'map' is of type str and we were unable to convert to dict: dictionary requested, could not parse \
         JSON or key=value",
    );
    error(
        r#"{"path": "a", "flag": {}}"#,
        "argument 'flag' is of type dict and we were unable to convert to bool: <class 'dict'> cannot be converted to a bool",
    );
}

#[test]
fn error_texts_within_options() {
    error(r#"{"path": "a", "opts": {"a": 1}}"#, "parameters are required together: a, b found in opts");
    error(
        r#"{"path": "a", "opts": {"c": 1}}"#,
        "Unsupported parameters for (file) module: opts.c. Supported parameters include: a, b, secret, with.",
    );
    error(
        r#"{"path": "a", "all": [{"a": "q", "b": 1}]}"#,
        "argument 'a' is of type str found in 'all'. and we were unable to convert to int: \"'q'\" cannot be converted to an int",
    );
}

#[test]
fn conversions() {
    value(r#"{"path": "~/x$WHERE/${WHERE}/$NO/${NO}"}"#, "path", "'/home/me/x/here//here/$NO/${NO}'");
    value(r#"{"path": "~bob/x"}"#, "path", "'/home/bob/x'");
    value(r#"{"path": "~nobody/x"}"#, "path", "'~nobody/x'");
    value(r#"{"dest": "a"}"#, "path", "'a'");
    value(r#"{"path": "a", "flag": "Yes"}"#, "flag", "True");
    value(r#"{"path": "a"}"#, "flag", "False");
    value(r#"{"path": "a"}"#, "count", "None");
    value(r#"{"path": "a", "count": "1e3"}"#, "count", "1000");
    value(r#"{"path": "a", "count": " 12.0 "}"#, "count", "12");
    value(r#"{"path": "a", "count": 1.0}"#, "count", "1");
    value(r#"{"path": "a", "ratio": "1.5"}"#, "ratio", "1.5");
    value(r#"{"path": "a", "names": "a, b"}"#, "names", "['a', ' b']");
    value(r#"{"path": "a", "names": [1, true]}"#, "names", "['1', 'True']");
    value(r#"{"path": "a", "names": 5}"#, "names", "['5']");
    value(r#"{"path": "a", "map": "a=1, b='x y'"}"#, "map", "{'a': '1', 'b': 'x y'}");
    value(r#"{"path": "a", "map": "{'a': [1, (2, None)]}"}"#, "map", "{'a': [1, [2, None]]}");
    value(r#"{"path": "a", "size": "1.5K"}"#, "size", "1536");
    value(r#"{"path": "a", "size": "10 MB"}"#, "size", "10485760");
    value(r#"{"path": "a", "state": false}"#, "state", "'no'");
    value(r#"{"path": "a", "opts": {}}"#, "opts", "{'with': True, 'a': None, 'b': None, 'secret': None}");
    value(r#"{"path": "a", "attr": "+i"}"#, "attributes", "'+i'");
}

#[test]
fn an_alias_beside_its_option_is_warned_of() {
    let checked = run(r#"{"path": "a", "dest": "b"}"#);
    assert_eq!(checked.warnings, ["Both option path and its alias dest are set."]);
    assert_eq!(checked.args.str("path"), "b");
}

#[test]
fn secrets_are_hidden() {
    let checked = run(r#"{"path": "a", "password": "geheim", "opts": {"secret": "hidden"}}"#);
    let mask = |text: &str| checked.secrets.mask(&Value::from(text)).to_text();
    assert_eq!(mask("geheim"), "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER");
    assert_eq!(mask("say geheim and hidden"), "say ******** and ********");
    assert_eq!(checked.secrets.mask_dict(&checked.args.0).get("path"), Some(&Value::from("a")));
}
