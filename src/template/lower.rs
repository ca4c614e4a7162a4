//! Minijinja's tree made into ours, with what its parser lets pass or leaves out put right.
//!
//! Constants are read from the source again (its parser has decoded escapes, and knows no integers
//! beyond 128 bits), and so are `with context`, `scoped` and the like, which it skips.

use super::Templar;
use super::ir::*;
use super::raise::{Class, Raise};
use super::repair::Source;
use super::strings;
use crate::diag::Error;
use minijinja::machinery::{Span, ast};
use std::sync::Arc;

/// What a template is lowered with.
pub(super) struct Lowerer<'s> {
    pub(super) templar: &'s Templar,
    pub(super) source: &'s Source<'s>,
    /// Whether string literals in `{{ }}` are raw.
    pub(super) raw_strings: bool,
    blocks: NamedBlocks,
    in_emit: bool,
    /// Whether constants that look like templates are rendered: in conditionals.
    pub(super) render_constants: bool,
    /// Depth of conditions: an unknown filter inside one is an error only when it runs.
    soft: usize,
    /// Depth of blocks, loops and the like, which are no place for `extends`.
    inner: usize,
    /// Whether the outputs that stand here are dropped: those beside the blocks of a child template.
    dropping: bool,
    /// The special names that the macros around use: varargs, kwargs, caller.
    macros: Vec<[bool; 3]>,
    /// Whether the loops and the block around use the names that they alone have: `loop` and `super`.
    used: Vec<(bool, &'static str)>,
    /// The first call that has a keyword twice: a mistake that Python sees, once jinja2 has seen none.
    repeated: Option<Raise>,
}

/// The blocks of a template, by their names.
pub(super) type NamedBlocks = Vec<(Arc<str>, Arc<Block>)>;

type Result<T> = std::result::Result<T, Raise>;

fn syntax<T>(text: impl Into<String>) -> Result<T> {
    Err(Raise::python(Class::Syntax, text))
}

/// Fails where two blocks in these statements have one name.
fn named_once<'a>(stmts: &'a [ast::Stmt<'_>], seen: &mut Vec<&'a str>) -> Result<()> {
    for stmt in stmts {
        let name = match stmt {
            ast::Stmt::Block(b) => Some(b.name),
            ast::Stmt::WithBlock(w) => repaired_block(w),
            _ => None,
        };
        if let Some(name) = name {
            if seen.contains(&name) {
                return syntax(format!("block '{name}' defined twice"));
            }
            seen.push(name);
        }
        let bodies = match stmt {
            ast::Stmt::Template(t) => [&t.children[..], &[]],
            ast::Stmt::ForLoop(f) => [&f.body[..], &f.else_body[..]],
            ast::Stmt::IfCond(c) => [&c.true_body[..], &c.false_body[..]],
            ast::Stmt::WithBlock(w) => [&w.body[..], &[]],
            ast::Stmt::SetBlock(s) => [&s.body[..], &[]],
            ast::Stmt::AutoEscape(a) => [&a.body[..], &[]],
            ast::Stmt::FilterBlock(f) => [&f.body[..], &[]],
            ast::Stmt::Block(b) => [&b.body[..], &[]],
            ast::Stmt::Macro(m) => [&m.body[..], &[]],
            ast::Stmt::CallBlock(c) => [&c.macro_decl.body[..], &[]],
            _ => continue,
        };
        bodies.into_iter().try_for_each(|body| named_once(body, seen))?;
    }
    Ok(())
}

/// The name of a block that a repair has written as a `with`.
fn repaired_block<'a>(w: &ast::WithBlock<'a>) -> Option<&'a str> {
    match w.assignments.first() {
        Some((ast::Expr::Var(mark), ast::Expr::Var(name))) if mark.id == "rplay__block" => Some(name.id),
        _ => None,
    }
}

