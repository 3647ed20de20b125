//! What holds everywhere in the source: who may name whom, what templates may hold, what is other people's, and that
//! no exception goes without its reason.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha384};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder whose name ends so: its path from the repository's root, and its text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&repository().join(folder), ending, &mut found);
    found.sort();
    assert!(!found.is_empty(), "{folder} holds no *{ending}");
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(repository()).unwrap().to_string_lossy().replace('\\', "/");
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Source without its comments and without what stands between quotes.
fn code(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '/' if rest.peek() == Some(&'/') => {
                for letter in rest.by_ref() {
                    if letter == '\n' {
                        code.push('\n');
                        break;
                    }
                }
            }
            '"' => {
                while let Some(letter) = rest.next() {
                    match letter {
                        '\\' => {
                            rest.next();
                        }
                        '"' => break,
                        _ => {}
                    }
                }
                code.push_str("\"\"");
            }
            // A character, which may be a quote.
            '\'' if rest.clone().nth(1) == Some('\'') || rest.peek() == Some(&'\\') => {
                if rest.next() == Some('\\') {
                    rest.next();
                }
                for letter in rest.by_ref() {
                    if letter == '\'' {
                        break;
                    }
                }
            }
            _ => code.push(letter),
        }
    }
    code
}

/// The modules of the crate that a source names after `crate::`, also several in braces.
fn named_modules(code: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let (mut depth, mut begins) = (1, true);
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => begins = true,
                letter if depth == 1 && begins && letter.is_alphabetic() => {
                    found.insert(word(&group[at..]));
                    begins = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found.remove("");
    found
}

/// Whether a word stands in the source as a word of its own.
fn names(code: &str, word: &str) -> bool {
    let part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    code.match_indices(word).any(|(at, _)| !part(code[..at].chars().next_back()) && !part(code[at + word.len()..].chars().next()))
}

#[test]
fn the_reading_of_source_finds_what_it_should() {
    let source =
        "use crate::{access::{A, b}, domain::key, web::x}; // crate::cli\nlet s = \"crate::config\"; let c = '\"'; crate::store::y";
    let found = named_modules(&code(source));
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["access", "domain", "store", "web"]);
    assert!(names("use diesel::x", "diesel") && !names("my_diesel::x", "diesel") && !names("dieselgate", "diesel"));
}

#[test]
fn no_layer_names_one_above_it() {
    for (layer, below) in [
        ("src/domain", &["domain"][..]),
        ("src/access", &["access", "domain", "problem"]),
        ("src/store", &["store", "access", "domain", "problem", "clock"]),
        ("src/web", &["web", "store", "access", "domain", "problem", "clock", "config"]),
    ] {
        for (path, source) in files(layer, ".rs") {
            let code = code(&source);
            for module in named_modules(&code) {
                assert!(below.contains(&module.as_str()), "{path} names crate::{module}");
            }
            // Nobody climbs out of their layer by another way.
            let depth = path.matches('/').count() - usize::from(path.ends_with("/mod.rs"));
            let climb = "super::".repeat(depth);
            for (at, _) in code.match_indices(&climb) {
                let rest = &code[at + climb.len()..];
                assert!(
                    ["domain", "access", "store", "web", "cli"].iter().all(|module| !rest.starts_with(&format!("{module}::"))),
                    "{path} climbs to {rest:.20}"
                );
            }
        }
    }
    for (path, source) in files("src", ".rs") {
        let code = code(&source);
        if !path.starts_with("src/store/") {
            for word in ["diesel", "diesel_migrations", "r2d2", "libsqlite3_sys", "pq_sys"] {
                assert!(!names(&code, word), "{path} names {word}, which belongs to src/store alone");
            }
        }
        // The command that serves starts the web's own runtime.
        if !path.starts_with("src/web/") && path != "src/cli/serve.rs" {
            for word in ["actix_web", "actix_session", "askama", "lettre", "ureq", "HttpResponse", "HttpRequest"] {
                assert!(!names(&code, word), "{path} names {word}, which belongs to src/web alone");
            }
        }
        for word in ["todo", "unimplemented", "dbg"] {
            assert!(!code.contains(&format!("{word}!")), "{path} holds {word}!");
        }
        for word in ["TODO", "FIXME", "XXX"] {
            assert!(!names(&source, word), "{path} holds {word}");
        }
    }
}

#[test]
fn every_exception_from_a_lint_says_why_and_no_test_is_left_out() {
    let mut exceptions = 0;
    for folder in ["src", "tests"] {
        for (path, source) in files(folder, ".rs") {
            for start in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
                // Not the words of this very test.
                for (at, _) in source.match_indices(start).filter(|(at, _)| !source[..*at].ends_with('"')) {
                    let rest = &source[at..];
                    let attribute = &rest[..rest.find(")]").unwrap_or(rest.len())];
                    assert!(attribute.contains("reason = \""), "{path}: {attribute} gives no reason");
                    exceptions += 1;
                }
            }
            assert!(!code(&source).contains("#[ignore"), "{path} leaves a test out");
        }
    }
    assert!(exceptions > 0, "the search finds those that there are");
    let manifest = std::fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let lints = manifest.split_once("[lints.rust]").unwrap().1.split_once("[profile").unwrap().0;
    for line in lints.lines().filter(|line| line.contains("\"allow\"") || line.contains("\"warn\"")) {
        assert!(line.contains('#'), "Cargo.toml: {line} gives no reason");
    }
}

