//! Plans of a request that is not wholly known: each request that it may turn out to be is planned, and what all of these plans
//! agree on does not depend on what is unknown.

use super::managed::Managed;
use goldenpath_core::{
    domain::Problem,
    provision::{Decided, Preview, PreviewRequest, Provisioner, Spec},
};
use plugin::{
    Diagnostic, Path, Value,
    path::Step,
    schema::{Replace, stand_ins},
};

impl Managed {
    /// One when all is known that a request must know. `None`: what is unknown decides everything.
    pub(super) fn requests(&self, config: &Value, prior: &Value) -> Result<Option<Vec<Spec>>, Diagnostic> {
        let (mut paths, mut trees) = (Vec::<Path>::new(), vec![config.clone()]);
        loop {
            let error = match trees.first().map(|tree| self.spec(tree)) {
                None => return Ok(None),
                Some(Ok(_)) => break,
                Some(Err(error)) if !error.unknown => return Err(self.unreadable(&error, "The configuration")),
                Some(Err(error)) => error,
            };
            let path = self.cached_schema().resolve_path(&error.path);
            if paths.contains(&path) || self.decides(&path) {
                return Ok(None);
            }
            paths.push(path);
            trees = stand_ins(self.cached_schema(), config, prior, &paths).unwrap_or_default();
        }
        let specs: Option<Vec<Spec>> = trees.iter().map(|tree| self.spec(tree).ok()).collect();
        Ok(specs.map(|specs| {
            let emptied: Vec<Spec> = specs.iter().filter_map(|spec| spec.with_empty_lists()).collect();
            [specs, emptied].concat()
        }))
    }

    /// Nothing can be said before it is known: parts of the id, the team, the tier.
    fn decides(&self, path: &Path) -> bool {
        let Some(Step::Attribute(name)) = path.steps().first() else { return true };
        let attribute = self.cached_schema().attribute(name);
        attribute.is_none_or(|attribute| attribute.is_required() || !matches!(attribute.replace, Replace::Never))
    }
}

/// `request` holds the first of `specs`.
pub(super) async fn preview_all(provisioner: &dyn Provisioner, specs: &[Spec], request: PreviewRequest) -> Preview {
    let mut plans: Vec<Decided> = vec![];
    let mut problems: Option<Vec<Problem>> = None;
    let (mut variant, mut variants) = (0, specs.len());
    while variant < variants {
        let spec = specs[variant % specs.len()].clone();
        let preview = provisioner.preview(PreviewRequest { spec, variant, ..request.clone() }).await;
        problems = Some(match problems {
            None => preview.problems,
            Some(known) => common(known, &preview.problems),
        });
        if let Some(decided) = preview.decided {
            variants = variants.max(decided.variants);
            plans.push(decided);
        }
        variant += 1;
    }
    // One that can't be rendered may be what it turns out to be in another form: then nothing is known.
    let is_decided = plans.len() == variants;
    let decided = plans.into_iter().reduce(agree).filter(|_| is_decided);
    Preview { decided, problems: problems.unwrap_or_default() }
}

/// What is only wrong with a value that stands in for another one is not wrong.
pub(super) fn common(known: Vec<Problem>, found: &[Problem]) -> Vec<Problem> {
    known.into_iter().filter(|problem| found.contains(problem)).collect()
}

fn agree(one: Decided, other: Decided) -> Decided {
    Decided {
        outputs: one.outputs.agree(other.outputs),
        parent: one.parent.filter(|parent| Some(parent) == other.parent.as_ref()),
        protected: one.protected || other.protected,
        ..one
    }
}
