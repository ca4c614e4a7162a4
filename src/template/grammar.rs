//! Jinja2's grammar, read only when minijinja's parser refuses a template.
//!
//! Gives jinja2 3.1's words for a mistake, or the edits after which minijinja understands what jinja2
//! accepts: a unary plus dropped, parentheses around a bare tuple, `do` of something that is no call.

mod statement;
mod token;

use super::Overrides;
use super::raise::{Class, Raise};
use minijinja::syntax::SyntaxConfig;
use token::{Kind, Token};

pub(super) use statement::unknown_tag;
pub(super) use token::plain_spaces;

/// Some of the source replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    at: usize,
    len: usize,
    with: &'static str,
}

/// The source with its edits, which are sorted and apart.
pub(super) fn apply(source: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(source.len() + edits.len() * 2);
    let mut done = 0;
    for edit in edits {
        out.push_str(source.get(done..edit.at).unwrap_or_default());
        out.push_str(edit.with);
        done = edit.at + edit.len;
    }
    out.push_str(source.get(done..).unwrap_or_default());
    out
}

/// The place in the source of a place in the edited one.
pub(super) fn unmap(edits: &[Edit], at: usize) -> usize {
    // Offsets are far below what a signed number holds.
    let (at, mut grown) = (at as i64, 0i64);
    for edit in edits {
        if edit.at as i64 + grown + edit.with.len() as i64 > at {
            break;
        }
        grown += edit.with.len() as i64 - edit.len as i64;
    }
    usize::try_from(at - grown).unwrap_or(0)
}

/// Reads a template as jinja2 does.
pub(super) fn check(
    source: &str,
    syntax: &Overrides,
    config: SyntaxConfig,
    before: usize,
    extensions: [bool; 2],
) -> Result<Vec<Edit>, Raise> {
    let expression = before > 0;
    // An expression stands between delimiters of ours, which messages must not tell about.
    let inner = source.len().saturating_sub(before);
    let read = if expression { source.get(before..inner).unwrap_or_default() } else { source };
    let (tokens, long) = token::read(read, syntax, config, expression);
    let mut reader = Reader {
        tokens,
        at: 0,
        edits: long,
        looking_for: Vec::new(),
        tags: Vec::new(),
        macros: 0,
        depth: 0,
        extensions,
    };
    if expression {
        reader.expr()?;
        if reader.current().kind != Kind::End {
            return fail("chunk after expression");
        }
    } else {
        reader.template()?;
    }
    reader.edits.sort_by_key(|edit| edit.at);
    reader.edits.iter_mut().for_each(|edit| edit.at += before);
    Ok(reader.edits)
}

/// What an expression is, as far as statements ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Name,
    Call,
    /// A tuple, and whether all its items can be assigned to.
    Tuple(bool),
    /// Another node, by jinja2's name for it.
    Other(&'static str),
}

type Read<T> = Result<T, Raise>;

struct Reader<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
    edits: Vec<Edit>,
    /// The end tags that each open block waits for.
    looking_for: Vec<&'static [&'static str]>,
    tags: Vec<String>,
    /// How many macros and `call` blocks are open: minijinja wants no block in them.
    macros: usize,
    depth: usize,
    /// Whether the tags `do`, and `break` and `continue`, exist.
    extensions: [bool; 2],
}

/// How deep expressions and statements may nest; minijinja's own parser has the same bound.
const MOST_NESTED: usize = 150;

fn too_deep() -> Raise {
    Raise::python(Class::Recursion, "maximum recursion depth exceeded")
}

fn fail<T>(message: impl Into<String>) -> Read<T> {
    Err(Raise::python(Class::Syntax, message))
}

