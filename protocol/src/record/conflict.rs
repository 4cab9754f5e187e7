//! Community conflict: the census, what happens, who mediates, what was decided and agreed, and what became of it.

use crate::ids::{ItemId, RecordId};

use super::{
    common::{FollowUp, Line, Narrative, Paragraph, Place},
    date::Date,
    schema::{Items, Restricted, Set, choice, compound, item, record},
    vocabulary::{ActorKey, StakeKey},
};

choice! {
    /// Where a conflict stands. A truce is not settled; `unknown` says that nobody has established it.
    pub enum Phase {
        Latent = "latent",
        Open = "open",
        Violent = "violent",
        DeEscalating = "de-escalating",
        Truce = "truce",
        Settled = "settled",
        Relapsed = "relapsed",
        Unknown = "unknown",
    }
}
choice! {
    /// How a party stands to the conflict.
    pub enum PartyRole {
        Primary = "primary",
        Secondary = "secondary",
        Third = "third",
    }
}
choice! {
    /// What happened, by the programme's own list.
    pub enum IncidentType {
        CommunityClash = "community-clash",
        SettlementAttack = "settlement-attack",
        RoadAttack = "road-attack",
        Abduction = "abduction",
        CattleTheft = "cattle-theft",
        Destruction = "destruction",
        ExplosiveDevice = "explosive-device",
        Threat = "threat",
        Riot = "riot",
        WorshipSiteViolation = "worship-site-violation",
        Displacement = "displacement",
        PeaceGesture = "peace-gesture",
        Other = "other",
    }
}
choice! {
    /// How an incident is known.
    pub enum HowKnown {
        SeenByOffice = "seen-by-office",
        SeveralSources = "several-sources",
        OneSource = "one-source",
        Rumour = "rumour",
    }
}
choice! {
    /// How pressing an alert is.
    pub enum AlertLevel {
        Watch = "watch",
        Vigilance = "vigilance",
        Alert = "alert",
        Emergency = "emergency",
    }
}
choice! {
    /// Why an alert was closed.
    pub enum AlertClosing {
        Calmed = "calmed",
        Degenerated = "degenerated",
        FalseAlert = "false",
        HandedOn = "handed-on",
    }
}
choice! {
    /// By what kind of authority somebody mediates.
    pub enum Mediation {
        Customary = "customary",
        Religious = "religious",
        JokingKinship = "joking-kinship",
        Administrative = "administrative",
        Elected = "elected",
        Judicial = "judicial",
        Associative = "associative",
    }
}
choice! {
    /// Whether the minutes of a meeting count.
    pub enum Minutes {
        Draft = "draft",
        Validated = "validated",
    }
}
choice! {
    /// Who decided.
    pub enum DecisionType {
        Court = "court",
        Administrative = "administrative",
        Customary = "customary",
    }
}
choice! {
    /// Whether a decision was carried out.
    pub enum Execution {
        CarriedOut = "carried-out",
        Partly = "partly",
        NotCarriedOut = "not-carried-out",
        Contradicted = "contradicted",
    }
}
choice! {
    /// In what form an agreement was made.
    pub enum AgreementForm {
        Written = "written",
        Oral = "oral",
        Oath = "oath",
        LocalConvention = "local-convention",
    }
}
choice! {
    /// How far an agreement has come.
    pub enum AgreementStage {
        CessationOfHostilities = "cessation",
        Partial = "partial",
        Comprehensive = "comprehensive",
        Implementation = "implementation",
        Renewal = "renewal",
        Expired = "expired",
        Broken = "broken",
    }
}

compound! {
    /// Where a conflict stands and since when: one value, so that a phase never gets another phase's date.
    together []
    pub struct PhaseSince {
        /// Where it stands.
        pub is: Option<Phase>,
        /// The date from which that holds.
        pub since: Option<Date>,
    }
}

