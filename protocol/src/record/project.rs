//! Project: a request by others, an activity of the Programme, or another programme; from proposal to closing.

use crate::ids::ItemId;

use super::{
    common::{Line, Money, Narrative, Paragraph},
    date::Date,
    evaluation::Opening,
    schema::{Items, Ledger, Sealed, Set, Sheet, choice, compound, item, record},
    vocabulary::{AreaKey, CriterionKey, ObjectiveKey, SectionKey},
};

choice! {
    /// Where a project comes from. Only requests pass selection.
    pub enum Origin {
        Request = "request",
        Own = "own",
        Programme = "programme",
    }
}
choice! {
    /// How far a project has come.
    pub enum ProjectStatus {
        Submitted = "submitted",
        Returned = "returned",
        Eligible = "eligible",
        Evaluated = "evaluated",
        Approved = "approved",
        Rejected = "rejected",
        Agreed = "agreed",
        Active = "active",
        Suspended = "suspended",
        Reported = "reported",
        Closed = "closed",
        Abandoned = "abandoned",
    }
}
choice! {
    /// What the committee decided.
    pub enum CommitteeOutcome {
        Approved = "approved",
        Rejected = "rejected",
        PutOff = "put-off",
    }
}
choice! {
    /// Whether what was planned was done.
    pub enum Executed {
        Done = "done",
        Partly = "partly",
        NotDone = "not-done",
    }
}
choice! {
    /// What a report accounts for.
    pub enum ReportType {
        Narrative = "narrative",
        Financial = "financial",
    }
}
choice! {
    /// What a budget line stands for.
    pub enum BudgetStage {
        Planned = "planned",
        Committed = "committed",
        Spent = "spent",
    }
}
choice! {
    /// How sure a contribution is.
    pub enum ContributionStage {
        Pledged = "pledged",
        Committed = "committed",
        Received = "received",
    }
}

compound! {
    /// Whether a criterion of eligibility is met.
    together []
    pub struct Check {
        /// Met or not.
        pub met: Option<bool>,
        /// Who checked: an office or a function.
        pub by: Option<Line>,
        /// Why.
        pub why: Option<Paragraph>,
    }
}
compound! {
    /// Whether the proposal has a section. Its text is never typed again.
    together []
    pub struct Section {
        /// There or not.
        pub present: Option<bool>,
        /// On which page it begins.
        pub page: Option<u64>,
    }
}

