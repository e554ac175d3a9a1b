//! What is seen of a panic. Core captures standard error from a line that begins with `panic: ` and shows it to the user
//! even when logging is off; the call in which it happened returns a diagnostic that names the place.

use std::{
    backtrace::Backtrace,
    cell::RefCell,
    fmt::Write as _,
    io::{self, Write as _},
    panic::PanicHookInfo,
};

/// Core keeps this many lines of a capture, so the text stays below it.
const CAPTURED_LINES: usize = 100;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Install once, first thing in `main`.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let headline = headline(info);
        let report = report(&headline, &Backtrace::force_capture().to_string());
        LAST.with_borrow_mut(|last| *last = Some(headline));
        // In one write, so that another thread's log line doesn't end the capture. Nothing is left to do if it fails.
        let _ = io::stderr().lock().write_all(report.as_bytes());
    }));
}

/// The message of the last panic on this thread, once. A task is polled and its panic caught on one and the same thread.
pub(crate) fn take_last_panic() -> Option<String> {
    LAST.with_borrow_mut(Option::take)
}

fn headline(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("(no message)");
    match info.location() {
        Some(location) => format!("{message} ({}:{})", location.file(), location.line()),
        None => message.to_owned(),
    }
}

fn report(headline: &str, backtrace: &str) -> String {
    let mut report = String::new();
    let _ = writeln!(report, "panic: {headline}\n");
    for line in backtrace.lines().take(CAPTURED_LINES - 2) {
        let _ = writeln!(report, "{line}");
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_recognises_the_report_and_keeps_it_whole() {
        let backtrace = "   0: somewhere\n             at ./src/lib.rs:1\n".repeat(80);
        let report = report("index out of bounds (lib.rs:1)", &backtrace);
        assert!(report.starts_with("panic: index out of bounds (lib.rs:1)\n"), "{report}");
        assert_eq!(report.lines().count(), CAPTURED_LINES);
    }
}
