//! Judgements as a plan shows them.

use super::{
    checked::Policy,
    form::Action,
    judge::{Case, Judgement, Outcome},
};
use crate::{
    domain::{Problem, Severity},
    policy::finding::Verdict,
};
use jiff::civil::Date;

// === impl Policy ===

impl Policy {
    /// `object`: as messages write it. `is_changed`: it is made or changed by this plan; what comes of a date stops nothing else.
    pub fn problems(&self, case: &Case<'_>, today: Date, object: &str, is_changed: bool) -> Vec<Problem> {
        match self.judge(case, today) {
            Outcome::Found(found) => {
                found.into_iter().filter_map(|judgement| self.problem(judgement, object, is_changed)).collect()
            }
            Outcome::NotMatched | Outcome::Passed | Outcome::Exempt { .. } => vec![],
        }
    }

    /// Whether an exemption of it has ended.
    pub fn has_lapsed(&self, today: Date) -> bool {
        self.form.exemptions.iter().any(|exemption| exemption.until < today)
    }

    /// What it finds that was exempt once. Nothing is made or changed.
    pub fn lapses(&self, case: &Case<'_>, today: Date, object: &str) -> Vec<Problem> {
        let Outcome::Found(found) = self.judge(case, today) else { return vec![] };
        let lapsed = found.into_iter().filter(|judgement| judgement.lapsed.is_some());
        lapsed.filter_map(|judgement| self.problem(judgement, object, false)).collect()
    }

    /// `None`: it is for an audit only.
    fn problem(&self, judgement: Judgement, object: &str, is_changed: bool) -> Option<Problem> {
        let Judgement { verdict, action, message, remedy, field, lapsed } = judgement;
        let may_stop = verdict == Verdict::Violated && (lapsed.is_none() || is_changed);
        let severity = match action {
            Action::Deny if may_stop => Severity::Error,
            Action::Deny | Action::Warn => Severity::Warning,
            Action::Audit => return None,
        };
        let code = match verdict {
            Verdict::Violated => "policy.violated",
            Verdict::Undecided => "policy.undecided",
        };
        let since = lapsed.map(|until| format!(" Its exemption ended on {until}.")).unwrap_or_default();
        let detail = format!("Policy {} flags {object}.{since} {remedy}", self.id());
        let summary = message.trim_end_matches('.').to_owned();
        let field = field.iter().flat_map(|field| field.split('.')).map(str::to_owned).collect();
        Some(Problem { severity, code, summary, detail, field })
    }
}
