//! The fields of a kustomization, in one table: what each holds, which of its values are paths, what its
//! entries pair by, and what of it is secret.
//!
//! Reading, wiring, masking, the checks before an installed kustomize and the rules ask here, so that a
//! field is known to all of them or to none. How a field is read into values is `kustomize`'s.

/// A field of a kustomization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KustomizationField {
    /// Its name, as kustomize's documentation writes it.
    pub name: &'static str,
    /// What it holds.
    pub holds: FieldHolds,
    /// What tells its entries apart, and with it the shape that they have.
    pub pair_by: PairBy,
    /// The keys of its entries whose values are paths.
    pub paths: &'static [&'static str],
    /// What its values may be to people who must not see secrets.
    pub values: FieldValues,
    /// Whether it is another form of a field, whose entries count as its own.
    pub is_other_form: bool,
    /// What kustomize says to use instead, where it calls the field deprecated.
    pub instead: Option<&'static str>,
}

/// What a field of a kustomization holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldHolds {
    /// What the file itself is.
    Header,
    /// Files, folders and URLs of manifests that are built from.
    Manifests,
    /// Folders with components.
    Components,
    /// Files with definitions of kinds.
    Definitions,
    /// Files with field specs.
    Configurations,
    /// Files and folders with the configuration of generators, or that itself.
    Generators,
    /// The same of transformers.
    Transformers,
    /// The same of validators.
    Validators,
    /// Patches: files, or written in place.
    Patches,
    /// Values to copy: files, or written in place.
    Replacements,
    /// The schema that everything is read by: a mapping.
    Schema,
    /// Objects that are made of literals and files.
    Objects,
    /// Charts, and where they are.
    Charts,
    /// Settings that name no file.
    Settings,
}

impl FieldHolds {
    /// Whether it is the configuration of plugins: in files and folders, or written in place.
    #[must_use]
    pub const fn are_plugins(self) -> bool {
        matches!(self, Self::Generators | Self::Transformers | Self::Validators)
    }
}

/// What tells the entries of a field apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PairBy {
    /// A list of mappings, told apart by what they say under these keys.
    Keys(&'static [&'static str]),
    /// A mapping, told apart by its keys.
    Name,
    /// A list of label sets, whose labels are told apart by their names.
    Label,
    /// A list of texts, each its own.
    Text,
    /// A list of entries, told apart by the files that they name: themselves, or under a key.
    File,
    /// One value.
    Whole,
}

/// What the values of a field are to people who must not see secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldValues {
    /// No secrets, whatever else stands in the file.
    Open,
    /// What they look like.
    Unknown,
    /// Values of Secrets.
    Secret,
}

/// Every field, lists of files in the order in which a kustomization is usually written.
pub static KUSTOMIZATION_FIELDS: [KustomizationField; 34] = TABLE;

const TABLE: [KustomizationField; 34] = {
    use FieldHolds as Holds;
    use PairBy::{File, Keys, Label, Name, Text, Whole};
    const GENERATED: &[&str] = &["files", "envs", "env"];
    [
        field("apiVersion", Holds::Header, Whole),
        field("kind", Holds::Header, Whole),
        field("metadata", Holds::Header, Name),
        field("resources", Holds::Manifests, File).open(),
        field("bases", Holds::Manifests, File).open().other_form().deprecated("resources"),
        field("components", Holds::Components, File).open(),
        field("crds", Holds::Definitions, File),
        field("configurations", Holds::Configurations, File),
        field("generators", Holds::Generators, File),
        field("transformers", Holds::Transformers, File),
        field("validators", Holds::Validators, File),
        field("patches", Holds::Patches, File).paths(&["path"]),
        field("patchesStrategicMerge", Holds::Patches, File).other_form().deprecated("patches"),
        field("patchesJson6902", Holds::Patches, File)
            .paths(&["path"])
            .other_form()
            .deprecated("patches"),
        field("replacements", Holds::Replacements, File).paths(&["path"]),
        field("openapi", Holds::Schema, Name).paths(&["path"]),
        field("images", Holds::Settings, Keys(&["name"])).open(),
        field("imageTags", Holds::Settings, Keys(&["name"])).other_form().deprecated("images"),
        field("replicas", Holds::Settings, Keys(&["name"])).open(),
        field("helmCharts", Holds::Charts, Keys(&["name", "releaseName", "namespace"]))
            .paths(&["valuesFile", "additionalValuesFiles"])
            .open(),
        field("helmChartInflationGenerator", Holds::Charts, Keys(&["chartName", "releaseName"]))
            .paths(&["values"])
            .other_form(),
        field("helmGlobals", Holds::Charts, Name),
        field("configMapGenerator", Holds::Objects, Keys(&["name", "namespace"])).paths(GENERATED),
        field("secretGenerator", Holds::Objects, Keys(&["name", "namespace"]))
            .paths(GENERATED)
            .secret(),
        field("generatorOptions", Holds::Settings, Name),
        field("labels", Holds::Settings, Label).open(),
        field("commonLabels", Holds::Settings, Name).open().deprecated("labels"),
        field("commonAnnotations", Holds::Settings, Name),
        field("vars", Holds::Settings, Keys(&["name"])).deprecated("replacements"),
        field("namespace", Holds::Settings, Whole).open(),
        field("namePrefix", Holds::Settings, Whole).open(),
        field("nameSuffix", Holds::Settings, Whole).open(),
        field("buildMetadata", Holds::Settings, Text),
        field("sortOptions", Holds::Settings, Name),
    ]
};

