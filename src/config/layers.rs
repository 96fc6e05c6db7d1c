//! Reading the layers in their order, each over the one before: defaults, file, environment, flags. All mistakes are
//! collected, so that one start shows everything there is to mend.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use super::{
    Config, ConfigError, FirstAdmin, Secret, check,
    keys::{self, Draft},
    read_secret_file,
    setting::Raw,
};

/// A value given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagValue {
    /// The key it sets, dotted.
    pub key: &'static str,
    /// How the person wrote it: `--listen`.
    pub flag: &'static str,
    pub value: String,
}

/// A checked configuration and what the operator should know about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// Sentences for the log: ignored variables and the like.
    pub warnings: Vec<String>,
}

/// Where a value came from; later layers win.
#[derive(Clone, Debug)]
enum Origin {
    File { path: PathBuf, line: usize },
    Variable(String),
    Flag(&'static str),
}

impl Origin {
    fn label(&self) -> String {
        match self {
            Self::File { path, line } => format!("{}, line {line}", path.display()),
            Self::Variable(name) => name.clone(),
            Self::Flag(flag) => (*flag).to_owned(),
        }
    }
}

#[derive(Default)]
struct Layers {
    draft: Draft,
    origins: BTreeMap<String, Origin>,
    password: Option<Secret>,
    problems: Vec<String>,
    warnings: Vec<String>,
}

/// Reads and checks all layers. `file` is what `--config` names (else `PARLOR_CONFIG` decides); `variables` is the
/// environment, of which only names beginning with `PARLOR_` count.
///
/// # Errors
/// Every mistake of every layer, together.
pub fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
    flags: &[FlagValue],
) -> Result<Loaded, ConfigError> {
    // An empty variable is how start scripts spell "not set".
    let variables: BTreeMap<String, String> =
        variables.into_iter().filter(|(name, value)| name.starts_with("PARLOR_") && !value.is_empty()).collect();
    let file = file.map(Path::to_owned).or_else(|| variables.get("PARLOR_CONFIG").map(PathBuf::from));

    let mut layers = Layers::default();
    if let Some(path) = file {
        layers.read_file(&path);
    }
    layers.read_variables(variables);
    for flag in flags {
        layers.set(flag.key, &Raw::Text(flag.value.clone()), Origin::Flag(flag.flag));
    }
    layers.finish()
}

/// The configuration as a file would spell it, without any secret.
pub fn describe(config: &Config) -> String {
    let admin_email = config.admin.as_ref().map(|admin| admin.email.clone()).unwrap_or_default();
    let draft = Draft { config: config.clone(), admin_email, admin_password_file: PathBuf::new() };
    let mut text = String::new();
    let mut section = "";
    let all = keys::show_all(&draft);
    for (name, value) in &all {
        let (table, key) = name.split_once('.').unwrap_or(("", name));
        if table != section {
            let _ = writeln!(text, "\n[{table}]");
            section = table;
        }
        let _ = writeln!(text, "{key} = {value}");
    }
    text
}

