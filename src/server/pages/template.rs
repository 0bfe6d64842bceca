//! The templates, compiled once; every value that they show is escaped.

use std::sync::OnceLock;

use minijinja::{AutoEscape, Environment, Value, context};

/// The templates by name. None reaches for another: [`page`] puts a page into the frame.
const TEMPLATES: [(&str, &str); 9] = [
    ("frame", include_str!("templates/frame.html")),
    ("environments", include_str!("templates/environments.html")),
    ("promotions", include_str!("templates/promotions.html")),
    ("promotion", include_str!("templates/promotion.html")),
    ("environment", include_str!("templates/environment.html")),
    ("queue", include_str!("templates/queue.html")),
    ("login", include_str!("templates/login.html")),
    ("message", include_str!("templates/message.html")),
    ("onward", include_str!("templates/onward.html")),
];

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        for (name, text) in TEMPLATES {
            environment
                .add_template(name, text)
                .expect("the templates are fixed, and tests read them");
        }
        environment
    })
}

/// A page in its frame.
pub(super) fn page(name: &str, title: &str, signed_in: bool, content: Value) -> String {
    let content = render(name, content);
    render(
        "frame",
        context! { title, signed_in, page => name, content => Value::from_safe_string(content) },
    )
}

fn render(name: &str, values: Value) -> String {
    let template = environment().get_template(name).expect("every page has a template");
    template.render(values).unwrap_or_else(|error| {
        tracing::error!(%error, name, "a page could not be rendered");
        "this page could not be rendered".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one_and_escapes() {
        for (name, _) in TEMPLATES {
            assert!(environment().get_template(name).is_ok(), "{name}");
        }
        let html = page("message", "<b>", false, context! { text => "<script>" });
        assert!(html.contains("&lt;b&gt;") && html.contains("&lt;script&gt;"), "{html}");
    }
}
