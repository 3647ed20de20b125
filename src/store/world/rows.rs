//! The rows that import and export deal with, column by column as they stand in `schema`.

use crate::{
    domain::{
        account::{MembershipStatus, Status},
        administrator_role::{Kind, ScopeReach},
        authenticator,
        identity_store::AttributeType,
        key::*,
        role_assignment::Given,
        time::Time,
    },
    store::schema::{
        account_group_members, account_groups, accounts, administrator_roles, attributes, authenticators, grants, identifier_changes,
        identifiers, identity_stores, invitation_roles, invitations, memberships, organization_closure, organization_domains,
        organizations, role_assignments, roles, scopes, verifications,
    },
};
use diesel::prelude::*;

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = identity_stores, treat_none_as_default_value = false)]
pub struct StoreRow {
    pub key: StoreKey,
    pub name: String,
    pub name_folded: String,
    pub slug: String,
    pub built_in: bool,
    pub self_registration: bool,
    pub organization_registration: bool,
    pub accounts: i64,
    pub rev: i32,
    pub created_at: Time,
    pub changed_at: Time,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = attributes, treat_none_as_default_value = false)]
pub struct AttributeRow {
    pub store: StoreKey,
    pub name: String,
    pub label: String,
    pub kind: AttributeType,
    pub required: bool,
    pub choices: String,
    pub portal_visible: bool,
    pub portal_editable: bool,
    pub personal: bool,
    pub position: i32,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = account_groups, treat_none_as_default_value = false)]
pub struct GroupRow {
    pub key: i64,
    pub store: StoreKey,
    pub name: String,
    pub name_folded: String,
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = roles, treat_none_as_default_value = false)]
pub struct RoleRow {
    pub key: RoleKey,
    pub id: String,
    pub store: StoreKey,
    pub name: String,
    pub name_folded: String,
    pub name_sort: String,
    pub description: String,
    pub auto_every: bool,
    pub auto_first: bool,
    pub rights: i32,
    pub rev: i32,
    pub created_at: Time,
    pub changed_at: Time,
    pub changed_by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = organizations, treat_none_as_default_value = false)]
pub struct OrganizationRow {
    pub key: OrganizationKey,
    pub id: String,
    pub store: StoreKey,
    pub parent: Option<OrganizationKey>,
    pub name: String,
    pub name_folded: String,
    pub name_sort: String,
    pub description: String,
    pub external_id: Option<String>,
    pub metadata: String,
    pub active: bool,
    pub self_registration: bool,
    pub organization_registration: bool,
    pub depth: i32,
    pub rev: i32,
    pub created_at: Time,
    pub changed_at: Time,
    pub slug: Option<String>,
    pub peopled: bool,
    pub join_code: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = organization_domains, treat_none_as_default_value = false)]
pub struct DomainRow {
    pub store: StoreKey,
    pub domain: String,
    pub organization: OrganizationKey,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = organization_closure, treat_none_as_default_value = false)]
pub struct ClosureRow {
    pub ancestor: OrganizationKey,
    pub descendant: OrganizationKey,
    pub depth: i32,
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub struct AccountRow {
    pub key: AccountKey,
    pub id: String,
    pub store: StoreKey,
    pub name: String,
    pub name_sort: String,
    pub email: Option<String>,
    pub username: Option<String>,
    pub search: String,
    pub status: Status,
    pub locked_until: Option<Time>,
    pub password_hash: Option<String>,
    pub change_password: bool,
    pub attributes: String,
    pub last_sign_in_at: Option<Time>,
    pub rev: i32,
    pub created_at: Time,
    pub changed_at: Time,
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = identifiers, treat_none_as_default_value = false)]
pub struct IdentifierRow {
    pub store: StoreKey,
    pub folded: String,
    pub account: AccountKey,
    pub kind: &'static str,
    pub confirmed: bool,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = memberships, treat_none_as_default_value = false)]
pub struct MembershipRow {
    pub account: AccountKey,
    pub organization: OrganizationKey,
    pub status: MembershipStatus,
    pub created_at: Time,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = account_group_members, treat_none_as_default_value = false)]
pub struct GroupMemberRow {
    pub account: AccountKey,
    pub account_group: i64,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = verifications, treat_none_as_default_value = false)]
pub struct VerificationRow {
    pub account: AccountKey,
    pub verified: bool,
    pub verified_by: Option<String>,
    pub how: String,
    pub reason: String,
    pub at: Time,
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = authenticators, treat_none_as_default_value = false)]
pub struct AuthenticatorRow {
    pub id: String,
    pub account: AccountKey,
    pub kind: authenticator::Kind,
    pub value: String,
    pub confirmed_at: Option<Time>,
    pub added_by: Option<String>,
    pub created_at: Time,
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = identifier_changes, treat_none_as_default_value = false)]
pub struct ChangeRow {
    pub id: String,
    pub account: AccountKey,
    pub kind: String,
    pub old_value: Option<String>,
    pub new_value: String,
    pub changed_by: Option<String>,
    pub created_at: Time,
    pub confirmed_at: Option<Time>,
    pub cancel_until: Time,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = invitations, treat_none_as_default_value = false)]
pub struct InvitationRow {
    pub key: i64,
    pub id: String,
    pub store: StoreKey,
    pub organization: OrganizationKey,
    pub email: String,
    pub email_folded: String,
    pub message: String,
    pub attributes: String,
    pub group_names: String,
    pub invited_by: String,
    pub invited_by_name: String,
    pub portal: bool,
    pub status: String,
    pub token: Option<String>,
    pub sent_at: Time,
    pub ends_at: Time,
    pub created_at: Time,
    pub settled_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = invitation_roles, treat_none_as_default_value = false)]
pub struct PromiseRow {
    pub invitation: i64,
    pub role: RoleKey,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = role_assignments, treat_none_as_default_value = false)]
pub struct AssignmentRow {
    pub organization: OrganizationKey,
    pub role: RoleKey,
    pub account: AccountKey,
    pub starts: Option<Time>,
    pub ends: Option<Time>,
    pub reason: String,
    pub given: Given,
    pub given_by: Option<String>,
    pub given_at: Time,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = administrator_roles, treat_none_as_default_value = false)]
pub struct AdministratorRoleRow {
    pub key: AdministratorRoleKey,
    pub id: String,
    pub name: String,
    pub name_folded: String,
    pub description: String,
    pub kind: Kind,
    pub permissions: String,
    pub rev: i32,
    pub created_at: Time,
    pub changed_at: Time,
    pub changed_by: Option<String>,
    pub name_sort: String,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = scopes, treat_none_as_default_value = false)]
pub struct ScopeRow {
    pub key: ScopeKey,
    pub id: String,
    pub organization: OrganizationKey,
    pub name: String,
    pub name_folded: String,
    pub description: String,
    pub reach: ScopeReach,
    pub rev: i32,
    pub created_at: Time,
    pub changed_at: Time,
    pub changed_by: Option<String>,
    pub name_sort: String,
}

#[derive(Clone, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = grants, treat_none_as_default_value = false)]
pub struct GrantRow {
    pub key: GrantKey,
    pub id: String,
    pub role: AdministratorRoleKey,
    pub account: AccountKey,
    pub scope: Option<ScopeKey>,
    pub cascading: bool,
    pub through: Option<GrantKey>,
    pub starts: Option<Time>,
    pub ends: Option<Time>,
    pub reason: String,
    pub given_by: Option<String>,
    pub given_at: Time,
    pub rev: i32,
}
