//! Sealed evaluations: each evaluator commits to an opinion before anyone's opinion can be read.
//!
//! An evaluation item first holds `evaluator` and `commitment`, a hash. The opinion itself stays on the evaluator's
//! node, outside its feed. Once every named evaluator has committed, each node publishes its `opening`: the opinion
//! and the nonce, which together must give the commitment.

use super::{
    common::{Line, Paragraph},
    schema::{choice, compound},
};

choice! {
    /// What an evaluator concludes.
    pub enum Verdict {
        Favourable = "favourable",
        WithReservations = "with-reservations",
        Unfavourable = "unfavourable",
    }
}

compound! {
    /// What an evaluator thinks of a request.
    together []
    pub struct Opinion {
        /// Relevance of the request.
        pub relevance: Option<Paragraph>,
        /// Moral standing of the initiators.
        pub moral_standing: Option<Paragraph>,
        /// Coherence of the budget.
        pub budget_coherence: Option<Paragraph>,
        /// The conclusion.
        pub verdict: Option<Verdict>,
    }
}
compound! {
    /// An opinion as published, with the number that was hashed along with it.
    together ["opinion", "nonce"]
    pub struct Opening {
        /// The opinion.
        pub opinion: Option<Opinion>,
        /// 52 letters of base32.
        pub nonce: Option<Line>,
    }
}