impl Layers {
    fn read_file(&mut self, path: &Path) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(cause) => {
                let path = path.display();
                self.problems
                    .push(format!("configuration file {path}: {cause}; give --config a file that can be read"));
                return;
            }
        };
        let (table, mistakes) = DeTable::parse_recoverable(&text);
        for mistake in &mistakes {
            let line = line_at(&text, mistake.span().map_or(0, |span| span.start));
            self.problems.push(format!("{}, line {line}: {}", path.display(), mistake.message()));
        }
        // What a broken file seems to say is not worth a second complaint.
        if mistakes.is_empty() {
            self.read_table(path, &text, "", table.get_ref());
        }
    }

    fn read_table(&mut self, path: &Path, text: &str, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let origin = Origin::File { path: path.to_owned(), line: line_at(text, key.span().start) };
            match value.get_ref() {
                DeValue::Table(inner) if keys::SECTIONS.contains(&name.as_str()) => {
                    self.read_table(path, text, &format!("{name}."), inner);
                }
                value => self.set(&name, &raw_of(value), origin),
            }
        }
    }

    fn read_variables(&mut self, variables: BTreeMap<String, String>) {
        let known: BTreeMap<String, String> =
            keys::names().into_iter().map(|name| (keys::variable_of(&name), name)).collect();
        for (variable, value) in variables {
            match (variable.as_str(), known.get(&variable)) {
                ("PARLOR_CONFIG", _) => {}
                ("PARLOR_ADMIN_PASSWORD", _) => self.password = Some(Secret::new(value)),
                (_, Some(key)) => self.set(key, &Raw::Text(value), Origin::Variable(variable.clone())),
                // The environment is shared with other programs, so a stranger in it must not stop the start.
                (_, None) => {
                    let hint = did_you_mean(keys::closest(&variable, known.keys().map(String::as_str)));
                    self.warnings.push(format!("{variable} sets nothing and is ignored{hint}"));
                }
            }
        }
    }

    fn set(&mut self, key: &str, raw: &Raw, origin: Origin) {
        match keys::read(&mut self.draft, key, raw) {
            Some(Ok(())) => {
                self.origins.insert(key.to_owned(), origin);
            }
            Some(Err(cause)) => self.problems.push(format!("{}: `{key}`: {cause}", origin.label())),
            None => self.problems.push(format!("{}: {}", origin.label(), unknown(key))),
        }
    }

    fn finish(mut self) -> Result<Loaded, ConfigError> {
        self.draft.config.admin = self.first_admin();
        for (key, cause) in check::problems(&self.draft.config) {
            let origin = self.origins.get(key).map(|origin| format!("{}: ", origin.label())).unwrap_or_default();
            self.problems.push(format!("{origin}`{key}`: {cause}"));
        }
        if self.problems.is_empty() {
            Ok(Loaded { config: self.draft.config, warnings: self.warnings })
        } else {
            Err(ConfigError { problems: self.problems })
        }
    }

    /// Joins address and password; the flag's file goes before the variable, the variable before any other file.
    fn first_admin(&mut self) -> Option<FirstAdmin> {
        let email = self.draft.admin_email.clone();
        let file = self.draft.admin_password_file.clone();
        let by_flag = matches!(self.origins.get("admin.password_file"), Some(Origin::Flag(_)));
        if email.is_empty() {
            if !file.as_os_str().is_empty() {
                self.problems.push("`admin.password_file`: whose password? Give --admin-email too".to_owned());
            } else if self.password.is_some() {
                self.warnings
                    .push("PARLOR_ADMIN_PASSWORD is ignored without --admin-email or PARLOR_ADMIN_EMAIL".to_owned());
            }
            return None;
        }
        let password = match self.password.take() {
            Some(password) if !by_flag => Ok(password),
            _ if file.as_os_str().is_empty() => {
                Err("`admin.email`: needs a password; give --admin-password-file FILE or set PARLOR_ADMIN_PASSWORD"
                    .to_owned())
            }
            _ => read_secret_file(&file).map_err(|cause| format!("`admin.password_file`: {cause}")),
        };
        match password {
            Ok(password) => Some(FirstAdmin { email, password }),
            Err(cause) => {
                self.problems.push(cause);
                None
            }
        }
    }
}

fn unknown(key: &str) -> String {
    if key == "admin.password" {
        return "unknown key `admin.password`; keep the password in a file of its own and name it in `admin.password_file`"
            .to_owned();
    }
    let names = keys::names();
    let candidates = names.iter().map(String::as_str).chain(keys::SECTIONS.iter().copied());
    format!("unknown key `{key}`{}", did_you_mean(keys::closest(key, candidates)))
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn raw_of(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Boolean(value) => Raw::Boolean(*value),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Raw::Other("a number so large"), Raw::Integer)
        }
        DeValue::Array(parts) => parts
            .iter()
            .map(|part| part.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map_or(Raw::Other("a list of other things than texts"), Raw::List),
        DeValue::Float(_) => Raw::Other("a fraction"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
