//! Jinja2's statements.

use super::{Edit, Kind, MOST_NESTED, Node, Read, Reader, fail, too_deep};

/// jinja2's words for a tag that does not exist or stands in the wrong place; None at the end of the
/// template. The innermost open block comes last.
pub(in super::super) fn unknown_tag(name: &str, open: Option<(&[&[&str]], &str)>) -> String {
    complain(Some(name), open)
}

fn complain(name: Option<&str>, open: Option<(&[&[&str]], &str)>) -> String {
    let mut out = match name {
        None => "Unexpected end of template.".to_owned(),
        Some(name) => format!("Encountered unknown tag '{name}'."),
    };
    let Some((looking_for, tag)) = open else { return out };
    if let Some(innermost) = looking_for.last() {
        let tags: Vec<String> = innermost.iter().map(|t| format!("'{t}'")).collect();
        let tags = tags.join(" or ");
        if name.is_some_and(|name| looking_for.iter().any(|level| level.contains(&name))) {
            out.push_str(&format!(
                " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for {tags}."
            ));
        } else {
            out.push_str(&format!(" Jinja was looking for the following tags: {tags}."));
        }
    }
    if !tag.is_empty() {
        out.push_str(&format!(" The innermost block that needs to be closed is '{tag}'."));
    }
    out
}

