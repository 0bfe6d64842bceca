//! Which module of a room uses which, as the sources say it.
//!
//! A name that is read through a re-export belongs to the file that defines it, so a room may have a
//! façade and its own files may read through it. Tests are left out: those in a file and those beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// A module: the names from the crate's root to it.
pub(super) type Module = Vec<String>;

/// All modules, with what each of them names.
pub(super) struct Imports {
    code: BTreeMap<Module, String>,
    /// What a module calls by a name of its own, by declarations of `use`.
    names: BTreeMap<Module, BTreeMap<String, Module>>,
    /// What each module uses of its own room: the other module and the name.
    uses: BTreeMap<Module, BTreeSet<(Module, String)>>,
    /// The types that each module defines.
    types: BTreeMap<Module, BTreeSet<String>>,
}

impl Imports {
    pub(super) fn read(source: &Path) -> Self {
        let files = super::sources(source);
        let code = files.iter().filter_map(|file| {
            let module = module_of(file.strip_prefix(source).unwrap());
            let is_test = |part: &String| part.ends_with("tests");
            let counts = !module.is_empty() && !module.iter().any(is_test);
            counts.then(|| (module, without_tests(&fs::read_to_string(file).unwrap())))
        });
        Self::of(code.collect())
    }

    fn of(code: BTreeMap<Module, String>) -> Self {
        let declaration = Regex::new(r"(#\[cfg\(test\)\]\s*)?\b(?:pub\s+)?use\s+([^;]+);").unwrap();
        let inline = Regex::new(r"(?:^|[^\w:$])(\w+(?:::\w+)+)").unwrap();
        let types = code.iter().map(|(module, code)| (module.clone(), types_in(code))).collect();
        let mut imports = Self { code, names: BTreeMap::new(), uses: BTreeMap::new(), types };
        let (mut names, mut paths) = (BTreeMap::new(), BTreeMap::new());
        for (module, code) in &imports.code {
            let own_names: &mut BTreeMap<_, _> = names.entry(module.clone()).or_default();
            let own_paths: &mut BTreeSet<_> = paths.entry(module.clone()).or_default();
            for used in declaration.captures_iter(code).filter(|used| used.get(1).is_none()) {
                for leaf in expand(&used[2]) {
                    let (path, name) = leaf.split_once(" as ").unwrap_or((leaf.as_str(), ""));
                    let path = path.trim_end_matches("::self");
                    let Some(full) = imports.absolute(module, path) else { continue };
                    let last = full.last().cloned().unwrap_or_default();
                    let name = if name.is_empty() { last } else { name.trim().to_owned() };
                    own_names.insert(name, full.clone());
                    own_paths.insert(full);
                }
            }
            let code = declaration.replace_all(code, "");
            let inline = inline.captures_iter(&code);
            own_paths.extend(inline.filter_map(|path| imports.absolute(module, &path[1])));
        }
        imports.names = names;
        let uses = paths.iter().map(|(module, paths)| {
            let defined = paths.iter().filter_map(|path| imports.definition(path, 0));
            let own = |(other, _): &(Module, String)| other != module && other[0] == module[0];
            (module.clone(), defined.filter(own).collect())
        });
        imports.uses = uses.collect();
        imports
    }

    /// A path as it is written in a module, from the crate's root; `None` for what another crate has.
    fn absolute(&self, module: &Module, path: &str) -> Option<Module> {
        let mut parts: Vec<String> = path.split("::").map(str::to_owned).collect();
        let mut from = module.clone();
        match parts[0].as_str() {
            "crate" => return Some(parts.split_off(1)),
            "self" => parts = parts.split_off(1),
            "super" => {
                while parts.first().is_some_and(|part| part == "super") {
                    parts.remove(0);
                    from.pop();
                }
            }
            first => {
                from.push(first.to_owned());
                let is_child = self.code.contains_key(&from);
                from.pop();
                if !is_child {
                    return None;
                }
            }
        }
        from.extend(parts);
        Some(from)
    }

    /// The module that defines what a path leads to, and the first name in it.
    fn definition(&self, path: &[String], depth: usize) -> Option<(Module, String)> {
        let mut module = Module::new();
        for (at, part) in path.iter().enumerate() {
            module.push(part.clone());
            if self.code.contains_key(&module) {
                continue;
            }
            module.pop();
            let alias = self.names.get(&module).and_then(|names| names.get(part));
            return match alias.filter(|alias| depth < 10 && alias.as_slice() != path) {
                Some(alias) => self.definition(&[alias, &path[at + 1..]].concat(), depth + 1),
                None => (!module.is_empty()).then(|| (module, part.clone())),
            };
        }
        Some((module, String::new()))
    }

    /// The circles of a room: modules of which each leads to each other one.
    pub(super) fn circles(&self, room: &str) -> Vec<Vec<String>> {
        self.circles_of(room, Module::len)
    }

    /// The same of what stands in a room side by side: files, and folders with all that is in them.
    pub(super) fn circles_of_folders(&self, room: &str) -> Vec<Vec<String>> {
        self.circles_of(room, |module| module.len().min(2))
    }

