//! The two sides from which accounts are managed: the console of administrators and the portal of org admins. Each act
//! has one ground on either side; what is built for an act takes whichever it is, and does the same (rights.md A, B).

use super::permit::{Ground, Portal};
use crate::domain::{permissions as p, rights as r};

macro_rules! sides {
    ($($(#[$doc:meta])* $act:ident: $permission:ident | $right:ident;)+) => {
        /// One of the two sides, as a table of the grounds of its acts.
        pub trait Side: Send + Sync + 'static {
            /// Whether it is the portal, where attributes are shown and edited as their switches say (S-2).
            const PORTAL: bool;
            $($(#[$doc])* type $act: Ground;)+
        }

        impl Side for InConsole {
            const PORTAL: bool = false;
            $(type $act = p::$permission;)+
        }

        impl Side for InPortal {
            const PORTAL: bool = true;
            $(type $act = Portal<r::$right>;)+
        }
    };
}

/// Administrators, by the permissions of their grants.
pub struct InConsole(());

/// Org admins, by the access rights of their roles.
pub struct InPortal(());

sides! {
    /// Seeing accounts and their profile (P-3).
    See: UserView | ManagementRead;
    /// Changing name and profile attributes.
    EditProfile: UserEdit | ManagementWrite;
    /// Changing groups.
    EditGroups: UserEdit | ManagementWrite;
    /// Seeing identifiers.
    SeeIdentifiers: UserView | IdentitiesRead;
    /// Changing identifiers (P-6).
    EditIdentifiers: UserEdit | IdentitiesWrite;
    /// Disabling, enabling and ending sessions.
    Switch: UserBlock | ManagementWrite;
    /// Deleting (E-4).
    Delete: UserDelete | ManagementDelete;
    /// Seeing the authenticators.
    SeeAuthenticators: UserViewAuthenticators | AuthenticatorsRead;
    /// Adding an e-mail or phone authenticator.
    AddAuthenticators: UserUpdateAuthenticators | AuthenticatorsWrite;
    /// Deleting one.
    DeleteAuthenticators: UserDeleteAuthenticators | AuthenticatorsDelete;
    /// Sending a password reset mail and setting a password.
    ResetPassword: UserResetPassword | AuthenticatorsWrite;
    /// Verifying by hand and revoking that (P-7).
    Verify: UserEdit | VerificationWrite;
    /// Seeing what happened to it (E-3).
    SeeEvents: UserViewEvents | ManagementRead;
    /// Downloading personal data (P-9).
    Download: UserDownloadData | PersonalDataRead;
    /// Adding a membership (P-10).
    Join: UserEdit | ManagementWrite;
    /// Blocking and unblocking a membership (P-10).
    Block: UserBlock | ManagementWrite;
    /// Removing a membership (P-10).
    Remove: UserEdit | ManagementDelete;
    /// Inviting, and adding to an organization (P-5, P-10).
    Invite: InvitationCreate | ManagementWrite;
    /// Seeing invitations.
    SeeInvitations: InvitationView | ManagementRead;
    /// Sending an invitation once more.
    Resend: InvitationResend | ManagementWrite;
    /// Withdrawing one.
    Withdraw: InvitationWithdraw | ManagementWrite;
    /// Making a child organization (P-8).
    AddOrganization: OrganizationAdd | OrganizationWrite;
}
