//! Which tokens make a node: the productions of YAML 1.1, as events.

use super::super::Style;
use super::super::fault::Fault;
use super::kind::{Event, Kind, Properties};
use super::token::{Placed, Token};
use super::tokens::Tokens;

/// What is expected next.
#[derive(Clone, Copy, Debug)]
enum State {
    /// A document, or the end of the text.
    Document {
        is_first: bool,
    },
    /// What an explicit document holds, if anything.
    DocumentContent,
    DocumentEnd,
    /// A node in a block.
    BlockNode,
    BlockSequence,
    /// A list whose entries are indented no deeper than the key above.
    IndentlessSequence,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequence {
        is_first: bool,
    },
    /// `[key: value]` is a list of a mapping.
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingKey {
        is_first: bool,
    },
    FlowMappingValue,
    /// A key without a `:`.
    FlowMappingNoValue,
    End,
}

/// The events of a text, one after the other.
pub(in crate::yaml) struct Events<'t> {
    tokens: Tokens<'t>,
    state: State,
    /// What is expected once the open nodes have ended.
    states: Vec<State>,
    /// Handles of tags and what they stand for, of this document.
    handles: Vec<(String, String)>,
}

/// Handles that every document knows.
const HANDLES: [(&str, &str); 2] = [("!", "!"), ("!!", "tag:yaml.org,2002:")];

impl<'t> Events<'t> {
    /// # Errors
    /// At a character that YAML does not allow anywhere.
    pub(in crate::yaml) fn new(text: &'t str) -> Result<Self, Fault> {
        if let Some(at) = control_character(text) {
            return Err(Fault::new(at, "a control character that YAML does not allow"));
        }
        Ok(Self {
            tokens: Tokens::new(text),
            state: State::Document { is_first: true },
            states: Vec::new(),
            handles: Vec::new(),
        })
    }

