//! Static files: compiled in, addressed by their hash so that browsers keep them for good.

use actix_web::{
    HttpResponse,
    http::header,
    web::{Bytes, Path},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::{collections::HashMap, sync::LazyLock};

#[derive(RustEmbed)]
#[folder = "static/"]
#[include = "*.css"]
#[include = "*.js"]
#[include = "*.svg"]
#[include = "*.woff2"]
struct Files;

/// From the name to `/static/<hash>/<name>`; relative addresses inside a file keep working, as the hash is a folder.
/// The hash is that of all files together, so that what a file names changes with it.
static ADDRESSES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    use sha2::{Digest, Sha256};
    let mut names: Vec<String> = Files::iter().map(String::from).collect();
    names.sort();
    let mut all = Sha256::new();
    for name in &names {
        if let Some(file) = Files::get(name) {
            all.update(file.metadata.sha256_hash());
        }
    }
    let hash: String = all.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    names.into_iter().map(|name| (name.clone(), format!("/static/{hash}/{name}"))).collect()
});

/// The address of a static file of ours.
pub fn url(name: &str) -> &'static str {
    ADDRESSES.get(name).map_or("/static/missing", String::as_str)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// What is sent: style sheet and script without their comments and indentation, which only we read.
static LEAN: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    ["bailiwick.css", "bailiwick.js"]
        .into_iter()
        .filter_map(|name| {
            let text = String::from_utf8(Files::get(name)?.data.into_owned()).ok()?;
            Some((name, lean(name, &text)))
        })
        .collect()
});

fn lean(name: &str, text: &str) -> String {
    let mut text = text.to_owned();
    while let (true, Some(start)) = (name.ends_with(".css"), text.find("/*")) {
        let end = text[start..].find("*/").map_or(text.len(), |end| start + end + 2);
        text.replace_range(start..end, "");
    }
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .fold(String::new(), |out, line| out + line + "\n")
}

/// `GET /static/{hash}/{name}`
pub async fn serve(path: Path<(String, String)>) -> HttpResponse {
    let (_, name) = path.into_inner();
    let Some(EmbeddedFile { data, .. }) = Files::get(&name) else { return HttpResponse::NotFound().finish() };
    let known = ADDRESSES.contains_key(&name);
    let keep = if known && !cfg!(debug_assertions) { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok().content_type(content_type(&name)).insert_header((header::CACHE_CONTROL, keep)).body(match LEAN.get(name.as_str()) {
        Some(lean) => Bytes::from_static(lean.as_bytes()),
        None => Bytes::from(data.into_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_templates_name_is_there() {
        for name in ["bailiwick.css", "bailiwick.js", "icons.svg", "inter.woff2", "vendor/htmx-4.0.1.min.js"] {
            assert!(url(name).starts_with("/static/") && url(name).ends_with(name), "{name}");
        }
    }
}
