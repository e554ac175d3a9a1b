//! What the provider offers: GetMetadata, GetProviderSchema, GetFunctions.

use super::{call::Answered, schemas::Typed, session::Work, wire};
use crate::schema::{Attribute, Kind, Nesting, Object, Schema};
use tfplugin_proto::tfplugin6 as proto;

fn capabilities() -> proto::ServerCapabilities {
    proto::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: false,
        generate_resource_config: false,
    }
}

pub(super) async fn get_metadata(
    work: Work,
    _: proto::get_metadata::Request,
) -> Answered<proto::get_metadata::Response> {
    let type_name = |name: &str| name.to_owned();
    let resources = work.connection().resources().iter();
    let data_sources = work.connection().data_sources().iter();
    Ok(proto::get_metadata::Response {
        server_capabilities: Some(capabilities()),
        resources: resources
            .map(|resource| proto::get_metadata::ResourceMetadata { type_name: type_name(resource.name()) })
            .collect(),
        data_sources: data_sources
            .map(|source| proto::get_metadata::DataSourceMetadata { type_name: type_name(source.name()) })
            .collect(),
        ..proto::get_metadata::Response::default()
    })
}

pub(super) async fn get_provider_schema(
    work: Work,
    _: proto::get_provider_schema::Request,
) -> Answered<proto::get_provider_schema::Response> {
    let provider = work.provider();
    let mut breaches = provider.breaches.clone();
    let mut described = |name: &str, typed: &Typed| {
        breaches.extend(typed.breaches.iter().cloned());
        (name.to_owned(), schema(&typed.schema))
    };
    let resources = work.connection().resources().iter().enumerate();
    let data_sources = work.connection().data_sources().iter().enumerate();
    Ok(proto::get_provider_schema::Response {
        provider: Some(schema(&provider.schema)),
        resource_schemas: resources
            .map(|(at, resource)| described(resource.name(), work.resource_schema(at)))
            .collect(),
        data_source_schemas: data_sources
            .map(|(at, source)| described(source.name(), work.data_source_schema(at)))
            .collect(),
        server_capabilities: Some(capabilities()),
        diagnostics: wire::diagnostics(breaches),
        ..proto::get_provider_schema::Response::default()
    })
}

/// Only OpenTofu asks, and only for a function that the schema doesn't list: that there is none is the answer.
pub(super) async fn get_functions(
    _: Work,
    _: proto::get_functions::Request,
) -> Answered<proto::get_functions::Response> {
    Ok(proto::get_functions::Response::default())
}

// === Schema -> message ===

fn schema(schema: &Schema) -> proto::Schema {
    let block = proto::schema::Block {
        attributes: schema.attributes.iter().map(attribute).collect(),
        description: schema.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        ..proto::schema::Block::default()
    };
    proto::Schema { version: schema.version, block: Some(block) }
}

fn attribute(attribute: &Attribute) -> proto::schema::Attribute {
    // Core refuses an attribute with both a type and a nested type, and one with neither.
    let (ty, nested_type) = match &attribute.kind {
        Kind::Plain(ty) => (ty.to_json(), None),
        Kind::Nested(nesting, object) => (vec![], Some(nested(*nesting, object))),
    };
    proto::schema::Attribute {
        name: attribute.name.to_owned(),
        r#type: ty,
        nested_type,
        description: attribute.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        required: attribute.is_required(),
        optional: attribute.is_optional(),
        computed: attribute.is_computed(),
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecated.is_some(),
        deprecation_message: attribute.deprecated.clone().unwrap_or_default(),
    }
}

fn nested(nesting: Nesting, object: &Object) -> proto::schema::Object {
    use proto::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    proto::schema::Object {
        attributes: object.attributes.iter().map(attribute).collect(),
        nesting: nesting.into(),
        ..proto::schema::Object::default()
    }
}
