//! Applies the rules of `house`: each check takes the files of a repository, real or planted, and
//! gives the breaches with what to do instead. Knows no rule by itself; the tables do.

use std::collections::{BTreeMap, BTreeSet};

use crate::house::{
    CLOCK_HOME, CLOCK_READS, DEPTH_MAX, ENGINES, FOREIGN_WORDS, HOT_PATH, KEEPERS, LINES_MAX,
    LONG_FILES, MAY_NAME_REFUSED, NOT_ON_ROSTER, REFUSED_WORDS, ROOMS, ROSTERS, STOPWATCH_HOMES,
    TOOLS, TOP_LEVEL, WRITTEN,
};
use crate::house_mentions::{Mention, mentions};
use crate::house_source::{Breach, SourceFile, module_tree, plain, test_lines};

/// Every folder under `src/` is a room of the table, and no file stands outside a room.
pub(crate) fn check_rooms(files: &[SourceFile]) -> Vec<Breach> {
    let stranger = |file: &&SourceFile| {
        let loose = file.path.matches('/').count() == 1;
        let known = ROOMS.iter().any(|(room, _)| *room == file.room());
        !known || loose != matches!(file.room(), "lib" | "main")
    };
    programs(files)
        .filter(stranger)
        .map(|file| {
            let room = file.room();
            let message = format!("`{room}` is not a room: use one of the table in `house.rs`");
            Breach::at(&file.path, 1, message)
        })
        .collect()
}

/// Imports go down: a room names only the rooms its line in the table allows.
pub(crate) fn check_imports(files: &[SourceFile]) -> Vec<Breach> {
    judge_mentions(files, |file, mention| {
        if mention.path.first().map(String::as_str) == Some("#[path]") {
            let strays = mention.path.iter().any(|text| text.contains(".."));
            return strays.then(|| "`#[path]` stays in its own room".to_owned());
        }
        if !mention.ours {
            return None;
        }
        let Some(room) = mention.path.first() else {
            return mention
                .import
                .then(|| "names the whole house: import what is used, by its room".to_owned());
        };
        let own = file.room();
        if room == own || !ROOMS.iter().any(|(known, _)| known == room) {
            return None;
        }
        let allowed = ROOMS.iter().find(|(known, _)| *known == own)?.1;
        if !allowed.contains(&room.as_str()) && !is_tool(own, &mention.path) {
            let may = allowed.join(", ");
            return Some(format!(
                "`{own}` must not know `{room}` (it may import: {may}). What two rooms share is a \
                 word and lives in `domain`; to change something take a journey, to show something \
                 ask reporting"
            ));
        }
        mention.passed_on.then(|| {
            format!("passes on what lives in `{room}`: let the reader name it where it lives")
        })
    })
}

/// Whether a path is, or begins with, one of the tools a room may use of a neighbour.
fn is_tool(room: &str, path: &[String]) -> bool {
    let path = path.join("::") + "::";
    let tools = TOOLS.iter().filter(|(user, _)| *user == room);
    tools
        .flat_map(|(_, tools)| tools.iter())
        .any(|tool| path.starts_with(&format!("{tool}::")))
}

/// A crate with a key is named by its keyholder only, and not handed on.
pub(crate) fn check_keepers(files: &[SourceFile]) -> Vec<Breach> {
    judge_mentions(files, |file, mention| {
        let name = mention.path.first()?;
        let keeper = KEEPERS
            .iter()
            .find(|keeper| keeper.names.contains(&name.as_str()))?;
        if !at_home(file, keeper.homes) {
            return Some(format!("names `{name}`: {}", keeper.instead));
        }
        (mention.passed_on && !keeper.passes_on)
            .then(|| format!("hands `{name}` on to other rooms: {}", keeper.instead))
    })
}

