//! Catalog B: the permissions of administrator roles (rights.md B): a type per permission, the tree that
//! the screen draws, and the codes that are stored.

use super::rights::Cell;
use std::fmt;

/// A leaf of the permission tree, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its place in the catalog, and its bit in a [`PermissionSet`].
    pub index: u8,
    /// What is stored.
    pub code: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Where it stands in the tree, from the top.
    pub path: &'static [&'static str],
    /// Whether only root administrator roles have it.
    pub root_only: bool,
    /// The code of the permission by which one sees what this one acts on; its own code for those that look.
    pub view: &'static str,
    /// What it allows beyond what the label says; often nothing.
    pub allows: &'static str,
}

/// A permission as a type, so that a handler's signature can name it.
pub trait Permission: Send + Sync + 'static {
    /// The leaf it stands for.
    const LEAF: Leaf;
}

/// Rows that exist only in root administrator roles, and rows that exist in both kinds.
const ROOT: bool = true;
const BOTH: bool = false;

macro_rules! permissions {
    ($($kind:ident $path:tt { $($name:ident $code:literal $label:literal $view:literal $($allows:literal)?;)+ })+) => {
        #[derive(Clone, Copy)]
        #[repr(u8)]
        enum Index { $($($name,)+)+ }

        $($(
            #[doc = $label]
            pub enum $name {}
            impl Permission for $name {
                const LEAF: Leaf = Leaf {
                    index: Index::$name as u8,
                    code: $code,
                    label: $label,
                    path: &$path,
                    root_only: $kind,
                    view: $view,
                    allows: concat!($($allows)?),
                };
            }
        )+)+

        /// Every leaf, in the order of the tree.
        pub const LEAVES: &[Leaf] = &[$($($name::LEAF,)+)+];
    };
}

