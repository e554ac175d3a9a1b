//! The objects of an environment. Knows the resolved values and the makers.

mod access;

use super::resolve::Resolved;
use crate::{
    domain::Desired,
    golden::objects::{namespace, record},
};

pub fn render(resolved: &Resolved) -> Vec<Desired> {
    let terms = &resolved.namespace_terms;
    let mut objects: Vec<Desired> =
        resolved.namespaces.iter().flat_map(|namespace| namespace::render(terms, namespace)).collect();
    objects.extend(access::render(resolved));
    let mut objects = resolved.extras.apply(objects);
    objects.push(record::object(&resolved.effective.spec.id().into(), terms.mark.labels()));
    objects
}
