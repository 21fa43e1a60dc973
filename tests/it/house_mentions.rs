//! Every path that a source file names outside its tests: in code, in imports with their aliases,
//! in attributes and inside macros, each followed to the root of our crate where it starts there.
//! Whether a file may name it is not decided here.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::house_source::{
    Place, SourceFile, attributes_of, is_test_only, module_by_path, path_attribute, plain,
};

/// One path that a file names.
#[derive(Debug)]
pub(crate) struct Mention {
    /// Its segments, from the root of our crate or from an outer crate.
    pub(crate) path: Vec<String>,
    /// Whether it starts at the root of our crate.
    pub(crate) ours: bool,
    /// An import (`use`, `extern crate`), not a path in code.
    pub(crate) import: bool,
    /// An import that is offered to other rooms.
    pub(crate) passed_on: bool,
    /// The name it gets here, when that is another.
    pub(crate) alias: Option<String>,
    pub(crate) line: usize,
}

/// Every path a file names outside its tests; nothing for a file that tests alone see.
pub(crate) fn mentions(file: &SourceFile, tree: &BTreeMap<String, Place>) -> Vec<Mention> {
    let (Some(syntax), place) = (&file.syntax, tree.get(&file.path)) else {
        return Vec::new();
    };
    if is_test_only(&syntax.attrs) || place.is_some_and(|place| place.test_only) {
        return Vec::new();
    }
    let module = place.map_or_else(|| module_by_path(&file.path), |place| place.module.clone());
    let mut reader = Reader {
        module,
        found: Vec::new(),
    };
    reader.visit_file(syntax);
    reader.found
}

struct Reader {
    module: Vec<String>,
    found: Vec<Mention>,
}

impl Reader {
    fn note(&mut self, segments: &[String], line: usize) {
        let (path, ours) = resolve(segments, &self.module);
        self.found.push(Mention {
            path,
            ours,
            import: false,
            passed_on: false,
            alias: None,
            line,
        });
    }

    fn note_import(
        &mut self,
        segments: &[String],
        alias: Option<String>,
        passed_on: bool,
        line: usize,
    ) {
        self.note(segments, line);
        if let Some(mention) = self.found.last_mut() {
            mention.import = true;
            mention.passed_on = passed_on;
            mention.alias = alias;
        }
    }

    fn use_tree(&mut self, tree: &syn::UseTree, before: &mut Vec<String>, passed_on: bool) {
        match tree {
            syn::UseTree::Path(step) => {
                before.push(plain(&step.ident));
                self.use_tree(&step.tree, before, passed_on);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                for one in &group.items {
                    self.use_tree(one, before, passed_on);
                }
            }
            syn::UseTree::Name(name) => {
                before.push(plain(&name.ident));
                self.note_import(before, None, passed_on, name.span().start().line);
                before.pop();
            }
            syn::UseTree::Rename(name) => {
                before.push(plain(&name.ident));
                let alias = Some(plain(&name.rename));
                self.note_import(before, alias, passed_on, name.span().start().line);
                before.pop();
            }
            syn::UseTree::Glob(glob) => {
                self.note_import(before, None, passed_on, glob.span().start().line);
            }
        }
    }

    /// Paths inside a macro, whose grammar is its own: anything that looks like one counts.
    fn tokens(&mut self, stream: TokenStream, before: &[String]) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            match &trees[at] {
                TokenTree::Group(group) => {
                    self.tokens(group.stream(), &[]);
                    at += 1;
                }
                TokenTree::Ident(first) => {
                    let imported = matches!(at.checked_sub(1).and_then(|i| trees.get(i)),
                        Some(TokenTree::Ident(word)) if word == "use" || word == "crate");
                    let line = first.span().start().line;
                    let (segments, next) = path_in_tokens(&trees, at, before);
                    at = next;
                    match trees.get(at) {
                        Some(TokenTree::Group(group))
                            if group.delimiter() == Delimiter::Brace && is_step(&trees, at) =>
                        {
                            self.tokens(group.stream(), &segments);
                            at += 1;
                        }
                        _ if segments.len() > 1 => self.note(&segments, line),
                        _ if imported => self.note_import(&segments, None, false, line),
                        _ => {}
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
            }
        }
    }

