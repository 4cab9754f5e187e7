//! The house rules that a program can check. Each list of old excesses may only shrink.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Lines of one file, tests apart.
const FILE_LINES: usize = 600;
/// Lines of one function.
const FUNCTION_LINES: usize = 70;

/// Functions that are longer than they should be, by name. Empty is the aim.
const LONG_FUNCTIONS: [&str; 0] = [];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

/// Every Rust file below a directory, with its path relative to the workspace.
fn sources(below: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut directories = vec![root().join(below)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("the directory can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                // What cargo makes of a crate beside the workspace lies below it.
                if path.file_name().is_some_and(|name| name == "target") {
                    continue;
                }
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("it lies in the workspace").display().to_string();
                found.push((name, fs::read_to_string(&path).expect("a source file is text")));
            }
        }
    }
    found.sort();
    found
}

fn all_sources() -> Vec<(String, String)> {
    ["protocol", "node", "ops", "tests"].into_iter().flat_map(sources).collect()
}

/// The file without its test module, which stands last.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().expect("a split has a first part")
}

/// Whether a file is only compiled for tests.
fn is_test(file: &str) -> bool {
    file.contains("/tests/") || file.ends_with("tests.rs")
}

/// The names of the modules that a crate's root declares, in order.
fn modules(root_file: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(root_file)).expect("the crate has a root");
    let declared = text.lines().filter_map(|line| line.strip_prefix("pub mod ").or(line.strip_prefix("mod ")));
    declared.filter_map(|line| line.strip_suffix(';')).map(str::to_owned).collect()
}

/// The modules of its own crate that a file names.
fn uses(text: &str, of_crate: &str) -> Vec<String> {
    // A link in documentation is no import.
    let code: Vec<&str> = without_tests(text).lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut used = Vec::new();
    for part in code.join("\n").split(of_crate).skip(1) {
        let part = part.trim_start_matches("::");
        match part.strip_prefix('{') {
            None => used.push(part.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned()),
            Some(group) => {
                let mut depth = 0;
                let mut name = String::new();
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => used.push(std::mem::take(&mut name)),
                        c if depth == 0 && (c.is_alphanumeric() || c == '_' || c == ':') => name.push(c),
                        _ => {}
                    }
                }
                used.push(name);
            }
        }
    }
    used.iter().map(|name| name.split("::").next().unwrap_or("").to_owned()).filter(|name| !name.is_empty()).collect()
}

