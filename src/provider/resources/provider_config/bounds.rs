//! What the pipeline's own environment bounds, whatever the configuration says: `GOLDENPATH_BOUNDS`, a file or its text.

use goldenpath_core::{domain::CatalogueSource, provision::PipelineBounds};
use std::path::Path;

pub const VARIABLE: &str = "GOLDENPATH_BOUNDS";

/// `value`: the text itself, else the path of a file, whose folders lie beside it.
pub fn read(value: &str, file: impl FnOnce(&Path) -> std::io::Result<String>) -> Result<PipelineBounds, String> {
    if is_text(value) {
        return value.parse();
    }
    let path = Path::new(value);
    let text = file(path).map_err(|error| format!("{value}: {error}"))?;
    let mut bounds: PipelineBounds = text.parse().map_err(|error| format!("{value}: {error}"))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let beside = |sources: Vec<CatalogueSource>| sources.into_iter().map(|source| source.beside(folder)).collect();
    bounds.catalogue = bounds.catalogue.map(beside);
    Ok(bounds)
}

/// A mapping is in braces, or has a colon with a blank behind it, as no path of a file has. What is taken for one and is none can't be
/// read, so that nothing is touched.
fn is_text(value: &str) -> bool {
    value.trim_start().starts_with('{') || value.split(':').skip(1).any(|rest| rest.starts_with(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(paths: [&str; 2]) -> [CatalogueSource; 2] {
        paths.map(|path| CatalogueSource::Folder(path.into()))
    }

    #[test]
    fn a_file_or_its_text_and_never_half_of_it() {
        let none = |_: &Path| Err(std::io::Error::other("no such file"));
        let text = read(r#"{"allow": {"teams": ["pay"]}, "built_in_path": false}"#, none).unwrap();
        assert_eq!((text.allow.teams, text.built_in_path), (Some(vec!["pay".to_owned()]), Some(false)));
        for (yaml, reason) in [
            ("allow:\n  teams: [pay]\n", "as a pipeline writes it"),
            ("allow:\r\n  teams: [pay]\r\n", "with line ends of Windows"),
            ("allow: { teams: [pay] }", "on one line"),
        ] {
            assert_eq!(read(yaml, none).unwrap().allow.teams, Some(vec!["pay".to_owned()]), "{reason}");
        }
        let file =
            read("/etc/gp/bounds.yaml", |_| Ok("allow: {tiers: [dev]}\ncatalogue: [paths, /other]\n".to_owned()));
        let paths = file.unwrap().catalogue.unwrap();
        assert_eq!(paths, folders(["/etc/gp/paths", "/other"]), "relative to the file");
        for (value, reason) in [
            ("/etc/gp/bounds.yaml", "an absent file is not no bounds"),
            (r#"{"teams": ["pay"]}"#, "a bound outside of `allow`"),
            (r#"{"allow": {"team": ["pay"]}}"#, "a misspelt bound"),
            (r#"{"allow": "#, "half of it"),
            ("allow: [", "half of it in YAML"),
        ] {
            assert!(read(value, none).is_err(), "{reason}");
        }
    }

    #[test]
    fn the_guide_shows_bounds_that_are_read() {
        let guide = include_str!("../../generate/guides/security.md");
        let shown = guide.split("```yaml\n").nth(1).and_then(|rest| rest.split_once("```")).unwrap().0;
        let bounds = read("/etc/gp/bounds.yaml", |_| Ok(shown.to_owned())).unwrap();
        assert_eq!(bounds.allow.teams, Some(vec!["payments".to_owned()]));
        assert_eq!(bounds.catalogue, Some(vec![CatalogueSource::Folder("/etc/gp/golden-paths".into())]));
        assert_eq!(bounds.built_in_path, Some(false));
    }
}