record! {
    /// A community conflict. Parties are alleged parties, never authors.
    pub struct Conflict {
        /// Where it stands, and since when: `{"is": "truce", "since": "2010"}`.
        pub phase: Option<PhaseSince>,
        /// Other names it goes by.
        pub aliases: Set<Line>,
        /// Communities and others that are party to it.
        pub parties: Items<Party>,
        /// What it is about; several may hold.
        pub stakes: Set<StakeKey>,
        /// Socio-ecological zones; they may cross regions.
        pub zones: Set<Line>,
        /// When it began.
        pub start_date: Option<Date>,
        /// When it ended.
        pub end_date: Option<Date>,
        /// How many people are affected.
        pub persons_affected: Option<u64>,
        /// What it is and how it came about.
        pub narrative: Narrative,
        /// Solutions that were proposed.
        pub solutions_proposed: Narrative,
        /// Institutions that have stepped in or can help.
        pub institutions: Set<Line>,
        /// People who can help.
        pub resource_persons: Restricted,
        /// What happened.
        pub incidents: Items<Incident>,
        /// Alerts and what was done about them.
        pub alerts: Items<Alert>,
        /// Mediation meetings.
        pub mediation_meetings: Items<MediationMeeting>,
        /// Decisions of courts, administrations and customary arbiters.
        pub decisions: Items<Decision>,
        /// Agreements between the parties.
        pub agreements: Items<Agreement>,
    }
}
item! {
    /// A community or other party.
    pub struct Party {
        /// Name of the community or institution.
        pub name: Option<Line>,
        /// How it stands to the conflict.
        pub role: Option<PartyRole>,
        /// What kind of actor it is.
        pub actor: Option<ActorKey>,
        /// Anything else.
        pub note: Option<Paragraph>,
        /// Who speaks for it.
        pub representatives: Restricted,
    }
}
item! {
    /// Something that happened.
    pub struct Incident {
        /// When.
        pub date: Option<Date>,
        /// What.
        pub incident_type: Option<IncidentType>,
        /// Where.
        pub place: Option<Place>,
        /// How many died.
        pub deaths: Option<u64>,
        /// How many were displaced.
        pub displaced: Option<u64>,
        /// How it is known.
        pub known: Option<HowKnown>,
        /// What was done about it.
        pub response: Option<Paragraph>,
        /// What happened, in words.
        pub text: Narrative,
    }
}
item! {
    /// A warning, and what it led to: the time from alert to first response is what must be visible.
    pub struct Alert {
        /// How pressing.
        pub level: Option<AlertLevel>,
        /// When it was raised.
        pub date: Option<Date>,
        /// Where.
        pub place: Option<Place>,
        /// What is to be feared.
        pub text: Narrative,
        /// What is asked.
        pub asked: Option<Paragraph>,
        /// Of whom.
        pub asked_of: Set<Line>,
        /// What was done, step by step.
        pub responses: Items<FollowUp>,
        /// When it was closed.
        pub closed_date: Option<Date>,
        /// Why it was closed.
        pub closed_because: Option<AlertClosing>,
        /// The incident it turned into.
        pub incident: Option<ItemId>,
    }
}
item! {
    /// A meeting to mediate.
    pub struct MediationMeeting {
        /// When.
        pub date: Option<Date>,
        /// Where.
        pub place: Option<Place>,
        /// By what kinds of authority.
        pub mediation: Set<Mediation>,
        /// Institutions that mediated.
        pub mediators: Set<Line>,
        /// Communities and other parties that were present.
        pub parties_present: Set<Line>,
        /// What was on the table.
        pub issues: Narrative,
        /// What came of it.
        pub outcome: Narrative,
        /// When they meet again.
        pub next_date: Option<Date>,
        /// Whether the minutes are a draft or validated; only validated ones count.
        pub minutes: Option<Minutes>,
        /// The consultation record of the same meeting, if there is one.
        pub consultation: Option<RecordId>,
    }
}
item! {
    /// A decision of a court, an administration or a customary arbiter.
    pub struct Decision {
        /// When.
        pub date: Option<Date>,
        /// Who decided.
        pub decision_type: Option<DecisionType>,
        /// Which court, authority or arbiter.
        pub by: Option<Line>,
        /// What was decided.
        pub text: Narrative,
        /// Whether it was carried out.
        pub execution: Option<Execution>,
        /// The decision that contradicts it.
        pub contradicted_by: Option<ItemId>,
        /// What was done to carry it out.
        pub follow_ups: Items<FollowUp>,
    }
}
item! {
    /// An agreement between the parties.
    pub struct Agreement {
        /// In what form.
        pub form: Option<AgreementForm>,
        /// How far it has come.
        pub stage: Option<AgreementStage>,
        /// When it was made or signed.
        pub signed_date: Option<Date>,
        /// Communities that made it.
        pub signatories: Set<Line>,
        /// Institutions that stand guarantee.
        pub guarantors: Set<Line>,
        /// Who signed for the communities.
        pub representatives: Restricted,
        /// What it says, in a few words.
        pub text: Narrative,
        /// Its clauses.
        pub clauses: Items<Clause>,
        /// For how many years it holds.
        pub term_years: Option<u64>,
        /// When it ends, where the text says so.
        pub end_date: Option<Date>,
        /// When it is to be looked at again.
        pub follow_up_due: Option<Date>,
        /// What was found when it was.
        pub follow_ups: Items<FollowUp>,
        /// How it was broken.
        pub breaches: Items<Breach>,
    }
}
impl Agreement {
    /// When it ends: as the text says, or so many years after it was signed. `None` where that cannot be known.
    pub fn ends(&self) -> Option<Date> {
        self.end_date.or_else(|| self.signed_date?.plus_years(self.term_years?))
    }
}

item! {
    /// One clause of an agreement.
    pub struct Clause {
        /// Number.
        pub number: Option<Line>,
        /// Wording.
        pub text: Option<Paragraph>,
        /// Whether it was carried out.
        pub execution: Option<Execution>,
    }
}
item! {
    /// A breach of an agreement.
    pub struct Breach {
        /// When.
        pub date: Option<Date>,
        /// The incident it is.
        pub incident: Option<ItemId>,
        /// The clause it breaks.
        pub clause: Option<ItemId>,
        /// In words.
        pub note: Option<Paragraph>,
    }
}
