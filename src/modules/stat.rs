//! `stat`: what the filesystem says of a path.

use super::{Call, ModuleDef, Support, attributes};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{accounts, digest, errors, flags, mode};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use rustix::fs::Access;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "stat",
    doc: "Retrieve file or file system status.",
    spec: &Spec::new(&[
        Arg::new("path", Kind::Path).required().aliases(&["dest", "name"]),
        Arg::new("follow", Kind::Bool).default(Default::Bool(false)),
        Arg::new("get_checksum", Kind::Bool).default(Default::Bool(true)),
        Arg::new("get_mime", Kind::Bool).default(Default::Bool(true)).aliases(&["mime", "mime_type", "mime-type"]),
        Arg::new("get_attributes", Kind::Bool).default(Default::Bool(true)).aliases(&["attr", "attributes"]),
        Arg::new("checksum_algorithm", Kind::Str)
            .default(Default::Str("sha1"))
            .choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
            .aliases(&["checksum", "checksum_algo"]),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let text = call.args.str("path").to_owned();
    let path = Path::new(&text);
    let meta = if call.args.bool("follow") { path.metadata() } else { path.symlink_metadata() };
    let meta = match meta {
        Ok(meta) => meta,
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Ok(Outcome::changed(false).with("stat", Dict::from([("exists", false)])));
        }
        Err(e) => return Err(Outcome::failed(errors::words(&e)).caused_by(errors::os_error_bytes(&e, path))),
    };
    let mut stat = basics(&text, &meta);
    let may = |access| rustix::fs::access(path, access).is_ok();
    let readable = may(Access::READ_OK);
    stat.insert("readable", readable);
    stat.insert("writeable", may(Access::WRITE_OK));
    stat.insert("executable", may(Access::EXEC_OK));
    if meta.is_symlink() {
        stat.insert("lnk_source", attributes::real_path(&text));
        let target = std::fs::read_link(path).unwrap_or_default();
        stat.insert("lnk_target", target.to_string_lossy().into_owned());
    }
    if let Some(user) = accounts::user_by_id(meta.uid()) {
        stat.insert("pw_name", user.name);
    }
    if let Some(group) = accounts::group_by_id(meta.gid()) {
        stat.insert("gr_name", group.name);
    }
    if meta.is_file() && readable && call.args.bool("get_checksum") {
        let sum = digest::of_file(path, call.args.str("checksum_algorithm"));
        let sum = sum.map_err(|e| Outcome::crashed(errors::os_error_bytes(&e, path)))?;
        stat.insert("checksum", sum);
    }
    if call.args.bool("get_mime") {
        let (mimetype, charset) = mime(call, path).unwrap_or_else(|| ("unknown".into(), "unknown".into()));
        stat.insert("mimetype", mimetype);
        stat.insert("charset", charset);
    }
    if call.args.bool("get_attributes") {
        let flags = flags::read(&call.env, path);
        let names = flags.iter().flat_map(flags::Flags::names);
        stat.insert("version", flags.as_ref().map(|flags| flags.version.clone()));
        stat.insert("attributes", Value::list(names.map(Value::from)));
        stat.insert("attr_flags", flags.map(|flags| flags.letters).unwrap_or_default());
    }
    Ok(Outcome::changed(false).with("stat", stat))
}

/// What a stat call alone gives.
fn basics(path: &str, meta: &Metadata) -> Dict {
    let bits = meta.mode();
    let kind = meta.file_type();
    let mut dict = Dict::from([("exists", Value::Bool(true)), ("path", path.into())]);
    dict.insert("mode", format!("{:04o}", bits & mode::BITS));
    for (key, is) in [
        ("isdir", kind.is_dir()),
        ("ischr", kind.is_char_device()),
        ("isblk", kind.is_block_device()),
        ("isreg", kind.is_file()),
        ("isfifo", kind.is_fifo()),
        ("islnk", kind.is_symlink()),
        ("issock", kind.is_socket()),
    ] {
        dict.insert(key, is);
    }
    dict.insert("uid", meta.uid());
    dict.insert("gid", meta.gid());
    for (key, number) in [("size", meta.size()), ("inode", meta.ino()), ("dev", meta.dev()), ("nlink", meta.nlink())] {
        dict.insert(key, number);
    }
    // The sum that Python makes of seconds and nanoseconds.
    let float = |seconds: i64, nanos: i64| seconds as f64 + 1e-9 * nanos as f64;
    dict.insert("atime", float(meta.atime(), meta.atime_nsec()));
    dict.insert("mtime", float(meta.mtime(), meta.mtime_nsec()));
    dict.insert("ctime", float(meta.ctime(), meta.ctime_nsec()));
    for (key, bit) in [
        ("wusr", 0o200),
        ("rusr", 0o400),
        ("xusr", 0o100),
        ("wgrp", 0o020),
        ("rgrp", 0o040),
        ("xgrp", 0o010),
        ("woth", 0o002),
        ("roth", 0o004),
        ("xoth", 0o001),
        ("isuid", 0o4000),
        ("isgid", 0o2000),
    ] {
        dict.insert(key, bits & bit != 0);
    }
    dict.insert("blocks", meta.blocks());
    dict.insert("block_size", meta.blksize());
    dict.insert("device_type", meta.rdev());
    dict
}

/// What `file` says: type and charset.
fn mime(call: &Call<'_>, path: &Path) -> Option<(String, String)> {
    let program = call.env.find_program("file")?;
    let argv = [program.as_os_str(), "--mime-type".as_ref(), "--mime-encoding".as_ref(), path.as_os_str()];
    let output = call.command(argv).run().ok().filter(|output| output.rc == 0)?;
    let out = output.out();
    let (mimetype, charset) = out.rsplit_once(':')?.1.split_once(';')?;
    Some((mimetype.trim().to_owned(), charset.split_once('=')?.1.trim().to_owned()))
}