impl<'s> Lowerer<'s> {
    pub(super) fn new(templar: &'s Templar, source: &'s Source<'s>, raw_strings: bool) -> Self {
        Self {
            templar,
            source,
            raw_strings,
            blocks: Vec::new(),
            in_emit: false,
            render_constants: false,
            soft: 0,
            inner: 0,
            dropping: false,
            macros: Vec::new(),
            used: Vec::new(),
            repeated: None,
        }
    }

    /// The statements of a whole template, and its blocks.
    pub(super) fn template(mut self, stmts: &[ast::Stmt<'_>]) -> Result<(Vec<Stmt>, NamedBlocks)> {
        // jinja2 collects the blocks before it looks at anything else.
        named_once(stmts, &mut Vec::new())?;
        let body = self.body(stmts)?;
        match self.repeated {
            Some(raise) => Err(raise),
            None => Ok((body, self.blocks)),
        }
    }

    fn body(&mut self, stmts: &[ast::Stmt<'_>]) -> Result<Vec<Stmt>> {
        let mut out = Vec::with_capacity(stmts.len());
        for stmt in stmts {
            let lowered = self.stmt(stmt)?;
            out.push(lowered);
        }
        Ok(out)
    }

    fn stmt(&mut self, stmt: &ast::Stmt<'_>) -> Result<Stmt> {
        Ok(match stmt {
            ast::Stmt::Template(t) => Stmt::Scoped(self.body(&t.children)?),
            ast::Stmt::EmitRaw(raw) => Stmt::Text(Arc::from(self.source.newlines(raw.raw))),
            ast::Stmt::EmitExpr(emit) => Stmt::Emit(self.output(|l| l.emitted(&emit.expr))?),
            ast::Stmt::ForLoop(f) => Stmt::For(Arc::new(self.for_loop(f)?)),
            ast::Stmt::IfCond(c) => {
                self.soft += 1;
                let test = self.expr(&c.expr);
                let (then, otherwise) = (self.body(&c.true_body), self.body(&c.false_body));
                self.soft -= 1;
                Stmt::If(test?, then?, otherwise?)
            }
            // Repairs write a block in a macro as a `with`.
            ast::Stmt::WithBlock(w) if repaired_block(w).is_some() => {
                let says = |word: &str| {
                    w.assignments.iter().any(|(target, _)| matches!(target, ast::Expr::Var(v) if v.id == word))
                };
                self.named_block(
                    repaired_block(w).unwrap_or_default(),
                    says("rplay__required"),
                    says("rplay__scoped"),
                    &w.body,
                )?
            }
            ast::Stmt::WithBlock(w) => {
                let mut bindings = Vec::new();
                for (target, value) in &w.assignments {
                    bindings.push((target_of(target)?, self.expr(value)?));
                }
                Stmt::With(bindings, self.hard(|l| l.body(&w.body))?)
            }
            // Repairs write `do` as an assignment where it is no call.
            ast::Stmt::Set(s) if matches!(&s.target, ast::Expr::Var(v) if v.id == "rplay__do") => {
                self.extension("do", "jinja2.ext.do")?;
                Stmt::Do(self.expr(&s.expr)?)
            }
            // … and `print` as one of a list.
            ast::Stmt::Set(s) if matches!(&s.target, ast::Expr::Var(v) if v.id == "rplay__print") => match &s.expr {
                ast::Expr::List(list) => Stmt::Print(self.output(|l| l.list(&list.items))?),
                other => Stmt::Print(vec![self.output(|l| l.expr(other))?]),
            },
            ast::Stmt::Set(s) => Stmt::Set(target_of(&s.target)?, self.expr(&s.expr)?),
            ast::Stmt::SetBlock(s) => {
                let filter = s.filter.as_ref().map(|f| self.hard(|l| l.expr(f))).transpose()?;
                Stmt::SetBlock(target_of(&s.target)?, filter, self.kept(|l| l.body(&s.body))?)
            }
            ast::Stmt::AutoEscape(a) => Stmt::Scoped(self.body(&a.body)?),
            ast::Stmt::FilterBlock(f) => {
                Stmt::FilterBlock(self.hard(|l| l.expr(&f.filter))?, self.hard(|l| l.body(&f.body))?)
            }
            ast::Stmt::Block(b) => self.block(b, stmt_span(stmt))?,
            ast::Stmt::Macro(m) => Stmt::Macro(self.macro_def(m)?),
            ast::Stmt::CallBlock(c) => {
                let decl = self.macro_def(&c.macro_decl)?;
                Stmt::CallBlock(self.call(&c.call)?, decl)
            }
            ast::Stmt::Extends(_) if self.inner > 0 => {
                return syntax("cannot use extend from a non top-level scope");
            }
            ast::Stmt::Extends(e) => {
                let name = self.expr(&e.name)?;
                self.dropping |= self.soft == 0;
                Stmt::Extends(name)
            }
            ast::Stmt::Include(i) => Stmt::Include {
                name: self.expr(&i.name)?,
                ignore_missing: i.ignore_missing,
                with_context: !self.tail(stmt_span(stmt)).contains("without context"),
            },
            ast::Stmt::Import(i) => Stmt::Import {
                name: self.expr(&i.expr)?,
                target: name_of(&i.name)?,
                with_context: self.tail(stmt_span(stmt)).ends_with("with context"),
            },
            ast::Stmt::FromImport(i) => {
                let mut names = Vec::new();
                for (name, alias) in &i.names {
                    let name = name_of(name)?;
                    let alias = alias.as_ref().map(name_of).transpose()?.unwrap_or_else(|| name.clone());
                    names.push((name, alias));
                }
                let with_context = self.tail(stmt_span(stmt)).ends_with("with context");
                if names.is_empty() {
                    return syntax("expected token 'name', got 'end of statement block'");
                }
                let line = self.source.line(stmt_span(stmt));
                Stmt::FromImport { name: self.expr(&i.expr)?, names, with_context, line }
            }
            ast::Stmt::Do(d) => {
                self.extension("do", "jinja2.ext.do")?;
                Stmt::Do(self.call(&d.call)?)
            }
            ast::Stmt::Break(_) => {
                self.extension("break", "jinja2.ext.loopcontrols")?;
                Stmt::Break
            }
            ast::Stmt::Continue(_) => {
                self.extension("continue", "jinja2.ext.loopcontrols")?;
                Stmt::Continue
            }
        })
    }

    /// Lowers what has variables of its own: a condition around it is forgotten, as by jinja2.
    fn hard<T>(&mut self, what: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let soft = std::mem::take(&mut self.soft);
        self.inner += 1;
        let result = what(self);
        self.inner -= 1;
        self.soft = soft;
        result
    }

    /// The same of what keeps its outputs wherever it stands.
    fn kept<T>(&mut self, what: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let dropping = std::mem::take(&mut self.dropping);
        let result = self.hard(what);
        self.dropping = dropping;
        result
    }

    /// Lowers an output. Of one that is dropped, not even the names of filters are looked at.
    fn output<T>(&mut self, what: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if !self.dropping {
            return what(self);
        }
        self.soft += 1;
        let repeated = self.repeated.take();
        let result = what(self);
        self.repeated = repeated;
        self.soft -= 1;
        result
    }

    fn emitted(&mut self, expr: &ast::Expr<'_>) -> Result<Expr> {
        self.in_emit = true;
        let expr = self.expr(expr);
        self.in_emit = false;
        expr
    }

    fn extension(&self, tag: &str, extension: &str) -> Result<()> {
        if self.templar.has_extension(extension) {
            return Ok(());
        }
        syntax(super::grammar::unknown_tag(tag, None))
    }

    /// The source of a statement with single spaces.
    fn tail(&self, span: Span) -> String {
        self.source.slice(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn for_loop(&mut self, f: &ast::ForLoop<'_>) -> Result<For> {
        let target = target_of(&f.target)?;
        let iter = self.expr(&f.iter)?;
        let test = f.filter_expr.as_ref().map(|t| self.hard(|l| l.expr(t))).transpose()?;
        self.used.push((f.recursive, "loop"));
        let body = self.hard(|l| l.body(&f.body));
        let (uses_loop, _) = self.used.pop().unwrap_or_default();
        let body = body?;
        Ok(For {
            target,
            iter,
            test,
            recursive: f.recursive,
            uses_loop,
            body,
            otherwise: self.hard(|l| l.body(&f.else_body))?,
        })
    }

    fn block(&mut self, b: &ast::Block<'_>, span: Span) -> Result<Stmt> {
        let head = self.source.slice(span);
        let head = head.split(&self.source.syntax.block_end_string).next().unwrap_or_default();
        let scoped = head.split_whitespace().skip(2).any(|word| word == "scoped");
        self.named_block(b.name, b.required, scoped, &b.body)
    }

    fn named_block(&mut self, name: &str, required: bool, scoped: bool, body: &[ast::Stmt<'_>]) -> Result<Stmt> {
        // A macro does not have what a block in it asks for.
        let macros = std::mem::take(&mut self.macros);
        if scoped {
            // It may use whatever the loops around it have.
            self.used.iter_mut().filter(|(_, name)| *name == "loop").for_each(|(used, _)| *used = true);
        }
        let used = std::mem::replace(&mut self.used, vec![(false, "super")]);
        let body = self.kept(|l| l.body(body));
        let (uses_super, _) = self.used.pop().unwrap_or_default();
        (self.macros, self.used) = (macros, used);
        let block = Arc::new(Block { name: Arc::from(name), required, scoped, uses_super, body: body? });
        self.blocks.push((block.name.clone(), block.clone()));
        Ok(Stmt::Block(block))
    }

    fn macro_def(&mut self, m: &ast::Macro<'_>) -> Result<Arc<Macro>> {
        self.macros.push([false; 3]);
        let params: Result<Vec<_>> = m.args.iter().map(name_of).collect();
        let defaults: Result<Vec<_>> = self.hard(|l| m.defaults.iter().map(|d| l.expr(d)).collect());
        let body = self.kept(|l| l.body(&m.body));
        let [uses_varargs, uses_kwargs, uses_caller] = self.macros.pop().unwrap_or_default();
        let params = params?;
        let explicit = |name: &str| params.iter().any(|p| &**p == name);
        Ok(Arc::new(Macro {
            name: Arc::from(m.name),
            uses_varargs: uses_varargs && !explicit("varargs"),
            uses_kwargs: uses_kwargs && !explicit("kwargs"),
            uses_caller: uses_caller || explicit("caller"),
            params,
            defaults: defaults?,
            body: body?,
        }))
    }

    fn boxed(&mut self, expr: &ast::Expr<'_>) -> Result<Box<Expr>> {
        self.expr(expr).map(Box::new)
    }

    fn optional(&mut self, expr: &Option<ast::Expr<'_>>) -> Result<Option<Expr>> {
        expr.as_ref().map(|e| self.expr(e)).transpose()
    }

    fn list(&mut self, items: &[ast::Expr<'_>]) -> Result<Vec<Expr>> {
        items.iter().map(|item| self.expr(item)).collect()
    }

    pub(super) fn expr(&mut self, expr: &ast::Expr<'_>) -> Result<Expr> {
        Ok(match expr {
            ast::Expr::Const(c) => Expr::Const(self.constant(c)?),
            ast::Expr::Var(v) => {
                let special = ["varargs", "kwargs", "caller"].iter().position(|s| *s == v.id);
                if let Some(at) = special {
                    self.macros.iter_mut().for_each(|uses| uses[at] = true);
                }
                for (used, _) in self.used.iter_mut().filter(|(_, name)| *name == v.id) {
                    *used = true;
                }
                Expr::Name(Arc::from(v.id))
            }
            ast::Expr::Slice(s) => Expr::Slice(Box::new(Slice {
                value: self.expr(&s.expr)?,
                start: self.optional(&s.start)?,
                stop: self.optional(&s.stop)?,
                step: self.optional(&s.step)?,
            })),
            ast::Expr::UnaryOp(u) => match u.op {
                ast::UnaryOpKind::Not => self.negated(&u.expr)?,
                ast::UnaryOpKind::Neg => Expr::Neg(self.boxed(&u.expr)?),
            },
            ast::Expr::BinOp(b) => self.binary(b)?,
            ast::Expr::Compare(c) => {
                let mut rest = Vec::new();
                for op in &c.ops {
                    rest.push((relation(&op.op), self.expr(&op.expr)?));
                }
                Expr::Compare(self.boxed(&c.expr)?, rest)
            }
            ast::Expr::IfExpr(i) => self.choice(i, expr.span())?,
            ast::Expr::Filter(f) => Expr::Filter(Box::new(self.filter(f)?)),
            ast::Expr::Test(t) => Expr::Test(Box::new(self.test(t)?)),
            ast::Expr::GetAttr(a) => Expr::Attr(self.boxed(&a.expr)?, Arc::from(a.name)),
            ast::Expr::GetItem(i) => Expr::Item(self.boxed(&i.expr)?, self.boxed(&i.subscript_expr)?),
            ast::Expr::Call(c) => self.call(c)?,
            ast::Expr::List(l) => Expr::List(self.list(&l.items)?),
            ast::Expr::Tuple(t) => Expr::Tuple(self.list(&t.items)?),
            ast::Expr::Map(m) => {
                let mut items = Vec::new();
                for (key, value) in m.keys.iter().zip(&m.values) {
                    items.push((self.expr(key)?, self.expr(value)?));
                }
                Expr::Dict(items)
            }
        })
    }

    /// `not x`; minijinja writes `a not in b` this way, too.
    fn negated(&mut self, inner: &ast::Expr<'_>) -> Result<Expr> {
        Ok(Expr::Not(self.boxed(inner)?))
    }

    fn binary(&mut self, b: &ast::BinOp<'_>) -> Result<Expr> {
        use ast::BinOpKind as K;
        let op = match b.op {
            K::ScAnd => return Ok(Expr::And(self.boxed(&b.left)?, self.boxed(&b.right)?)),
            K::ScOr => return Ok(Expr::Or(self.boxed(&b.left)?, self.boxed(&b.right)?)),
            K::Concat => {
                // What has parentheses is a text of its own, made before the rest is looked at.
                let (from, to) = (b.left.span(), b.right.span());
                let between = Span { start_offset: from.end_offset, end_offset: to.start_offset, ..from };
                let whole = self.source.slice(between).trim_start().starts_with(')');
                let mut parts = match self.expr(&b.left)? {
                    Expr::Concat(parts) if !whole => parts,
                    other => vec![other],
                };
                parts.push(self.expr(&b.right)?);
                return Ok(Expr::Concat(parts));
            }
            K::Add => Op::Add,
            K::Sub => Op::Sub,
            K::Mul => Op::Mul,
            K::Div => Op::Div,
            K::FloorDiv => Op::FloorDiv,
            K::Rem => Op::Mod,
            K::Pow => Op::Pow,
            K::Eq => return self.compare(b, Relation::Eq),
            K::Ne => return self.compare(b, Relation::Ne),
            K::Lt => return self.compare(b, Relation::Lt),
            K::Lte => return self.compare(b, Relation::Le),
            K::Gt => return self.compare(b, Relation::Gt),
            K::Gte => return self.compare(b, Relation::Ge),
            K::In => return self.compare(b, Relation::In),
        };
        Ok(Expr::Binary(op, self.boxed(&b.left)?, self.boxed(&b.right)?))
    }

    fn compare(&mut self, b: &ast::BinOp<'_>, relation: Relation) -> Result<Expr> {
        Ok(Expr::Compare(self.boxed(&b.left)?, vec![(relation, self.expr(&b.right)?)]))
    }

    fn choice(&mut self, i: &ast::IfExpr<'_>, span: Span) -> Result<Expr> {
        self.soft += 1;
        let test = self.expr(&i.test_expr);
        let (then, otherwise) = (self.expr(&i.true_expr), self.optional(&i.false_expr));
        self.soft -= 1;
        let line = self.source.line(span);
        Ok(Expr::If(Box::new(Choice { test: test?, then: then?, otherwise: otherwise?, line })))
    }

    /// What was found of a plugin; that it is gone matters only where it is sure to run.
    fn known<T>(&self, found: std::result::Result<Option<T>, String>) -> Result<Option<T>> {
        match found {
            Err(text) if self.soft == 0 => Err(Error::user(text).into()),
            found => Ok(found.ok().flatten()),
        }
    }

    fn filter(&mut self, f: &ast::Filter<'_>) -> Result<FilterCall> {
        let filter = self.known(self.templar.find_filter(f.name))?;
        if filter.is_none() && self.soft == 0 {
            return syntax(format!("No filter named '{}'.", f.name));
        }
        Ok(FilterCall { name: Arc::from(f.name), filter, input: self.optional(&f.expr)?, args: self.args(&f.args)? })
    }

    fn test(&mut self, t: &ast::Test<'_>) -> Result<TestCall> {
        let test = self.known(self.templar.find_test(t.name))?;
        if test.is_none() && self.soft == 0 {
            return syntax(format!("No test named '{}'.", t.name));
        }
        let negated = |e: &ast::Expr<'_>| matches!(e, ast::Expr::UnaryOp(u) if matches!(u.expr, ast::Expr::Test(_)));
        if matches!(t.expr, ast::Expr::Test(_)) || negated(&t.expr) {
            self.source.doubt();
        }
        Ok(TestCall { name: Arc::from(t.name), test, input: self.expr(&t.expr)?, args: self.args(&t.args)? })
    }

    fn call(&mut self, c: &ast::Call<'_>) -> Result<Expr> {
        Ok(Expr::Call(self.boxed(&c.expr)?, Box::new(self.args(&c.args)?)))
    }

    /// jinja2 wants positional arguments, then `*args` and keywords in any order, then `**kwargs` last.
    fn args(&mut self, given: &[ast::CallArg<'_>]) -> Result<Args> {
        let mut args = Args::default();
        let complaint = "invalid syntax for function call expression";
        for arg in given {
            match arg {
                _ if args.star_star.is_some() => return syntax(complaint),
                ast::CallArg::Pos(_) if args.star.is_some() || !args.named.is_empty() => return syntax(complaint),
                ast::CallArg::PosSplat(_) if args.star.is_some() => return syntax(complaint),
                ast::CallArg::Pos(e) => args.positional.push(self.expr(e)?),
                ast::CallArg::Kwarg(name, _) if args.named.iter().any(|(known, _)| &**known == *name) => {
                    // ansible-core adds a line of the Python that jinja2 makes of the template.
                    let words = format!("keyword argument repeated: {name}");
                    self.repeated.get_or_insert_with(|| Raise::python(Class::Runtime, words));
                }
                ast::CallArg::Kwarg(name, e) => args.named.push((Arc::from(*name), self.expr(e)?)),
                ast::CallArg::PosSplat(e) => args.star = Some(self.expr(e)?),
                ast::CallArg::KwargSplat(e) => args.star_star = Some(self.expr(e)?),
            }
        }
        Ok(args)
    }

    fn constant(&self, c: &ast::Spanned<ast::Const>) -> Result<Const> {
        use minijinja::value::ValueKind;
        let text = self.source.original(c.span());
        Ok(match c.value.kind() {
            ValueKind::None => Const::None,
            ValueKind::Bool => Const::Bool(c.value.is_true()),
            ValueKind::Number => number(text)?,
            _ => {
                let raw = self.raw_strings && self.in_emit;
                let text = match strings::literal(text, raw) {
                    Ok(text) => self.source.newlines(&text).into_owned(),
                    Err(complaint) => return syntax(complaint),
                };
                match !self.templar.plain_constants && self.templar.is_template(&text) {
                    true if self.render_constants => Const::Template(Arc::from(text)),
                    true => Const::Embedded(Arc::from(text)),
                    false => Const::Str(Arc::from(text)),
                }
            }
        })
    }
}

fn stmt_span(stmt: &ast::Stmt<'_>) -> Span {
    match stmt {
        ast::Stmt::Block(b) => b.span(),
        ast::Stmt::Include(i) => i.span(),
        ast::Stmt::Import(i) => i.span(),
        ast::Stmt::FromImport(i) => i.span(),
        _ => Span::default(),
    }
}

fn relation(op: &ast::CompareOpKind) -> Relation {
    match op {
        ast::CompareOpKind::Eq => Relation::Eq,
        ast::CompareOpKind::Ne => Relation::Ne,
        ast::CompareOpKind::Lt => Relation::Lt,
        ast::CompareOpKind::Lte => Relation::Le,
        ast::CompareOpKind::Gt => Relation::Gt,
        ast::CompareOpKind::Gte => Relation::Ge,
        ast::CompareOpKind::In => Relation::In,
        ast::CompareOpKind::NotIn => Relation::NotIn,
    }
}

/// An integer or a float as jinja2's lexer reads it.
fn number(text: &str) -> Result<Const> {
    let digits = text.trim().replace('_', "").to_ascii_lowercase();
    let radix = match digits.get(..2) {
        Some("0b") => 2,
        Some("0o") => 8,
        Some("0x") => 16,
        _ => 10,
    };
    if text.contains("__") || text.trim_end().ends_with('_') {
        return syntax("expected token 'end of print statement', got '_'");
    }
    if digits.ends_with('.') {
        return syntax("expected name or number");
    }
    let octal = digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    if octal && digits.bytes().any(|b| b != b'0') {
        return syntax("expected token 'end of print statement', got 'integer'");
    }
    if radix == 10 && digits.contains(['.', 'e']) {
        return match digits.parse::<f64>() {
            Ok(f) => Ok(Const::Float(f)),
            Err(_) => syntax(format!("invalid float {text}")),
        };
    }
    let digits = if radix == 10 { digits.as_str() } else { digits.get(2..).unwrap_or_default() };
    match num_bigint::BigInt::parse_bytes(digits.as_bytes(), radix) {
        Some(big) => Ok(match i64::try_from(&big) {
            Ok(small) => Const::Int(small),
            Err(_) => Const::Big(Arc::new(big)),
        }),
        None => syntax(format!("invalid integer {text}")),
    }
}

fn name_of(expr: &ast::Expr<'_>) -> Result<Arc<str>> {
    match expr {
        ast::Expr::Var(v) => Ok(Arc::from(v.id)),
        other => syntax(format!("can't assign to '{}'", other.description())),
    }
}

fn target_of(expr: &ast::Expr<'_>) -> Result<Target> {
    Ok(match expr {
        ast::Expr::Var(v) => Target::Name(Arc::from(v.id)),
        ast::Expr::GetAttr(a) => Target::Attr(name_of(&a.expr)?, Arc::from(a.name)),
        ast::Expr::List(l) => Target::List(l.items.iter().map(target_of).collect::<Result<_>>()?),
        ast::Expr::Tuple(t) => Target::List(t.items.iter().map(target_of).collect::<Result<_>>()?),
        other => return syntax(format!("can't assign to '{}'", other.description())),
    })
}
