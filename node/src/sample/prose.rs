//! What made-up records say. `{a|b}` stands for one of the words, `{N}` for a number, `{R}` for the region.

use toguna_protocol::record::Kind;

/// Templates by what they tell of.
pub(super) struct Prose;

impl Prose {
    pub(super) fn title(kind: Kind) -> &'static str {
        match kind {
            Kind::Consultation => {
                "{Concertation|Rencontre|Mission de sensibilisation|Atelier} sur {la transhumance|l'accès aux points d'eau|la sécurité des foires|les limites des terroirs|la cohésion sociale|le retour des déplacés} ({R})"
            }
            Kind::Conflict => {
                "{Litige foncier|Différend|Tension|Contestation} {autour d'un point d'eau|au sujet d'un couloir de passage|sur la chefferie|entre éleveurs et agriculteurs|après les élections communales|sur les limites de deux communes} ({R})"
            }
            Kind::Project => {
                "{Appui|Formation|Aménagement|Sensibilisation} {des comités de prévention des conflits|d'un puits pastoral|des radios de proximité|des jeunes à la culture de la paix|d'un couloir de passage|des cellules communales de sécurité} ({R})"
            }
        }
    }

    pub(super) const PARTIES: &'static str = "{Éleveurs transhumants|Agriculteurs riverains|Éleveurs du village|Pêcheurs du fleuve|Familles déplacées|Lignage fondateur|Familles allochtones}";

    pub(super) const APPLICANTS: &'static str = "{Association de femmes|Association de jeunes|Coopérative d'éleveurs|Organisation paysanne|Radio de proximité|Mairie} d'{exemple|essai} n° {N}";

    pub(super) const BENEFICIARIES: &'static str =
        "{N} {familles|ménages|jeunes|femmes} de {deux|trois|cinq} {villages|fractions|quartiers}";

    pub(super) const PLANNED: &'static str = "{Tenue de la formation|Achat du matériel|Rencontre de lancement|Mission de suivi|Remise du rapport|Émissions de radio}";

    pub(super) const RECOMMENDATIONS: &'static str = "{Baliser|Rouvrir|Surveiller|Réhabiliter} {le couloir de passage|le point d'eau|la piste|le marché à bétail} {avant la prochaine campagne|avec les deux parties|sous l'autorité du maire|dans un délai de trois mois}";

    pub(super) const PURPOSES: &'static [&'static str] = &[
        "Écouter les {parties|communautés|élus} et {préparer|relancer} le dialogue.",
        "Faire connaître {la convention locale|les conclusions de la mission|le rôle du comité communal} aux {villages|fractions} concernés.",
        "Convenir des dates de {passage des troupeaux|libération des champs|remise en état du puits}.",
        "Rendre compte des engagements pris {à la rencontre précédente|l'an dernier|au chef-lieu}.",
    ];

    pub(super) const OUTCOMES: &'static [&'static str] = &[
        "Les participants ont convenu de {respecter|baliser|rouvrir} le couloir {avant les semailles|avant la fin de la saison froide}.",
        "Un comité de {N} membres, dont des femmes et des jeunes, suivra l'application des décisions.",
        "Le {maire|sous-préfet|chef de village} s'est engagé à {réunir les deux parties|faire constater les dégâts|rendre compte} dans {un mois|quinze jours}.",
        "Les notabilités ont rappelé les usages anciens et {obtenu le pardon|proposé un partage de l'eau|demandé une trêve}.",
        "Aucun incident n'a été signalé depuis {la rencontre|deux mois|le début de l'hivernage}.",
        "La parenté à plaisanterie a {détendu les échanges|permis de reprendre la parole}.",
        "Les jeunes demandent {un emploi|une formation|à être associés aux décisions}.",
    ];

    pub(super) const CAUSES: &'static [&'static str] = &[
        "Le différend remonte à {N} ans et porte sur {l'usage du puits|la limite des champs|le passage du bétail|la désignation du chef}.",
        "La {sécheresse|crue tardive|pression sur les pâturages} a rapproché les troupeaux des cultures.",
        "Une décision de justice rendue {en première instance|en appel} n'a pas été {exécutée|notifiée aux parties}.",
        "Les familles se disent {lésées|menacées} et ne fréquentent plus {le même marché|la même mosquée|le même point d'eau}.",
        "Des champs ont été mis en culture dans {le couloir de passage|la zone de pâture|la réserve}.",
        "Le conseil communal a {délibéré|tardé à se prononcer}, ce qui a {apaisé|entretenu} les tensions.",
        "Les deux parties acceptent {la médiation des notabilités|de se parler|le constat d'un tiers}, sous condition.",
    ];

    pub(super) const INCIDENTS: &'static [&'static str] = &[
        "{N} têtes de bétail ont été {emportées|retenues|blessées} {de nuit|au retour du puits}.",
        "Une altercation au {marché|puits|carrefour} a été {calmée par les anciens|suivie de menaces}.",
        "Un champ d'environ {N} hectares a été {incendié|piétiné}.",
        "La brigade s'est rendue sur place et a {dressé constat|entendu les deux parties}.",
    ];

    pub(super) const ACTIVITIES: &'static [&'static str] = &[
        "Le projet prévoit {N} séances {d'animation|de formation|d'échange} en langues nationales.",
        "Les bénéficiaires fournissent {la main-d'œuvre|le terrain|l'eau et le sable} et entretiennent l'ouvrage.",
        "Le suivi est confié à un comité de gestion où siègent {des femmes|des jeunes|les deux communautés}.",
        "Les retards tiennent à {l'état des pistes|la saison des pluies|l'insécurité sur l'axe}.",
        "Les émissions de radio passent {deux|trois} fois par semaine pendant {N} semaines.",
        "Un rapport financier est remis {chaque trimestre|à mi-parcours|à la clôture}.",
        "Le matériel est {livré|commandé|réceptionné} et gardé à la mairie.",
    ];

    pub(super) const DIFFICULTIES: &'static [&'static str] = &[
        "Le {fournisseur|prestataire} n'a pas livré dans les délais.",
        "La liaison est coupée depuis {N} jours ; le compte rendu est venu par la route.",
        "Les pluies ont {coupé la piste|retardé la mission}.",
        "Peu de {femmes|jeunes} étaient présents ; la prochaine séance se tiendra {un autre jour|au quartier}.",
    ];
}
