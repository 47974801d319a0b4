//! Problems: variables, domains, constraints.

use std::borrow::Borrow;
use std::sync::Arc;

use super::clock::Clock;
use super::domain::FiniteDomain;
use super::error::SolveError;
use super::header::Header;
use super::names::Names;
use super::network::{Compiled, Interrupt, Refusal, Scratch, check_arity};
use super::relation::{Constraint, Relation};
use crate::store::{Store, Var};

/// A variable of a [`Repository`].
pub type Variable = Var;

/// Room for so many variables is made for the first.
const FEW: usize = 16;

/// A constraint satisfaction problem, to be given to a [`Solver`](super::Solver).
///
/// The variables are logic variables of a store of its own.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    pub(super) store: Store,
    pub(super) model: Model,
}

/// What a problem says besides the domains of its variables.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) header: Arc<Header>,
    pub(super) variables: Vec<Var>,
    /// Relations, each once as long as it is posted again and again.
    relations: Vec<Relation>,
    /// Number of the relation of each constraint, and where its variables end.
    posted: Vec<(u32, u32)>,
    /// Variables of the constraints, back to back.
    scopes: Vec<Var>,
}

impl Repository {
    /// The problem with these variables, a domain for each, and constraints.
    ///
    /// # Errors
    ///
    /// Names what is missing, doubled or empty.
    pub fn new<'n, N: AsRef<str>, C: AsRef<[Constraint<'n>]>>(
        variables: &[&str],
        domains: impl IntoIterator<Item = (N, FiniteDomain)>,
        constraints: C,
    ) -> Result<Repository, SolveError> {
        let mut given: Vec<Option<FiniteDomain>> = vec![None; variables.len()];
        let mut listed = Names::default();
        for name in variables {
            if !listed.add(name) {
                return Err(SolveError::DuplicateVariable { name: (*name).into() });
            }
        }
        for (name, domain) in domains {
            let name = name.as_ref();
            let place = listed.find(name).ok_or_else(|| SolveError::UnknownDomain { name: name.into() })?;
            given[place as usize] = Some(domain);
        }
        let mut repository = Repository::default();
        repository.reserve(variables.len());
        let header = Arc::make_mut(&mut repository.model.header);
        for (name, domain) in variables.iter().zip(&given) {
            let domain = domain.as_ref().ok_or_else(|| SolveError::NoDomain { name: (*name).into() })?;
            add(header, &mut repository.store, &mut repository.model.variables, name, domain)?;
        }
        for constraint in constraints.as_ref() {
            repository.add(constraint)?;
        }
        Ok(repository)
    }

    /// Without variables; room for so many is made at once.
    pub fn with_capacity(variables: usize) -> Repository {
        let mut repository = Repository::default();
        repository.reserve(variables);
        repository
    }

    /// Further variables with the same domain. On an error none is added.
    ///
    /// # Errors
    ///
    /// [`SolveError::DuplicateVariable`], [`SolveError::EmptyDomain`]; [`SolveError::TooLarge`] for a domain that
    /// [is cut](FiniteDomain::is_cut).
    ///
    /// ```
    /// # use pyprior_logic::fd::{FiniteDomain, Relation, Repository, Solver};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut problem = Repository::default();
    /// let digits = problem.variables(["a", "b", "c"], &FiniteDomain::range(1..=3))?;
    /// problem.post(&Relation::all_distinct(), &digits)?;
    /// assert_eq!(Solver::new().count(&problem)?, 6);
    /// # Ok(()) }
    /// ```
    pub fn variables<N: AsRef<str>>(
        &mut self,
        names: impl IntoIterator<Item = N>,
        domain: &FiniteDomain,
    ) -> Result<Vec<Variable>, SolveError> {
        self.variables_of(names.into_iter().map(|name| (name, domain)))
    }

    /// Further variables with a domain each. On an error none is added.
    ///
    /// # Errors
    ///
    /// See [`variables`](Repository::variables).
    ///
    /// ```
    /// # use pyprior_logic::fd::{FiniteDomain, Relation, Repository, Solver};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut problem = Repository::default();
    /// let sizes = problem.variables_of([("a", FiniteDomain::range(1..=3)), ("b", FiniteDomain::new([2, 7]))])?;
    /// problem.post(&Relation::template("%s < %s")?, &sizes)?;
    /// assert_eq!(Solver::new().count(&problem)?, 4);
    /// # Ok(()) }
    /// ```
    pub fn variables_of<N: AsRef<str>, D: Borrow<FiniteDomain>>(
        &mut self,
        given: impl IntoIterator<Item = (N, D)>,
    ) -> Result<Vec<Variable>, SolveError> {
        let given = given.into_iter();
        if self.model.variables.capacity() == 0 {
            self.reserve(given.size_hint().0.max(FEW));
        }
        let (before, extent) = (self.model.variables.len(), self.store.extent());
        let header = Arc::make_mut(&mut self.model.header);
        for (name, domain) in given {
            if let Err(error) = add(header, &mut self.store, &mut self.model.variables, name.as_ref(), domain.borrow())
            {
                self.model.variables.truncate(before);
                header.truncate(before);
                self.store.forget_since(extent);
                return Err(error);
            }
        }
        Ok(self.model.variables[before..].to_vec())
    }

    /// A further variable.
    ///
    /// # Errors
    ///
    /// [`SolveError::DuplicateVariable`], [`SolveError::EmptyDomain`]; [`SolveError::TooLarge`] for a domain that
    /// [is cut](FiniteDomain::is_cut).
    pub fn variable(&mut self, name: &str, domain: &FiniteDomain) -> Result<Variable, SolveError> {
        if self.model.variables.capacity() == 0 {
            self.reserve(FEW);
        }
        add(Arc::make_mut(&mut self.model.header), &mut self.store, &mut self.model.variables, name, domain)
    }

    /// Room for so many variables and their constraints at once: growing lists would take longer than solving it.
    fn reserve(&mut self, variables: usize) {
        self.store.reserve_domains(variables, variables);
        self.model.variables.reserve(variables);
        Arc::make_mut(&mut self.model.header).reserve(variables);
        self.model.posted.reserve(2 * variables);
        self.model.scopes.reserve(4 * variables);
    }

    /// A further constraint, over variables by name.
    ///
    /// # Errors
    ///
    /// [`SolveError::UnknownVariable`], [`SolveError::Arity`].
    pub fn add(&mut self, constraint: &Constraint<'_>) -> Result<(), SolveError> {
        let start = self.model.scopes.len();
        for name in &constraint.variables {
            let Some(var) = self.find(name) else {
                self.model.scopes.truncate(start);
                let constraint = constraint.relation.describe();
                return Err(SolveError::UnknownVariable { name: (*name).into(), constraint });
            };
            self.model.scopes.push(var);
        }
        self.close(&constraint.relation, start)
    }

    /// A further constraint: a relation over variables.
    ///
    /// # Errors
    ///
    /// [`SolveError::Arity`]; [`SolveError::UnknownVariable`] for a variable whose number this problem does not have.
    /// Variables are numbers: one of another problem is taken for the one of the same number here.
    pub fn post(&mut self, relation: &Relation, variables: &[Variable]) -> Result<(), SolveError> {
        let known = self.store.len();
        if let Some(var) = variables.iter().find(|var| var.index() >= known) {
            return Err(SolveError::UnknownVariable { name: var.to_string(), constraint: relation.describe() });
        }
        let start = self.model.scopes.len();
        self.model.scopes.extend_from_slice(variables);
        self.close(relation, start)
    }

    /// Takes the variables from `start` as the scope of a relation.
    #[inline(always)]
    fn close(&mut self, relation: &Relation, start: usize) -> Result<(), SolveError> {
        let Ok(end) = u32::try_from(self.model.scopes.len()) else {
            return Err(self.refused(start, Refusal::TooLarge { what: "constraints" }));
        };
        if let Err(refusal) = check_arity(relation, self.model.scopes.len() - start) {
            return Err(self.refused(start, *refusal));
        }
        if !self.model.relations.last().is_some_and(|last| last.is(relation)) {
            self.model.relations.push(relation.clone());
        }
        self.model.posted.push((self.model.relations.len() as u32 - 1, end));
        Ok(())
    }

    /// Takes the variables from `start` back.
    #[cold]
    fn refused(&mut self, start: usize, refusal: Refusal) -> SolveError {
        self.model.scopes.truncate(start);
        refusal.named(&|var| self.model.name(var))
    }

    /// The variable of a name.
    pub fn find(&self, name: &str) -> Option<Variable> {
        self.model.variables.get(self.model.header.names.find(name)? as usize).copied()
    }

    /// Names of the variables, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> + '_ {
        self.model.header.names.iter()
    }

    /// Number of constraints.
    pub fn constraints(&self) -> usize {
        self.model.posted.len()
    }

    /// The first constraint that contradicts the domains and the constraints before it as far as propagation at the root shows,
    /// by number; nothing if a search is needed to tell. For messages: the constraints are compiled again, a few times.
    ///
    /// # Errors
    ///
    /// What solving gives, too.
    pub fn contradiction(&self) -> Result<Option<usize>, SolveError> {
        let (mut possible, mut contradicts) = (0, self.model.posted.len() + 1);
        while contradicts - possible > 1 {
            let count = possible + (contradicts - possible) / 2;
            // Beyond the last there is nothing to try.
            let count = count.min(self.model.posted.len());
            if self.stands(count)? {
                possible = count;
                if count == self.model.posted.len() {
                    return Ok(None);
                }
            } else {
                contradicts = count;
            }
        }
        Ok((contradicts <= self.model.posted.len()).then(|| contradicts - 1))
    }

    /// Whether propagation leaves values with the first constraints alone.
    fn stands(&self, count: usize) -> Result<bool, SolveError> {
        let mut store = self.store.clone();
        let result =
            Compiled::new(self.model.posted().take(count), &mut store, &mut Clock::default()).and_then(|compiled| {
                let mut scratch = Scratch::default();
                scratch.prepare(&compiled);
                scratch.propagate_all(&compiled, &self.model.variables, &mut store)
            });
        match result {
            Ok(()) => Ok(true),
            Err(Interrupt::Refused(refusal)) => Err(refusal.named(&|var| self.model.name(var))),
            Err(_) => Ok(false),
        }
    }
}

