//! How the house is built: who may name whom, file by file, and what a file may be like. `ARCHITECTURE.md` says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::project;
use crate::support::rust_source::{code_of, is_of_a_name, sources, sources_below, texts};

/// A module's path, such as `read`, `format`, `json`; empty for `lib.rs`.
type Module = Vec<String>;

/// The sources, and what each of them names of the others.
struct House {
    /// The code of each, by its module.
    texts: BTreeMap<Module, String>,
    /// What a front door hands on: the name, and where it comes from.
    handed_on: BTreeMap<(Module, String), Module>,
}

impl House {
    fn of_src() -> Self {
        let mut texts = BTreeMap::new();
        for (name, source) in sources() {
            let relative = name.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
            let mut module: Module = relative.split('/').map(str::to_owned).collect();
            if module == ["main"] {
                continue;
            }
            if module.last().is_some_and(|last| last == "mod" || last == "lib") {
                module.pop();
            }
            texts.insert(module, code_of(&source));
        }
        let mut house = Self { texts, handed_on: BTreeMap::new() };
        for (module, text) in &house.texts {
            for (is_public, path) in used(text) {
                let (true, Some(path)) = (is_public, house.absolute(module, &path)) else { continue };
                let name = path.last().unwrap().clone();
                house.handed_on.insert((module.clone(), name), path);
            }
        }
        house
    }

    /// A path as it is written, from the root of the crate; `None`: it is another crate's.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut from = match path[0].as_str() {
            "crate" => Vec::new(),
            "self" | "super" => module.clone(),
            child if self.texts.contains_key(&[module.as_slice(), &[child.to_owned()]].concat()) => {
                return Some([module.as_slice(), path].concat());
            }
            _ => return None,
        };
        let ups = path.iter().take_while(|part| *part == "super").count();
        from.truncate(from.len().checked_sub(ups)?);
        from.extend_from_slice(&path[ups.max(1)..]);
        Some(from)
    }

    /// The module in which the last part of a path is defined, as far as front doors tell.
    fn defined_in(&self, path: &[String]) -> Module {
        let of_module = (0..=path.len()).rev().find(|&length| self.texts.contains_key(&path[..length])).unwrap();
        let (module, rest) = path.split_at(of_module);
        let handed_on = rest.first().and_then(|name| self.handed_on.get(&(module.to_vec(), name.clone())));
        match handed_on {
            Some(from) if from != path => self.defined_in(from),
            _ => module.to_vec(),
        }
    }

    /// Which modules each one names, and how the first time.
    fn arrows(&self) -> BTreeMap<Module, BTreeMap<Module, String>> {
        let arrows = self.texts.iter().map(|(module, text)| {
            let mut to = BTreeMap::new();
            for path in used(text).into_iter().map(|(_, path)| path).chain(named(text)) {
                let Some(from_root) = self.absolute(module, &path) else { continue };
                let target = self.defined_in(&from_root);
                if target != *module && !target.is_empty() {
                    to.entry(target).or_insert(path.join("::"));
                }
            }
            (module.clone(), to)
        });
        arrows.collect()
    }
}

/// The paths of all `use` lines, and whether they are handed on.
fn used(text: &str) -> Vec<(bool, Vec<String>)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let before = text[..at].rsplit('\n').next().unwrap().trim();
        if !(before.is_empty() || before.starts_with("pub") && !before.contains(char::is_whitespace)) {
            continue;
        }
        let tree: String = text[at + 4..].split(';').next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        spread(&tree, &[], &mut |path| found.push((!before.is_empty(), path)));
    }
    found
}

/// Each path of a tree of uses, under its own name: `a::{b, c as d}` is `a::b` and `a::c`.
fn spread(tree: &str, before: &[String], found: &mut impl FnMut(Vec<String>)) {
    let (head, group) = tree.split_once('{').map_or((tree, None), |(head, rest)| (head, rest.trim().strip_suffix('}')));
    let head = head.split(" as ").next().unwrap();
    let parts = head.split("::").map(str::trim).filter(|part| !part.is_empty() && *part != "self");
    let is_self = head.trim() == "self" || head.trim_start().starts_with("self::");
    let start = (before.is_empty() && is_self).then(|| "self".to_owned());
    let path: Vec<String> = before.iter().cloned().chain(start).chain(parts.map(str::to_owned)).collect();
    let Some(group) = group else { return found(path) };
    let (mut depth, mut from) = (0_usize, 0);
    for (at, sign) in group.char_indices().chain([(group.len(), ',')]) {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !group[from..at].trim().is_empty() {
                    spread(group[from..at].trim(), &path, found);
                }
                from = at + 1;
            }
            _ => {}
        }
    }
}

