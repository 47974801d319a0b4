//! Search for solutions.

mod depth_first;
mod distribute;
mod found;
mod limits;
mod objective;
mod parallel;
mod solutions;
mod solver;
mod sweep;
mod task;

pub use self::distribute::{Choice, Distribution, Distributor, Order, ValueOrder, VariableOrder, View};
pub use self::found::{Best, Found, Solution, Statistics};
pub use self::limits::Limit;
pub use self::solutions::Solutions;
pub use self::solver::Solver;
pub use self::task::Stopped;
