//! What every request needs that comes from outside: webhooks, events of health, questions for ours.

use std::sync::Arc;

use super::body::Bodies;
use crate::app::App;
use crate::redact::WebhookSecrets;

/// The app, what a sender has to know, and the room for bodies. Cloning shares it.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) app: App,
    pub(super) secrets: Arc<WebhookSecrets>,
    pub(super) bodies: Bodies,
}
