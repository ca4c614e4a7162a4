//! Python's `str` and `repr` of objects, and their truth and length.

use super::bounds::text_fits;
use super::cx::Cx;
use super::depth::MOST_DIGITS;
use super::object::{Delta, Obj, place};
use super::raise::{Class, Raise};
use crate::value::{Value, float_repr, repr, str_repr};
use std::rc::Rc;
use std::sync::Arc;

impl Cx<'_> {
    /// Python's `str(x)`; fails where it is undefined or holds something undefined.
    pub fn text(&mut self, obj: &Obj) -> Result<String, Raise> {
        match obj {
            Obj::Str(text) => Ok(text.as_str().to_owned()),
            Obj::Date(date) => Ok(date.to_string()),
            Obj::DateTime(time) => Ok(time.to_string()),
            Obj::Delta(delta) => Ok(delta_text(*delta)),
            Obj::Undefined(_) => obj.clone().defined().map(|_| String::new()),
            Obj::Special(special) if super::methods::time::clock(special).is_some() => Ok(special.text()),
            other => self.repr(other),
        }
    }

    /// Python's `repr(x)`.
    pub fn repr(&mut self, obj: &Obj) -> Result<String, Raise> {
        let mut out = String::new();
        self.write_repr(&mut out, obj, false)?;
        Ok(out)
    }

    /// Adds an output of a template to a text: as `str` of what `finalize` makes of it.
    ///
    /// Tuples within become lists, and `omit` drops out.
    pub(super) fn write_final(&mut self, out: &mut String, obj: &Obj) -> Result<(), Raise> {
        match obj {
            Obj::Str(text) => out.push_str(text.as_str()),
            Obj::Int(i) => out.push_str(itoa(*i).as_str()),
            Obj::Omit => {}
            // Python keeps bytes that are no text as surrogates, which no Rust string can hold.
            Obj::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
            marker if marker.is_marker() => return self.write_marker(out, marker),
            Obj::List(_) | Obj::Tuple(_) | Obj::Dict(_) | Obj::Map(_) => self.write_repr(out, obj, true)?,
            other => out.push_str(&self.text(other)?),
        }
        Ok(())
    }

    /// The error that a marker stands for; or words in its place, where those are wanted.
    pub(super) fn write_marker(&self, out: &mut String, marker: &Obj) -> Result<(), Raise> {
        let (Some(replaced), Err(raise)) = (&self.session.replaced, marker.clone().defined()) else {
            return marker.clone().defined().map(drop);
        };
        let error = self.complete(raise);
        let mut replaced = replaced.borrow_mut();
        out.push_str(&format!("<< error {} - {} >>", replaced.len() + 1, error.line()));
        replaced.push(error);
        Ok(())
    }

    fn write_repr(&mut self, out: &mut String, obj: &Obj, finalise: bool) -> Result<(), Raise> {
        match obj {
            Obj::None => out.push_str("None"),
            Obj::Bool(b) => out.push_str(if *b { "True" } else { "False" }),
            Obj::Int(i) => out.push_str(&i.to_string()),
            Obj::Big(b) => out.push_str(&big_text(b)?),
            Obj::Float(f) => out.push_str(&float_repr(*f)),
            Obj::Str(text) if text.is_markup() => out.push_str(&format!("Markup({})", str_repr(text.as_str()))),
            Obj::Str(text) => out.push_str(&str_repr(text.as_str())),
            Obj::Bytes(bytes) => out.push_str(&repr(&Value::Bytes(Arc::clone(bytes)))),
            Obj::Date(d) => out.push_str(&repr(&Value::Date(*d))),
            Obj::DateTime(t) => out.push_str(&repr(&Value::DateTime(*t))),
            Obj::Delta(d) => out.push_str(&delta_repr(*d)),
            Obj::Range(r) if r.step == 1 => out.push_str(&format!("range({}, {})", r.start, r.stop)),
            Obj::Range(r) => out.push_str(&format!("range({}, {}, {})", r.start, r.stop, r.step)),
            Obj::List(_) | Obj::Tuple(_) | Obj::Set(_) | Obj::Dict(_) | Obj::Map(_) => {
                return self.deeper(|cx| cx.write_container(out, obj, finalise));
            }
            Obj::Iter(items) => out.push_str(&format!("<{} object at {}>", obj.type_name(), place(&**items))),
            Obj::Special(special) => match super::access::written_in_python(special) {
                Some((name, object)) => {
                    out.push_str(&format!("<bound method {}.{name} of ", object.type_name()));
                    self.deeper(|cx| cx.write_repr(out, &object, finalise))?;
                    out.push('>');
                }
                None => match super::methods::time::clock(special) {
                    Some(time) => out.push_str(&repr(&Value::Time(time))),
                    None => match special.shown() {
                        Some(shown) => {
                            out.push_str(&format!("<{} ", special.type_name()));
                            self.deeper(|cx| cx.write_repr(out, &shown, finalise))?;
                            out.push('>');
                        }
                        None => out.push_str(&special.text()),
                    },
                },
            },
            Obj::Omit => out.push_str("<<Omit>>"),
            marker if finalise && marker.is_marker() => {
                let mut words = String::new();
                self.write_marker(&mut words, marker)?;
                out.push_str(&str_repr(&words));
            }
            Obj::Undefined(_) | Obj::Failed(_) => {
                obj.clone().defined()?;
                out.push_str("Undefined");
            }
            Obj::Pending(_) => {
                let forced = self.force(obj.clone());
                return self.write_repr(out, &forced, finalise);
            }
        }
        Ok(())
    }

    fn write_container(&mut self, out: &mut String, obj: &Obj, finalise: bool) -> Result<(), Raise> {
        if matches!(obj, Obj::Dict(_) | Obj::Map(_)) {
            out.push('{');
            let mut items = self.items(obj)?;
            items.retain(|(_, value)| !(finalise && matches!(value, Obj::Omit)));
            if !finalise && obj.is_lazy() {
                // All of its values are read before what is in them.
                items.iter().try_for_each(|(_, value)| value.clone().defined().map(drop))?;
            }
            for (i, (key, value)) in items.into_iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                if finalise && matches!(key, Obj::Tuple(_)) {
                    // The list that a tuple becomes is no key.
                    return Err(Raise::type_error("unhashable type: 'list'"));
                }
                self.write_repr(out, &key, finalise)?;
                out.push_str(": ");
                self.write_repr(out, &value, finalise)?;
                text_fits(out.len())?;
            }
            out.push('}');
            return Ok(());
        }
        // All items of ansible-core's own lists are read first, too; Python's own are read one by one.
        let mut items = if finalise || !obj.is_lazy() { self.iter_lenient(obj)? } else { self.iter(obj)? };
        items.retain(|item| !(finalise && matches!(item, Obj::Omit)));
        let (open, close) = match obj {
            Obj::Tuple(items) if finalise && !items.is_group() => ("[", "]"),
            Obj::Tuple(_) if items.len() == 1 => ("(", ",)"),
            Obj::Tuple(_) => ("(", ")"),
            Obj::Set(_) if items.is_empty() => ("set(", ")"),
            Obj::Set(_) => ("{", "}"),
            _ => ("[", "]"),
        };
        out.push_str(open);
        for (i, item) in items.iter().enumerate() {
            out.push_str(if i > 0 { ", " } else { "" });
            self.write_repr(out, item, finalise)?;
            text_fits(out.len())?;
        }
        out.push_str(close);
        Ok(())
    }

    /// Python's `bool(x)`; fails where it is undefined.
    pub fn truthy(&mut self, obj: &Obj) -> Result<bool, Raise> {
        Ok(match obj {
            Obj::None => false,
            Obj::Bool(b) => *b,
            Obj::Int(i) => *i != 0,
            Obj::Float(f) => *f != 0.0,
            Obj::Str(text) => !text.as_str().is_empty(),
            Obj::Bytes(bytes) => !bytes.is_empty(),
            Obj::Delta(d) => d.micros != 0,
            Obj::List(items) => !items.borrow().is_empty(),
            Obj::Tuple(items) => !items.is_empty(),
            Obj::Dict(items) => !items.borrow().is_empty(),
            Obj::Set(items) => !items.borrow().is_empty(),
            Obj::Range(range) => !range.is_empty(),
            Obj::Map(lazy) => !lazy.map.keys().is_empty(),
            Obj::Special(special) => special.truthy(),
            Obj::Undefined(_) | Obj::Failed(_) => return obj.clone().defined().map(|_| false),
            Obj::Pending(_) => {
                let forced = self.force(obj.clone());
                return self.truthy(&forced);
            }
            Obj::Big(_) | Obj::Date(_) | Obj::DateTime(_) | Obj::Iter(_) | Obj::Omit => true,
        })
    }

    /// Python's `len(x)`.
    pub fn len(&mut self, obj: &Obj) -> Result<usize, Raise> {
        Ok(match obj {
            Obj::Str(text) => text.as_str().chars().count(),
            Obj::Bytes(bytes) => bytes.len(),
            Obj::List(items) => items.borrow().len(),
            Obj::Tuple(items) => items.len(),
            Obj::Dict(items) => items.borrow().len(),
            Obj::Set(items) => items.borrow().len(),
            Obj::Range(range) => range.len(),
            Obj::Map(lazy) => lazy.map.keys().len(),
            Obj::Undefined(_) | Obj::Failed(_) => return obj.clone().defined().map(|_| 0),
            Obj::Special(special) => match Rc::clone(special).len(self) {
                Some(len) => return len,
                None => return Err(no_len(obj)),
            },
            _ => return Err(no_len(obj)),
        })
    }
}

