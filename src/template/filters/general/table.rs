//! `to_prettytable`: a list of dictionaries as a table of characters, as Python's prettytable draws it.

use crate::template::filters::support::{Got, plugin_type, some};
use crate::template::methods::string::with_tabs_expanded;
use crate::template::{CallArgs, Cx, Obj, Raise};
use unicode_width::UnicodeWidthStr;

pub(in crate::template::filters) fn to_prettytable(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let Obj::List(_) = input else { return Err(unexpected(&input, "a list of dictionaries")) };
    let mut rows = Vec::new();
    for row in cx.each(&input)? {
        match row? {
            row @ Obj::Dict(_) => rows.push(row),
            other => return Err(unexpected(&other, "all items in the list to be dictionaries")),
        }
    }
    let fields = match rows.first() {
        Some(first) => Some(cx.items(first)?.into_iter().map(|(key, _)| key).collect::<Vec<_>>()),
        None => None,
    };
    let most = fields.as_ref().map(Vec::len);
    let order = order(cx, &mut args, most)?;
    let headers = headers(cx, &mut args, most, &order)?;
    let alignments = alignments(cx, &mut args, most)?;
    let mut unknown: Vec<&str> = args.named.iter().map(|(name, _)| &**name).collect();
    unknown.sort_unstable();
    if !unknown.is_empty() {
        return Err(Raise::ansible(format!("Unknown parameter(s) for to_prettytable filter: {}", unknown.join(", "))));
    }
    let columns = Columns::new(cx, order.filter(|order| !order.is_empty()), fields.unwrap_or_default())?;
    let bare = rows.is_empty() && columns.names.is_empty() && headers.is_none() && alignments.is_empty();
    if bare {
        return Ok("++\n++".into());
    }
    let mut table = Table { names: headers.unwrap_or_else(|| columns.names.clone()), alignments, rows: Vec::new() };
    if (table.names.iter().enumerate()).any(|(at, name)| table.names.iter().take(at).any(|other| other == name)) {
        return Err(Raise::value_error("Field names must be unique"));
    }
    for row in &rows {
        let cells = columns.cells(cx, row)?;
        table.add(cells)?;
    }
    table.drawn()
}

fn unexpected(obj: &Obj, wanted: &str) -> Raise {
    let kind = if obj.as_str().is_some() { "string" } else { plugin_type(obj) };
    Raise::ansible(format!("Expected {wanted}, got a {kind}"))
}

/// The strings of a list argument.
fn strings(cx: &mut Cx<'_>, list: &Obj, wanted: [&str; 2]) -> Result<Vec<String>, Raise> {
    let Obj::List(_) = list else { return Err(unexpected(list, wanted[0])) };
    let items = cx.iter(list)?;
    let text = |item: &Obj| item.as_str().map(str::to_owned).ok_or_else(|| unexpected(item, wanted[1]));
    items.iter().map(text).collect()
}

fn too_many(name: &str, given: usize, most: Option<usize>) -> Result<(), Raise> {
    match most {
        Some(most) if given > most => {
            Err(Raise::ansible(format!("'{name}' has more elements ({given}) than available fields in data ({most})")))
        }
        _ => Ok(()),
    }
}

fn order(cx: &mut Cx<'_>, args: &mut CallArgs, most: Option<usize>) -> Result<Option<Vec<String>>, Raise> {
    let given = some(args.take("column_order"));
    let positional = std::mem::take(&mut args.positional);
    if given.is_some() && !positional.is_empty() {
        let text = "Cannot use both positional arguments and the 'column_order' keyword argument";
        return Err(Raise::ansible(text));
    }
    let given = if positional.is_empty() { given } else { Some(Obj::list(positional)) };
    let Some(given) = given else { return Ok(None) };
    let order = strings(cx, &given, ["a list of column names", "a string for column name"])?;
    too_many("column_order", order.len(), most)?;
    Ok(Some(order))
}

fn headers(
    cx: &mut Cx<'_>,
    args: &mut CallArgs,
    most: Option<usize>,
    order: &Option<Vec<String>>,
) -> Result<Option<Vec<String>>, Raise> {
    let Some(given) = some(args.take("header_names")) else { return Ok(None) };
    let headers = strings(cx, &given, ["a list of header names", "a string for header name"])?;
    too_many("header_names", headers.len(), most)?;
    if let Some(order) = order.as_ref().filter(|order| order.len() != headers.len()) {
        return Err(Raise::ansible(format!(
            "'column_order' and 'header_names' must have the same number of elements. Got {} columns and {} headers.",
            order.len(),
            headers.len()
        )));
    }
    Ok(Some(headers))
}

/// Where the text of a column stands.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Center,
    Right,
}

fn alignments(cx: &mut Cx<'_>, args: &mut CallArgs, most: Option<usize>) -> Result<Vec<(String, Side)>, Raise> {
    let Some(given) = args.take("column_alignments") else { return Ok(Vec::new()) };
    let Obj::Dict(_) = given else { return Err(unexpected(&given, "a dictionary for column_alignments")) };
    let mut out = Vec::new();
    for (key, value) in cx.items(&given)? {
        let value = value.defined()?;
        let Some(name) = key.as_str() else { return Err(unexpected(&key, "a string for column_alignments key")) };
        let Some(word) = value.as_str() else {
            return Err(unexpected(&value, "a string for column_alignments value"));
        };
        let side = match word.to_lowercase().as_str() {
            "left" | "l" => Side::Left,
            "center" | "c" => Side::Center,
            "right" | "r" => Side::Right,
            _ => {
                return Err(Raise::ansible(format!(
                    "Invalid alignment '{word}' in 'column_alignments'. Valid alignments are: c, center, l, left, r, \
                     right"
                )));
            }
        };
        out.push((name.to_owned(), side));
    }
    too_many("column_alignments", out.len(), most)?;
    Ok(out)
}

