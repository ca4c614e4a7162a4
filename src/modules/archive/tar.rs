//! Tar archives as Python's `tarfile` writes them: ustar headers, with pax records for what does not fit
//! and for the fractions of times; and the compressors.

use super::entries::Entries;
use super::{Format, Job};
use crate::host::{accounts, errors};
use crate::value::{Value, repr};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use tar::{Builder, EntryType, Header};

/// A compressor that writes to a file.
pub(super) enum Compressed {
    Plain(BufWriter<File>),
    Gz(flate2::write::GzEncoder<BufWriter<File>>),
    Bz2(bzip2::write::BzEncoder<BufWriter<File>>),
    Xz(Box<lzma_rust2::XzWriter<BufWriter<File>>>),
}

impl Compressed {
    /// For a file; `name` is that of the compressed file, which gzip keeps without its end.
    pub(super) fn new(format: Format, file: File, name: &str) -> io::Result<Self> {
        let file = BufWriter::new(file);
        Ok(match format {
            Format::Gz => {
                let name = name.strip_suffix(".gz").unwrap_or(name);
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                let mut header = flate2::GzBuilder::new().mtime(u32::try_from(now.as_secs()).unwrap_or(0));
                // The format knows Latin-1 alone.
                if name.is_ascii() {
                    header = header.filename(name);
                }
                Self::Gz(header.write(file, flate2::Compression::best()))
            }
            Format::Bz2 => Self::Bz2(bzip2::write::BzEncoder::new(file, bzip2::Compression::best())),
            Format::Xz => Self::Xz(Box::new(lzma_rust2::XzWriter::new(file, lzma_rust2::XzOptions::with_preset(6))?)),
            Format::Tar | Format::Zip => Self::Plain(file),
        })
    }

    /// Writes what is left.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut file = match self {
            Self::Plain(file) => file,
            Self::Gz(writer) => writer.finish()?,
            Self::Bz2(writer) => writer.finish()?,
            Self::Xz(writer) => writer.finish()?,
        };
        file.flush()
    }
}

impl Write for Compressed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(writer) => writer.write(bytes),
            Self::Gz(writer) => writer.write(bytes),
            Self::Bz2(writer) => writer.write(bytes),
            Self::Xz(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(writer) => writer.flush(),
            Self::Gz(writer) => writer.flush(),
            Self::Bz2(writer) => writer.flush(),
            Self::Xz(writer) => writer.flush(),
        }
    }
}

/// A compressor that knows how much has gone into it.
struct Counted {
    writer: Compressed,
    count: u64,
}

