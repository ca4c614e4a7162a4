//! XML documents as Python's `minidom` prints them: tabs a level, text alone on its element's line.

/// An element: attributes in their order, and children or text.
#[derive(Clone, Debug)]
pub struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    /// The elements in it.
    pub children: Vec<Element>,
    text: String,
}

impl Element {
    /// An empty one.
    pub fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), children: Vec::new(), text: String::new() }
    }

    /// The same with an attribute.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.attributes.push((name, value.to_owned()));
        self
    }

    /// The same with text.
    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// A document with this as its root.
    pub fn document(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" ?>\n");
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, level: usize) {
        let margin = "\t".repeat(level);
        out.push_str(&format!("{margin}<{}", self.name));
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>\n");
            return;
        }
        out.push('>');
        if self.children.is_empty() {
            out.push_str(&escaped(&self.text));
        } else {
            out.push('\n');
            for child in &self.children {
                child.write(out, level + 1);
            }
            out.push_str(&margin);
        }
        out.push_str(&format!("</{}>\n", self.name));
    }
}

/// Text with what has a meaning in XML replaced; what XML cannot hold at all gives way to U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push('\n'),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
