//! `urlsplit`: the parts of a URL, as Python's `urllib.parse` finds them.

use super::support::{Got, given, hashable, no_attribute, sig};
use crate::http::url::Url;
use crate::template::ir::Op;
use crate::template::object::Special;
use crate::template::pylib::codec;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::{Value, repr};
use std::rc::Rc;

pub(super) fn urlsplit(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [query, alias] = args.bind(&sig("split_url", 1, ["query", "alias"], 0))?;
    let parts = parts(cx, &input)?;
    let query = given(query);
    if !cx.truthy(&query)? {
        return Ok(parts);
    }
    hashable(&query)?;
    if let Some(found) = query.as_str().map(|name| cx.dict_get(&parts, name)).transpose()?.flatten() {
        return Ok(found);
    }
    let words = cx.binary(Op::Mod, &": unknown URL component: %s".into(), &query)?;
    let words = cx.add_objects(&alias.unwrap_or_else(|| "urlsplit".into()), &words)?;
    Err(Raise::value_error(cx.text(&words)?))
}

/// A dictionary of the parts. Of bytes, and of any value that is false, they are bytes.
fn parts(cx: &mut Cx<'_>, input: &Obj) -> Got {
    hashable(input)?;
    let (url, bytes) = match input {
        Obj::Str(text) => (text.as_str().to_owned(), false),
        Obj::Bytes(bytes) => (codec::decode(bytes, "ascii")?, true),
        other if cx.truthy(other)? => return Err(no_attribute(other, "decode")),
        _ => (String::new(), true),
    };
    let url = Url::parse(&url).map_err(Raise::value_error)?;
    let (user, password) = url.credentials();
    let port = url.port().map_err(Raise::value_error)?;
    let part = |text: &str| match bytes {
        true => Obj::Bytes(text.as_bytes().into()),
        // A part of HTML is HTML; what is not there is Python's own text.
        false if text.is_empty() => text.into(),
        false => Obj::from(text).kept(input),
    };
    let known = |text: Option<&str>| text.map_or(Obj::None, part);
    let method = bytes.then(|| ("decode", Obj::Special(Rc::new(Decode(url.clone())))));
    let found = [
        ("fragment", part(&url.fragment)),
        ("hostname", known(url.hostname().as_deref())),
        ("netloc", part(&url.netloc)),
        ("password", known(password)),
        ("path", part(&url.path)),
        ("port", port.map_or(Obj::None, Obj::from)),
        ("query", part(&url.query)),
        ("scheme", part(&url.scheme)),
        ("username", known(user)),
    ];
    Ok(Obj::dict(method.into_iter().chain(found).map(|(name, value)| (name.into(), value))))
}

/// The method that Python's parts have where they are bytes, which ansible-core takes for one more part.
struct Decode(Url);

impl Special for Decode {
    fn type_name(&self) -> &str {
        "method"
    }

    fn text(&self) -> String {
        let Url { scheme, netloc, path, query, fragment } = &self.0;
        let shown = |part: &str| repr(&Value::Bytes(part.as_bytes().into()));
        format!(
            "<bound method _ResultMixinBytes.decode of SplitResultBytes(scheme={}, netloc={}, path={}, query={}, fragment={})>",
            shown(scheme),
            shown(netloc),
            shown(path),
            shown(query),
            shown(fragment)
        )
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, _: &mut Cx<'_>, _: CallArgs) -> Got {
        let Url { scheme, netloc, path, query, fragment } = &self.0;
        Ok(Obj::tuple([scheme, netloc, path, query, fragment].map(|part| part.as_str().into())))
    }
}
