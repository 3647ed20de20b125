//! What changes seldom and is asked for by every request, kept in memory: who somebody is and what they hold, what stores
//! and organizations are called, how many there are in reach. It is kept under the mark of the database at which it was
//! read, and used only by who has just read the same mark there. Triggers change the mark with everything that this is read
//! from, whoever writes, in the same transaction: so a change counts at once, in every process (S-6).

use super::{conn::Conn, sql::Sql};
use crate::{
    domain::{key::OrganizationKey, organization::Step},
    problem::Problem,
};
use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Most bytes that are kept, about; over it everything goes.
const ROOM: usize = 12 * 1024 * 1024;

/// The path of an organization, from the one below root down to itself.
pub(super) type Path = Arc<[Step]>;

#[derive(Default)]
struct Inside {
    mark: i64,
    /// By what was asked for: words of ours and values.
    things: HashMap<Sql, Arc<dyn Any + Send + Sync>>,
    paths: HashMap<OrganizationKey, Path>,
    bytes: usize,
}

impl Inside {
    fn clear(&mut self, mark: i64) {
        *self = Self { mark, ..Self::default() };
    }

    fn add(&mut self, bytes: usize) {
        if self.bytes + bytes > ROOM {
            self.clear(self.mark);
        }
        self.bytes += bytes;
    }
}

/// What a process keeps.
#[derive(Default)]
pub(super) struct Shelf(Mutex<Inside>);

impl Shelf {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        // Nothing panics while it holds the lock; and what is inside is whole in any case.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The mark of the database now.
pub(super) fn mark(conn: &mut Conn) -> Result<i64, Problem> {
    Sql::new("SELECT mark AS n FROM freshness").number(conn)
}

/// What is kept under a mark that was just read; nothing inside a transaction that writes.
#[derive(Clone, Default)]
pub struct Fresh(Option<(Arc<Shelf>, i64)>);

impl Fresh {
    /// What stands there under this mark.
    pub(super) fn at(shelf: &Arc<Shelf>, mark: i64) -> Self {
        Self(Some((Arc::clone(shelf), mark)))
    }

    fn inside(&self) -> Option<MutexGuard<'_, Inside>> {
        let (shelf, mark) = self.0.as_ref()?;
        let mut inside = shelf.inside();
        if inside.mark != *mark {
            inside.clear(*mark);
        }
        Some(inside)
    }

    /// What was kept under this name.
    pub fn find<T: Send + Sync + 'static>(&self, key: &Sql) -> Option<Arc<T>> {
        let thing = self.inside()?.things.get(key).map(Arc::clone)?;
        thing.downcast().ok()
    }

    /// Keeps something of about so many bytes.
    pub fn keep<T: Send + Sync + 'static>(&self, key: Sql, thing: T, bytes: usize) -> Arc<T> {
        let thing = Arc::new(thing);
        if let Some(mut inside) = self.still() {
            inside.add(bytes + key.size() + 200);
            inside.things.insert(key, Arc::clone(&thing) as Arc<dyn Any + Send + Sync>);
        }
        thing
    }

    /// What a statement says, which hangs on what is under the mark alone.
    pub fn ask<T: Clone + Send + Sync + 'static>(&self, sql: Sql, run: impl FnOnce(Sql) -> Result<T, Problem>) -> Result<T, Problem> {
        if let Some(known) = self.find::<T>(&sql) {
            return Ok(T::clone(&known));
        }
        let found = run(sql.clone())?;
        self.keep(sql, found.clone(), 200);
        Ok(found)
    }

    /// The inside, unless another mark stands there meanwhile.
    fn still(&self) -> Option<MutexGuard<'_, Inside>> {
        let (shelf, mark) = self.0.as_ref()?;
        Some(shelf.inside()).filter(|inside| inside.mark == *mark)
    }

    /// The paths that are kept of these organizations, and those of which none is.
    pub fn paths(&self, of: impl IntoIterator<Item = OrganizationKey>) -> (HashMap<OrganizationKey, Path>, Vec<OrganizationKey>) {
        let (mut found, mut missing) = (HashMap::new(), Vec::new());
        let inside = self.inside();
        for key in of {
            match inside.as_ref().and_then(|inside| inside.paths.get(&key)) {
                Some(path) => _ = found.insert(key, Arc::clone(path)),
                None => missing.push(key),
            }
        }
        (found, missing)
    }

    /// Keeps paths.
    pub fn keep_paths(&self, paths: &HashMap<OrganizationKey, Path>) {
        let Some(mut inside) = self.still() else { return };
        for (key, path) in paths {
            inside.add(path.iter().map(|step| step.id.len() + step.name.len() + 80).sum::<usize>() + 60);
            inside.paths.insert(*key, Arc::clone(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_found_under_another_mark() {
        let shelf = Arc::new(Shelf::default());
        let (before, after) = (Fresh::at(&shelf, 7), Fresh::at(&shelf, 8));
        let key = || Sql::new("how many");
        assert_eq!(before.find::<i64>(&key()), None);
        before.keep(key(), 1_i64, 8);
        assert_eq!(before.find::<i64>(&key()).as_deref(), Some(&1));
        assert_eq!(before.find::<String>(&key()), None, "it is no text");
        assert_eq!(after.find::<i64>(&key()), None);
        before.keep(key(), 1_i64, 8);
        assert_eq!(after.find::<i64>(&key()), None, "what was read before is not kept as what is now");
        assert_eq!(Fresh::default().find::<i64>(&key()), None);
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let shelf = Arc::new(Shelf::default());
        let fresh = Fresh::at(&shelf, 1);
        for number in 0..100_i64 {
            let mut key = Sql::new("list ");
            key.bind(number);
            fresh.keep(key, number, ROOM / 10);
        }
        assert!(shelf.inside().things.len() <= 10);
    }
}
