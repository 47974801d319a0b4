//! Terms as text, however large.

use crate::store::{Functor, Shape, Store, Term};

/// After so many parts the rest is left off.
const PARTS: usize = 64;
/// What lies deeper is left off.
const DEPTH: usize = 16;
/// Longer texts are cut.
const TEXT: usize = 60;
/// More values of a domain are left off.
const DOMAIN: usize = 8;

impl Store {
    /// A term in short, as Python would spell it. A free variable shows its domain: `x{1, 2}`. A part that contains itself is
    /// named where it begins: `r1=(0, r1)`. What is large ends in `…`.
    #[must_use]
    pub fn show(&self, what: impl Into<Term>) -> String {
        let term = what.into();
        if self.check(term).is_err() {
            return "an unknown term".to_owned();
        }
        // The first pass finds the parts that contain themselves, the second knows their names.
        let mut writer = Writer { store: self, out: String::new(), left: PARTS, path: Vec::new(), cyclic: Vec::new() };
        writer.write(term);
        if !writer.cyclic.is_empty() {
            (writer.out, writer.left) = (String::new(), PARTS);
            writer.write(term);
        }
        writer.out
    }
}

struct Writer<'a> {
    store: &'a Store,
    out: String,
    left: usize,
    path: Vec<u32>,
    cyclic: Vec<u32>,
}

impl Writer<'_> {
    fn write(&mut self, term: Term) {
        if self.left == 0 || self.path.len() == DEPTH {
            self.out.push('…');
            return;
        }
        self.left -= 1;
        match self.store.peek(term) {
            Shape::Free(var) => {
                let name = self.store.class_name(var);
                self.out.push_str(&name);
                self.domain(var);
            }
            Shape::Int(number) => self.out.push_str(&number.to_string()),
            Shape::Atom(atom) => {
                self.out.push_str(&self.store.atom_value(atom).brief(TEXT));
            }
            Shape::Node(node) => self.node(self.store.node_root(node)),
        }
    }

    fn cut(&mut self, text: &str) {
        match text.char_indices().nth(TEXT) {
            Some((end, _)) => {
                self.out.push_str(&text[..end]);
                self.out.push('…');
            }
            None => self.out.push_str(text),
        }
    }

    fn domain(&mut self, var: crate::Var) {
        let Some(domain) = self.store.domain(var) else { return };
        let indices = (0..domain.universe.len() as u32).filter(|index| self.store.contains(var, *index));
        let mut values: Vec<_> = indices
            .filter_map(|index| domain.universe.value(index))
            .take(DOMAIN)
            .map(|value| value.brief(TEXT))
            .collect();
        if domain.size as usize > DOMAIN {
            values.push("…".to_owned());
        }
        self.out.push('{');
        self.cut(&values.join(", "));
        self.out.push('}');
    }

    fn node(&mut self, node: u32) {
        if self.path.contains(&node) {
            if !self.cyclic.contains(&node) {
                self.cyclic.push(node);
            }
            self.name(node);
            return;
        }
        if self.cyclic.contains(&node) {
            self.name(node);
            self.out.push('=');
        }
        self.path.push(node);
        let args = self.store.args(node);
        match self.store.functor(node) {
            Functor::Tuple(arity) => {
                self.parts("(", args, |_, _| {});
                self.out.push_str(if *arity == 1 { ",)" } else { ")" });
            }
            Functor::List(_) => {
                self.parts("[", args, |_, _| {});
                self.out.push(']');
            }
            Functor::Map(keys) => {
                self.parts("{", args, |out, place| out.push_str(&format!("{}: ", keys[place].brief(TEXT))));
                self.out.push('}');
            }
            Functor::Custom { name, fields } => {
                self.out.push_str(name);
                if fields.is_empty() {
                    self.path.pop();
                    return;
                }
                self.parts("(", args, |out, place| out.push_str(&format!("{}=", fields[place])));
                self.out.push(')');
            }
            Functor::Failure(_) => {
                let reason = self.store.failure_of(node).map(|failed| failed.reason).unwrap_or_default();
                self.out.push_str("failed(");
                self.cut(&reason);
                self.out.push(')');
            }
        }
        self.path.pop();
    }

    fn name(&mut self, node: u32) {
        let number = self.cyclic.iter().position(|known| *known == node).unwrap_or(0);
        self.out.push_str(&format!("r{}", number + 1));
    }

    fn parts(&mut self, open: &str, args: &[Term], label: impl Fn(&mut String, usize)) {
        self.out.push_str(open);
        for (place, arg) in args.iter().enumerate() {
            if place > 0 {
                self.out.push_str(", ");
            }
            if self.left == 0 {
                self.out.push('…');
                break;
            }
            label(&mut self.out, place);
            self.write(*arg);
        }
    }
}
