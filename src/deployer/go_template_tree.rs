//! Reading Go's templates: a text cut at its actions, blocks as a tree, pipelines as tokens.

use serde_json::Value as Json;

const DEEPEST: usize = 40;

/// Reads a template.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, String> {
    let mut parts = parts(text)?;
    parts.reverse();
    Ok(block(&mut parts, 0)?.0)
}

enum Part {
    Text(String),
    Action(String),
}

/// The text cut at its actions, with the blanks around `{{-` and `-}}` gone.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut trim = false;
    loop {
        let (before, behind) = match rest.split_once("{{") {
            Some((before, behind)) => (before, Some(behind)),
            None => (rest, None),
        };
        let before = if trim { before.trim_start() } else { before };
        let trims = behind.is_some_and(|it| it.starts_with("- ") || it.starts_with("-\n"));
        let before = if trims { before.trim_end() } else { before };
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        let Some(behind) = behind else { return Ok(parts) };
        let behind = if trims { &behind[1..] } else { behind };
        let end = action_end(behind).ok_or("an action of the template does not end")?;
        let action = behind[..end].trim();
        trim = action.ends_with(" -") || action.ends_with("*/-");
        let action = if trim { action[..action.len() - 1].trim_end() } else { action };
        if !action.starts_with("/*") {
            parts.push(Part::Action(action.to_owned()));
        }
        rest = &behind[end + 2..];
    }
}

/// Where an action ends: at the first `}}` outside of quotes.
fn action_end(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None, '"' | '`') => quote = Some(c),
            (Some('"'), '\\') => _ = chars.next(),
            (Some(open), c) if open == c => quote = None,
            (None, '}') if chars.peek().is_some_and(|(_, next)| *next == '}') => return Some(at),
            _ => {}
        }
    }
    None
}

/// A part of a template.
pub(super) enum Node {
    Text(String),
    Print(Vec<Token>),
    Set(String, Vec<Token>),
    If(Vec<Token>, Vec<Self>, Vec<Self>),
    With(Vec<Token>, Vec<Self>, Vec<Self>),
    Range { names: Vec<String>, over: Vec<Token>, body: Vec<Self>, otherwise: Vec<Self> },
}

/// Reads up to the `end` or `else` that closes the block, which comes with it.
fn block(parts: &mut Vec<Part>, depth: usize) -> Result<(Vec<Node>, Option<String>), String> {
    if depth > DEEPEST {
        return Err("the template is nested too deeply".to_owned());
    }
    let mut nodes = Vec::new();
    while let Some(part) = parts.pop() {
        let action = match part {
            Part::Text(text) => {
                nodes.push(Node::Text(text));
                continue;
            }
            Part::Action(action) => action,
        };
        let (word, rest) = action.split_once(char::is_whitespace).unwrap_or((action.as_str(), ""));
        match word {
            "end" | "else" => return Ok((nodes, Some(action))),
            "if" | "with" | "range" => nodes.push(control(word, rest, parts, depth)?),
            "define" | "template" | "block" | "break" | "continue" => {
                return Err(format!("`{word}` in templates is not known here"));
            }
            _ => nodes.push(match assignment(&action) {
                Some((name, expression)) => Node::Set(name.to_owned(), tokens(expression)?),
                None => Node::Print(tokens(&action)?),
            }),
        }
    }
    if depth == 0 {
        Ok((nodes, None))
    } else {
        Err("a block of the template does not end".to_owned())
    }
}

fn control(word: &str, rest: &str, parts: &mut Vec<Part>, depth: usize) -> Result<Node, String> {
    let (body, closed) = block(parts, depth + 1)?;
    let otherwise = match closed.as_deref() {
        Some("else") => block(parts, depth + 1)?.0,
        Some(chained) if chained.starts_with("else ") => {
            let (word, rest) =
                chained[5..].trim().split_once(char::is_whitespace).unwrap_or(("", ""));
            vec![control(word, rest, parts, depth + 1)?]
        }
        _ => Vec::new(),
    };
    Ok(match word {
        "if" => Node::If(tokens(rest)?, body, otherwise),
        "with" => Node::With(tokens(rest)?, body, otherwise),
        "range" => {
            let (names, over) = rest.split_once(":=").unwrap_or(("", rest));
            let names = names.split(',').map(|it| it.trim().to_owned());
            let names = names.filter(|it| !it.is_empty()).collect();
            Node::Range { names, over: tokens(over)?, body, otherwise }
        }
        word => return Err(format!("`else {word}` in templates is not known here")),
    })
}

fn assignment(action: &str) -> Option<(&str, &str)> {
    let (name, expression) = action.split_once('=')?;
    let name = name.trim_end().trim_end_matches(':').trim_end();
    let is_name = name.starts_with('$') && !name.contains(|c: char| c.is_whitespace() || c == '.');
    is_name.then_some((name, expression))
}

/// A part of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A chain of fields, from the context.
    Fields(Vec<String>),
    /// A variable, and fields of it.
    Variable(String, Vec<String>),
    Value(Json),
    Word(String),
    Open,
    /// With fields of what was in the parentheses.
    Close(Vec<String>),
    Pipe,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => quoted(rest, &mut tokens)?,
            '`' => {
                let end = rest[1..].find('`').ok_or("a text of the template does not end")? + 1;
                tokens.push(Token::Value(Json::from(&rest[1..end])));
                end + 1
            }
            '(' => {
                tokens.push(Token::Open);
                1
            }
            ')' => {
                let fields = rest[1..].find(|c: char| !is_part(c)).unwrap_or(rest.len() - 1) + 1;
                tokens.push(Token::Close(chain(&rest[1..fields])));
                fields
            }
            '|' => {
                tokens.push(Token::Pipe);
                1
            }
            _ => {
                let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
                if end == 0 {
                    return Err(format!("`{first}` in templates is not known here"));
                }
                tokens.push(word(&rest[..end]));
                end
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '-')
}

fn chain(text: &str) -> Vec<String> {
    text.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn word(text: &str) -> Token {
    if let Some(fields) = text.strip_prefix('.') {
        return Token::Fields(chain(fields));
    }
    if text.starts_with('$') {
        let (name, fields) = text.split_once('.').unwrap_or((text, ""));
        return Token::Variable(name.to_owned(), chain(fields));
    }
    match text {
        "true" => Token::Value(Json::Bool(true)),
        "false" => Token::Value(Json::Bool(false)),
        "nil" => Token::Value(Json::Null),
        text => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Token::Value(Json::from(number)),
            (_, Ok(number)) => Token::Value(Json::from(number)),
            _ => Token::Word(text.to_owned()),
        },
    }
}

fn quoted(text: &str, tokens: &mut Vec<Token>) -> Result<usize, String> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| match (escaped, c) {
        (true, _) => {
            escaped = false;
            false
        }
        (false, '\\') => {
            escaped = true;
            false
        }
        (false, c) => *c == '"',
    });
    let end = end.ok_or("a text of the template does not end")?.0 + 1;
    let value = serde_json::from_str(&text[..end]).map_err(|_| "a text of the template is none")?;
    tokens.push(Token::Value(value));
    Ok(end)
}
