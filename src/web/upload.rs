//! Files that people send: a form with one text file, bounded, with the token that every form carries.

use super::form;
use crate::problem::Problem;
use actix_multipart::Multipart;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use std::{future::poll_fn, pin::Pin};

/// Most bytes of a file.
pub const LIMIT: usize = 16 * 1024 * 1024;
/// Most bytes of another field.
const FIELD: usize = 4_096;

/// A text file that came with the right token.
#[derive(Debug)]
pub struct Upload {
    /// Its name, without folders, cut to 100 characters.
    pub name: String,
    /// What it holds; what is no UTF-8 in it is replaced, and so is a NUL, which no text of ours holds.
    pub text: String,
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let multipart = Multipart::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            // What is no upload has no token either, unless a header carries it.
            let unreadable = || {
                let words = "This upload cannot be read. Load the page again and send the file once more.";
                form::check(&req, "").err().unwrap_or_else(|| Problem::Unreadable(words.into()))
            };
            let mut multipart = multipart.await.map_err(|_| unreadable())?;
            let (mut csrf, mut file) = (String::new(), None);
            while let Some(field) = next(&mut multipart).await {
                let mut field = field.map_err(|_| unreadable())?;
                let (name, file_name) = match field.content_disposition() {
                    Some(disposition) => {
                        (disposition.get_name().unwrap_or_default().to_owned(), disposition.get_filename().map(str::to_owned))
                    }
                    None => continue,
                };
                let most = if name == "file" { LIMIT } else { FIELD };
                let mut bytes = Vec::new();
                while let Some(chunk) = next(&mut field).await {
                    let chunk = chunk.map_err(|_| unreadable())?;
                    if bytes.len() + chunk.len() > most {
                        return Err(Problem::TooLarge);
                    }
                    bytes.extend_from_slice(&chunk);
                }
                let text = String::from_utf8_lossy(&bytes).replace('\0', "\u{FFFD}");
                match name.as_str() {
                    "csrf" => csrf = text,
                    "file" => {
                        let plain = file_name.unwrap_or_default();
                        let plain = plain.rsplit(['/', '\\']).next().unwrap_or_default();
                        file = Some(Self { name: plain.chars().filter(|letter| !letter.is_control()).take(100).collect(), text });
                    }
                    _ => {}
                }
            }
            form::check(&req, &csrf)?;
            Ok(file.unwrap_or(Self { name: String::new(), text: String::new() }))
        })
    }
}

/// The next item of a stream.
async fn next<S: futures_core::Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}
