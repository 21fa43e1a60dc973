//! The files of the repository as the rules of `house` see them: their text and syntax, where each
//! hangs in the module tree, and which of it exists in tests only. Judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// One file of the repository, parsed when it is Rust.
pub(crate) struct SourceFile {
    /// Path from the top of the repository, with `/`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// Its syntax, for Rust that parses.
    pub(crate) syntax: Option<syn::File>,
}

impl SourceFile {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let syntax = path
            .ends_with(".rs")
            .then(|| syn::parse_file(text).ok())
            .flatten();
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            syntax,
        }
    }

    /// Whether it is part of the program, not of its tests and measurements.
    pub(crate) fn is_program(&self) -> bool {
        self.path.starts_with("src/") && self.path.ends_with(".rs")
    }

    /// The room it stands in: the folder under `src/`, or `lib` and `main`.
    pub(crate) fn room(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or("");
        let first = below.split('/').next().unwrap_or("");
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

/// A broken rule, where, and what to do instead.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Breach {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Breach {
    pub(crate) fn at(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Every text file of the repository, but not what version control ignores.
pub(crate) fn repository() -> Vec<SourceFile> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ignored = fs::read_to_string(top.join(".gitignore")).unwrap_or_default();
    let mut skip: BTreeSet<&str> = ignored.lines().map(|line| line.trim_matches('/')).collect();
    skip.insert(".git");
    let mut files = Vec::new();
    read_folder(top, "", &skip, &mut files);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn read_folder(top: &Path, below: &str, skip: &BTreeSet<&str>, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(top.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if below.is_empty() && skip.contains(name.as_str()) {
            continue;
        }
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if entry.file_type().unwrap().is_dir() {
            read_folder(top, &path, skip, files);
        } else {
            // Bytes that are no text (a spreadsheet among the fixtures) still have a path.
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            files.push(SourceFile::new(&path, &text));
        }
    }
}

/// Where a file hangs in the module tree.
#[derive(Clone)]
pub(crate) struct Place {
    /// Module path from the root of the crate.
    pub(crate) module: Vec<String>,
    /// Reached through `#[cfg(test)]` only.
    pub(crate) test_only: bool,
}

/// Follows `mod` lines from `lib.rs` and `main.rs`, `#[path]` included. A file that is not in the
/// answer is never compiled.
pub(crate) fn module_tree(files: &[SourceFile]) -> BTreeMap<String, Place> {
    let by_path: BTreeMap<&str, &SourceFile> = files
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    let mut waiting = vec![
        ("src/lib.rs".to_owned(), Vec::new(), false),
        ("src/main.rs".to_owned(), vec!["main".to_owned()], false),
    ];
    while let Some((path, module, test_only)) = waiting.pop() {
        let Some(file) = by_path.get(path.as_str()) else {
            continue;
        };
        match places.get_mut(&path) {
            Some(known) if test_only || !known.test_only => continue,
            Some(known) => known.test_only = false,
            None => {
                let place = Place {
                    module: module.clone(),
                    test_only,
                };
                places.insert(path.clone(), place);
            }
        }
        if let Some(syntax) = &file.syntax {
            let (folder, beside) = folders(&path);
            let at = At {
                beside: &beside,
                folder: &folder,
                module: &module,
                test_only: test_only || is_test_only(&syntax.attrs),
            };
            declared(&syntax.items, &at, &by_path, &mut waiting);
        }
    }
    places
}

struct At<'a> {
    /// The folder the file stands in, from which `#[path]` counts.
    beside: &'a str,
    /// The folder its child modules stand in.
    folder: &'a str,
    module: &'a [String],
    test_only: bool,
}

fn declared(
    items: &[syn::Item],
    at: &At<'_>,
    by_path: &BTreeMap<&str, &SourceFile>,
    waiting: &mut Vec<(String, Vec<String>, bool)>,
) {
    for item in items {
        let syn::Item::Mod(child) = item else {
            continue;
        };
        let name = plain(&child.ident);
        let mut module = at.module.to_vec();
        module.push(name.clone());
        let test_only = at.test_only || is_test_only(&child.attrs);
        let below = format!("{}/{name}", at.folder);
        if let Some((_, inner)) = &child.content {
            let inside = At {
                beside: &below,
                folder: &below,
                module: &module,
                test_only,
            };
            declared(inner, &inside, by_path, waiting);
        } else if let Some(path) = path_attribute(&child.attrs) {
            waiting.push((format!("{}/{path}", at.beside), module, test_only));
        } else {
            let flat = format!("{below}.rs");
            let found = if by_path.contains_key(flat.as_str()) {
                flat
            } else {
                format!("{below}/mod.rs")
            };
            waiting.push((found, module, test_only));
        }
    }
}

/// The folder of a file's child modules, and the folder it stands in itself.
fn folders(path: &str) -> (String, String) {
    let (beside, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let folder = match stem {
        "mod" | "lib" | "main" => beside.to_owned(),
        _ => format!("{beside}/{stem}"),
    };
    (folder, beside.to_owned())
}

/// The module a file would be by its place on disk, for files no `mod` line leads to.
pub(crate) fn module_by_path(path: &str) -> Vec<String> {
    let below = path.strip_prefix("src/").unwrap_or(path);
    let below = below.strip_suffix(".rs").unwrap_or(below);
    let parts = below
        .split('/')
        .filter(|part| !matches!(*part, "mod" | "lib"));
    parts.map(str::to_owned).collect()
}

/// The text of `#[path = "…"]`.
pub(crate) fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) if pair.path.is_ident("path") => Some(text.value()),
            _ => None,
        }
    })
}

/// Whether an item exists in tests only: `cfg(test)`, or `cfg(all(…))` with `test` among them.
pub(crate) fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => demands_test(list.tokens.clone()),
        _ => false,
    })
}

fn demands_test(condition: TokenStream) -> bool {
    let trees: Vec<TokenTree> = condition.into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(word)] => word == "test",
        [TokenTree::Ident(word), TokenTree::Group(group)] if word == "all" => {
            let parts: Vec<TokenTree> = group.stream().into_iter().collect();
            parts
                .split(|tree| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == ','))
                .any(|part| demands_test(part.iter().cloned().collect()))
        }
        _ => false,
    }
}

/// The first and last line of everything that exists in tests only.
pub(crate) fn test_lines(file: &syn::File) -> Vec<(usize, usize)> {
    struct Tests(Vec<(usize, usize)>);
    impl<'ast> Visit<'ast> for Tests {
        fn visit_item(&mut self, item: &'ast syn::Item) {
            if is_test_only(attributes_of(item)) {
                let span = item.span();
                self.0.push((span.start().line, span.end().line));
            } else {
                visit::visit_item(self, item);
            }
        }
    }
    let mut tests = Tests(Vec::new());
    tests.visit_file(file);
    tests.0
}

pub(crate) fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// A name without the `r#` that lets keywords be names.
pub(crate) fn plain(ident: &syn::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