    /// The next event; [`Kind::StreamEnd`] is the last.
    pub(in crate::yaml) fn next(&mut self) -> Result<Event, Fault> {
        match self.state {
            State::Document { is_first } => self.document(is_first),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(In::Block),
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequence { is_first } => self.flow_sequence(is_first),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_value(State::FlowPairEnd, &Token::FlowSequenceEnd),
            State::FlowPairEnd => {
                let at = self.tokens.peek()?.span.start;
                self.state = State::FlowSequence { is_first: false };
                Ok(Event { kind: Kind::MappingEnd, span: at..at })
            }
            State::FlowMappingKey { is_first } => self.flow_mapping_key(is_first),
            State::FlowMappingValue => {
                self.flow_value(State::FlowMappingKey { is_first: false }, &Token::FlowMappingEnd)
            }
            State::FlowMappingNoValue => {
                let at = self.tokens.peek()?.span.start;
                Ok(self.nothing(at, State::FlowMappingKey { is_first: false }))
            }
            State::End => {
                let at = self.tokens.peek()?.span.start;
                Ok(Event { kind: Kind::StreamEnd, span: at..at })
            }
        }
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// A scalar that is not written.
    fn nothing(&mut self, at: usize, then: State) -> Event {
        self.state = then;
        let properties = Properties::default();
        let kind = Kind::Scalar { properties, text: String::new(), style: Style::Plain };
        Event { kind, span: at..at }
    }

    /// A node, and what is expected behind it.
    fn node_then(&mut self, context: In, then: State) -> Result<Event, Fault> {
        self.states.push(then);
        self.node(context)
    }

    fn fault(&mut self, problem: &str, context: &str) -> Result<Event, Fault> {
        let at = self.tokens.peek()?.span.start;
        Err(Fault::new(at, format!("{problem}, {context}")))
    }

    fn document(&mut self, is_first: bool) -> Result<Event, Fault> {
        while !is_first && self.tokens.peek()?.token == Token::DocumentEnd {
            self.tokens.take()?;
        }
        let Placed { token, span } = self.tokens.peek()?.clone();
        let is_explicit =
            matches!(token, Token::Version(..) | Token::TagDirective { .. } | Token::DocumentStart);
        if token == Token::StreamEnd {
            self.state = State::End;
            return Ok(Event { kind: Kind::StreamEnd, span });
        }
        if is_first && !is_explicit {
            self.states.push(State::DocumentEnd);
            self.state = State::BlockNode;
            return Ok(Event { kind: Kind::DocumentStart { version: None }, span });
        }
        let version = self.directives()?;
        let start = self.tokens.peek()?;
        if start.token != Token::DocumentStart {
            return Err(Fault::new(start.span.start, "did not find expected <document start>"));
        }
        let end = self.tokens.take()?.span.end;
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(Event { kind: Kind::DocumentStart { version }, span: span.start..end })
    }

    fn directives(&mut self) -> Result<Option<(u32, u32)>, Fault> {
        let mut version = None;
        loop {
            let at = self.tokens.peek()?.span.start;
            match self.tokens.peek()?.token {
                Token::Version(..) if version.is_some() => {
                    return Err(Fault::new(at, "found duplicate %YAML directive"));
                }
                Token::Version(major, minor) => version = Some((major, minor)),
                Token::TagDirective { .. } => {}
                _ => return Ok(version),
            }
            if let Token::TagDirective { handle, prefix } = self.tokens.take()?.token {
                if self.handles.iter().any(|(known, _)| *known == handle) {
                    return Err(Fault::new(at, "found duplicate %TAG directive"));
                }
                self.handles.push((handle, prefix));
            }
        }
    }

    fn document_content(&mut self) -> Result<Event, Fault> {
        let Placed { token, span } = self.tokens.peek()?;
        let at = span.start;
        if matches!(
            token,
            Token::Version(..)
                | Token::TagDirective { .. }
                | Token::DocumentStart
                | Token::DocumentEnd
                | Token::StreamEnd
        ) {
            self.pop_state();
            return Ok(self.nothing(at, self.state));
        }
        self.node(In::Block)
    }

    fn document_end(&mut self) -> Result<Event, Fault> {
        let Placed { token, span } = self.tokens.peek()?;
        let mut span = span.start..span.start;
        if *token == Token::DocumentEnd {
            span = self.tokens.take()?.span;
        }
        self.handles.clear();
        self.state = State::Document { is_first: false };
        Ok(Event { kind: Kind::DocumentEnd, span })
    }

    fn node(&mut self, context: In) -> Result<Event, Fault> {
        let start = self.tokens.peek()?.span.start;
        if matches!(self.tokens.peek()?.token, Token::Alias(_))
            && let Placed { token: Token::Alias(name), span } = self.tokens.take()?
        {
            self.pop_state();
            return Ok(Event { kind: Kind::Alias(name), span });
        }
        let (properties, properties_end) = self.properties()?;
        let end = self.tokens.peek()?.span.end;
        if matches!(self.tokens.peek()?.token, Token::Scalar { .. })
            && let Token::Scalar { text, style } = self.tokens.take()?.token
        {
            self.pop_state();
            let kind = Kind::Scalar { properties, text, style };
            return Ok(Event { kind, span: start..end });
        }
        let (state, kind) = match &self.tokens.peek()?.token {
            Token::BlockEntry if context == In::IndentlessBlock => {
                self.state = State::IndentlessSequence;
                let kind = Kind::SequenceStart { properties, is_flow: false };
                return Ok(Event { kind, span: start..end });
            }
            Token::FlowSequence => (
                State::FlowSequence { is_first: true },
                Kind::SequenceStart { properties, is_flow: true },
            ),
            Token::FlowMapping => (
                State::FlowMappingKey { is_first: true },
                Kind::MappingStart { properties, is_flow: true },
            ),
            Token::BlockSequence if context != In::Flow => {
                (State::BlockSequence, Kind::SequenceStart { properties, is_flow: false })
            }
            Token::BlockMapping if context != In::Flow => {
                (State::BlockMappingKey, Kind::MappingStart { properties, is_flow: false })
            }
            _ if !properties.is_empty() => {
                self.pop_state();
                let kind = Kind::Scalar { properties, text: String::new(), style: Style::Plain };
                return Ok(Event { kind, span: start..properties_end });
            }
            _ => {
                let context = match context {
                    In::Flow => "while parsing a flow node",
                    In::Block | In::IndentlessBlock => "while parsing a block node",
                };
                return self.fault("did not find expected node content", context);
            }
        };
        self.tokens.take()?;
        self.state = state;
        Ok(Event { kind, span: start..end })
    }

    /// Anchor and tag, in either order, and where they end.
    fn properties(&mut self) -> Result<(Properties, usize), Fault> {
        let (mut anchor, mut tag) = (None, None);
        let mut end = self.tokens.peek()?.span.start;
        loop {
            match &self.tokens.peek()?.token {
                Token::Anchor(_) if anchor.is_none() => {}
                Token::Tag { .. } if tag.is_none() => {}
                _ => break,
            }
            let Placed { token, span } = self.tokens.take()?;
            end = span.end;
            match token {
                Token::Anchor(name) => anchor = Some(name),
                Token::Tag { handle, suffix } => tag = Some((handle, suffix, span.start)),
                _ => {}
            }
        }
        let tag = tag.map(|(handle, suffix, at)| self.resolve(&handle, suffix, at)).transpose()?;
        Ok((Properties { anchor, tag }, end))
    }

    /// A tag in full.
    fn resolve(&self, handle: &str, suffix: String, at: usize) -> Result<String, Fault> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        let own = self.handles.iter().map(|(known, prefix)| (known.as_str(), prefix.as_str()));
        let prefix = own.chain(HANDLES).find(|(known, _)| *known == handle);
        prefix
            .map(|(_, prefix)| format!("{prefix}{suffix}"))
            .ok_or_else(|| Fault::new(at, "found undefined tag handle, while parsing a node"))
    }