#[test]
fn protocol_modules_import_only_from_above() {
    let order = modules("protocol/src/lib.rs");
    let rank = |name: &str| order.iter().position(|module| module == name);
    let mut wrong = Vec::new();
    for (file, text) in sources("protocol/src") {
        if is_test(&file) {
            continue;
        }
        let module = file.trim_start_matches("protocol/src/").split(['/', '.']).next().unwrap_or("").to_owned();
        let Some(own) = rank(&module) else { continue };
        for used in uses(&text, "crate::") {
            if rank(&used).is_some_and(|used| used > own) {
                wrong.push(format!("{file} imports {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_rooms_of_the_node_keep_their_distance() {
    // Who must not know whom.
    let rules = [
        ("node/src/durable", &["accounts", "store", "net", "web", "app", "driver", "views", "config"][..]),
        ("node/src/certificate", &["accounts", "store", "net", "web", "app", "driver", "views", "config", "pages"]),
        ("node/src/accounts", &["store", "net", "web", "app", "driver", "views", "config"]),
        ("node/src/store", &["net", "web", "app", "driver", "views"]),
        ("node/src/net", &["store", "web", "app", "driver", "views"]),
        ("node/src/views", &["net", "store", "web", "driver"]),
        ("node/src/report", &["net", "store", "web", "driver", "app", "pages", "config", "client", "accounts"]),
        ("node/src/pages/map", &["net", "store", "web", "driver", "views", "app", "exchange", "config", "client"]),
        ("node/src/web", &["net", "store", "driver"]),
        ("node/src/pages", &["net", "store", "driver"]),
        ("node/src/exchange", &["net", "store", "driver", "web"]),
    ];
    let mut wrong = Vec::new();
    for (file, text) in sources("node/src") {
        for (room, strangers) in rules {
            let inside = file.strip_prefix(room).is_some_and(|rest| rest.starts_with(['.', '/']));
            if inside {
                let known = uses(&text, "crate::");
                wrong.extend(
                    known
                        .iter()
                        .filter(|known| strangers.contains(&known.as_str()))
                        .map(|known| format!("{file} knows {known}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (file, text) in sources("ops") {
        assert!(!text.contains("toguna::"), "{file}: ops reads a node's status over HTTP and never links to it");
    }
}

#[test]
fn files_and_functions_stay_small() {
    let mut wrong = Vec::new();
    for (file, text) in all_sources() {
        let lines = without_tests(&text).lines().count();
        if lines > FILE_LINES {
            wrong.push(format!("{file} has {lines} lines"));
        }
        for (name, lines) in functions(&text) {
            // A table of cases may be longer than what runs it.
            let most = if is_test(&file) { 2 * FUNCTION_LINES } else { FUNCTION_LINES };
            if lines > most && !LONG_FUNCTIONS.contains(&name.as_str()) {
                wrong.push(format!("{file}: fn {name} has {lines} lines"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Functions and their lines, by the indentation that rustfmt gives them.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(fn_at) = words.iter().position(|word| *word == "fn") else { continue };
        let leads =
            words[..fn_at].iter().all(|w| w.starts_with("pub") || ["async", "const", "super)", "in"].contains(w));
        if !leads || fn_at + 1 >= words.len() {
            continue;
        }
        let name = words[fn_at + 1].split(['(', '<']).next().unwrap_or("").to_owned();
        let close = format!("{}}}", " ".repeat(indent));
        let ends = lines[at..].iter().position(|line| {
            **line == *close
                || (line.trim_end().ends_with(';')
                    && line.starts_with(&" ".repeat(indent))
                    && !line[indent..].starts_with(' '))
        });
        if let Some(length) = ends {
            found.push((name, length + 1));
        }
    }
    found
}

#[test]
fn nothing_is_left_open_and_no_forbidden_word_stands_in_the_code() {
    // Written in two parts, so that this list does not find itself.
    let marks = [("TO", "DO"), ("FIX", "ME"), ("todo", "!("), ("unimplemented", "!("), ("dbg", "!(")];
    let places = [("/ro", "ot/"), ("crates", ".io"), ("/wo", "rk/")];
    let words = [("merge ", "conflict"), ("Merge ", "conflict"), ("last write ", "wins"), ("equi", "vocat")];
    let mut wrong = Vec::new();
    for (file, text) in all_sources() {
        for (first, second) in marks.iter().chain(&places).chain(&words) {
            let word = format!("{first}{second}");
            if text.contains(&word) {
                wrong.push(format!("{file}: {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_source_file_is_part_of_a_crate() {
    for (file, _) in all_sources() {
        let path = Path::new(&file);
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a file has a name");
        let parent = path.parent().expect("a file lies somewhere");
        let is_root = matches!(stem, "lib" | "main" | "build");
        let stands_alone = parent.ends_with("tests") && parent.components().count() == 2
            || parent.ends_with("benches")
            || parent.ends_with("bin")
            || parent.ends_with("examples");
        if is_root || stands_alone {
            continue;
        }
        // The parent module is the file beside the directory, or the crate's root.
        let beside = root().join(format!("{}.rs", parent.display()));
        let roots = ["lib.rs", "main.rs"].map(|name| root().join(parent).join(name));
        let declares = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("mod {stem};")));
        assert!(declares(&beside) || roots.iter().any(|path| declares(path)), "{file} is declared nowhere");
    }
}

#[test]
fn the_top_level_holds_what_the_house_plan_says() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "LICENSE",
        "CHANGELOG.md",
        "README.md",
        "protocol",
        "node",
        "ops",
        "tests",
        "target",
    ];
    for entry in fs::read_dir(root()).expect("the workspace can be read") {
        let name = entry.expect("an entry").file_name().into_string().expect("names are plain");
        assert!(name.starts_with('.') || allowed.contains(&name.as_str()), "{name} does not belong at the top level");
    }
}
