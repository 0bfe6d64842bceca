//! The rooms import only what the house plan allows (`docs/architecture.md`).
//!
//! No compiler checks arrows inside a package, so this test reads the sources. It looks at paths
//! that begin with `crate::`, in `use` declarations and elsewhere, groups in braces included.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use imports::{Imports, without_tests};
use regex::Regex;

mod imports;

/// Each room with the rooms it may import; its own is always allowed.
const PLAN: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("redact", &[]),
    ("outbound", &[]),
    ("yaml", &["model"]),
    ("kustomize", &["model", "yaml"]),
    ("deployer", &["model", "yaml", "kustomize"]),
    ("diff", &["model", "yaml", "kustomize"]),
    ("lineage", &["model", "yaml"]),
    ("policy", &["model", "yaml", "kustomize", "diff"]),
    ("clearance", &["model"]),
    ("traffic", &["model", "yaml", "kustomize", "clearance"]),
    (
        "promotion",
        &[
            "model",
            "yaml",
            "kustomize",
            "deployer",
            "diff",
            "lineage",
            "policy",
            "clearance",
            "traffic",
        ],
    ),
    ("config", &["model", "redact", "yaml", "policy", "clearance", "traffic", "promotion"]),
    ("github", &["model", "outbound", "redact"]),
    ("store", &["model", "redact"]),
    ("notices", &["model", "outbound", "redact"]),
    ("workdir", &["model"]),
    ("telemetry", &["model", "redact"]),
    (
        "app",
        &[
            "model",
            "redact",
            "yaml",
            "kustomize",
            "deployer",
            "diff",
            "lineage",
            "policy",
            "clearance",
            "traffic",
            "promotion",
            "config",
            "outbound",
            "github",
            "store",
            "notices",
            "workdir",
            "telemetry",
        ],
    ),
    ("server", &["app", "config", "github", "telemetry", "redact", "model"]),
    ("action", &["app", "config", "github", "policy", "promotion", "telemetry", "redact", "model"]),
    (
        "cli",
        &[
            "model",
            "redact",
            "yaml",
            "kustomize",
            "deployer",
            "diff",
            "lineage",
            "policy",
            "clearance",
            "traffic",
            "promotion",
            "config",
            "github",
            "store",
            "notices",
            "workdir",
            "telemetry",
            "app",
            "server",
            "action",
        ],
    ),
];

