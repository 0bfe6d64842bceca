//! A pull request's body as HTML: Markdown with nothing of its HTML but what folds.
//!
//! Everything else that looks like HTML is shown as text. Diffs get their colours.

use pulldown_cmark::{
    BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd,
};

/// The body as HTML in which everything is escaped.
pub(super) fn render(body: &str) -> String {
    let options = Options::ENABLE_GFM
        | Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH;
    let mut page = Page { out: String::with_capacity(body.len() * 2), ..Page::default() };
    Parser::new_ext(body, options).for_each(|event| page.event(event));
    page.finish()
}

#[derive(Default)]
struct Page {
    out: String,
    /// The diff or code that is being read, and whether it is a diff.
    code: Option<(bool, String)>,
    /// How many details are open.
    folded: usize,
    in_head: bool,
    /// The heading that was begun last.
    heading: u8,
}

impl Page {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None => escape(&text, &mut self.out),
            },
            Event::Code(text) => {
                self.out.push_str("<code>");
                escape(&text, &mut self.out);
                self.out.push_str("</code>");
            }
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html),
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>"),
            Event::Rule => self.out.push_str("<hr>"),
            Event::TaskListMarker(done) => {
                self.out.push_str(if done {
                    "<span class=\"done\">done:</span> "
                } else {
                    "<span class=\"todo\">open:</span> "
                });
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let open = match tag {
            Tag::Paragraph => "<p>",
            Tag::Heading { level, .. } => self.heading(level),
            Tag::BlockQuote(kind) => quote(kind),
            Tag::List(Some(_)) => "<ol>",
            Tag::List(None) => "<ul>",
            Tag::Item => "<li>",
            Tag::Emphasis => "<em>",
            Tag::Strong => "<strong>",
            Tag::Strikethrough => "<del>",
            Tag::Table(_) => "<div class=\"wide\" tabindex=\"0\"><table>",
            Tag::TableHead => {
                self.in_head = true;
                "<thead><tr>"
            }
            Tag::TableRow => "<tr>",
            Tag::TableCell if self.in_head => "<th scope=\"col\">",
            Tag::TableCell => "<td>",
            Tag::CodeBlock(kind) => {
                let is_diff =
                    matches!(&kind, CodeBlockKind::Fenced(name) if name.starts_with("diff"));
                self.code = Some((is_diff, String::new()));
                ""
            }
            Tag::Link { dest_url, .. } => {
                // Whoever wrote it, it leads to a site or nowhere.
                if dest_url.starts_with("https://") {
                    self.out.push_str("<a rel=\"noreferrer\" href=\"");
                    escape(&dest_url, &mut self.out);
                    "\">"
                } else {
                    "<a>"
                }
            }
            _ => "",
        };
        self.out.push_str(open);
    }

    fn end(&mut self, tag: TagEnd) {
        let close = match tag {
            TagEnd::Paragraph => "</p>",
            TagEnd::Heading(_) => heading_tags(self.heading).1,
            TagEnd::BlockQuote(_) => "</blockquote>",
            TagEnd::List(true) => "</ol>",
            TagEnd::List(false) => "</ul>",
            TagEnd::Item => "</li>",
            TagEnd::Emphasis => "</em>",
            TagEnd::Strong => "</strong>",
            TagEnd::Strikethrough => "</del>",
            TagEnd::Table => "</tbody></table></div>",
            TagEnd::TableHead => {
                self.in_head = false;
                "</tr></thead><tbody>"
            }
            TagEnd::TableRow => "</tr>",
            TagEnd::TableCell if self.in_head => "</th>",
            TagEnd::TableCell => "</td>",
            TagEnd::CodeBlock => {
                if let Some((is_diff, code)) = self.code.take() {
                    self.code_block(is_diff, &code);
                }
                ""
            }
            TagEnd::Link => "</a>",
            _ => "",
        };
        self.out.push_str(close);
    }

    /// Headings stand below those of the page, and none is more than one step below the last.
    fn heading(&mut self, level: HeadingLevel) -> &'static str {
        self.heading = (level as u8).clamp(3, 5).min(self.heading.max(2) + 1);
        heading_tags(self.heading).0
    }

    fn code_block(&mut self, is_diff: bool, code: &str) {
        self.out.push_str("<pre tabindex=\"0\"><code>");
        for line in code.split_inclusive('\n') {
            let class = match line.as_bytes().first() {
                Some(b'+') if is_diff => "add",
                Some(b'-') if is_diff => "del",
                Some(b'@') if is_diff => "hunk",
                _ => "",
            };
            if class.is_empty() {
                escape(line, &mut self.out);
            } else {
                self.out.push_str(&format!("<span class=\"{class}\">"));
                escape(line, &mut self.out);
                self.out.push_str("</span>");
            }
        }
        self.out.push_str("</code></pre>");
    }

    /// What folds is kept, comments go, all else is text.
    fn html(&mut self, html: &str) {
        let mut rest = html;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("<!--") {
                rest = after.split_once("-->").map_or("", |(_, rest)| rest);
                continue;
            }
            let known = [
                "<details open>",
                "<details>",
                "</details>",
                "<summary>",
                "</summary>",
                "<br>",
                "<code>",
                "</code>",
            ];
            if let Some(tag) = known.into_iter().find(|tag| rest.starts_with(tag)) {
                rest = &rest[tag.len()..];
                match tag {
                    "<details>" | "<details open>" => self.folded += 1,
                    "</details>" if self.folded == 0 => continue,
                    "</details>" => self.folded -= 1,
                    _ => {}
                }
                self.out.push_str(tag);
                continue;
            }
            let next = rest.char_indices().skip(1).find(|(_, letter)| *letter == '<');
            let next = next.map_or(rest.len(), |(at, _)| at);
            // Text between tags may hold entities, which are ours.
            escape(&letters(&rest[..next]), &mut self.out);
            rest = &rest[next..];
        }
    }

    fn finish(mut self) -> String {
        for _ in 0..self.folded {
            self.out.push_str("</details>");
        }
        self.out
    }
}

