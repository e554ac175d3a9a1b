//! What one run of a CLI, which is one connection, has read and planned. Core says no address with a request, so this is all that
//! tells two addresses of one id apart.

use super::private::Replaced;
use plugin::Diagnostic;
use std::collections::HashMap;

/// Core makes a plan as for an apply before it destroys, so that a conflict of one resource stops the destroy of all.
pub const WAY_OUT: &str = "To destroy without this check, run `terraform destroy -refresh=false`.";

/// A resource's type and its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thing {
    pub ty: &'static str,
    pub id: String,
}

#[derive(Default)]
pub struct Run(HashMap<Thing, Known>);

#[derive(Default)]
struct Known {
    /// As it was read, or its state where that could not be.
    read: Option<Replaced>,
    is_created: bool,
    is_destroyed: bool,
}

// === impl Run ===

impl Run {
    pub fn read(&mut self, thing: Thing, instance: Replaced) {
        self.0.entry(thing).or_default().read = Some(instance);
    }

    pub fn has_read(&self) -> bool {
        self.0.values().any(|known| known.read.is_some())
    }

    /// Whether this run destroys it, if only to create it again. An id says its type.
    pub fn destroys(&self, id: &str) -> bool {
        let goes = |known: &Known| known.is_destroyed || (known.is_created && known.read.is_some());
        self.0.iter().any(|(thing, known)| thing.id == id && goes(known))
    }

    /// The plan of a create; `is_replacement`: its own first half has planned the destroy. What it gives was read in this run and
    /// goes before the create: core makes a plan of a tainted resource as if there were none.
    pub fn create(&mut self, thing: Thing, is_replacement: bool) -> Result<Option<Replaced>, Diagnostic> {
        let known = self.0.entry(thing.clone()).or_default();
        match (known.is_created, known.is_destroyed && !is_replacement) {
            (true, _) => Err(planned_twice(&thing)),
            (false, true) => Err(rename_error(&thing)),
            (false, false) => {
                known.is_created = true;
                Ok(known.read.clone().filter(|_| !is_replacement))
            }
        }
    }

    /// The plan of a destroy, of its own or as the first half of a replacement.
    pub fn destroy(&mut self, thing: Thing) -> Result<(), Diagnostic> {
        let known = self.0.entry(thing.clone()).or_default();
        known.is_destroyed = true;
        if known.is_created { Err(rename_error(&thing)) } else { Ok(()) }
    }
}

fn planned_twice(Thing { ty, id }: &Thing) -> Diagnostic {
    Diagnostic::error(
        format!("{id} is created by two resources of this configuration"),
        format!(
            "Two {ty} resources, or two elements of one `for_each` or `count`, have the ID {id}. Each would change what the other \
             one made, and removing either would destroy both. Nothing was changed. Give them different names, or remove one. \
             {WAY_OUT}\n\n(run.duplicate)"
        ),
    )
}

fn rename_error(Thing { ty, id }: &Thing) -> Diagnostic {
    Diagnostic::error(
        format!("{id} is destroyed under one address and created under another"),
        format!(
            "The resource's address in the configuration has changed, such as its name or its key in `for_each`, and the state \
             still has {id} under the former one. Everything in it would be lost. Nothing was changed. Tell Terraform that it \
             moved, with both addresses in full:\n\n\
             moved {{\n  from = {ty}.<former address>\n  to   = {ty}.<new address>\n}}\n\n\
             To have it destroyed and created on purpose, use -replace. {WAY_OUT}\n\n(run.renamed)"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Step {
        Read,
        Create,
        Replace,
        Destroy,
    }

    #[test]
    fn one_run_does_one_thing_with_one_id() {
        use Step::{Create, Destroy, Read, Replace};
        let thing = || Thing { ty: "goldenpath_team_environment", id: "demo/pay".into() };
        let instance = || Replaced { id: "demo/pay".into(), uid: "u1".into(), protected: true };
        for (steps, expected, reason) in [
            (&[Create][..], "", "a create"),
            (&[Read, Destroy], "", "a destroy"),
            (&[Create, Create], "created by two", "two list items with one name"),
            (&[Read, Destroy, Create], "moved {", "a renamed key: its former address comes first"),
            (&[Create, Read, Destroy], "moved {", "or the new one"),
            (&[Read, Destroy, Replace], "", "-replace: the destroy is its own"),
            (&[Read, Destroy, Replace, Create], "created by two", "and a second address"),
        ] {
            let mut run = Run::default();
            let mut found = vec![];
            for step in steps {
                match step {
                    Read => run.read(thing(), instance()),
                    Create => found.extend(run.create(thing(), false).err()),
                    Replace => found.extend(run.create(thing(), true).err()),
                    Destroy => found.extend(run.destroy(thing()).err()),
                }
            }
            let text: String = found.iter().map(|found| format!("{}{}", found.summary, found.detail)).collect();
            assert!(
                found.len() < 2 && text.contains(expected) && text.is_empty() == expected.is_empty(),
                "{reason}: {text}"
            );
        }
    }

    #[test]
    fn a_tainted_resource_is_planned_as_a_create_of_what_was_read() {
        let mut run = Run::default();
        let thing = Thing { ty: "goldenpath_team_environment", id: "demo/pay".into() };
        let instance = Replaced { id: "demo/pay".into(), uid: "u1".into(), protected: true };
        run.read(thing.clone(), instance.clone());
        assert_eq!(run.create(thing, false).ok().flatten(), Some(instance));
    }
}