/// Time comes from `Clock`, so that tests and demonstrations decide what day it is.
pub(crate) fn check_clock(files: &[SourceFile]) -> Vec<Breach> {
    let tree = module_tree(files);
    let mut breaches = Vec::new();
    for file in programs(files).filter(|file| file.path != CLOCK_HOME) {
        let found = mentions(file, &tree);
        let aliases: BTreeMap<&str, &str> = found
            .iter()
            .filter_map(|one| Some((one.alias.as_deref()?, one.path.last()?.as_str())))
            .collect();
        for mention in &found {
            let read = mention.path.windows(2).find_map(|pair| {
                let name = pair[0].as_str();
                let true_name = *aliases.get(name).unwrap_or(&name);
                let asked = (true_name, pair[1].as_str());
                CLOCK_READS.contains(&asked).then_some(asked)
            });
            let Some((of, function)) = read else {
                continue;
            };
            if of == "Instant" && at_home(file, STOPWATCH_HOMES) {
                continue;
            }
            let message = format!(
                "reads the clock with `{of}::{function}`: take the instant as an argument, or ask \
                 `config::clock::Clock`"
            );
            breaches.push(Breach::at(&file.path, mention.line, message));
        }
    }
    tidy(breaches)
}

/// Files stay short enough to be read in one sitting; tests are not counted.
pub(crate) fn check_length(files: &[SourceFile]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for file in programs(files) {
        let of_tests: usize = file.syntax.as_ref().map_or(0, |syntax| {
            let spans = test_lines(syntax).into_iter();
            spans.map(|(first, last)| last + 1 - first).sum()
        });
        let lines = file.text.lines().count().saturating_sub(of_tests);
        let excepted = LONG_FILES.iter().any(|(path, _)| *path == file.path);
        if lines > LINES_MAX && !excepted {
            let message = format!(
                "{lines} lines without tests, {LINES_MAX} are the limit: split by idea, or name \
                 the file in `LONG_FILES` with a reason"
            );
            breaches.push(Breach::at(&file.path, LINES_MAX, message));
        } else if lines <= LINES_MAX && excepted {
            let message = "is short again: strike it from `LONG_FILES`";
            breaches.push(Breach::at(&file.path, 1, message));
        }
    }
    breaches
}

/// SQLite prepares a statement anew at every run if its `LIMIT` is bound, as that of `first` is: the
/// hot path reads by unique keys and limits nothing.
pub(crate) fn check_hot_limits(files: &[SourceFile]) -> Vec<Breach> {
    let hot = files.iter().filter(|file| file.path.starts_with(HOT_PATH));
    let mut breaches = Vec::new();
    for file in hot {
        for (number, line) in (1..).zip(file.text.lines()) {
            if [".first(", ".first::<", ".limit("]
                .iter()
                .any(|word| line.contains(word))
            {
                let message = "limits what is read by a bound number: use `get_result`";
                breaches.push(Breach::at(&file.path, number, message));
            }
        }
    }
    breaches
}

/// Every file opens with `//!`: one to four sentences, then paragraphs if they are needed.
pub(crate) fn check_module_docs(files: &[SourceFile]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| is_rust(file)) {
        let opening: Vec<&str> = file
            .text
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .collect();
        let message = match sentences(&opening.join(" ")) {
            0 => "opens with `//!` and a sentence: what it is, what comes in, what goes out",
            1..=4 => continue,
            _ => "the opening has more than four sentences: start a new paragraph",
        };
        breaches.push(Breach::at(&file.path, 1, message));
    }
    breaches
}

/// Every file under `src/` parses and is reached from `lib.rs` or `main.rs`.
pub(crate) fn check_declared(files: &[SourceFile]) -> Vec<Breach> {
    let tree = module_tree(files);
    let mut breaches = Vec::new();
    for file in programs(files) {
        if file.syntax.is_none() {
            let message = "does not parse, so no rule was checked: mend it first";
            breaches.push(Breach::at(&file.path, 1, message));
        } else if !tree.contains_key(&file.path) {
            let message = "no `mod` line leads here, so it is never compiled: declare or delete it";
            breaches.push(Breach::at(&file.path, 1, message));
        }
    }
    breaches
}

