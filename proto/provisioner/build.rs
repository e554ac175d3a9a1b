//! Compiles the .proto file with protox, so that a build needs no `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = protox::compile(["goldenpath/provisioner/v1/provisioner.proto"], ["proto"])?;
    // No `connect` helper: it knows TCP, and the daemon's client brings a channel over its own socket.
    tonic_prost_build::configure().build_transport(false).compile_fds(files)?;
    Ok(())
}
