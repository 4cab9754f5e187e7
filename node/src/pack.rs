//! The country pack: everything about a country that is not code. Regions and places, what conflicts are about, the
//! areas a programme works in, what a proposal must contain, who the actors are, and the programme's own history.
//!
//! A pack is a directory of files; `pack.json` names the rest. Mali's is built into the program, so that an office
//! needs nothing but the program; another country is set up by another directory, read by the same parser. A pack is
//! checked as a whole when it is read: what refers to something must find it, keys are unique, labels are there.

mod check;
mod files;
pub(crate) mod placed;
mod places;
mod shapes;
mod terms;

use std::borrow::Cow;
use std::path::Path;

use serde::de::DeserializeOwned;
use toguna_protocol::record::{List, Vocabulary};

use files::{ActorsFile, ConflictsFile, MALI, MainFile, ProjectsFile, RegionsFile, ThemesFile, stays_inside};
pub(crate) use places::fold;
pub use places::{Place, PlaceKind, Places};
pub use shapes::Shape;
pub use terms::{
    AcledType, Actor, ActorGroup, Bounds, Criterion, Currency, Gazetteer, IncidentType, Plain, Region, Stake, Term,
    Theme,
};

/// A country pack that has passed every check.
#[derive(Debug, Clone)]
pub struct Pack {
    outline: String,
    main: MainFile,
    regions: RegionsFile,
    conflicts: ConflictsFile,
    projects: ProjectsFile,
    themes: ThemesFile,
    actors: ActorsFile,
    places: Places,
    outlines: Vec<Outlines>,
    history: Vec<TextFile>,
    events: Option<TextFile>,
}

/// The outlines of the regions of one version of the gazetteer.
#[derive(Debug, Clone)]
struct Outlines {
    version: String,
    text: String,
    shapes: Vec<Shape>,
}

