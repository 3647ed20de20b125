//! Whether a grant may stand as it is under those it was made through (D-5, D-7, D-9, D-10). Import and `check`
//! ask it alike, import also whether a scope is covered.

use crate::{
    access::{Area, Bound, Place, Reach},
    domain::{
        administrator_role::{Kind, ScopeReach},
        key::{AccountKey, AdministratorRoleKey},
        organization::Lineage,
        time::{Period, lasts_as_long},
    },
};

/// A grant of a chain.
pub(in crate::store) struct Link<'a> {
    pub role: AdministratorRoleKey,
    pub kind: Kind,
    pub account: AccountKey,
    /// Where the owner of its scope stands, and how far the scope goes.
    pub scope: Option<(&'a Lineage, ScopeReach)>,
    pub cascading: bool,
    pub period: Period,
}

/// What is wrong with the first of the chain; the others stand above it, in order. Each with the field it concerns.
pub(in crate::store) fn judge(chain: &[Link]) -> Vec<(&'static str, String)> {
    let Some((link, above)) = chain.split_first() else { return Vec::new() };
    let mut wrong = Vec::new();
    let mut say = |field, message: &str| wrong.push((field, message.to_owned()));
    match link.kind {
        Kind::Super => {
            if link.scope.is_some() {
                say("scope", "The role of super administrators has no scope: it holds everywhere (D-7).");
            }
            if link.cascading {
                say("cascading", "The role of super administrators is never handed on by cascading (D-5).");
            }
            if !above.is_empty() {
                say("through", "The role of super administrators is made through no other grant (D-5).");
            }
            return wrong;
        }
        Kind::Other if link.scope.is_none() => say("scope", "A role of kind other needs a scope (D-7)."),
        Kind::Root | Kind::Other => {}
    }
    let Some(upper) = above.first() else { return wrong };
    if upper.role != link.role {
        say("through", "A grant is handed on with its very role; the one that this was made through has another (D-9).");
        return wrong;
    }
    if upper.account == link.account {
        say("account", "Nobody hands a grant on to themselves (D-9).");
    }
    if !upper.cascading {
        say("through", "The grant that this one was made through has no cascading rights (D-9).");
    }
    let starts_inside = upper.period.starts.is_none_or(|theirs| link.period.starts.is_some_and(|ours| ours >= theirs));
    if !starts_inside {
        say("starts", "It starts before the grant that it was made through (D-9).");
    }
    if !lasts_as_long(upper.period.ends, link.period.ends) {
        say("ends", "It ends after the grant that it was made through (D-9).");
    }
    wrong
}

/// Whether its scope is covered by those of the grants above when it is made (D-9). What happens to the tree and to the
/// grants above later only bounds what it does (D-10), so `check` does not ask.
pub(in crate::store) fn is_covered(chain: &[Link]) -> bool {
    chain.split_first().is_none_or(|(link, above)| above.is_empty() || link.kind == Kind::Super || covers(above, link))
}

/// Whether the scope of a grant lies inside those above it, children it gets later too.
fn covers(above: &[Link], link: &Link) -> bool {
    let root_too = link.kind == Kind::Root;
    let Some((owner, reach)) = link.scope else {
        // D-7: without a scope a root role reaches root, which every grant of it does.
        return root_too;
    };
    let mut bounds = Vec::new();
    for upper in above {
        match upper.scope {
            Some((owner, reach)) => {
                let (min, max) = reach.distances();
                bounds.push(Bound { organization: owner.organization, min, max });
            }
            // D-7: a grant without a scope covers only another without one.
            None => return false,
        }
    }
    let (min, max) = reach.distances();
    // D-7: a role of kind other never reaches root, so root need not be covered for it.
    let min = if owner.is_root && !root_too { min.max(1) } else { min };
    if max.is_some_and(|max| max < min) {
        return true;
    }
    Reach::In(vec![(Area::Within { bounds, root_too }, None)]).covers(&Place { top: owner, min, max, until: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::OrganizationKey;

    fn lineage(path: &[i64]) -> Lineage {
        let ancestors = path.iter().enumerate().map(|(distance, key)| (OrganizationKey(*key), distance as i32)).collect();
        Lineage { organization: OrganizationKey(path[0]), ancestors, is_root: path.len() == 1, active: true }
    }

    fn link<'a>(account: i64, kind: Kind, scope: Option<(&'a Lineage, ScopeReach)>) -> Link<'a> {
        Link { role: AdministratorRoleKey(1), kind, account: AccountKey(account), scope, cascading: true, period: Period::ALWAYS }
    }

    #[test]
    fn a_scope_is_covered_by_itself_and_by_wider_ones_of_the_whole_chain() {
        let (root, top, low) = (lineage(&[1]), lineage(&[2, 1]), lineage(&[3, 2, 1]));
        use ScopeReach::*;
        let fields = |lower, uppers: &[(&Lineage, ScopeReach)], kind| {
            let mut chain = vec![link(1, kind, Some(lower))];
            chain.extend(uppers.iter().enumerate().map(|(index, scope)| link(index as i64 + 2, kind, Some((scope.0, scope.1)))));
            judge(&chain).into_iter().map(|(field, _)| field).chain((!is_covered(&chain)).then_some("scope")).collect::<Vec<_>>()
        };
        for reach in ScopeReach::ALL {
            for owner in [&root, &top] {
                for kind in [Kind::Root, Kind::Other] {
                    assert!(fields((owner, *reach), &[(owner, *reach)], kind).is_empty(), "{reach:?} of {owner:?} by itself");
                }
            }
        }
        assert!(fields((&low, ThisAndBelow), &[(&top, Below)], Kind::Other).is_empty());
        assert!(fields((&low, This), &[(&top, Children)], Kind::Other).is_empty());
        assert_eq!(fields((&low, ThisAndChildren), &[(&top, Children)], Kind::Other), ["scope"]);
        assert_eq!(fields((&top, ThisAndBelow), &[(&low, ThisAndBelow)], Kind::Other), ["scope"]);
        assert_eq!(
            fields((&low, ThisAndBelow), &[(&top, ThisAndBelow), (&top, ThisAndChildren)], Kind::Other),
            ["scope"],
            "the one above binds too"
        );
    }
}
