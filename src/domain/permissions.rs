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
    ($($kind:ident $path:tt { $($name:ident $code:literal $label:literal $view:literal;)+ })+) => {
        #[derive(Clone, Copy)]
        #[repr(u8)]
        enum Index { $($($name,)+)+ }

        $($(
            #[doc = $label]
            pub enum $name {}
            impl Permission for $name {
                const LEAF: Leaf =
                    Leaf { index: Index::$name as u8, code: $code, label: $label, path: &$path, root_only: $kind, view: $view };
            }
        )+)+

        /// Every leaf, in the order of the tree.
        pub const LEAVES: &[Leaf] = &[$($($name::LEAF,)+)+];
    };
}

permissions! {
    BOTH ["User management", "Users"] {
        UserView "user.view" "View user information" "user.view";
        UserEdit "user.edit" "Edit user information" "user.view";
        UserBlock "user.block" "Block / unblock user" "user.view";
        UserDelete "user.delete" "Delete user" "user.view";
        UserResetPassword "user.reset_password" "Reset password" "user.view";
        UserViewEvents "user.view_events" "View user event logs" "user.view_events";
        UserViewAuthenticators "user.view_authenticators" "View user authenticators" "user.view_authenticators";
        UserUpdateAuthenticators "user.update_authenticators" "Update user authenticators" "user.view_authenticators";
        UserDeleteAuthenticators "user.delete_authenticators" "Delete user authenticators" "user.view_authenticators";
        UserAdd "user.add" "Add user" "user.view";
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
        OrganizationAdd "organization.add" "Add organization" "organization.view";
        OrganizationView "organization.view" "View organization" "organization.view";
        OrganizationEdit "organization.edit" "Edit organization" "organization.view";
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
        ApplicationEdit "application.edit" "Edit application" "application.view";
        ApplicationActivate "application.activate" "Activate / deactivate application" "application.view";
        ApplicationDelete "application.delete" "Delete application" "application.view";
    }
    BOTH ["Access role management"] {
        AccessRoleAdd "access_role.add" "Add access role" "access_role.view";
        AccessRoleView "access_role.view" "View access role" "access_role.view";
        AccessRoleEdit "access_role.edit" "Edit access role" "access_role.view";
        AccessRoleActivate "access_role.activate" "Activate / deactivate access role" "access_role.view";
        AccessRoleDelete "access_role.delete" "Delete access role" "access_role.view";
    }
    BOTH ["Administrator management", "Scope"] {
        ScopeAdd "scope.add" "Add scope" "scope.view";
        ScopeView "scope.view" "View scope" "scope.view";
        ScopeEdit "scope.edit" "Edit scope" "scope.view";
        ScopeDelete "scope.delete" "Delete scope" "scope.view";
    }
    BOTH ["Administrator management", "Administrators"] {
        AdministratorView "administrator.view" "View administrators" "administrator.view";
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
        IdentityStoreEdit "identity_store.edit" "Edit identity store" "identity_store.view";
        IdentityStoreDelete "identity_store.delete" "Delete identity store" "identity_store.view";
    }
    ROOT ["Settings"] {
        SettingsView "settings.view" "View settings" "settings.view";
        SettingsEdit "settings.edit" "Edit settings" "settings.view";
        ApiClientView "api_client.view" "View API clients" "api_client.view";
        ApiClientEdit "api_client.edit" "Edit API clients" "api_client.view";
    }
    BOTH ["Audit"] {
        EventView "event.view" "View event log" "event.view";
    }
}

/// The leaf with this code.
pub fn leaf(code: &str) -> Option<&'static Leaf> {
    LEAVES.iter().find(|leaf| leaf.code == code)
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
    fn a_set_reads_back_from_its_codes() {
        assert_eq!(PermissionSet::parse(&PermissionSet::ALL.codes()), Ok(PermissionSet::ALL));
        assert_eq!(PermissionSet::parse("user.view nothing.real"), Err("nothing.real".into()));
    }
}