impl Counted {
    /// Fills up the last record, as `tar` itself does: 20 blocks are one.
    fn padded(mut self) -> io::Result<Compressed> {
        const RECORD: u64 = 10_240;
        let missing = self.count.next_multiple_of(RECORD) - self.count;
        io::copy(&mut io::repeat(0).take(missing), &mut self.writer)?;
        Ok(self.writer)
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// What was archived, and what could not be, each with its reason.
pub(super) type Written = (Vec<String>, Vec<String>);

/// Writes an archive; the error is one of writing.
pub(super) fn write(job: &Job, entries: Entries<'_, '_>, file: File) -> io::Result<Written> {
    let name = job.dest.rsplit('/').next().unwrap_or_default();
    let mut builder = Builder::new(Counted { writer: Compressed::new(job.format, file, name)?, count: 0 });
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    let mut names = HashSet::new();
    let mut links = HashMap::new();
    entries.each(&mut |path| {
        let name = job.name_of(path).trim_start_matches('/');
        if !job.matches(name) {
            match add(&mut builder, path, name, &mut links)? {
                Ok(true) => drop(names.insert(name.to_owned())),
                Ok(false) => {}
                Err(error) => refused.push(format!("{path}: {}", errors::os_error(&error, path))),
            }
        }
        // Overlapping paths name a file twice, which is archived and told twice.
        if names.contains(name) {
            done.push(path.to_owned());
        }
        Ok(())
    })?;
    builder.into_inner()?.padded()?.finish()?;
    Ok((done, refused))
}

/// The paths in the archive of files that have several names, by device and inode.
type Links = HashMap<(u64, u64), String>;

/// Adds a path; false for a socket, which no archive holds. The inner error is one of reading.
fn add(builder: &mut Builder<Counted>, path: &str, name: &str, links: &mut Links) -> io::Result<io::Result<bool>> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) => return Ok(Err(error)),
    };
    let Some(mut entry) = Entry::new(&meta, name) else { return Ok(Ok(false)) };
    let mut file = None;
    if meta.is_symlink() {
        match fs::read_link(path) {
            Ok(target) => entry.link = Some(target.to_string_lossy().into_owned()),
            Err(error) => return Ok(Err(error)),
        }
    } else if meta.is_file() {
        let id = (meta.dev(), meta.ino());
        match links.get(&id).filter(|other| meta.nlink() > 1 && other.as_str() != name) {
            Some(other) => (entry.kind, entry.link) = (EntryType::Link, Some(other.clone())),
            None => {
                links.insert(id, name.to_owned());
                match File::open(path) {
                    Ok(open) => file = Some(open),
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
    }
    let (header, records) = entry.header(&meta);
    builder.append_pax_extensions(records.iter().map(|(key, value)| (key.as_str(), value.as_bytes())))?;
    match file {
        Some(file) => builder.append(&header, Exact { file, left: meta.len() })?,
        None => builder.append(&header, io::empty())?,
    }
    Ok(Ok(true))
}

/// A file as long as it was when its header was made; where it has become shorter, reading fails.
struct Exact {
    file: File,
    left: u64,
}

impl Read for Exact {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "unexpected end of data"));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// A member before it is written.
struct Entry {
    kind: EntryType,
    name: String,
    link: Option<String>,
}

impl Entry {
    fn new(meta: &Metadata, name: &str) -> Option<Self> {
        let kind = meta.file_type();
        let kind = match () {
            () if kind.is_file() => EntryType::Regular,
            () if kind.is_dir() => EntryType::Directory,
            () if kind.is_symlink() => EntryType::Symlink,
            () if kind.is_fifo() => EntryType::Fifo,
            () if kind.is_char_device() => EntryType::Char,
            () if kind.is_block_device() => EntryType::Block,
            () => return None,
        };
        let slash = if kind == EntryType::Directory { "/" } else { "" };
        Some(Self { kind, name: format!("{name}{slash}"), link: None })
    }

    /// The header, and the pax records that go before it.
    fn header(&self, meta: &Metadata) -> (Header, Vec<(String, String)>) {
        let mut header = Header::new_ustar();
        let mut records = Vec::new();
        header.set_entry_type(self.kind);
        header.set_mode(meta.mode() & 0o7777);
        header.set_size(if self.kind == EntryType::Regular {
            fitting(meta.len(), "size", 11, &mut records)
        } else {
            0
        });
        header.set_uid(fitting(meta.uid().into(), "uid", 7, &mut records));
        header.set_gid(fitting(meta.gid().into(), "gid", 7, &mut records));
        header.set_mtime(u64::try_from(meta.mtime()).unwrap_or(0));
        records.push(("mtime".into(), float_text(meta)));
        let user = accounts::user_by_id(meta.uid()).map(|user| user.name).unwrap_or_default();
        let group = accounts::group_by_id(meta.gid()).map(|group| group.name).unwrap_or_default();
        if let Some(ustar) = header.as_ustar_mut() {
            text(&mut ustar.name, "path", &self.name, &mut records);
            text(&mut ustar.linkname, "linkpath", self.link.as_deref().unwrap_or_default(), &mut records);
            text(&mut ustar.uname, "uname", &user, &mut records);
            text(&mut ustar.gname, "gname", &group, &mut records);
        }
        if matches!(self.kind, EntryType::Char | EntryType::Block) {
            let device = meta.rdev();
            // Both are only too large for the field where the kernel has no such device.
            let _ = header.set_device_major(rustix::fs::major(device));
            let _ = header.set_device_minor(rustix::fs::minor(device));
        }
        header.set_cksum();
        (header, records)
    }
}

/// A number that its field can hold; else 0, and a record.
fn fitting(value: u64, key: &str, digits: u32, records: &mut Vec<(String, String)>) -> u64 {
    if value < 8u64.pow(digits) {
        return value;
    }
    records.push((key.to_owned(), value.to_string()));
    0
}

/// Puts text into a field; what is too long for it or not ASCII is in a record too.
fn text(field: &mut [u8], key: &str, text: &str, records: &mut Vec<(String, String)>) {
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?')).collect();
    if !text.is_ascii() || bytes.len() > field.len() {
        records.push((key.to_owned(), text.to_owned()));
    }
    for (place, byte) in field.iter_mut().zip(bytes) {
        *place = byte;
    }
}

/// The time with its fraction, as Python shows that float.
fn float_text(meta: &Metadata) -> String {
    #[expect(clippy::cast_precision_loss, reason = "Python's st_mtime is a float too")]
    let seconds = meta.mtime() as f64 + 1e-9 * meta.mtime_nsec() as f64;
    repr(&Value::Float(seconds))
}
