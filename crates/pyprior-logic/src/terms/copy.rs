//! Terms from one store to another.

use std::collections::HashMap;

use super::error::UnifyError;
use crate::store::{Shape, Store, Term, Var};

impl Store {
    /// Copies a term of another store with all that hangs on it. Parts that are shared, or contain themselves, do so in the copy;
    /// free variables become new ones of the same domain. An error leaves the store as it was.
    ///
    /// # Errors
    /// [`UnifyError::Unknown`] if the other store does not know the term, or there is no room.
    pub fn copy_from(&mut self, from: &mut Store, term: Term) -> Result<Term, UnifyError> {
        from.check(term)?;
        self.transaction(|store| store.copy_term(from, term))
    }

    fn copy_term(&mut self, from: &mut Store, term: Term) -> Result<Term, UnifyError> {
        // A node is reached through a variable of its own, made before the node is, so that cycles close.
        let mut nodes: HashMap<u32, Var> = HashMap::new();
        let mut free: HashMap<Var, Var> = HashMap::new();
        let mut left = Vec::new();
        let owners = from.partly_known();
        let mut partial = Vec::new();
        let copy = self.copy_part(from, term, &mut nodes, &mut free, &mut left)?;
        while let Some(node) = left.pop() {
            partial.extend(owners.iter().filter(|(_, owned)| *owned == node).copied());
            let mut args = Vec::with_capacity(from.args(node).len());
            for place in 0..from.args(node).len() {
                let arg = from.args(node)[place];
                args.push(self.copy_part(from, arg, &mut nodes, &mut free, &mut left)?);
            }
            let made = match from.failure_of(node) {
                Some(reason) => self.failed_value(reason)?,
                None => self.compound(from.functor(node).clone(), &args)?,
            };
            self.bind_root(nodes[&node], made);
        }
        // Of a variable that is bound to a structure and has a domain, the domain.
        for (var, node) in partial {
            let fresh = self.copy_domain(from, var)?;
            self.unify_terms(nodes[&node].into(), fresh.into())?;
        }
        Ok(copy)
    }

    fn copy_domain(&mut self, from: &Store, var: Var) -> Result<Var, UnifyError> {
        match from.domain(var) {
            Some(domain) => Ok(self.new_domain_var_of(domain.universe, domain.words)?),
            None => Ok(self.newvar()),
        }
    }

    fn copy_part(
        &mut self,
        from: &mut Store,
        term: Term,
        nodes: &mut HashMap<u32, Var>,
        free: &mut HashMap<Var, Var>,
        left: &mut Vec<u32>,
    ) -> Result<Term, UnifyError> {
        match from.walk(term) {
            Shape::Int(number) => Ok(self.term_of(&number.into())?),
            Shape::Atom(atom) => Ok(self.term_of(from.atom_value(atom))?),
            Shape::Free(var) => {
                if let Some(known) = free.get(&var) {
                    return Ok((*known).into());
                }
                let copy = self.copy_domain(from, var)?;
                self.check(copy.into())?;
                free.insert(var, copy);
                Ok(copy.into())
            }
            Shape::Node(node) => {
                let node = from.node_root(node);
                if let Some(known) = nodes.get(&node) {
                    return Ok((*known).into());
                }
                let copy = self.newvar();
                self.check(copy.into())?;
                nodes.insert(node, copy);
                left.push(node);
                Ok(copy.into())
            }
        }
    }
}
