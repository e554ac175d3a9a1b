//! The form of help, as clap shows it. What a command, an argument or a value is about is one line: a fragment with a capital letter and
//! without a full stop, as the summary of a message is. What the long help adds are sentences.

use super::Arguments;
use clap::{Arg, Command, CommandFactory, builder::StyledStr};
use plugin::diagnostic::LONGEST_SUMMARY;

#[test]
fn help_has_its_form() {
    let wrong = of_command(&Arguments::command(), "goldenpath");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn of_command(command: &Command, path: &str) -> Vec<String> {
    let about = faults(command.get_about(), command.get_long_about());
    let mut wrong: Vec<String> = about.into_iter().map(|fault| format!("{path}: {fault}")).collect();
    for argument in command.get_arguments() {
        wrong.extend(of_argument(argument).into_iter().map(|fault| format!("{path} {}: {fault}", argument.get_id())));
    }
    for inner in command.get_subcommands() {
        wrong.extend(of_command(inner, &format!("{path} {}", inner.get_name())));
    }
    wrong
}

fn of_argument(argument: &Arg) -> Vec<String> {
    let mut wrong = faults(argument.get_help(), argument.get_long_help());
    for value in argument.get_possible_values() {
        // One whose name says it all has none.
        let help = value.get_help().map(ToString::to_string);
        wrong.extend(help.and_then(|help| of_line(&help)).map(|fault| format!("{}: {fault}", value.get_name())));
    }
    wrong
}

fn faults(short: Option<&StyledStr>, long: Option<&StyledStr>) -> Vec<String> {
    let short = short.map(ToString::to_string).unwrap_or_default();
    let long = long.map(ToString::to_string).unwrap_or_default();
    let more = long.strip_prefix(short.as_str()).unwrap_or(&long).trim();
    of_line(&short).into_iter().chain(of_sentences(more)).collect()
}

fn of_line(text: &str) -> Option<String> {
    let wrong = match text {
        "" => "there is no help",
        text if text.ends_with('.') || text.contains(". ") => "the first line is no fragment without a full stop",
        text if text.chars().count() > LONGEST_SUMMARY => "the first line is too long",
        text if text.starts_with(char::is_lowercase) => "the first line begins with a small letter",
        _ => return None,
    };
    Some(format!("{wrong}: {text:?}"))
}

fn of_sentences(text: &str) -> Option<String> {
    let is_whole = text.is_empty() || (text.ends_with('.') && !text.starts_with(char::is_lowercase));
    (!is_whole).then(|| format!("the long help is not in whole sentences: {text:?}"))
}

#[test]
fn what_has_another_form_is_found() {
    for (short, long, is_good, reason) in [
        ("Print JSON", "", true, "a fragment"),
        ("`<cluster>/<environment>`", "", true, "a literal"),
        ("List objects", "List objects\n\nExits with 0.", true, "and a sentence more"),
        ("", "", false, "nothing"),
        ("Print JSON.", "", false, "a full stop"),
        ("Stop it. Then start it", "", false, "two sentences"),
        ("print JSON", "", false, "a small letter"),
        ("List objects", "List objects\n\nexits with 0", false, "and a fragment more"),
    ] {
        let (short, long) = (StyledStr::from(short), StyledStr::from(long));
        assert_eq!(faults(Some(&short), Some(&long)).is_empty(), is_good, "{reason}");
    }
}
