//! What an import compares its records with.

use toguna_protocol::{ids::RecordId, record::Kind};

use super::{Views, ViewsError};

impl Views {
    /// The titles of all records of a kind.
    pub fn titles(&self, kind: Kind) -> Result<Vec<(RecordId, String)>, ViewsError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT id, json_extract(listed, '$.title') FROM records WHERE kind = ?")?;
        let titles = query.query_map([kind.key()], |row| Ok((RecordId(row.get(0)?), row.get(1)?)))?;
        Ok(titles.collect::<Result<_, _>>()?)
    }
}
