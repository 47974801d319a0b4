//! The readings of the rules against each other, on many small languages: the
//! search with its memory, the plain walk over every program, and the check of
//! finished programs.

mod common;

use common::{Random, toks};
use pyprior_naive::{
    Decided, FORMS, Rules, Search, State, Tok, check, completable, enumerate, legal, min_len, rule, walk,
};
use std::collections::{BTreeMap, BTreeSet};

/// Prefixes looked at for one language before it is passed over as too large.
const LIMIT: u64 = 12_000;

/// Small languages that have programs, and all their programs: the chosen ones,
/// and random ones.
fn languages(seed: u64, random: usize) -> Vec<(Rules, Vec<Vec<Tok>>)> {
    let mut found: Vec<_> =
        chosen().into_iter().filter_map(|rules| enumerate(&rules, LIMIT).ok().map(|all| (rules, all))).collect();
    assert_eq!(found.len(), chosen().len(), "the chosen ones are small");
    let mut source = Random(seed);
    while found.len() < chosen().len() + random {
        let rules = source.rules();
        match enumerate(&rules, LIMIT) {
            Ok(programs) if programs.len() > 3 => found.push((rules, programs)),
            _ => {}
        }
    }
    found
}

/// Languages with little but what one rule is about, under all switches: chance
/// seldom gets to branches that return, merged scopes and calls.
fn chosen() -> Vec<Rules> {
    let base = Rules {
        max_funcs: 1,
        max_vars: 0,
        value_range: (0, 0),
        max_expr_depth: 0,
        max_control_depth: 1,
        ..Rules::original()
    };
    let branches = base.clone().excluding(&["EQ", "for"]).within(Some(20));
    let merges = Rules { max_funcs: 0, max_vars: 2, ..base.clone().excluding(&["EQ", "for"]).within(Some(16)) };
    let calls = Rules {
        max_funcs: 2,
        max_block_stmts: 3,
        max_expr_depth: 1,
        max_control_depth: 0,
        ..base.clone().excluding(&["binop", "compare"]).within(Some(17))
    };
    // Where not returning costs a token more than returning, what an inner
    // branch does decides what fits in an outer one.
    let nested = Rules {
        max_vars: 1,
        max_control_depth: 2,
        ..base.excluding(&["EQ", "for", "const", "print", "ARITY_0"]).within(Some(26))
    };
    let mut all = vec![];
    for rules in [branches, merges, calls, nested] {
        for switches in 0..8 {
            all.push(Rules {
                no_dead_code: switches & 1 == 0,
                calls_returning: switches & 2 == 0,
                dead_after_returning: switches & 4 == 0,
                ..rules.clone()
            });
        }
    }
    all
}

/// What the rules decided in prefixes of programs, and how many programs of
/// those languages have each form.
fn coverage(languages: &[(Rules, Vec<Vec<Tok>>)]) -> (Decided, BTreeMap<&'static str, usize>) {
    let (mut decided, mut forms) = (Decided::new(), BTreeMap::new());
    for (rules, programs) in languages {
        for program in programs {
            let mut state = State::start(rules);
            for &tok in program {
                let _ = state.candidates(rules, Some(&mut decided));
                assert!(state.push(rules, tok).is_ok());
            }
            let present: BTreeSet<&str> = program.iter().map(|tok| tok.form()).collect();
            for form in present {
                *forms.entry(form).or_insert(0) += 1;
            }
        }
    }
    (decided, forms)
}

#[test]
fn the_small_languages_exercise_every_rule() {
    let (decided, forms) = coverage(&languages(1, 60));
    for form in FORMS {
        assert!(forms.contains_key(form), "{form}");
    }
    for name in [
        rule::DEF_LAST,
        rule::DEF_ORDER,
        rule::DEF_CONTEXT,
        rule::CALLABLE,
        rule::CALLS_RETURNING,
        rule::RETURN_LAST,
        rule::RETURN_CONTEXT,
        rule::RETURNS_IN_IF,
        rule::SCOPE,
        rule::SCOPE_MERGE,
        rule::TARGET_ORDER,
        rule::EXPR_DEPTH,
        rule::CONTROL_DEPTH,
        rule::LENGTH,
    ] {
        assert!(decided.get(name) > 0, "{name}");
    }
}

/// The legal set of every prefix that legal steps lead to.
fn stepwise(rules: &Rules) -> BTreeMap<Vec<Tok>, BTreeSet<Tok>> {
    let mut search = Search::new(rules);
    let mut found = BTreeMap::new();
    let mut open = vec![vec![]];
    while let Some(prefix) = open.pop() {
        let state = State::of(rules, &prefix);
        assert!(state.is_ok(), "{prefix:?} under {rules:?}");
        let Ok(state) = state else { continue };
        let set = legal(rules, &mut search, &state);
        for &tok in &set {
            if tok != Tok::Pad {
                open.push([prefix.as_slice(), &[tok]].concat());
            }
        }
        found.insert(prefix, set);
    }
    found
}

#[test]
fn legal_steps_lead_to_every_program_and_nowhere_else() {
    for (rules, programs) in languages(1, 60) {
        let mut walked = BTreeMap::new();
        let visited = walk(&rules, LIMIT, &mut |prefix, set| {
            walked.insert(prefix.to_vec(), set.clone());
        });
        assert_eq!(visited.ok(), u64::try_from(walked.len()).ok());
        assert_eq!(walked, stepwise(&rules), "{rules:?}");
        let complete = walked.values().filter(|set| set.contains(&Tok::Pad));
        assert_eq!(complete.count(), programs.len());
    }
}

