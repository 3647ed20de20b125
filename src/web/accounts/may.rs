//! What a person may do with an account, act by act, for its page on either side.

use crate::{
    access::Side,
    store::accounts::{Act, Acts},
};

/// Each act: absent, off with the reason, or on (P-2, D-12).
pub struct May {
    /// Editing the profile.
    pub profile: Act,
    /// Changing what it signs in by.
    pub identifiers: Act,
    /// Seeing that.
    pub sees_identifiers: bool,
    /// Changing its groups.
    pub groups: Act,
    /// Disabling, enabling, ending sessions.
    pub switch: Act,
    /// Deleting it.
    pub delete: Act,
    /// Sending a reset mail, setting a password.
    pub reset: Act,
    /// Verifying by hand and revoking that.
    pub verify: Act,
    /// Downloading its personal data.
    pub download: Act,
}

impl May {
    /// On that side.
    pub fn of<S: Side>(acts: &Acts) -> Self {
        Self {
            profile: acts.of::<S::EditProfile>(),
            identifiers: acts.of::<S::EditIdentifiers>(),
            sees_identifiers: acts.sees::<S::SeeIdentifiers>(),
            groups: acts.of::<S::EditGroups>(),
            switch: acts.of::<S::Switch>(),
            delete: acts.of::<S::Delete>(),
            reset: acts.of::<S::ResetPassword>(),
            verify: acts.of::<S::Verify>(),
            download: acts.of::<S::Download>(),
        }
    }

    /// "You can edit the profile, send password resets and end sessions."
    pub fn sentence(&self) -> String {
        let can: Vec<&str> = [
            (&self.profile, "edit the profile"),
            (&self.identifiers, "change the sign-in names"),
            (&self.reset, "send password resets"),
            (&self.switch, "disable the account and end sessions"),
            (&self.verify, "verify it"),
            (&self.download, "download its data"),
            (&self.delete, "delete it"),
        ]
        .into_iter()
        .filter_map(|(act, words)| act.is_on().then_some(words))
        .collect();
        match can.split_last() {
            None => "You can look at this account.".into(),
            Some((only, [])) => format!("You can {only}."),
            Some((last, others)) => format!("You can {} and {last}.", others.join(", ")),
        }
    }

    /// The reasons of what is off, each once.
    pub fn reasons(&self) -> Vec<&str> {
        let every = [&self.profile, &self.identifiers, &self.groups, &self.switch, &self.delete, &self.reset, &self.verify, &self.download];
        let mut reasons: Vec<&str> = every.into_iter().filter_map(Act::reason).collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }
}