/// The columns, and by which keys their cells are found.
struct Columns {
    names: Vec<String>,
    /// The keys of the first row; empty where an order was given.
    keys: Vec<(String, Obj)>,
}

impl Columns {
    fn new(cx: &mut Cx<'_>, order: Option<Vec<String>>, fields: Vec<Obj>) -> Result<Self, Raise> {
        if let Some(names) = order {
            return Ok(Self { names, keys: Vec::new() });
        }
        let mut keys = Vec::new();
        for field in fields {
            keys.push((cx.text(&field)?, field));
        }
        Ok(Self { names: keys.iter().map(|(name, _)| name.clone()).collect(), keys })
    }

    fn cells(&self, cx: &mut Cx<'_>, row: &Obj) -> Result<Vec<String>, Raise> {
        let items = cx.items(row)?;
        let mut out = Vec::new();
        for name in &self.names {
            let key = match self.keys.iter().rev().find(|(known, _)| known == name) {
                Some((_, key)) => key.clone(),
                None => key(&items, name),
            };
            let found = items.iter().find(|(have, _)| *have == key);
            let text = match found {
                Some((_, value)) => cx.text(&value.clone().defined()?)?,
                None => String::new(),
            };
            out.push(with_tabs_expanded(&text, 8)?);
        }
        Ok(out)
    }
}

/// The key that a name means: itself, or a boolean or number that is written like it.
fn key(items: &[(Obj, Obj)], name: &str) -> Obj {
    let has = |key: &Obj| items.iter().any(|(have, _)| have == key);
    let word = match name.to_lowercase().as_str() {
        "true" => Some(Obj::Bool(true)),
        "false" => Some(Obj::Bool(false)),
        _ => name.parse().ok().map(Obj::Int),
    };
    let itself = Obj::str(name);
    if has(&itself) { itself } else { word.filter(has).unwrap_or(itself) }
}

struct Table {
    names: Vec<String>,
    alignments: Vec<(String, Side)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn add(&mut self, cells: Vec<String>) -> Result<(), Raise> {
        if self.names.is_empty() {
            self.names = (1..=cells.len()).map(|number| format!("Field {number}")).collect();
        }
        if cells.len() != self.names.len() {
            let text = "Row has incorrect number of values, (actual)";
            return Err(Raise::value_error(format!("{text} {}!={} (expected)", cells.len(), self.names.len())));
        }
        if cells.is_empty() {
            return Err(Raise::value_error("max() arg is an empty sequence"));
        }
        self.rows.push(cells);
        Ok(())
    }

    fn drawn(&self) -> Got {
        let mut widths: Vec<usize> = self.names.iter().map(|name| width(name)).collect();
        for row in &self.rows {
            for (most, cell) in widths.iter_mut().zip(row) {
                *most = cell.split('\n').map(width).fold(*most, usize::max);
            }
        }
        let lines: usize = self.rows.iter().map(|row| height(row)).sum();
        let across = widths.iter().fold(2_usize, |sum, width| sum.saturating_add(width + 3));
        crate::template::bounds::text_fits((lines + 4).saturating_mul(across))?;
        let rule: String = widths.iter().fold("+".to_owned(), |rule, width| rule + &"-".repeat(width + 2) + "+");
        let rule = if widths.is_empty() { "++".to_owned() } else { rule };
        let mut out = vec![rule.clone()];
        self.draw(&mut out, &self.names, &widths);
        out.push(rule.clone());
        for row in &self.rows {
            self.draw(&mut out, row, &widths);
        }
        out.push(rule);
        Ok(out.join("\n").into())
    }

    fn draw(&self, out: &mut Vec<String>, cells: &[String], widths: &[usize]) {
        if widths.is_empty() {
            out.push("||".into());
        }
        for at in 0..height(cells).min(if widths.is_empty() { 0 } else { usize::MAX }) {
            let mut line = "|".to_owned();
            for ((name, cell), width) in self.names.iter().zip(cells).zip(widths) {
                let text = cell.split('\n').nth(at).unwrap_or_default();
                let side =
                    self.alignments.iter().find(|(have, _)| have == name).map_or(Side::Center, |(_, side)| *side);
                line.push_str(&format!(" {} |", justified(text, *width, side)));
            }
            out.push(line);
        }
    }
}

fn height(cells: &[String]) -> usize {
    cells.iter().map(|cell| cell.split('\n').count()).max().unwrap_or(1)
}

/// How many columns of a terminal a text takes; escape sequences take none.
fn width(text: &str) -> usize {
    let mut rest = text;
    let mut sum = 0;
    while let Some(at) = rest.find("\x1b[") {
        sum += rest[..at].width();
        let sequence = &rest[at + 2..];
        let end = sequence.find(|c: char| ('@'..='~').contains(&c)).map_or(sequence.len(), |end| end + 1);
        rest = &sequence[end..];
    }
    sum + rest.width()
}

fn justified(text: &str, wide: usize, side: Side) -> String {
    let missing = wide.saturating_sub(width(text));
    let left = match side {
        Side::Left => 0,
        Side::Right => missing,
        // Python puts the odd space to the left where the width is odd.
        Side::Center => missing / 2 + (missing & wide & 1),
    };
    format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left))
}
