//! The tables, once for both databases; `tests/store` compares this with what the migrations make of each.

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    identity_stores (key) {
        key -> BigInt,
        name -> Text,
        name_folded -> Text,
        slug -> Text,
        built_in -> Bool,
        self_registration -> Bool,
        organization_registration -> Bool,
        accounts -> BigInt,
        rev -> Integer,
        created_at -> BigInt,
        changed_at -> BigInt,
        organizations -> BigInt,
    }
}

diesel::table! {
    attributes (store, name) {
        store -> BigInt,
        name -> Text,
        label -> Text,
        #[sql_name = "type"]
        kind -> Text,
        required -> Bool,
        choices -> Text,
        portal_visible -> Bool,
        portal_editable -> Bool,
        personal -> Bool,
        position -> Integer,
    }
}

diesel::table! {
    organizations (key) {
        key -> BigInt,
        id -> Text,
        store -> BigInt,
        parent -> Nullable<BigInt>,
        name -> Text,
        name_folded -> Text,
        name_sort -> Text,
        description -> Text,
        external_id -> Nullable<Text>,
        metadata -> Text,
        active -> Bool,
        self_registration -> Bool,
        organization_registration -> Bool,
        depth -> Integer,
        rev -> Integer,
        created_at -> BigInt,
        changed_at -> BigInt,
        slug -> Nullable<Text>,
        members -> BigInt,
        peopled -> Bool,
        join_code -> Nullable<Text>,
    }
}

diesel::table! {
    organization_domains (store, domain) {
        store -> BigInt,
        domain -> Text,
        organization -> BigInt,
    }
}

diesel::table! {
    organization_closure (ancestor, descendant) {
        ancestor -> BigInt,
        descendant -> BigInt,
        depth -> Integer,
    }
}

diesel::table! {
    accounts (key) {
        key -> BigInt,
        id -> Text,
        store -> BigInt,
        name -> Text,
        name_sort -> Text,
        email -> Nullable<Text>,
        username -> Nullable<Text>,
        search -> Text,
        status -> Text,
        locked_until -> Nullable<BigInt>,
        password_hash -> Nullable<Text>,
        change_password -> Bool,
        attributes -> Text,
        last_sign_in_at -> Nullable<BigInt>,
        rev -> Integer,
        created_at -> BigInt,
        changed_at -> BigInt,
        factors -> BigInt,
    }
}

diesel::table! {
    identifiers (store, folded) {
        store -> BigInt,
        folded -> Text,
        account -> BigInt,
        kind -> Text,
        confirmed -> Bool,
    }
}

diesel::table! {
    account_groups (key) {
        key -> BigInt,
        store -> BigInt,
        name -> Text,
        name_folded -> Text,
    }
}

diesel::table! {
    account_group_members (account, account_group) {
        account -> BigInt,
        account_group -> BigInt,
    }
}

