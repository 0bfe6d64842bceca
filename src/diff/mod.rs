//! Comparisons: files, rendered overlays and environments, as unified diffs, Secret values masked.
