//! One sample of every kind: a body, another value for one owned field, and a field that somebody else adds.
//!
//! The list of kinds is core's; what each looks like is here. A kind without a sample fails the tests below.

mod aws;
mod kubernetes;
mod sample;

pub use sample::{Sample, crd};

use super::target::TestTarget;
use goldenpath_core::kinds::{self, Kind, Placement};
use sample::Names;

pub(super) fn environment(target: &TestTarget, case: &str) -> String {
    format!("{}{case}", target.unique)
}

/// Every kind once, in the order of core's list, all under names of this case.
pub fn samples(target: &TestTarget, case: &str) -> Vec<Sample> {
    let TestTarget { cluster, boundary, .. } = target;
    let names = Names { cluster, boundary, environment: environment(target, case) };
    kinds::all().filter_map(|kind| sample(&names, kind)).collect()
}

fn sample(names: &Names<'_>, kind: &Kind) -> Option<Sample> {
    match kind.placement {
        Placement::Aws => aws::sample(names, kind),
        Placement::Cluster | Placement::Namespaced => kubernetes::sample(names, kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::{
        domain::{Fields, FieldsBuilder, Holder, ObjectKey},
        kinds::{block, fields_of},
    };

    fn with_each<T>(check: impl Fn(&'static Kind, Sample) -> T) -> Vec<T> {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        let names =
            Names { cluster: &cluster, boundary: "arn:aws:iam::111122223333:policy/b", environment: "pay".into() };
        let known = |kind: &'static Kind| sample(&names, kind).unwrap_or_else(|| panic!("{} has no sample", kind.name));
        kinds::all().map(|kind| check(kind, known(kind))).collect()
    }

    #[test]
    fn each_kind_has_a_sample_of_its_own() {
        with_each(|kind, sample| {
            let found = kinds::of(&sample.key).map(|found| (found.api, found.name));
            assert_eq!(found, Some((kind.api, kind.name)));
            let fields = fields_of(&sample.body);
            assert!(fields.get(sample.owned).is_some(), "{}: {} is a field", kind.name, sample.owned);
            if let Some(changed) = &sample.changed {
                assert_ne!(fields_of(changed).get(sample.owned), fields.get(sample.owned), "{}", kind.name);
            }
        });
    }

    /// A change of any field is seen in a plan.
    #[test]
    fn no_field_of_a_sample_changes_unseen() {
        let legible = |key: &ObjectKey, fields: &Fields, wanted: &Fields| {
            let text = block(key, fields, wanted);
            text.rsplit_once('#').map(|(words, _)| words.to_owned())
        };
        with_each(|kind, sample| {
            let fields = fields_of(&sample.body);
            let before = legible(&sample.key, &fields, &fields);
            for field in fields.iter().filter(|field| field.text != "[]") {
                for text in [None, Some(format!("{}x", field.text))] {
                    let mut other = FieldsBuilder::default();
                    for same in fields.iter().filter(|same| same.path != field.path) {
                        other.push(same.path, same.text, Holder::Us);
                    }
                    if let Some(text) = &text {
                        other.push(field.path, text.as_str(), Holder::Us);
                    }
                    let after = legible(&sample.key, &other.build(), &fields);
                    assert_ne!(before, after, "{}: {} became {text:?}", kind.name, field.path);
                }
            }
        });
    }
}
