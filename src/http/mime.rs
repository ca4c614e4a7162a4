//! The media type that a file's name means: by the host's own lists, else by those that everybody knows.

/// Where hosts keep lists; a later one wins.
const LISTS: [&str; 3] = ["/etc/mime.types", "/etc/httpd/conf/mime.types", "/etc/apache2/mime.types"];

/// Lines of a type and the ends of names that mean it.
const KNOWN: &str = "
application/javascript js mjs
application/json json
application/manifest+json webmanifest
application/msword doc dot
application/n-quads nq
application/n-triples nt
application/octet-stream a bin dll exe o obj so
application/pdf pdf
application/pkcs7-mime p7c
application/postscript ai eps ps
application/rtf rtf
application/trig trig
application/vnd.apple.mpegurl m3u m3u8
application/vnd.ms-excel xls xlb
application/vnd.ms-powerpoint ppt pot pps
application/wasm wasm
application/x-cpio cpio
application/x-csh csh
application/x-gtar gtar
application/x-hdf5 h5
application/x-latex latex
application/x-pkcs12 p12 pfx
application/x-python-code pyc pyo
application/x-sh sh
application/x-shar shar
application/x-shockwave-flash swf
application/x-tar tar
application/x-tcl tcl
application/x-tex tex
application/x-texinfo texi texinfo
application/x-troff roff t tr
application/x-troff-man man
application/x-ustar ustar
application/xml rdf wsdl xpdl xsl
application/zip zip
audio/aac aac adts
audio/basic au snd
audio/midi mid midi
audio/mpeg mp2 mp3
audio/opus opus
audio/x-aiff aif aifc aiff
audio/x-wav wav
image/avif avif
image/bmp bmp
image/gif gif
image/heic heic
image/jpeg jpe jpeg jpg
image/png png
image/svg+xml svg
image/tiff tif tiff
image/vnd.microsoft.icon ico
image/webp webp
image/x-portable-bitmap pbm
image/x-portable-pixmap ppm
message/rfc822 eml mht mhtml nws
text/css css
text/csv csv
text/html htm html
text/n3 n3
text/plain bat c h ksh pl srt txt
text/richtext rtx
text/tab-separated-values tsv
text/vtt vtt
text/x-python py
text/x-sgml sgm sgml
text/x-vcard vcf
text/xml xml
video/mp4 mp4
video/mpeg m1v mpe mpeg mpg
video/quicktime mov qt
video/webm webm
video/x-msvideo avi
";

/// The type of a name by its end; `x.tar.gz` is a `tar`, as for Python's `mimetypes`.
pub fn guess(name: &str) -> Option<String> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let (stem, mut end) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?;
    let mut whole = end.to_owned();
    for (short, long) in
        [("tgz", "tar"), ("taz", "tar"), ("tz", "tar"), ("tbz2", "tar"), ("txz", "tar"), ("svgz", "svg")]
    {
        if end.eq_ignore_ascii_case(short) {
            whole = long.to_owned();
        }
    }
    if matches!(end, "gz" | "Z" | "bz2" | "xz" | "br") {
        end = stem.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?.1;
        whole = end.to_owned();
    }
    let found = LISTS.iter().rev().filter_map(|path| std::fs::read_to_string(path).ok());
    let found = found.filter_map(|text| look(&text, &whole)).next();
    found.or_else(|| look(KNOWN, &whole))
}

/// The last line that names an end.
fn look(text: &str, end: &str) -> Option<String> {
    let lines = text.lines().rev().map(|line| line.split('#').next().unwrap_or(""));
    let mut found = None;
    for line in lines {
        let mut words = line.split_whitespace();
        let Some(kind) = words.next() else { continue };
        for word in words {
            if word == end {
                return Some(kind.to_owned());
            }
            if found.is_none() && word.eq_ignore_ascii_case(end) {
                found = Some(kind.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_end_of_the_name() {
        for (name, kind) in
            [("a.json", "application/json"), ("x/b.tar.gz", "application/x-tar"), ("c.TXT", "text/plain")]
        {
            assert_eq!(guess(name).as_deref(), Some(kind), "{name}");
        }
        assert_eq!((guess("true"), guess(".json"), guess("a.zzz")), (None, None, None));
        assert_eq!(look("x/y a\nx/z a # b\n", "a").as_deref(), Some("x/z"));
    }
}