/// Attributes by which a page would run a script of its own: `onclick=` and its like.
fn handler(template: &str) -> Option<&str> {
    template.match_indices(" on").map(|(at, _)| &template[at + 1..]).find(|rest| {
        let name: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
        name.len() > 3 && rest[name.len()..].starts_with('=')
    })
}

#[test]
fn templates_hold_nothing_inline_nothing_from_elsewhere_and_nothing_of_htmx_2() {
    assert!(handler("<a onclick=\"x\">").is_some() && handler("<a> on = 1, only = 2").is_none());
    for (path, template) in files("templates", ".html") {
        // A branch of the tree is a template too, which has escaped its own.
        let mut template = template.replace("self.branch(node)|safe", "").replace("self.child(child)|safe", "");
        // A mail has no style sheet to link to.
        if path.starts_with("templates/mail/") {
            template = template.replace(" style=", " ");
        }
        // What is downloaded to stand alone has none either.
        if path == "templates/accounts/data_alone.html" {
            template = template.replace("<style>", "");
        }
        for (word, why) in [
            (" style=", "inline style"),
            ("<style", "inline style"),
            ("javascript:", "inline script"),
            ("hx-on", "inline script"),
            ("js:", "inline script"),
            ("http://", "something from elsewhere"),
            ("https://", "something from elsewhere"),
            ("\"//", "something from elsewhere"),
            ("|safe", "unescaped text"),
            ("hx-disabled-elt", "a name of htmx 2"),
            ("hx-ext", "a name of htmx 2"),
            ("hx-vars", "a name of htmx 2"),
            ("htmx:afterSwap", "a name of htmx 2"),
            ("htmx:beforeRequest", "a name of htmx 2"),
            ("hx-swap=\"morph", "a name of htmx 2"),
        ] {
            assert!(!template.contains(word), "{path} holds {why}: {word}");
        }
        assert_eq!(handler(&template), None, "{path} holds an inline script");
        for (at, _) in template.match_indices("<script") {
            let tag = &template[at..];
            let end = tag.find('>').unwrap();
            assert!(tag[..end].contains(" src="), "{path} holds an inline script");
            assert!(tag[end + 1..].starts_with("</script>"), "{path}: a script with a body");
        }
    }
    for (path, script) in files("static", ".js").into_iter().filter(|(path, _)| !path.starts_with("static/vendor/")) {
        for word in ["eval(", "new Function", "htmx:afterSwap", "htmx:beforeRequest", "document.write", "insertAdjacentHTML", "innerHTML"] {
            assert!(!script.contains(word), "{path} holds {word}");
        }
    }
    for (path, style) in files("static", ".css") {
        for word in ["@import", "http:", "https:", "expression("] {
            assert!(!style.contains(word), "{path} holds {word}");
        }
    }
    for (path, picture) in files("static", ".svg") {
        for word in ["<script", "<foreignObject", "href=\"http", "@import"] {
            assert!(!picture.contains(word), "{path} holds {word}");
        }
    }
}

