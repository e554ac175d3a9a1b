//! Compiles the .proto files with protox, so that a build needs no `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = protox::compile(["tfplugin6/provider.proto", "goplugin/goplugin.proto"], ["proto"])?;
    tonic_prost_build::configure()
        // A call that a server doesn't write returns UNIMPLEMENTED, which is how the protocol says "no such feature".
        .generate_default_stubs(true)
        // Schemas in one order on every run.
        .btree_map(".")
        // No `connect` helper: it would pull the client transport into the provider. Tests make their own channel.
        .build_transport(false)
        .compile_fds(files)?;
    Ok(())
}
