//! Organizations: tree, list and detail (screens.md 4.5).

mod edit;
mod joining;
mod moving;
mod switch;
mod together;

pub use edit::{add, edit, edit_form, new};
pub use joining::renew_code;
pub use moving::{confirm_move, relocate};
pub use switch::{activate, confirm_activate, confirm_deactivate, confirm_delete, deactivate, delete};
pub use together::{activate_all, confirm_activate_all, confirm_deactivate_all, deactivate_all};

use crate::{
    access::{Actor, InConsole, Permit, Place},
    domain::{
        identity_store::IdentityStore,
        key::OrganizationKey,
        organization::{Lineage, Organization, Status, Step, path_text},
        permissions::{
            EventView, OrganizationActivate, OrganizationAdd, OrganizationDelete, OrganizationEdit, OrganizationView, Permission,
            RoleAssignmentEdit, RoleAssignmentView, ScopeView, UserView,
        },
        time::Time,
    },
    problem::Problem,
    store::{
        View, accounts, identity_stores,
        organizations::{self, Node},
        paging::{Paging, Slice},
        role_assignments::{self, OrgAdmin},
        scopes,
    },
    web::{
        export,
        form::Form,
        frame::{Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading, total},
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;

fn base(store: &IdentityStore) -> String {
    format!("/admin/stores/{}", store.slug)
}

fn listed_json(listed: &organizations::Listed) -> serde_json::Value {
    json!({
        "id": listed.organization.id, "name": listed.organization.name,
        "path": listed.path.iter().map(|step| &step.name).collect::<Vec<_>>(),
        "status": if listed.organization.active { "active" } else { "inactive" }, "effectively_active": listed.effectively_active,
        "accounts_here": listed.accounts, "org_admin_count": listed.org_admins, "below": listed.below,
        "created": listed.created_at.rfc3339(),
    })
}

fn node_json(node: &Node) -> serde_json::Value {
    json!({
        "id": node.organization.id, "name": node.organization.name,
        "status": if node.organization.active { "active" } else { "inactive" },
        "children": node.children.iter().map(node_json).collect::<Vec<_>>(),
    })
}

/// Up to this many organizations the tree is what is shown first (screens.md 4.5).
const TREE: i64 = 2_000;

#[derive(Template)]
#[template(path = "console/organizations/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    base: String,
    query: Query,
    tree: Option<Vec<Node>>,
    organizations: Slice<organizations::Listed>,
    pager: Pager,
    total: String,
    may_add: bool,
    may_switch: bool,
    /// The organization whose children the list shows.
    parent: Option<String>,
}
view!(List, as_results, json);

impl List {
    /// As a list, also where people see the tree.
    fn json(&self) -> serde_json::Value {
        match &self.tree {
            Some(tops) => json!({ "tree": tops.iter().map(node_json).collect::<Vec<_>>() }),
            None => reading(&self.organizations, &self.pager, listed_json),
        }
    }
}

impl List {
    /// Whether the person is about to choose several: only then the rows carry boxes, as most visits are for looking.
    fn choosing(&self) -> bool {
        self.may_switch && self.query.is("choose", "1")
    }

    /// The words of this address, for the way back to it.
    fn words(&self) -> String {
        self.query.words()
    }

    fn sort(&self) -> &str {
        match self.query.get("sort") {
            "" => "name",
            sort => sort,
        }
    }
}

/// A node of the tree with all below it.
#[derive(Template)]
#[template(path = "console/organizations/_branch.html")]
struct Branch<'a> {
    node: &'a Node,
    base: &'a str,
    top: bool,
}

impl Branch<'_> {
    fn child(&self, node: &Node) -> String {
        Branch { node, base: self.base, top: false }.render().unwrap_or_default()
    }
}

impl List {
    fn branch(&self, node: &Node) -> String {
        Branch { node, base: &self.base, top: true }.render().unwrap_or_default()
    }
}