/// Paths that code names in full.
fn named(text: &str) -> Vec<Vec<String>> {
    let is_part = |sign: char| is_of_a_name(sign) || sign == ':';
    let starts = ["crate::", "super::"].into_iter().flat_map(|start| text.match_indices(start).map(|(at, _)| at));
    let whole = starts.filter(|&at| !text[..at].ends_with(|sign: char| is_part(sign) || sign == '$'));
    // `pub(in crate::read)` names nothing.
    let whole = whole.filter(|&at| !text[..at].ends_with("(in "));
    let paths = whole.map(|at| text[at..].split(|sign| !is_part(sign)).next().unwrap());
    // What follows the braces of a group is told by `used`.
    let paths = paths.filter(|path| !path.ends_with("::"));
    paths.map(|path| path.split("::").map(str::to_owned).collect()).collect()
}

/// The floors of the house, ground first: the rooms between two blank lines of `lib.rs` are one floor.
fn floors() -> Vec<Vec<String>> {
    let text = fs::read_to_string(project().join("src/lib.rs")).unwrap();
    let floor = |lines: &str| {
        let rooms = lines.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        rooms.map(str::to_owned).collect::<Vec<_>>()
    };
    text.split("\n\n").map(floor).filter(|rooms| !rooms.is_empty()).collect()
}

