//! `get_path` and `to_paths`, which are lookups too: what is at a path within data, and all paths of data.

use super::options::Options;
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::diag::Error;
use crate::re::{Flags, Pattern};
use crate::template::cache::Mode;
use crate::template::cx::Frame;
use crate::template::filters::support::{Got, is_mapping, plugin_type};
use crate::template::{CallArgs, Cx, Obj, Raise};
use std::rc::Rc;
use std::sync::Arc;

static PATH: Spec = Spec::new(&[
    Arg::new("var", Kind::Raw).required(),
    Arg::new("path", Kind::Str).required(),
    Arg::new("wantlist", Kind::Bool).default(Default::Bool(false)),
]);

static PATHS: Spec = Spec::new(&[
    Arg::new("var", Kind::Raw).required(),
    Arg::new("prepend", Kind::Str),
    Arg::new("wantlist", Kind::Bool).default(Default::Bool(false)),
]);

fn listed(options: &Options, result: Obj) -> Obj {
    if options.args().bool("wantlist") { Obj::list([result]) } else { result }
}

pub(in crate::template::filters) fn get_path(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let options = Options::read(cx, &PATH, &["var", "path"], Some(input), args)?;
    let result = at(cx, &options)?;
    Ok(listed(&options, result))
}

/// The lookup: one item, whether a list is wanted or not.
pub(in crate::template) fn at_path(cx: &mut Cx<'_>, args: CallArgs) -> Result<Vec<Obj>, Raise> {
    let options = Options::read(cx, &PATH, &["var", "path"], None, args)?;
    super::asks_environment(cx);
    Ok(vec![at(cx, &options)?])
}

/// Evaluates a path as an expression that sees the keys of the data, and no variable beside them.
///
/// Paths are often made of what hosts say (`to_paths` writes them), so those that are not the user's own text run no
/// lookup here, unlike with ansible-core.
fn at(cx: &mut Cx<'_>, options: &Options) -> Got {
    let syntax = Arc::clone(&cx.templar().syntax);
    let text = format!("{{{{ {} }}}}", options.args().str("path"));
    let template = cx.templar().compile(&text, &syntax, Mode::Included)?;
    let var = options.given("var");
    if let Obj::Undefined(u) = &var {
        return Err(u.used());
    }
    if !is_mapping(&var) {
        return Err(Raise::type_error(format!(
            "jinja2.environment.Template.render() argument after ** must be a mapping, not {}",
            plugin_type(&var)
        )));
    }
    let frame = Frame::new(None);
    if !matches!(options.given("path"), Obj::Str(text) if text.is_trusted()) {
        let what = "An untrusted path of 'ansible.utils.get_path' cannot run a lookup.";
        frame.forbid_lookups(&Rc::new(Error::unsupported(what)));
    }
    for (key, value) in cx.items(&var)? {
        let Some(name) = key.as_str() else { return Err(Raise::type_error("keywords must be strings")) };
        frame.set(&Arc::from(name), value.defined()?.within(&var));
    }
    let mut inner = Cx::new(cx.session, cx.scope);
    inner.origin.clone_from(&cx.origin);
    inner.hidden = true;
    inner.frame = Some(frame);
    inner.deeper(|inner| Ok(inner.run(&template)))
}

pub(in crate::template::filters) fn to_paths(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let options = Options::read(cx, &PATHS, &["var", "prepend", "wantlist"], Some(input), args)?;
    let result = all(cx, &options)?;
    Ok(listed(&options, result))
}

/// The lookup: one item, whether a list is wanted or not.
pub(in crate::template) fn flat(cx: &mut Cx<'_>, args: CallArgs) -> Result<Vec<Obj>, Raise> {
    let options = Options::read(cx, &PATHS, &["var", "prepend", "wantlist"], None, args)?;
    Ok(vec![all(cx, &options)?])
}

fn all(cx: &mut Cx<'_>, options: &Options) -> Got {
    let var = options.given("var");
    let prepend = options.args().opt_str("prepend").filter(|text| !text.is_empty());
    // Nothing has no path, not even an empty one.
    if prepend.is_none() {
        let empty = match &var {
            Obj::List(list) => list.borrow().is_empty(),
            other if is_mapping(other) => cx.items(other)?.is_empty(),
            _ => false,
        };
        if empty {
            return Ok(var);
        }
    }
    let mut flattening =
        Flattening { plain: Pattern::anchored("[a-zA-Z_][a-zA-Z0-9_]*$", Flags::default(), false)?, out: Vec::new() };
    flattening.walk(cx, &var, prepend.map_or(Obj::str(""), Obj::str))?;
    let mut out = indexmap::IndexMap::new();
    for (path, value) in flattening.out {
        out.insert(path, value);
    }
    Ok(Obj::dict(out))
}

struct Flattening {
    /// A key that stands behind a dot.
    plain: Pattern,
    out: Vec<(Obj, Obj)>,
}

impl Flattening {
    fn walk(&mut self, cx: &mut Cx<'_>, data: &Obj, path: Obj) -> Result<(), Raise> {
        if is_mapping(data) {
            let items = cx.items(data)?;
            if items.is_empty() && cx.truthy(&path)? {
                self.out.push((path, Obj::dict([])));
                return Ok(());
            }
            for (key, value) in items {
                let path = self.below(cx, &path, &key)?;
                let value = value.defined()?;
                cx.deeper(|cx| self.walk(cx, &value, path))?;
            }
        } else if let Obj::List(_) = data {
            let items = cx.iter(data)?;
            if items.is_empty() && cx.truthy(&path)? {
                self.out.push((path, Obj::list([])));
                return Ok(());
            }
            for (at, item) in items.into_iter().enumerate() {
                let path = format!("{}[{at}]", cx.text(&path)?);
                cx.deeper(|cx| self.walk(cx, &item, path.into()))?;
            }
        } else {
            self.out.push((path, data.clone()));
        }
        Ok(())
    }

    /// The path of a key. The first one is the path itself, whatever it is.
    fn below(&self, cx: &mut Cx<'_>, path: &Obj, key: &Obj) -> Got {
        if !cx.truthy(path)? {
            return Ok(key.clone());
        }
        let Some(name) = key.as_str() else {
            return Err(Raise::type_error(format!("expected string or bytes-like object, got '{}'", plugin_type(key))));
        };
        let step = if self.plain.search(name, 0)?.is_some() { format!(".{name}") } else { format!("['{name}']") };
        cx.add_objects(path, &step.into())
    }
}
