//! From the inputs that were named to the files there are, each with the place of its output. Everything that concerns more
//! than one file is settled here, before anything is written: the same output twice, outputs among the inputs, an output
//! folder inside an input folder, links and special files, neutral names.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::input::{self, Id};
use super::naming;
use crate::formats::exports::Survey;
use crate::publish;
use crate::refusal::{Code, Refusal};
use crate::report::safe;
use crate::settings::{Destination, Mode, Settings};

/// One thing to do.
pub(super) struct Item {
    /// The input as it was given, or found under what was given.
    pub(super) shown: PathBuf,
    /// Where its bytes are.
    pub(super) input: Input,
    /// Where they go.
    pub(super) target: Target,
}

/// Where bytes come from.
pub(super) enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File {
        /// Whether a link was named on purpose.
        follow: bool,
    },
    /// Nowhere: it was turned down before it was opened.
    Refused(Refused),
}

/// A refusal that has not happened yet.
pub(super) struct Refused {
    code: Code,
    what: String,
    hint: String,
}

impl Refused {
    fn new(code: Code, what: impl Into<String>, hint: impl Into<String>) -> Refused {
        Refused { code, what: what.into(), hint: hint.into() }
    }

    fn of(refusal: &Refusal) -> Refused {
        Refused::new(refusal.code(), refusal.to_string(), refusal.advice())
    }

    pub(super) fn refusal(&self) -> Refusal {
        Refusal::new(self.code, self.what.clone()).hint(self.hint.clone())
    }
}

/// Where bytes go.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// Nowhere: the plan is only looked at.
    Nowhere,
    /// Standard output.
    Stdout,
    /// A file that should not be there yet.
    File(PathBuf),
    /// The file they came from.
    InPlace(PathBuf),
}

/// Everything there is to do.
#[derive(Default)]
pub(super) struct Work {
    /// The files, in the order of the inputs and, inside folders, of their names.
    pub(super) items: Vec<Item>,
    /// Folders of mirrored trees and their permission bits, so that empty ones are there too.
    pub(super) folders: Vec<(PathBuf, Option<u32>)>,
    /// What was left out, and why.
    pub(super) notes: Vec<String>,
    /// All inputs, where something could be overwritten.
    pub(super) inputs: HashSet<Id>,
}

/// Finds everything there is to do.
pub(super) fn walk(settings: &Settings) -> Work {
    let mut work = Work::default();
    let roots: Vec<Root> = settings.inputs.iter().map(|input| Root::new(settings, input)).collect();
    // Never clean our own outputs: no walk enters a folder that this run writes to.
    let outputs: HashSet<Id> = roots.iter().filter_map(|r| r.tree.as_deref()).filter_map(id_of).collect();
    for root in &roots {
        root.collect(settings, &outputs, &mut work);
    }
    if settings.rename {
        naming::neutral(settings, &mut work.items);
    }
    let turned_down = settle(&mut work);
    if settings.force {
        let files = work.items.iter().filter(|i| matches!(i.input, Input::File { .. })).map(|i| &i.shown);
        work.inputs = files.chain(&turned_down).filter_map(|path| id_of(path)).collect();
    }
    work
}

fn id_of(path: &Path) -> Option<Id> {
    fs::metadata(path).ok().and_then(|m| input::id(&m))
}

/// One of the inputs that were named.
struct Root<'a> {
    input: &'a Path,
    about: std::io::Result<fs::Metadata>,
    /// The folder under which its outputs go, where it is a folder itself or outputs go to a folder.
    tree: Option<PathBuf>,
    /// The output, where it is a single file.
    file: Target,
}