    fn end_collection(&mut self, kind: Kind) -> Result<Event, Fault> {
        let span = self.tokens.take()?.span;
        self.pop_state();
        Ok(Event { kind, span })
    }

    fn block_sequence(&mut self) -> Result<Event, Fault> {
        match self.tokens.peek()?.token {
            Token::BlockEntry => {
                let at = self.tokens.take()?.span.end;
                match self.tokens.peek()?.token {
                    Token::BlockEntry | Token::BlockEnd => {
                        Ok(self.nothing(at, State::BlockSequence))
                    }
                    _ => self.node_then(In::Block, State::BlockSequence),
                }
            }
            Token::BlockEnd => self.end_collection(Kind::SequenceEnd),
            _ => self
                .fault("did not find expected '-' indicator", "while parsing a block collection"),
        }
    }

    fn indentless_sequence(&mut self) -> Result<Event, Fault> {
        if self.tokens.peek()?.token != Token::BlockEntry {
            let at = self.tokens.peek()?.span.start;
            self.pop_state();
            return Ok(Event { kind: Kind::SequenceEnd, span: at..at });
        }
        let at = self.tokens.take()?.span.end;
        match self.tokens.peek()?.token {
            Token::BlockEntry | Token::Key | Token::Value | Token::BlockEnd => {
                Ok(self.nothing(at, State::IndentlessSequence))
            }
            _ => self.node_then(In::Block, State::IndentlessSequence),
        }
    }

