//! Filters, tests and lookups by name, and how ansible-core runs each.
//!
//! What one raises becomes the put-off result of its call, with ansible-core's words around it:
//! "The filter plugin 'ansible.builtin.x' failed: …".

use super::args::CallArgs;
use super::cx::Cx;
use super::filters::{FILTERS, FilterDef};
use super::lookups::{LOOKUPS, LookupDef};
use super::object::Obj;
use super::raise::{Raise, Undefined};
use super::refused::{self, Refused};
use super::tests::{TESTS, TestDef};
use crate::diag::{Error, Kind, Mark, Remark};
use std::rc::Rc;
use std::sync::Arc;

/// A filter that is added at run time.
pub type FilterFn = dyn Fn(&mut Cx<'_>, Obj, CallArgs) -> Result<Obj, Raise> + Send + Sync;
/// A test that is added at run time.
pub type TestFn = dyn Fn(&mut Cx<'_>, Obj, CallArgs) -> Result<bool, Raise> + Send + Sync;
/// A lookup that is added at run time.
pub type LookupFn = dyn Fn(&mut Cx<'_>, CallArgs) -> Result<Vec<Obj>, Raise> + Send + Sync;

/// Where plugins come from that are not built in: an embedder's, those written in Python.
///
/// A source is asked by the name as it is written, before the built-in tables.
pub trait Plugins: Send + Sync {
    /// A filter.
    fn filter(&self, _name: &str) -> Option<Arc<FilterFn>> {
        None
    }

    /// A test.
    fn test(&self, _name: &str) -> Option<Arc<TestFn>> {
        None
    }

    /// A lookup.
    fn lookup(&self, _name: &str) -> Option<Arc<LookupFn>> {
        None
    }
}

/// Where the full name of a plugin leads that is found nowhere: what collections say of their names.
pub trait Routes: Send + Sync {
    /// What a name means now; the kind is `filter`, `test` or `lookup`.
    fn route(&self, kind: &str, name: &str) -> Route;
}

/// What a name of a plugin means now.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// The name by which it is to be found.
    pub target: Option<String>,
    /// Why it is not to be had.
    pub gone: Option<String>,
    /// The names on the way that will go.
    pub marks: Vec<Mark>,
}

/// A filter that was found.
#[derive(Clone)]
pub enum Filter {
    /// Built in.
    Def(&'static FilterDef),
    /// Added, with its name.
    Added(Arc<str>, Arc<FilterFn>),
    /// Known and refused.
    Refused(&'static Refused),
}

/// A test that was found.
#[derive(Clone)]
pub enum Test {
    /// Built in.
    Def(&'static TestDef),
    /// Added, with its name.
    Added(Arc<str>, Arc<TestFn>),
    /// Known and refused.
    Refused(&'static Refused),
}

/// A lookup that was found.
#[derive(Clone)]
pub enum Lookup {
    /// Built in.
    Def(&'static LookupDef),
    /// Added, with its name.
    Added(Arc<str>, Arc<LookupFn>),
    /// Known and refused.
    Refused(&'static Refused),
}

/// The name without `ansible.builtin.` or `ansible.legacy.`.
pub fn short_name(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

/// The name with its collection, as errors give it.
pub fn full_name(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("ansible.builtin.{name}") }
}

/// Collections whose plugins have, or had, a short name: ansible-core's routing leads from one to the other.
const ROUTED: [&str; 2] = ["ansible.utils.", "community.general."];

/// Short names that ansible-core leads to a collection.
const SHORT: &[&str] = &[
    "cartesian",
    "cidr_merge",
    "filetree",
    "flattened",
    "hwaddr",
    "ip4_hex",
    "ipaddr",
    "ipmath",
    "ipsubnet",
    "ipv4",
    "ipv6",
    "ipwrap",
    "json_query",
    "network_in_network",
    "network_in_usable",
    "next_nth_usable",
    "nthhost",
    "previous_nth_usable",
    "random_mac",
    "reduce_on_network",
    "slaac",
];

fn by_name<'t, T>(table: &'t [T], name: impl Fn(&T) -> &str, wanted: &str) -> Option<&'t T> {
    let wanted = short_name(wanted);
    let find = |wanted: &str| table.binary_search_by(|def| name(def).cmp(wanted)).ok().and_then(|i| table.get(i));
    find(wanted).or_else(|| find(&format!("ansible.utils.{}", wanted.strip_prefix("ansible.netcommon.")?))).or_else(
        || {
            SHORT.binary_search(&wanted).ok()?;
            ROUTED.iter().find_map(|collection| find(&format!("{collection}{wanted}")))
        },
    )
}

impl super::Templar {
    /// What a name leads to, where that can be found; a text where it cannot be had any more.
    fn routed<T>(&self, kind: &str, name: &str, find: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
        if let Some(found) = find(name) {
            return Ok(Some(found));
        }
        let Some(routes) = self.routes.as_ref().filter(|_| name.matches('.').count() > 1) else { return Ok(None) };
        let route = routes.route(kind, name);
        route.marks.into_iter().for_each(|mark| self.remarks.add(Remark::marked(&Arc::new(mark), None)));
        match route.gone {
            Some(text) => Err(format!("The {kind} plugin '{name}' failed to load: {text}")),
            None => Ok(route.target.and_then(|target| find(&target))),
        }
    }

    /// A filter by its name, full or short; a text where it cannot be had any more.
    pub fn find_filter(&self, name: &str) -> Result<Option<Filter>, String> {
        self.routed("filter", name, |name| self.own_filter(name))
    }

    /// The same for a test.
    pub fn find_test(&self, name: &str) -> Result<Option<Test>, String> {
        self.routed("test", name, |name| self.own_test(name))
    }

    /// The same for a lookup.
    pub fn find_lookup(&self, name: &str) -> Result<Option<Lookup>, String> {
        self.routed("lookup", name, |name| self.own_lookup(name))
    }

    /// A filter by its name, full or short.
    pub fn filter(&self, name: &str) -> Option<Filter> {
        self.find_filter(name).ok().flatten()
    }

    /// A test by its name, full or short.
    pub fn test(&self, name: &str) -> Option<Test> {
        self.find_test(name).ok().flatten()
    }

    /// A lookup by its name, full or short.
    pub fn lookup_plugin(&self, name: &str) -> Option<Lookup> {
        self.find_lookup(name).ok().flatten()
    }

    fn own_filter(&self, name: &str) -> Option<Filter> {
        let added = self.plugins.iter().find_map(|source| source.filter(name));
        match added {
            Some(run) => Some(Filter::Added(Arc::from(name), run)),
            None => by_name(FILTERS, |def| def.name, name)
                .map(Filter::Def)
                .or_else(|| Refused::find(refused::FILTERS, short_name(name)).map(Filter::Refused)),
        }
    }

    fn own_test(&self, name: &str) -> Option<Test> {
        let added = self.plugins.iter().find_map(|source| source.test(name));
        match added {
            Some(run) => Some(Test::Added(Arc::from(name), run)),
            None => by_name(TESTS, |def| def.name, name)
                .map(Test::Def)
                .or_else(|| Refused::find(refused::TESTS, short_name(name)).map(Test::Refused)),
        }
    }

    fn own_lookup(&self, name: &str) -> Option<Lookup> {
        let added = self.plugins.iter().find_map(|source| source.lookup(name));
        match added {
            Some(run) => Some(Lookup::Added(Arc::from(name), run)),
            None => by_name(LOOKUPS, |def| def.name, name)
                .map(Lookup::Def)
                .or_else(|| Refused::find(refused::LOOKUPS, short_name(name)).map(Lookup::Refused)),
        }
    }
}

/// The name of a test that is written as an operator.
fn operator_name(name: &str) -> &str {
    match name {
        "!=" => "ne",
        "<" => "lt",
        "<=" => "le",
        "==" => "eq",
        ">" => "gt",
        ">=" => "ge",
        other => other,
    }
}

/// The undefined of an `if` without `else` among what a plugin gets.
fn else_undefined(input: &Obj, args: &CallArgs) -> Option<Rc<Undefined>> {
    let given = std::iter::once(input).chain(&args.positional).chain(args.named.iter().map(|(_, value)| value));
    given.into_iter().find_map(|obj| match obj {
        Obj::Undefined(u) if !obj.is_marker() => Some(Rc::clone(u)),
        _ => None,
    })
}

/// Such an undefined speaks for itself where Python would complain of operands.
fn spoken_for(raise: Raise, missing: Option<Rc<Undefined>>) -> Raise {
    match (&raise, missing) {
        (Raise::Python(_, text), Some(u))
            if [
                "operand type",
                "between instances",
                "non-int of type 'Undefined'",
                "'Undefined' object has no attribute",
            ]
            .iter()
            .any(|w| text.contains(w))
                && !text.contains("for abs()") =>
        {
            u.used()
        }
        _ => raise,
    }
}

impl Cx<'_> {
    /// Applies a filter; its failure is the result.
    pub(super) fn run_filter(&mut self, filter: &Filter, input: Obj, args: CallArgs) -> Result<Obj, Raise> {
        let takes = matches!(filter, Filter::Def(def) if def.undefined);
        if !takes {
            if input.is_marker() {
                return Ok(input);
            }
            if let Some(marker) = args.first_marker() {
                return Ok(marker.clone());
            }
        }
        let (input, args) = (input.wrapped(), args.wrapped());
        let missing = else_undefined(&input, &args);
        let result = self.as_plugin(|cx| match filter {
            Filter::Def(def) => (def.run)(cx, input, args),
            Filter::Added(_, run) => run(cx, input, args),
            Filter::Refused(refused) => Err(refused.error("filter")),
        });
        match result {
            Ok(iterator @ (Obj::Iter(_) | Obj::Range(_))) => self.given(iterator),
            Ok(other) => self.made(&other).and_then(|()| self.given(other)),
            Err(raise) => {
                let raise = spoken_for(raise, missing);
                let name = match filter {
                    Filter::Def(def) => full_name(def.name),
                    Filter::Added(name, _) => name.to_string(),
                    Filter::Refused(refused) => refused.name.to_owned(),
                };
                Ok(self.plugin_failed("filter", &name, raise))
            }
        }
    }

    /// Asks a test; its failure is the result.
    pub(super) fn run_test(&mut self, test: &Test, input: Obj, args: CallArgs) -> Result<Obj, Raise> {
        let takes = matches!(test, Test::Def(def) if def.undefined);
        if !takes {
            if input.is_marker() {
                return Ok(input);
            }
            if let Some(marker) = args.first_marker() {
                return Ok(marker.clone());
            }
        }
        let (input, args) = (input.wrapped(), args.wrapped());
        let missing = else_undefined(&input, &args);
        let result = self.as_plugin(|cx| match test {
            Test::Def(def) => (def.run)(cx, input, args),
            Test::Added(_, run) => run(cx, input, args),
            Test::Refused(refused) => Err(refused.error("test")),
        });
        match result {
            Ok(verdict) => Ok(Obj::Bool(verdict)),
            Err(raise) => {
                let raise = spoken_for(raise, missing);
                let name = match test {
                    Test::Def(def) => full_name(operator_name(def.name)),
                    Test::Added(name, _) => name.to_string(),
                    Test::Refused(refused) => refused.name.to_owned(),
                };
                Ok(self.plugin_failed("test", &name, raise))
            }
        }
    }

    /// The error of a lookup that there is not.
    pub(super) fn no_lookup(&self, name: &str) -> Raise {
        Error::user(format!("The lookup plugin '{name}' was not found.")).at(self.origin.as_ref()).into()
    }

    /// Runs a lookup; what it raises is raised in ansible-core's words.
    pub(super) fn run_lookup(&mut self, name: &str, mut args: CallArgs) -> Result<Vec<Obj>, Raise> {
        let found = self.templar().find_lookup(name).map_err(Error::user)?;
        let Some(lookup) = found else {
            return Err(self.no_lookup(name));
        };
        let lenient = matches!(&lookup, Lookup::Def(def) if def.undefined);
        if !lenient && let Some(marker) = args.first_marker() {
            marker.clone().defined()?;
        }
        let terms = std::mem::take(&mut args.positional).into_iter().map(|term| self.rendered_term(term));
        args.positional = terms.collect::<Result<_, _>>()?;
        if !lenient && let Some(marker) = args.first_marker() {
            marker.clone().defined()?;
        }
        let args = args.wrapped();
        let result = self.as_plugin(|cx| match &lookup {
            Lookup::Def(def) => (def.run)(cx, args),
            Lookup::Added(_, run) => run(cx, args),
            Lookup::Refused(refused) => Err(refused.error("lookup")),
        });
        result.map_err(|raise| match self.plugin_failed("lookup", name, raise) {
            Obj::Undefined(u) => Raise::Undefined(u),
            Obj::Failed(error) => Raise::Failed(error),
            _ => Raise::value_error("lookup failed"),
        })
    }

    /// The put-off error of a plugin: an undefined stays what it is, all else is wrapped.
    fn plugin_failed(&self, kind: &str, name: &str, raise: Raise) -> Obj {
        let cause = match raise {
            Raise::Undefined(u) => return Obj::Undefined(u),
            // A value whose error was put off passes through, and what rplay lacks speaks for itself.
            Raise::Failed(error) => return Obj::Failed(error),
            Raise::Error(error) if error.kind == Kind::Unsupported => return Obj::Failed(Rc::new(*error)),
            Raise::Error(error) => *error,
            Raise::Python(_, text) => Error::user(text.into_string()),
        };
        let error = cause.context(format!("The {kind} plugin '{name}' failed.")).at(self.origin.as_ref());
        Obj::Failed(Rc::new(error))
    }
}
