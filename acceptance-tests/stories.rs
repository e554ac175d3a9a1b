//! What people do, with real CLIs: each story is a configuration, some commands, and what must be seen.

pub mod adoption;
mod bounds;
pub mod bridge;
mod configurations;
mod daemon;
mod drift;
mod evidence;
mod explain;
mod guides;
mod import;
mod interruptions;
mod life;
mod loss;
mod meanwhile;
mod moves;
mod network;
mod reading;
pub mod real;
mod reattach;
pub mod releases;
mod run;
mod sharing;
mod target;
mod unknown;
pub mod upgrade;
mod versions;
mod words;

use acceptance_tests::tools::{CliKind, Tool};
use anyhow::Result;

pub struct Story {
    pub name: &'static str,
    pub on: On,
    pub run: fn(&Tool) -> Result<()>,
}

/// A run of a CLI costs a second, so the whole list runs on one tool and the others run what may differ there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum On {
    Every,
    /// The first tool that is here, and those that know the feature at all.
    Modern,
    /// The first tool that is here.
    Main,
}

impl On {
    pub fn admits(self, tool: &Tool, main: &Tool) -> bool {
        match self {
            Self::Every => true,
            Self::Modern => tool.kind != CliKind::Terraform15,
            Self::Main => tool.kind == main.kind,
        }
    }
}

const fn story(name: &'static str, on: On, run: fn(&Tool) -> Result<()>) -> Story {
    Story { name, on, run }
}

