//! GitHub behind our verbs.