    /// Texts in attributes that are paths, as in `#[serde(with = "crate::…")]`.
    fn texts(&mut self, stream: TokenStream) {
        for tree in stream {
            if let TokenTree::Group(group) = &tree {
                self.texts(group.stream());
            }
            let TokenTree::Literal(literal) = &tree else {
                continue;
            };
            let text = literal.to_string();
            let Ok(path) = syn::parse_str::<syn::Path>(text.trim_matches('"')) else {
                continue;
            };
            if path.segments.len() > 1 {
                self.note(&segments_of(&path), literal.span().start().line);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test_only(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test_only(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(plain(&item.ident));
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut before = Vec::new();
        let passed_on = leaves_room(&item.vis, &self.module);
        self.use_tree(&item.tree, &mut before, passed_on);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let name = match plain(&item.ident).as_str() {
            "self" => "crate".to_owned(),
            other => other.to_owned(),
        };
        let alias = item.rename.as_ref().map(|(_, ident)| plain(ident));
        let passed_on = leaves_room(&item.vis, &self.module);
        self.note_import(&[name], alias, passed_on, item.ident.span().start().line);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        if let syn::Type::Path(target) = &*item.ty {
            self.note(&segments_of(&target.path), item.ident.span().start().line);
            if let Some(mention) = self.found.last_mut() {
                mention.alias = Some(plain(&item.ident));
            }
        }
        visit::visit_item_type(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.note(&segments_of(path), path.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if let Some(qualified) = &path.qself
            && let syn::Type::Path(of) = &*qualified.ty
        {
            let mut segments = segments_of(&of.path);
            segments.extend(path.path.segments.last().map(|last| plain(&last.ident)));
            self.note(&segments, path.path.span().start().line);
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if let syn::Expr::Path(receiver) = &*call.receiver {
            let mut segments = segments_of(&receiver.path);
            segments.push(plain(&call.method));
            self.note(&segments, call.method.span().start().line);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = call
            .path
            .segments
            .last()
            .map(|last| format!("{}!", last.ident));
        self.note(
            &name.into_iter().collect::<Vec<_>>(),
            call.path.span().start().line,
        );
        self.tokens(call.tokens.clone(), &[]);
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone(), &[]);
            self.texts(list.tokens.clone());
        }
        if let Some(path) = path_attribute(std::slice::from_ref(attribute)) {
            let line = attribute.span().start().line;
            self.note(&["#[path]".to_owned(), path], line);
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(word) = &signature.asyncness {
            self.note(&["async".to_owned()], word.span().start().line);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.note(&["async".to_owned()], block.async_token.span().start().line);
        visit::visit_expr_async(self, block);
    }
}

/// Whether an import can be seen from other rooms: `pub` and `pub(crate)` can, `pub(super)` only
/// at the door of a room.
fn leaves_room(visibility: &syn::Visibility, module: &[String]) -> bool {
    match visibility {
        syn::Visibility::Public(_) => true,
        syn::Visibility::Restricted(to) => resolve(&segments_of(&to.path), module).0.is_empty(),
        syn::Visibility::Inherited => false,
    }
}

/// A path from the root of our crate (`true`), or as it stands (`false`).
fn resolve(segments: &[String], module: &[String]) -> (Vec<String>, bool) {
    let mut rest = segments;
    let mut from = match segments.first().map(String::as_str) {
        Some("crate" | "doisoat") => {
            rest = &segments[1..];
            Vec::new()
        }
        Some("self" | "super") => module.to_vec(),
        // At the root, a name without a crate before it may be a room.
        _ => return (segments.to_vec(), module.is_empty()),
    };
    while let Some(word @ ("self" | "super")) = rest.first().map(String::as_str) {
        if word == "super" {
            from.pop();
        }
        rest = &rest[1..];
    }
    from.extend(rest.iter().filter(|word| *word != "self").cloned());
    (from, true)
}

/// Reads `a::b::c` from position `at`; answers with the segments and the position after them.
fn path_in_tokens(trees: &[TokenTree], at: usize, before: &[String]) -> (Vec<String>, usize) {
    let mut segments = before.to_vec();
    let mut next = at;
    while let Some(TokenTree::Ident(word)) = trees.get(next) {
        segments.push(plain(word));
        next += 1;
        if !is_step(trees, next + 2) {
            break;
        }
        next += 2;
    }
    (segments, next)
}

/// Whether `::` stands right before a position.
fn is_step(trees: &[TokenTree], at: usize) -> bool {
    let colon = |back: usize| {
        matches!(at.checked_sub(back).and_then(|i| trees.get(i)),
            Some(TokenTree::Punct(mark)) if mark.as_char() == ':')
    };
    colon(1) && colon(2)
}

fn segments_of(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|one| plain(&one.ident)).collect()
}
