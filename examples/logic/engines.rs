//! Search engines of one's own over computation spaces, a few lines each: depth first, breadth first, limited discrepancy,
//! and on all cores. What they search is a script; they know nothing of it.
//!
//! ```sh
//! cargo run --release -p pyprior-logic --example engines
//! ```

use std::collections::VecDeque;

use pyprior_logic::fd::{Network, Relation};
use pyprior_logic::{
    DomainSpace, Flow, SearchSpace, Space, SpaceError, Status, Store, TaskError, Universe, Value, Var,
};
use rayon::prelude::*;

type Found = Result<Vec<Value>, SpaceError>;

fn solution(space: impl SearchSpace) -> Result<Value, SpaceError> {
    let mut store = Store::new();
    let root = space.merge(&mut store)?;
    Ok(store.value(root)?)
}

fn branch<S: SearchSpace>(space: &S, alternative: usize) -> Result<S, SpaceError> {
    let mut next = space.clone();
    next.commit(alternative)?;
    Ok(next)
}

/// The first solution, depth first. The last alternative needs no clone.
fn first(mut space: impl SearchSpace) -> Result<Option<Value>, SpaceError> {
    loop {
        match space.ask()? {
            Status::Solved => return Ok(Some(solution(space)?)),
            Status::Failed | Status::Suspended(_) => return Ok(None),
            Status::Alternatives(of) => {
                for alternative in 1..of {
                    if let Some(found) = first(branch(&space, alternative)?)? {
                        return Ok(Some(found));
                    }
                }
                space.commit(of)?;
            }
        }
    }
}

/// All solutions, depth first: spaces wait on a stack.
fn depth_first<S: SearchSpace>(space: S) -> Found {
    let (mut open, mut found) = (vec![space], Vec::new());
    while let Some(mut space) = open.pop() {
        match space.ask()? {
            Status::Solved => found.push(solution(space)?),
            Status::Failed | Status::Suspended(_) => {}
            Status::Alternatives(of) => {
                for alternative in (1..=of).rev() {
                    open.push(branch(&space, alternative)?);
                }
            }
        }
    }
    Ok(found)
}

/// All solutions, those with the fewest choices first: spaces wait in a queue.
fn breadth_first<S: SearchSpace>(space: S) -> Found {
    let (mut open, mut found) = (VecDeque::from([space]), Vec::new());
    while let Some(mut space) = open.pop_front() {
        match space.ask()? {
            Status::Solved => found.push(solution(space)?),
            Status::Failed | Status::Suspended(_) => {}
            Status::Alternatives(of) => {
                for alternative in 1..=of {
                    open.push_back(branch(&space, alternative)?);
                }
            }
        }
    }
    Ok(found)
}

/// All solutions, those that contradict the first alternatives least often first (Harvey and Ginsberg, 1995): rounds of
/// exactly so many discrepancies, the number of an alternative less one being its discrepancies.
fn limited_discrepancy<S: SearchSpace>(space: S) -> Found {
    /// Gives whether there is more to find with more discrepancies.
    fn round<S: SearchSpace>(mut space: S, left: usize, found: &mut Vec<Value>) -> Result<bool, SpaceError> {
        match space.ask()? {
            Status::Solved if left == 0 => found.push(solution(space)?),
            Status::Solved | Status::Failed | Status::Suspended(_) => {}
            Status::Alternatives(of) => {
                let mut more = of > left + 1;
                for alternative in 1..=of.min(left + 1) {
                    more |= round(branch(&space, alternative)?, left + 1 - alternative, found)?;
                }
                return Ok(more);
            }
        }
        Ok(false)
    }

    let mut found = Vec::new();
    let mut discrepancies = 0;
    while round(space.clone(), discrepancies, &mut found)? {
        discrepancies += 1;
    }
    Ok(found)
}

/// All solutions in the order of the depth-first search, on all cores.
fn parallel<S: SearchSpace + Send + Sync>(mut space: S) -> Found {
    match space.ask()? {
        Status::Solved => Ok(vec![solution(space)?]),
        Status::Failed | Status::Suspended(_) => Ok(Vec::new()),
        Status::Alternatives(of) => {
            let branches = (1..=of).into_par_iter().map(|alternative| parallel(branch(&space, alternative)?));
            Ok(branches.collect::<Result<Vec<_>, _>>()?.concat())
        }
    }
}

/// Queens on a board that do not attack each other. Tasks watch over pairs of queens, and wait for both to be placed.
async fn queens(flow: Flow, root: Var, n: usize) -> Result<(), TaskError> {
    let rows: Vec<Var> = (0..n).map(|_| flow.newvar()).collect();
    flow.unify(root, rows.clone())?;
    for (place, x) in rows.iter().copied().enumerate() {
        for (apart, y) in (1..).zip(rows[place + 1..].iter().copied()) {
            flow.stacklet("no attack", |flow| async move {
                let distance = flow.int(x).await?.abs_diff(flow.int(y).await?);
                if distance == 0 || distance == apart { flow.fail() } else { Ok(()) }
            });
        }
    }
    for row in rows {
        let place = flow.choose(n).await?;
        flow.bind(row, place as i64)?;
    }
    Ok(())
}

/// The same as relations over finite domains: spaces of these are copied instead of run again.
fn queens_of_domains(n: i64) -> Result<DomainSpace, Box<dyn std::error::Error>> {
    let (mut store, mut network, rows) = (Store::new(), Network::new(), Universe::range(1..=n));
    let vars = (0..n).map(|_| store.new_domain_var(&rows)).collect::<Result<Vec<_>, _>>()?;
    network.post(&Relation::all_distinct(), &vars)?;
    for (place, x) in vars.iter().enumerate() {
        for (apart, y) in (1..).zip(&vars[place + 1..]) {
            network.post(&Relation::expression(&["x", "y"], &format!("abs(x - y) != {apart}"))?, &[*x, *y])?;
        }
    }
    Ok(DomainSpace::new(store, network, &vars))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // choice X=1 [] X=2 end
    let mut choice = Space::new(|flow, x| async move {
        match flow.choose(2).await? {
            1 => flow.bind(x, 1),
            _ => flow.bind(x, 2),
        }
    });
    assert_eq!(choice.ask()?, Status::Alternatives(2));
    choice.commit(1)?;
    assert_eq!(solution(choice)?, 1);

    let four = || Space::new(|flow, root| queens(flow, root, 4));
    println!("4 queens: {:?}", depth_first(four())?.iter().map(Value::to_string).collect::<Vec<_>>());
    assert_eq!(breadth_first(four())?, depth_first(four())?);

    let six = Space::new(|flow, root| queens(flow, root, 6));
    let all = depth_first(six.clone())?;
    let mut by_discrepancy = limited_discrepancy(six.clone())?;
    println!("6 queens: {} ways, the first of them {}", all.len(), all[0]);
    println!("with the fewest discrepancies: {}", by_discrepancy[0]);
    by_discrepancy.sort();
    assert_eq!(by_discrepancy, all);
    assert_eq!(parallel(six.recipe())?, all);
    assert_eq!(first(six)?.as_ref(), all.first());

    let mut of_domains = parallel(queens_of_domains(6)?)?;
    of_domains.sort();
    assert_eq!(of_domains, all);
    println!("8 queens: {} ways", parallel(queens_of_domains(8)?)?.len());
    Ok(())
}
