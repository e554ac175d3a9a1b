//! How a cluster is run, beyond what its facts say.

use super::{Aws, call::call, calls::Call, session::Session};
use aws_sdk_eks::types::{IdentityProviderConfig, LogType};
use goldenpath_core::{
    domain::{ClusterRef, IdentityProvider},
    ports::PortError,
};

/// The one kind of identity provider that EKS has.
const OIDC: &str = "oidc";

impl Aws {
    /// Whether the control plane writes its audit log.
    pub async fn audits(&self, cluster: &ClusterRef) -> Result<bool, PortError> {
        let described = self.described(cluster).await?;
        let logging = described.cluster.logging();
        let setups = logging.map(|logging| logging.cluster_logging()).unwrap_or_default();
        Ok(setups.iter().any(|setup| setup.enabled() == Some(true) && setup.types().contains(&LogType::Audit)))
    }
}

pub(super) async fn identity_providers(session: &Session, cluster: &str) -> Result<Vec<IdentityProvider>, PortError> {
    let (mut names, mut token) = (vec![], None);
    loop {
        let asked = session.eks.list_identity_provider_configs().cluster_name(cluster).set_next_token(token).send();
        let answer = call(session, Call::ListIdentityProviderConfigs, asked).await?;
        names.extend(answer.identity_provider_configs.unwrap_or_default().into_iter().map(|config| config.name));
        token = answer.next_token;
        if token.is_none() {
            break;
        }
    }
    let mut found = vec![];
    for provider in names {
        let wanted = IdentityProviderConfig::builder().r#type(OIDC).name(&provider).build();
        let Ok(wanted) = wanted else { continue };
        let asked = session
            .eks
            .describe_identity_provider_config()
            .cluster_name(cluster)
            .identity_provider_config(wanted)
            .send();
        let answer = call(session, Call::DescribeIdentityProviderConfig, asked).await?;
        let oidc = answer.identity_provider_config.and_then(|config| config.oidc);
        found.push(IdentityProvider { name: provider, groups_prefix: oidc.and_then(|oidc| oidc.groups_prefix) });
    }
    Ok(found)
}
