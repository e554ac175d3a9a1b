//! Writes of the record, which expect the version read before.

use crate::{
    domain::{Body, Class, Desired, ObjectKey, Observed, Record},
    kinds::in_words,
    ports::{Apply, Expect},
    provision::engine::{
        failure::Failure,
        target::{TargetCalls, pauses},
    },
};
use serde_json::{Value, json};

/// The key under `data` of the ConfigMap.
const DATA_KEY: &str = "record";

/// Writes the record into its ConfigMap. A lost response differs from a lost race by the text that is there afterwards.
pub async fn write(
    target: &TargetCalls<'_>,
    key: &ObjectKey,
    shell: &Value,
    record: &Record,
    expect: Expect,
) -> Result<Observed, Failure> {
    let text = serde_json::to_string(record)
        .map_err(|error| Failure::Record { id: record.id.clone(), reason: error.to_string() })?;
    let mut document = shell.clone();
    document["data"] = json!({ DATA_KEY: text });
    let body = Body::Kube(document);
    let mut pauses = pauses();
    loop {
        let apply = Apply {
            cluster: target.cluster,
            key,
            body: &body,
            manager: Desired::MANAGER,
            expect: expect.clone(),
            take: &[],
        };
        let error = match target.objects.apply(apply).await {
            Ok(observed) => return Ok(observed),
            Err(error) => error,
        };
        if error.class == Class::Unavailable
            && let Some(now) = target.get(key).await?
            && now.record.as_deref() == Some(text.as_str())
        {
            return Ok(now);
        }
        match pauses.next() {
            Some(pause) if error.class.may_retry() => target.pause(pause, &error.to_string()).await?,
            _ => return Err(Failure::call("write", in_words(key), error)),
        }
    }
}