/// A file of a pack that is read by somebody else, with its name for their error messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Its path in the pack.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// A pack cannot be used. Says which file, and where in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// A file is missing or unreadable.
    #[error("reading {file} of the country pack: {source}")]
    Read {
        /// The file's path in the pack, or the whole path where the pack is a directory.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file has another shape than it must have.
    #[error("{file} of the country pack does not have the expected shape: {problem}")]
    Shape {
        /// The file's path in the pack.
        file: String,
        /// The field or key at fault, with line and column.
        problem: String,
    },
    /// A value contradicts another one, or what the program needs.
    #[error("{file} of the country pack, {field}: {problem}")]
    Value {
        /// The file's path in the pack.
        file: String,
        /// A JSON pointer to the value.
        field: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
}

impl Pack {
    /// Mali's pack, as it was built into the program.
    ///
    /// # Panics
    /// Never in a build that passed its tests: they read the same bytes.
    pub fn embedded() -> Self {
        Self::read(&|name| match MALI.iter().find(|(file, _)| *file == name) {
            Some((_, text)) => Ok(Cow::Borrowed(*text)),
            None => Err(PackError::Read { file: name.to_owned(), source: std::io::ErrorKind::NotFound.into() }),
        })
        .unwrap_or_else(|error| panic!("the built-in pack is checked by a test: {error}"))
    }

    /// The pack in a directory.
    pub fn load(directory: &Path) -> Result<Self, PackError> {
        Self::read(&|name| {
            let path = directory.join(name);
            let text = std::fs::read_to_string(&path);
            text.map(Cow::Owned).map_err(|source| PackError::Read { file: path.display().to_string(), source })
        })
    }

    fn read<'a>(source: &dyn Fn(&str) -> Result<Cow<'a, str>, PackError>) -> Result<Self, PackError> {
        let file = |name: &str| {
            stays_inside(name)?;
            source(name)
        };
        fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, PackError> {
            serde_json::from_str(text)
                .map_err(|error| PackError::Shape { file: name.to_owned(), problem: error.to_string() })
        }
        let text_file = |name: &String| Ok(TextFile { name: name.clone(), text: file(name)?.into_owned() });
        let main: MainFile = parse("pack.json", &file("pack.json")?)?;
        let regions: RegionsFile = parse("regions.json", &file("regions.json")?)?;
        let mut outlines = Vec::new();
        for version in &regions.versions {
            if let Some(name) = &version.outlines {
                let text = file(name)?.into_owned();
                let shapes = parse::<shapes::Shapes>(name, &text)?.features;
                outlines.push(Outlines { version: version.key.clone(), text, shapes });
            }
        }
        let places: Vec<Place> = parse(&main.places, &file(&main.places)?)?;
        let pack = Pack {
            outline: file(&main.outline)?.into_owned(),
            conflicts: parse("conflicts.json", &file("conflicts.json")?)?,
            projects: parse("projects.json", &file("projects.json")?)?,
            themes: parse("themes.json", &file("themes.json")?)?,
            actors: parse("actors.json", &file("actors.json")?)?,
            places: Places::new(places),
            history: main.history.iter().map(text_file).collect::<Result<_, _>>()?,
            events: main.events.as_ref().map(text_file).transpose()?,
            outlines,
            regions,
            main,
        };
        check::all(&pack)?;
        Ok(pack)
    }

    /// The pack's own key, such as `mali`.
    pub fn key(&self) -> &str {
        &self.main.key
    }

    /// The pack's version: raised whenever a file changes.
    pub fn version(&self) -> u32 {
        self.main.version
    }

    /// The country's name in French.
    pub fn fr(&self) -> &str {
        &self.main.fr
    }

    /// The country's name in English.
    pub fn en(&self) -> &str {
        &self.main.en
    }

    /// The country's ISO 3166-1 code.
    pub fn country(&self) -> &str {
        &self.main.country
    }

    /// The region of the national team, which keeps what belongs to no regional office.
    pub fn capital_region(&self) -> &str {
        &self.main.capital_region
    }

    /// The box around the country.
    pub fn bounds(&self) -> Bounds {
        self.main.bounds
    }

    /// The currencies an amount may be in.
    pub fn currencies(&self) -> &[Currency] {
        &self.main.currencies
    }

    /// Digits after the decimal mark of a currency; two where the pack does not know it, as most have.
    pub fn minor_digits(&self, currency: &str) -> u8 {
        self.currencies().iter().find(|known| known.key == currency).map_or(2, |known| known.minor_digits)
    }

    /// Up to which age, included, participants are counted as young.
    pub fn youth_age_limit(&self) -> u8 {
        self.main.youth_age_limit
    }

    /// Every version of the gazetteer, oldest first.
    pub fn gazetteers(&self) -> &[Gazetteer] {
        &self.regions.versions
    }

    /// The version that new records use.
    pub fn gazetteer(&self) -> &Gazetteer {
        let current = self.regions.versions.iter().find(|version| version.key == self.main.gazetteer);
        current.expect("checked when the pack was read")
    }

    /// A region by its key, in the newest version that has it.
    pub fn region(&self, key: &str) -> Option<&Region> {
        self.regions.versions.iter().rev().find_map(|version| version.region(key))
    }

    /// The country's outline as GeoJSON.
    pub fn outline(&self) -> &str {
        &self.outline
    }

    /// The outlines of the regions of a version as GeoJSON, where the pack has them; features have the region's key as
    /// `id`. Regions that were cut out of another one later have none: see [`Pack::drawn_as`].
    pub fn region_outlines(&self, version: &str) -> Option<&str> {
        self.outlines.iter().find(|outlines| outlines.version == version).map(|outlines| outlines.text.as_str())
    }

    /// Whether it has the outlines of any regions, so that a map can be drawn.
    pub fn is_drawn(&self) -> bool {
        !self.outlines.is_empty()
    }

    /// The same outlines as numbers, in the order of the file.
    pub fn region_shapes(&self, version: &str) -> Option<&[Shape]> {
        self.outlines.iter().find(|outlines| outlines.version == version).map(|outlines| outlines.shapes.as_slice())
    }

    /// The region whose outline stands for `key` in a version of the gazetteer: itself, or the one it was cut out of.
    pub fn drawn_as(&self, key: &str, version: &str) -> Option<&Region> {
        let drawn = self.regions.versions.iter().find(|v| v.key == version)?;
        let mut key = key;
        // Each step goes to an earlier version, so there are fewer steps than versions.
        for _ in &self.regions.versions {
            if let Some(region) = drawn.region(key) {
                return Some(region);
            }
            key = self.region(key)?.split_from.as_deref()?;
        }
        None
    }

    /// Towns, villages and other places.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// The groups that stakes are counted under.
    pub fn stake_groups(&self) -> &[Plain] {
        &self.conflicts.stake_groups
    }

    /// What conflicts are about.
    pub fn stakes(&self) -> &[Stake] {
        &self.conflicts.stakes
    }

    /// The stakes that a key names: those of a group, or a stake itself. A key that the pack does not have names itself,
    /// since a record of a newer version may.
    pub fn stakes_of(&self, key: &str) -> Vec<String> {
        if self.stake_groups().iter().any(|group| group.key == key) {
            let of_group = self.stakes().iter().filter(|stake| stake.group.as_deref() == Some(key));
            return of_group.map(|stake| stake.key.clone()).collect();
        }
        vec![key.to_owned()]
    }

    /// Kinds of incident.
    pub fn incident_types(&self) -> &[IncidentType] {
        &self.conflicts.incident_types
    }

    /// The programme's objectives.
    pub fn objectives(&self) -> &[Plain] {
        &self.projects.objectives
    }

    /// The areas a project can work in.
    pub fn areas(&self) -> &[Plain] {
        &self.projects.areas
    }

    /// What makes a request eligible.
    pub fn eligibility_criteria(&self) -> &[Criterion] {
        &self.projects.eligibility_criteria
    }

    /// The sections of a proposal, in their order.
    pub fn proposal_sections(&self) -> &[Plain] {
        &self.projects.proposal_sections
    }

    /// The sections of the report that themes stand in.
    pub fn theme_sections(&self) -> &[Plain] {
        &self.themes.sections
    }

    /// The themes of recommendations.
    pub fn themes(&self) -> &[Theme] {
        &self.themes.themes
    }

    /// The groups of actors of security governance.
    pub fn actor_groups(&self) -> &[ActorGroup] {
        &self.actors.groups
    }

    /// The levels of oversight.
    pub fn oversight(&self) -> &[Plain] {
        &self.actors.oversight
    }

    /// Institutions, organs, forces, associations and partners.
    pub fn actors(&self) -> &[Actor] {
        &self.actors.actors
    }

    /// The programme's history: files of records as [`crate::exchange`] reads them.
    pub fn history(&self) -> &[TextFile] {
        &self.history
    }

    /// Events for demonstrations, in the form of [`crate::exchange::events`].
    pub fn events(&self) -> Option<&TextFile> {
        self.events.as_ref()
    }

    /// The terms of a list, in its order; of places, which are found by their names, none.
    pub fn terms(&self, list: List) -> Vec<&dyn Term> {
        fn all<T: Term>(terms: &[T]) -> Vec<&dyn Term> {
            terms.iter().map(|term| term as &dyn Term).collect()
        }
        match list {
            List::Regions => all(&self.gazetteer().regions),
            List::Places => Vec::new(),
            List::Themes => all(self.themes()),
            List::Actors => all(self.actors()),
            List::Stakes => all(self.stakes()),
            List::Objectives => all(self.objectives()),
            List::Areas => all(self.areas()),
            List::EligibilityCriteria => all(self.eligibility_criteria()),
            List::ProposalSections => all(self.proposal_sections()),
        }
    }

    /// The keys that records may use.
    pub fn vocabulary(&self) -> Vocabulary {
        fn add<T: Term>(vocabulary: &mut Vocabulary, list: List, terms: &[T]) {
            terms.iter().for_each(|term| vocabulary.add(list, term.key()));
        }
        let mut vocabulary = Vocabulary::default();
        for version in self.gazetteers() {
            add(&mut vocabulary, List::Regions, &version.regions);
        }
        self.places.as_slice().iter().for_each(|place| vocabulary.add(List::Places, place.key.as_str()));
        add(&mut vocabulary, List::Themes, self.themes());
        add(&mut vocabulary, List::Actors, self.actors());
        add(&mut vocabulary, List::Actors, self.actor_groups());
        add(&mut vocabulary, List::Stakes, self.stakes());
        add(&mut vocabulary, List::Objectives, self.objectives());
        add(&mut vocabulary, List::Areas, self.areas());
        add(&mut vocabulary, List::EligibilityCriteria, self.eligibility_criteria());
        add(&mut vocabulary, List::ProposalSections, self.proposal_sections());
        let required = self.eligibility_criteria().iter().filter(|criterion| criterion.required);
        vocabulary.required_criteria = required.map(|criterion| criterion.key.clone()).collect();
        vocabulary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mali's pack with one text of one file replaced by another.
    fn altered(file: &str, from: &str, to: &str) -> Result<Pack, PackError> {
        Pack::read(&|name| {
            let (_, text) = MALI.iter().find(|(known, _)| *known == name).expect("a file of the pack");
            if name != file {
                return Ok(Cow::Borrowed(*text));
            }
            assert!(text.contains(from), "{file} holds {from}");
            Ok(Cow::Owned(text.replacen(from, to, 1)))
        })
    }

    #[test]
    fn the_built_in_pack_is_whole() {
        let pack = Pack::embedded();
        let regions: Vec<usize> = pack.gazetteers().iter().map(|version| version.regions.len()).collect();
        assert_eq!(regions, [9, 11, 20]);
        assert_eq!((pack.stakes().len(), pack.stake_groups().len()), (17, 6));
        assert_eq!((pack.areas().len(), pack.objectives().len()), (13, 3));
        assert_eq!((pack.eligibility_criteria().len(), pack.proposal_sections().len()), (5, 14));
        assert_eq!((pack.themes().len(), pack.actors().len(), pack.actor_groups().len()), (17, 62, 8));
        assert_eq!((pack.places().as_slice().len(), pack.incident_types().len()), (595, 13));
    }

    #[test]
    fn codes_that_look_alike_are_told_apart() {
        let pack = Pack::embedded();
        let region = |key| pack.region(key).expect("a region");
        assert_eq!((region("ML-9").fr.as_str(), region("ML-9").iso_3166_2.as_deref()), ("Ménaka", Some("ML-9")));
        assert_eq!(region("ML-BKO").ocha_pcode.as_deref(), Some("ML09"));
    }

    #[test]
    fn a_newer_region_is_drawn_as_the_one_it_was_cut_out_of() {
        let pack = Pack::embedded();
        for (key, drawn) in [("ML-7", "ML-7"), ("ML-9", "ML-7"), ("ML-BANDIAGARA", "ML-5")] {
            assert_eq!(pack.drawn_as(key, "2010").map(|region| region.key.as_str()), Some(drawn), "{key}");
        }
        assert_eq!(pack.drawn_as("ML-99", "2010"), None);
    }

    #[test]
    fn a_faulty_pack_is_refused_with_file_and_field() {
        let cases = [
            ("pack.json", "\"XOF\"", "\"FCFA\"", "pack.json of the country pack, /currencies/0/key"),
            ("pack.json", "\"gazetteer\": \"2023\"", "\"gazetteer\": \"2024\"", "/gazetteer"),
            ("pack.json", "geo/places.json", "../places.json", "file inside the pack"),
            (
                "regions.json",
                "\"split_from\": \"ML-7\"",
                "\"split_from\": \"ML-77\"",
                "/versions/1/regions/8/split_from",
            ),
            ("regions.json", "\"split_from\": \"ML-7\"", "\"split_from\": null", "is missing"),
            ("regions.json", "\"kind\": \"region\", ", "", "missing field `kind` at line"),
            ("conflicts.json", "\"group\": \"worship\"", "\"group\": \"worshop\"", "/stakes/7/group"),
            ("conflicts.json", "\"key\": \"pastoral\"", "\"key\": \"chieftaincy\"", "chieftaincy stands twice"),
            ("conflicts.json", "\"en\": \"Land tenure\"", "\"en\": \" \"", "/stakes/0/en: is empty"),
            ("projects.json", "\"key\": \"AREA-01\"", "\"key\": \"Área\"", "/areas/0/key"),
            ("actors.json", "\"parent\": \"pgpsp\"", "\"parent\": \"nobody\"", "names no actor"),
            ("themes.json", "\"section\": \"B\"", "\"sector\": \"B\"", "unknown field `sector`"),
            (
                "geo/places.json",
                "\"lat\": 14.44693",
                "\"lat\": 44.44693",
                "geo/places.json of the country pack, /0/lat",
            ),
            ("geo/regions-2010.geojson", "\"id\":\"ML-3\"", "\"id\":\"ML-33\"", "not in both"),
            ("geo/regions-2010.geojson", "\"Polygon\"", "\"LineString\"", "unknown variant `LineString`"),
            ("geo/regions-2010.geojson", "[-9.1421,15.4958]", "[-9.1421,15.4957]", "/features/0: a ring is not closed"),
            (
                "geo/regions-2010.geojson",
                "[-9.1751,15.4958]",
                "[15.4958,-9.1751]",
                "/features/0: a position lies outside",
            ),
        ];
        for (file, from, to, expected) in cases {
            let error = altered(file, from, to).expect_err(file).to_string();
            assert!(error.contains(expected), "{file}: {error}");
        }
    }

    #[test]
    fn a_directory_is_read_by_the_same_parser() {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, text) in MALI {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        }
        assert_eq!(Pack::load(directory.path()).expect("a pack").key(), "mali");
        std::fs::remove_file(directory.path().join("themes.json")).expect("a file less");
        assert!(Pack::load(directory.path()).expect_err("no pack").to_string().contains("themes.json"));
    }
}
