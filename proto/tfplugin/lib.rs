//! Terraform's plugin protocol 6.11 ([`tfplugin6`]) and go-plugin's own services ([`goplugin`]), generated from `proto/`.
//!
//! The .proto files are ours, written from the protocol's field numbers; a message's name isn't on the wire except in the
//! path of a call, `/tfplugin6.Provider/<Call>` and `/plugin.<Service>/<Call>`.

#![allow(clippy::doc_lazy_continuation, clippy::large_enum_variant)]

pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

pub mod goplugin {
    tonic::include_proto!("plugin");
}
