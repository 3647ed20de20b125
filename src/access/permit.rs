//! [`Permit`]: proof that somebody may try, and where.

use super::{actor::Actor, reach::Reach};
use crate::{
    domain::{
        key::GrantKey,
        permissions::{self, AdministratorView, Leaf, Permission},
        rights::{AccessRight, Cell},
    },
    problem::Problem,
};
use std::{marker::PhantomData, sync::Arc};

/// What a permit can stand on: a permission, being signed in, or a named piece of work without a person.
pub trait Ground: Send + Sync + 'static {
    /// Its name in logs and in the access table.
    const NAME: &'static str;
    /// The permission it is, where it is one.
    const PERMISSION: Option<Leaf> = None;
    /// Where the actor holds it.
    fn reach(actor: &Actor) -> Option<Reach>;
    /// Where they may look at what it acts on, and what people call it, when it is not itself for looking: there they
    /// are told that they lack it, elsewhere that there is nothing (Z-5).
    fn seen(_: &Actor) -> Option<(Reach, String)> {
        None
    }
}

impl<P: Permission> Ground for P {
    const NAME: &'static str = P::LEAF.code;
    const PERMISSION: Option<Leaf> = Some(P::LEAF);
    fn reach(actor: &Actor) -> Option<Reach> {
        actor.reach_of(&P::LEAF)
    }
    fn seen(actor: &Actor) -> Option<(Reach, String)> {
        let view = permissions::leaf(P::LEAF.view).filter(|view| view.code != P::LEAF.code)?;
        Some((actor.reach_of(view)?, format!("the permission “{}”", P::LEAF.label)))
    }
}

/// An access right of an organization role, held in the portal (rights.md A). Only role assignments open the portal,
/// whatever grants the person holds besides.
pub struct Portal<R>(PhantomData<R>);
impl<R: AccessRight> Ground for Portal<R> {
    const NAME: &'static str = R::CODE;
    fn reach(actor: &Actor) -> Option<Reach> {
        actor.reach_of_cell(R::CELL)
    }
    fn seen(actor: &Actor) -> Option<(Reach, String)> {
        (R::CELL != Cell::ManagementRead).then_some(())?;
        Some((OrgAdmin::reach(actor)?, format!("the access right “{}”", R::CELL.label())))
    }
}

/// Being in the portal at all: any effective role assignment (P-1). Its reach is the union of all of them.
pub struct OrgAdmin(());
impl Ground for OrgAdmin {
    const NAME: &'static str = "portal";
    fn reach(actor: &Actor) -> Option<Reach> {
        actor.reach_of_roles(|_| true)
    }
}

/// Being in the console at all: any effective grant. Its reach is the union of all of them.
pub struct Console(());
impl Ground for Console {
    const NAME: &'static str = "console";
    fn reach(actor: &Actor) -> Option<Reach> {
        actor.reach_where(|_| true)
    }
}

/// Giving administrator roles to others: super administrators, and holders of an effective grant with cascading rights
/// (D-8, D-9). No permission stands for it. Its reach is where those grants reach.
pub struct HandingOn(());
impl Ground for HandingOn {
    const NAME: &'static str = "handing on";
    fn reach(actor: &Actor) -> Option<Reach> {
        actor.reach_where(|usable| usable.cascading)
    }
}

/// Seeing administrators and their grants: with `administrator.view`, or to hand on.
pub struct Administration(());
impl Ground for Administration {
    const NAME: &'static str = "administration";
    fn reach(actor: &Actor) -> Option<Reach> {
        actor.reach_where(|usable| usable.cascading || usable.permissions.has(&AdministratorView::LEAF))
    }
}

/// Being signed in, acting on oneself (`/me`). It reaches no organization.
pub struct Myself(());
impl Ground for Myself {
    const NAME: &'static str = "myself";
    fn reach(_: &Actor) -> Option<Reach> {
        Some(Reach::In(Vec::new()))
    }
}

/// Work without a person. Each has a name, so that all of it is easy to find.
pub struct System<const WORK: char>(());