/// A long integer as text, unless it has more digits than Python writes.
pub(super) fn big_text(big: &num_bigint::BigInt) -> Result<String, Raise> {
    let text = if big.bits() > 14_300 { None } else { Some(big.to_string()) };
    match text.filter(|text| text.trim_start_matches('-').len() <= MOST_DIGITS) {
        Some(text) => Ok(text),
        None => Err(Raise::value_error(format!(
            "Exceeds the limit ({MOST_DIGITS} digits) for integer string conversion; use \
             sys.set_int_max_str_digits() to increase the limit"
        ))),
    }
}

/// An integer as text.
fn itoa(i: i64) -> String {
    i.to_string()
}

fn no_len(obj: &Obj) -> Raise {
    Raise::python(Class::Type, format!("object of type '{}' has no len()", obj.full_name()))
}

/// Days, seconds and microseconds as Python normalises them: only the days may be negative.
fn delta_parts(delta: Delta) -> (i64, i64, i64) {
    let (seconds, micros) = (delta.micros.div_euclid(1_000_000), delta.micros.rem_euclid(1_000_000));
    (seconds.div_euclid(86_400), seconds.rem_euclid(86_400), micros)
}

fn delta_text(delta: Delta) -> String {
    let (days, seconds, micros) = delta_parts(delta);
    let mut out = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    out.push_str(&format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    if micros != 0 {
        out.push_str(&format!(".{micros:06}"));
    }
    out
}

fn delta_repr(delta: Delta) -> String {
    let (days, seconds, micros) = delta_parts(delta);
    let parts: Vec<String> = [("days", days), ("seconds", seconds), ("microseconds", micros)]
        .into_iter()
        .filter(|(_, n)| *n != 0)
        .map(|(name, n)| format!("{name}={n}"))
        .collect();
    if parts.is_empty() { "datetime.timedelta(0)".into() } else { format!("datetime.timedelta({})", parts.join(", ")) }
}

impl Delta {
    /// Days, seconds within the day, microseconds within the second.
    pub fn parts(self) -> (i64, i64, i64) {
        delta_parts(self)
    }
}
