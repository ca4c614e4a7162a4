//! Checksums of files and bytes, in hexadecimal.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The names of the algorithms.
pub const ALGORITHMS: [&str; 6] = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"];

/// The checksum of what a reader gives; None for an algorithm that is not known.
pub fn of_reader(reader: &mut dyn Read, algorithm: &str) -> io::Result<Option<String>> {
    match algorithm {
        "md5" => hash::<Md5>(reader),
        "sha1" => hash::<Sha1>(reader),
        "sha224" => hash::<Sha224>(reader),
        "sha256" => hash::<Sha256>(reader),
        "sha384" => hash::<Sha384>(reader),
        "sha512" => hash::<Sha512>(reader),
        _ => return Ok(None),
    }
    .map(Some)
}

/// The checksum of a file.
pub fn of_file(path: &Path, algorithm: &str) -> io::Result<Option<String>> {
    of_reader(&mut File::open(path)?, algorithm)
}

/// The SHA-1 of a file.
pub fn sha1_file(path: &Path) -> io::Result<String> {
    hash::<Sha1>(&mut File::open(path)?)
}

/// The SHA-1 of bytes.
pub fn sha1_bytes(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}

/// The MD5 of bytes.
pub fn md5_bytes(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

fn hash<D: Digest>(reader: &mut dyn Read) -> io::Result<String> {
    let mut digest = D::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hex(&digest.finalize())),
            Ok(n) => digest.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        assert_eq!(sha1_bytes(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(md5_bytes(b"a"), "0cc175b9c0f1b6a831c399e269772661");
        assert_eq!(of_reader(&mut &b""[..], "crc").expect("read"), None);
    }
}