/// `GET /admin/stores/{store}/organizations`
pub async fn list(permit: Permit<OrganizationView>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let wanted_view = query.one_of("view", &["tree", "list"]);
    let mut filter = filter(&mut query);
    query.one_of("choose", &["1"]);
    let (sorted, parent) = (!query.get("sort").is_empty(), query.get("parent").to_owned());
    let paging = query.paging(ask.rows());
    let (store, parent, count, tree, organizations) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let parent = above(view, &store, &parent)?;
                filter.parent = parent.as_ref().map(|parent| parent.key);
                let plain = filter.is_plain() && !sorted;
                let count = organizations::count(view, store.key)?;
                let small = count.exact && count.count <= TREE;
                let as_tree = plain && small && wanted_view != "list";
                let tree = if as_tree { Some(organizations::forest(view, store.key)?) } else { None };
                // A tree needs no page; an empty one stands in.
                let paging = if as_tree { Paging::first(0) } else { paging };
                let organizations = if as_tree { None } else { Some(organizations::list(view, store.key, &filter, &paging)?) };
                Ok((store, parent.map(|parent| parent.name), count, tree, organizations))
            })
        })
        .await?;
    let organizations =
        organizations.unwrap_or(Slice { rows: Vec::new(), number: 1, per: 25, total: count, many: false, first: None, last: None });
    if tree.is_none()
        && let Some(last) = past_end(&query, &organizations)
    {
        return Ok(see_other(&ask.req, &last));
    }
    let f = ask.frame("organizations", Some(&store), vec![here("Organizations")]);
    let pager = Pager::new(&query, &organizations);
    let (base, address, total) = (base(&store), query.address(), total(count));
    let may_add = ask.actor()?.may(&OrganizationAdd::LEAF) && !store.built_in;
    let may_switch = ask.actor()?.may(&OrganizationActivate::LEAF) && !store.built_in;
    Ok(page(List { f, base, query, tree, organizations, pager, total, may_add, may_switch, parent }).replaces(address).respond_to(&ask.req))
}

/// The organization whose children are asked for, in the reader's reach.
fn above(view: &mut View<'_, OrganizationView>, store: &IdentityStore, id: &str) -> Result<Option<Organization>, Problem> {
    if id.is_empty() { Ok(None) } else { organizations::find(view, store.key, id).map(Some) }
}

/// Reads the filters of the list, but for the parent.
fn filter(query: &mut Query) -> organizations::Filter {
    let status = query.choice("status", Status::from_word);
    let admins = query.one_of("admins", &["none"]);
    let sort = query.one_of("sort", &["name", "-name", "accounts", "-accounts", "created", "-created"]);
    organizations::Filter {
        q: query.search(),
        status,
        without_admins: admins == "none",
        by: match sort.trim_start_matches('-') {
            "accounts" => organizations::By::Accounts,
            "created" => organizations::By::Creation,
            _ => organizations::By::Name,
        },
        descending: sort.starts_with('-'),
        ..organizations::Filter::default()
    }
}

/// `POST /admin/stores/{store}/organizations/export`: what the list shows, all of it.
pub async fn export(
    permit: Permit<OrganizationView>,
    ask: Ask,
    slug: Path<String>,
    form: Form<export::Fields>,
) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let mut filter = filter(&mut query);
    let parent = query.get("parent").to_owned();
    let permit_too = ask.permit::<OrganizationView>()?;
    let (store, parent) = ask
        .house
        .work(move |db| {
            db.read(&permit_too, |view| {
                let store = identity_stores::find(view, &slug)?;
                let parent = above(view, &store, &parent)?;
                Ok((store, parent))
            })
        })
        .await?;
    filter.parent = parent.map(|parent| parent.key);
    let columns = ["Id", "Name", "Path", "Status", "Effectively active", "Accounts", "Org admins", "Below it", "Created"];
    let sheet = export::Sheet { name: "organizations", columns: columns.map(str::to_owned).to_vec() };
    export::send(
        &ask,
        permit,
        sheet,
        export::Format::from_word(&form.fields.format),
        move |view, paging| organizations::list(view, store.key, &filter, paging),
        |listed: &organizations::Listed| {
            let organization = &listed.organization;
            vec![
                organization.id.clone(),
                organization.name.clone(),
                path_text(&listed.path),
                if organization.active { "active" } else { "inactive" }.to_owned(),
                if listed.effectively_active { "yes" } else { "no" }.to_owned(),
                listed.accounts.to_string(),
                listed.org_admins.to_string(),
                listed.below.to_string(),
                listed.created_at.rfc3339(),
            ]
        },
    )
    .await
}