/// Every file of a roster folder stands in its `ROSTER`.
pub(crate) fn check_rosters(files: &[SourceFile]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for folder in ROSTERS {
        let door = format!("{folder}/mod.rs");
        let listed = files
            .iter()
            .find(|file| file.path == door)
            .and_then(|file| file.syntax.as_ref())
            .map(on_roster)
            .unwrap_or_default();
        for file in programs(files) {
            let Some(name) = file.path.strip_prefix(&format!("{folder}/")) else {
                continue;
            };
            let name = name.strip_suffix(".rs").unwrap_or(name);
            let excepted = NOT_ON_ROSTER.iter().any(|(path, _)| *path == file.path);
            if name != "mod" && !excepted && !listed.contains(name) {
                let message = format!("stands in no roster: add its line to `ROSTER` in {door}");
                breaches.push(Breach::at(&file.path, 1, message));
            }
        }
    }
    breaches
}

/// The child modules that the item named `ROSTER` draws on, directly or through an import.
fn on_roster(door: &syn::File) -> BTreeSet<String> {
    let text_of = |item: &syn::Item| match item {
        syn::Item::Const(item) => Some((plain(&item.ident), idents(&item.expr))),
        syn::Item::Static(item) => Some((plain(&item.ident), idents(&item.expr))),
        _ => None,
    };
    let mut roster: BTreeSet<String> = door
        .items
        .iter()
        .filter_map(text_of)
        .filter(|(name, _)| name == "ROSTER")
        .flat_map(|(_, names)| names)
        .collect();
    let file = SourceFile {
        path: "src/roster/mod.rs".to_owned(),
        text: String::new(),
        syntax: Some(door.clone()),
    };
    for mention in mentions(&file, &BTreeMap::new()) {
        let known_here = mention.alias.as_ref().or(mention.path.last());
        if mention.import && known_here.is_some_and(|name| roster.contains(name)) {
            roster.extend(mention.path);
        }
    }
    roster
}

fn idents(expression: &syn::Expr) -> Vec<String> {
    struct Idents(Vec<String>);
    impl<'ast> syn::visit::Visit<'ast> for Idents {
        fn visit_ident(&mut self, ident: &'ast syn::Ident) {
            self.0.push(plain(ident));
        }
    }
    let mut found = Idents(Vec::new());
    syn::visit::Visit::visit_expr(&mut found, expression);
    found.0
}

/// Both databases have the same migrations under the same numbers and names.
pub(crate) fn check_migrations(files: &[SourceFile]) -> Vec<Breach> {
    let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files {
        if let ["migrations", engine, folder, _] = file.path.split('/').collect::<Vec<_>>()[..] {
            folders.entry(engine).or_default().insert(folder);
        }
    }
    let mut breaches = Vec::new();
    for (engine, names) in &folders {
        let mut numbers = BTreeSet::new();
        for name in names {
            let path = format!("migrations/{engine}/{name}");
            let mut refuse = |why: &str| breaches.push(Breach::at(&path, 1, why));
            let (number, title) = name.split_once('_').unwrap_or((name, ""));
            let four_digits = number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit());
            if !ENGINES.contains(engine) {
                refuse("migrations stand in `sqlite` and `postgres`");
            }
            if !four_digits || title.is_empty() {
                refuse("a migration is named NNNN_name");
            }
            if !numbers.insert(number) {
                refuse("two migrations with one number: take the next");
            }
            if !files
                .iter()
                .any(|file| file.path == format!("{path}/up.sql"))
            {
                refuse("has no up.sql");
            }
            for other in ENGINES {
                if !folders.get(other).is_some_and(|known| known.contains(name)) {
                    refuse(&format!(
                        "has no counterpart in migrations/{other}: write it too"
                    ));
                }
            }
        }
    }
    breaches
}

/// Nobody leaves a reminder or a scaffold behind, in code or in comments.
pub(crate) fn check_refused_words(files: &[SourceFile]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for file in files {
        if MAY_NAME_REFUSED.contains(&file.path.as_str()) || !is_written(file) {
            continue;
        }
        for (word, instead) in REFUSED_WORDS {
            let lines = lines_with(&file.text, word).into_iter();
            breaches.extend(lines.map(|line| {
                Breach::at(&file.path, line, format!("`{word}` is refused: {instead}"))
            }));
        }
    }
    breaches
}

