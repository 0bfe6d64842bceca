//! Deciding a promotion: pipeline, plan, pull request texts. Nothing here reads or writes outside.
