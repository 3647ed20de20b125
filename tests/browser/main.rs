//! The console in a real Chromium, as people use it: with script and without, at a desk and on a phone, by mouse and
//! by keyboard. One file a way; `house.rs` and `visit.rs` are what they share.
//!
//! Run them with `tests/run --test browser`. `BAILIWICK_TEST_SHOTS` names a folder for pictures of every stop.

#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../house/sink.rs"]
mod sink;

mod house;
mod visit;

mod entries;
mod everyday;
mod join;
mod keyboard;
mod letters;
mod main_job;
mod me;
mod portal;
mod scopes;
mod selection;
mod tour;
mod tree;
mod weight;
