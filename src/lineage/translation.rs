//! What comes new, in the target's words. A word that both environments show is put in wherever the source's stands; a
//! name that comes of it has to be said by the target's files, or defined somewhere: it is never made up. What is said
//! inside a text of several lines, field by field or line by line, needs the same.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::cloud::CloudObject;
use super::content::{Form, property};
use super::counterparts::Counterparts;
use super::definitions::definitions;
use super::encoded::is_encoded;
use super::names::{Names, is_called_apart};
use super::value::{Shape, Value};
use super::within::has_fields;
use super::world::{World, names_in};
use crate::model::{base64_of, text_in_base64};
use crate::yaml::edit::{Editor, Fragment, NodePath, SpanKind, SpanNode, Step};

/// What tells how the target says something.
#[derive(Clone, Copy)]
pub(super) struct Translation<'t> {
    pub names: &'t Names,
    pub known: &'t Counterparts,
    pub world: &'t World<'t>,
}

impl Translation<'_> {
    /// What the target says for a text that would come new; `None` if it names the source and nothing tells that.
    pub(super) fn of(&self, text: &str) -> Option<String> {
        if !has_lines(text) {
            return self.of_one(text);
        }
        let words = Words { translation: self, had: &BTreeSet::new() };
        match words.rewritten(text) {
            Rewritten { text: own, lacks: false } => Some(own.unwrap_or_else(|| text.to_owned())),
            Rewritten { lacks: true, .. } => None,
        }
    }

    /// The same for the value of a key.
    pub(super) fn of_key(&self, key: &str, text: &str) -> Option<String> {
        if is_called_apart(key) && self.names.names_source(text) {
            return self.known.said_apart(key, text).map(str::to_owned);
        }
        self.of(text)
    }

    /// A text in which the target's hosts in a cloud and its networks stand for the source's.
    pub(super) fn in_own_cloud<'x>(&self, text: &'x str) -> Cow<'x, str> {
        let is_own = |place: &CloudObject| self.world.cloud_objects().contains(place);
        self.known.with_own_places(text, is_own).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// The same for a text of one line.
    fn of_one(&self, text: &str) -> Option<String> {
        let text = &*self.in_own_cloud(text);
        if !self.names.names_source(text) {
            return Some(self.known.of(text).unwrap_or(text).to_owned());
        }
        if let Some(own) = self.known.of(text) {
            return Some(own.to_owned());
        }
        let own = self.known.said_by_target(self.names, text)?;
        self.is_said(text, &own).then_some(own)
    }

    /// Whether each name that the target would say, and the source does not, is said or defined already.
    fn is_said(&self, text: &str, own: &str) -> bool {
        let ours = names_in(text);
        let mut new = names_in(own).into_iter().filter(|name| !ours.contains(name));
        new.all(|name| {
            self.world.says(name) || self.known.stems(name).any(|stem| self.world.says(stem))
        })
    }

    /// The names that a file defines which names the source, in the target's words.
    pub(super) fn defined(&self, documents: &Value) -> BTreeSet<String> {
        let named = definitions(documents).into_iter();
        let named = named.filter(|it| self.names.names_source(it.text));
        let own = named.filter_map(|it| {
            let own = self.known.said_by_target(self.names, it.text)?;
            let domain = own.split_once('.').map(|(_, domain)| domain);
            let is_served = || domain.is_some_and(|domain| self.world.says_domain(domain));
            (!it.is_host || is_served()).then_some(own)
        });
        own.collect()
    }

    /// A file's content in which what is new, compared with `before`, has the target's names. `None` if there is
    /// nothing to change, or it cannot be changed in place.
    pub(super) fn file(&self, form: Form, after: &[u8], before: Option<&[u8]>) -> Option<String> {
        if self.known.is_empty() {
            return None;
        }
        let mut had = BTreeSet::new();
        if let Some(value) = before.and_then(|before| form.read(before)) {
            texts(&value, &mut had);
        }
        let words = Words { translation: self, had: &had };
        let after = std::str::from_utf8(after).ok()?;
        match form {
            Form::Yaml => words.in_yaml(after)?.text,
            Form::Properties | Form::Text => words.in_lines(after).text,
            Form::Binary => None,
        }
    }
}

