//! The bare limit: actix-web, diesel and askama, one statement for fifty rows, and the markup of our own rows without
//! anything that stands around them. No session, no rights, no reach, no total.

use actix_web::{App, HttpResponse, HttpServer, web};
use askama::Template;
use diesel::{prelude::*, r2d2::ConnectionManager};
use std::net::TcpListener;

diesel::table! {
    accounts (key) {
        key -> BigInt,
        id -> Text,
        store -> BigInt,
        name -> Text,
        name_sort -> Text,
        email -> Nullable<Text>,
        username -> Nullable<Text>,
        status -> Text,
        last_sign_in_at -> Nullable<BigInt>,
    }
}

#[derive(Queryable)]
struct Row {
    key: i64,
    id: String,
    name: String,
    email: Option<String>,
    username: Option<String>,
    status: String,
    last_sign_in_at: Option<i64>,
}

#[derive(Template)]
#[template(path = "../benches/speed/bare.html")]
struct Page {
    rows: Vec<Row>,
}

/// A handler over one kind of database.
macro_rules! handler {
    ($name:ident, $conn:ty) => {
        async fn $name(
            pool: web::Data<diesel::r2d2::Pool<ConnectionManager<$conn>>>,
            store: web::Data<i64>,
        ) -> actix_web::Result<HttpResponse> {
            let rows = web::block(move || {
                use accounts as a;
                let mut conn = pool.get().expect("a connection");
                a::table
                    .filter(a::store.eq(**store))
                    .filter(a::name_sort.ge("m"))
                    .order((a::name_sort, a::key))
                    .limit(50)
                    .select((a::key, a::id, a::name, a::email, a::username, a::status, a::last_sign_in_at))
                    .load::<Row>(&mut conn)
                    .expect("rows")
            })
            .await?;
            let html = Page { rows }.render().expect("a page");
            Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html))
        }
    };
}
handler!(on_sqlite, SqliteConnection);
handler!(on_postgres, PgConnection);

/// Serves it until the process is ended.
pub fn serve(database: &str, store: i64) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("Bailiwick is at http://localhost:{}", listener.local_addr()?.port());
    let store = web::Data::new(store);
    let workers = std::thread::available_parallelism()?.get();
    let server = match database.strip_prefix("sqlite:") {
        Some(file) => {
            let pool = web::Data::new(diesel::r2d2::Pool::builder().max_size(16).build(ConnectionManager::<SqliteConnection>::new(file))?);
            HttpServer::new(move || App::new().app_data(pool.clone()).app_data(store.clone()).route("/", web::get().to(on_sqlite)))
                .workers(workers)
                .listen(listener)?
                .run()
        }
        None => {
            let pool = web::Data::new(diesel::r2d2::Pool::builder().max_size(16).build(ConnectionManager::<PgConnection>::new(database))?);
            HttpServer::new(move || App::new().app_data(pool.clone()).app_data(store.clone()).route("/", web::get().to(on_postgres)))
                .workers(workers)
                .listen(listener)?
                .run()
        }
    };
    Ok(actix_web::rt::System::new().block_on(server)?)
}
