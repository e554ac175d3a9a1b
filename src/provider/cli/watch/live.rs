//! What runs, as bars below the lines of what is over.

use super::words::line;
use crate::cli::output;
use goldenpath_core::provision::{Event, EventKind};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    collections::HashMap,
    io::{self, IsTerminal as _},
};

const TEMPLATE: &str = "{prefix} [{bar:30}] {pos}/{len} {wide_msg}";

pub struct Live {
    bars: MultiProgress,
    running: HashMap<String, ProgressBar>,
}

// === impl Live ===

impl Live {
    /// Lines go to standard output and bars to standard error; `None`: one of them is no terminal.
    pub fn on_a_terminal() -> Option<Self> {
        let are_terminals = io::stdout().is_terminal() && io::stderr().is_terminal();
        are_terminals.then(|| Self { bars: MultiProgress::new(), running: HashMap::new() })
    }

    pub fn show(&mut self, event: &Event) -> io::Result<bool> {
        match event.kind {
            EventKind::Step => self.step(event),
            EventKind::Accepted => {}
            EventKind::Ended => {
                if let Some(bar) = self.running.remove(&event.operation) {
                    bar.finish_and_clear();
                }
                return self.bars.suspend(|| output::line(&line(event)));
            }
            _ => return self.bars.suspend(|| output::line(&line(event))),
        }
        Ok(true)
    }

    fn step(&mut self, event: &Event) {
        let bars = &self.bars;
        let bar = self.running.entry(event.operation.clone()).or_insert_with(|| {
            let bar = bars.add(ProgressBar::new(0)).with_prefix(format!("{} {}", event.verb, event.about));
            match ProgressStyle::with_template(TEMPLATE) {
                Ok(style) => bar.with_style(style),
                // Ours, and sound.
                Err(_) => bar,
            }
        });
        bar.set_length(event.of as u64);
        bar.set_position(event.done as u64);
        bar.set_message(event.text.clone());
    }
}
