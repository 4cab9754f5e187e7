//! Temporary.
use toguna_protocol::engine::rows::Row;
/// Views.
pub struct Views;
/// Error.
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct ViewsError;
impl Views {
    /// New.
    pub fn new() -> Result<Self, ViewsError> {
        Ok(Views)
    }
    /// Shows rows; a row never replaces one with a higher arrival number.
    pub fn apply(&self, _rows: &[Row]) -> Result<(), ViewsError> {
        Ok(())
    }
    /// Every stored row has been shown.
    pub fn set_complete(&self) {}
    /// Records shown.
    pub fn count(&self) -> Result<u64, ViewsError> {
        Ok(0)
    }
}
