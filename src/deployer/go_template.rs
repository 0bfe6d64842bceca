//! Filling in Go's templates as `ApplicationSet`s use them: fields, pipelines, `if`, `with`, `range` and variables.
//!
//! What is not known here (`define`, `template`, most of sprig) is an error, so that nothing is shown that would
//! not be deployed. Loops only go through what the parameters hold, and output is limited.

use serde_json::{Map, Value as Json};

use super::deployment::UNKNOWN;
use super::go_function;
use super::go_template_tree::{Node, Token, parse};
use super::json::display;

const MOST_OUTPUT: usize = 1 << 20;
const DEEPEST: usize = 40;

/// Fills a template in. `open` parameters hold more than is known here.
pub(super) fn render(
    text: &str,
    values: &Map<String, Json>,
    open: bool,
    strict: bool,
) -> Result<String, String> {
    let root = Json::Object(values.clone());
    let nodes = parse(text)?;
    let mut run =
        Run { out: String::new(), variables: vec![("$".to_owned(), root.clone())], open, strict };
    run.nodes(&nodes, &root)?;
    Ok(run.out)
}

struct Run {
    out: String,
    variables: Vec<(String, Json)>,
    open: bool,
    strict: bool,
}

impl Run {
    fn nodes(&mut self, nodes: &[Node], context: &Json) -> Result<(), String> {
        for node in nodes {
            if self.out.len() > MOST_OUTPUT {
                return Err("the template makes too long a text".to_owned());
            }
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Print(tokens) => {
                    let value = self.evaluate(tokens, context)?;
                    let text =
                        if value.is_null() { "<no value>".to_owned() } else { display(&value) };
                    self.out.push_str(&text);
                }
                Node::Set(name, tokens) => {
                    let value = self.evaluate(tokens, context)?;
                    match self.variables.iter_mut().rev().find(|(known, _)| known == name) {
                        Some((_, place)) => *place = value,
                        None => self.variables.push((name.clone(), value)),
                    }
                }
                Node::If(condition, body, otherwise) => {
                    let value = self.evaluate(condition, context)?;
                    self.decide(&value)?;
                    self.scoped(
                        if go_function::is_true(&value) { body } else { otherwise },
                        context,
                    )?;
                }
                Node::With(tokens, body, otherwise) => {
                    let value = self.evaluate(tokens, context)?;
                    self.decide(&value)?;
                    match go_function::is_true(&value) {
                        true => self.scoped(body, &value)?,
                        false => self.scoped(otherwise, context)?,
                    }
                }
                Node::Range { names, over, body, otherwise } => {
                    let value = self.evaluate(over, context)?;
                    self.decide(&value)?;
                    self.range(names, &value, body, (otherwise, context))?;
                }
            }
        }
        Ok(())
    }

    /// What only the cluster knows decides nothing here.
    fn decide(&self, value: &Json) -> Result<(), String> {
        match value.as_str() {
            Some(UNKNOWN) if self.open => {
                Err("it depends on what only the cluster knows".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn scoped(&mut self, nodes: &[Node], context: &Json) -> Result<(), String> {
        let known = self.variables.len();
        let done = self.nodes(nodes, context);
        self.variables.truncate(known);
        done
    }

    fn range(
        &mut self,
        names: &[String],
        over: &Json,
        body: &[Node],
        (otherwise, context): (&[Node], &Json),
    ) -> Result<(), String> {
        let entries: Vec<(Json, Json)> = match over {
            Json::Array(items) => {
                items.iter().enumerate().map(|(at, it)| (Json::from(at), it.clone())).collect()
            }
            Json::Object(map) => {
                let mut keys: Vec<&String> = map.keys().collect();
                keys.sort();
                keys.into_iter().map(|key| (Json::from(key.as_str()), map[key].clone())).collect()
            }
            Json::Null => Vec::new(),
            _ => return Err("`range` goes through lists and mappings only".to_owned()),
        };
        if entries.is_empty() {
            return self.scoped(otherwise, context);
        }
        for (key, value) in entries {
            let known = self.variables.len();
            match names {
                [item] => self.variables.push((item.clone(), value.clone())),
                [index, item] => {
                    self.variables.push((index.clone(), key));
                    self.variables.push((item.clone(), value.clone()));
                }
                _ => {}
            }
            let done = self.nodes(body, &value);
            self.variables.truncate(known);
            done?;
        }
        Ok(())
    }

    fn evaluate(&self, tokens: &[Token], context: &Json) -> Result<Json, String> {
        let mut tokens = tokens.iter().peekable();
        let value = self.pipeline(&mut tokens, context, 0)?;
        match tokens.next() {
            None => Ok(value),
            Some(_) => Err("a parenthesis of the template is not opened".to_owned()),
        }
    }

    fn pipeline(
        &self,
        tokens: &mut std::iter::Peekable<std::slice::Iter<'_, Token>>,
        context: &Json,
        depth: usize,
    ) -> Result<Json, String> {
        if depth > DEEPEST {
            return Err("the template is nested too deeply".to_owned());
        }
        let mut piped: Option<Json> = None;
        loop {
            let mut function: Option<&str> = None;
            let mut arguments: Vec<Json> = Vec::new();
            let mut count = 0;
            while let Some(token) =
                tokens.next_if(|it| !matches!(it, Token::Pipe | Token::Close(_)))
            {
                let value = match token {
                    Token::Word(word) if count == 0 => {
                        function = Some(word);
                        count += 1;
                        continue;
                    }
                    Token::Word(word) => self.call(word, Vec::new())?,
                    Token::Value(value) => value.clone(),
                    Token::Fields(fields) => self.fields(context, fields)?,
                    Token::Variable(name, fields) => {
                        let known = self.variables.iter().rev().find(|(known, _)| known == name);
                        let (_, value) = known.ok_or_else(|| format!("`{name}` is not set"))?;
                        self.fields(value, fields)?
                    }
                    Token::Open => {
                        let value = self.pipeline(tokens, context, depth + 1)?;
                        match tokens.next() {
                            Some(Token::Close(fields)) => self.fields(&value, fields)?,
                            _ => {
                                return Err(
                                    "a parenthesis of the template is not closed".to_owned()
                                );
                            }
                        }
                    }
                    Token::Pipe | Token::Close(_) => continue,
                };
                arguments.push(value);
                count += 1;
            }
            arguments.extend(piped.take());
            let value = match (function, arguments.len()) {
                (Some(function), _) => self.call(function, arguments)?,
                (None, 1) => arguments.remove(0),
                (None, _) => return Err("an action of the template is not understood".to_owned()),
            };
            if tokens.next_if(|it| matches!(it, Token::Pipe)).is_none() {
                return Ok(value);
            }
            piped = Some(value);
        }
    }

    fn call(&self, function: &str, arguments: Vec<Json>) -> Result<Json, String> {
        let unknown = Json::from(UNKNOWN);
        // Whatever is made of what only the cluster knows, only the cluster knows.
        if self.open && arguments.contains(&unknown) {
            return Ok(unknown);
        }
        go_function::call(function, &arguments)
    }

    fn fields(&self, value: &Json, fields: &[String]) -> Result<Json, String> {
        let mut value = value;
        for field in fields {
            if self.open && value.as_str() == Some(UNKNOWN) {
                return Ok(Json::from(UNKNOWN));
            }
            match value.get(field) {
                Some(found) => value = found,
                None if self.open => return Ok(Json::from(UNKNOWN)),
                None if self.strict => return Err(format!("there is no parameter `{field}`")),
                None => return Ok(Json::Null),
            }
        }
        Ok(value.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rendered(text: &str, open: bool, strict: bool) -> Result<String, String> {
        let values = json!({
            "environment": "staging", "path": {"path": "apps/web", "basename": "web", "segments": ["apps", "web"]},
            "tags": ["a", "b"], "labels": {"z": "1", "a": "2"}, "on": true, "count": 3, "empty": "",
        });
        render(text, values.as_object().unwrap(), open, strict)
    }

    #[test]
    fn templates_are_filled_in_as_go_does() {
        for (text, want) in [
            ("x-{{ .environment }}-y", "x-staging-y"),
            ("{{.path.basename}}", "web"),
            ("{{ index .path.segments 0 }}", "apps"),
            ("{{ index .path \"basename\" | upper }}", "WEB"),
            ("{{ .missing }}", "<no value>"),
            ("{{ .missing | default \"d\" }}", "d"),
            ("{{ default \"d\" .empty }}", "d"),
            ("{{ if eq .environment \"staging\" }}s{{ else }}p{{ end }}", "s"),
            ("{{ if and .on (gt .count 2) }}many{{ end }}", "many"),
            ("{{ if .empty }}a{{ else if .on }}b{{ else }}c{{ end }}", "b"),
            ("{{ range .tags }}[{{ . }}]{{ end }}", "[a][b]"),
            ("{{ range $k, $v := .labels }}{{ $k }}={{ $v }};{{ end }}", "a=2;z=1;"),
            ("{{ range $i, $t := .tags }}{{ $i }}{{ $t }}{{ end }}", "0a1b"),
            ("{{ with .path }}{{ .basename }}{{ $.environment }}{{ end }}", "webstaging"),
            ("{{ $x := .environment }}{{ $x | quote }}", "\"staging\""),
            ("a {{- /* c */ -}} b", "ab"),
            ("a {{- .count -}} b", "a3b"),
            ("{{ printf \"%s-%d\" .environment .count }}", "staging-3"),
            ("{{ (index .path.segments 1) | trimPrefix \"w\" }}", "eb"),
            ("{{ \"}}\" }}", "}}"),
            ("{{ normalize \"A_b/c\" }}", "a-b-c"),
            ("{{ .path.path | replace \"/\" \"-\" }}", "apps-web"),
            ("{{ ternary \"y\" \"n\" .on }}", "y"),
            ("{{ .tags | join \",\" }}", "a,b"),
        ] {
            assert_eq!(rendered(text, false, false).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_guess() {
        assert!(rendered("{{ .missing }}", false, true).is_err());
        assert_eq!(
            rendered("{{ .cluster.name }}-{{ .environment }}", true, true).unwrap(),
            format!("{UNKNOWN}-staging")
        );
        assert_eq!(rendered("{{ .cluster | upper }}", true, true).unwrap(), UNKNOWN);
        assert!(rendered("{{ if .cluster }}a{{ end }}", true, true).is_err());
        for text in [
            "{{ genSelfSignedCert }}",
            "{{ define \"x\" }}{{ end }}",
            "{{ if .on }}",
            "{{ .a",
            "{{ ( }}",
            "{{ ) }}",
            "{{ \"a }}",
            "{{ }}",
            "{{ .a .b }}",
            "{{ $nobody }}",
            "{{ range .on }}{{ end }}",
            "{{ else }}",
            "{{ é! }}",
        ] {
            let told = rendered(text, false, false);
            assert!(told.is_err() || text == "{{ else }}", "{text}: {told:?}");
        }
        let deep = "{{ if .on }}".repeat(5_000);
        assert!(rendered(&deep, false, false).is_err());
        let deep = format!("{{{{ {} }}}}", "(".repeat(5_000));
        assert!(rendered(&deep, false, false).is_err());
    }
}
