//! Every route of the product, top to bottom, once. The tests walk this same table.

use super::{accounts, console, files, frame::Ask, me, portal, problem, public};
use crate::access::{InConsole, InPortal};
use actix_web::{HttpResponse, guard, http::StatusCode, web};

macro_rules! routes {
    (anybody { $($am:ident $ap:literal => $ah:path;)+ } people { $($method:ident $path:literal => $handler:path;)+ }) => {
        /// Method and path of every route.
        pub const TABLE: &[(&str, &str)] = &[$((stringify!($am), $ap),)+ $((stringify!($method), $path)),+];

        /// Builds those that ask for nobody: no session is read for them.
        pub fn configure_anybody(config: &mut web::ServiceConfig) {
            $(config.route($ap, method::$am().to($ah));)+
        }

        /// Builds those that are for people. A request is compared with one after the other, and that costs: so only with
        /// those of its [`Kind`].
        pub fn configure(config: &mut web::ServiceConfig) {
            for kind in Kind::all(&[$($path),+]) {
                let mut scope = web::scope("").guard(kind.guard()).default_service(web::to(problem::nothing));
                $(if kind == Kind::of($path) {
                    scope = scope.route($path, method::$method().to($handler));
                })+
                config.service(scope);
            }
            config.default_service(web::to(problem::nothing));
        }
    };
}

/// The steps of an address, `/admin/stores` has two.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').skip(1)
}

/// What routes are told apart by before they are compared one by one: how many steps they have, and the words of some.
#[derive(Clone, PartialEq, Eq)]
struct Kind {
    count: usize,
    words: [Option<&'static str>; Kind::PLACES.len()],
}

impl Kind {
    /// The side, what of it, and what of a store or of an organization.
    const PLACES: [usize; 3] = [0, 1, 3];

    fn of(path: &'static str) -> Self {
        let word = |place| steps(path).nth(place).filter(|step| !step.starts_with('{'));
        Self { count: steps(path).count(), words: Self::PLACES.map(word) }
    }

    /// The kinds of these routes. Those of more words come first: `/signin/reset` is no `/signin/{store}`.
    fn all(paths: &[&'static str]) -> Vec<Self> {
        let mut kinds: Vec<Self> = Vec::new();
        for kind in paths.iter().map(|path| Self::of(path)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.words.iter().flatten().count()));
        kinds
    }

    fn fits(&self, path: &str) -> bool {
        let word_fits = |(place, word): (&usize, &Option<&str>)| word.is_none_or(|word| steps(path).nth(*place) == Some(word));
        steps(path).count() == self.count && Self::PLACES.iter().zip(&self.words).all(word_fits)
    }