#[test]
fn every_template_is_used_and_every_icon_that_is_named_is_there() {
    let templates = files("templates", ".html");
    let sources: String = files("src/web", ".rs").into_iter().map(|(_, source)| source).collect();
    let all: String = templates.iter().map(|(_, template)| template.as_str()).collect();
    for (path, _) in &templates {
        let name = path.strip_prefix("templates/").unwrap();
        let by_page = sources.contains(&format!("path = \"{name}\""));
        let by_template = ["include", "extends", "import"].iter().any(|word| all.contains(&format!("{word} \"{name}\"")));
        assert!(by_page || by_template, "{path} is used by nothing");
    }
    // Handlers name icons too.
    let sprite = std::fs::read_to_string(repository().join("static/icons.svg")).unwrap();
    let ids: Vec<&str> = sprite.split("id=\"i-").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(ids.len() > 10);
    for call in all.split("ui::icon(").skip(1).chain(all.split(" icon(").skip(1)) {
        let named = call.split(')').next().unwrap().split('"').nth(1);
        if let Some(name) = named {
            assert!(ids.contains(&name), "there is no icon {name}");
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Vendored {
    file: Vec<File>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    path: String,
    name: String,
    version: String,
    licence: String,
    licence_file: Option<String>,
    source: String,
    #[serde(default)]
    unicodes: Option<String>,
    tarball_sha512: String,
    sha384: String,
}

#[test]
fn what_is_other_peoples_is_what_the_list_says_and_has_its_licence() {
    let list: Vendored = toml::from_str(&std::fs::read_to_string(repository().join("static/vendor/vendor.toml")).unwrap()).unwrap();
    let mut listed = BTreeSet::from(["static/vendor/vendor.toml".to_owned()]);
    for file in &list.file {
        let bytes = std::fs::read(repository().join(&file.path)).unwrap_or_else(|error| panic!("{}: {error}", file.path));
        assert_eq!(
            STANDARD.encode(Sha384::digest(&bytes)),
            file.sha384,
            "{} is not {} {} as it was listed",
            file.path,
            file.name,
            file.version
        );
        assert_eq!(STANDARD.decode(&file.tarball_sha512).map(|hash| hash.len()), Ok(64), "{}", file.path);
        assert!(!file.source.is_empty() && file.unicodes.as_ref().is_none_or(|ranges| ranges.starts_with("U+")), "{}", file.path);
        assert!(["0BSD", "MIT", "ISC", "OFL-1.1", "MPL-2.0"].contains(&file.licence.as_str()), "{} is {}", file.path, file.licence);
        match &file.licence_file {
            Some(path) => {
                let licence = std::fs::read_to_string(repository().join(path)).unwrap();
                assert!(licence.len() > 300, "{path} holds no licence");
                listed.insert(path.clone());
            }
            None => assert!(String::from_utf8_lossy(&bytes[..1_000]).contains("License"), "{} carries no licence", file.path),
        }
        listed.insert(file.path.clone());
    }
    let names: BTreeSet<&str> = list.file.iter().map(|file| file.name.as_str()).collect();
    assert!(["htmx.org", "inter-ui", "axe-core"].iter().all(|name| names.contains(name)), "{names:?}");
    for entry in std::fs::read_dir(repository().join("static/vendor")).unwrap() {
        let path = format!("static/vendor/{}", entry.unwrap().file_name().to_string_lossy());
        assert!(listed.contains(&path), "{path} is not listed");
    }
    for folder in ["static", "tests/browser"] {
        for ending in [".min.js", ".woff2", ".min.css"] {
            let folder_path = repository().join(folder);
            for entry in std::fs::read_dir(&folder_path).unwrap() {
                let name = entry.unwrap().file_name().to_string_lossy().into_owned();
                if name.ends_with(ending) {
                    assert!(listed.contains(&format!("{folder}/{name}")), "{folder}/{name} is not listed");
                }
            }
        }
    }
}

/// Licences under which the product may be shipped whole.
const PERMISSIVE: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
    "PostgreSQL",
    "blessing",
    "CDLA-Permissive-2.0",
];

/// Whether an expression of licences can be met with these.
fn met(expression: &str, with: &[&str]) -> bool {
    let expression = expression.replace(" / ", " OR ").replace('/', " OR ");
    // No licence of a dependency nests deeper than this.
    let plain = expression.replace(['(', ')'], " ");
    if expression.contains('(') && expression.contains(" AND ") {
        return expression.split(" AND ").all(|part| met(&part.replace(['(', ')'], " "), with));
    }
    plain.split(" OR ").any(|choice| {
        choice.split(" AND ").all(|name| {
            let name = name.split(" WITH ").next().unwrap().trim();
            with.contains(&name)
        })
    })
}

#[test]
fn everything_that_is_shipped_is_under_a_permissive_licence() {
    assert!(met("MIT OR GPL-3.0", PERMISSIVE) && met("(MIT OR GPL-3.0) AND Unicode-3.0", PERMISSIVE) && met("MIT/Apache-2.0", PERMISSIVE));
    assert!(!met("MIT AND GPL-3.0", PERMISSIVE) && !met("GPL-3.0-or-later", PERMISSIVE));
    // What other systems would need has not been fetched here.
    let about = std::process::Command::new("rustc").arg("-vV").output().unwrap();
    let about = String::from_utf8(about.stdout).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let told = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host, "--manifest-path"])
        .arg(repository().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    // From our own package along the dependencies that are not for tests alone.
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let mut shipped: BTreeSet<&str> = BTreeSet::new();
    let mut waiting = vec![metadata["resolve"]["root"].as_str().unwrap()];
    while let Some(id) = waiting.pop() {
        if !shipped.insert(id) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id).unwrap();
        for dependency in node["deps"].as_array().unwrap() {
            let for_tests_alone = dependency["dep_kinds"].as_array().unwrap().iter().all(|kind| kind["kind"] == "dev");
            if !for_tests_alone {
                waiting.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        let name = &package["name"];
        if shipped.contains(package["id"].as_str().unwrap()) {
            assert!(met(licence, PERMISSIVE), "{name} is under {licence}");
        } else {
            // What only tests use may also be under a licence that binds its own files.
            let weak = [PERMISSIVE, &["MPL-2.0"]].concat();
            assert!(met(licence, &weak), "{name}, for tests, is under {licence}");
        }
    }
}
