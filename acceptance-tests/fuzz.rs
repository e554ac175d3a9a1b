//! Bytes that nobody meant, at every place where bytes come in: no panic, no hang, and nothing read that can't be written again.
//!
//! Each begins with bytes that are right and changes some of them, so that most get past the first check. GOLDENPATH_FUZZ_SECONDS says
//! how long each one runs; `scripts/fuzz` asks for more.

use crate::{
    random::Random,
    server::Server,
    truth::specs::{self, Frame},
};
use acceptance_tests::{
    ENVIRONMENT, block_on,
    client::{Client, as_text, errors},
};
use anyhow::{Context as _, Result, bail, ensure};
use plugin::{
    Type, Value,
    value::{json, msgpack},
};
use std::time::{Duration, Instant};
use tfplugin_proto::tfplugin6 as wire;
use tonic::Code;

/// A name, and what is tried for so long.
type Check = (&'static str, fn(Duration) -> Result<()>);

pub const CHECKS: [Check; 3] =
    [("msgpack", values_as_msgpack), ("JSON of a state", values_as_json), ("requests", requests)];

pub fn duration() -> Duration {
    let seconds = std::env::var("GOLDENPATH_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10))
}

fn values_as_msgpack(duration: Duration) -> Result<()> {
    round_trips(duration, |value, ty| Ok(msgpack::encode(value, ty)?), |bytes, ty| msgpack::decode(bytes, ty).ok())
}

fn values_as_json(duration: Duration) -> Result<()> {
    round_trips(duration, |value, ty| Ok(json::encode(value, ty)?), |bytes, ty| json::decode(bytes, ty).ok())
}

fn round_trips(
    duration: Duration,
    encode: impl Fn(&Value, &Type) -> Result<Vec<u8>>,
    decode: impl Fn(&[u8], &Type) -> Option<Value>,
) -> Result<()> {
    let server = Server::start()?;
    let client = block_on(server.sandbox_client())?;
    let ty = &client.resource(ENVIRONMENT)?.ty;
    block_on(for_as_long(duration, async |random| {
        let written = encode(&configuration(random, &client)?, ty)?;
        let bytes = damage(random, written);
        let begun = Instant::now();
        let read = decode(&bytes, ty);
        ensure!(begun.elapsed() < Duration::from_secs(1), "it took {:?}", begun.elapsed());
        // What has no form in this codec (an unknown in JSON) need not have one.
        if let Some(read) = read
            && let Ok(written) = encode(&read, ty)
        {
            ensure!(decode(&written, ty).as_ref() == Some(&read), "another value when it is read again: {read:?}");
        }
        Ok(())
    }))
}

fn requests(duration: Duration) -> Result<()> {
    block_on(requests_of(duration))
}

async fn requests_of(duration: Duration) -> Result<()> {
    let mut server = Server::start()?;
    let mut client = server.sandbox_client().await?;
    let ty = client.resource(ENVIRONMENT)?.ty.clone();
    for_as_long(duration, async |random| {
        let value = configuration(random, &client)?;
        let (config, state) = (msgpack::encode(&value, &ty)?, json::encode(&value, &ty).unwrap_or_default());
        one_request(&mut client, random, config, &state).await
    })
    .await?;
    ensure!(server.is_alive()?, "the provider has ended");
    let mut client = server.sandbox_client().await?;
    let right = serde_json::json!({ "name": "a", "team": "a", "tier": "dev", "cluster": "demo" });
    let right = client.config(ENVIRONMENT, &right)?;
    let said = client.validate(ENVIRONMENT, &right).await?;
    ensure!(errors(&said).is_empty(), "what is right is refused afterwards: {}", as_text(&said));
    Ok(())
}

/// Each seed is one case, so that a failure names what to run again.
async fn for_as_long(duration: Duration, mut case: impl AsyncFnMut(&mut Random) -> Result<()>) -> Result<()> {
    let (started, mut seed) = (Instant::now(), 0);
    while started.elapsed() < duration {
        case(&mut Random::new(seed)).await.with_context(|| format!("seed {seed}"))?;
        seed += 1;
    }
    ensure!(seed > 100, "only {seed} cases were tried");
    Ok(())
}

fn configuration(random: &mut Random, client: &Client) -> Result<Value> {
    let frame = Frame::random(random, "fuzz".into());
    client.config(ENVIRONMENT, &specs::environment(random, &frame))
}

async fn one_request(client: &mut Client, random: &mut Random, config: Vec<u8>, state: &[u8]) -> Result<()> {
    let dynamic = |msgpack| Some(wire::DynamicValue { msgpack, json: vec![] });
    let null = vec![0xc0];
    let type_name = ENVIRONMENT.to_owned();
    let calls = client.calls();
    let said = match random.below(4) {
        0 => {
            let config = dynamic(damage(random, config));
            let request = wire::validate_resource_config::Request { type_name, config, client_capabilities: None };
            calls.validate_resource_config(request).await.map(|response| response.into_inner().diagnostics)
        }
        1 => {
            let json = damage(random, state.to_owned());
            let raw_state = Some(wire::RawState { json, flatmap: [].into() });
            let request = wire::upgrade_resource_state::Request { type_name, version: 0, raw_state };
            calls.upgrade_resource_state(request).await.map(|response| response.into_inner().diagnostics)
        }
        2 => {
            let request = wire::read_resource::Request {
                type_name,
                current_state: dynamic(damage(random, config)),
                private: damage(random, br#"{"intent":"keep","id":"demo/fuzz","uid":"u"}"#.to_vec()),
                ..Default::default()
            };
            calls.read_resource(request).await.map(|response| response.into_inner().diagnostics)
        }
        _ => {
            let prior = if random.percent(50) { null } else { damage(random, config.clone()) };
            let request = wire::plan_resource_change::Request {
                type_name,
                prior_state: dynamic(prior),
                proposed_new_state: dynamic(damage(random, config.clone())),
                config: dynamic(damage(random, config)),
                prior_private: damage(random, br#"{"intent":"keep","id":"demo/fuzz","uid":"u"}"#.to_vec()),
                ..Default::default()
            };
            calls.plan_resource_change(request).await.map(|response| response.into_inner().diagnostics)
        }
    };
    match said {
        Ok(said) => {
            // What a panic inside of a call becomes.
            let panicked = said.iter().find(|one| one.summary.starts_with("Internal provider error"));
            panicked.map_or(Ok(()), |one| bail!("it panicked: {}", one.detail))
        }
        Err(status) if [Code::InvalidArgument, Code::FailedPrecondition, Code::NotFound].contains(&status.code()) => {
            Ok(())
        }
        Err(status) => bail!("it ended with {status}"),
    }
}

/// Up to eight changes, or none.
fn damage(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.below(9) {
        let at = random.below(bytes.len() + 1);
        let byte = u8::try_from(random.below(256)).unwrap_or_default();
        match random.below(6) {
            0 => bytes.insert(at, byte),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            3 if at < bytes.len() => {
                bytes[at] = *random.pick(&[0x00, 0x7f, 0x80, 0xc0, 0xc1, 0xd9, 0xdb, 0xdd, 0xdf, 0xff])
            }
            4 => bytes.truncate(at),
            _ => {
                let part: Vec<u8> = bytes[at..(at + random.below(16)).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}