#[test]
fn no_arrow_goes_up() {
    let floors = floors();
    let floor_of = |room: &String| floors.iter().position(|rooms| rooms.contains(room));
    let house = House::of_src();
    let rooms: BTreeSet<&String> = house.texts.keys().filter_map(|module| module.first()).collect();
    assert_eq!(rooms.iter().filter(|room| floor_of(room).is_none()).collect::<Vec<_>>(), Vec::<&&String>::new());
    let mut wrong = Vec::new();
    for (module, to) in house.arrows() {
        let Some(room) = module.first() else { continue };
        for (target, path) in to.iter().filter(|(target, _)| target[0] != *room) {
            if floor_of(&target[0]) >= floor_of(room) {
                wrong.push(format!("{} names {path}", module.join("::")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "each room may name those of the floors below it");
}

#[test]
fn files_stand_in_no_circle() {
    let arrows = House::of_src().arrows();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        arrows.keys().map(|module| (module, reached_from(module, &arrows))).collect();
    let mut wrong = Vec::new();
    for (module, to) in &arrows {
        let back = to.iter().filter(|(target, _)| reached.get(target).is_some_and(|from| from.contains(module)));
        wrong.extend(back.map(|(target, path)| format!("{} → {} ({path})", module.join("::"), target.join("::"))));
    }
    assert!(wrong.is_empty(), "arrows of circles among files:\n{}", wrong.join("\n"));
}

/// All that can be reached from a module by its arrows.
fn reached_from<'a>(
    module: &'a Module,
    arrows: &'a BTreeMap<Module, BTreeMap<Module, String>>,
) -> BTreeSet<&'a Module> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![module]);
    while let Some(module) = next.pop() {
        let to = arrows.get(module).into_iter().flat_map(BTreeMap::keys);
        next.extend(to.filter(|target| reached.insert(*target)));
    }
    reached
}

/// One type name, one meaning.
#[test]
fn a_type_name_means_one_thing() {
    let house = House::of_src();
    let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (module, text) in &house.texts {
        // Those of a closed list stand within it.
        for line in text.lines().filter(|line| !line.starts_with(' ') || line.starts_with("    pub enum ")) {
            let words: Vec<&str> = line.split(|sign| !is_of_a_name(sign)).collect();
            let Some(at) = words.iter().position(|word| ["struct", "enum", "trait", "type", "union"].contains(word))
            else {
                continue;
            };
            if words[..at].iter().all(|word| ["", "pub", "in", "crate", "super", "read"].contains(word)) {
                defined.entry(words[at + 1].to_owned()).or_default().push(module.join("::"));
            }
        }
    }
    let several: Vec<_> = defined.into_iter().filter(|(_, modules)| modules.len() > 1).collect();
    let several: Vec<String> =
        several.iter().map(|(name, modules)| format!("{name}: {}", modules.join(", "))).collect();
    assert!(several.is_empty(), "{}", several.join("\n"));
}

#[test]
fn lines_and_functions_are_short() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let mut function: Option<(usize, usize, String)> = None;
        let mut is_picture = false;
        for (at, line) in text.lines().enumerate() {
            let is_fence = line.trim_start().trim_start_matches(['/', '!']).trim().starts_with("```");
            is_picture ^= is_fence;
            if line.chars().count() > 120 && !is_picture {
                wrong.push(format!("{name}:{}: a line of {} columns", at + 1, line.chars().count()));
            }
            let indent = line.len() - line.trim_start().len();
            let is_function =
                line.contains("fn ") && !line.trim_start().starts_with("//") && !line.trim_end().ends_with(';');
            match &function {
                Some((start, depth, what)) if indent == *depth && line.trim() == "}" => {
                    let length = at - start + 1;
                    let lines: Vec<&str> = text.lines().collect();
                    let above = lines[..*start].iter().rev().take_while(|line| !line.trim().is_empty());
                    if length > 70 && !above.into_iter().any(|line| line.trim_start().starts_with("// Long: ")) {
                        wrong.push(format!("{name}:{}: {what} of {length} lines", start + 1));
                    }
                    function = None;
                }
                None if is_function && !line.trim_end().ends_with('}') => {
                    function = Some((at, indent, line.trim().to_owned()));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{} places:\n{}", wrong.len(), wrong.join("\n"));
}

/// Which crate may be used where: as `ARCHITECTURE.md` says.
#[test]
fn crates_stay_in_their_rooms() {
    let rooms: [(&str, &[&str]); 26] = [
        ("polars::", &["aggregate/cells.rs"]),
        ("clap::", &["cli/args/", "cli/settings/", "cli/manual.rs", "main.rs"]),
        ("clap_complete::", &["cli/args/installing.rs", "cli/manual.rs"]),
        ("clap_mangen::", &["cli/manual.rs"]),
        ("csv::", &["table/csv.rs"]),
        ("arrow::", &["table/", "publication/publisher.rs", "read/usage/parquet.rs"]),
        ("arrow_schema::", &["table/"]),
        ("parquet::", &["table/", "read/usage/parquet.rs"]),
        ("snap::", &["table/dictionary_pages.rs"]),
        ("zstd::", &["table/dictionary_pages.rs", "read/format/unpack.rs", "state/run.rs"]),
        (
            "chrono::",
            &[
                "domain/time.rs",
                "domain/dialect.rs",
                "publish/dimensions.rs",
                "pipeline",
                "close/closing.rs",
                "cli/clock.rs",
            ],
        ),
        (
            "rayon::",
            &[
                "read/usage/gather.rs",
                "read/usage/pieces.rs",
                "read/format/ahead.rs",
                "read/snapshot/list.rs",
                "normalise/usage.rs",
                "normalise/sorted.rs",
                "table/csv.rs",
                "publish/dimensions.rs",
                "store/disk.rs",
                "audit/published_use.rs",
                "table/parquet.rs",
                "table/rows.rs",
                "publication/out.rs",
                "pipeline/charge.rs",
                "pipeline/previous.rs",
                "pipeline/settle.rs",
                "pipeline/settle_day.rs",
                "pipeline/vendor.rs",
                "state/run.rs",
                "cli/command.rs",
            ],
        ),
        ("encoding_rs::", &["read/format/encoding.rs"]),
        ("oem_cp::", &["read/format/encoding.rs"]),
        ("flate2::", &["read/format/unpack.rs"]),
        ("rust_decimal::", &["domain/"]),
        ("ethnum::", &["domain/"]),
        ("iso_currency::", &["domain/"]),
        ("fail::", &["store/disk.rs", "main.rs"]),
        ("rustix::", &["error/remedy.rs"]),
        ("Utc::now", &["cli/clock.rs"]),
        ("Instant::now", &["cli/timer.rs"]),
        ("textwrap::", &["cli/show/layout.rs"]),
        ("terminal_size::", &["cli/show/layout.rs"]),
        ("tracing::", &["cli/log.rs"]),
        ("tracing_subscriber::", &["cli/log.rs"]),
    ];
    let mut seen = vec![0; rooms.len()];
    for (name, text) in sources() {
        let relative = name.strip_prefix("src/").unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            assert!(!line.contains("SystemTime"), "{relative} reads a clock: {line}");
            for (at, (name, allowed)) in rooms.iter().enumerate().filter(|(_, (name, _))| names(line, name)) {
                assert!(allowed.iter().any(|room| relative.starts_with(room)), "{name} in {relative}: {line}");
                seen[at] += 1;
            }
        }
    }
    assert!(seen.iter().all(|&times| times > 0), "a rule that nothing meets proves nothing: {seen:?}");
}

/// Whether a line names a path that begins so, and not as a part of another.
fn names(line: &str, path: &str) -> bool {
    let is_part = |before: &str| before.ends_with(|sign: char| is_of_a_name(sign) || sign == ':');
    line.match_indices(path).any(|(at, _)| !is_part(&line[..at]))
}

/// The words of our own dialect, which say nothing of what a variable holds.
#[test]
fn variables_are_called_by_what_they_hold() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for (name, source) in sources_below(folder) {
            for (at, line) in code_of(&source).lines().enumerate() {
                let mut words = line.split(|sign| !is_of_a_name(sign));
                if words.any(|word| word == "own" || word == "owns") {
                    wrong.push(format!("{name}:{}: {}", at + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} variables `own`:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where the files of OUT lie is said in one place: elsewhere no text is the path of one, or the beginning of a path.
#[test]
fn paths_of_out_are_said_once() {
    const FOLDERS: [&str; 9] =
        ["daily/", "hourly/", "lines/", "charges/", "statements/", "monthly/", "default_usage/", "history/", "csv/"];
    let mut wrong = Vec::new();
    for (name, source) in sources().into_iter().filter(|(name, _)| name != "src/publication/layout.rs") {
        for (text, line) in texts(&source).filter(|(text, _)| !text.contains(' ')) {
            if text.ends_with(".parquet") || FOLDERS.iter().any(|folder| text.starts_with(folder)) {
                wrong.push(format!("{name}:{line}: {text:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} paths outside publication/layout.rs:\n{}", wrong.len(), wrong.join("\n"));
}
