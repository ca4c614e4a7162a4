//! Zip files as Python's `zipfile` writes them: links are followed, folders are entries of their own.

use super::Job;
use super::entries::Entries;
use super::tar::Written;
use crate::host::{errors, time};
use crate::modules::Call;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::MetadataExt;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

type Writer = ZipWriter<BufWriter<File>>;

/// Writes an archive; the error is one of writing.
pub(super) fn write(job: &Job, call: &Call<'_>, entries: Entries<'_, '_>, file: File) -> io::Result<Written> {
    let mut writer = ZipWriter::new(BufWriter::new(file));
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    let mut names = HashSet::new();
    entries.each(&mut |path| {
        let name = job.name_of(path);
        if !job.matches(path) && !names.contains(name) {
            match add(&mut writer, call, path, name)? {
                // A folder is not told of, since its entry has another name: one with a slash.
                Ok(is_file) => drop(is_file.then(|| names.insert(name.to_owned()))),
                Err(why) => refused.push(format!("{path}: {why}")),
            }
        }
        if names.contains(name) {
            done.push(path.to_owned());
        }
        Ok(())
    })?;
    writer.finish().map_err(io::Error::other)?.flush()?;
    Ok((done, refused))
}

/// Adds a path; says whether it is a file. The inner error is one of reading.
fn add(writer: &mut Writer, call: &Call<'_>, path: &str, name: &str) -> io::Result<Result<bool, String>> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) => return Ok(Err(errors::os_error(&error, path))),
    };
    let Some(date) = date(call, &meta) else {
        return Ok(Err("ZIP does not support timestamps before 1980".into()));
    };
    let options = SimpleFileOptions::default()
        .unix_permissions(meta.mode() & 0o7777)
        .last_modified_time(date)
        .large_file(meta.len() >= u64::from(u32::MAX) / 2);
    if meta.is_dir() {
        let again = |e: &zip::result::ZipError| e.to_string().contains("Duplicate");
        return match writer.add_directory(name, options) {
            Err(error) if !again(&error) => Err(io::Error::other(error)),
            _ => Ok(Ok(false)),
        };
    }
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Ok(Err(errors::os_error(&error, path))),
    };
    let options = options.compression_method(CompressionMethod::Deflated);
    writer.start_file(name, options).map_err(io::Error::other)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Ok(true)),
            Ok(count) => writer.write_all(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                writer.abort_file().map_err(io::Error::other)?;
                return Ok(Err(errors::os_error(&error, path)));
            }
        }
    }
}

/// The local time of a file; None before 1980, which the format cannot say.
fn date(call: &Call<'_>, meta: &fs::Metadata) -> Option<DateTime> {
    let text = time::local_text(&call.env, meta.modified().ok()?);
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u16>().ok();
    let small = |range: std::ops::Range<usize>| number(range).and_then(|n| u8::try_from(n).ok());
    let (year, month, day) = (number(0..4)?, small(5..7)?, small(8..10)?);
    // The format counts two seconds at a time.
    DateTime::from_date_and_time(year, month, day, small(11..13)?, small(14..16)?, small(17..19)?).ok()
}
