//! Roles: their variables, dependencies, tasks and handlers.

use super::Reading;
use super::metadata::{Metadata, boolean, check_inside};
use super::paths::role_files;
use super::scope::text_of;
use super::tasks::{Within, not_a_list};
use crate::content::{FoundRole, Lookup, RoleSearch, dirname};
use crate::diag::{Error, Origin, Result};
use crate::playbook::{
    Common, Entry, Frame, FrameKind, IncludeRole, Place, Role, RoleData, RoleFiles, RoleUse, Task, check_key,
    check_texts, find_keyword, read_common,
};
use crate::value::{Dict, Text, Value, repr};
use crate::yaml::{Kind, Node};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A role that is to be read.
pub(super) struct Wanted {
    /// Where it is.
    pub found: FoundRole,
    /// The keywords where it is used.
    pub common: Common,
    /// What is given beside keywords.
    pub params: Dict,
    /// Files in place of `main`.
    pub from: RoleFiles,
    /// Whether an import or include brought it, and what that says of duplicates.
    pub include: Option<bool>,
    /// `public`.
    pub public: Option<bool>,
    /// Whether it is known before the run.
    pub is_static: bool,
    /// Whether its arguments are checked against its spec.
    pub validate: bool,
    /// Where it is used.
    pub origin: Option<Origin>,
}

/// Who uses a role.
pub(super) struct User<'a> {
    /// What encloses its use.
    pub frame: &'a Arc<Frame>,
    /// The roles that bring it, the outermost first.
    pub parents: Vec<Arc<RoleData>>,
}

