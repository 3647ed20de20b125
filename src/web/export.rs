//! Lists as files (screens.md 3.9): every row that matches, read page by page and sent as it is read.

use super::frame::Ask;
use crate::{
    access::{Ground, Permit},
    domain::{event::Event, text},
    problem::Problem,
    store::{
        View,
        paging::{Cursor, Paging, Slice},
    },
};
use actix_web::{
    HttpResponse,
    body::{BodySize, MessageBody},
    http::header,
    web::Bytes,
};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::mpsc;

/// Rows that are read at once.
const PIECE: i64 = 1_000;

/// What a list is as a file.
pub struct Sheet {
    /// Its name: in the file's name and in the log.
    pub name: &'static str,
    /// The heads of its columns.
    pub columns: Vec<String>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, for spreadsheets: UTF-8 with a byte order mark, formulas defused.
    Csv,
    /// A JSON array of objects.
    Json,
}

impl Format {
    /// From the word of a form.
    pub fn from_word(word: &str) -> Self {
        if word == "json" { Self::Json } else { Self::Csv }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// The fields of an export's button.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Fields {
    /// `csv` or `json`.
    pub format: String,
}

/// Sends a list as a file: writes the event first, then reads piece by piece behind the last row of the one before.
/// `read` is given the page to read; `row` makes the cells of a row.
///
/// # Errors
/// When the event cannot be written. What fails later breaks the file off, so that nobody takes a part for the whole.
pub async fn send<G: Ground, R: 'static>(
    ask: &Ask,
    permit: Permit<G>,
    sheet: Sheet,
    format: Format,
    read: impl Fn(&mut View<'_, G>, &Paging) -> Result<Slice<R>, Problem> + Send + 'static,
    row: impl Fn(&R) -> Vec<String> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let name = sheet.name;
    let query = ask.req.query_string().chars().take(500).collect::<String>();
    let permit = ask
        .house
        .work(move |db| {
            let event = Event::done("list.export").with("list", name).with("format", format.word()).with("query", query);
            db.write(&permit, |tx| tx.record(event))?;
            Ok(permit)
        })
        .await?;
    let separator = separator(ask);
    let day = ask.house.db.clock.now().timestamp().strftime("%Y-%m-%d").to_string();
    let db = ask.house.db.clone();
    let (out, chunks) = mpsc::channel::<io::Result<Bytes>>(4);
    std::thread::spawn(move || {
        let mut paging = Paging::first(PIECE);
        let mut first = true;
        loop {
            let slice = match db.read(&permit, |view| read(view, &paging)) {
                Ok(slice) => slice,
                Err(problem) => {
                    tracing::error!(%problem, "an export broke off");
                    let _ = out.blocking_send(Err(io::Error::other("the export broke off")));
                    return;
                }
            };
            let rows: Vec<Vec<String>> = slice.rows.iter().map(&row).collect();
            let last = slice.last;
            let text = match format {
                Format::Csv => csv_piece(&sheet.columns, &rows, first, separator),
                Format::Json => json_piece(&sheet.columns, &rows, first, last.is_none()),
            };
            // Nobody reads any more: then nobody writes.
            if out.blocking_send(text.map(Bytes::from)).is_err() {
                return;
            }
            first = false;
            match last {
                // Lists without cursors go on by number.
                Some(cursor) => paging = Paging { per: PIECE, number: paging.number + 1, after: Cursor::decode(&cursor), before: None },
                None => return,
            }
        }
    });
    let kind = match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::Json => "application/json",
    };
    let file = format!("attachment; filename=\"{name}-{day}.{}\"", format.word());
    Ok(HttpResponse::Ok().content_type(kind).insert_header((header::CONTENT_DISPOSITION, file)).body(Chunks(chunks)))
}

/// What the person wants between the cells.
fn separator(ask: &Ask) -> u8 {
    if ask.visitor.preferences.separator == "semicolon" { b';' } else { b',' }
}

/// Comma-separated values that were kept, as the person wants them: with the byte order mark, and their own separator.
///
/// # Errors
/// When what was kept cannot be read.
pub fn separated(ask: &Ask, kept: &str) -> Result<String, Problem> {
    let mut writer =
        csv::WriterBuilder::new().delimiter(separator(ask)).terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    for record in csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(kept.as_bytes()).records() {
        writer.write_record(&record.map_err(Problem::internal)?).map_err(Problem::internal)?;
    }
    let bytes = writer.into_inner().map_err(|error| Problem::internal(error.into_error()))?;
    Ok(format!("\u{FEFF}{}", String::from_utf8_lossy(&bytes)))
}

/// Rows as CSV; the first piece begins with the byte order mark and the heads.
pub fn csv_piece(columns: &[String], rows: &[Vec<String>], first: bool, separator: u8) -> io::Result<Vec<u8>> {
    let mut start = if first { "\u{FEFF}".as_bytes().to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new().delimiter(separator).terminator(csv::Terminator::CRLF).from_writer(&mut start);
    if first {
        writer.write_record(columns)?;
    }
    for row in rows {
        writer.write_record(row.iter().map(|cell| text::defused(cell)))?;
    }
    writer.flush()?;
    drop(writer);
    Ok(start)
}

fn json_piece(columns: &[String], rows: &[Vec<String>], first: bool, last: bool) -> io::Result<Vec<u8>> {
    let mut text = if first { "[".to_owned() } else { String::new() };
    for (index, row) in rows.iter().enumerate() {
        if !first || index > 0 {
            text.push(',');
        }
        let object: serde_json::Map<String, serde_json::Value> =
            columns.iter().cloned().zip(row.iter().map(|cell| serde_json::Value::from(cell.as_str()))).collect();
        text.push_str(&serde_json::to_string(&object)?);
        text.push('\n');
    }
    if last {
        text.push_str("]\n");
    }
    Ok(text.into_bytes())
}

/// The pieces as the body of an answer.
struct Chunks(mpsc::Receiver<io::Result<Bytes>>);

impl MessageBody for Chunks {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.get_mut().0.poll_recv(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_inert_and_separators_quoted() {
        let rows = [vec!["=1+1".to_owned(), "a,\"b\"".to_owned()], vec!["-".to_owned(), "Łódź".to_owned()]];
        let text = String::from_utf8(csv_piece(&["A".into(), "B".into()], &rows, true, b',').unwrap()).unwrap();
        assert_eq!(text, "\u{FEFF}A,B\r\n'=1+1,\"a,\"\"b\"\"\"\r\n'-,Łódź\r\n");
        let semicolons = String::from_utf8(csv_piece(&["A".into(), "B".into()], &[vec!["a;b".into(), "c,d".into()]], false, b';').unwrap());
        assert_eq!(semicolons.unwrap(), "\"a;b\";c,d\r\n");
        let text = String::from_utf8(json_piece(&["A".into(), "B".into()], &rows, true, true).unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()[0]["A"], "=1+1");
    }
}