    fn guard(&self) -> impl guard::Guard + use<> {
        let kind = self.clone();
        guard::fn_guard(move |context| kind.fits(context.head().uri.path()))
    }
}

routes! {
anybody {
    get "/healthz" => healthy;
    get "/readyz" => ready;
    get "/static/{hash}/{name:.*}" => files::serve;
}
people {
    get "/" => public::sign_in::start;

    get "/setup" => public::set_up::get;
    post "/setup" => public::set_up::post;
    get "/signin" => public::sign_in::get;
    post "/signin" => public::sign_in::post;
    get "/signin/factor" => public::second_factor::get;
    post "/signin/factor" => public::second_factor::post;
    get "/signin/reset" => public::password_reset::get;
    post "/signin/reset" => public::password_reset::post;
    get "/signin/reset/{token}" => public::password_reset::get_link;
    post "/signin/reset/{token}" => public::password_reset::post_link;
    get "/invite/{token}" => public::invitation::get;
    post "/invite/{token}" => public::invitation::post;
    get "/join/confirm/{token}" => public::join::get_confirm;
    post "/join/confirm/{token}" => public::join::confirm;
    get "/join/{store}" => public::join::get;
    post "/join/{store}" => public::join::post;
    get "/join/{store}/sent" => public::join::get_sent;
    post "/join/{store}/sent" => public::join::again;
    get "/join/{store}/organization" => public::join::get_new;
    post "/join/{store}/organization" => public::join::post_new;
    get "/join/{store}/{organization}" => public::join::get_form;
    post "/join/{store}/{organization}" => public::join::post_form;
    get "/confirm/{token}" => public::identifier_change::get_confirm;
    post "/confirm/{token}" => public::identifier_change::confirm;
    get "/cancel/{token}" => public::identifier_change::get_cancel;
    post "/cancel/{token}" => public::identifier_change::cancel;
    get "/signin/{store}" => public::sign_in::get_in;
    post "/signin/{store}" => public::sign_in::post_in;
    post "/signout" => public::sign_in::out;

    get "/me" => me::show;
    post "/me" => me::rename;
    post "/me/password" => me::password;
    post "/me/identifiers" => me::identifiers;
    post "/me/identifiers/answer" => me::answer;
    post "/me/authenticators" => me::add_factor;
    post "/me/authenticators/{authenticator}/code" => me::send_code;
    post "/me/authenticators/{authenticator}/confirm" => me::confirm_factor;
    get "/me/authenticators/{authenticator}/delete" => me::confirm_delete_factor;
    post "/me/authenticators/{authenticator}/delete" => me::delete_factor;
    post "/me/sessions/end" => me::end_sessions;
    post "/me/settings" => me::settings;

    get "/admin" => console::home::show;
    get "/admin/search" => console::search::search;
    get "/admin/why" => console::why::show;
    get "/admin/events" => console::events::list;
    post "/admin/events/export" => console::events::export;
    get "/admin/events/newer" => console::events::newer;
    get "/admin/events/{event}" => console::events::detail;
    post "/admin/events/{event}/undo" => console::events::undo;
    get "/admin/settings" => console::settings::general_form;
    post "/admin/settings" => console::settings::general;
    get "/admin/settings/sign-in" => console::settings::sign_in_form;
    post "/admin/settings/sign-in" => console::settings::sign_in;
    get "/admin/settings/registration" => console::settings::registration_form;
    post "/admin/settings/registration" => console::settings::registration;
    get "/admin/settings/mail" => console::settings::mail;
    post "/admin/settings/mail/test" => console::settings::test;
    post "/admin/settings/mail/{mail}/again" => console::settings::again;
    get "/admin/settings/about" => console::settings::about;

    get "/admin/administrators" => console::administrators::list;
    post "/admin/administrators" => console::administrators::add;
    post "/admin/administrators/export" => console::administrators::export;
    get "/admin/administrators/new" => console::administrators::people;
    get "/admin/administrators/new/role" => console::administrators::role;
    get "/admin/administrators/confirm" => console::administrators::confirm;
    get "/admin/administrators/{account}" => console::administrators::detail;
    get "/admin/grants/{grant}" => console::grants::detail;
    post "/admin/grants/{grant}" => console::grants::edit;
    get "/admin/grants/{grant}/revoke" => console::grants::confirm_revoke;
    post "/admin/grants/{grant}/revoke" => console::grants::revoke;

    get "/admin/administrator-roles" => console::administrator_roles::list;
    post "/admin/administrator-roles/export" => console::administrator_roles::export;
    post "/admin/administrator-roles" => console::administrator_roles::add;
    get "/admin/administrator-roles/new" => console::administrator_roles::choose;
    get "/admin/administrator-roles/new/{kind}" => console::administrator_roles::new;
    get "/admin/administrator-roles/{role}" => console::administrator_roles::detail;
    post "/admin/administrator-roles/{role}" => console::administrator_roles::edit;
    get "/admin/administrator-roles/{role}/delete" => console::administrator_roles::confirm_delete;
    post "/admin/administrator-roles/{role}/delete" => console::administrator_roles::delete;

    get "/admin/scopes" => console::scopes::list;
    post "/admin/scopes/export" => console::scopes::export;
    post "/admin/scopes" => console::scopes::add;
    get "/admin/scopes/new" => console::scopes::new;
    get "/admin/scopes/preview" => console::scopes::preview;
    get "/admin/scopes/{scope}" => console::scopes::detail;
    post "/admin/scopes/{scope}" => console::scopes::edit;
    get "/admin/scopes/{scope}/delete" => console::scopes::confirm_delete;
    post "/admin/scopes/{scope}/delete" => console::scopes::delete;

    get "/admin/stores" => console::identity_stores::list;
    post "/admin/stores" => console::identity_stores::add;
    get "/admin/stores/new" => console::identity_stores::new;
    get "/admin/stores/{store}" => console::identity_stores::detail;
    get "/admin/stores/{store}/attributes" => console::identity_stores::attributes_form;
    post "/admin/stores/{store}/attributes" => console::identity_stores::attributes;
    get "/admin/stores/{store}/groups" => console::identity_stores::groups_form;
    post "/admin/stores/{store}/groups" => console::identity_stores::groups;
    get "/admin/stores/{store}/settings" => console::identity_stores::settings_form;
    post "/admin/stores/{store}/settings" => console::identity_stores::settings;
    get "/admin/stores/{store}/delete" => console::identity_stores::confirm_delete;
    post "/admin/stores/{store}/delete" => console::identity_stores::delete;

    get "/admin/stores/{store}/organizations" => console::organizations::list;
    post "/admin/stores/{store}/organizations/export" => console::organizations::export;
    post "/admin/stores/{store}/organizations" => console::organizations::add;
    get "/admin/stores/{store}/organizations/new" => console::organizations::new;
    get "/admin/stores/{store}/organizations/activate" => console::organizations::confirm_activate_all;
    post "/admin/stores/{store}/organizations/activate" => console::organizations::activate_all;
    get "/admin/stores/{store}/organizations/deactivate" => console::organizations::confirm_deactivate_all;
    post "/admin/stores/{store}/organizations/deactivate" => console::organizations::deactivate_all;
    get "/admin/stores/{store}/organizations/{organization}" => console::organizations::detail;
    post "/admin/stores/{store}/organizations/{organization}" => console::organizations::edit;
    get "/admin/stores/{store}/organizations/{organization}/edit" => console::organizations::edit_form;
    post "/admin/stores/{store}/organizations/{organization}/join-code" => console::organizations::renew_code;
    get "/admin/stores/{store}/organizations/{organization}/move" => console::organizations::confirm_move;
    post "/admin/stores/{store}/organizations/{organization}/move" => console::organizations::relocate;
    get "/admin/stores/{store}/organizations/{organization}/activate" => console::organizations::confirm_activate;
    post "/admin/stores/{store}/organizations/{organization}/activate" => console::organizations::activate;
    get "/admin/stores/{store}/organizations/{organization}/deactivate" => console::organizations::confirm_deactivate;
    post "/admin/stores/{store}/organizations/{organization}/deactivate" => console::organizations::deactivate;
    get "/admin/stores/{store}/organizations/{organization}/delete" => console::organizations::confirm_delete;
    post "/admin/stores/{store}/organizations/{organization}/delete" => console::organizations::delete;

    get "/admin/stores/{store}/invitations" => accounts::invitations::list::<InConsole>;
    post "/admin/stores/{store}/invitations" => accounts::invitations::invite::<InConsole>;
    get "/admin/stores/{store}/invitations/new" => accounts::invitations::new::<InConsole>;
    post "/admin/stores/{store}/invitations/export" => accounts::invitations::export::<InConsole>;
    post "/admin/stores/{store}/invitations/{invitation}/resend" => accounts::invitations::resend::<InConsole>;
    post "/admin/stores/{store}/invitations/{invitation}/withdraw" => accounts::invitations::withdraw::<InConsole>;
    get "/admin/stores/{store}/accounts" => console::accounts::list;
    post "/admin/stores/{store}/accounts/export" => console::accounts::export;
    post "/admin/stores/{store}/accounts" => console::accounts::add;
    get "/admin/stores/{store}/accounts/new" => console::accounts::new;
    get "/admin/stores/{store}/accounts/import" => console::accounts::import_form;
    post "/admin/stores/{store}/accounts/import" => console::accounts::upload;
    get "/admin/stores/{store}/accounts/import/{list}" => console::accounts::preview;
    post "/admin/stores/{store}/accounts/import/{list}" => console::accounts::import;
    get "/admin/stores/{store}/accounts/import/{list}/result" => console::accounts::result;
    get "/admin/stores/{store}/accounts/choose" => accounts::choose::<InConsole>;
    post "/admin/stores/{store}/accounts/selection" => accounts::select::<InConsole>;
    get "/admin/stores/{store}/accounts/disable" => accounts::confirm_disable_all::<InConsole>;
    post "/admin/stores/{store}/accounts/disable" => accounts::disable_all::<InConsole>;
    get "/admin/stores/{store}/accounts/enable" => accounts::confirm_enable_all::<InConsole>;
    post "/admin/stores/{store}/accounts/enable" => accounts::enable_all::<InConsole>;
    get "/admin/stores/{store}/accounts/end-sessions" => accounts::confirm_end_all_sessions::<InConsole>;
    post "/admin/stores/{store}/accounts/end-sessions" => accounts::end_all_sessions::<InConsole>;
    get "/admin/stores/{store}/accounts/assign" => console::accounts::assign;
    get "/admin/stores/{store}/accounts/{account}" => console::accounts::detail;
    get "/admin/stores/{store}/accounts/{account}/profile" => accounts::profile_form::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/profile" => accounts::profile::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/identifiers" => accounts::identifiers_form::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/identifiers" => accounts::identifiers::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/password-reset" => accounts::confirm_reset::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/password-reset" => accounts::send_reset::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/password" => accounts::password_form::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/password" => accounts::password::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/verify" => accounts::verify_form::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/verify" => accounts::verify::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/unverify" => accounts::unverify_form::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/unverify" => accounts::unverify::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/data" => accounts::data_form::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/data" => accounts::data::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/authenticators/new" => accounts::new_authenticator::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/authenticators" => accounts::add_authenticator::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/authenticators/{authenticator}/delete" => accounts::confirm_delete_authenticator::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/authenticators/{authenticator}/delete" => accounts::delete_authenticator::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/groups" => accounts::groups::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/disable" => accounts::disable::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/enable" => accounts::enable::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/sessions/end" => accounts::end_sessions::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/memberships" => accounts::join::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/memberships/remove" => accounts::confirm_leave::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/memberships/remove" => accounts::leave::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/memberships/block" => accounts::block::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/memberships/unblock" => accounts::unblock::<InConsole>;
    get "/admin/stores/{store}/accounts/{account}/delete" => accounts::confirm_delete::<InConsole>;
    post "/admin/stores/{store}/accounts/{account}/delete" => accounts::delete::<InConsole>;

    get "/admin/stores/{store}/roles" => console::roles::list;
    post "/admin/stores/{store}/roles/export" => console::roles::export;
    post "/admin/stores/{store}/roles" => console::roles::add;
    get "/admin/stores/{store}/roles/new" => console::roles::new;
    post "/admin/stores/{store}/roles/templates" => console::roles::add_templates;
    get "/admin/stores/{store}/roles/{role}" => console::roles::detail;
    post "/admin/stores/{store}/roles/{role}" => console::roles::edit;
    get "/admin/stores/{store}/roles/{role}/delete" => console::roles::confirm_delete;
    post "/admin/stores/{store}/roles/{role}/delete" => console::roles::delete;

    get "/admin/stores/{store}/role-assignments" => console::role_assignments::list;
    post "/admin/stores/{store}/role-assignments/export" => console::role_assignments::export;
    post "/admin/stores/{store}/role-assignments" => console::role_assignments::assign;
    get "/admin/stores/{store}/role-assignments/unassigned" => console::unassigned::list;
    post "/admin/stores/{store}/role-assignments/selection" => console::unassigned::select;
    get "/admin/stores/{store}/role-assignments/confirm" => console::unassigned::confirm;
    get "/admin/stores/{store}/role-assignments/remove" => console::role_assignments::confirm_remove;
    post "/admin/stores/{store}/role-assignments/remove" => console::role_assignments::remove;

    get "/portal" => portal::start;
    post "/portal/o/{organization}/favourite" => portal::favourite;
    post "/portal/o/{organization}/events/{event}/undo" => portal::undo;
    get "/portal/o/{organization}/me" => portal::access;
    get "/portal/o/{organization}/organizations" => portal::organizations;
    post "/portal/o/{organization}/organizations" => portal::add;
    get "/portal/o/{organization}/organizations/new" => portal::new;
    get "/portal/o/{organization}/invitations" => accounts::invitations::list::<InPortal>;
    post "/portal/o/{organization}/invitations" => accounts::invitations::invite::<InPortal>;
    get "/portal/o/{organization}/invitations/new" => accounts::invitations::new::<InPortal>;
    post "/portal/o/{organization}/invitations/export" => accounts::invitations::export::<InPortal>;
    post "/portal/o/{organization}/invitations/{invitation}/resend" => accounts::invitations::resend::<InPortal>;
    post "/portal/o/{organization}/invitations/{invitation}/withdraw" => accounts::invitations::withdraw::<InPortal>;
    get "/portal/o/{organization}/accounts" => portal::list;
    post "/portal/o/{organization}/accounts/export" => portal::export;
    get "/portal/o/{organization}/accounts/choose" => accounts::choose::<InPortal>;
    post "/portal/o/{organization}/accounts/selection" => accounts::select::<InPortal>;
    get "/portal/o/{organization}/accounts/disable" => accounts::confirm_disable_all::<InPortal>;
    post "/portal/o/{organization}/accounts/disable" => accounts::disable_all::<InPortal>;
    get "/portal/o/{organization}/accounts/enable" => accounts::confirm_enable_all::<InPortal>;
    post "/portal/o/{organization}/accounts/enable" => accounts::enable_all::<InPortal>;
    get "/portal/o/{organization}/accounts/end-sessions" => accounts::confirm_end_all_sessions::<InPortal>;
    post "/portal/o/{organization}/accounts/end-sessions" => accounts::end_all_sessions::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}" => portal::detail;
    get "/portal/o/{organization}/accounts/{account}/profile" => accounts::profile_form::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/profile" => accounts::profile::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/identifiers" => accounts::identifiers_form::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/identifiers" => accounts::identifiers::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/password-reset" => accounts::confirm_reset::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/password-reset" => accounts::send_reset::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/password" => accounts::password_form::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/password" => accounts::password::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/verify" => accounts::verify_form::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/verify" => accounts::verify::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/unverify" => accounts::unverify_form::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/unverify" => accounts::unverify::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/data" => accounts::data_form::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/data" => accounts::data::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/authenticators/new" => accounts::new_authenticator::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/authenticators" => accounts::add_authenticator::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/authenticators/{authenticator}/delete" => accounts::confirm_delete_authenticator::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/authenticators/{authenticator}/delete" => accounts::delete_authenticator::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/groups" => accounts::groups::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/disable" => accounts::disable::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/enable" => accounts::enable::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/sessions/end" => accounts::end_sessions::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/memberships" => accounts::join::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/memberships/remove" => accounts::confirm_leave::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/memberships/remove" => accounts::leave::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/memberships/block" => accounts::block::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/memberships/unblock" => accounts::unblock::<InPortal>;
    get "/portal/o/{organization}/accounts/{account}/delete" => accounts::confirm_delete::<InPortal>;
    post "/portal/o/{organization}/accounts/{account}/delete" => accounts::delete::<InPortal>;
}
}

/// Only GET and POST exist; what answers GET answers HEAD too.
mod method {
    use actix_web::{Route, guard, web};

    pub fn get() -> Route {
        web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
    }

    pub fn post() -> Route {
        web::post()
    }
}

/// `GET /healthz`: the process answers.
async fn healthy() -> &'static str {
    "ok"
}

/// `GET /readyz`: the database answers and has every migration.
async fn ready(ask: Ask) -> HttpResponse {
    let ready = ask.house.work(|db| Ok(db.ready())).await.unwrap_or(false);
    let (status, words) = if ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(words)
}