impl Reading<'_> {
    /// A role of a play's list or of another role's dependencies.
    pub(super) fn role_use(
        &mut self,
        node: &Node,
        user: User<'_>,
        beside: Option<&str>,
        collections: &[Arc<str>],
    ) -> Result<RoleUse> {
        let name = self.role_name(node, user.frame)?;
        let found = self.find_role(&name, beside, collections, &node.origin)?;
        let (common, params) = match &node.kind {
            Kind::Map(pairs) => {
                let mut params = Dict::new();
                for (key, value) in pairs.iter() {
                    let keyword = key.as_str().and_then(find_keyword).filter(|k| k.allowed(Place::Role));
                    match keyword {
                        Some(_) => check_key(key, value, Place::Role)?,
                        None => drop(params.insert(key.to_value(), value.to_value())),
                    }
                }
                let common = read_common(node, Place::Role, self.around())?;
                check_texts(node)?;
                (common, params)
            }
            _ => (Common::default(), Dict::new()),
        };
        let wanted = Wanted {
            found,
            common,
            params,
            from: RoleFiles::default(),
            include: None,
            public: None,
            is_static: true,
            validate: true,
            origin: Some(node.origin.clone()),
        };
        self.role(wanted, user)
    }

    fn role_name(&mut self, node: &Node, frame: &Frame) -> Result<String> {
        let name = match &node.kind {
            Kind::Scalar(Value::Str(text)) if text.as_str().contains(',') => {
                return Err(Error::user(format!("Invalid old style role requirement: {}", text.as_str())));
            }
            Kind::Scalar(Value::Str(text)) => Value::Str(text.clone()),
            Kind::Map(_) => {
                let name = node.get("role").or_else(|| node.get("name")).map(Node::to_value);
                name.filter(|name| name.as_str().is_some_and(|text| !text.is_empty()))
                    .ok_or_else(|| Error::user("role definitions must contain a role name").at(Some(&node.origin)))?
            }
            _ => return Err(Error::parser("Invalid role definition.").at(Some(&node.origin))),
        };
        self.rendered(&name, frame, &Dict::new()).map(|name| name.to_text())
    }

    /// Finds a role by its name.
    pub(super) fn find_role(
        &self,
        name: &str,
        beside: Option<&str>,
        collections: &[Arc<str>],
        origin: &Origin,
    ) -> Result<FoundRole> {
        let settings = &self.loader.settings;
        // Python's path is looked for only where a collection is meant.
        let of_collections = crate::content::is_full(name) || !collections.is_empty();
        let paths = if of_collections { self.loader.catalogue.collection_paths() } else { Vec::new() };
        let search = RoleSearch {
            basedir: &self.basedir,
            roles_path: &settings.roles_path,
            beside,
            collection_paths: &paths,
            refused: &|collection| self.loader.catalogue.collections().refused(collection).is_some(),
            collections,
            home: &settings.home,
            cwd: &settings.cwd,
        };
        search.find(name).map_err(|error| error.at(Some(origin)))
    }

    /// What `import_role` puts in its place.
    pub(super) fn import_role(&mut self, task: &Task, role: &IncludeRole, within: &Within) -> Result<Vec<Entry>> {
        let own = &task.common.vars;
        let name = text_of(&self.rendered(&role.name, &within.frame, own)?);
        let from = self.role_from(role, &within.frame, own)?;
        let public = self.flag(role.public.as_ref(), within, own)?;
        let wanted = self.wanted(task, role, &name, from, public, true, within)?;
        let kind = FrameKind::Import { dir: wanted.found.path.clone() };
        let frame = Frame::within(kind, task.common.clone(), task.origin.clone(), &within.frame);
        let used = self.role(wanted, User { frame: &frame, parents: parents_of(within) })?;
        let entries = used.tasks.clone();
        self.imported.push(used);
        Ok(entries)
    }

    /// The role of an import or include.
    #[expect(clippy::too_many_arguments, reason = "what an import and an include have rendered differs")]
    pub(super) fn wanted(
        &self,
        task: &Task,
        role: &IncludeRole,
        name: &Text,
        from: RoleFiles,
        public: Option<bool>,
        is_static: bool,
        within: &Within,
    ) -> Result<Wanted> {
        let own = task.common.collections.as_deref();
        let collections = own.unwrap_or_else(|| within.frame.collections());
        let origin = name.origin().or(task.origin.as_ref()).cloned();
        let unknown = Origin::described("<unknown>");
        let found = self.find_role(name.as_str(), None, collections, origin.as_ref().unwrap_or(&unknown))?;
        Ok(Wanted {
            found,
            common: Common { vars: task.common.vars.clone(), ..Common::default() },
            params: Dict::new(),
            from,
            include: Some(role.allow_duplicates.as_ref().is_none_or(boolean)),
            public,
            is_static,
            validate: role.rolespec_validate.as_ref().is_none_or(boolean),
            origin: task.origin.clone(),
        })
    }

    fn role_from(&mut self, role: &IncludeRole, frame: &Frame, own: &Dict) -> Result<RoleFiles> {
        let mut text = |value: &Option<Value>| match value {
            Some(value) => self.rendered(value, frame, own).map(|v| Some(v.to_text())),
            None => Ok(None),
        };
        Ok(RoleFiles {
            tasks: text(&role.tasks_from)?,
            vars: text(&role.vars_from)?,
            defaults: text(&role.defaults_from)?,
            handlers: text(&role.handlers_from)?,
        })
    }

    fn flag(&mut self, value: Option<&Value>, within: &Within, own: &Dict) -> Result<Option<bool>> {
        match value.filter(|value| !value.is_null()) {
            Some(value) => self.rendered(value, &within.frame, own).map(|value| Some(boolean(&value))),
            None => Ok(None),
        }
    }

    /// Reads a role with all that it depends on.
    pub(super) fn role(&mut self, wanted: Wanted, user: User<'_>) -> Result<RoleUse> {
        // A role may import other tasks of its own.
        let path = (wanted.found.path.clone(), wanted.from.tasks.clone());
        if self.under_way.contains(&path) {
            let message = "A recursion loop was detected with the roles specified. Make sure child roles do not have \
                           dependencies on parent roles.";
            let error = Error::user("maximum recursion depth exceeded while calling a Python object");
            return Err(error.context(message).at(wanted.origin.as_ref()));
        }
        self.under_way.push(path);
        let used = self.whole_role(wanted, user);
        self.under_way.pop();
        used
    }

    fn whole_role(&mut self, wanted: Wanted, user: User<'_>) -> Result<RoleUse> {
        let (name, path) = (wanted.found.name.clone(), wanted.found.path.clone());
        let vars = self.role_vars(&path, "vars", wanted.from.vars.as_deref(), &name)?;
        let defaults = self.role_vars(&path, "defaults", wanted.from.defaults.as_deref(), &name)?;
        let meta = self.metadata(&path, &name)?;
        let validate = wanted.validate;
        let data = Arc::new(self.role_data(wanted, vars, defaults, &meta));
        let (dependencies, mut tasks, mut handlers) = self.dependencies(&data, &meta, &user)?;
        if data.collection.is_none() {
            self.loader.add_library(&path);
            self.library = self.loader.library();
        }
        let identity = identity(&data);
        let role = Arc::new(Role { data: data.clone(), parents: user.parents, dependencies, identity });
        let frame = Frame::within(FrameKind::Role(role.clone()), data.common.clone(), data.origin.clone(), user.frame);
        if validate {
            tasks.extend(self.validation(&role, &frame, &meta)?);
        }
        let within = Within { frame: frame.clone(), role: Some(role.clone()), handlers: false };
        tasks.extend(self.role_list(&data, "tasks", data.from.tasks.as_deref(), &within)?);
        tasks.push(self.implicit_meta("role_complete", &frame, Some(&role)));
        let within = Within { handlers: true, ..within };
        handlers.extend(self.role_list(&data, "handlers", data.from.handlers.as_deref(), &within)?);
        Ok(RoleUse { role, tasks, handlers })
    }

    fn role_data(&self, wanted: Wanted, vars: Dict, defaults: Dict, meta: &Metadata) -> RoleData {
        let default_public = match self.loader.settings.private_role_vars {
            Some(private) => !private,
            None => wanted.is_static,
        };
        let collection = wanted.found.collection;
        // A role of no collection searches that of the playbook.
        let own = collection.as_deref().map(Arc::from).or_else(|| self.loader.default_collection());
        let mut collections: Vec<Arc<str>> = own.into_iter().collect();
        for more in &meta.collections {
            if !collections.contains(more) {
                collections.push(more.clone());
            }
        }
        let has_base = collections.iter().any(|c| matches!(&**c, "ansible.builtin" | "ansible.legacy"));
        if !collections.is_empty() && !has_base {
            collections.push(if collection.is_some() { "ansible.builtin" } else { "ansible.legacy" }.into());
        }
        RoleData {
            name: wanted.found.name,
            collection,
            path: wanted.found.path,
            defaults,
            vars,
            params: wanted.params,
            common: wanted.common,
            collections,
            allow_duplicates: wanted.include.unwrap_or(meta.allow_duplicates),
            from_include: wanted.include.is_some(),
            public: wanted.public.unwrap_or(default_public),
            is_static: wanted.is_static,
            from: wanted.from,
            origin: wanted.origin,
        }
    }

    #[expect(clippy::type_complexity, reason = "three lists that are extended together")]
    fn dependencies(
        &mut self,
        data: &Arc<RoleData>,
        meta: &Metadata,
        user: &User<'_>,
    ) -> Result<(Vec<Arc<Role>>, Vec<Entry>, Vec<Entry>)> {
        let (mut roles, mut tasks, mut handlers) = (Vec::new(), Vec::new(), Vec::new());
        if meta.dependencies.is_empty() {
            return Ok((roles, tasks, handlers));
        }
        let kind = FrameKind::Dependent(data.clone());
        let frame = Frame::within(kind, data.common.clone(), data.origin.clone(), user.frame);
        let mut collections: Vec<Arc<str>> = data.collection.iter().map(|c| c.as_str().into()).collect();
        collections.push("ansible.legacy".into());
        let beside = dirname(&data.path).to_owned();
        for node in &meta.dependencies {
            let mut parents = user.parents.clone();
            parents.push(data.clone());
            let used = self.role_use(node, User { frame: &frame, parents }, Some(&beside), &collections)?;
            roles.push(used.role);
            tasks.extend(used.tasks);
            handlers.extend(used.handlers);
        }
        Ok((roles, tasks, handlers))
    }

    /// The variables of a role's `vars` or `defaults`.
    fn role_vars(&self, path: &str, subdir: &str, main: Option<&str>, name: &str) -> Result<Dict> {
        let folder = format!("{path}/{subdir}");
        if !std::path::Path::new(&folder).is_dir() {
            return Ok(Dict::new());
        }
        let files = role_files(&folder, main, true);
        if let (true, Some(main)) = (files.is_empty(), main) {
            return Err(Error::parser(format!("Could not find specified file in role: {subdir}/{main}")));
        }
        let mut vars = Dict::new();
        for file in files {
            check_inside(&file, &folder, path)?;
            match self.loader.read(&file)?.to_value() {
                Value::Dict(more) => vars.update(&more),
                other if !other.truthy() => {}
                _ => {
                    return Err(Error::parser(format!(
                        "The {subdir}/main.yml file for role '{name}' must contain a dictionary of variables"
                    )));
                }
            }
        }
        Ok(vars)
    }

    fn role_list(&mut self, data: &RoleData, subdir: &str, main: Option<&str>, within: &Within) -> Result<Vec<Entry>> {
        let Some(node) = self.role_yaml(&data.path, subdir, main)? else { return Ok(Vec::new()) };
        if node.as_list().is_none() {
            let message = format!("The {subdir}/main.yml file for role '{}' must contain a list of tasks.", data.name);
            return Err(not_a_list(&node).context(message).at(Some(&node.origin)));
        }
        self.list(&node, within)
    }

    /// The task that checks a role's arguments against its spec, where it has one.
    fn validation(&self, role: &Arc<Role>, frame: &Arc<Frame>, meta: &Metadata) -> Result<Option<Entry>> {
        let data = &role.data;
        let entry = data.from.tasks.as_deref().unwrap_or("main");
        let Some(spec) = self.argument_spec(&data.path, meta, entry)? else { return Ok(None) };
        let mut name = format!("Validating arguments against arg spec '{entry}'");
        if let Some(short) = spec.get("short_description") {
            name = format!("{name} - {}", short.to_text());
        }
        let mut task = Task::implicit("ansible.builtin.validate_argument_spec", frame.clone());
        task.implicit = false;
        task.origin = Some(Origin::described("<unknown>"));
        task.name = Some(Value::Str(Text::trusted(name, None)));
        task.role = Some(role.clone());
        task.common.tags = vec![Value::str("always")];
        let context = Dict::from([
            ("type", Value::str("role")),
            ("name", data.name.clone().into()),
            ("argument_spec_name", entry.into()),
            ("path", data.path.clone().into()),
        ]);
        task.args = Dict::from([
            ("argument_spec", spec.get("options").cloned().unwrap_or_else(|| Dict::new().into())),
            ("provided_arguments", data.params.clone().into()),
            ("validate_args_context", context.into()),
        ]);
        if let Lookup::Found(action) = self.loader.catalogue.resolve(task.action.as_str(), &[], &[]) {
            task.resolved = Some(action);
        }
        Ok(Some(Entry::Task(Arc::new(task))))
    }
}

/// The roles that bring a role which is imported or included there.
pub(super) fn parents_of(within: &Within) -> Vec<Arc<RoleData>> {
    let Some(role) = &within.role else { return Vec::new() };
    role.parents.iter().chain([&role.data]).cloned().collect()
}

/// Equal for uses of a role that ansible-core takes for the same.
fn identity(data: &RoleData) -> u64 {
    let mut hasher = DefaultHasher::new();
    data.full_name().hash(&mut hasher);
    data.path.hash(&mut hasher);
    data.from_include.hash(&mut hasher);
    for dict in [&data.params, &data.common.vars] {
        repr(&Value::Dict(dict.clone())).hash(&mut hasher);
    }
    for list in [&data.common.when, &data.common.tags] {
        repr(&Value::list(list.iter().cloned())).hash(&mut hasher);
    }
    let from = &data.from;
    [&from.tasks, &from.vars, &from.defaults, &from.handlers].hash(&mut hasher);
    hasher.finish()
}
