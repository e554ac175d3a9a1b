//! `catalogue init`: a commented copy of the built-in path, from which a platform team starts.

use anyhow::{Context, ensure};
use goldenpath_core::golden::Catalogue;
use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
};

/// Write a commented copy of the built-in golden path to start from
///
/// The copy has its own name, is version 1.0.0 and replaces the built-in default. Example cases for `catalogue test` are written with it.
/// No existing file is overwritten.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The folder, created if missing; list it in the provider's `catalogue`
    folder: PathBuf,
    /// Name of the path
    #[arg(long, default_value = "our-standard")]
    name: String,
}

pub(super) fn init(Arguments { folder, name }: &Arguments) -> anyhow::Result<String> {
    let (_, built_in) = Catalogue::built_in_documents().next().context("no golden path is built in")?;
    let text = copy(built_in, name);
    let faults = Catalogue::faults(&[(name.as_str(), text.as_str())]);
    ensure!(faults.is_empty(), "{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
    fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    let (path, cases) = (format!("{name}-1.0.0.yaml"), format!("{name}-1.0.0.test.yaml"));
    for (file, text) in [(&path, text), (&cases, example(name))] {
        let file = folder.join(file);
        let made = File::create_new(&file).and_then(|mut made| made.write_all(text.as_bytes()));
        made.with_context(|| format!("can't write {}", file.display()))?;
    }
    let at = folder.display();
    Ok(format!(
        "Wrote {at}/{path} and {at}/{cases}.\n\nNext: change the document, then\n  \
         goldenpath catalogue validate --catalogue {at}\n  \
         goldenpath catalogue test --catalogue {at}\nand list the folder in the provider block:\n  \
         catalogue = [\"{at}\"]\n"
    ))
}

/// The text with a name and a beginning of its own; everything else, comments too, stays.
fn copy(built_in: &str, name: &str) -> String {
    let mut text = "# yaml-language-server: $schema=golden-path.schema.json\n# (written by `catalogue schema > golden-path.schema.json`)\n#\n".to_owned();
    for line in built_in.lines() {
        match line {
            line if line.starts_with("name: ") => text.push_str(&format!("name: {name}")),
            line if line.starts_with("version: ") => text.push_str("version: 1.0.0"),
            line if line.starts_with("# The built-in golden path.") => {
                text.push_str(&line.replace("The built-in golden path.", "A copy of the built-in golden path."));
            }
            line => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

fn example(name: &str) -> String {
    format!(
        "# Cases of {name}, run by `catalogue test`: what a team asks for, and what must come of it.\n\
         apiVersion: goldenpath.internal/v1\nkind: GoldenPathTest\ngolden_path: {name}\ngolden_path_version: 1.0.0\ncases:\n  \
         - name: a small environment in production\n    environment:\n      team: payments\n      tier: prod\n      \
         owner: {{ contact: payments@example.com, cost_center: CC1 }}\n    slot: {{ name: ledger }}\n    expect:\n      \
         # `present`, `absent`, or lines of the object as a plan shows it.\n      objects:\n        \
         NetworkPolicy payments-prod/gp-default-deny: present\n        \
         Namespace payments-prod-ledger: present\n        ResourceQuota payments-prod/gp-no-system-priority: present\n  \
         - name: an access policy that the path does not grant\n    environment:\n      team: payments\n      tier: dev\n      \
         access: {{ admin: {{ principal_arns: [\"arn:aws:iam::111122223333:role/admin\"], access_policies: [AmazonEKSEditPolicy] }} }}\n    \
         expect:\n      # Codes of errors and warnings; without this, a case expects no error.\n      \
         findings: [access.access_policy_not_granted]\n"
    )
}
