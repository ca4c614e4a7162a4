//! `from_xml` and `to_xml`: XML as dictionaries and back, in the shape that Python's xmltodict gives them.
//!
//! Attributes are keys with `@`, text beside attributes or elements is `#text`, elements of one name are a list.
//! What expat refuses is no XML here either; entities of a document's own are refused, as xmltodict does.

use super::options::Options;
use super::refused;
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::template::filters::support::{Got, is_mapping, told_apart};
use crate::template::pylib::text::is_space;
use crate::template::{CallArgs, Cx, Obj, Raise};
use indexmap::IndexMap;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

static FROM: Spec = Spec::new(&[
    Arg::new("data", Kind::Str).required(),
    Arg::new("engine", Kind::Str).default(Default::Str("xmltodict")),
]);

static TO: Spec = Spec::new(&[
    Arg::new("data", Kind::Dict).required(),
    Arg::new("engine", Kind::Str).default(Default::Str("xmltodict")),
    Arg::new("indent", Kind::Str).default(Default::Str("tabs")).choices(&["tabs", "spaces"]),
    Arg::new("indent_width", Kind::Int).default(Default::Int(4)),
    Arg::new("full_document", Kind::Bool).default(Default::Bool(true)),
]);

fn check_engine(options: &Options, plugin: &str) -> Result<(), Raise> {
    match options.args().str("engine") {
        "xmltodict" => Ok(()),
        other => Err(refused(plugin, format!("engine: {other} is not supported "))),
    }
}

pub(in crate::template::filters) fn from_xml(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let options = Options::read(cx, &FROM, &["data", "engine"], Some(input), args)?;
    check_engine(&options, "from_xml")?;
    read(options.args().str("data"))?.ok_or_else(|| invalid("from_xml", "Input Xml"))
}

fn invalid(plugin: &str, what: &str) -> Raise {
    told_apart(format!("Error when using plugin '{plugin}': {what} is not valid"))
}

/// An element that is open: what it has so far, and its text.
#[derive(std::default::Default)]
struct Element {
    name: String,
    items: IndexMap<String, Content>,
    text: String,
}

/// What stands under a name: one thing, or several of the same name.
enum Content {
    One(Obj),
    Many(Vec<Obj>),
}

impl Element {
    fn push(&mut self, name: String, value: Obj) {
        match self.items.get_mut(&name) {
            None => drop(self.items.insert(name, Content::One(value))),
            Some(Content::Many(all)) => all.push(value),
            Some(content) => {
                if let Content::One(first) = std::mem::replace(content, Content::Many(Vec::new())) {
                    *content = Content::Many(vec![first, value]);
                }
            }
        }
    }

    fn close(mut self) -> (String, Obj) {
        let text = self.text.trim_matches(is_space).to_owned();
        if self.items.is_empty() {
            return (self.name, if text.is_empty() { Obj::None } else { text.into() });
        }
        if !text.is_empty() {
            self.push("#text".into(), text.into());
        }
        (self.name, dict(self.items))
    }
}

fn dict(items: IndexMap<String, Content>) -> Obj {
    Obj::dict(items.into_iter().map(|(name, content)| {
        let value = match content {
            Content::One(value) => value,
            Content::Many(all) => Obj::list(all),
        };
        (Obj::from(name), value)
    }))
}

/// A document as a dictionary; None where it is not well-formed.
fn read(source: &str) -> Result<Option<Obj>, Raise> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    if !source.chars().all(is_char) {
        return Ok(None);
    }
    let mut reader = Reader::from_str(source);
    reader.config_mut().check_comments = true;
    let mut document = Document::default();
    loop {
        let at_start = reader.buffer_position() == 0;
        let Ok(event) = reader.read_event() else { return Ok(None) };
        if let Event::Eof = event {
            return Ok(document.finished());
        }
        if let Event::DocType(text) = &event
            && text.contains("<!ATTLIST")
        {
            return Err(Raise::unsupported("The filter 'ansible.utils.from_xml' does not support <!ATTLIST>."));
        }
        if document.take(event, at_start).is_none() {
            return Ok(None);
        }
    }
}