pub const STORIES: &[Story] = &[
    story("a whole life, installed from a mirror", On::Every, life::a_whole_life),
    story("plan shows every child object", On::Main, life::child_objects_are_shown),
    story("a plan is short", On::Every, reading::plans_are_short),
    story("a plan of 30 teams is short", On::Main, reading::thirty_teams),
    story("a plan shows nothing that nobody wrote", On::Main, reading::nothing_that_nobody_wrote),
    story("manifests of a slot that is made and changed", On::Every, reading::manifests),
    story("an environment as a data source", On::Every, reading::environment_source),
    story("explain says what a saved plan does", On::Every, explain::of_a_saved_plan),
    story("a replacement destroys and makes again", On::Every, life::replacement),
    story("destroy goes in its own order", On::Main, life::destroy_order),
    story("for_each over 50", On::Main, life::for_each_over_fifty),
    story("a changed field is shown and healed", On::Every, drift::a_changed_field),
    story("a changed field is only reported", On::Main, drift::is_only_reported),
    story("an ignored object is only reported", On::Main, drift::ignored_object),
    story("a deleted object is made again", On::Main, drift::a_deleted_object),
    story("a label of somebody else is no difference", On::Main, drift::a_label_of_others),
    story("a conflict names manager and field", On::Main, drift::a_conflict),
    story("-refresh-only shows drift and changes nothing", On::Main, drift::refresh_only),
    story("-refresh=false plans from state", On::Main, drift::without_refresh),
    story("import by the CLI, then an empty plan", On::Every, import::by_command),
    story("import by a block, then an empty plan", On::Every, import::by_block),
    story("import by generated configuration", On::Every, import::by_generated_configuration),
    story("import of what is not there", On::Main, import::of_nothing),
    story("a name from another resource", On::Every, unknown::a_name),
    story("a provider configured by another resource", On::Every, unknown::a_provider),
    story("a cluster name that becomes unknown", On::Modern, unknown::a_cluster_name),
    story("a statement of a bucket of the same run", On::Main, unknown::a_statement),
    story("an amount, a flag and a choice from another resource", On::Every, unknown::leaves),
    story("a moved block", On::Every, moves::address_is_moved),
    story("a removed block", On::Modern, moves::address_is_removed),
    story("two addresses of one environment", On::Every, run::two_addresses),
    story("a namespace of another environment, added", On::Main, run::a_namespace_of_another),
    story("a for_each key renamed without moved", On::Every, run::a_renamed_key),
    story("a tainted environment", On::Every, run::environment_is_tainted),
    story("-target", On::Main, moves::target),
    story("-replace", On::Main, moves::replace_option),
    story("create_before_destroy inherited from a dependent", On::Every, moves::create_before_destroy),
    story("a new version of a golden path moves nothing", On::Every, versions::stay),
    story("guides show what can be planned", On::Main, guides::are_planned),
    story("a golden path of one's own lives and ends", On::Every, upgrade::of_a_path),
    story("the golden path of the guide passes its own cases", On::Main, upgrade::of_the_guide),
    story("golden paths come from a commit of a repository", On::Main, upgrade::of_a_repository),
    story("bounds of a pipeline hold on every way", On::Every, bounds::hold),
    story("a laxer tier is a loosening", On::Every, bounds::tier_is_loosened),
    story("two configurations with one request", On::Every, bounds::claims),
    story("golden paths that a cluster accepts", On::Main, bounds::accepted_paths),
    story("a lost record is rebuilt", On::Main, loss::a_lost_record),
    story("deletion protection of a destroy", On::Main, loss::protected_from_destroy),
    story("deletion protection of an update", On::Main, loss::protected_from_update),
    story("deletion protection of a replacement", On::Main, loss::protected_from_replacement),
    story("deletion protection is off only once applied", On::Main, loss::protection_off_takes_an_apply),
    story("deletion protection is lifted without an apply", On::Every, loss::unprotected_without_an_apply),
    story("an environment with slots is not destroyed", On::Main, loss::slots_hold_their_environment),
    story("an outage between plan and apply", On::Every, meanwhile::an_outage),
    story("an interrupted destroy", On::Every, meanwhile::an_interrupted_destroy),
    story("a destroy that a conflict blocks", On::Every, meanwhile::a_blocked_destroy),
    story(
        "-replace of an environment with a half-made slot",
        On::Every,
        meanwhile::a_replaced_environment_of_a_half_made_slot,
    ),
    story("a namespace with a slot in it is kept", On::Main, meanwhile::a_namespace_in_use),
    story("another target under the same state", On::Main, target::another_target),
    story("the offline target refuses to apply", On::Main, target::offline),
    story("`test` on the offline target", On::Modern, target::tests_offline),
    story("`test` with a mock of the provider", On::Modern, target::provider_is_mocked),
    story("a quota below the shares of its slots", On::Main, target::a_total_below_its_shares),
    story("facts from the data source", On::Main, target::facts_from_the_data_source),
    story("TF_DISABLE_PLUGIN_TLS", On::Every, target::without_tls),
    story("a TMPDIR in which no socket can be", On::Every, target::without_a_socket),
    story("two clients over one reattach socket", On::Main, reattach::two_clients),
    story("a reattach socket outlives its process", On::Every, reattach::a_restart),
    story("`schema` prints what the CLI prints", On::Every, reattach::schema),
    story("the sandbox's own command line", On::Main, interruptions::by_command_line),
    story("an interrupt in the middle of apply", On::Every, interruptions::interrupt),
    story("a refusal in the middle of apply, then again", On::Every, interruptions::write_is_refused),
    story("the provider dies in the middle of apply", On::Main, interruptions::provider_is_killed),
    story("two applies at once on one environment", On::Main, interruptions::two_at_once),
    story("a whole life through a daemon, with the same plans", On::Every, daemon::a_whole_life),
    story("a daemon decides by its own rules", On::Main, daemon::its_own_rules),
    story("a daemon is killed in the middle of apply and destroy", On::Every, daemon::is_killed),
    story("a client of a daemon is killed in the middle of apply", On::Main, daemon::its_client_is_killed),
    story("a CLI alone is killed in the middle of apply by a daemon", On::Every, daemon::its_cli_is_killed),
    story("two clients of a daemon at once", On::Main, daemon::two_clients),
    story("three clients of a daemon plan at about the price of one", On::Main, sharing::three_at_once),
    story("a daemon out of reach", On::Main, daemon::out_of_reach),
    story("two releases side by side", On::Every, releases::side_by_side),
    story("provider and daemon of different releases", On::Main, releases::with_a_daemon),
    story("a team holds a token, or a certificate, and nothing else", On::Every, network::a_team),
    story("a team lifts deletion protection through a daemon", On::Main, network::protection_is_lifted),
    story("a daemon shows what it does, and its ledger proves it", On::Main, evidence::watch_and_ledger),
    story("evidence is of what exists, and of what was", On::Main, evidence::is_bundled),
    story("a daemon looks for drift between applies", On::Main, evidence::between_applies),
    story("words that a CLI drops are refused", On::Every, words::refused_at_their_attribute),
    story("a Deny, a document and a managed policy reach the role", On::Every, words::policies_reach_the_role),
    story("lint finds the words that a CLI is silent about", On::Main, words::lint_finds_them),
    story("every wrong configuration is named", On::Modern, crate::wrong::a_cli_names_them_all),
];
