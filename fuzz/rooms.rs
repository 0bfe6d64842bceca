//! The rooms that are fuzzed, from the sources of Overlift, without the hundreds of crates that the
//! others need.

#[path = "../src/model/mod.rs"]
pub mod model;
#[path = "../src/yaml/mod.rs"]
pub mod yaml;
