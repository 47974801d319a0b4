//! Terms laid flat, and written again.

use std::sync::Arc;

use super::*;
use crate::Entailment;

fn int(number: i64) -> GraphNode {
    GraphNode::Value(number.into())
}

#[test]
fn parts_come_before_what_they_are_parts_of() {
    let mut store = Store::new();
    let (x, y) = (store.newvar(), store.newvar());
    store.unify(x, list![1, map! {"a" => y}, ()]).unwrap();
    let map = GraphNode::Map(vec![("a".into(), 1)]);
    let nodes = vec![int(1), GraphNode::Var(y), map, GraphNode::Value(().into()), GraphNode::List(vec![0, 2, 3])];
    assert_eq!(store.graph(x).unwrap(), nodes);
    let again = store.term_of_graph(&nodes).unwrap();
    assert_eq!(store.entailed(x, again), Ok(Entailment::Equal));
    // A later value of a key counts, as in Value::map.
    let twice = store.term_of_graph(&[int(1), int(2), GraphNode::Map(vec![("k".into(), 0), ("k".into(), 1)])]).unwrap();
    assert_eq!(store.show(twice), "{'k': 2}");
    let unit = GraphNode::Record { name: "Unit".into(), fields: Vec::new() };
    let pair = GraphNode::Record { name: "Pair".into(), fields: vec![("left".into(), 0), ("right".into(), 0)] };
    let record = store.term_of_graph(&[unit, pair]).unwrap();
    assert_eq!(store.show(record), "Pair(left=Unit, right=Unit)");
    assert_eq!(store.value(record).unwrap().to_string(), "Pair(left=Unit, right=Unit)");
    let nodes = store.graph(record).unwrap();
    let again = again_of(&mut store, &nodes);
    assert_eq!((nodes.len(), store.value(record).unwrap()), (3, store.value(again).unwrap()));
}

fn again_of(store: &mut Store, nodes: &[GraphNode]) -> Term {
    store.term_of_graph(nodes).unwrap()
}

#[test]
fn what_contains_itself_does_so_again() {
    let mut store = Store::new();
    let (x, y) = (store.newvar(), store.newvar());
    store.unify(x, (1, [y])).unwrap();
    store.unify(y, (1, [x])).unwrap();
    let nodes = store.graph(x).unwrap();
    // 1, 1, x, [x], (1, [x]) which is y, [y], (1, [y]).
    assert_eq!(nodes.len(), 7, "{nodes:?}");
    let again = again_of(&mut store, &nodes);
    assert_eq!(store.entailed(x, again), Ok(Entailment::Equal));
    // Written by numbers: x = [x, x].
    let circle = store.term_of_graph(&[GraphNode::List(vec![0, 0])]).unwrap();
    let z = store.newvar();
    store.unify(z, [z, z]).unwrap();
    assert_eq!(store.entailed(circle, z), Ok(Entailment::Equal));
    let own = store.newvar();
    let forward = store.term_of_graph(&[GraphNode::Tuple(vec![1, 1]), GraphNode::Var(own), GraphNode::List(vec![0])]);
    store.unify(own, 7).unwrap();
    assert_eq!(store.value(forward.unwrap()).unwrap().to_string(), "[(7, 7)]");
}

#[test]
fn what_is_no_graph_changes_nothing() {
    let (mut store, mut other) = (Store::new(), Store::new());
    let foreign = (0..3).map(|_| other.newvar()).last().unwrap();
    let x = store.newvar();
    let failed = crate::FailedValue { reason: "no".into(), contradiction: false };
    for nodes in [
        vec![],
        vec![GraphNode::Tuple(vec![2]), int(1)],
        vec![GraphNode::List(vec![1]), GraphNode::Var(foreign)],
        vec![GraphNode::Failed(failed)],
    ] {
        assert!(store.term_of_graph(&nodes).is_err(), "{nodes:?}");
        assert_eq!((store.len(), store.depth()), (1, 0));
    }
    assert_eq!(store.graph(foreign), Err(ReadError::Unknown));
    store.fail(x, "gone").unwrap();
    assert!(matches!(&store.graph(x).unwrap()[..], [GraphNode::Failed(failed)] if &*failed.reason == "gone"));
}

#[test]
fn depth_and_sharing_cost_their_nodes() {
    let mut store = Store::new();
    let mut nodes = vec![int(1)];
    nodes.extend((0..200_000).map(|below| GraphNode::Tuple(vec![below, below])));
    let term = store.term_of_graph(&nodes).unwrap();
    let again = store.graph(term).unwrap();
    // Of a part that comes twice in one structure, a number is written twice.
    assert!(again.len() <= nodes.len() + 1, "{}", again.len());
    let name: Arc<str> = "deep".into();
    let record = GraphNode::Record { name, fields: vec![("part".into(), again.len() - 1)] };
    assert!(store.term_of_graph(&[again, vec![record]].concat()).is_ok());
}

proptest! {
    #[test]
    fn written_again_a_term_is_what_it_was(equations in prop::collection::vec((paper(), paper()), 0..4), term in paper()) {
        let mut store = Store::new();
        let vars: Vec<Var> = (0..VARS).map(|_| store.newvar()).collect();
        for (a, b) in &equations {
            let (a, b) = (build(&mut store, &vars, a), build(&mut store, &vars, b));
            let _ = store.unify(a, b);
        }
        let term = build(&mut store, &vars, &term);
        let nodes = store.graph(term).unwrap();
        let again = store.term_of_graph(&nodes).unwrap();
        prop_assert_eq!(store.entailed(term, again), Ok(Entailment::Equal));
    }
}
