//! `sam build` finds the program of every function, and it is built as the code needs it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::ours;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of one section of a manifest or of samconfig.toml.
fn section<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let begins = format!("[{name}]");
    let lines = text.lines().skip_while(|line| *line != begins).skip(1);
    lines.take_while(|line| !line.starts_with('[')).collect()
}

/// The package that lies where the template says has one program, of the name that the template says.
#[test]
fn every_function_has_the_program_that_sam_takes() {
    for function in ours(&[]).functions {
        let place = project().join("functions").join(&function.name);
        let manifest = read(&place.join("Cargo.toml"));
        let name = format!("name = \"{}\"", function.binary);
        assert!(section(&manifest, "package").contains(&name.as_str()), "{name}");
        assert!(
            !manifest.contains("[[bin]]"),
            "{name}: the program has the package's name"
        );
        assert!(place.join("src/main.rs").is_file(), "{name} is no program");
        assert!(!place.join("src/bin").exists(), "{name}: there is one program");
    }
}

/// What panics on one page is caught: the API answers 500, typesetting and indexing fail alone. cargo-lambda builds with
/// "abort" where the manifest does not say otherwise, and then the process ends with it.
#[test]
fn what_is_deployed_can_catch_a_panic() {
    let release = read(&project().join("Cargo.toml"));
    assert!(section(&release, "profile.release").contains(&"panic = \"unwind\""));
}

/// Whatever one half of samconfig.toml sets, the other does too.
#[test]
fn dev_and_prod_are_set_up_alike() {
    let text = read(&project().join("samconfig.toml"));
    let of = |environment: &str| -> BTreeSet<String> {
        let prefix = format!("[{environment}.");
        let sections = text.lines().filter_map(|line| line.strip_prefix(&prefix));
        let keys = sections.flat_map(|rest| {
            let name = rest.trim_end_matches(']').to_owned();
            let lines = section(&text, &format!("{environment}.{name}")).into_iter();
            let keys = lines.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()));
            keys.filter(|key| !key.starts_with([' ', '#']))
                .map(move |key| format!("{name}: {key}"))
        });
        keys.collect()
    };
    assert!(of("default").contains("global.parameters: parameter_overrides"));
    assert_eq!(of("default"), of("prod"));
    // sam's cache looks at a function's own directory only: a change in shared/ would not be deployed.
    assert_eq!(text.matches("\ncached = false\n").count(), 2);
}
