//! Static files: compiled in, addressed by their hash so that browsers keep them for good.

use actix_web::{HttpResponse, http::header, web::Path};
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

/// `GET /static/{hash}/{name}`
pub async fn serve(path: Path<(String, String)>) -> HttpResponse {
    let (_, name) = path.into_inner();
    let Some(EmbeddedFile { data, .. }) = Files::get(&name) else { return HttpResponse::NotFound().finish() };
    let known = ADDRESSES.contains_key(&name);
    let keep = if known && !cfg!(debug_assertions) { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok().content_type(content_type(&name)).insert_header((header::CACHE_CONTROL, keep)).body(data)
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
