//! The rule of dependencies, held as data ([`tables`]) and checked against every source file: cargo enforces the coarse rule between
//! crates, this the fine one between modules and files. And the form of what users read.

mod circles;
mod dependencies;
mod files;
mod glossary;
mod lexer;
mod messages;
mod modules;
mod names;
mod participles;
mod paths;
mod stages;
mod tables;

use crate::check::none;
use anyhow::Result;

pub type Check = (&'static str, fn() -> Result<()>);

pub const CHECKS: &[Check] = &[
    ("modules use only what the table allows", || none(modules::misuses()?)),
    ("stages know only the neighbours that the table allows", || none(stages::misuses()?)),
    ("no circles of files or folders", || none(circles::circles()?)),
    ("vendor crates stay where they are bound", || none(modules::strayed_vendors()?)),
    ("manifests list no crate out of bounds", || none(modules::needless_dependencies()?)),
    ("manifests list no crate that nothing names", || none(dependencies::unused_crates()?)),
    ("every source file belongs to a module of the table", || none(modules::strays()?)),
    ("a file is one idea", || none(modules::long_files()?)),
    ("messages have their form", || none(messages::malformed_messages()?)),
    ("one type name, one type", || none(names::doubled_types()?)),
    ("functions are verbs or nouns", || none(participles::participles()?)),
    ("words that have no place here", || none(glossary::misplaced_words()?)),
];