    /// The circles where only the first parts of modules count.
    fn circles_of(&self, room: &str, parts: impl Fn(&Module) -> usize) -> Vec<Vec<String>> {
        let mut uses: BTreeMap<&[String], BTreeSet<&[String]>> = BTreeMap::new();
        for (module, others) in self.uses.iter().filter(|(module, _)| module[0] == room) {
            let short = &module[..parts(module)];
            let others = others.iter().map(|(other, _)| &other[..parts(other)]);
            uses.entry(short).or_default().extend(others.filter(|other| *other != short));
        }
        let reached: BTreeMap<&[String], BTreeSet<&[String]>> =
            uses.keys().map(|module| (*module, reached_from(module, &uses))).collect();
        let mut circles = BTreeSet::new();
        for (module, reaches) in reached.iter().filter(|(module, all)| all.contains(*module)) {
            let with = reached
                .iter()
                .filter(|(other, back)| reaches.contains(*other) && back.contains(module));
            circles.insert(with.map(|(other, _)| other.join("::")).collect::<Vec<_>>());
        }
        circles.into_iter().collect()
    }

    /// Types of a parent that a module below it uses, each as `parent::Type in child`.
    pub(super) fn types_of_parents(&self, room: &str) -> Vec<String> {
        let mut found = Vec::new();
        for module in self.code.keys().filter(|module| module[0] == room) {
            let above = self.uses[module].iter().filter(|(other, _)| module.starts_with(other));
            let types = above.filter(|(parent, name)| self.types[parent].contains(name));
            found.extend(types.map(|(parent, name)| {
                format!("{}::{name} in {}", parent.join("::"), module.join("::"))
            }));
        }
        found
    }
}

/// All that a module leads to, itself only by way of others.
fn reached_from<'m>(
    module: &'m [String],
    uses: &BTreeMap<&'m [String], BTreeSet<&'m [String]>>,
) -> BTreeSet<&'m [String]> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![module]);
    while let Some(module) = next.pop() {
        let others = uses.get(module).into_iter().flatten();
        next.extend(others.filter(|other| reached.insert(**other)));
    }
    reached
}

fn module_of(file: &Path) -> Module {
    let parts = file.with_extension("");
    let mut parts: Vec<String> =
        parts.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if ["mod", "lib", "main"].contains(&parts.last().unwrap().as_str()) {
        parts.pop();
    }
    parts
}

// A pattern takes longer to be made than to be looked for in a file.
static TESTS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"#\[cfg\((?:test|all\(test[^\]]*)\)\]\s*mod \w+ \{").unwrap());
static VISIBILITY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"pub\([^)]*\)").unwrap());
static DEFINITION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:struct|enum|trait|type)\s+(\w+)").unwrap());

/// The code of a file without comments, the tests at its end, and the words of visibility, which are
/// no imports.
pub(super) fn without_tests(text: &str) -> String {
    let code: String = text.lines().map(|line| super::without_comment(line) + "\n").collect();
    let code = TESTS.splitn(&code, 2).next().unwrap_or_default();
    VISIBILITY.replace_all(code, "pub").into_owned()
}

/// The types that code defines.
fn types_in(code: &str) -> BTreeSet<String> {
    DEFINITION.captures_iter(code).map(|found| found[1].to_owned()).collect()
}

/// The paths of a `use`, braces within braces included.
fn expand(text: &str) -> Vec<String> {
    let text = text.trim();
    let Some(open) = text.find('{') else {
        return vec![text.split_whitespace().collect::<Vec<_>>().join(" ")];
    };
    let (before, mut depth, mut item, mut items) = (&text[..open], 0, String::new(), Vec::new());
    for c in text[open..].chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        let is_end = depth == 0 || (depth == 1 && c == ',');
        if is_end {
            items.push(std::mem::take(&mut item));
        } else if depth > 1 || c != '{' {
            item.push(c);
        }
        if depth == 0 {
            break;
        }
    }
    let items = items.into_iter().filter(|item| !item.trim().is_empty());
    items.flat_map(|item| expand(&format!("{before}{}", item.trim()))).collect()
}

#[test]
fn a_name_read_through_a_re_export_belongs_to_its_file() {
    let files = [
        (vec!["a"], "mod b; mod c; pub use b::B; use c::{C as D, self}; pub struct A;"),
        (vec!["a", "b"], "use super::{A, D}; pub struct B;"),
        (vec!["a", "c"], "pub struct C; fn f() -> super::B { B }"),
        (vec!["a", "d"], "pub(in super::b) fn g() {} fn h() { std::fs::read() }"),
    ];
    let code = files.map(|(module, code)| {
        (module.into_iter().map(str::to_owned).collect(), without_tests(code))
    });
    let imports = Imports::of(code.into());
    assert_eq!(imports.circles("a"), [["a", "a::b", "a::c"]]);
    assert_eq!(imports.types_of_parents("a"), ["a::A in a::b"]);
}
