//! What every transformer can do, and one that a field of a kustomization asks for.

use std::fmt::Debug;

use crate::kustomize::error::BuildError;
use crate::kustomize::resource_set::ResourceSet;
use crate::kustomize::schema::Schema;

/// Something that changes resources.
pub trait Transformer: Debug {
    /// Changes the resources.
    ///
    /// # Errors
    /// [`BuildError`] with the place a person has to edit.
    fn run(&self, set: &mut ResourceSet, schema: &Schema) -> Result<(), BuildError>;

    /// The texts that go as they are into every resource that it fits; none where it counts what it puts in itself.
    fn texts_for_each(&self) -> Vec<&str>;

    /// Whether it asks for the schema of one of these objects, to change it.
    fn asks_schema(&self, _set: &ResourceSet) -> bool {
        false
    }
}

/// A transformer that a field of a kustomization asks for.
#[derive(Debug)]
pub struct Asked {
    /// What runs.
    pub transformer: Box<dyn Transformer>,
    /// The plugin that kustomize runs for it.
    pub plugin: &'static str,
    /// How often: the entries of a field are transformers of their own to kustomize.
    pub times: usize,
}
