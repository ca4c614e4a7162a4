//! Writes the zip files that Python imports from.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write;
use std::sync::Arc;

/// A file, compressed once for all the archives that it is put into.
#[derive(Clone, Debug)]
pub struct Entry {
    data: Arc<[u8]>,
    crc: u32,
    size: u32,
}

impl Entry {
    /// Compresses a file.
    pub fn new(content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        let mut crc = flate2::Crc::new();
        crc.update(content);
        // Writing into memory does not fail.
        let data = encoder.write_all(content).and_then(|()| encoder.finish()).unwrap_or_default();
        Self { data: data.into(), crc: crc.sum(), size: u32::try_from(content.len()).unwrap_or(u32::MAX) }
    }
}

/// An archive of files by their names.
pub fn archive<'a>(files: impl IntoIterator<Item = (&'a str, &'a Entry)>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    let mut count = 0_u16;
    for (name, entry) in files {
        let at = u32::try_from(out.len()).unwrap_or(u32::MAX);
        let mut common = Vec::with_capacity(26);
        // Version 2.0, names in UTF-8, deflated, at 1980-01-01.
        for number in [20_u16, 0x0800, 8, 0, 0x0021] {
            common.extend(number.to_le_bytes());
        }
        let length = u32::try_from(entry.data.len()).unwrap_or(u32::MAX);
        for number in [entry.crc, length, entry.size] {
            common.extend(number.to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(&*entry.data);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        // No comment, first disk, no attributes but a plain file's mode.
        directory.extend([0; 6]);
        directory.extend((0o100_600_u32 << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
        count += 1;
    }
    let at = u32::try_from(out.len()).unwrap_or(u32::MAX);
    let size = u32::try_from(directory.len()).unwrap_or(u32::MAX);
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_reads_it() {
        let Some(python) =
            ["/usr/bin/python3", "/usr/local/bin/python3"].into_iter().find(|p| std::fs::exists(p).unwrap())
        else {
            return;
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        let files = [("a/__init__.py", Entry::new(b"")), ("a/b.py", Entry::new("x = 'é' * 1000\n".as_bytes()))];
        std::fs::write(&path, archive(files.iter().map(|(name, entry)| (*name, entry)))).unwrap();
        let check = "import sys, zipfile; sys.path.insert(0, sys.argv[1]); import a.b; \
                     print(len(a.b.x), zipfile.ZipFile(sys.argv[1]).testzip())";
        let output = std::process::Command::new(python).args(["-c", check]).arg(&path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "1000 None\n", "{output:?}");
    }
}