/// The names of all fields.
pub const FIELD_NAMES: [&str; TABLE.len()] = select(Choice::All);

/// The lists that name what is built from.
pub const RESOURCE_LISTS: [&str; 2] = select(Choice::Holding(FieldHolds::Manifests));

/// The lists that name what is built from, components among it.
pub const BUILT_LISTS: [&str; 3] = select(Choice::Built);

/// The lists that name patches.
pub const PATCH_LISTS: [&str; 3] = select(Choice::Holding(FieldHolds::Patches));

/// The fields whose values are values of Secrets.
pub const SECRET_FIELDS: [&str; 1] = select(Choice::Secret);

/// The fields that can be carried from one kustomization to another, entry by entry: those whose entries are
/// told apart by what they say.
pub const CARRIED_FIELDS: [&str; 16] = select(Choice::Carried);

impl KustomizationField {
    /// Finds a field by its name, as it is documented.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KUSTOMIZATION_FIELDS.iter().find(|field| field.name == name)
    }

    /// The fields that hold something.
    pub fn holding(what: FieldHolds) -> impl Iterator<Item = &'static Self> {
        KUSTOMIZATION_FIELDS.iter().filter(move |field| field.holds == what)
    }

    /// Whether its entries are paths, or name them under `path`.
    #[must_use]
    pub const fn lists_files(&self) -> bool {
        matches!(self.pair_by, PairBy::File)
    }

    /// Whether nothing in it is a path.
    #[must_use]
    pub const fn names_no_file(&self) -> bool {
        matches!(self.holds, FieldHolds::Header | FieldHolds::Settings)
    }

    /// Whether the field can be carried entry by entry.
    #[must_use]
    pub const fn is_carried(&self) -> bool {
        let has_entries =
            matches!(self.holds, FieldHolds::Settings | FieldHolds::Objects | FieldHolds::Charts);
        has_entries && !self.is_other_form
    }

    const fn paths(self, paths: &'static [&'static str]) -> Self {
        Self { paths, ..self }
    }

    const fn open(self) -> Self {
        Self { values: FieldValues::Open, ..self }
    }

    const fn secret(self) -> Self {
        Self { values: FieldValues::Secret, ..self }
    }

    const fn other_form(self) -> Self {
        Self { is_other_form: true, ..self }
    }

    const fn deprecated(self, instead: &'static str) -> Self {
        Self { instead: Some(instead), ..self }
    }
}

const fn field(name: &'static str, holds: FieldHolds, pair_by: PairBy) -> KustomizationField {
    KustomizationField {
        name,
        holds,
        pair_by,
        paths: &[],
        values: FieldValues::Unknown,
        is_other_form: false,
        instead: None,
    }
}

/// The lists of files in families: those that count as one, the usual form first.
pub fn file_lists() -> impl Iterator<Item = Vec<&'static str>> {
    let usual = KUSTOMIZATION_FIELDS.iter().filter(|field| !field.is_other_form);
    usual
        .filter(|field| field.lists_files())
        .map(|usual| KustomizationField::holding(usual.holds).map(|field| field.name).collect())
}

/// Which fields are meant.
enum Choice {
    All,
    Built,
    Carried,
    Secret,
    Holding(FieldHolds),
}

/// The names of fields. That there are as many as the list has room for is checked while it is compiled.
const fn select<const N: usize>(choice: Choice) -> [&'static str; N] {
    let mut names = [""; N];
    let (mut at, mut found) = (0, 0);
    while at < TABLE.len() {
        let field = &TABLE[at];
        let is_meant = match choice {
            Choice::All => true,
            Choice::Built => matches!(field.holds, FieldHolds::Manifests | FieldHolds::Components),
            Choice::Secret => matches!(field.values, FieldValues::Secret),
            Choice::Carried => field.is_carried(),
            Choice::Holding(what) => field.holds as u8 == what as u8,
        };
        if is_meant {
            names[found] = field.name;
            found += 1;
        }
        at += 1;
    }
    assert!(found == N, "the list has as much room as there are fields");
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_count_as_one_are_one_family() {
        let families: Vec<Vec<&str>> = file_lists().collect();
        assert_eq!(families[0], ["resources", "bases"]);
        assert!(families.contains(&PATCH_LISTS.to_vec()));
        let all: usize = families.iter().map(Vec::len).sum();
        let lists = KUSTOMIZATION_FIELDS.iter().filter(|field| field.lists_files());
        assert_eq!(all, lists.count());
    }

    #[test]
    fn a_field_is_in_the_table_once() {
        for name in FIELD_NAMES {
            assert_eq!(FIELD_NAMES.iter().filter(|known| **known == name).count(), 1, "{name}");
            assert_eq!(KustomizationField::named(name).map(|field| field.name), Some(name));
        }
    }

    #[test]
    fn what_stands_in_for_another_field_is_one() {
        for field in &KUSTOMIZATION_FIELDS {
            assert!(field.instead.is_none_or(|it| FIELD_NAMES.contains(&it)), "{}", field.name);
        }
    }
}
