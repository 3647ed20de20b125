//! Static files: compiled in, addressed by their hash so that browsers keep them for good.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, AcceptEncoding, Encoding, Header},
    web::{Bytes, Path},
};
use flate2::{Compression, write::GzEncoder};
use rust_embed::RustEmbed;
use std::{collections::HashMap, io::Write, sync::LazyLock};

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

/// A file as it is sent.
struct Sent {
    plain: Bytes,
    /// As small as gzip makes it: that is done once, where compressing on the way would be done fast and each time.
    gzipped: Option<Bytes>,
}

static SENT: LazyLock<HashMap<String, Sent>> = LazyLock::new(|| {
    let sent = |name: &str| {
        let data = Files::get(name)?.data.into_owned();
        let plain = match String::from_utf8(data) {
            Ok(text) if !name.starts_with("vendor/") && !name.ends_with(".svg") => lean(name, &text).into_bytes(),
            Ok(text) => text.into_bytes(),
            Err(not_text) => return Some(Sent { plain: not_text.into_bytes().into(), gzipped: None }),
        };
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let gzipped = gzip.write_all(&plain).and_then(|()| gzip.finish()).ok().map(Bytes::from);
        Some(Sent { plain: plain.into(), gzipped })
    };
    Files::iter().filter_map(|name| Some((name.to_string(), sent(&name)?))).collect()
});

/// A style sheet or script of ours without its comments and indentation, which only we read.
fn lean(name: &str, text: &str) -> String {
    let mut text = text.to_owned();
    let is_css = name.ends_with(".css");
    while let (true, Some(start)) = (is_css, text.find("/*")) {
        let end = text[start..].find("*/").map_or(text.len(), |end| start + end + 2);
        text.replace_range(start..end, "");
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    if !is_css {
        // No text of ours has two slashes between spaces.
        let code = lines.map(|line| line.split(" // ").next().unwrap_or_default().trim_end());
        return code.fold(String::new(), |out, line| out + line + "\n");
    }
    let words = lines.flat_map(str::split_whitespace).fold(String::new(), |out, word| out + word + " ");
    [(" {", "{"), ("{ ", "{"), ("; ", ";"), (", ", ","), (": ", ":"), (" }", "}"), ("} ", "}"), (";}", "}")]
        .iter()
        .fold(words, |css, (long, short)| css.replace(long, short))
}

/// `GET /static/{hash}/{name}`
pub async fn serve(req: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    let (_, name) = path.into_inner();
    let Some(sent) = SENT.get(&name) else { return HttpResponse::NotFound().finish() };
    let keep = if cfg!(debug_assertions) { "no-cache" } else { "public, max-age=31536000, immutable" };
    let mut response = HttpResponse::Ok();
    response.content_type(content_type(&name)).insert_header((header::CACHE_CONTROL, keep));
    let Some(gzipped) = &sent.gzipped else { return response.body(sent.plain.clone()) };
    response.insert_header((header::VARY, "Accept-Encoding"));
    let ways = [Encoding::gzip(), Encoding::identity()];
    match AcceptEncoding::parse(&req).ok().and_then(|accepted| accepted.negotiate(ways.iter())) {
        Some(way) if way == Encoding::gzip() => response.insert_header((header::CONTENT_ENCODING, "gzip")).body(gzipped.clone()),
        _ => response.body(sent.plain.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_sheet_is_sent_without_what_only_we_read() {
        let css = "/* why */\n.a > .b, .c {\n  margin: calc(1px + 2px) auto; /* so */\n  color: red;\n}\n@media (width < 3em) and (hover) { .d :is(a, b) { top: 0; } }\n";
        assert_eq!(
            lean("bailiwick.css", css),
            ".a > .b,.c{margin:calc(1px + 2px) auto;color:red}@media (width < 3em) and (hover){.d :is(a,b){top:0}}"
        );
    }

    #[test]
    fn a_script_is_sent_without_its_comments_and_says_the_same() {
        let js = "// why\n  on('click', e => { // so\n    go('https://a.example/b');\n  });\n";
        assert_eq!(lean("bailiwick.js", js), "on('click', e => {\ngo('https://a.example/b');\n});\n");
        let ours = Files::get("bailiwick.js").unwrap().data;
        let ours = std::str::from_utf8(&ours).unwrap();
        // What stands before a comment closes every text that it opens.
        for line in ours.lines().filter(|line| line.contains(" // ")) {
            let code = line.split(" // ").next().unwrap();
            assert!(['\'', '"', '`'].iter().all(|quote| code.matches(*quote).count() % 2 == 0), "{line}");
        }
    }

    #[test]
    fn what_templates_name_is_there() {
        for name in [
            "bailiwick.css",
            "bailiwick.js",
            "permission-tree.css",
            "permission-tree.js",
            "icons.svg",
            "inter.woff2",
            "vendor/htmx-4.0.1.min.js",
        ] {
            assert!(url(name).starts_with("/static/") && url(name).ends_with(name), "{name}");
        }
    }
}
