//! From a JSON pointer to the line it stands on, for people who mend a file.

use serde::de::IgnoredAny;

/// The line (from 1) on which what a JSON pointer names stands in the text of the file; none for text that is no
/// JSON. A pointer to a part that is missing finds the thing that lacks it.
pub fn line_of(source: &str, pointer: &str) -> Option<usize> {
    // From here on the text is known to be JSON, so that walking it needs no judgement.
    serde_json::from_str::<IgnoredAny>(source).ok()?;
    let mut here = blank(source.as_bytes(), 0);
    for part in pointer.split('/').skip(1) {
        match child(source, here, &part.replace("~1", "/").replace("~0", "~")) {
            Some(next) => here = next,
            None => break,
        }
    }
    Some(source.as_bytes().get(..here)?.iter().filter(|byte| **byte == b'\n').count() + 1)
}

/// Where the part of the value at `here` starts.
fn child(source: &str, here: usize, part: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    let is_object = match bytes.get(here)? {
        b'{' => true,
        b'[' => false,
        _ => return None,
    };
    let mut at = blank(bytes, here + 1);
    for index in 0_usize.. {
        if matches!(bytes.get(at)?, b'}' | b']') {
            break;
        }
        let found = if is_object {
            let end = skip(bytes, at);
            let key: String = serde_json::from_str(source.get(at..end)?).ok()?;
            at = blank(bytes, blank(bytes, end) + 1);
            key == part
        } else {
            part.parse() == Ok(index)
        };
        if found {
            return Some(at);
        }
        at = blank(bytes, skip(bytes, at));
        if bytes.get(at) == Some(&b',') {
            at = blank(bytes, at + 1);
        }
    }
    None
}

/// Behind white space.
fn blank(bytes: &[u8], at: usize) -> usize {
    at + bytes.iter().skip(at).take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Behind the value at `at`.
fn skip(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while let Some(byte) = bytes.get(at)
                    && *byte != b'"'
                {
                    at += if *byte == b'\\' { 2 } else { 1 };
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' if depth == 1 => return at + 1,
            b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
        if *byte == b'"' && depth == 0 {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_finds_its_line() {
        let source = "{ \"z\": {\"q\\\"]\": [\"}\", 1.5e3 , true]},\n \"a\": [\n  1,\n  { \"b/c\": \"x\",\n    \"d\": 2 }\n ]\n}";
        assert_eq!([line_of(source, ""), line_of(source, "/z/q\"]/2")], [Some(1), Some(1)]);
        assert_eq!(line_of(source, "/a"), Some(2));
        assert_eq!(line_of(source, "/a/0"), Some(3));
        assert_eq!(line_of(source, "/a/1/b~1c"), Some(4));
        assert_eq!(line_of(source, "/a/1/d"), Some(5));
        assert_eq!(line_of(source, "/a/1/missing"), Some(4), "what lacks it");
        assert_eq!(line_of("no json", "/a"), None);
    }
}