impl Reader<'_> {
    pub(super) fn template(&mut self) -> Read<()> {
        self.body(None)?;
        Ok(())
    }

    /// Statements up to one of the end tags, which is not passed; or to the end.
    fn body(&mut self, ends: Option<&'static [&'static str]>) -> Read<()> {
        self.looking_for.extend(ends);
        loop {
            match self.current().kind.clone() {
                Kind::Data => {
                    self.next()?;
                }
                Kind::VarBegin => {
                    self.next()?;
                    self.tuple(true, &[], false, false)?;
                    self.expect_end(Kind::VarEnd, "end of print statement")?;
                }
                Kind::BlockBegin => {
                    self.next()?;
                    let ended =
                        ends.is_some_and(|ends| matches!(self.current().kind, Kind::Name(n) if ends.contains(&n)));
                    if ended {
                        break;
                    }
                    self.statement()?;
                    self.expect_end(Kind::BlockEnd, "end of statement block")?;
                }
                Kind::Error(message) => return fail(message),
                _ => break,
            }
        }
        if ends.is_some() {
            self.looking_for.pop();
        }
        Ok(())
    }

    fn expect_end(&mut self, kind: Kind<'static>, words: &str) -> Read<()> {
        if self.current().kind == kind {
            return self.next().map(|_| ());
        }
        self.unexpected(words)
    }

    /// The body of a block tag.
    fn block(&mut self, ends: &'static [&'static str], drop_end: bool) -> Read<()> {
        self.skip_op(":")?;
        self.expect_end(Kind::BlockEnd, "end of statement block")?;
        self.body(Some(ends))?;
        if self.current().kind == Kind::End {
            self.looking_for.push(ends);
            let tag = self.tags.last().map_or("", String::as_str);
            return fail(complain(None, Some((&self.looking_for, tag))));
        }
        if drop_end {
            self.next()?;
        }
        Ok(())
    }

    fn statement(&mut self) -> Read<()> {
        let Kind::Name(tag) = self.current().kind else {
            if let Kind::Error(message) = &self.current().kind {
                return fail(message.clone());
            }
            return fail("tag name expected");
        };
        self.tags.push(tag.to_owned());
        if self.tags.len() > MOST_NESTED {
            return Err(too_deep());
        }
        let start = self.current().start;
        match tag {
            "for" => self.for_loop()?,
            "if" => self.condition()?,
            "with" => self.with()?,
            "set" => self.set()?,
            "block" => self.named_block(start)?,
            "macro" => {
                self.next()?;
                self.target_name()?;
                self.signature()?;
                self.macro_body(&["endmacro"])?;
            }
            "call" => {
                self.next()?;
                if self.is_op("(") {
                    self.signature()?;
                }
                if self.expr()? != Node::Call {
                    return fail("expected call");
                }
                self.macro_body(&["endcall"])?;
            }
            "filter" => {
                self.next()?;
                self.filter(true)?;
                self.block(&["endfilter"], true)?;
            }
            "autoescape" => {
                self.next()?;
                self.expr()?;
                self.block(&["endautoescape"], true)?;
            }
            "extends" | "include" | "import" | "from" => self.other_template(tag)?,
            "print" => {
                self.next()?;
                self.edits.push(Edit { at: start, len: 5, with: "set rplay__print = [" });
                while self.current().kind != Kind::BlockEnd {
                    self.expr()?;
                    self.skip_op(",")?;
                }
                self.edits.push(Edit { at: self.current().start, len: 0, with: "]" });
            }
            "do" if self.extensions[0] => {
                self.next()?;
                self.tuple(true, &[], false, false)?;
                self.edits.push(Edit { at: start, len: 2, with: "set rplay__do =" });
            }
            "break" | "continue" if self.extensions[1] => {
                self.next()?;
            }
            other => {
                self.tags.pop();
                let tag = self.tags.last().map_or("", String::as_str);
                return fail(complain(Some(other), Some((&self.looking_for, tag))));
            }
        }
        self.tags.pop();
        Ok(())
    }

    fn for_loop(&mut self) -> Read<()> {
        self.next()?;
        self.target(&["in"], false)?;
        self.expect_word("in")?;
        self.tuple(false, &["recursive"], false, false)?;
        if self.skip_name("if")? {
            self.expr()?;
        }
        self.skip_name("recursive")?;
        self.block(&["endfor", "else"], false)?;
        if self.skip_name("else")? {
            self.block(&["endfor"], false)?;
        }
        self.next().map(|_| ())
    }

    fn condition(&mut self) -> Read<()> {
        self.next()?;
        loop {
            self.tuple(false, &[], false, false)?;
            self.block(&["elif", "else", "endif"], false)?;
            if self.skip_name("elif")? {
                continue;
            }
            if self.skip_name("else")? {
                return self.block(&["endif"], true);
            }
            return self.next().map(|_| ());
        }
    }

    fn with(&mut self) -> Read<()> {
        self.next()?;
        let mut first = true;
        while self.current().kind != Kind::BlockEnd {
            if !first {
                self.expect_op(",")?;
            }
            first = false;
            self.target(&[], false)?;
            self.expect_op("=")?;
            self.expr()?;
        }
        self.block(&["endwith"], true)
    }

    fn set(&mut self) -> Read<()> {
        self.next()?;
        self.target(&[], true)?;
        if self.skip_op("=")? {
            self.tuple(true, &[], false, false)?;
            return Ok(());
        }
        self.filter(false)?;
        self.block(&["endset"], true)
    }

    fn macro_body(&mut self, ends: &'static [&'static str]) -> Read<()> {
        self.macros += 1;
        let body = self.block(ends, true);
        self.macros -= 1;
        body
    }

    /// A block, which is written as a `with` where minijinja wants none: `with rplay__block = name`.
    fn named_block(&mut self, start: usize) -> Read<()> {
        let within = self.macros > 0;
        self.next()?;
        if within {
            self.edits.push(Edit { at: start, len: "block".len(), with: "with rplay__block =" });
        }
        let name = self.expect_name()?;
        for (word, with) in [("scoped", ", rplay__scoped = 1"), ("required", ", rplay__required = 1")] {
            let at = self.current().start;
            if self.skip_name(word)? && within {
                self.edits.push(Edit { at, len: word.len(), with });
            }
        }
        if self.is_op("-") {
            return fail(
                "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an \
                 underscore instead.",
            );
        }
        self.block(&["endblock"], true)?;
        if within {
            let end = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.start);
            self.edits.push(Edit { at: end, len: "endblock".len(), with: "endwith" });
        }
        let at = self.current().start;
        if self.skip_name(&name)? && within {
            self.edits.push(Edit { at, len: name.len(), with: "" });
        }
        Ok(())
    }

    fn other_template(&mut self, tag: &str) -> Read<()> {
        self.next()?;
        self.expr()?;
        match tag {
            "include" => {
                if self.is_name("ignore") && matches!(self.look().kind, Kind::Name("missing")) {
                    self.next()?;
                    self.next()?;
                }
                self.context().map(|_| ())
            }
            "import" => {
                self.expect_word("as")?;
                self.target_name()?;
                self.context().map(|_| ())
            }
            "from" => self.imported_names(),
            _ => Ok(()),
        }
    }

    fn imported_names(&mut self) -> Read<()> {
        self.expect_word("import")?;
        let mut count = 0;
        loop {
            if count > 0 {
                self.expect_op(",")?;
            }
            if !matches!(self.current().kind, Kind::Name(_)) {
                return self.unexpected("name");
            }
            if self.context()? {
                return Ok(());
            }
            let name = self.target_name()?;
            if name.starts_with('_') {
                return fail("names starting with an underline can not be imported");
            }
            if self.skip_name("as")? {
                self.target_name()?;
            }
            count += 1;
            if self.context()? || !self.is_op(",") {
                return Ok(());
            }
        }
    }

    fn context(&mut self) -> Read<bool> {
        let found =
            (self.is_name("with") || self.is_name("without")) && matches!(self.look().kind, Kind::Name("context"));
        if found {
            self.next()?;
            self.next()?;
        }
        Ok(found)
    }

    fn signature(&mut self) -> Read<()> {
        self.expect_op("(")?;
        let (mut first, mut defaults) = (true, false);
        while !self.is_op(")") {
            if !first {
                self.expect_op(",")?;
            }
            first = false;
            self.target_name()?;
            if self.skip_op("=")? {
                self.expr()?;
                defaults = true;
            } else if defaults {
                return fail("non-default argument follows default argument");
            }
        }
        self.expect_op(")")
    }

    fn target_name(&mut self) -> Read<String> {
        let name = self.expect_name()?;
        if matches!(name.as_str(), "true" | "True" | "false" | "False" | "none" | "None") {
            return fail("can't assign to 'name'");
        }
        Ok(name)
    }

    fn target(&mut self, ends: &[&str], attributes: bool) -> Read<()> {
        if attributes && matches!(self.look().kind, Kind::Op(".")) {
            self.expect_name()?;
            self.next()?;
            self.expect_name()?;
            return Ok(());
        }
        match self.tuple(true, ends, false, true)? {
            Node::Name | Node::Tuple(true) => Ok(()),
            Node::Tuple(false) => fail("can't assign to 'tuple'"),
            Node::Call => fail("can't assign to 'call'"),
            Node::Other(name) => fail(format!("can't assign to '{name}'")),
        }
    }
}
