//! The API of the provisioning daemon, generated from `proto/`.

#![allow(clippy::doc_lazy_continuation)]

tonic::include_proto!("goldenpath.provisioner.v1");