/// The system permits: the only other way to one than [`Actor::permit`].
pub mod system {
    use super::{Actor, Ground, Origin, Permit, PhantomData, Reach, System};

    macro_rules! works {
        ($($(#[$doc:meta])* $type:ident $work:literal $make:ident $name:literal;)+) => { $(
            $(#[$doc])* pub type $type = System<$work>;
            impl Ground for System<$work> {
                const NAME: &'static str = $name;
                fn reach(_: &Actor) -> Option<Reach> { None }
            }
            $(#[$doc])* pub fn $make(origin: Origin) -> Permit<$type> {
                Permit { actor: None, reach: Reach::Everywhere, origin, ground: PhantomData }
            }
        )+ };
    }

    works! {
        /// Signing in and out, and reading who a session belongs to.
        SigningIn 's' signing_in "system: signing in";
        /// Links in mails: a forgotten password, identifiers confirmed or cancelled (I-2, I-6, P-6).
        Recovering 'l' recovering "system: links";
        /// Answering an invitation (I-1).
        Inviting 'i' inviting "system: invitations";
        /// Registering oneself, and confirming it (I-3).
        Joining 'j' joining "system: registration";
        /// The first super administrator: set-up page and command line (D-5).
        SetUp 'f' set_up "system: first run";
        /// Import, export and demo: outside P-4, A-8 and D-8, never through the web (I-7).
        World 'w' world "system: world file";
        /// `bailiwick check`.
        Checking 'c' checking "system: check";
        /// Writing down a refused act (E-1).
        Refusing 'r' refusing "system: refused act";
    }
}

/// Where a request came from, for the log (E-1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The visitor's address.
    pub address: Option<String>,
    /// What their browser calls itself, cut to 256 characters.
    pub agent: Option<String>,
    /// The request's id, also shown on error pages.
    pub request: Option<String>,
}

/// Proof that the actor holds `G`, with where they hold it.
pub struct Permit<G> {
    actor: Option<Arc<Actor>>,
    reach: Reach,
    origin: Origin,
    ground: PhantomData<G>,
}

impl<G> Permit<G> {
    pub(super) fn for_actor(actor: Arc<Actor>, reach: Reach, origin: Origin) -> Self {
        Self { actor: Some(actor), reach, origin, ground: PhantomData }
    }

    /// The same permit once more: for work without a person, whose ground nobody can take away.
    pub(crate) fn again(&self) -> Self {
        Self { actor: self.actor.clone(), reach: self.reach.clone(), origin: self.origin.clone(), ground: PhantomData }
    }

    /// Who; none for work without a person.
    pub fn actor(&self) -> Option<&Arc<Actor>> {
        self.actor.as_ref()
    }

    /// Where.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Whence.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl<G: Ground> Permit<G> {
    /// The person behind it.
    ///
    /// # Errors
    /// [`Problem::SignedOut`] for work without a person, which has no business here.
    pub fn person(&self) -> Result<&Arc<Actor>, Problem> {
        self.actor.as_ref().ok_or(Problem::SignedOut)
    }

    /// Through which grant they act (E-1).
    pub fn grant(&self) -> Option<GrantKey> {
        let actor = self.actor.as_ref()?;
        match G::PERMISSION {
            Some(leaf) => actor.grant_for(&leaf),
            None => actor.super_grant,
        }
    }
}

/// Why there is no permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// They may not even know that the page exists.
    Hidden,
    /// They may see such things, but not do this: what they lack, in words.
    Lacking(String),
}

impl Denied {
    /// They may see it if they hold the permission by which such things are seen (Z-5).
    pub(super) fn of<G: Ground>(actor: &Actor) -> Self {
        G::seen(actor).map_or(Self::Hidden, |(_, what)| Self::Lacking(what))
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Hidden => Self::NotFound,
            Denied::Lacking(what) => Self::Forbidden(format!("This needs {what}. An administrator who holds it can give it to you.")),
        }
    }
}
