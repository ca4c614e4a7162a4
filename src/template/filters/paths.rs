//! Filters over paths, of this system's and of Windows'.

use super::lists::texts;
use super::support::{Got, alone, class_of, is_sequence, opt_text, said, sig};
use crate::template::ops::python_type;
use crate::template::pylib::paths;
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};

/// The path, also of bytes that are text, or Python's complaint.
pub(in crate::template) fn path(input: &Obj) -> Result<&str, Raise> {
    said(input).ok_or_else(|| {
        let name = match input {
            Obj::List(_) => "_AnsibleLazyTemplateList",
            Obj::Dict(_) => "_AnsibleLazyTemplateDict",
            other => other.type_name(),
        };
        Raise::type_error(format!("expected str, bytes or os.PathLike object, not {name}"))
    })
}

macro_rules! plain {
    ($($name:ident($func:literal) = |$cx:ident, $path:ident| $result:expr;)*) => {
        $(pub(super) fn $name($cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
            alone(args, $func)?;
            let $path = path(&input)?;
            Ok(Obj::from($result))
        })*
    };
}

plain! {
    basename("basename") = |_cx, p| paths::basename(p);
    dirname("dirname") = |_cx, p| paths::dirname(p);
    normpath("normpath") = |_cx, p| paths::normpath(p);
    expanduser("expanduser") = |cx, p| {
        let home = cx.with_world(|w| w.home.clone());
        paths::expanduser(p, &home, || std::fs::read_to_string("/etc/passwd").unwrap_or_default())
    };
    expandvars("expandvars") = |cx, p| cx.with_world(|w| {
        paths::expandvars(p, |name| w.environment.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()))
    });
    realpath("realpath") = |cx, p| cx.with_world(|w| paths::realpath(p, &w.cwd));
    win_basename("basename") = |_cx, p| paths::win_basename(p);
    win_dirname("dirname") = |_cx, p| paths::win_dirname(p);
}

/// A path in two, which are bytes where it is.
fn halved(input: &Obj, split: impl FnOnce(&str) -> (String, String)) -> Got {
    let (first, second) = split(path(input)?);
    let half = |text: String| match input {
        Obj::Bytes(_) => Obj::Bytes(text.into_bytes().into()),
        _ => text.into(),
    };
    Ok(Obj::tuple([half(first), half(second)]))
}

pub(super) fn win_splitdrive(_: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "splitdrive")?;
    halved(&input, |path| {
        let (drive, rest) = paths::win_splitdrive(path);
        (drive.to_owned(), rest.to_owned())
    })
}

pub(super) fn splitext(_: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "splitext")?;
    halved(&input, |path| {
        let (stem, extension) = paths::splitext(path);
        (stem.to_owned(), extension.to_owned())
    })
}

pub(super) fn relpath(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [start] = args.bind(&sig("relpath", 1, ["start"], 0))?;
    if !cx.truthy(&input)? {
        return Err(Raise::value_error("no path specified"));
    }
    if matches!((&input, &start), (Obj::Bytes(_), Some(Obj::Str(_)))) {
        return Err(Raise::type_error("Can't mix strings and bytes in path components"));
    }
    let start = opt_text(cx, &start)?.unwrap_or_else(|| ".".into());
    let cwd = cx.with_world(|w| w.cwd.clone());
    paths::relpath(path(&input)?, &start, &cwd).map(Obj::from).map_err(Raise::value_error)
}

pub(super) fn path_join(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "path_join")?;
    if let Some(text) = input.as_str() {
        return Ok(text.into());
    }
    if !is_sequence(&input) {
        return Err(Raise::type_error(format!(
            "|path_join expects string or sequence, got {} instead.",
            class_of(&input)
        )));
    }
    let items = cx.iter(&input)?;
    if items.is_empty() {
        return Err(Raise::type_error("join() missing 1 required positional argument: 'a'"));
    }
    if let Some((at, other)) = items.iter().enumerate().find(|(_, i)| i.as_str().is_none()) {
        let text = match at {
            0 => format!("expected str, bytes or os.PathLike object, not {}", python_type(other)),
            _ => format!("join() argument must be str, bytes, or os.PathLike object, not '{}'", python_type(other)),
        };
        return Err(Raise::type_error(text));
    }
    Ok(paths::join(items.iter().filter_map(Obj::as_str)).into())
}

pub(super) fn commonpath(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "commonpath")?;
    if !is_sequence(&input) {
        return Err(Raise::type_error(format!("|commonpath expects sequence, got {} instead.", class_of(&input))));
    }
    let all = texts(cx, &input)?;
    paths::commonpath(&all).map(Obj::from).map_err(Raise::value_error)
}

pub(super) fn fileglob(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "fileglob")?;
    if let Obj::Undefined(u) = &input {
        return Err(u.used());
    }
    if let Obj::Dict(_) | Obj::Map(_) = input {
        return Err(Raise::type_error("unhashable type: 'slice'"));
    }
    if let Obj::List(_) | Obj::Tuple(_) | Obj::Range(_) = input {
        let kind = input.type_name();
        return Err(Raise::type_error(format!("expected str, bytes or os.PathLike object, not {kind}")));
    }
    if input.as_str().is_none() {
        return Err(Raise::type_error(format!("'{}' object is not subscriptable", input.type_name())));
    }
    let cwd = cx.with_world(|w| w.cwd.clone());
    let found = crate::template::pylib::glob::glob(path(&input)?, &cwd);
    let files = found.into_iter().filter(|f| std::path::Path::new(&paths::join([cwd.as_str(), f])).is_file());
    Ok(Obj::list(files.map(Obj::from)))
}

/// The words of an operating system's error.
pub(in crate::template) fn os_error(error: &std::io::Error, path: &str) -> Raise {
    let number = error.raw_os_error().unwrap_or(0);
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or("");
    Raise::python(Class::Os, format!("[Errno {number}] {words}: {}", crate::value::str_repr(path)))
}