/// What was read of a document.
#[derive(std::default::Default)]
struct Document {
    open: Vec<Element>,
    root: Option<(String, Obj)>,
    typed: bool,
    /// Whether a file beside it could define entities: unknown ones are no error then.
    external: bool,
}

impl Document {
    fn finished(self) -> Option<Obj> {
        let (name, value) = self.root.filter(|_| self.open.is_empty())?;
        Some(Obj::dict([(name.into(), value)]))
    }

    /// Takes what comes next; None where it must not stand there.
    fn take(&mut self, event: Event<'_>, at_start: bool) -> Option<()> {
        match event {
            Event::Start(tag) => {
                let element = self.element(&tag)?;
                self.open.push(element);
            }
            Event::Empty(tag) => {
                let element = self.element(&tag)?;
                self.open.push(element);
                self.close()?;
            }
            Event::End(_) => self.close()?,
            Event::Text(text) => {
                let text = text.xml10_content();
                match self.open.last_mut() {
                    Some(element) if !text.contains("]]>") => element.text.push_str(&text),
                    Some(_) => return None,
                    None => return text.chars().all(is_white).then_some(()),
                }
            }
            Event::CData(text) => self.open.last_mut()?.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let external = self.external;
                let element = self.open.last_mut()?;
                match reference.resolve_char_ref().ok()? {
                    Some(c) => element.text.push(Some(c).filter(|c| is_char(*c))?),
                    None => match quick_xml::escape::resolve_xml_entity(&reference) {
                        Some(text) => element.text.push_str(text),
                        None => return (external && is_name(&reference)).then_some(()),
                    },
                }
            }
            Event::DocType(text) => {
                let fits = !self.typed && self.root.is_none() && self.open.is_empty() && !text.contains("<!ENTITY");
                self.typed = true;
                let mut words = text.split_ascii_whitespace();
                let name = words.next().map(|word| word.split('[').next().unwrap_or(word));
                self.external = words.next().is_some_and(|word| word == "SYSTEM" || word == "PUBLIC");
                return (fits && name.is_some_and(is_name)).then_some(());
            }
            Event::Decl(declaration) => return (at_start && declares_well(&declaration)).then_some(()),
            Event::PI(instruction) => {
                let target = instruction.target();
                return (is_name(target) && !target.eq_ignore_ascii_case("xml")).then_some(());
            }
            Event::Comment(_) | Event::Eof => {}
        }
        Some(())
    }

    fn element(&self, tag: &BytesStart<'_>) -> Option<Element> {
        let name = tag.name().as_ref().to_owned();
        if self.root.is_some() && self.open.is_empty() || !is_name(&name) || !stand_apart(tag.attributes_raw()) {
            return None;
        }
        let mut element = Element { name, ..Element::default() };
        for attribute in tag.attributes() {
            let attribute = attribute.ok()?;
            let name: &str = attribute.key.as_ref();
            if !is_name(name) || attribute.value.contains('<') {
                return None;
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            if !value.chars().all(is_char) {
                return None;
            }
            element.push(format!("@{name}"), Obj::from(value.into_owned()));
        }
        Some(element)
    }

    fn close(&mut self) -> Option<()> {
        let (name, value) = self.open.pop()?.close();
        match self.open.last_mut() {
            Some(parent) => parent.push(name, value),
            None => self.root = Some((name, value)),
        }
        Some(())
    }
}

/// Whether white space follows each attribute that another one follows.
fn stand_apart(attributes: &str) -> bool {
    let mut quote = None;
    let mut closed = false;
    for c in attributes.chars() {
        match quote {
            Some(open) => {
                closed = c == open;
                quote = quote.filter(|_| !closed);
            }
            None if closed && !is_white(c) => return false,
            None => {
                closed = false;
                quote = Some(c).filter(|c| matches!(c, '"' | '\''));
            }
        }
    }
    true
}

