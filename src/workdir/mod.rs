//! A local checkout: read on demand, written back, never outside its root.
