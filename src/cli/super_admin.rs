//! `bailiwick super-admin create` and `reset`.

use crate::{
    access::{Origin, system},
    config::Options,
    domain::{account, password},
    problem::Problem,
    store::set_up::{self, Founder},
    web::passwords,
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use std::io::BufRead;

/// Make or reset a super administrator.
#[derive(Debug, Args)]
pub(super) struct SuperAdmin {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Make a super administrator
    Create {
        /// E-mail to sign in with
        #[arg(long)]
        email: String,
        /// The person's name
        #[arg(long)]
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set the password of a super administrator who is locked out
    Reset {
        /// E-mail to sign in with
        #[arg(long)]
        email: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
}

impl SuperAdmin {
    pub(super) fn run(self, options: &Options) -> anyhow::Result<()> {
        let db = super::open(options)?;
        let permit = system::set_up(Origin::default());
        match self.act {
            Act::Create { email, name, password_stdin } => {
                let email = account::email(&email).map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
                let name = account::person_name(&name).map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
                let password_hash = ask(password_stdin, &[&email, &name])?;
                let founder = Founder { email: email.clone(), name, password_hash };
                db.write(&permit, |tx| set_up::found(tx, &founder, None))?;
                println!("{email} is a super administrator.");
            }
            Act::Reset { email, password_stdin } => {
                let hash = ask(password_stdin, &[&email])?;
                match db.write(&permit, |tx| set_up::reset(tx, &email, &hash)) {
                    Err(Problem::NotFound) => bail!("No super administrator signs in with {email}."),
                    done => done?,
                }
                println!("{email} has a new password, and every session has ended.");
            }
        }
        Ok(())
    }
}

/// The hash of a password that was typed or piped in.
fn ask(stdin: bool, context: &[&str]) -> anyhow::Result<String> {
    let typed = if stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("Standard input cannot be read")?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    } else {
        let typed = rpassword::prompt_password("Password: ").context("The password cannot be asked for; use --password-stdin")?;
        if typed != rpassword::prompt_password("Once more: ")? {
            bail!("The two passwords differ.");
        }
        typed
    };
    password::check(&typed, context).map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    Ok(passwords::hash(&typed)?)
}
