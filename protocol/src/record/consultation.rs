//! Consultation (*concertation*): a meeting of any kind, what it found, and what became of its recommendations.

use super::{
    common::{FollowUp, Level, Line, Narrative, Paragraph},
    date::Date,
    schema::{Items, Set, choice, item, record},
    vocabulary::{ActorKey, ThemeKey},
};

choice! {
    /// What kind of meeting it is.
    pub enum MeetingType {
        Awareness = "awareness",
        Tour = "tour",
        Consultation = "consultation",
        InterCommunity = "inter-community",
        Conference = "conference",
        Forum = "forum",
        Workshop = "workshop",
        RoundTable = "round-table",
        Symposium = "symposium",
        Training = "training",
        Restitution = "restitution",
        OfficialVisit = "official-visit",
        Other = "other",
    }
}
choice! {
    /// How far a consultation has come. `reported` means that its report was handed in, never that it was put off.
    pub enum ConsultationStatus {
        Planned = "planned",
        Postponed = "postponed",
        Cancelled = "cancelled",
        Held = "held",
        Reported = "reported",
        Validated = "validated",
        Restituted = "restituted",
    }
}
choice! {
    /// What became of a recommendation.
    pub enum RecommendationStatus {
        Proposed = "proposed",
        Adopted = "adopted",
        InProgress = "in-progress",
        Partly = "partly",
        Done = "done",
        Dropped = "dropped",
    }
}
choice! {
    /// How soon something is wanted.
    pub enum Priority {
        Low = "low",
        Normal = "normal",
        High = "high",
    }
}

/// The fields of the report's four parts, in their order.
pub const REPORT: [&str; 4] = ["report_problems", "report_avenues", "report_axes", "report_actions"];

record! {
    /// A meeting, mission, conference or other consultation. Parent, series and restitution are links.
    pub struct Consultation {
        /// How far it has come.
        pub status: Option<ConsultationStatus>,
        /// How far it reaches.
        pub level: Option<Level>,
        /// What kind of meeting it is.
        pub meeting_type: Option<MeetingType>,
        /// When it began.
        pub start_date: Option<Date>,
        /// When it ended.
        pub end_date: Option<Date>,
        /// Institutions that convened it.
        pub conveners: Set<Line>,
        /// Institutions and partners that supported it.
        pub supporters: Set<Line>,
        /// Who presided or moderated: an office, or a person in an office.
        pub chair: Option<Line>,
        /// Who wrote the report.
        pub rapporteurs: Set<Line>,
        /// What it was about, by the pack's themes.
        pub themes: Set<ThemeKey>,
        /// What it was for, in words.
        pub purpose: Narrative,
        /// How many took part.
        pub participants: Option<u64>,
        /// How many of them were women.
        pub participants_women: Option<u64>,
        /// How many of them were young, by the pack's age limit.
        pub participants_youth: Option<u64>,
        /// How many were expected.
        pub participants_expected: Option<u64>,
        /// Categories of actor that were present.
        pub actors_present: Set<ActorKey>,
        /// First part of the report: problems.
        pub report_problems: Narrative,
        /// Second part: avenues for solutions.
        pub report_avenues: Narrative,
        /// Third part: axes of the national policy.
        pub report_axes: Narrative,
        /// Fourth part: actions to be conducted.
        pub report_actions: Narrative,
        /// What came out of it: declarations, commissions, documents.
        pub outputs: Narrative,
        /// What it recommended.
        pub recommendations: Items<Recommendation>,
        /// How many recommendations its report announces, where it says so; those that are listed are counted.
        pub recommendations_announced: Option<u64>,
        /// Why that is another number than those listed.
        pub recommendations_announced_note: Option<Paragraph>,
    }
}
item! {
    /// One recommendation and its fate.
    pub struct Recommendation {
        /// Number in the report.
        pub number: Option<Line>,
        /// Wording in French.
        pub text_fr: Option<Paragraph>,
        /// Wording in English.
        pub text_en: Option<Paragraph>,
        /// Theme it belongs to.
        pub theme: Option<ThemeKey>,
        /// Level of those it is addressed to.
        pub addressee_level: Option<Level>,
        /// Institutions it is addressed to.
        pub addressees: Set<Line>,
        /// How soon it is wanted.
        pub priority: Option<Priority>,
        /// When it should be carried out.
        pub due_date: Option<Date>,
        /// What became of it.
        pub status: Option<RecommendationStatus>,
        /// What was done about it.
        pub follow_ups: Items<FollowUp>,
    }
}
