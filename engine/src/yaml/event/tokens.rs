//! A text as tokens. Indentation becomes tokens of its own, and a key without `?` gets its [`Token::Key`]
//! once the `:` behind it is met.

use std::collections::VecDeque;
use std::ops::Range;

use super::super::fault::Fault;
use super::cursor::Cursor;
use super::token::{Placed, Token};
use super::{decoration, directive, literal, plain, quoted};
use crate::yaml::Style;

/// How far behind the beginning of a key its `:` may be, in characters (YAML 1.2, 7.4.3).
const KEY_CHARACTERS: usize = 1024;

const IN_KEY: &str = "while scanning a simple key";
const NO_VALUE: &str = "could not find expected ':'";

/// What may turn out to be a key.
#[derive(Clone, Debug)]
struct PossibleKey {
    /// Whether nothing else can be here.
    is_required: bool,
    /// The number of its first token.
    token: usize,
    at: usize,
    characters: usize,
    line: usize,
    column: usize,
}

/// The tokens of a text, one after the other.
pub(super) struct Tokens<'t> {
    cursor: Cursor<'t>,
    queue: VecDeque<Placed>,
    /// How many tokens were taken from the queue.
    taken: usize,
    /// Whether the last token was found.
    is_done: bool,
    /// The columns of the open block collections.
    indents: Vec<usize>,
    /// What may be a key: in the block, then in each flow collection that is open.
    keys: Vec<Option<PossibleKey>>,
    /// Whether a key may begin here.
    may_begin_key: bool,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            cursor: Cursor::new(text),
            queue: VecDeque::new(),
            taken: 0,
            is_done: false,
            indents: Vec::new(),
            keys: vec![None],
            may_begin_key: true,
        }
    }

    /// The next token, which stays.
    pub(super) fn peek(&mut self) -> Result<&Placed, Fault> {
        while !self.is_done && self.wants_more()? {
            self.fetch()?;
        }
        let end = self.cursor.at;
        self.queue.front().ok_or_else(|| Fault::new(end, "the text ends early"))
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<Placed, Fault> {
        self.peek()?;
        self.taken += 1;
        let end = self.cursor.at;
        self.queue.pop_front().ok_or_else(|| Fault::new(end, "the text ends early"))
    }

    /// Whether the next token is not known yet: there is none, or it may turn out to be behind a key's.
    fn wants_more(&mut self) -> Result<bool, Fault> {
        if self.queue.is_empty() {
            return Ok(true);
        }
        self.forget_old_keys()?;
        Ok(self.keys.iter().flatten().any(|key| key.token == self.taken))
    }

    /// What lies on another line, or too far behind, is no key.
    fn forget_old_keys(&mut self) -> Result<(), Fault> {
        let cursor = &self.cursor;
        for place in &mut self.keys {
            let is_old = |key: &PossibleKey| {
                key.line < cursor.line || key.characters + KEY_CHARACTERS < cursor.characters
            };
            if let Some(key) = place.take_if(|key| is_old(key))
                && key.is_required
            {
                return Err(cursor.fault(IN_KEY, NO_VALUE));
            }
        }
        Ok(())
    }

    const fn is_flow(&self) -> bool {
        self.keys.len() > 1
    }

    fn fetch(&mut self) -> Result<(), Fault> {
        self.go_to_next();
        self.forget_old_keys()?;
        self.end_blocks(Some(self.cursor.column));
        if self.cursor.is_end() {
            return self.end();
        }
        if self.cursor.column == 0 && self.cursor.byte(0) == b'%' {
            return self.directive();
        }
        if self.cursor.is_marker(b'-') {
            return self.document_marker(Token::DocumentStart);
        }
        if self.cursor.is_marker(b'.') {
            return self.document_marker(Token::DocumentEnd);
        }
        let is_flow = self.is_flow();
        let stands_alone = self.cursor.is_word_end(1);
        match self.cursor.byte(0) {
            b'[' => self.begin_flow(Token::FlowSequence),
            b'{' => self.begin_flow(Token::FlowMapping),
            b']' => self.end_flow(Token::FlowSequenceEnd),
            b'}' => self.end_flow(Token::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if stands_alone => self.block_entry(),
            b'?' if is_flow || stands_alone => self.key(),
            b':' if is_flow || stands_alone => self.value(),
            b'*' | b'&' => self.anchor(),
            b'!' => self.tag(),
            b'|' | b'>' if !is_flow => self.literal(),
            b'\'' | b'"' => self.quoted(),
            b'|' | b'>' | b'#' | b'%' | b'@' | b'`' => self.no_token(),
            _ if self.cursor.is_word_end(0) => self.no_token(),
            _ => self.plain(),
        }
    }

    fn no_token(&self) -> Result<(), Fault> {
        let problem = "found character that cannot start any token";
        Err(self.cursor.fault("while scanning for the next token", problem))
    }

    /// Goes over blanks, comments and lines without content. A tab is no indentation.
    fn go_to_next(&mut self) {
        loop {
            if self.cursor.column == 0 && self.cursor.is_byte_order_mark() {
                self.cursor.skip();
            }
            let takes_tabs = self.is_flow() || !self.may_begin_key;
            self.cursor.skip_while(|it| it.byte(0) == b' ' || takes_tabs && it.byte(0) == b'\t');
            if self.cursor.byte(0) == b'#' {
                self.cursor.skip_while(|it| !it.is_break(0));
            }
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.skip_break();
            self.may_begin_key |= !self.is_flow();
        }
    }

    fn push(&mut self, token: Token, span: Range<usize>) {
        self.queue.push_back(Placed { token, span });
    }

    /// A token of that many bytes at the cursor.
    fn push_mark(&mut self, token: Token, length: usize) {
        let start = self.cursor.at;
        self.cursor.skip_many(length);
        self.push(token, start..self.cursor.at);
    }

    /// Ends the block collections that lie deeper than a column; without one all.
    fn end_blocks(&mut self, column: Option<usize>) {
        if self.is_flow() {
            return;
        }
        let at = self.cursor.at;
        while self.indents.pop_if(|indent| column.is_none_or(|column| *indent > column)).is_some() {
            self.push(Token::BlockEnd, at..at);
        }
    }

    /// Begins a block collection at a column, if that is deeper than the open ones. Its token comes at a
    /// place of the queue, or at its end.
    fn begin_block(&mut self, column: usize, token: Token, at: usize, place: Option<usize>) {
        if self.is_flow() || self.indents.last().is_some_and(|indent| *indent >= column) {
            return;
        }
        self.indents.push(column);
        let place = place.unwrap_or(self.queue.len());
        self.queue.insert(place, Placed { token, span: at..at });
    }

    /// Notes that a key may begin at the cursor.
    fn note_key(&mut self) -> Result<(), Fault> {
        if !self.may_begin_key {
            return Ok(());
        }
        let key = PossibleKey {
            is_required: !self.is_flow() && self.indents.last() == Some(&self.cursor.column),
            token: self.taken + self.queue.len(),
            at: self.cursor.at,
            characters: self.cursor.characters,
            line: self.cursor.line,
            column: self.cursor.column,
        };
        self.forget_key()?;
        if let Some(place) = self.keys.last_mut() {
            *place = Some(key);
        }
        Ok(())
    }

    /// What may have been a key here is none.
    fn forget_key(&mut self) -> Result<(), Fault> {
        match self.keys.last_mut().and_then(Option::take) {
            Some(key) if key.is_required => Err(self.cursor.fault(IN_KEY, NO_VALUE)),
            _ => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.cursor.end_line();
        self.end_blocks(None);
        self.forget_key()?;
        self.may_begin_key = false;
        self.is_done = true;
        self.push_mark(Token::StreamEnd, 0);
        Ok(())
    }

    fn directive(&mut self) -> Result<(), Fault> {
        self.end_blocks(None);
        self.forget_key()?;
        self.may_begin_key = false;
        let start = self.cursor.at;
        let (token, end) = directive::scan(&mut self.cursor)?;
        self.push(token, start..end);
        Ok(())
    }

    fn document_marker(&mut self, token: Token) -> Result<(), Fault> {
        self.end_blocks(None);
        self.forget_key()?;
        self.may_begin_key = false;
        self.push_mark(token, 3);
        Ok(())
    }

    fn begin_flow(&mut self, token: Token) -> Result<(), Fault> {
        self.note_key()?;
        self.keys.push(None);
        self.may_begin_key = true;
        self.push_mark(token, 1);
        Ok(())
    }

    fn end_flow(&mut self, token: Token) -> Result<(), Fault> {
        self.forget_key()?;
        if self.is_flow() {
            self.keys.pop();
        }
        self.may_begin_key = false;
        self.push_mark(token, 1);
        Ok(())
    }

    fn flow_entry(&mut self) -> Result<(), Fault> {
        self.forget_key()?;
        self.may_begin_key = true;
        self.push_mark(Token::FlowEntry, 1);
        Ok(())
    }

    /// Begins a block collection at the cursor, where one may begin.
    fn begin_block_here(&mut self, token: Token, problem: &str) -> Result<(), Fault> {
        if !self.is_flow() && !self.may_begin_key {
            return Err(Fault::new(self.cursor.at, problem));
        }
        self.begin_block(self.cursor.column, token, self.cursor.at, None);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), Fault> {
        let problem = "block sequence entries are not allowed in this context";
        self.begin_block_here(Token::BlockSequence, problem)?;
        self.forget_key()?;
        self.may_begin_key = true;
        self.push_mark(Token::BlockEntry, 1);
        Ok(())
    }

    fn key(&mut self) -> Result<(), Fault> {
        let problem = "mapping keys are not allowed in this context";
        self.begin_block_here(Token::BlockMapping, problem)?;
        self.forget_key()?;
        self.may_begin_key = !self.is_flow();
        self.push_mark(Token::Key, 1);
        Ok(())
    }

    /// A `:`. What may have been a key before it was one.
    fn value(&mut self) -> Result<(), Fault> {
        if let Some(key) = self.keys.last_mut().and_then(Option::take) {
            let place = key.token - self.taken;
            self.queue.insert(place, Placed { token: Token::Key, span: key.at..key.at });
            self.begin_block(key.column, Token::BlockMapping, key.at, Some(place));
            self.may_begin_key = false;
        } else {
            let problem = "mapping values are not allowed in this context";
            self.begin_block_here(Token::BlockMapping, problem)?;
            self.may_begin_key = !self.is_flow();
        }
        self.push_mark(Token::Value, 1);
        Ok(())
    }

    fn anchor(&mut self) -> Result<(), Fault> {
        self.note_key()?;
        self.may_begin_key = false;
        let (start, is_anchor) = (self.cursor.at, self.cursor.byte(0) == b'&');
        let name = decoration::anchor(&mut self.cursor)?;
        let token = if is_anchor { Token::Anchor(name) } else { Token::Alias(name) };
        self.push(token, start..self.cursor.at);
        Ok(())
    }

    fn tag(&mut self) -> Result<(), Fault> {
        self.note_key()?;
        self.may_begin_key = false;
        let start = self.cursor.at;
        let (handle, suffix) = decoration::tag(&mut self.cursor)?;
        self.push(Token::Tag { handle, suffix }, start..self.cursor.at);
        Ok(())
    }

    fn literal(&mut self) -> Result<(), Fault> {
        self.forget_key()?;
        self.may_begin_key = true;
        let scalar = literal::scan(&mut self.cursor, self.indents.last().copied())?;
        self.push(Token::Scalar { text: scalar.text, style: scalar.style }, scalar.span);
        Ok(())
    }

    fn quoted(&mut self) -> Result<(), Fault> {
        self.note_key()?;
        self.may_begin_key = false;
        let start = self.cursor.at;
        let is_single = self.cursor.byte(0) == b'\'';
        let style = if is_single { Style::SingleQuoted } else { Style::DoubleQuoted };
        let text = quoted::scan(&mut self.cursor)?;
        self.push(Token::Scalar { text, style }, start..self.cursor.at);
        Ok(())
    }

    fn plain(&mut self) -> Result<(), Fault> {
        self.note_key()?;
        self.may_begin_key = false;
        let indent = self.indents.last().map_or(0, |indent| indent + 1);
        let is_flow = self.is_flow();
        let scalar = plain::scan(&mut self.cursor, indent, is_flow)?;
        self.may_begin_key |= scalar.ends_line;
        self.push(Token::Scalar { text: scalar.text, style: Style::Plain }, scalar.span);
        Ok(())
    }
}
