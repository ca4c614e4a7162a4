//! Tests of the controller's files.

use crate::template::filters::paths::{os_error, path};
use crate::template::filters::support::{alone, caused, given, plugin_type, sig};
use crate::template::pylib::paths::join;
use crate::template::{CallArgs, Class, Cx, Obj, Raise};
use std::fs::{File, Metadata, metadata, symlink_metadata};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

type Verdict = Result<bool, Raise>;

/// The path from the run's working directory; None for what no file can be called.
fn located(cx: &mut Cx<'_>, input: &Obj, func: &str) -> Result<Option<String>, Raise> {
    let cwd = cx.with_world(|w| w.cwd.clone());
    match input {
        Obj::Str(text) if text.as_str().is_empty() || text.as_str().contains('\0') => Ok(None),
        other if func == "lstat" && !matches!(other, Obj::Str(_) | Obj::Bytes(_)) => {
            let kind = plugin_type(other);
            Err(Raise::type_error(format!("lstat: path should be string, bytes or os.PathLike, not {kind}")))
        }
        // Python's os.stat takes a number for an open file; those beyond the first three are Python's own.
        Obj::Int(_) | Obj::Big(_) if input.as_int().and_then(|number| i32::try_from(number).ok()).is_none() => {
            let below = input.as_number().is_some_and(|number| number < 0.0);
            let side = if below { "less than minimum" } else { "greater than maximum" };
            Err(Raise::python(Class::Overflow, format!("fd is {side}")))
        }
        Obj::Int(_) | Obj::Bool(_) => {
            let open = input.as_int().filter(|number| (0..3).contains(number));
            Ok(open.map(|number| format!("/dev/fd/{number}")))
        }
        Obj::Str(text) => Ok(Some(join([cwd.as_str(), text.as_str()]))),
        Obj::Bytes(bytes) if bytes.is_empty() || bytes.contains(&0) => Ok(None),
        Obj::Bytes(bytes) => Ok(std::str::from_utf8(bytes).ok().map(|path| join([cwd.as_str(), path]))),
        other => Err(Raise::type_error(format!(
            "{func}: path should be string, bytes, os.PathLike or integer, not {}",
            plugin_type(other)
        ))),
    }
}

fn followed(cx: &mut Cx<'_>, input: &Obj) -> Result<Option<Metadata>, Raise> {
    Ok(located(cx, input, "stat")?.and_then(|path| metadata(path).ok()))
}

fn itself(cx: &mut Cx<'_>, input: &Obj) -> Result<Option<Metadata>, Raise> {
    Ok(located(cx, input, "lstat")?.and_then(|path| symlink_metadata(path).ok()))
}

pub(super) fn directory(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "isdir")?;
    Ok(followed(cx, &input)?.is_some_and(|m| m.is_dir()))
}

pub(super) fn file(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "isfile")?;
    let found = followed(cx, &input)?;
    Ok(found.is_some_and(|m| m.is_file() && !m.file_type().is_fifo()))
}

pub(super) fn exists(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "exists")?;
    Ok(followed(cx, &input)?.is_some())
}

pub(super) fn link(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "islink")?;
    Ok(itself(cx, &input)?.is_some_and(|m| m.file_type().is_symlink()))
}

pub(super) fn link_exists(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "lexists")?;
    Ok(itself(cx, &input)?.is_some())
}

pub(super) fn abs(_cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "isabs")?;
    Ok(path(&input)?.starts_with('/'))
}

pub(super) fn mount(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "ismount")?;
    let Some(path) = located(cx, &input, "lstat")? else { return Ok(false) };
    let (own, above) = (symlink_metadata(&path).ok(), metadata(format!("{path}/..")).ok());
    Ok(match own.zip(above) {
        Some((own, above)) if !own.file_type().is_symlink() => own.dev() != above.dev() || own.ino() == above.ino(),
        _ => false,
    })
}

pub(super) fn same_file(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [other] = args.bind(&sig("samefile", 1, ["f2"], 1))?;
    let mut found = Vec::new();
    for path in [input, given(other)] {
        // Told before the path is: what is no path may hold what is undefined.
        let place = located(cx, &path, "stat")?;
        let shown = cx.text(&path)?;
        if shown.is_empty() {
            return Err(os_error(&std::io::Error::from_raw_os_error(2), &shown));
        }
        // Open files beyond the first three are not known of.
        if path.as_int().is_some_and(|number| !(0..3).contains(&number)) {
            let errno = if path.as_int() == Some(-1) { 14 } else { 9 };
            return Err(os_error(&std::io::Error::from_raw_os_error(errno), ""))
                .map_err(|raise| Raise::python(Class::Os, raise.text().replace("''", &shown)));
        }
        let Some(place) = place else { return Err(Raise::value_error("stat: embedded null character in path")) };
        let quoted = cx.repr(&path)?;
        let words = |e: std::io::Error| os_error(&e, "").text().replace("''", &quoted);
        found.push(metadata(place).map_err(|e| Raise::python(Class::Os, words(e)))?);
    }
    Ok(found.windows(2).all(|pair| pair[0].dev() == pair[1].dev() && pair[0].ino() == pair[1].ino()))
}

pub(super) fn vaulted_file(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "vaulted_file")?;
    let shown = cx.text(&input)?;
    let cwd = cx.with_world(|w| w.cwd.clone());
    let mut start = [0u8; 15];
    let read = File::open(join([cwd.as_str(), &shown])).and_then(|file| {
        let mut text = Vec::new();
        file.take(start.len() as u64).read_to_end(&mut text).map(|_| text)
    });
    match read {
        Ok(text) => {
            start.iter_mut().zip(&text).for_each(|(to, from)| *to = *from);
            Ok(&start == b"$ANSIBLE_VAULT;")
        }
        Err(error) => {
            let quoted = crate::value::str_repr(&shown);
            let words = os_error(&error, &shown).text().replace(&format!(": {quoted}"), &format!(": b{quoted}"));
            Err(caused(words, &format!("Cannot test if the file {quoted} is a vault.")))
        }
    }
}
