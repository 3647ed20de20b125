//! Sending mails and texts that the house has posted (`store::mails`): a worker beside the server, which no request waits for. However
//! many processes serve a database, each letter is with one worker at a time.

mod build;
pub(super) mod folder;
mod smtp;
mod words;

use super::{
    House, off_the_loop,
    sms::{self, Sms},
    when,
};
use crate::{
    domain::{letter::Channel, time::Time},
    problem::Problem,
    store::{
        Postings,
        mails::{self, Claimed, Ended},
        preferences,
    },
};
use actix_web::rt::{self, task::JoinHandle};
use jiff::tz::TimeZone;
use lettre::message::Mailbox;
use std::{path::PathBuf, time::Duration};
use tokio::sync::watch;

/// Letters that one worker sends at a time.
const AT_ONCE: i64 = 4;

/// How often a worker looks for letters whose next try is due, or that another process has posted.
const EVERY: Duration = Duration::from_secs(15);

/// How letters leave the house.
#[derive(Clone, Debug)]
pub struct Post {
    /// Where they go.
    pub mails: Route,
    /// Where texts to phones go.
    pub texts: Sms,
    /// Whom mails are from; none: `no-reply` at the public address.
    pub from: Option<Mailbox>,
    /// How long sending one may take. Well under [`mails::LEASE`].
    pub patience: Duration,
}

impl Post {
    /// These ways, with what is usual else.
    pub fn by(mails: Route, texts: Sms) -> Self {
        Self { mails, texts, from: None, patience: Duration::from_secs(60) }
    }
}

/// Where mails go.
#[derive(Clone)]
pub enum Route {
    /// To a mail server.
    Smtp(smtp::Server),
    /// Into a folder, one `.eml` file each.
    Folder(PathBuf),
}

impl Route {
    /// To the mail server of a URL: `smtps://user:password@host`, `smtp://host?tls=required`, …
    ///
    /// # Errors
    /// A sentence for the terminal.
    pub fn smtp(url: &str) -> anyhow::Result<Self> {
        smtp::Server::from_url(url).map(Self::Smtp)
    }

    /// Where that is, without any password.
    pub fn place(&self) -> String {
        match self {
            Self::Smtp(server) => server.name.clone(),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.place())
    }
}

/// Reads whom mails are from: `no-reply@brand.example` or `Brand <no-reply@brand.example>`.
///
/// # Errors
/// A sentence for the terminal.
pub fn sender(typed: &str) -> anyhow::Result<Mailbox> {
    typed.parse().map_err(|_| anyhow::anyhow!("“{typed}” is no sender of mails, like Brand <no-reply@brand.example>"))
}

/// Workers that send, for as long as the server runs.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts them.
    pub fn start(house: &House) -> Self {
        let (stop, stopped) = watch::channel(false);
        // Each channel has its own: a mail server that hangs holds up no code.
        let each = |channel: &Channel| rt::spawn(work(house.clone(), *channel, house.db.postings(), stopped.clone()));
        let tasks = Channel::ALL.iter().map(each).collect();
        Self { stop, tasks }
    }

    /// Lets them end what they are sending, for a while: what is cut off is sent again later.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if rt::time::timeout(Duration::from_secs(10), task).await.is_err() {
                tracing::warn!("stopped while a letter was being sent; it will be sent again");
            }
        }
    }
}

