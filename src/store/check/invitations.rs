//! Invitations (I-1). That one waits for each organization and address at most, the database keeps.

use super::{Wrong, pairs};
use crate::{
    domain::text,
    problem::Problem,
    store::{conn::Conn, schema::invitations},
};
use diesel::prelude::*;

pub(super) fn check(conn: &mut Conn, wrong: &mut Wrong) -> Result<(), Problem> {
    use invitations as i;
    let rows: Vec<(String, String, String, String, String)> =
        i::table.order(i::key).select((i::id, i::email, i::email_folded, i::attributes, i::group_names)).load(conn)?;
    for (id, email, folded, attributes, groups) in rows {
        wrong.same("invitations", folded, text::fold(&email), || format!("The folded address of the invitation {id} is wrong (S-3)."));
        let readable = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&attributes).is_ok()
            && serde_json::from_str::<Vec<String>>(&groups).is_ok();
        if !readable {
            wrong.say("invitations", || format!("The attributes or groups of the invitation {id} cannot be read."));
        }
    }
    pairs(
        conn,
        wrong,
        "invitations",
        "SELECT i.id AS one, i.email AS other FROM invitations i JOIN organizations o ON o.key = i.organization WHERE o.store <> i.store \
         OR (i.status = 'pending') <> (i.settled_at IS NULL) LIMIT 1000",
        |id, email| format!("The invitation {id} of {email} leads into another store, or does not say when it was answered (I-1)."),
    )?;
    pairs(
        conn,
        wrong,
        "invitations",
        "SELECT i.id AS one, r.name AS other FROM invitation_roles p JOIN invitations i ON i.key = p.invitation JOIN roles r ON r.key = p.role \
         WHERE r.store <> i.store OR i.portal LIMIT 1000",
        |id, role| format!("The invitation {id} promises the role “{role}”, which it cannot (P-5)."),
    )
}
