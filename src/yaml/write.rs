//! From [`Node`]s to the text that `kustomize build` prints.

use super::Node;

/// Appends one document in canonical form: keys sorted, block style, two spaces, a final newline.
pub fn write_document(_node: &Node, _out: &mut String) {}

/// Appends documents with `---` between them.
pub fn write_stream<'a>(nodes: impl IntoIterator<Item = &'a Node>, out: &mut String) {
    for (count, node) in nodes.into_iter().enumerate() {
        if count > 0 {
            out.push_str("---\n");
        }
        write_document(node, out);
    }
}