impl<'t> Reader<'t> {
    fn current(&self) -> &Token<'t> {
        // The last token is the end or an error, and is never passed.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn look(&self) -> &Token<'t> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Read<Token<'t>> {
        let token = self.current().clone();
        if let Kind::Error(message) = &token.kind {
            return fail(message.clone());
        }
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        // jinja2 reads one token ahead, so a mistake of the lexer shows as soon as it is next.
        if let Kind::Error(message) = &self.current().kind {
            return fail(message.clone());
        }
        Ok(token)
    }

    fn is_op(&self, op: &str) -> bool {
        matches!(self.current().kind, Kind::Op(o) if o == op)
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.current().kind, Kind::Name(n) if n == name)
    }

    fn skip_op(&mut self, op: &str) -> Read<bool> {
        let found = self.is_op(op);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn skip_name(&mut self, name: &str) -> Read<bool> {
        let found = self.is_name(name);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn unexpected<T>(&self, wanted: &str) -> Read<T> {
        match &self.current().kind {
            Kind::Error(message) => fail(message.clone()),
            Kind::End => fail(format!("unexpected end of template, expected '{wanted}'.")),
            _ => fail(format!("expected token '{wanted}', got '{}'", self.current().describe())),
        }
    }

    fn expect_op(&mut self, op: &'static str) -> Read<()> {
        if self.skip_op(op)? { Ok(()) } else { self.unexpected(op) }
    }

    fn expect_word(&mut self, name: &'static str) -> Read<()> {
        if self.skip_name(name)? { Ok(()) } else { self.unexpected(name) }
    }

    fn expect_name(&mut self) -> Read<String> {
        if let Kind::Name(name) = self.current().kind {
            self.next()?;
            return Ok(name.to_owned());
        }
        self.unexpected("name")
    }

    /// `a, b`, or one expression alone. `explicit` where it stands in parentheses already.
    fn tuple(&mut self, condexpr: bool, ends: &[&str], explicit: bool, simple: bool) -> Read<Node> {
        let start = self.current().start;
        let (mut count, mut is_tuple, mut assignable) = (0usize, false, true);
        let mut last = Node::Other("tuple");
        let mut end = start;
        loop {
            if count > 0 {
                self.expect_op(",")?;
                end = self.tokens[self.at - 1].end;
            }
            if self.tuple_ends(ends) {
                break;
            }
            last = match (simple, condexpr) {
                (true, _) => self.primary()?,
                (_, true) => self.expr()?,
                (_, false) => self.or()?,
            };
            assignable &= matches!(last, Node::Name | Node::Tuple(true));
            count += 1;
            end = self.tokens[self.at - 1].end;
            if !self.is_op(",") {
                break;
            }
            is_tuple = true;
        }
        if !is_tuple && count > 0 {
            return Ok(last);
        }
        if count == 0 && !explicit {
            if let Kind::Error(message) = &self.current().kind {
                return fail(message.clone());
            }
            return fail(format!("Expected an expression, got '{}'", self.current().describe()));
        }
        if !explicit && !simple {
            self.edits.push(Edit { at: start, len: 0, with: "(" });
            self.edits.push(Edit { at: end, len: 0, with: ")" });
        }
        Ok(Node::Tuple(assignable))
    }

    fn tuple_ends(&self, ends: &[&str]) -> bool {
        match self.current().kind {
            Kind::VarEnd | Kind::BlockEnd | Kind::Op(")") => true,
            Kind::Name(name) => ends.contains(&name),
            _ => false,
        }
    }

    fn expr(&mut self) -> Read<Node> {
        self.depth += 1;
        if self.depth > MOST_NESTED {
            return Err(too_deep());
        }
        let mut node = self.or()?;
        while self.skip_name("if")? {
            self.or()?;
            if self.skip_name("else")? {
                self.expr()?;
            }
            node = Node::Other("condexpr");
        }
        self.depth -= 1;
        Ok(node)
    }

    fn or(&mut self) -> Read<Node> {
        let mut node = self.and()?;
        while self.skip_name("or")? {
            self.and()?;
            node = Node::Other("or");
        }
        Ok(node)
    }

    fn and(&mut self) -> Read<Node> {
        let mut node = self.not()?;
        while self.skip_name("and")? {
            self.not()?;
            node = Node::Other("and");
        }
        Ok(node)
    }

    fn not(&mut self) -> Read<Node> {
        let mut negated = false;
        while self.skip_name("not")? {
            negated = true;
        }
        let node = self.compare()?;
        Ok(if negated { Node::Other("not") } else { node })
    }

    fn compare(&mut self) -> Read<Node> {
        let mut node = self.math(0)?;
        loop {
            if matches!(self.current().kind, Kind::Op("==" | "!=" | "<" | "<=" | ">" | ">=")) || self.is_name("in") {
                self.next()?;
            } else if self.is_name("not") && matches!(self.look().kind, Kind::Name("in")) {
                self.next()?;
                self.next()?;
            } else {
                return Ok(node);
            }
            self.math(0)?;
            node = Node::Other("compare");
        }
    }

    /// The binary operators, weakest first.
    fn math(&mut self, level: usize) -> Read<Node> {
        const LEVELS: [&[&str]; 4] = [&["+", "-"], &["~"], &["*", "/", "//", "%"], &["**"]];
        let Some(ops) = LEVELS.get(level) else { return self.unary(true) };
        let mut node = self.math(level + 1)?;
        while let Kind::Op(op) = self.current().kind {
            if !ops.contains(&op) {
                break;
            }
            self.next()?;
            self.math(level + 1)?;
            node = Node::Other("binexpr");
        }
        Ok(node)
    }

    fn unary(&mut self, with_filter: bool) -> Read<Node> {
        let mut node = if self.is_op("-") {
            self.next()?;
            self.unary(false)?;
            Node::Other("neg")
        } else if self.is_op("+") {
            let plus = self.next()?;
            self.edits.push(Edit { at: plus.start, len: 1, with: " " });
            self.unary(false)?;
            Node::Other("pos")
        } else {
            self.primary()?
        };
        node = self.postfix(node)?;
        if with_filter { self.filters(node) } else { Ok(node) }
    }

    fn primary(&mut self) -> Read<Node> {
        match self.current().kind.clone() {
            Kind::Name(name) => {
                self.next()?;
                let constant = matches!(name, "true" | "True" | "false" | "False" | "none" | "None");
                Ok(if constant { Node::Other("const") } else { Node::Name })
            }
            Kind::Str => {
                while self.current().kind == Kind::Str {
                    self.next()?;
                }
                Ok(Node::Other("const"))
            }
            Kind::Int | Kind::Float => self.next().map(|_| Node::Other("const")),
            Kind::Op("(") => {
                self.next()?;
                let node = self.tuple(true, &[], true, false)?;
                self.expect_op(")")?;
                Ok(node)
            }
            Kind::Op("[") => self.list(),
            Kind::Op("{") => self.dict(),
            Kind::Error(message) => fail(message),
            _ => fail(format!("unexpected '{}'", self.current().describe())),
        }
    }

    fn list(&mut self) -> Read<Node> {
        self.next()?;
        let mut count = 0;
        while !self.is_op("]") {
            if count > 0 {
                self.expect_op(",")?;
            }
            if self.is_op("]") {
                break;
            }
            self.expr()?;
            count += 1;
        }
        self.expect_op("]")?;
        Ok(Node::Other("list"))
    }

    fn dict(&mut self) -> Read<Node> {
        self.next()?;
        let mut count = 0;
        while !self.is_op("}") {
            if count > 0 {
                self.expect_op(",")?;
            }
            if self.is_op("}") {
                break;
            }
            self.expr()?;
            self.expect_op(":")?;
            self.expr()?;
            count += 1;
        }
        self.expect_op("}")?;
        Ok(Node::Other("dict"))
    }

    fn postfix(&mut self, mut node: Node) -> Read<Node> {
        loop {
            if self.is_op(".") {
                // minijinja reads `1.` as a number, unless that is an item's: `list.1.name`.
                if node == Node::Other("const")
                    && let Some(Token { kind: Kind::Int | Kind::Float, start, end }) =
                        self.at.checked_sub(1).and_then(|at| self.tokens.get(at))
                {
                    self.edits.push(Edit { at: *start, len: 0, with: "(" });
                    self.edits.push(Edit { at: *end, len: 0, with: ")" });
                }
                self.next()?;
                match self.next()?.kind {
                    Kind::Name(_) => node = Node::Other("getattr"),
                    Kind::Int => node = Node::Other("getitem"),
                    _ => return fail("expected name or number"),
                }
            } else if self.skip_op("[")? {
                self.subscript()?;
                node = Node::Other("getitem");
            } else if self.is_op("(") {
                self.call_args()?;
                node = Node::Call;
            } else {
                return Ok(node);
            }
        }
    }

    fn subscript(&mut self) -> Read<()> {
        let mut count = 0;
        while !self.is_op("]") {
            if count > 0 {
                self.expect_op(",")?;
            }
            for part in 0..3 {
                if part > 0 && !self.skip_op(":")? {
                    break;
                }
                if !(self.is_op(":") || part > 0 && (self.is_op("]") || self.is_op(","))) {
                    self.expr()?;
                }
            }
            count += 1;
        }
        self.expect_op("]")
    }

    fn call_args(&mut self) -> Read<()> {
        self.expect_op("(")?;
        let (mut first, mut star, mut stars, mut named) = (true, false, false, false);
        while !self.is_op(")") {
            if !first {
                self.expect_op(",")?;
                if self.is_op(")") {
                    break;
                }
            }
            first = false;
            let fits;
            if self.skip_op("*")? {
                fits = !star && !stars;
                star = true;
            } else if self.skip_op("**")? {
                fits = !stars;
                stars = true;
            } else if matches!(self.current().kind, Kind::Name(_)) && matches!(self.look().kind, Kind::Op("=")) {
                self.next()?;
                self.next()?;
                fits = !stars;
                named = true;
            } else {
                fits = !star && !stars && !named;
            }
            if !fits {
                return fail("invalid syntax for function call expression");
            }
            self.expr()?;
        }
        self.expect_op(")")
    }

    fn filters(&mut self, mut node: Node) -> Read<Node> {
        loop {
            if self.is_op("|") {
                self.filter(false)?;
                node = Node::Other("filter");
            } else if self.skip_name("is")? {
                self.test()?;
                node = Node::Other("test");
            } else if self.is_op("(") {
                self.call_args()?;
                node = Node::Call;
            } else {
                return Ok(node);
            }
        }
    }

    /// A chain of filters; `inline` where the first has no pipe before it.
    fn filter(&mut self, mut inline: bool) -> Read<()> {
        while self.is_op("|") || inline {
            if !inline {
                self.next()?;
            }
            inline = false;
            self.expect_name()?;
            while self.skip_op(".")? {
                self.expect_name()?;
            }
            if self.is_op("(") {
                self.call_args()?;
            }
        }
        Ok(())
    }

    fn test(&mut self) -> Read<()> {
        self.skip_name("not")?;
        self.expect_name()?;
        while self.skip_op(".")? {
            self.expect_name()?;
        }
        if self.is_op("(") {
            return self.call_args();
        }
        let has_argument = match self.current().kind {
            Kind::Name("else" | "or" | "and") => false,
            Kind::Name("is") => return fail("You cannot chain multiple tests with is"),
            Kind::Name(_) | Kind::Str | Kind::Int | Kind::Float | Kind::Op("[" | "{") => true,
            _ => false,
        };
        if has_argument {
            let node = self.primary()?;
            self.postfix(node)?;
        }
        Ok(())
    }
}