async fn work(house: House, channel: Channel, mut postings: Postings, mut stopped: watch::Receiver<bool>) {
    let carrier = Carrier::new(&house);
    while !*stopped.borrow() {
        // Another process may have saved what letters say of the house.
        if let Err(problem) = house.work(|db| db.learn_general()).await {
            tracing::warn!(%problem, "the name of the house could not be looked for");
        }
        if let Err(problem) = carrier.deliver(channel, &|| *stopped.borrow()).await {
            tracing::warn!(%problem, "letters could not be looked for");
        }
        tokio::select! {
            () = postings.next() => {}
            () = rt::time::sleep(EVERY) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Sends everything that is due now. How many were sent.
///
/// # Errors
/// What the database says.
pub async fn deliver(house: &House, channel: Channel) -> Result<usize, Problem> {
    Carrier::new(house).deliver(channel, &|| false).await
}

/// Takes letters to where they go.
#[derive(Clone)]
struct Carrier {
    house: House,
    smtp: Option<smtp::Transport>,
}

impl Carrier {
    /// Inside the runtime: the connections to a mail server live in it.
    fn new(house: &House) -> Self {
        let post = &house.outside.post;
        let smtp = match &post.mails {
            Route::Smtp(server) => server.transport(post.patience),
            Route::Folder(_) => None,
        };
        Self { house: house.clone(), smtp }
    }

    async fn deliver(&self, channel: Channel, stopped: &dyn Fn() -> bool) -> Result<usize, Problem> {
        let mut sent = 0;
        while !stopped() {
            let claimed = self.house.work(move |db| mails::claim(db, channel, AT_ONCE)).await?;
            if claimed.is_empty() {
                break;
            }
            // Side by side: one that hangs holds up none of the others of its turn.
            let turns: Vec<_> = claimed
                .into_iter()
                .map(|letter| {
                    let carrier = self.clone();
                    rt::spawn(async move { carrier.one(channel, letter).await })
                })
                .collect();
            for turn in turns {
                sent += usize::from(turn.await.map_err(Problem::internal)??);
            }
        }
        Ok(sent)
    }

    /// Sends one letter and writes down how that ended. Whether it was sent.
    async fn one(&self, channel: Channel, claimed: Claimed) -> Result<bool, Problem> {
        let patience = self.house.outside.post.patience;
        let sending = async {
            match channel {
                Channel::Mail => self.mail(&claimed).await,
                Channel::Sms => self.text(&claimed).await,
            }
        };
        let ended = match rt::time::timeout(patience, sending).await {
            Ok(ended) => ended?,
            Err(_) => Ended::Later(format!("No answer for {} seconds.", patience.as_secs())),
        };
        match &ended {
            Ended::Sent => tracing::info!(mail = claimed.id, "sent"),
            Ended::Later(why) => tracing::warn!(mail = claimed.id, tries = claimed.tries, why, "not sent yet"),
            Ended::Never(why) => tracing::warn!(mail = claimed.id, why, "not sent"),
        }
        let sent = ended == Ended::Sent;
        let ours = self.house.work(move |db| mails::settle(db, &claimed, &ended)).await?;
        Ok(sent && ours)
    }

    fn brand(&self) -> words::Brand {
        let general = self.house.db.general();
        words::Brand {
            product: general.product.clone(),
            contact: general.contact.clone(),
            public_url: self.house.outside.public_url.clone(),
        }
    }

    async fn text(&self, claimed: &Claimed) -> Result<Ended, Problem> {
        let post = self.house.outside.post.clone();
        let text = words::short(&claimed.letter.says, &self.brand());
        let text = sms::Text { id: claimed.id.clone(), to: claimed.letter.to.clone(), text };
        let file = file_name(claimed.posted_at, &claimed.id);
        off_the_loop(move || post.texts.send(&text, &file, post.patience)).await
    }

    async fn mail(&self, claimed: &Claimed) -> Result<Ended, Problem> {
        let outside = &self.house.outside;
        let account = claimed.account;
        let zone = match account {
            Some(account) => self.house.work(move |db| preferences::zone(db, account)).await?,
            None => None,
        };
        let zone = zone.as_deref().and_then(when::zone).unwrap_or(TimeZone::UTC);
        let brand = self.brand();
        let words = words::of(&claimed.letter.says, &brand, &zone);
        let message = match build::message(claimed, &words, &brand, outside)? {
            Ok(message) => message,
            Err(why) => return Ok(Ended::Never(why)),
        };
        Ok(match (&self.smtp, &outside.post.mails) {
            (Some(transport), _) => smtp::send(transport, message).await,
            (None, Route::Folder(folder)) => {
                let (folder, name) = (folder.clone(), file_name(claimed.posted_at, &claimed.id));
                off_the_loop(move || folder::keep(&folder, &format!("{name}.eml"), &message.formatted())).await?
            }
            (None, Route::Smtp(_)) => return Err(Problem::Internal(anyhow::anyhow!("a mail server without a transport"))),
        })
    }
}

/// In the order of their posting, and the same at every try.
fn file_name(posted_at: Time, id: &str) -> String {
    format!("{}-{id}", posted_at.timestamp().strftime("%Y%m%dT%H%M%SZ"))
}