/// Words that are put into a text, but where the target has said the same already.
struct Words<'w> {
    translation: &'w Translation<'w>,
    had: &'w BTreeSet<String>,
}

/// What comes of a text.
struct Rewritten {
    /// The text in the target's words; `None` if it is the same.
    text: Option<String>,
    /// Whether something in it names the source, and nothing tells what the target says instead.
    lacks: bool,
}

impl Words<'_> {
    /// A text of several lines: by its fields, else by its lines.
    fn rewritten(&self, text: &str) -> Rewritten {
        if !self.translation.names.names_source(text) {
            return Rewritten { text: None, lacks: false };
        }
        let by_field = has_fields(Form::Yaml, text, text).then(|| self.in_yaml(text)).flatten();
        by_field.unwrap_or_else(|| self.in_lines(text))
    }

    fn in_yaml(&self, text: &str) -> Option<Rewritten> {
        let mut editor = Editor::parse(text).ok()?;
        let (mut places, mut lacks, mut changed) = (Vec::new(), false, false);
        for document in 0..editor.document_count() {
            let root = NodePath::root(document);
            lacks |= self.find((editor.root(document), &root), "", &mut places);
        }
        for (path, text) in places {
            let node = editor.node(&path);
            let plain = node.is_some_and(is_plain);
            let block = node.and_then(|node| as_block(editor.written(node), &text));
            let fragment = match block {
                Some(block) => Fragment::parse(&block),
                None if plain => Fragment::parse(&text),
                None => Fragment::text(&text),
            };
            changed |= fragment.is_ok_and(|fragment| editor.replace(&path, &fragment).is_ok());
        }
        Some(Rewritten { text: changed.then(|| editor.text()), lacks })
    }

    /// Finds what is said otherwise, and says whether something is lacking.
    fn find(
        &self,
        (node, path): (&SpanNode, &NodePath),
        key: &str,
        places: &mut Vec<(NodePath, String)>,
    ) -> bool {
        if is_sealed(node) {
            return false;
        }
        let mut lacks = false;
        if let Some(text) = node.text() {
            let said = self.said(key, text);
            lacks |= said.lacks;
            places.extend(said.text.map(|own| (path.clone(), own)));
        }
        for (index, item) in node.items().iter().enumerate() {
            lacks |= self.find((item, &path.index(index)), key, places);
        }
        for (key, value) in node.pairs() {
            let Some(key) = key.text() else { continue };
            let path = path.step(Step::Key(key.to_owned()));
            lacks |= match is_encoded(node, key) {
                true => self.find_encoded((value, &path), places),
                false => self.find((value, &path), key, places),
            };
        }
        lacks
    }

    /// The same for the `data` of a Secret.
    fn find_encoded(
        &self,
        (data, path): (&SpanNode, &NodePath),
        places: &mut Vec<(NodePath, String)>,
    ) -> bool {
        let mut lacks = false;
        for (key, value) in data.pairs() {
            let (Some(key), Some(written)) = (key.text(), value.text()) else { continue };
            let Some(text) = text_in_base64(written) else { continue };
            let said = self.said(key, &text);
            lacks |= said.lacks;
            let path = path.step(Step::Key(key.to_owned()));
            places.extend(said.text.map(|own| (path, base64_of(&own))));
        }
        lacks
    }

    /// What the target says for a text at a key, if that is another one.
    fn said(&self, key: &str, text: &str) -> Rewritten {
        if self.had.contains(text) {
            return Rewritten { text: None, lacks: false };
        }
        if has_lines(text) {
            return self.rewritten(text);
        }
        let own = self.translation.of_key(key, text);
        Rewritten { lacks: own.is_none(), text: own.filter(|own| own != text) }
    }

    fn in_lines(&self, text: &str) -> Rewritten {
        let (mut out, mut lacks) = (String::new(), false);
        for line in text.split_inclusive('\n') {
            let words = line.trim();
            let said = property(line).map_or(words, |(_, value)| value);
            let is_new = !self.had.contains(words) && !self.had.contains(said);
            let own = (is_new && self.translation.names.names_source(said))
                .then(|| self.translation.of_one(said));
            match own {
                Some(Some(own)) => {
                    let at = line.rfind(said).unwrap_or_default();
                    out.push_str(&line[..at]);
                    out.push_str(&own);
                    out.push_str(&line[at + said.len()..]);
                }
                lacking => {
                    lacks |= lacking.is_some();
                    out.push_str(line);
                }
            }
        }
        Rewritten { text: (out != text).then_some(out), lacks }
    }
}

