//! The variables that templates in the names of static imports can use.

use super::Reading;
use super::paths::Bases;
use crate::diag::Result;
use crate::playbook::{Frame, FrameKind, may_be_template};
use crate::value::{Dict, Text, Value};
use std::path::Path;

impl Reading<'_> {
    /// Renders a text with the variables that are known inside a frame.
    ///
    /// `own` are those of the import itself.
    pub(super) fn rendered(&mut self, value: &Value, frame: &Frame, own: &Dict) -> Result<Value> {
        match value {
            Value::Str(text) if text.is_trusted() && may_be_template(text.as_str()) => {
                let vars = self.vars(frame, own);
                self.render.render(text, &vars)
            }
            other => Ok(other.clone()),
        }
    }

    /// Where relative paths begin.
    pub(super) fn bases(&self) -> Bases<'_> {
        let settings = &self.loader.settings;
        Bases { basedir: &self.basedir, cwd: &settings.cwd, home: &settings.home }
    }

    fn vars(&mut self, frame: &Frame, own: &Dict) -> Dict {
        let mut vars = Dict::new();
        let role = frame.role().cloned();
        if let Some(play) = self.play.clone() {
            if let Some(role) = &role {
                role.default_layers().into_iter().for_each(|layer| vars.update(layer));
            }
            vars.update(&play.common.vars);
            vars.update(&self.file_vars());
        }
        if let Some(role) = &role {
            role.var_layers().into_iter().for_each(|layer| vars.update(layer));
            vars.insert("role_name", role.data.name.clone());
            vars.insert("role_path", role.data.path.clone());
        }
        let mut layers: Vec<&Dict> =
            frame.outward().filter(|f| f.passes_vars()).map(|f: &Frame| &f.common.vars).collect();
        layers.reverse();
        layers.into_iter().for_each(|layer| vars.update(layer));
        vars.update(own);
        vars.insert("playbook_dir", self.basedir.clone());
        vars
    }

    /// The variables of the play's `vars_files`, as far as they can be found before a run.
    fn file_vars(&mut self) -> Dict {
        if let Some(vars) = &self.file_vars {
            return vars.clone();
        }
        // Names of vars files may use variables of the files before them.
        self.file_vars = Some(Dict::new());
        let mut vars = Dict::new();
        for item in self.vars_files.clone() {
            let choices = match &item {
                Value::List(choices) => choices.to_vec(),
                other => vec![other.clone()],
            };
            let found = choices.iter().find_map(|choice| self.vars_file(choice));
            if let Some(Ok(more)) = found.map(|path| self.loader.read_vars(&path)) {
                vars.update(&more);
                self.file_vars = Some(vars.clone());
            }
        }
        vars
    }

    fn vars_file(&mut self, name: &Value) -> Option<String> {
        let play = self.play.clone()?;
        let name = self.rendered(name, &play, &Dict::new()).ok()?;
        let name = name.as_str()?;
        let bases = self.bases();
        let places = [bases.absolute(&format!("vars/{name}")), bases.absolute(name)];
        if name.starts_with(['/', '~']) {
            return Some(bases.absolute(name)).filter(|path| Path::new(path).exists());
        }
        places.into_iter().find(|path| Path::new(path).exists())
    }
}

/// The folder that files included from within a frame are searched relative to.
pub(super) fn include_dir(frame: &Frame) -> Option<&str> {
    match &frame.kind {
        FrameKind::Import { dir } | FrameKind::Include { dir } => Some(dir),
        _ => None,
    }
}

/// The text of a value.
pub(super) fn text_of(value: &Value) -> Text {
    match value {
        Value::Str(text) => text.clone(),
        other => Text::data(other.to_text()),
    }
}