    fn block_mapping_key(&mut self) -> Result<Event, Fault> {
        match self.tokens.peek()?.token {
            Token::Key => self.block_mapping_node(State::BlockMappingValue),
            Token::BlockEnd => self.end_collection(Kind::MappingEnd),
            _ => self.fault("did not find expected key", "while parsing a block mapping"),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event, Fault> {
        let token = self.tokens.peek()?;
        if token.token == Token::Value {
            return self.block_mapping_node(State::BlockMappingKey);
        }
        let at = token.span.start;
        Ok(self.nothing(at, State::BlockMappingKey))
    }

    /// What stands behind a key's or value's token, if anything.
    fn block_mapping_node(&mut self, then: State) -> Result<Event, Fault> {
        let at = self.tokens.take()?.span.end;
        match self.tokens.peek()?.token {
            Token::Key | Token::Value | Token::BlockEnd => Ok(self.nothing(at, then)),
            _ => self.node_then(In::IndentlessBlock, then),
        }
    }

    /// Goes over the `,` between two entries; false where the collection ends.
    fn flow_entry(&mut self, is_first: bool, end: &Token) -> Result<bool, Fault> {
        if self.tokens.peek()?.token == *end {
            return Ok(false);
        }
        if !is_first {
            match self.tokens.peek()? {
                Placed { token: Token::FlowEntry, .. } => self.tokens.take().map(drop)?,
                Placed { token: Token::Key, span } if !span.is_empty() => {
                    // It begins a key anywhere, though YAML 1.2 has it within a text.
                    let reason = "a `?` in a flow collection, which kustomize does not read: put the text in \
                                  quotes";
                    return Err(Fault::new(span.start, reason));
                }
                _ => self.no_flow_entry(end)?,
            }
        }
        Ok(self.tokens.peek()?.token != *end)
    }

    fn no_flow_entry(&mut self, end: &Token) -> Result<(), Fault> {
        let (bracket, what) = match end {
            Token::FlowSequenceEnd => (']', "sequence"),
            _ => ('}', "mapping"),
        };
        let problem = format!("did not find expected ',' or '{bracket}'");
        self.fault(&problem, &format!("while parsing a flow {what}")).map(drop)
    }

    fn flow_sequence(&mut self, is_first: bool) -> Result<Event, Fault> {
        if !self.flow_entry(is_first, &Token::FlowSequenceEnd)? {
            return self.end_collection(Kind::SequenceEnd);
        }
        if self.tokens.peek()?.token != Token::Key {
            return self.node_then(In::Flow, State::FlowSequence { is_first: false });
        }
        let span = self.tokens.take()?.span;
        self.state = State::FlowPairKey;
        let properties = Properties::default();
        Ok(Event { kind: Kind::MappingStart { properties, is_flow: true }, span })
    }

    fn flow_pair_key(&mut self) -> Result<Event, Fault> {
        match self.tokens.peek()?.token {
            Token::Value | Token::FlowEntry | Token::FlowSequenceEnd => {
                // The token goes with the key that is not there, in libyaml and go-yaml alike.
                let at = self.tokens.take()?.span.end;
                Ok(self.nothing(at, State::FlowPairValue))
            }
            _ => self.node_then(In::Flow, State::FlowPairValue),
        }
    }

    /// What stands behind a `:` in a flow collection that `end` ends, if anything.
    fn flow_value(&mut self, then: State, end: &Token) -> Result<Event, Fault> {
        if self.tokens.peek()?.token == Token::Value {
            self.tokens.take()?;
            let next = &self.tokens.peek()?.token;
            if *next != Token::FlowEntry && next != end {
                return self.node_then(In::Flow, then);
            }
        }
        let at = self.tokens.peek()?.span.start;
        Ok(self.nothing(at, then))
    }

    fn flow_mapping_key(&mut self, is_first: bool) -> Result<Event, Fault> {
        if !self.flow_entry(is_first, &Token::FlowMappingEnd)? {
            return self.end_collection(Kind::MappingEnd);
        }
        if self.tokens.peek()?.token != Token::Key {
            return self.node_then(In::Flow, State::FlowMappingNoValue);
        }
        self.tokens.take()?;
        let Placed { token, span } = self.tokens.peek()?;
        let at = span.start;
        match token {
            Token::Value | Token::FlowEntry | Token::FlowMappingEnd => {
                Ok(self.nothing(at, State::FlowMappingValue))
            }
            _ => self.node_then(In::Flow, State::FlowMappingValue),
        }
    }
}

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum In {
    Flow,
    Block,
    /// Behind a key, where a list need not be indented.
    IndentlessBlock,
}

/// What go-yaml's reader refuses anywhere in a text (readerc.go).
fn control_character(text: &str) -> Option<usize> {
    let refused = |c: char| {
        !matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}')
            && c < '\u{10000}'
    };
    text.char_indices().find(|(_, c)| refused(*c)).map(|(at, _)| at)
}