diesel::table! {
    memberships (account, organization) {
        account -> BigInt,
        organization -> BigInt,
        status -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    roles (key) {
        key -> BigInt,
        id -> Text,
        store -> BigInt,
        name -> Text,
        name_folded -> Text,
        name_sort -> Text,
        description -> Text,
        auto_every -> Bool,
        auto_first -> Bool,
        rights -> Integer,
        rev -> Integer,
        created_at -> BigInt,
        changed_at -> BigInt,
        changed_by -> Nullable<Text>,
        lasting -> BigInt,
    }
}

diesel::table! {
    role_assignments (organization, role, account) {
        organization -> BigInt,
        role -> BigInt,
        account -> BigInt,
        starts -> Nullable<BigInt>,
        ends -> Nullable<BigInt>,
        reason -> Text,
        given -> Text,
        given_by -> Nullable<Text>,
        given_at -> BigInt,
    }
}

diesel::table! {
    pairs (organization, role) {
        organization -> BigInt,
        role -> BigInt,
        assignments -> BigInt,
        lasting -> BigInt,
        given_at -> BigInt,
    }
}

diesel::table! {
    administrator_roles (key) {
        key -> BigInt,
        id -> Text,
        name -> Text,
        name_folded -> Text,
        description -> Text,
        kind -> Text,
        permissions -> Text,
        rev -> Integer,
        created_at -> BigInt,
        changed_at -> BigInt,
        changed_by -> Nullable<Text>,
        name_sort -> Text,
    }
}

diesel::table! {
    scopes (key) {
        key -> BigInt,
        id -> Text,
        organization -> BigInt,
        name -> Text,
        name_folded -> Text,
        description -> Text,
        reach -> Text,
        rev -> Integer,
        created_at -> BigInt,
        changed_at -> BigInt,
        changed_by -> Nullable<Text>,
        name_sort -> Text,
    }
}

diesel::table! {
    grants (key) {
        key -> BigInt,
        id -> Text,
        role -> BigInt,
        account -> BigInt,
        scope -> Nullable<BigInt>,
        cascading -> Bool,
        through -> Nullable<BigInt>,
        starts -> Nullable<BigInt>,
        ends -> Nullable<BigInt>,
        reason -> Text,
        given_by -> Nullable<Text>,
        given_at -> BigInt,
        rev -> Integer,
    }
}

diesel::table! {
    sessions (hash) {
        hash -> Text,
        id -> Text,
        account -> BigInt,
        state -> Text,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
        created_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    throttles (name) {
        name -> Text,
        failures -> Integer,
        blocked_until -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    once_keys (account, once) {
        account -> BigInt,
        once -> Text,
        location -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    preferences (account) {
        account -> BigInt,
        appearance -> Text,
        density -> Text,
        time_zone -> Nullable<Text>,
        per_page -> Integer,
        shortcuts -> Bool,
        separator -> Text,
    }
}

diesel::table! {
    selection_drafts (id) {
        id -> Text,
        account -> BigInt,
        store -> BigInt,
        organization -> Nullable<BigInt>,
        role -> Nullable<BigInt>,
        matching -> Nullable<Text>,
        frozen -> Nullable<Integer>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    selection_items (draft, account) {
        draft -> Text,
        account -> BigInt,
        included -> Bool,
    }
}

diesel::table! {
    account_imports (id) {
        id -> Text,
        account -> BigInt,
        store -> BigInt,
        name -> Text,
        body -> Text,
        result -> Nullable<Text>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    jobs (name) {
        name -> Text,
        ran_at -> BigInt,
    }
}

diesel::table! {
    events (key) {
        key -> BigInt,
        id -> Text,
        at -> BigInt,
        actor -> Nullable<Text>,
        actor_name -> Text,
        through -> Nullable<Text>,
        action -> Text,
        outcome -> Text,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
        request -> Nullable<Text>,
        detail_hash -> Text,
        previous -> Text,
        hash -> Text,
    }
}

diesel::table! {
    event_subjects (event, position) {
        event -> BigInt,
        position -> Integer,
        noun -> Text,
        id -> Text,
        organization -> Nullable<BigInt>,
        store -> Nullable<BigInt>,
    }
}

diesel::table! {
    event_briefs (event) {
        event -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    event_details (event) {
        event -> BigInt,
        salt -> Text,
        body -> Text,
    }
}

diesel::table! {
    favourites (account, organization) {
        account -> BigInt,
        organization -> BigInt,
    }
}

diesel::table! {
    identifier_changes (key) {
        key -> BigInt,
        id -> Text,
        account -> BigInt,
        kind -> Text,
        old_value -> Nullable<Text>,
        new_value -> Text,
        changed_by -> Nullable<Text>,
        created_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        cancel_until -> BigInt,
    }
}

diesel::table! {
    links (hash) {
        hash -> Text,
        purpose -> Text,
        account -> BigInt,
        identifier_change -> Nullable<BigInt>,
        ends_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    verifications (account) {
        account -> BigInt,
        verified -> Bool,
        verified_by -> Nullable<Text>,
        how -> Text,
        reason -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    authenticators (key) {
        key -> BigInt,
        id -> Text,
        account -> BigInt,
        #[sql_name = "type"]
        kind -> Text,
        value -> Text,
        confirmed_at -> Nullable<BigInt>,
        added_by -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    codes (account, purpose, target) {
        account -> BigInt,
        purpose -> Text,
        target -> Text,
        mark -> Text,
        tries -> Integer,
        sent_at -> BigInt,
        ends_at -> BigInt,
    }
}

diesel::table! {
    invitations (key) {
        key -> BigInt,
        id -> Text,
        store -> BigInt,
        organization -> BigInt,
        email -> Text,
        email_folded -> Text,
        message -> Text,
        attributes -> Text,
        group_names -> Text,
        invited_by -> Text,
        invited_by_name -> Text,
        portal -> Bool,
        status -> Text,
        token -> Nullable<Text>,
        sent_at -> BigInt,
        ends_at -> BigInt,
        created_at -> BigInt,
        settled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    invitation_roles (invitation, role) {
        invitation -> BigInt,
        role -> BigInt,
    }
}

diesel::table! {
    registrations (key) {
        key -> BigInt,
        id -> Text,
        store -> BigInt,
        organization -> Nullable<BigInt>,
        new_organization -> Nullable<Text>,
        email -> Text,
        email_folded -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        attributes -> Text,
        consent -> Text,
        token -> Nullable<Text>,
        letters -> Integer,
        sent_at -> Nullable<BigInt>,
        ends_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    mails (key) {
        key -> BigInt,
        id -> Text,
        account -> Nullable<BigInt>,
        channel -> Text,
        recipient -> Text,
        subject -> Text,
        body -> Nullable<Text>,
        status -> Text,
        tries -> Integer,
        due_at -> BigInt,
        claimed_until -> Nullable<BigInt>,
        useful_until -> BigInt,
        error -> Nullable<Text>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    freshness (one) {
        one -> BigInt,
        mark -> BigInt,
    }
}