/// Whether a text is made of lines.
pub(super) fn has_lines(text: &str) -> bool {
    text.contains('\n')
}

/// A text in the style of a literal block that it stands for; `None` if it was none, or says itself how far its
/// lines are indented.
fn as_block(written: &str, text: &str) -> Option<String> {
    let header = written.lines().next().filter(|_| written.starts_with('|'))?;
    if header.contains(|c: char| c.is_ascii_digit()) || text.starts_with([' ', '\n']) {
        return None;
    }
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    Some(format!("{header}\n{}", text.lines().map(line).collect::<String>()))
}

/// Whether a document is encrypted: what is said beside the ciphers is bound to them.
fn is_sealed(node: &SpanNode) -> bool {
    let is = |key: &str, value: &SpanNode| {
        key == "kind" && value.text() == Some("SealedSecret")
            || key == "sops" && !value.pairs().is_empty()
    };
    node.pairs().iter().any(|(key, value)| key.text().is_some_and(|key| is(key, value)))
}

const fn is_plain(node: &SpanNode) -> bool {
    matches!(node.kind, SpanKind::Scalar { plain: true, .. })
}

/// The texts of a value, and what is in those of several lines.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match &value.shape {
        Shape::Scalar { text, .. } => {
            found.insert(text.clone());
            if has_lines(text) {
                found.extend(text.lines().map(|line| line.trim().to_owned()));
                let inner = Form::Yaml.read(text.as_bytes());
                if let Some(inner) = inner.filter(|_| has_fields(Form::Yaml, text, text)) {
                    texts(&inner, found);
                }
            }
        }
        Shape::List(items) => items.iter().for_each(|item| texts(item, found)),
        Shape::Map(pairs) => pairs.iter().for_each(|(_, value)| texts(value, found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a text is said, where the target has a file.
    fn said(text: &str, has: &str) -> Option<String> {
        let names = Names::new(["staging"], ["production"]);
        let mut known = Counterparts::default();
        known.learn_name(&names, "shop-staging", "shop-production");
        known.learn_name(&names, "staging", "production");
        World::with(has, |world| Translation { names: &names, known: &known, world }.of(text))
    }

    #[test]
    fn a_name_is_never_made_up() {
        let own = |text: &str| Some(text.to_owned());
        assert_eq!(said("shop-staging", ""), own("shop-production"), "seen of both");
        assert_eq!(said("low-staging", ""), None);
        assert_eq!(said("low-staging", "a: low-production\n"), own("low-production"));
        assert_eq!(said("low-staging", "a: very-low-production\n"), None);
        assert_eq!(said("--env=staging", "a: production\n"), own("--env=production"));
        assert_eq!(said("--env=staging", "a: b\n"), None);
        assert_eq!(said("nothing of it", ""), own("nothing of it"));
    }

    #[test]
    fn what_is_said_inside_a_text_is_no_other_matter() {
        let patch = |name: &str| format!("- op: add\n  path: /spec/class\n  value: {name}\n");
        let has = "a: low-production\n";
        assert_eq!(said(&patch("low-staging"), has), Some(patch("low-production")));
        assert_eq!(said(&patch("low-staging"), ""), None);
        let lines = |name: &str| format!("# x\nserver {name};\nlisten 80;\n");
        assert_eq!(said(&lines("low-staging"), has), Some(lines("low-production")));
        assert_eq!(said(&lines("low-staging"), ""), None);
        let keys = |name: &str| format!("A=1\nCLASS={name}\n");
        assert_eq!(said(&keys("low-staging"), has), Some(keys("low-production")));
        assert_eq!(said(&keys("low-staging"), ""), None);
    }

    /// A whole file, where the target's world says `production` and no more.
    fn in_production(names: &Names, known: &Counterparts, text: &str) -> Option<String> {
        World::with("a: production\n", |world| {
            Translation { names, known, world }.file(Form::Yaml, text.as_bytes(), None)
        })
    }

    /// A branch of the environment's name is not there because the environment is.
    #[test]
    fn a_branch_is_known_from_branches() {
        let names = Names::new(["staging"], ["production"]);
        let mut known = Counterparts::default();
        known.learn_name(&names, "staging", "production");
        let file = |known: &Counterparts, text: &str| in_production(&names, known, text);
        let text = "sync: {path: staging, ref: refs/heads/staging}\n";
        let want = "sync: {path: production, ref: refs/heads/staging}\n";
        assert_eq!(file(&known, text).as_deref(), Some(want));
        known.learn_apart("ref", "refs/heads/staging", "refs/heads/main");
        let want = "sync: {path: production, ref: refs/heads/main}\n";
        assert_eq!(file(&known, text).as_deref(), Some(want));
    }

    #[test]
    fn an_image_is_tagged_as_images_are_and_what_is_sealed_stays_whole() {
        let names = Names::new(["staging"], ["production"]);
        let mut known = Counterparts::default();
        known.learn_name(&names, "staging", "production");
        let file = |known: &Counterparts, text: &str| in_production(&names, known, text);
        let images = "images: [{name: web, newTag: staging}]\n";
        assert_eq!(file(&known, images), None);
        known.learn_apart("newTag", "staging", "stable");
        assert_eq!(file(&known, images), Some(images.replace("staging", "stable")));
        let sealed = "kind: SealedSecret\nmetadata: {name: a, namespace: staging}\n";
        assert_eq!(file(&known, sealed), None);
    }

    #[test]
    fn what_the_target_has_stays_as_it_is() {
        let names = Names::new(["staging"], ["production"]);
        let mut known = Counterparts::default();
        known.learn_name(&names, "shop-staging", "shop-production");
        let in_file = |form, after: &str, before: Option<&str>| {
            World::with("", |world| {
                let translation = Translation { names: &names, known: &known, world };
                translation.file(form, after.as_bytes(), before.map(str::as_bytes))
            })
        };
        let yaml = |after, before| in_file(Form::Yaml, after, before);
        let text = "namespace: shop-staging # where\nx: [a, 'shop-staging']\n";
        assert_eq!(
            yaml(text, None).as_deref(),
            Some("namespace: shop-production # where\nx: [a, \"shop-production\"]\n")
        );
        assert_eq!(yaml(text, Some("y: shop-staging\n")), None);
        let text = "a: |\n  x: shop-staging\n  y: 1\n";
        assert_eq!(yaml(text, Some("a: |\n  x: shop-staging\n")), None);
        assert_eq!(yaml(text, None).as_deref(), Some("a: |\n  x: shop-production\n  y: 1\n"));
        let lines = |after, before| in_file(Form::Text, after, before);
        let text = "a shop-staging\nb\nto shop-staging\n";
        assert_eq!(lines("shop-staging\n", None).as_deref(), Some("shop-production\n"));
        assert_eq!(lines(text, Some("to shop-staging\n")), None);
    }
}