#[derive(Template)]
#[template(path = "console/organizations/detail.html", blocks = ["content"])]
struct Show {
    f: Frame,
    base: String,
    slug: String,
    query: Query,
    tab: String,
    detail: organizations::Detail,
    children: Vec<organizations::Listed>,
    more_children: bool,
    accounts: Option<Slice<accounts::Listed>>,
    pager: Option<Pager>,
    admins: Option<Vec<OrgAdmin>>,
    /// Its registration link, where people may register into it now.
    joins_at: Option<(String, String)>,
    /// How many scopes it owns, for whoever may see them.
    scopes: Option<i64>,
    tabs: Vec<(&'static str, &'static str)>,
    may: May,
}

/// What the viewer may do with this organization; what they may not is absent (D-12).
struct May {
    assign: bool,
    add: bool,
    edit: bool,
    relocate: bool,
    activate: bool,
    delete: bool,
    events: bool,
}

impl May {
    /// Each permission has to reach this very organization.
    fn of(actor: &Actor, at: &Lineage, store: &IdentityStore, now: Time) -> Self {
        let here = |leaf| actor.reach_of(leaf).is_some_and(|reach| reach.contains(at));
        Self {
            assign: actor.may(&RoleAssignmentEdit::LEAF) && !store.built_in,
            add: here(&OrganizationAdd::LEAF) && !store.built_in,
            edit: here(&OrganizationEdit::LEAF),
            // O-2: here with all below it, and at the parent; the new parent is asked when it is chosen.
            relocate: actor.reach_of(&OrganizationEdit::LEAF).is_some_and(|reach| {
                let whole = Place { until: Some(now), ..Place::tree(at, None) };
                at.parent().is_some_and(|parent| reach.covers(&whole) && reach.contains(&parent))
            }),
            activate: here(&OrganizationActivate::LEAF) && !at.is_root,
            delete: here(&OrganizationDelete::LEAF) && !at.is_root,
            events: here(&EventView::LEAF),
        }
    }
}
view!(Show, as_content, json);

impl Show {
    fn json(&self) -> serde_json::Value {
        let mut found = listed_json(&self.detail.listed);
        found["description"] = json!(self.detail.description);
        found["external_id"] = json!(self.detail.external_id);
        found["children"] = json!(self.children.iter().map(listed_json).collect::<Vec<_>>());
        if let (Some(accounts), Some(pager)) = (&self.accounts, &self.pager) {
            found["accounts"] = reading(accounts, pager, super::accounts::listed_json);
        }
        if let Some(admins) = &self.admins {
            let admin = |admin: &OrgAdmin| {
                json!({
                    "account": admin.holder.account.id, "name": admin.holder.account.name, "role": admin.role_id, "role_name": admin.role,
                    "from": admin.holder.from.as_ref().map_or(self.detail.listed.organization.id.as_str(), |step| step.id.as_str()),
                    "inherited": admin.holder.from.is_some(),
                })
            };
            found["org_admins"] = json!(admins.iter().map(admin).collect::<Vec<_>>());
        }
        found
    }
}

impl Show {
    fn is_tab(&self, word: &str) -> bool {
        self.tab == word
    }

