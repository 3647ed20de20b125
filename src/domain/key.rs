//! Keys: the small integers by which rows know each other. They never leave the program; addresses and
//! exports carry the public ids instead. A type each, so that none is taken for another.

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $($(#[$doc])* #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);)+
    };
}

keys! {
    /// An identity store.
    StoreKey;
    /// An organization.
    OrganizationKey;
    /// An account.
    AccountKey;
    /// An organization role.
    RoleKey;
    /// An administrator role.
    AdministratorRoleKey;
    /// A scope.
    ScopeKey;
    /// A grant.
    GrantKey;
}