permissions! {
    BOTH ["User management", "Users"] {
        UserView "user.view" "View user information" "user.view" "See accounts in reach, export the list";
        UserEdit "user.edit" "Edit user information" "user.view" "Profile, identifiers, groups, verification, memberships";
        UserBlock "user.block" "Block / unblock user" "user.view" "Block a membership; disable, enable; end sessions";
        UserDelete "user.delete" "Delete user" "user.view";
        UserResetPassword "user.reset_password" "Reset password" "user.view" "Reset mail, set a password";
        UserViewEvents "user.view_events" "View user event logs" "user.view_events";
        UserViewAuthenticators "user.view_authenticators" "View user authenticators" "user.view_authenticators";
        UserUpdateAuthenticators "user.update_authenticators" "Update user authenticators" "user.view_authenticators" "Add e-mail or phone";
        UserDeleteAuthenticators "user.delete_authenticators" "Delete user authenticators" "user.view_authenticators";
        UserAdd "user.add" "Add user" "user.view" "Create an account without invitation";
        UserDownloadData "user.download_data" "Download personal data" "user.view";
    }
    BOTH ["User management", "Invitations"] {
        InvitationCreate "invitation.create" "Invite user" "invitation.view";
        InvitationView "invitation.view" "View invitation" "invitation.view";
        InvitationResend "invitation.resend" "Resend invitation" "invitation.view";
        InvitationWithdraw "invitation.withdraw" "Withdraw invitation" "invitation.view";
    }
    BOTH ["User management", "Access role assignments"] {
        UserAccessRoleView "user_access_role.view" "View user's access role assignments" "user_access_role.view";
        UserAccessRoleEdit "user_access_role.edit" "Edit user's access role assignments" "user_access_role.view";
    }
    BOTH ["Organization management"] {
        OrganizationAdd "organization.add" "Add organization" "organization.view" "Below an organization in reach";
        OrganizationView "organization.view" "View organization" "organization.view";
        OrganizationEdit "organization.edit" "Edit organization" "organization.view" "Also move, at both parents";
        OrganizationActivate "organization.activate" "Activate / deactivate organization" "organization.view";
        OrganizationDelete "organization.delete" "Delete organization" "organization.view";
    }
    BOTH ["Organization management", "Access role assignment"] {
        OrganizationAccessRoleView "organization_access_role.view" "View organization's access role assignments" "organization_access_role.view";
        OrganizationAccessRoleEdit "organization_access_role.edit" "Edit organization's access role assignments" "organization_access_role.view";
    }
    ROOT ["Application management"] {
        ApplicationAdd "application.add" "Add application" "application.view";
        ApplicationView "application.view" "View application" "application.view";
        ApplicationEdit "application.edit" "Edit application" "application.view" "Also its permissions";
        ApplicationActivate "application.activate" "Activate / deactivate application" "application.view";
        ApplicationDelete "application.delete" "Delete application" "application.view";
    }
    BOTH ["Access role management"] {
        AccessRoleAdd "access_role.add" "Add access role" "access_role.view" "For an organization in reach";
        AccessRoleView "access_role.view" "View access role" "access_role.view";
        AccessRoleEdit "access_role.edit" "Edit access role" "access_role.view";
        AccessRoleActivate "access_role.activate" "Activate / deactivate access role" "access_role.view";
        AccessRoleDelete "access_role.delete" "Delete access role" "access_role.view";
    }
    BOTH ["Administrator management", "Scope"] {
        ScopeAdd "scope.add" "Add scope" "scope.view" "For an organization in reach";
        ScopeView "scope.view" "View scope" "scope.view";
        ScopeEdit "scope.edit" "Edit scope" "scope.view";
        ScopeDelete "scope.delete" "Delete scope" "scope.view";
    }
    BOTH ["Administrator management", "Administrators"] {
        AdministratorView "administrator.view" "View administrators" "administrator.view" "Administrators and grants in reach";
    }
    ROOT ["Administrator management", "Administrator roles"] {
        AdministratorRoleAdd "administrator_role.add" "Add administrator role" "administrator_role.view";
        AdministratorRoleView "administrator_role.view" "View administrator role" "administrator_role.view";
        AdministratorRoleEdit "administrator_role.edit" "Edit administrator role" "administrator_role.view";
        AdministratorRoleDelete "administrator_role.delete" "Delete administrator role" "administrator_role.view";
    }
    ROOT ["Organization roles", "Roles"] {
        OrganizationRoleAdd "organization_role.add" "Add role" "organization_role.view";
        OrganizationRoleView "organization_role.view" "View role" "organization_role.view";
        OrganizationRoleEdit "organization_role.edit" "Edit role" "organization_role.view";
        OrganizationRoleDelete "organization_role.delete" "Delete role" "organization_role.view";
    }
    BOTH ["Organization roles", "Role assignments"] {
        RoleAssignmentView "role_assignment.view" "View role assignments" "role_assignment.view";
        RoleAssignmentEdit "role_assignment.edit" "Edit role assignments" "role_assignment.view";
    }
    ROOT ["Identity stores"] {
        IdentityStoreAdd "identity_store.add" "Add identity store" "identity_store.view";
        IdentityStoreView "identity_store.view" "View identity store" "identity_store.view";
        IdentityStoreEdit "identity_store.edit" "Edit identity store" "identity_store.view" "Attributes, groups, registration too";
        IdentityStoreDelete "identity_store.delete" "Delete identity store" "identity_store.view";
    }
    ROOT ["Settings"] {
        SettingsView "settings.view" "View settings" "settings.view";
        SettingsEdit "settings.edit" "Edit settings" "settings.view";
        ApiClientView "api_client.view" "View API clients" "api_client.view";
        ApiClientEdit "api_client.edit" "Edit API clients" "api_client.view";
    }
    BOTH ["Audit"] {
        EventView "event.view" "View event log" "event.view" "Events in reach";
    }
}

/// The leaf with this code.
pub fn leaf(code: &str) -> Option<&'static Leaf> {
    LEAVES.iter().find(|leaf| leaf.code == code)
}