impl Model {
    /// The name of a variable.
    pub(super) fn name(&self, var: Var) -> String {
        let place = self.variables.iter().position(|own| *own == var);
        place.and_then(|place| self.header.names.get(place)).map_or_else(|| var.to_string(), String::from)
    }

    /// Relations with their variables.
    pub(super) fn posted(&self) -> impl Iterator<Item = (&Relation, &[Var])> + Clone + '_ {
        let mut start = 0;
        self.posted.iter().map(move |(relation, end)| {
            let begin = std::mem::replace(&mut start, *end as usize);
            (&self.relations[*relation as usize], &self.scopes[begin..*end as usize])
        })
    }
}

/// A further variable; on an error none is added.
#[inline]
fn add(
    header: &mut Header,
    store: &mut Store,
    variables: &mut Vec<Var>,
    name: &str,
    domain: &FiniteDomain,
) -> Result<Variable, SolveError> {
    if domain.is_cut() {
        return Err(SolveError::TooLarge { what: "values of a domain" });
    }
    if domain.is_empty() {
        return Err(SolveError::EmptyDomain { name: name.into() });
    }
    if !header.names.add(name) {
        return Err(SolveError::DuplicateVariable { name: name.into() });
    }
    let made = match domain.subset() {
        None => store.new_domain_var(domain.universe()),
        Some(words) => store.new_domain_var_of(domain.universe(), words),
    };
    let Ok(var) = made else {
        header.names.pop();
        return Err(SolveError::TooLarge { what: "variables or values" });
    };
    if let Some(number) = store.universe_number(var) {
        header.push(number, domain.universe());
    }
    variables.push(var);
    Ok(var)
}
