//! `getent`: what a database of the system's says of a key, as facts.

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "getent",
    doc: "A wrapper to the unix getent utility.",
    spec: &Spec::new(&[
        Arg::new("database", Kind::Str).required(),
        Arg::new("key", Kind::Str),
        Arg::new("service", Kind::Str),
        Arg::new("split", Kind::Str),
        Arg::new("fail_key", Kind::Bool).default(Default::Bool(true)),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

/// The databases whose fields stand between colons.
const COLONS: [&str; 4] = ["passwd", "shadow", "group", "gshadow"];

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let database = call.args.str("database");
    let key = call.args.opt_str("key");
    let mut argv = vec![call.need_program("getent")?.to_string_lossy().into_owned(), database.to_owned()];
    argv.extend(key.map(str::to_owned));
    if let Some(service) = call.args.opt_str("service") {
        argv.extend(["-s".to_owned(), service.to_owned()]);
    }
    let output = call.command(&argv).run().map_err(|error| super::command::not_started(&argv, &error))?;
    let split = call.args.opt_str("split").or_else(|| COLONS.contains(&database).then_some(":"));
    let facts = |tree: Dict| Dict::from([(format!("getent_{database}"), Value::from(tree))]);
    let msg = match output.rc {
        0 => return Ok(Outcome::default().with("ansible_facts", facts(tree(&output.out(), split)?))),
        1 => "Missing arguments, or database unknown.",
        2 => "One or more supplied key could not be found in the database.",
        3 => "Enumeration not supported on this database.",
        _ => "Unexpected failure!",
    };
    if output.rc == 2 && !call.args.bool("fail_key") {
        let mut tree = Dict::new();
        tree.insert(key, Value::Null);
        return Ok(Outcome::default().with("ansible_facts", facts(tree)).with("msg", msg));
    }
    Err(Outcome::failed(msg))
}

/// The records by their first field; several of one key become a list.
fn tree(out: &str, split: Option<&str>) -> Result<Dict, Outcome> {
    let mut records: Vec<(String, Vec<Value>)> = Vec::new();
    for line in out.lines() {
        let fields: Vec<&str> = match split {
            Some("") => return Err(Outcome::crashed("empty separator")),
            Some(split) => line.split(split).collect(),
            None => line.split_whitespace().collect(),
        };
        let Some((key, rest)) = fields.split_first() else {
            return Err(Outcome::crashed("list index out of range"));
        };
        let record = Value::list(rest.iter().map(|field| Value::from(*field)));
        match records.iter_mut().find(|(known, _)| known == key) {
            Some((_, all)) => all.push(record),
            None => records.push(((*key).to_owned(), vec![record])),
        }
    }
    let value = |mut all: Vec<Value>| match all.len() {
        1 => all.pop().unwrap_or_default(),
        _ => Value::list(all),
    };
    Ok(records.into_iter().map(|(key, all)| (Value::from(key), value(all))).collect())
}

#[cfg(test)]
mod tests {
    use super::tree;
    use crate::value::repr;

    #[test]
    fn records() {
        let text = "a:x:1\nb:y\na:z\n";
        let got = tree(text, Some(":")).expect("read");
        assert_eq!(repr(&got.into()), "{'a': [['x', '1'], ['z']], 'b': ['y']}");
        assert_eq!(repr(&tree("1.2  h1 h2\n", None).expect("read").into()), "{'1.2': ['h1', 'h2']}");
        assert!(tree("x", Some("")).is_err());
    }
}