impl<'a> Root<'a> {
    fn new(settings: &Settings, input: &'a Path) -> Root<'a> {
        let about = fs::metadata(input);
        let is_folder = about.as_ref().is_ok_and(fs::Metadata::is_dir) && !is_stdin(input);
        let mut root = Root { input, about, tree: None, file: Target::Nowhere };
        if settings.mode != Mode::Clean {
            return root;
        }
        match &settings.to {
            Destination::InPlace { .. } => {
                let real = fs::canonicalize(input).unwrap_or_else(|_| input.to_path_buf());
                root.file = Target::InPlace(real);
            }
            Destination::Beside if is_stdin(input) => root.file = Target::Stdout,
            Destination::Beside => match real_name(input) {
                Some((parent, name)) if is_folder => root.tree = Some(parent.join(naming::clean_folder(&name))),
                Some((parent, name)) => root.file = Target::File(parent.join(naming::clean_file(&name))),
                None => {}
            },
            Destination::Output(output) => root.under(settings, output, is_folder),
        }
        root
    }

    /// `-o`: a file for one input file, else a folder; the tree itself for one input folder.
    fn under(&mut self, settings: &Settings, output: &Path, is_folder: bool) {
        let alone = settings.inputs.len() == 1;
        if is_stdin(output) {
            self.file = Target::Stdout;
        } else if alone && is_folder {
            self.tree = Some(output.to_path_buf());
        } else if alone && !output.is_dir() && !ends_with_separator(output) {
            self.file = Target::File(output.to_path_buf());
        } else {
            let name = if is_stdin(self.input) { Some("stdin".into()) } else { real_name(self.input).map(|(_, n)| n) };
            let place = name.map(|n| output.join(n));
            if is_folder {
                self.tree = place;
            } else {
                self.tree = Some(output.to_path_buf());
                self.file = place.map_or(Target::Nowhere, Target::File);
            }
        }
    }

    fn collect(&self, settings: &Settings, outputs: &HashSet<Id>, work: &mut Work) {
        let shown = self.input.to_path_buf();
        if is_stdin(self.input) {
            work.items.push(Item { shown, input: Input::Stdin, target: self.file.clone() });
            return;
        }
        match &self.about {
            Err(e) => {
                let what = format!("the file could not be read: {e}");
                let why = Refused::new(Code::Read, what, "check the spelling and the rights");
                work.refuse(shown, why);
            }
            Ok(about) if about.is_dir() => {
                let is_output = input::id(about).is_some_and(|id| outputs.contains(&id));
                if is_output && settings.to == Destination::Beside {
                    work.notes.push(format!("left out: {} (outputs of this run go there)", safe::path(self.input)));
                    return;
                }
                let cleaning_beside = settings.mode == Mode::Clean && !matches!(settings.to, Destination::InPlace { .. });
                if cleaning_beside && self.tree.is_none() {
                    work.refuse(shown, Refused::new(Code::Unsupported, "this folder has no name", "use --output FOLDER"));
                    return;
                }
                let first = work.items.len();
                let mut walker = Walker { settings, outputs, work, tree: self.tree.as_deref() };
                walker.folder(self.input, Path::new(""), 0);
                work.survey(first);
            }
            Ok(about) if about.is_file() => {
                work.items.push(Item { shown, input: Input::File { follow: true }, target: self.file.clone() });
            }
            Ok(about) => work.refuse(shown, Refused::of(&input::special(about))),
        }
    }
}

impl Work {
    /// Says what the names in a folder show as a whole; its items begin at `first`.
    fn survey(&mut self, first: usize) {
        let mut survey = Survey::default();
        self.items[first..].iter().for_each(|item| survey.see(&item.shown.to_string_lossy()));
        self.notes.extend(survey.words());
        if let Some(sidecars) = survey.sidecars() {
            let sidecars = safe::text(&sidecars).into_owned();
            self.notes.push(format!(
                "side-cars tell times and places of the files beside them: {sidecars}; --drop sidecars leaves them out"
            ));
        }
    }

    fn refuse(&mut self, shown: PathBuf, why: Refused) {
        self.items.push(Item { shown, input: Input::Refused(why), target: Target::Nowhere });
    }
}

/// Goes through a folder, in the order of names, which is the same on every system.
struct Walker<'a> {
    settings: &'a Settings,
    outputs: &'a HashSet<Id>,
    work: &'a mut Work,
    tree: Option<&'a Path>,
}