#[test]
fn rooms_import_only_what_the_plan_allows() {
    let mut faults = Vec::new();
    for (room, allowed) in PLAN {
        for file in sources(&room_dir(room)) {
            let text = fs::read_to_string(&file).unwrap();
            for (line, used) in rooms_used(&text) {
                if used != *room && !allowed.contains(&used.as_str()) {
                    faults.push(format!("{}:{line}: {room} imports {used}", file.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "the house plan has no such arrow:\n{}", faults.join("\n"));
}

/// What stands in a circle can only be read all at once.
#[test]
fn no_room_has_a_circle_inside() {
    for (room, _) in PLAN {
        let imports = imports_of(room);
        let circles = imports.circles(room);
        assert!(
            circles.is_empty(),
            "{room}: these files import each other in a circle: {circles:#?}"
        );
    }
}

/// Folders that need each other are one folder with a wall in it.
#[test]
fn no_folders_of_a_room_need_each_other() {
    for (room, _) in PLAN {
        let circles = imports_of(room).circles_of_folders(room);
        assert!(circles.is_empty(), "{room}: these need each other: {circles:#?}");
    }
}

/// A parent declares and re-exports; what its children use has a file of its own.
#[test]
fn no_parent_defines_what_its_children_use() {
    for (room, _) in PLAN {
        let types = imports_of(room).types_of_parents(room);
        assert!(types.is_empty(), "{room}: types of a parent that a child uses: {types:#?}");
    }
}

#[test]
fn every_room_is_in_the_plan() {
    let planned: BTreeSet<String> = PLAN.iter().map(|(room, _)| (*room).to_owned()).collect();
    let here: BTreeSet<String> = source_dirs()
        .iter()
        .flat_map(|dir| fs::read_dir(dir).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(here, planned);
}

/// What holds credentials and the queue renders nothing: it asks the sandbox (`docs/security.md`).
#[test]
fn only_the_sandbox_and_checkouts_render() {
    let may = ["app/sandbox/", "app/local/", "app/preview.rs", "app/validate.rs"];
    let renders = ["plan(&", "plan_id_of(", "preview(&", "render(", "step_edits(", "next_step("];
    let app = room_dir("app");
    for file in sources(&app) {
        let below =
            file.strip_prefix(app.parent().unwrap()).unwrap().to_string_lossy().into_owned();
        if may.iter().any(|may| below.starts_with(may)) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (line, number) in text.lines().map(without_comment).zip(1..) {
            let calls = |name: &&&str| line.contains(&format!("promotion::{name}"));
            let found = renders.iter().find(calls);
            assert!(found.is_none(), "{below}:{number} renders: {line}");
        }
    }
}

/// The root of a package is its roof: `main` comes in by it, and what rooms read through it would run upwards.
#[test]
fn no_room_reads_through_the_roof() {
    let mut faults = Vec::new();
    for root in source_dirs() {
        let is_module =
            |name: &str| root.join(name).is_dir() || root.join(format!("{name}.rs")).is_file();
        for file in sources(&root) {
            let used = names_used(&fs::read_to_string(&file).unwrap());
            let of_roof = used.into_iter().filter(|(_, name)| !is_module(name));
            faults.extend(of_roof.map(|(line, name)| format!("{}:{line}: {name}", file.display())));
        }
    }
    assert!(faults.is_empty(), "these are the roof's:\n{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_owns() {
    let silent: Vec<PathBuf> = all_sources()
        .into_iter()
        .filter(|file| !fs::read_to_string(file).unwrap().starts_with("//! "))
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top of {silent:?}");
}

/// A file that nobody declares is never compiled, and a test in it never fails.
#[test]
fn every_file_is_declared() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut forgotten = Vec::new();
    for file in all_sources().into_iter().chain(sources(&tests)) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        if ["lib", "main"].contains(&name) {
            continue;
        }
        let (name, parents) = declared_by(&file, name);
        let declaration = format!("mod {name};");
        let declares = |parent: &PathBuf| {
            fs::read_to_string(parent).is_ok_and(|text| {
                text.lines().any(|line| line.ends_with(&declaration) && !line.starts_with("//"))
            })
        };
        if !parents.iter().any(declares) {
            forgotten.push(file);
        }
    }
    assert!(forgotten.is_empty(), "no `mod` declares {forgotten:?}");
}

/// A snapshot that no test asserts says nothing of what people see today.
#[test]
fn every_snapshot_is_asserted() {
    let mut left = Vec::new();
    for file in source_dirs().iter().flat_map(|dir| files(dir, "snap")) {
        let text = fs::read_to_string(&file).unwrap();
        let source = text.lines().find_map(|line| line.strip_prefix("source: ")).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
        let tests = fs::read_to_string(source).unwrap_or_default();
        let name = file.file_stem().unwrap().to_str().unwrap().rsplit("__").next().unwrap();
        if !tests.contains(&format!("fn {name}()")) && !tests.contains(&format!("\"{name}\"")) {
            left.push(file);
        }
    }
    assert!(left.is_empty(), "no test asserts {left:?}");
}

/// The compiler finds what nobody uses of a package of its own, but not of one that others may use.
#[test]
fn nothing_of_the_engine_is_unused() {
    let declaration =
        Regex::new(r"(?m)^ *pub (?:const )?(?:fn|struct|enum|trait|type|const|static) (\w+)")
            .unwrap();
    let re_export = Regex::new(r"\bpub use [^;]+;").unwrap();
    let mut defined = Vec::new();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for file in all_sources() {
        let code = without_tests(&fs::read_to_string(&file).unwrap());
        if file.starts_with(&source_dirs()[1]) {
            defined.extend(declaration.captures_iter(&code).map(|found| found[1].to_owned()));
        }
        // What only re-exports a name does not use it.
        for word in
            re_export.replace_all(&code, "").split(|c: char| !c.is_alphanumeric() && c != '_')
        {
            *times.entry(word.to_owned()).or_default() += 1;
        }
    }
    let rooms = fs::read_to_string(source_dirs()[0].join("rooms.rs")).unwrap();
    defined.retain(|name| times[name] < 2 && !rooms.contains(name.as_str()));
    assert!(defined.is_empty(), "nobody uses {defined:?}");
}

/// Whoever looks for a place finds it: files and names that `docs/architecture.md` gives are there.
#[test]
fn what_the_architecture_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    let files = all_sources();
    let mut missing = Vec::new();
    for word in page.split('`').skip(1).step_by(2) {
        let is_there = if word.ends_with(".rs") && !word.contains("NAME") && !word.contains('…') {
            root.join(word).exists() || files.iter().any(|file| file.ends_with(word))
        } else if let Some((room, name)) = word.split_once("::") {
            let name = name.rsplit("::").next().unwrap();
            !is_room(room) || sources(&room_dir(room)).iter().any(|file| names(file, name))
        } else {
            true
        };
        if !is_there {
            missing.push(word);
        }
    }
    assert!(missing.is_empty(), "docs/architecture.md names what is not there: {missing:?}");
}

/// Whether a file is a module of a name, or has the name in its code.
fn names(file: &Path, name: &str) -> bool {
    let is_module =
        file.with_extension("").ends_with(name) || file.parent().unwrap().ends_with(name);
    let name = name.trim_end_matches("()");
    let is_name = |c: char| !c.is_alphanumeric() && c != '_';
    is_module || fs::read_to_string(file).unwrap().split(is_name).any(|word| word == name)
}

#[test]
fn the_reader_of_imports_sees_them_all() {
    let text = "use crate::{\n    model::{A, B},\n    yaml,\n};\nuse crate::diff::x;\n\
                // crate::store is a comment\nfn f() { crate::cli::run() }\n";
    let used: Vec<(usize, String)> = rooms_used(text);
    let expected = [(1, "model"), (1, "yaml"), (5, "diff"), (7, "cli")];
    assert_eq!(used, expected.map(|(line, room)| (line, room.to_owned())));
}

/// Where the rooms of each package are.
fn source_dirs() -> [PathBuf; 2] {
    ["src", "engine/src"].map(|dir| Path::new(env!("CARGO_MANIFEST_DIR")).join(dir))
}

fn room_dir(room: &str) -> PathBuf {
    let mut places = source_dirs().into_iter().map(|dir| dir.join(room));
    places.find(|dir| dir.is_dir()).unwrap_or_else(|| panic!("no package has the room {room}"))
}

fn imports_of(room: &str) -> &'static Imports {
    static READ: LazyLock<BTreeMap<PathBuf, Imports>> = LazyLock::new(|| {
        source_dirs().map(|dir| (dir.clone(), Imports::read(&dir))).into_iter().collect()
    });
    &READ[room_dir(room).parent().unwrap()]
}

fn all_sources() -> Vec<PathBuf> {
    source_dirs().iter().flat_map(|dir| sources(dir)).collect()
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    files(dir, "rs")
}

/// The files below a directory with this extension, in order.
fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The name of the module in a file, and the files that may declare it.
fn declared_by(file: &Path, name: &str) -> (String, Vec<PathBuf>) {
    let folder = file.parent().unwrap();
    let (name, folder) = match name {
        "mod" => (folder.file_name().unwrap().to_str().unwrap(), folder.parent().unwrap()),
        name => (name, folder),
    };
    let mut parents = ["mod.rs", "lib.rs", "main.rs"].map(|parent| folder.join(parent)).to_vec();
    parents.push(folder.with_extension("rs"));
    (name.to_owned(), parents)
}

/// The rooms of those names.
fn rooms_used(text: &str) -> Vec<(usize, String)> {
    names_used(text).into_iter().filter(|(_, name)| is_room(name)).collect()
}

/// The first names after `crate::`, with the line of the `crate::`.
fn names_used(text: &str) -> Vec<(usize, String)> {
    let code: String = text.lines().map(|line| without_comment(line) + "\n").collect();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` and `some_crate::` are other words.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => first_names(group),
            None => vec![first_name(rest)],
        };
        found.extend(names.into_iter().map(|name| (line, name)));
    }
    found
}

/// The first name of each item of a group in braces.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut item) = (1, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            names.push(first_name(item.trim()));
            item.clear();
        } else {
            item.push(c);
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Macros that are exported live at the crate's root; they are no rooms.
fn is_room(name: &str) -> bool {
    PLAN.iter().any(|(room, _)| *room == name)
}

fn without_comment(line: &str) -> String {
    line.split("//").next().unwrap_or_default().to_owned()
}