/// What the groups of the tree are about, in the order of the tree.
const GROUPS: &[(&str, &str)] = &[
    ("User management", "Accounts, invitations, and which access roles each person has."),
    ("Organization management", "Organizations, and which access roles each one has."),
    ("Application management", "Applications and their permissions."),
    ("Access role management", "Bundles of application permissions."),
    ("Administrator management", "Who manages what, and where."),
    ("Organization roles", "What org admins may do, and who holds it where."),
    ("Identity stores", "Stores with their attributes, groups and registration."),
    ("Settings", "The installation, and programs that use it."),
    ("Audit", "Who did what, and when."),
];

/// A group of the tree: a parent at the top of it.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its number in the whole tree.
    pub number: usize,
    /// What people read.
    pub label: &'static str,
    /// One sentence under the label.
    pub about: &'static str,
    /// What it contains.
    pub parts: Vec<Part>,
}

/// A part of a group: a parent of leaves, or the leaves right under the group.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its number in its group.
    pub number: usize,
    /// What people read; none: the leaves stand right under the group.
    pub label: Option<&'static str>,
    /// Its leaves.
    pub leaves: Vec<&'static Leaf>,
}

impl Group {
    /// Everything it contains.
    pub fn set(&self) -> PermissionSet {
        self.parts.iter().fold(PermissionSet::NONE, |all, part| all.union(part.set()))
    }
}

impl Part {
    /// Everything it contains.
    pub fn set(&self) -> PermissionSet {
        self.leaves.iter().copied().collect()
    }

    /// The leaves by which one sees what others of the part act on, each with those others.
    pub fn views(&self) -> Vec<(&'static Leaf, Vec<&'static Leaf>)> {
        let acting = |view: &Leaf| self.leaves.iter().copied().filter(|leaf| leaf.view == view.code && leaf.code != view.code).collect();
        self.leaves.iter().map(|view| (*view, acting(view))).filter(|(_, acting): &(_, Vec<_>)| !acting.is_empty()).collect()
    }
}

/// The tree as far as it holds these; what is left out keeps its number.
pub fn tree(shown: PermissionSet) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for leaf in LEAVES {
        let (label, part) = (leaf.path[0], leaf.path.get(1).copied());
        let at = match groups.iter().position(|group| group.label == label) {
            Some(at) => at,
            None => {
                let about = GROUPS.iter().find(|(name, _)| *name == label).map_or("", |(_, about)| about);
                groups.push(Group { number: groups.len() + 1, label, about, parts: Vec::new() });
                groups.len() - 1
            }
        };
        let parts = &mut groups[at].parts;
        match parts.iter_mut().find(|other| other.label == part) {
            Some(part) => part.leaves.push(leaf),
            None => parts.push(Part { number: parts.len() + 1, label: part, leaves: vec![leaf] }),
        }
    }
    for group in &mut groups {
        group.parts.iter_mut().for_each(|part| part.leaves.retain(|leaf| shown.has(leaf)));
        group.parts.retain(|part| !part.leaves.is_empty());
    }
    groups.retain(|group| !group.parts.is_empty());
    groups
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// No permission.
    pub const NONE: Self = Self(0);

    /// Every permission.
    pub const ALL: Self = Self((1 << LEAVES.len()) - 1);

    /// The set of one.
    pub const fn of(leaf: &Leaf) -> Self {
        Self(1 << leaf.index)
    }

    /// Whether the permission is in it.
    pub const fn has(self, leaf: &Leaf) -> bool {
        self.0 & (1 << leaf.index) != 0
    }

    /// Whether there is none in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this one and not in the other.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// How many there are in it.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// It as a number: the same for the same permissions.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Its leaves in the order of the tree.
    pub fn leaves(self) -> impl Iterator<Item = &'static Leaf> {
        LEAVES.iter().filter(move |leaf| self.has(leaf))
    }

    /// The stored form: codes in the order of the tree, separated by spaces.
    pub fn codes(self) -> String {
        self.leaves().map(|leaf| leaf.code).collect::<Vec<_>>().join(" ")
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// Names the first code that is not in the catalog.
    pub fn parse(codes: &str) -> Result<Self, String> {
        codes
            .split_whitespace()
            .try_fold(Self::NONE, |set, code| leaf(code).map(|leaf| set.union(Self::of(leaf))).ok_or_else(|| code.to_owned()))
    }
}