#[test]
fn where_there_is_no_program_the_search_finds_none() {
    let mut random = Random(2);
    let mut without = 0;
    while without < 60 {
        let rules = random.rules();
        if let Ok(programs) = enumerate(&rules, LIMIT) {
            let shortest = programs.iter().map(Vec::len).min();
            assert_eq!(min_len(&rules), shortest, "{rules:?}");
            let start = State::start(&rules);
            assert_eq!(completable(&rules, &start), shortest.is_some());
            without += u32::from(shortest.is_none());
        }
    }
}

#[test]
fn every_prefix_without_a_completion_is_found_out() {
    let mut random = Random(3);
    for (rules, _) in languages(3, 40) {
        let mut alive = BTreeSet::new();
        let walked = walk(&rules, LIMIT, &mut |prefix, _| {
            alive.insert(prefix.to_vec());
        });
        assert!(walked.is_ok());
        let mut search = Search::new(&rules);
        for _ in 0..50 {
            // Along candidates, legal or not, as long as there are any.
            let (mut state, mut prefix) = (State::start(&rules), vec![]);
            while !state.finished() {
                let found = search.completion(&rules, &state);
                assert_eq!(found.is_some(), alive.contains(&prefix), "{prefix:?}");
                let Some(tok) = random.pick(&state.candidates(&rules, None)) else {
                    break;
                };
                assert!(state.push(&rules, tok).is_ok());
                prefix.push(tok);
            }
        }
    }
}

#[test]
fn the_check_accepts_the_programs_and_no_mutants() {
    let mut random = Random(4);
    let vocabulary = toks(
        "FUNC_1 FUNC_2 VAR_1 VAR_2 VAR_3 ADD SUB LT EQ INT_0 INT_1 ARITY_0 ARITY_1 BLK_1 BLK_2 \
         BLK_3 RETURN IF ASSIGN FOR FOR2 CALL PRINT PAD",
    );
    let mut accepted = 0;
    for (rules, programs) in languages(5, 60) {
        let all: BTreeSet<&Vec<Tok>> = programs.iter().collect();
        assert_eq!(all.len(), programs.len(), "no program comes twice");
        for program in &programs {
            assert_eq!(check(&rules, program).err(), None, "{program:?} {rules:?}");
        }
        for _ in 0..300 {
            let mut mutant = programs.get(random.size(programs.len() as u64)).cloned();
            let Some(mutant) = mutant.as_mut() else { break };
            let at = random.size(mutant.len() as u64);
            match (random.below(3), random.pick(&vocabulary)) {
                (0, _) if at > 0 => mutant.swap(at - 1, at),
                (_, Some(tok)) => mutant.splice(at..=at, [tok]).for_each(drop),
                _ => {}
            }
            let checked = check(&rules, mutant);
            assert_eq!(checked.is_ok(), all.contains(mutant), "{mutant:?} {rules:?}");
            accepted += u32::from(checked.is_ok());
        }
    }
    assert!(accepted > 100, "some mutants are programs: {accepted}");
}

/// The same rules without one of them, for those that have a knob of their own.
fn without(rules: &Rules, name: &str) -> Rules {
    let mut rules = rules.clone();
    match name {
        rule::EXPR_DEPTH => rules.max_expr_depth = usize::MAX,
        rule::CONTROL_DEPTH => rules.max_control_depth = usize::MAX,
        rule::RETURN_LAST => rules.no_dead_code = false,
        rule::CALLS_RETURNING => rules.calls_returning = false,
        rule::LENGTH => rules.max_len = None,
        _ => {
            let form = name.trim_start_matches("exclude:");
            let kept = |n: &String| n != form && n.parse::<Tok>().map(Tok::form) != Ok(form);
            rules.exclude.retain(kept);
        }
    }
    rules
}

#[test]
fn a_rule_decided_where_there_are_more_candidates_without_it() {
    let mut names: Vec<String> = pyprior_naive::FORMS.map(|f| format!("exclude:{f}")).into();
    names.extend(
        [rule::EXPR_DEPTH, rule::CONTROL_DEPTH, rule::RETURN_LAST, rule::CALLS_RETURNING, rule::LENGTH]
            .map(str::to_owned),
    );
    let mut random = Random(6);
    let mut total = Decided::new();
    for _ in 0..5_000 {
        let rules = random.rules();
        let mut state = State::start(&rules);
        while !state.finished() && state.len() < 60 {
            let mut decided = Decided::new();
            let candidates = state.candidates(&rules, Some(&mut decided));
            for name in &names {
                let more = state.candidates(&without(&rules, name), None);
                let removed = u64::from(more.len() > candidates.len());
                assert_eq!(decided.get(name), removed, "{name} {state:?} {rules:?}");
            }
            total.add(&decided);
            let Some(tok) = random.pick(&candidates) else {
                break;
            };
            assert!(state.push(&rules, tok).is_ok());
        }
    }
    for name in &names {
        assert!(total.get(name) > 0, "{name} never decided");
    }
}
