//! Names as Kubernetes writes them: `cost_center` is `costCenter`, `goldenpath_team_environment` is `TeamEnvironment`.

/// A resource type, as Crossplane sees it.
pub(super) struct CompositeKind {
    /// `goldenpath_team_environment`
    pub(super) resource: &'static str,
    /// `TeamEnvironment`
    pub(super) kind: String,
    /// `teamenvironments`
    pub(super) plural: String,
}

impl CompositeKind {
    pub(super) fn of(resource: &'static str) -> Self {
        let name = resource.strip_prefix("goldenpath_").unwrap_or(resource);
        let kind: String = name.split('_').map(capital).collect();
        let plural = format!("{}s", kind.to_lowercase());
        Self { resource, kind, plural }
    }
}

pub(super) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    first + &words.map(capital).collect::<String>()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
