//! What the target makes up: ids of new objects.

use crate::error::SandboxError;
use goldenpath_core::{
    domain::ObjectKey,
    kinds::{self, GeneratedId},
};

pub fn uuid() -> Result<String, SandboxError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(SandboxError::Random)?;
    // RFC 9562, version 4.
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// Of a kind that nobody added it is Kubernetes'.
pub fn id(key: &ObjectKey) -> Result<String, SandboxError> {
    match kinds::of(key).map_or(GeneratedId::Uuid, |kind| kind.id) {
        GeneratedId::Uuid => uuid(),
        GeneratedId::Letters { prefix, of } => Ok(format!("{prefix}{}", random(of)?)),
        GeneratedId::Nothing => Ok(String::new()),
    }
}

fn random(alphabet: &[u8]) -> Result<String, SandboxError> {
    let mut bytes = [0_u8; 17];
    getrandom::fill(&mut bytes).map_err(SandboxError::Random)?;
    Ok(bytes.into_iter().map(|byte| char::from(alphabet[usize::from(byte) % alphabet.len()])).collect())
}
