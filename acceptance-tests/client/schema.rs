//! A schema as a client sees it: read from the wire, so that it is what core sees and not what we meant.

use anyhow::{Context as _, Result, bail};
use plugin::Type;
use std::collections::BTreeMap;
use tfplugin_proto::tfplugin6 as wire;

#[derive(Clone, Debug)]
pub struct Schema {
    pub version: i64,
    pub attributes: BTreeMap<String, Attribute>,
    /// The object type that all of it implies.
    pub ty: Type,
}

#[derive(Clone, Debug)]
pub struct Attribute {
    pub ty: Type,
    pub required: bool,
    pub optional: bool,
    pub computed: bool,
    pub nested: Option<(Nesting, BTreeMap<String, Attribute>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    Single,
    List,
    Set,
    Map,
}

impl Schema {
    pub(crate) fn read(schema: wire::Schema) -> Result<Self> {
        let block = schema.block.context("a schema without a block: core would panic")?;
        if !block.block_types.is_empty() {
            bail!("blocks are not in use: attributes nest");
        }
        let attributes = attributes(block.attributes)?;
        Ok(Self { version: schema.version, ty: object(&attributes), attributes })
    }
}

fn attributes(attributes: Vec<wire::schema::Attribute>) -> Result<BTreeMap<String, Attribute>> {
    attributes.into_iter().map(|attribute| Ok((attribute.name.clone(), read(attribute)?))).collect()
}

fn read(attribute: wire::schema::Attribute) -> Result<Attribute> {
    use wire::schema::object::NestingMode;
    let nested = match attribute.nested_type {
        None => None,
        Some(nested) => {
            let nesting = match nested.nesting() {
                NestingMode::Single => Nesting::Single,
                NestingMode::List => Nesting::List,
                NestingMode::Set => Nesting::Set,
                NestingMode::Map => Nesting::Map,
                NestingMode::Invalid => bail!("{}: nesting is not set", attribute.name),
            };
            Some((nesting, attributes(nested.attributes)?))
        }
    };
    let ty = match &nested {
        None => Type::from_json(&attribute.r#type).with_context(|| format!("type of {}", attribute.name))?,
        Some(_) if !attribute.r#type.is_empty() => bail!("{}: both a type and a nested type", attribute.name),
        Some((Nesting::Single, inner)) => object(inner),
        Some((Nesting::List, inner)) => Type::list(object(inner)),
        Some((Nesting::Set, inner)) => Type::set(object(inner)),
        Some((Nesting::Map, inner)) => Type::map(object(inner)),
    };
    let (required, optional, computed) = (attribute.required, attribute.optional, attribute.computed);
    Ok(Attribute { ty, required, optional, computed, nested })
}

fn object(attributes: &BTreeMap<String, Attribute>) -> Type {
    Type::object(attributes.iter().map(|(name, attribute)| (name.clone(), attribute.ty.clone())))
}