record! {
    /// A project, activity or programme. The consultation or conflict it was or is about is a link.
    pub struct Project {
        /// How far it has come.
        pub status: Option<ProjectStatus>,
        /// Why it was suspended, abandoned or returned.
        pub status_reason: Option<Paragraph>,
        /// Where it comes from.
        pub origin: Option<Origin>,
        /// The programme it belongs to, or is.
        pub programme: Option<Line>,
        /// The Programme's objective it serves.
        pub objective: Option<ObjectiveKey>,
        /// Areas of intervention.
        pub areas: Set<AreaKey>,
        /// Who benefits.
        pub beneficiaries: Option<Paragraph>,
        /// What it is.
        pub description: Narrative,
        /// How many of the unit it delivers.
        pub quantity: Option<u64>,
        /// What is counted: studies, vehicles, radio sets.
        pub unit: Option<Line>,
        /// Institutions it is carried out with.
        pub partners: Set<Line>,
        /// When it began.
        pub start_date: Option<Date>,
        /// When it ended.
        pub end_date: Option<Date>,
        /// Who asks: an institution or association.
        pub applicant: Option<Line>,
        /// When the request was handed in.
        pub submitted_date: Option<Date>,
        /// Each criterion of eligibility: met or not, by whom, why.
        pub eligibility: Sheet<CriterionKey, Check>,
        /// Each section of the proposal: present or absent, and its page.
        pub sections: Sheet<SectionKey, Section>,
        /// What is missing, when the request is returned to be completed.
        pub returned_missing: Option<Paragraph>,
        /// Who gives an opinion.
        pub evaluators: Set<Line>,
        /// Their opinions, sealed until all have committed.
        pub evaluations: Items<Evaluation>,
        /// Joint decisions of the Project Selection Committee.
        pub committee_decisions: Items<CommitteeDecision>,
        /// When the agreement (*convention*) was signed.
        pub agreement_signed_date: Option<Date>,
        /// Who signed it: institutions.
        pub agreement_parties: Set<Line>,
        /// Its conditions: execution, monitoring, reports.
        pub agreement_conditions: Narrative,
        /// What each quarter was to bring, and what it brought.
        pub plan: Items<PlanLine>,
        /// Narrative and financial reports.
        pub reports: Items<ProjectReport>,
        /// Notes of reviews: the Monday and Thursday meetings.
        pub reviews: Items<Review>,
        /// The budget; lines are added and reversed, never edited.
        pub budget_lines: Ledger<BudgetLine>,
        /// What is needed in all.
        pub need: Option<Money>,
        /// Contributions of partners; lines are added and reversed, never edited.
        pub contributions: Ledger<Contribution>,
        /// Totals as printed, which stand beside the records and are never mixed with them.
        pub declared_totals: Items<DeclaredTotal>,
    }
}
item! {
    /// One evaluator's opinion: first a commitment, then its opening.
    pub struct Evaluation {
        /// Who evaluates.
        pub evaluator: Option<Sealed<Line>>,
        /// Hash of the opinion, published before anyone's opinion is.
        pub commitment: Option<Sealed<Line>>,
        /// The opinion itself and the number that proves it was committed to.
        pub opening: Option<Sealed<Opening>>,
    }
}
item! {
    /// A joint decision of the committee.
    pub struct CommitteeDecision {
        /// When.
        pub date: Option<Date>,
        /// Members who were present.
        pub members_present: Set<Line>,
        /// What was decided.
        pub outcome: Option<CommitteeOutcome>,
        /// Why.
        pub reasons: Option<Paragraph>,
    }
}
item! {
    /// What one quarter was to bring.
    pub struct PlanLine {
        /// The quarter: `2009-33` is the first of 2009.
        pub quarter: Option<Date>,
        /// What was planned.
        pub planned: Option<Paragraph>,
        /// Whether it was done.
        pub executed: Option<Executed>,
        /// When.
        pub executed_date: Option<Date>,
        /// Why it was not.
        pub why_not: Option<Paragraph>,
    }
}
item! {
    /// A report that was handed in.
    pub struct ProjectReport {
        /// What it accounts for.
        pub report_type: Option<ReportType>,
        /// The period it covers.
        pub period: Option<Date>,
        /// When it came in.
        pub received_date: Option<Date>,
        /// Reference of the paper.
        pub reference: Option<Line>,
        /// What it says, in short.
        pub text: Narrative,
    }
}
item! {
    /// Notes of one review.
    pub struct Review {
        /// When.
        pub date: Option<Date>,
        /// Difficulties met.
        pub difficulties: Narrative,
        /// Lessons learnt.
        pub lessons: Narrative,
        /// Measures taken.
        pub measures: Narrative,
    }
}
item! {
    /// One line of the budget.
    pub struct BudgetLine {
        /// When.
        pub date: Option<Date>,
        /// What for.
        pub label: Option<Line>,
        /// What the line stands for.
        pub stage: Option<BudgetStage>,
        /// How much.
        pub money: Option<Money>,
        /// Anything else.
        pub note: Option<Paragraph>,
        /// The line that this one takes back; neither is counted.
        pub reverses: Option<ItemId>,
    }
}
item! {
    /// One contribution of one partner.
    pub struct Contribution {
        /// Who gives.
        pub partner: Option<Line>,
        /// When, or for which year.
        pub date: Option<Date>,
        /// How sure it is.
        pub stage: Option<ContributionStage>,
        /// How much.
        pub money: Option<Money>,
        /// Anything else.
        pub note: Option<Paragraph>,
        /// The line that this one takes back; neither is counted.
        pub reverses: Option<ItemId>,
    }
}
item! {
    /// A total as printed in a report.
    pub struct DeclaredTotal {
        /// What is counted.
        pub label: Option<Line>,
        /// The period it covers.
        pub period: Option<Date>,
        /// How many were planned.
        pub planned: Option<u64>,
        /// How many were executed.
        pub executed: Option<u64>,
        /// A sum of money, where that is what was declared.
        pub money: Option<Money>,
        /// Where it is printed.
        pub source: Option<Line>,
        /// Anything else: misprints, how it was counted.
        pub note: Option<Paragraph>,
    }
}
