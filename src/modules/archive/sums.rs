//! What an archive holds, so far as a new one is compared with an old one.

use super::{Format, Job};
use crate::proto::Outcome;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use tar::Archive;

/// Names with their checksums; None where the archive is not there or cannot be read.
pub(super) type Sums = Option<BTreeSet<(Vec<u8>, u32)>>;

/// What is at the destination now.
pub(super) fn of(job: &Job) -> Result<Sums, Outcome> {
    let path = Path::new(&job.dest);
    let Ok(file) = File::open(path) else { return Ok(None) };
    if job.format == Format::Zip {
        return Ok(Some(zipped(file).unwrap_or_default()));
    }
    if let Ok(sums) = reader(job.format, file).and_then(members) {
        return Ok(Some(sums));
    }
    if job.format == Format::Tar {
        return Err(Outcome::failed("tar is not a valid format"));
    }
    // No archive, so one file that was compressed.
    let sum = File::open(path).and_then(|file| reader(job.format, file)).and_then(|mut reader| crc32(&mut *reader));
    Ok(Some(sum.map(|sum| BTreeSet::from([(Vec::new(), sum)])).unwrap_or_default()))
}

fn reader(format: Format, file: File) -> io::Result<Box<dyn Read>> {
    let file = BufReader::new(file);
    Ok(match format {
        Format::Gz => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Format::Bz2 => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
        Format::Xz => Box::new(lzma_rust2::XzReader::new(file, true)),
        Format::Tar | Format::Zip => Box::new(file),
    })
}

fn members(reader: Box<dyn Read>) -> io::Result<BTreeSet<(Vec<u8>, u32)>> {
    let mut sums = BTreeSet::new();
    let mut archive = Archive::new(reader);
    for entry in archive.entries()? {
        let entry = entry?;
        sums.insert((entry.path_bytes().into_owned(), entry.header().cksum()?));
    }
    if sums.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "empty file"));
    }
    Ok(sums)
}

fn zipped(file: File) -> Option<BTreeSet<(Vec<u8>, u32)>> {
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).ok()?;
    let count = archive.len();
    let member = |number| archive.by_index_raw(number).ok().map(|member| (member.name_raw().to_vec(), member.crc32()));
    (0..count).map(member).collect()
}

fn crc32(reader: &mut dyn Read) -> io::Result<u32> {
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize()),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
