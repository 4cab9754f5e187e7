//! What a person is in the programme, and what that lets them do here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A person's role. Its key is the name in lower case with hyphens, as in `head-of-office`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Enters and follows a region's records.
    RegionalOfficer,
    /// Answers for an office.
    HeadOfOffice,
    /// Analyses conflicts.
    ConflictExpert,
    /// Evaluates proposals.
    Evaluator,
    /// Sits on the committee that selects projects.
    CommitteeMember,
    /// Coordinates all offices.
    NationalCoordinator,
    /// Answers for the programme.
    NationalDirector,
    /// Reads, and changes nothing.
    Reader,
    /// Looks after nodes and links.
    NetworkOperator,
}

impl Role {
    /// Every role, in the order in which lists show them.
    pub const ALL: [Role; 9] = [
        Role::RegionalOfficer,
        Role::HeadOfOffice,
        Role::ConflictExpert,
        Role::Evaluator,
        Role::CommitteeMember,
        Role::NationalCoordinator,
        Role::NationalDirector,
        Role::Reader,
        Role::NetworkOperator,
    ];

    /// The role's key, as files and the command line have it.
    pub fn key(self) -> &'static str {
        match self {
            Role::RegionalOfficer => "regional-officer",
            Role::HeadOfOffice => "head-of-office",
            Role::ConflictExpert => "conflict-expert",
            Role::Evaluator => "evaluator",
            Role::CommitteeMember => "committee-member",
            Role::NationalCoordinator => "national-coordinator",
            Role::NationalDirector => "national-director",
            Role::Reader => "reader",
            Role::NetworkOperator => "network-operator",
        }
    }

    /// The role of a key.
    pub fn from_key(key: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.key() == key)
    }

    /// The role's name in French.
    pub fn fr(self) -> &'static str {
        match self {
            Role::RegionalOfficer => "Agent régional",
            Role::HeadOfOffice => "Chef de bureau",
            Role::ConflictExpert => "Expert conflits",
            Role::Evaluator => "Évaluateur",
            Role::CommitteeMember => "Membre du comité de sélection",
            Role::NationalCoordinator => "Coordonnateur national",
            Role::NationalDirector => "Directeur national",
            Role::Reader => "Lecteur",
            Role::NetworkOperator => "Responsable du réseau",
        }
    }

    /// Whether the person may change records.
    pub fn may_write(self) -> bool {
        self != Role::Reader
    }

    /// Whether the person answers for records, and so may take narratives and notes out of the office.
    pub fn may_manage_records(self) -> bool {
        matches!(self, Role::HeadOfOffice | Role::NationalCoordinator | Role::NationalDirector)
    }

    /// Whether the person may see who took what out: whoever answers for it, and oversight.
    pub fn may_read_journal(self) -> bool {
        self.may_manage_records() || self == Role::Reader
    }

    /// Whether the person may add and remove accounts and set others' passwords.
    pub fn may_manage_accounts(self) -> bool {
        matches!(self, Role::HeadOfOffice | Role::NationalCoordinator | Role::NationalDirector | Role::NetworkOperator)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn files_the_command_line_and_the_program_have_the_same_keys() {
        assert_eq!(Role::ALL.as_slice(), Role::value_variants());
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.key());
            assert_eq!(Role::from_str(role.key(), false), Ok(role));
            assert_eq!(Role::from_key(role.key()), Some(role));
        }
        assert_eq!(Role::from_key("Reader"), None);
    }

    #[test]
    fn a_reader_writes_nothing_and_four_roles_manage_accounts() {
        let readers: Vec<&str> = Role::ALL.into_iter().filter(|role| !role.may_write()).map(Role::key).collect();
        assert_eq!(readers, ["reader"]);
        let managing: Vec<&str> =
            Role::ALL.into_iter().filter(|role| role.may_manage_accounts()).map(Role::key).collect();
        assert_eq!(managing, ["head-of-office", "national-coordinator", "national-director", "network-operator"]);
        let reading: Vec<&str> = Role::ALL.into_iter().filter(|role| role.may_read_journal()).map(Role::key).collect();
        assert_eq!(reading, ["head-of-office", "national-coordinator", "national-director", "reader"]);
        assert!(!Role::Reader.may_manage_records() && !Role::NetworkOperator.may_manage_records());
    }
}