impl<'a> FromIterator<&'a Leaf> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = &'a Leaf>>(leaves: I) -> Self {
        leaves.into_iter().fold(Self::NONE, |set, leaf| set.union(Self::of(leaf)))
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.codes())
    }
}

/// What an administrator must hold to match an access right (rights.md C).
pub const fn covering(cell: Cell) -> &'static [Leaf] {
    match cell {
        Cell::ManagementRead | Cell::IdentitiesRead => &[UserView::LEAF],
        Cell::ManagementWrite => &[UserEdit::LEAF, UserBlock::LEAF, InvitationCreate::LEAF],
        Cell::ManagementDelete => &[UserDelete::LEAF],
        Cell::AuthenticatorsRead => &[UserViewAuthenticators::LEAF],
        Cell::AuthenticatorsWrite => &[UserUpdateAuthenticators::LEAF, UserResetPassword::LEAF],
        Cell::AuthenticatorsDelete => &[UserDeleteAuthenticators::LEAF],
        Cell::IdentitiesWrite | Cell::VerificationWrite => &[UserEdit::LEAF],
        Cell::OrganizationWrite => &[OrganizationAdd::LEAF],
        Cell::PersonalDataRead => &[UserDownloadData::LEAF],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_leaf_stands_at_its_index_with_a_code_of_its_own() {
        assert!(LEAVES.len() < 64);
        assert_eq!(LEAVES.iter().map(|leaf| leaf.code).collect::<HashSet<_>>().len(), LEAVES.len());
        for (index, one) in LEAVES.iter().enumerate() {
            assert_eq!(usize::from(one.index), index);
            assert_eq!(leaf(one.code), Some(one));
            let view = leaf(one.view).unwrap_or_else(|| panic!("{} names {}", one.code, one.view));
            assert_eq!(view.view, view.code);
            assert!(!view.root_only || one.root_only, "{} needs a view its kind lacks", one.code);
        }
    }

    #[test]
    fn the_seeds_36_leaves_for_root_and_31_for_other_are_there() {
        let ours = ["user.add", "user.download_data", "administrator.view", "event.view"];
        let seed = |root: bool| {
            LEAVES
                .iter()
                .filter(|leaf| root || !leaf.root_only)
                .filter(|leaf| !ours.contains(&leaf.code))
                .filter(|leaf| !["Administrator roles", "Roles", "Role assignments"].contains(&leaf.path[leaf.path.len() - 1]))
                .filter(|leaf| !["Identity stores", "Settings"].contains(&leaf.path[0]))
                .count()
        };
        assert_eq!((seed(true), seed(false)), (36, 31));
    }

    #[test]
    fn the_tree_holds_every_leaf_once_and_says_what_each_group_is_about() {
        let whole = tree(PermissionSet::ALL);
        assert!(whole.iter().all(|group| !group.about.is_empty()));
        assert_eq!(whole.iter().map(|group| group.label).collect::<Vec<_>>(), GROUPS.iter().map(|(label, _)| *label).collect::<Vec<_>>());
        assert_eq!(whole.iter().map(|group| group.set().count()).sum::<u32>() as usize, LEAVES.len());
        // What is left out leaves the numbers of the others alone.
        let part = tree(PermissionSet::of(&ScopeEdit::LEAF));
        assert_eq!((part[0].number, part[0].parts[0].number, part[0].parts[0].leaves.len()), (5, 1, 1));
        // What acts stands beside what looks, so that the tree can say that one is of no use without the other.
        for leaf in LEAVES {
            assert_eq!(super::leaf(leaf.view).map(|view| view.path), Some(leaf.path), "{}", leaf.code);
        }
    }

    #[test]
    fn a_set_reads_back_from_its_codes() {
        assert_eq!(PermissionSet::parse(&PermissionSet::ALL.codes()), Ok(PermissionSet::ALL));
        assert_eq!(PermissionSet::parse("user.view nothing.real"), Err("nothing.real".into()));
    }
}
