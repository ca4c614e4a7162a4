//! A string with its trust and its origin.

use crate::diag::{Mark, Origin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An immutable string that knows whether it may be a template, and where it was written.
///
/// Trust follows ansible-core 2.19: only what the user wrote is a template.
#[derive(Clone)]
pub struct Text {
    text: Arc<str>,
    tag: Option<Arc<Tag>>,
}

#[derive(Clone, Debug, Default)]
struct Tag {
    trusted: bool,
    origin: Option<Origin>,
    /// The encrypted text that it was decrypted from.
    cipher: Option<Arc<str>>,
    /// Whether it is HTML: what is joined to it gets escaped.
    markup: bool,
    /// Whether it is a constant of a template that may be a template itself.
    embedded: bool,
    /// That using it is deprecated.
    mark: Option<Arc<Mark>>,
}

/// Whether any text of this process has a mark: nobody need look for one before.
static MARKED: AtomicBool = AtomicBool::new(false);

/// Whether there may be a text with a mark.
pub fn any_marked() -> bool {
    MARKED.load(Ordering::Relaxed)
}

impl Text {
    fn tagged(text: impl Into<Arc<str>>, tag: Tag) -> Self {
        Self { text: text.into(), tag: Some(Arc::new(tag)) }
    }

    /// Data: never a template, from nowhere in particular.
    pub fn data(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), tag: None }
    }

    /// What the user wrote: may be a template.
    pub fn trusted(text: impl Into<Arc<str>>, origin: Option<Origin>) -> Self {
        Self::tagged(text, Tag { trusted: true, origin, ..Tag::default() })
    }

    /// Data that was decrypted from an inline vaulted text.
    pub fn decrypted(text: impl Into<Arc<str>>, from: &Self) -> Self {
        Self::tagged(text, Tag { origin: from.origin().cloned(), cipher: Some(from.shared()), ..Tag::default() })
    }

    /// Data with a place, for error texts.
    pub fn placed(text: impl Into<Arc<str>>, origin: Option<Origin>) -> Self {
        let tag = origin.map(|origin| Arc::new(Tag { origin: Some(origin), ..Tag::default() }));
        Self { text: text.into(), tag }
    }

    /// Data from nowhere in particular, of the class that ansible-core has for text that it knows more of.
    pub fn classed(text: impl Into<Arc<str>>) -> Self {
        Self::tagged(text, Tag::default())
    }

    /// HTML, as jinja2's `escape` and `tojson` give it: what is added to it gets escaped.
    pub fn markup(text: impl Into<Arc<str>>) -> Self {
        Self::tagged(text, Tag { markup: true, ..Tag::default() })
    }

    /// A constant of a template that may be one itself: what it stands in gives it as it is, but lookups render it.
    pub fn embedded(text: impl Into<Arc<str>>) -> Self {
        Self::tagged(text, Tag { embedded: true, ..Tag::default() })
    }

    /// Data whose use is deprecated.
    pub fn marked(text: impl Into<Arc<str>>, mark: Mark) -> Self {
        MARKED.store(true, Ordering::Relaxed);
        Self::tagged(text, Tag { mark: Some(Arc::new(mark)), ..Tag::default() })
    }

    /// That using it is deprecated.
    pub fn mark(&self) -> Option<&Arc<Mark>> {
        self.tag.as_ref().and_then(|t| t.mark.as_ref())
    }

    /// Another text with this one's trust and origin.
    #[must_use]
    pub fn with_text(&self, text: impl Into<Arc<str>>) -> Self {
        let tag = match &self.tag {
            Some(tag) if tag.cipher.is_some() || tag.mark.is_some() || tag.embedded => {
                Some(Arc::new(Tag { cipher: None, mark: None, embedded: false, ..Tag::clone(tag) }))
            }
            other => other.clone(),
        };
        Self { text: text.into(), tag }
    }

    /// Another text of the same class, with neither this one's trust nor its place.
    #[must_use]
    pub fn of_class(&self, text: impl Into<Arc<str>>) -> Self {
        if self.is_tagged() { Self::classed(text) } else { Self::data(text) }
    }

    /// The same text, which may not be a template, with its place.
    #[must_use]
    pub fn untrusted(&self) -> Self {
        if !self.is_trusted() {
            return self.clone();
        }
        Self::placed(self.text.clone(), self.origin().cloned())
    }

    /// The same text with a place, which it keeps from the template it is a result of.
    #[must_use]
    pub fn place(&self, origin: Option<&Origin>) -> Self {
        let tag = origin.map(|origin| {
            let own = self.tag.as_deref().cloned().unwrap_or_default();
            Arc::new(Tag { origin: Some(origin.clone()), ..own })
        });
        Self { text: self.text.clone(), tag: tag.or_else(|| self.tag.clone()) }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The characters, shared.
    pub fn shared(&self) -> Arc<str> {
        self.text.clone()
    }

    /// Whether it may be a template.
    pub fn is_trusted(&self) -> bool {
        self.tag.as_ref().is_some_and(|t| t.trusted)
    }

    /// Whether it is of the class that ansible-core has for text that it knows more of than its characters.
    pub fn is_tagged(&self) -> bool {
        self.tag.is_some() && !self.is_markup()
    }

    /// The encrypted text that it was decrypted from.
    pub fn cipher(&self) -> Option<Arc<str>> {
        self.tag.as_ref().and_then(|t| t.cipher.clone())
    }

    /// Whether it is a constant of a template that may be a template itself.
    pub fn is_embedded(&self) -> bool {
        self.tag.as_ref().is_some_and(|t| t.embedded)
    }

    /// Whether it is HTML.
    pub fn is_markup(&self) -> bool {
        self.tag.as_ref().is_some_and(|t| t.markup)
    }

    /// Where it was written.
    pub fn origin(&self) -> Option<&Origin> {
        self.tag.as_ref().and_then(|t| t.origin.as_ref())
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Text {}
