//! Unfinished forms as everything above the driver sees them.

use toguna_protocol::{
    engine::{Draft, DraftError, DraftNote, DraftStep, Kept, OpenForm},
    shelf::ShelfError,
};
use tokio::sync::oneshot;

use super::{App, DriverError};

/// A draft could not be kept, dropped or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DraftAskError {
    /// It was refused.
    #[error(transparent)]
    Refused(#[from] DraftError),
    /// The node is stopping.
    #[error(transparent)]
    Stopped(#[from] DriverError),
}

impl From<ShelfError> for DraftAskError {
    fn from(error: ShelfError) -> Self {
        DraftAskError::Refused(error.into())
    }
}

impl App {
    /// Keeps what an account has typed into a form: durable once this returns. `inputs`: name and value of each.
    ///
    /// # Errors
    /// [`DraftError::TooLarge`] for more than a form may hold; and where the store cannot be written or read.
    pub async fn keep_draft(
        &self,
        account: &str,
        form: &str,
        open: OpenForm,
        inputs: Vec<(String, String)>,
    ) -> Result<Option<Kept>, DraftAskError> {
        self.step(DraftStep::Keep(account.to_owned(), form.to_owned(), open, inputs)).await
    }

    /// Drops the draft that a form has left or was filled with, if there is one.
    ///
    /// # Errors
    /// Where the store cannot be written or read.
    pub async fn drop_draft(&self, account: &str, form: &str, open: OpenForm) -> Result<(), DraftAskError> {
        self.step(DraftStep::Drop(account.to_owned(), form.to_owned(), open)).await.map(drop)
    }

    /// Drops all that an account has typed and not saved.
    ///
    /// # Errors
    /// Where the store cannot be written or read.
    pub async fn drop_drafts(&self, account: &str) -> Result<(), DraftAskError> {
        self.step(DraftStep::DropAll(account.to_owned())).await.map(drop)
    }

    /// Drops what belongs to none of these accounts, where they are all that there are: an account may have been removed
    /// while the node was not running.
    ///
    /// # Errors
    /// Where the store cannot be written or read.
    pub async fn drop_drafts_of_others(&self, accounts: Vec<String>) -> Result<(), DraftAskError> {
        self.step(DraftStep::DropOthers(accounts)).await.map(drop)
    }

    async fn step(&self, step: DraftStep) -> Result<Option<Kept>, DraftAskError> {
        let (reply, answer) = oneshot::channel();
        self.driving.draft(step, reply).await?;
        Ok(answer.await.map_err(|_| DriverError)??)
    }

    /// What an account has typed into a form and not saved, the latest first: at most two, where it was open twice.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn draft(&self, account: &str, form: &str) -> Result<Vec<Draft>, DraftAskError> {
        let (account, form) = (account.to_owned(), form.to_owned());
        Ok(self.ask(move |engine| engine.drafts_at(&account, &form)).await??)
    }

    /// Which forms an account has not finished, the latest first.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn drafts_of(&self, account: &str) -> Result<Vec<DraftNote>, DraftAskError> {
        let account = account.to_owned();
        Ok(self.ask(move |engine| engine.drafts_of(&account)).await??)
    }
}