impl Walker<'_> {
    /// Folders nest no deeper than this; links are not followed, so there are no circles.
    const DEEPEST: usize = 512;

    fn folder(&mut self, path: &Path, under: &Path, depth: usize) {
        if let Some(tree) = self.tree {
            let mode = if self.settings.policy.is_strict() {
                Some(0o755)
            } else {
                fs::metadata(path).ok().and_then(|m| publish::mode(&m))
            };
            self.work.folders.push((tree.join(under), mode));
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) if depth < Walker::DEEPEST => entries,
            Ok(_) => {
                let why = Refused::new(Code::Limit, "folders nest too deep", "clean the inner folder by itself");
                return self.work.refuse(path.to_path_buf(), why);
            }
            Err(e) => {
                let why = Refused::new(Code::Read, format!("the folder could not be read: {e}"), "check its rights");
                return self.work.refuse(path.to_path_buf(), why);
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            self.entry(&entry, under, depth);
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, under: &Path, depth: usize) {
        let (path, name) = (entry.path(), entry.file_name());
        if publish::is_unpublished(&name) {
            return;
        }
        if let Some(what) = naming::left_out(&self.settings.policy, &name) {
            self.work.notes.push(format!("left out: {} ({what})", safe::path(&path)));
            return;
        }
        let about = match fs::symlink_metadata(&path) {
            Ok(about) => about,
            Err(e) => {
                let why = Refused::new(Code::Read, format!("the file could not be read: {e}"), "check its rights");
                return self.work.refuse(path, why);
            }
        };
        if about.is_dir() {
            if input::id(&about).is_some_and(|id| self.outputs.contains(&id)) {
                self.work.notes.push(format!("left out: {} (outputs of this run go there)", safe::path(&path)));
                return;
            }
            self.folder(&path, &under.join(&name), depth + 1);
        } else if about.is_file() {
            let target = match (&self.settings.to, self.tree) {
                _ if self.settings.mode != Mode::Clean => Target::Nowhere,
                (Destination::InPlace { .. }, _) => Target::InPlace(path.clone()),
                (_, Some(tree)) => Target::File(tree.join(under).join(&name)),
                (_, None) => Target::Nowhere,
            };
            self.work.items.push(Item { shown: path, input: Input::File { follow: false }, target });
        } else {
            self.work.refuse(path, Refused::of(&input::special(&about)));
        }
    }
}

/// No output twice, and no output of this run among its inputs. Returns the files that were turned down.
fn settle(work: &mut Work) -> Vec<PathBuf> {
    let mut turned_down = Vec::new();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut taken: HashMap<PathBuf, PathBuf> = HashMap::new();
    let mut kept = Vec::with_capacity(work.items.len());
    for mut item in std::mem::take(&mut work.items) {
        let (Target::File(place) | Target::InPlace(place)) = &item.target else {
            kept.push(item);
            continue;
        };
        let (place, source) = (absolute(place), absolute(&item.shown));
        match taken.get(&place) {
            // The same file was named twice: once is enough.
            Some(other) if *other == source || matches!(item.target, Target::InPlace(_)) => continue,
            Some(other) => {
                let what = format!("its output would be that of {} too: {}", safe::path(other), safe::path(&place));
                item.input = Input::Refused(Refused::new(Code::Exists, what, "use --rename, or another --output"));
                item.target = Target::Nowhere;
                turned_down.push(item.shown.clone());
            }
            None => {
                taken.insert(place, source);
            }
        }
        kept.push(item);
    }
    let (notes, in_place) = (&mut work.notes, |item: &Item| matches!(item.target, Target::InPlace(_)));
    kept.retain(|item| {
        let ours = !in_place(item) && taken.get(&absolute(&item.shown)).is_some_and(|from| *from != absolute(&item.shown));
        if ours && matches!(item.input, Input::File { .. }) {
            notes.push(format!("left out: {} (it is an output of this run)", safe::path(&item.shown)));
            return false;
        }
        true
    });
    work.items = kept;
    turned_down
}

/// `-` is standard input or output.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The folder and the name of an input, also where it was given as `.` or `..`; `None` for the root of a file system.
fn real_name(path: &Path) -> Option<(PathBuf, std::ffi::OsString)> {
    let named = !path.as_os_str().as_encoded_bytes().ends_with(b".") && path.file_name().is_some();
    let real = if named { path.to_path_buf() } else { fs::canonicalize(path).ok()? };
    let name = real.file_name()?.to_os_string();
    Some((real.parent().map(Path::to_path_buf).unwrap_or_default(), name))
}

fn ends_with_separator(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|b| std::path::is_separator(char::from(*b)))
}
