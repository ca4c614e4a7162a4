//! `from_ini` and `to_ini`: what Python's `configparser` reads and writes, with names as they are and nothing interpolated.

use crate::template::filters::support::{Got, alone, class_of, is_mapping, no_attribute};
use crate::template::lookups::ini::Ini;
use crate::template::{CallArgs, Class, Cx, Obj, Raise};
use crate::value::str_repr;
use indexmap::IndexMap;

/// The section whose options are in every other one too.
const DEFAULTS: &str = "DEFAULT";

pub(in crate::template::filters) fn from_ini(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "from_ini")?;
    let Some(text) = input.as_str() else {
        return Err(Raise::ansible(format!("from_ini requires a str, got {}", class_of(&input))));
    };
    let mut ini = Ini::plain();
    ini.read(text, None)
        .map_err(|raise| broken(cx, format!("from_ini failed to parse given string: {}", raise.text())))?;
    let shown = |name: &str| {
        let options = ini.options(name).unwrap_or_default();
        Obj::dict(options.into_iter().map(|(key, value)| (key.into(), value.map_or(Obj::None, Obj::from))))
    };
    let mut out: Vec<(Obj, Obj)> =
        ini.names().filter(|name| *name != DEFAULTS).map(|name| (name.into(), shown(name))).collect();
    if ini.options(DEFAULTS).is_some_and(|options| !options.is_empty()) {
        out.push((DEFAULTS.into(), shown(DEFAULTS)));
    }
    Ok(Obj::dict(out))
}

/// Such an error comes with a warning about how the filter raises it.
fn broken(cx: &Cx<'_>, text: String) -> Raise {
    let given = "The `orig_exc` argument to `AnsibleTemplatePluginError` was given without using";
    cx.warn(format!("{given} `raise ... from orig_exc`."));
    Raise::ansible(text)
}

type Section = IndexMap<String, String>;

pub(in crate::template::filters) fn to_ini(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "to_ini")?;
    if !is_mapping(&input) {
        return Err(Raise::ansible(format!("to_ini requires a dict, got {}", class_of(&input))));
    }
    let given = cx.items(&input)?;
    let (defaults, sections) = match sections(cx, &given) {
        Ok(read) => read,
        Err(raise) if raise.is_refusal() => return Err(raise),
        Err(raise) => {
            let tripped = if let Raise::Failed(_) = raise { "A captured exception marker was tripped: " } else { "" };
            let text = format!("to_ini failed to parse given dict:{tripped}{}", raise.text());
            return Err(broken(cx, text));
        }
    };
    if given.is_empty() {
        return Err(Raise::ansible("to_ini received an empty dict. An empty dict cannot be converted."));
    }
    let mut out = String::new();
    if !defaults.is_empty() {
        write(&mut out, DEFAULTS, &defaults);
    }
    for (name, section) in &sections {
        write(&mut out, name, section);
    }
    // Each section ends with an empty line, the last one without.
    match out.pop() {
        Some(_) => Ok(out.into()),
        None => Err(Raise::python(Class::Index, "string index out of range")),
    }
}

fn sections(cx: &mut Cx<'_>, given: &[(Obj, Obj)]) -> Result<(Section, IndexMap<String, Section>), Raise> {
    let (mut defaults, mut sections): (Section, IndexMap<String, Section>) = Default::default();
    for (name, options) in given {
        let name = cx.text(name)?;
        if sections.contains_key(&name) {
            return Err(Raise::value_error(format!(
                "While reading from '<dict>': section {} already exists",
                str_repr(&name)
            )));
        }
        if name != DEFAULTS {
            sections.insert(name.clone(), Section::new());
        }
        let options = options.clone().defined()?;
        if !is_mapping(&options) {
            return Err(no_attribute(&options, "items"));
        }
        let mut seen = Vec::new();
        for (key, value) in cx.items(&options)? {
            let (key, value) = (cx.text(&key)?, value.defined()?);
            if seen.contains(&key) {
                let (key, name) = (str_repr(&key), str_repr(&name));
                let text = format!("While reading from '<dict>': option {key} in section {name} already exists");
                return Err(Raise::value_error(text));
            }
            if value.is_none() {
                return Err(Raise::type_error("option values must be strings"));
            }
            let value = cx.text(&value)?;
            seen.push(key.clone());
            // A section without a name stands for the defaults, where options are set.
            let section = sections.get_mut(&name).filter(|_| !name.is_empty());
            section.unwrap_or(&mut defaults).insert(key, value);
        }
    }
    Ok((defaults, sections))
}

fn write(out: &mut String, name: &str, section: &Section) {
    out.push_str(&format!("[{name}]\n"));
    for (key, value) in section {
        out.push_str(&format!("{key} = {}\n", value.replace('\n', "\n\t")));
    }
    out.push('\n');
}
