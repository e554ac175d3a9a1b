//! The statements of the journal in PostgreSQL. Those by which daemons notify each other are with their listener.

pub const FIND: &str = "
    SELECT false AS is_equal, id, digest, outcome, outcome_form AS form, accepted_at FROM operation
    WHERE id = coalesce((SELECT operation FROM operation_client WHERE id = $1), $1)
    UNION ALL
    SELECT true, id, digest, outcome, outcome_form, accepted_at FROM operation o
    WHERE digest = ANY($2) AND ended_at IS NULL AND NOT cancelled
      AND NOT EXISTS (SELECT FROM operation_client c WHERE c.operation = o.id AND c.until > now())
    ORDER BY 1, 6 LIMIT 1";

pub const JOIN: &str = "
    INSERT INTO operation_client (id, operation, daemon, until) VALUES ($1, $2, $3, now() + make_interval(secs => $4))
    ON CONFLICT (id) DO UPDATE SET daemon = excluded.daemon, until = excluded.until";

pub const INSERT: &str = "
    INSERT INTO operation (id, verb, about, digest, allow, request, identity, caller, form, claimed_by, claimed_until)
    VALUES ($1, $2, $3, $4, $5, $6, $9, $10, $11, $7,
            CASE WHEN $7::text IS NOT NULL THEN now() + make_interval(secs => $8) END)";

pub const TAKE: &str = "
    WITH free AS MATERIALIZED (
        SELECT id FROM operation
        WHERE ended_at IS NULL AND (claimed_by IS NULL OR ($2 AND claimed_until < now())) AND form <= $5 AND verb = ANY($6)
        ORDER BY accepted_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE operation o SET claimed_by = $1, claimed_until = now() + make_interval(secs => $4)
    FROM free WHERE o.id = free.id
    RETURNING o.id, o.verb, o.about, o.digest, o.allow, o.request, o.cancelled, o.accepted_at, o.identity, o.form,
        extract(epoch FROM now() - o.accepted_at)::float8 AS waited";

pub const WAITING: &str = "
    SELECT count(*) FROM operation WHERE ended_at IS NULL AND (claimed_by IS NULL OR claimed_until < now())";

pub const RENEW: &str = "
    UPDATE operation SET claimed_until = now() + make_interval(secs => $3)
    WHERE id = ANY($1) AND claimed_by = $2 AND ended_at IS NULL RETURNING id, cancelled";

/// Of what could not be renewed. What has ended, or is not there at all, nobody has taken.
pub const LOST: &str = "SELECT id FROM operation WHERE id = ANY($1) AND ended_at IS NULL";

pub const RENEW_CLIENTS: &str = "
    UPDATE operation_client SET until = now() + make_interval(secs => $3) WHERE id = ANY($1) AND daemon = $2";

pub const AWAITED: &str = "SELECT id, verb, outcome, outcome_form AS form FROM operation WHERE id = ANY($1)";

/// What is shown of operations.
macro_rules! kept {
    ($from:literal) => {
        concat!(
            "SELECT id, caller, verb, about, (extract(epoch FROM accepted_at) * 1000)::bigint AS accepted_at,
                (extract(epoch FROM ended_at) * 1000)::bigint AS ended_at, outcome, outcome_form AS form FROM ",
            $from
        )
    };
}

/// The latest first. It is planned for its values each time, so a condition that is null costs nothing and an index serves the others.
pub const RECENT: &str = kept!(
    "operation
    WHERE ($2::text IS NULL OR about = $2) AND ($3::text IS NULL OR id = $3) AND (ended_at IS NULL OR NOT $4)
      AND ($5::text IS NULL OR caller = $5 OR about IN (SELECT unnest($6::text[])))
    ORDER BY operation.accepted_at DESC, id LIMIT $1"
);

pub const LAST: &str = kept!(
    "unnest($1::text[]) AS wanted (instance)
    CROSS JOIN LATERAL (
        SELECT * FROM operation WHERE about = instance ORDER BY operation.accepted_at DESC, id LIMIT 1) AS latest"
);

pub const LEAVE: &str = "UPDATE operation_client SET until = now() WHERE id = $1 AND daemon = $2";

pub const CANCEL: &str = "
    UPDATE operation SET cancelled = true
    WHERE id = coalesce((SELECT operation FROM operation_client WHERE id = $1), $1) AND caller = $2
      AND NOT cancelled AND ended_at IS NULL
    RETURNING id, about";

/// The holder of the claim says how it ended, and nobody else.
pub const END: &str = "
    WITH old AS (DELETE FROM operation WHERE ended_at < now() - make_interval(secs => $4)),
    unpaused AS (
        DELETE FROM pause USING operation o
        WHERE $5 AND pause.id = o.about AND o.id = $1 AND o.claimed_by = $3 AND o.ended_at IS NULL)
    UPDATE operation SET ended_at = now(), outcome = $2, outcome_form = $6
    WHERE id = $1 AND claimed_by = $3 AND ended_at IS NULL";

/// No two installations in one database meet, as long as each has a schema of its own.
pub const LEAD: &str =
    "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' goldenpath periodic work', 0))";
pub const ONE_BY_ONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || $1, 0))";

pub const PAUSES: &str = "SELECT id FROM pause";
pub const PAUSE: &str = "INSERT INTO pause (id) VALUES ($1) ON CONFLICT DO NOTHING";
pub const RESUME: &str = "DELETE FROM pause WHERE id = $1";

pub const SHARE: &str = "
    INSERT INTO comparison (cluster, found, form) VALUES ($1, $2, $3)
    ON CONFLICT (cluster) DO UPDATE SET found = excluded.found, form = excluded.form";
pub const SHARED: &str = "SELECT found, form FROM comparison";

pub const REQUEST: &str = "SELECT verb, form, request FROM operation WHERE id = $1";

pub const OPERATION_OF: &str = "SELECT operation FROM operation_client WHERE id = $1";

/// A standby, and a database or user that may only read. A write that is rolled back would still be one here.
pub const MAY_WRITE: &str = "
    SELECT current_setting('transaction_read_only') = 'off'
       AND has_table_privilege('operation', 'INSERT') AND has_table_privilege('operation', 'UPDATE')";
pub const PROBE: &str = "
    INSERT INTO probe (id, written_at) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at";
