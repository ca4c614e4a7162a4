//! Which redirects are followed, and what a redirected request is like: Ansible's `follow_redirects`.

/// `follow_redirects`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// All of them, with the methods that browsers use.
    All,
    /// None.
    None,
    /// Those of GET and HEAD.
    Safe,
    /// As Python's urllib does it: GET and HEAD, and the POSTs that become GETs.
    Urllib2,
}

/// What follows from a redirect.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// The new method.
    pub method: String,
    /// Whether body and the headers about it go along.
    pub keep_body: bool,
}

impl Redirects {
    /// The policy of a word; unknown ones follow nothing, as the real one treats them.
    pub fn of(word: &str) -> Self {
        match word {
            "all" | "yes" => Self::All,
            "safe" => Self::Safe,
            "urllib2" | "urllib" => Self::Urllib2,
            _ => Self::None,
        }
    }

    /// What to send where a redirect of this status points; None where it is not followed.
    pub(super) fn next(self, status: u16, method: &str) -> Option<Next> {
        let reads = matches!(method, "GET" | "HEAD");
        match self {
            Self::None => None,
            Self::Urllib2 => {
                let followed = reads || (method == "POST" && matches!(status, 301..=303));
                followed
                    .then(|| Next { method: if method == "HEAD" { "HEAD" } else { "GET" }.into(), keep_body: false })
            }
            Self::Safe if !reads => None,
            Self::Safe | Self::All => {
                let becomes_get = match status {
                    302 | 303 => method != "HEAD",
                    301 => method == "POST",
                    _ => false,
                };
                let method = if becomes_get { "GET" } else { method }.to_owned();
                Some(Next { method, keep_body: matches!(status, 307 | 308) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods() {
        let next = |policy: Redirects, status, method: &str| {
            policy.next(status, method).map(|next| (next.method, next.keep_body))
        };
        let get = |keep| Some(("GET".to_owned(), keep));
        assert_eq!(next(Redirects::Urllib2, 302, "POST"), get(false));
        assert_eq!(next(Redirects::Urllib2, 307, "POST"), None);
        assert_eq!(next(Redirects::Urllib2, 302, "PUT"), None);
        assert_eq!(next(Redirects::Safe, 301, "POST"), None);
        assert_eq!(next(Redirects::Safe, 308, "GET"), get(true));
        assert_eq!(next(Redirects::All, 301, "POST"), get(false));
        assert_eq!(next(Redirects::All, 301, "PUT"), Some(("PUT".into(), false)));
        assert_eq!(next(Redirects::All, 307, "POST"), Some(("POST".into(), true)));
        assert_eq!(next(Redirects::None, 302, "GET"), None);
    }
}