/// Whether a declaration has a version first, then an encoding, then whether it stands alone.
fn declares_well(text: &str) -> bool {
    const FORM: &str = r#"xml\s+version\s*=\s*("[\w.:-]+"|'[\w.:-]+')(\s+encoding\s*=\s*("[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(\s+standalone\s*=\s*("(yes|no)"|'(yes|no)'))?\s*$"#;
    let pattern = crate::re::Pattern::anchored(FORM, crate::re::Flags::default(), false);
    pattern.is_ok_and(|pattern| matches!(pattern.search(text, 0), Ok(Some(_))))
}

fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Whether XML 1.0 has a character.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Whether a text is a name of XML 1.0.
fn is_name(text: &str) -> bool {
    let starts = |c: char| {
        matches!(c,
            ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
            | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
            | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
            | '\u{10000}'..='\u{effff}')
    };
    let goes_on = |c: char| {
        starts(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
    };
    let mut chars = text.chars();
    chars.next().is_some_and(starts) && chars.all(goes_on)
}

pub(in crate::template::filters) fn to_xml(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let names = ["data", "engine", "indent", "indent_width"];
    let options = Options::read(cx, &TO, &names, Some(input), args)?;
    check_engine(&options, "to_xml")?;
    let args = options.args();
    let width = usize::try_from(args.int("indent_width")).unwrap_or(0);
    crate::template::bounds::text_fits(width)?;
    let indent = if args.str("indent") == "spaces" { " ".repeat(width) } else { "\t".to_owned() };
    let data = options.container("data");
    let mut writer = Writer { out: String::new(), indent, whole: args.bool("full_document") };
    match writer.document(cx, &data) {
        Ok(Some(())) => Ok(writer.out.into()),
        Err(raise) if raise.is_refusal() => Err(raise),
        // Whatever happens is that, also what is undefined.
        _ => Err(invalid("to_xml", "Input json")),
    }
}

/// Writes a document; its methods give None for what has no form in XML.
struct Writer {
    out: String,
    indent: String,
    /// Whether it is a document of its own, with a declaration and one root.
    whole: bool,
}

type Written = Result<Option<()>, Raise>;

macro_rules! some {
    ($value:expr) => {
        match $value {
            Some(value) => value,
            None => return Ok(None),
        }
    };
}

impl Writer {
    fn document(&mut self, cx: &mut Cx<'_>, data: &Obj) -> Written {
        if self.whole {
            self.out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        }
        let mut rooted = false;
        for (key, value) in cx.items(data)? {
            let comment = key.as_str() == Some("#comment");
            if !comment && self.whole && rooted {
                return Ok(None);
            }
            some!(self.entry(cx, &key, &value, 0)?);
            rooted |= !comment;
        }
        Ok((rooted || !self.whole).then_some(()))
    }

    fn pad(&mut self, depth: usize) -> Result<(), Raise> {
        crate::template::bounds::text_fits(self.out.len() + depth * self.indent.len())?;
        for _ in 0..depth {
            self.out.push_str(&self.indent);
        }
        Ok(())
    }

    /// A key and what is below it: an element, several of one name, or comments.
    fn entry(&mut self, cx: &mut Cx<'_>, key: &Obj, value: &Obj, depth: usize) -> Written {
        let value = &value.clone().defined()?;
        let several = match value {
            Obj::List(_) | Obj::Tuple(_) | Obj::Range(_) => cx.iter(value)?,
            // An `if` without `else` has no items.
            Obj::Undefined(_) => Vec::new(),
            one => vec![one.clone()],
        };
        if key.as_str() == Some("#comment") {
            return self.comments(cx, several, depth);
        }
        let name = some!(key.as_str().filter(|name| is_writable(name))).to_owned();
        for (place, value) in several.iter().enumerate() {
            if self.whole && depth == 0 && place > 0 {
                return Ok(None);
            }
            some!(cx.deeper(|cx| self.element(cx, &name, value, depth))?);
        }
        Ok(Some(()))
    }

    fn comments(&mut self, cx: &mut Cx<'_>, several: Vec<Obj>, depth: usize) -> Written {
        for value in several.iter().filter(|value| !value.is_none()) {
            let text = plain(cx, value)?;
            if text.contains("--") || text.ends_with('-') {
                return Ok(None);
            }
            if !text.is_empty() {
                self.pad(depth)?;
                self.out.push_str(&format!("<!--{}-->\n", escaped(&text)));
            }
        }
        Ok(Some(()))
    }

    fn element(&mut self, cx: &mut Cx<'_>, name: &str, value: &Obj, depth: usize) -> Written {
        let (mut attributes, mut children, mut text) = (IndexMap::new(), Vec::new(), None);
        match value {
            Obj::None => {}
            mapping if is_mapping(mapping) => {
                for (key, value) in cx.items(mapping)? {
                    match key.as_str().unwrap_or_default() {
                        "#text" => text = if value.is_none() { None } else { Some(plain(cx, &value)?) },
                        "@xmlns" if is_mapping(&value) => {
                            for (prefix, uri) in cx.items(&value)? {
                                let prefix = some!(prefix.as_str().filter(|prefix| is_writable(prefix))).to_owned();
                                let name = if prefix.is_empty() { "xmlns".into() } else { format!("xmlns:{prefix}") };
                                attributes.insert(name, plain(cx, &uri)?);
                            }
                        }
                        name if name.starts_with('@') => {
                            let name = some!(Some(&name[1..]).filter(|name| is_writable(name))).to_owned();
                            attributes.insert(name, plain(cx, &value)?);
                        }
                        _ if matches!(&value, Obj::List(list) if list.borrow().is_empty()) => {}
                        _ => children.push((key, value)),
                    }
                }
            }
            other => text = Some(plain(cx, other)?),
        }
        self.pad(depth)?;
        self.out.push_str(&format!("<{name}"));
        for (name, value) in attributes {
            self.out.push_str(&format!(" {name}={}", quoted(&value)));
        }
        self.out.push('>');
        if !children.is_empty() {
            self.out.push('\n');
        }
        for (key, value) in &children {
            some!(self.entry(cx, key, value, depth + 1)?);
        }
        self.out.push_str(&text.as_deref().map(escaped).unwrap_or_default());
        if !children.is_empty() {
            self.pad(depth)?;
        }
        self.out.push_str(&format!("</{name}>"));
        if depth > 0 {
            self.out.push('\n');
        }
        Ok(Some(()))
    }
}

/// Whether a name keeps within its tag. xmltodict asks no more.
fn is_writable(name: &str) -> bool {
    let breaks = |c: char| matches!(c, '<' | '>' | '/' | '"' | '\'' | '=') || is_space(c);
    !name.starts_with(['?', '!']) && !name.contains(breaks)
}

/// A value as text: booleans in lower case, None as nothing.
fn plain(cx: &mut Cx<'_>, value: &Obj) -> Result<String, Raise> {
    match value {
        Obj::None => Ok(String::new()),
        Obj::Bool(truth) => Ok(truth.to_string()),
        other => cx.text(other),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('>', "&gt;").replace('<', "&lt;")
}

/// An attribute's value in the quotes that it needs.
fn quoted(text: &str) -> String {
    let text = escaped(text).replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;");
    match (text.contains('"'), text.contains('\'')) {
        (true, true) => format!("\"{}\"", text.replace('"', "&quot;")),
        (true, false) => format!("'{text}'"),
        _ => format!("\"{text}\""),
    }
}
