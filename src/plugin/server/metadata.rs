//! What the provider offers: GetMetadata, GetProviderSchema, GetFunctions.

use super::{context::Work, failure::RpcResult, schemas::TypedSchema, wire};
use crate::schema::{Attribute, AttributeType, Nesting, Object, Schema};
use tfplugin_proto::tfplugin6::{self as proto, get_functions, get_metadata, get_provider_schema};

fn capabilities() -> proto::ServerCapabilities {
    proto::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: false,
        generate_resource_config: false,
    }
}

pub(super) async fn get_metadata(work: Work, _: get_metadata::Request) -> RpcResult<get_metadata::Response> {
    use get_metadata::{DataSourceMetadata, ResourceMetadata};
    let resources = work.connection().resources().iter().map(|resource| resource.name().to_owned());
    let data_sources = work.connection().data_sources().iter().map(|source| source.name().to_owned());
    Ok(get_metadata::Response {
        server_capabilities: Some(capabilities()),
        resources: resources.map(|type_name| ResourceMetadata { type_name }).collect(),
        data_sources: data_sources.map(|type_name| DataSourceMetadata { type_name }).collect(),
        ..get_metadata::Response::default()
    })
}

pub(super) async fn get_provider_schema(
    work: Work,
    _: get_provider_schema::Request,
) -> RpcResult<get_provider_schema::Response> {
    let provider = work.provider();
    let mut violations = provider.violations.clone();
    let mut describe = |name: &str, typed: &TypedSchema| {
        violations.extend(typed.violations.iter().cloned());
        (name.to_owned(), schema(&typed.schema))
    };
    let resources = work.connection().resources().iter().enumerate();
    let resource_schemas =
        resources.map(|(at, resource)| describe(resource.name(), work.resource_schema(at))).collect();
    let data_sources = work.connection().data_sources().iter().enumerate();
    let data_source_schemas =
        data_sources.map(|(at, source)| describe(source.name(), work.data_source_schema(at))).collect();
    Ok(get_provider_schema::Response {
        provider: Some(schema(&provider.schema)),
        resource_schemas,
        data_source_schemas,
        server_capabilities: Some(capabilities()),
        diagnostics: wire::diagnostics(violations),
        ..get_provider_schema::Response::default()
    })
}

/// Only OpenTofu calls it, and only for a function that the schema doesn't list: there is none.
pub(super) async fn get_functions(_: Work, _: get_functions::Request) -> RpcResult<get_functions::Response> {
    Ok(get_functions::Response::default())
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
        AttributeType::Plain(ty) => (ty.to_json(), None),
        AttributeType::Nested(nesting, nested) => (vec![], Some(object(*nesting, nested))),
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

fn object(nesting: Nesting, nested: &Object) -> proto::schema::Object {
    use proto::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    proto::schema::Object {
        attributes: nested.attributes.iter().map(attribute).collect(),
        nesting: nesting.into(),
        ..proto::schema::Object::default()
    }
}