    /// The steps above it, and which of them may be opened.
    fn above(&self) -> Vec<(&Step, bool)> {
        let path = &self.detail.listed.path;
        path.iter().zip(self.detail.open.iter().copied()).take(path.len().saturating_sub(1)).collect()
    }

    fn id(&self) -> &str {
        &self.detail.listed.organization.id
    }
}

/// `GET /admin/stores/{store}/organizations/{organization}`
pub async fn detail(permit: Permit<OrganizationView>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let mut query = ask.query();
    let actor = ask.actor()?.clone();
    let mut tabs = vec![("", "Overview")];
    if actor.may(&UserView::LEAF) {
        tabs.push(("accounts", "Accounts"));
    }
    let built_in_too = actor.may(&RoleAssignmentView::LEAF);
    if built_in_too {
        tabs.push(("admins", "Org admins"));
    }
    let words: Vec<&str> = tabs.iter().map(|(word, _)| *word).collect();
    let tab = query.one_of("tab", &words);
    let below = query.one_of("below", &["1"]) == "1";
    let paging = query.paging(ask.rows());
    let tab_too = tab.clone();
    let scopes_too = actor.reach_of(&ScopeView::LEAF);
    let (store, detail, children, accounts, admins, at, scopes) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let detail = organizations::detail(view, store.key, &id)?;
                let organization = detail.listed.organization.clone();
                let children = match tab_too.as_str() {
                    "" => Some(children(view, store.key, organization.key)?),
                    _ => None,
                };
                let accounts = match tab_too.as_str() {
                    "accounts" => Some(view.also::<UserView, _>(|view| {
                        let filter = accounts::Filter::default();
                        accounts::list::<InConsole>(view, store.key, &filter, Some((&organization, below)), accounts::Sort::Name, &paging)
                    })?),
                    _ => None,
                };
                let admins = match tab_too.as_str() {
                    "admins" => Some(view.also::<RoleAssignmentView, _>(|view| role_assignments::org_admins(view, &organization))?),
                    _ => None,
                };
                let at = organizations::lineage_of(view, &organization)?;
                let scopes = match scopes_too.filter(|reach| tab_too.is_empty() && reach.contains(&at)) {
                    Some(_) => Some(view.also::<ScopeView, _>(|view| scopes::count_of(view, organization.key))?),
                    None => None,
                };
                Ok((store, detail, children, accounts, admins, at, scopes))
            })
        })
        .await?;
    if let Some(last) = accounts.as_ref().and_then(|accounts| past_end(&query, accounts)) {
        return Ok(see_other(&ask.req, &last));
    }
    let (children, more_children) = children.map_or((Vec::new(), false), |slice| (slice.rows, slice.last.is_some()));
    let base = base(&store);
    let name = detail.listed.organization.name.clone();
    let f = ask.frame("organizations", Some(&store), vec![crumb(format!("{base}/organizations"), "Organizations"), here(name)]);
    let pager = accounts.as_ref().map(|accounts| Pager::new(&query, accounts));
    let may = May::of(&actor, &at, &store, f.now());
    let open = store.self_registration && detail.self_registration && at.active && !at.is_root;
    let joins_at = open.then(|| {
        let word = detail.slug.as_deref().unwrap_or(&detail.listed.organization.id);
        (ask.house.outside.public_url.clone(), format!("/join/{}/{word}", store.slug))
    });
    Ok(page(Show {
        f,
        base,
        slug: store.slug,
        query,
        tab,
        detail,
        children,
        more_children,
        accounts,
        pager,
        admins,
        joins_at,
        scopes,
        tabs,
        may,
    })
    .whole()
    .respond_to(&ask.req))
}

fn children(
    view: &mut View<'_, OrganizationView>,
    store: crate::domain::key::StoreKey,
    parent: OrganizationKey,
) -> Result<Slice<organizations::Listed>, Problem> {
    let filter = organizations::Filter { parent: Some(parent), ..organizations::Filter::default() };
    organizations::list(view, store, &filter, &Paging::first(100))
}