/// A quote, or one of GitHub's alerts with its word.
const fn quote(kind: Option<BlockQuoteKind>) -> &'static str {
    match kind {
        None => "<blockquote>",
        Some(BlockQuoteKind::Warning | BlockQuoteKind::Caution) => {
            "<blockquote class=\"warning\"><p class=\"kind\">Warning</p>"
        }
        Some(BlockQuoteKind::Important) => {
            "<blockquote class=\"warning\"><p class=\"kind\">Important</p>"
        }
        Some(BlockQuoteKind::Note | BlockQuoteKind::Tip) => {
            "<blockquote><p class=\"kind\">Note</p>"
        }
    }
}

/// A text of HTML with its entities as letters.
fn letters(html: &str) -> String {
    let mut text = html.to_owned();
    for (entity, letter) in [
        ("&nbsp;", "\u{a0}"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#64;", "@"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, letter);
    }
    text
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
}

const fn heading_tags(level: u8) -> (&'static str, &'static str) {
    match level {
        3 => ("<h3>", "</h3>"),
        4 => ("<h4>", "</h4>"),
        _ => ("<h5>", "</h5>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diffs_are_coloured_and_folded() {
        let html = render(
            "<details>\n<summary>Deployment <code>web</code></summary>\n\n```diff\n-a: <b>\n+a: \"c\"\n```\n\n</details>\n",
        );
        assert!(html.contains("<summary>Deployment <code>web</code></summary>"), "{html}");
        assert!(html.contains("<span class=\"del\">-a: &lt;b&gt;\n</span>"), "{html}");
        assert!(html.contains("<span class=\"add\">+a: &quot;c&quot;\n</span>"), "{html}");
    }

    #[test]
    fn nothing_hostile_is_more_than_a_text() {
        for body in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "a <a href=\"javascript:alert(1)\">b</a>",
            "[x](javascript:alert(1))",
            "<details open onclick=x>",
            "`<script>`",
            "```\n</code></pre><script>\n```",
            "<details><script></details></details>",
            "![x](https://evil.example/x.png)",
            "| a |\n| --- |\n| <script> |",
        ] {
            let html = render(body);
            for bad in ["<script", "<img", "javascript:alert(1)\"", "onclick=x>", "<a href=\"j"] {
                assert!(!html.contains(bad), "{body}: {html}");
            }
            assert_eq!(
                html.matches("<details>").count(),
                html.matches("</details>").count(),
                "{body}"
            );
        }
    }
}
