//! `file://` URLs: a file of this host, with the headers that urllib makes up for it.

use super::body::Body;
use super::client::Response;
use super::headers::Headers;
use super::url::{Url, unquote};
use super::{Error, error, guess_mime_type};
use crate::host::time;
use std::fs::File;
use std::os::unix::fs::MetadataExt;

/// Opens the file of a URL.
pub(super) fn open<'a>(url: &Url, text: &str) -> Result<Response<'a>, Error> {
    if !url.netloc.is_empty() && url.netloc != "localhost" {
        return Err(Error::Url("file:// scheme is supported only on localhost".into()));
    }
    let path = unquote(&url.path);
    let failed = |error: std::io::Error| {
        let text = crate::host::os_error(&error, &path);
        Error::Url(text)
    };
    let meta = std::fs::metadata(&path).map_err(failed)?;
    let file = File::open(&path).map_err(failed)?;
    if meta.is_dir() {
        let is_a_folder = std::io::Error::from(rustix::io::Errno::ISDIR);
        return Err(Error::Url(format!("{}: {}", error::text(&is_a_folder), crate::value::str_repr(&path))));
    }
    let mut headers = Headers::default();
    headers.push("Content-type", guess_mime_type(&path).unwrap_or_else(|| "text/plain".into()));
    headers.push("Content-length", meta.len().to_string());
    headers.push("Last-modified", date(meta.mtime()));
    Ok(Response { status: None, headers, url: text.to_owned(), body: Body::of_file(file), cookies: Vec::new() })
}

/// A time as HTTP has it: `Fri, 09 Nov 2001 01:08:47 GMT`.
pub(super) fn date(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = time::civil(days);
    let weekday = DAYS.get(usize::try_from(days.rem_euclid(7)).unwrap_or(0)).copied().unwrap_or("");
    let month = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or("");
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates() {
        assert_eq!(date(1_005_268_127), "Fri, 09 Nov 2001 01:08:47 GMT");
        assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