/// The product speaks of its users' work, not of where it was made.
pub(crate) fn check_foreign_words(files: &[SourceFile]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for file in files {
        for word in FOREIGN_WORDS {
            let lines = lines_with(&file.text, word).into_iter();
            breaches.extend(lines.map(|line| {
                let message =
                    format!("`{word}` does not belong here: say it in the office's words");
                Breach::at(&file.path, line, message)
            }));
        }
    }
    breaches
}

/// At most two levels of folders under `src/`.
pub(crate) fn check_depth(files: &[SourceFile]) -> Vec<Breach> {
    files
        .iter()
        .filter(|file| file.path.starts_with("src/"))
        .filter(|file| file.path.matches('/').count() > DEPTH_MAX + 1)
        .map(|file| Breach::at(&file.path, 1, "too deep: two levels under src, no more"))
        .collect()
}

/// Nothing unknown at the top of the repository.
pub(crate) fn check_top_level(files: &[SourceFile]) -> Vec<Breach> {
    let entries: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.split('/').next())
        .collect();
    entries
        .into_iter()
        .filter(|entry| !entry.starts_with('.') && !TOP_LEVEL.contains(entry))
        .map(|entry| Breach::at(entry, 1, "unknown at the top: put it into a folder that is"))
        .collect()
}

fn judge_mentions(
    files: &[SourceFile],
    judge: impl Fn(&SourceFile, &Mention) -> Option<String>,
) -> Vec<Breach> {
    let tree = module_tree(files);
    let mut breaches = Vec::new();
    for file in programs(files) {
        for mention in mentions(file, &tree) {
            if let Some(message) = judge(file, &mention) {
                breaches.push(Breach::at(&file.path, mention.line, message));
            }
        }
    }
    tidy(breaches)
}

fn tidy(mut breaches: Vec<Breach>) -> Vec<Breach> {
    breaches.sort();
    breaches.dedup();
    breaches
}

fn programs(files: &[SourceFile]) -> impl Iterator<Item = &SourceFile> {
    files.iter().filter(|file| file.is_program())
}

/// Whether a file is one of the homes, or stands in one that ends with `/`.
fn at_home(file: &SourceFile, homes: &[&str]) -> bool {
    homes
        .iter()
        .any(|home| file.path == *home || (home.ends_with('/') && file.path.starts_with(home)))
}

fn is_rust(file: &SourceFile) -> bool {
    file.path.ends_with(".rs") && !file.path.starts_with("tests/fixtures/")
}

fn is_written(file: &SourceFile) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit('.').next().unwrap_or_default();
    WRITTEN.contains(&ending) && !file.path.starts_with("tests/fixtures/")
}

/// How many sentences a text has: marks that end one, followed by a space or the end.
fn sentences(text: &str) -> usize {
    let plain = text.replace("e.g.", "").replace("i.e.", "");
    let words = plain.split_whitespace();
    words
        .filter(|word| {
            let bare = word.trim_end_matches([')', '"', '”', '*', '_']);
            bare.ends_with(['.', '!', '?'])
        })
        .count()
}

/// The lines in which a word stands by itself.
fn lines_with(text: &str, word: &str) -> Vec<usize> {
    let is_letter = |letter: Option<char>| letter.is_some_and(|l| l.is_alphanumeric() || l == '_');
    let open_start = !is_letter(word.chars().next());
    let open_end = !is_letter(word.chars().last());
    let stands = |line: &str| {
        line.match_indices(word).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + word.len()..]);
            (open_start || !is_letter(before.chars().last()))
                && (open_end || !is_letter(after.chars().next()))
        })
    };
    (1..)
        .zip(text.lines())
        .filter_map(|(number, line)| stands(line).then_some(number))
        .collect()
}
