//! Producers and consumers that wait for each other's variables: eager, and by need.
//!
//! ```sh
//! cargo run -p pyprior-logic --example dataflow
//! ```

use pyprior_logic::{Flow, Scheduler, TaskError, Var};

type Done = Result<(), TaskError>;

/// Writes `n`, …, `limit - 1` into the list `r`. The tail call of the original is a loop here.
async fn generate(flow: Flow, mut n: i64, limit: i64, mut r: Var) -> Done {
    while n < limit {
        let tail = flow.newvar();
        flow.unify(r, (n, tail))?;
        (n, r) = (n + 1, tail);
    }
    flow.bind(r, ())
}

async fn sum(flow: Flow, mut l: Var, mut a: i64, r: Var) -> Done {
    loop {
        let (head, tail) = (flow.newvar(), flow.newvar());
        flow.unify(l, (head, tail))?;
        let last = flow.equal(tail, ()).await?;
        a += flow.int(head).await?;
        if last {
            return flow.bind(r, a);
        }
        l = tail;
    }
}

/// The lazy version of `generate`: it makes what somebody waits for, and has no end of its own.
async fn lgenerate(flow: Flow, mut n: i64, mut l: Var) -> Done {
    loop {
        flow.wait_needed(l).await?;
        let tail = flow.newvar();
        flow.bind(l, (n, tail))?;
        (n, l) = (n + 1, tail);
    }
}

/// This summer controls the generator.
async fn lsum(flow: Flow, mut l: Var, mut a: i64, mut limit: i64, r: Var) -> Done {
    while limit > 0 {
        let (head, tail) = (flow.newvar(), flow.newvar());
        flow.wait(l).await?; // awakes those waiting by need on l
        flow.unify(l, (head, tail))?;
        (l, a, limit) = (tail, a + flow.int(head).await?, limit - 1);
    }
    flow.bind(r, a)
}

fn main() -> Done {
    let mut main = Scheduler::new();
    let (x, s) = (main.newvar(), main.newvar());
    main.stacklet("sum", |flow| sum(flow, x, 0, s));
    main.stacklet("generate", |flow| generate(flow, 0, 10, x));
    assert_eq!(main.value(s)?, 45);

    let (y, t) = (main.newvar(), main.newvar());
    main.stacklet("lgenerate", |flow| lgenerate(flow, 0, y));
    main.stacklet("lsum", |flow| lsum(flow, y, 0, 10, t));
    assert_eq!(main.value(t)?, 45);
    println!("S = {}, T = {}, and {} task waits to be needed", main.value(s)?, main.value(t)?, main.tasks());

    // The same with streams, and a value that is computed by a task.
    let squares = main.newvar();
    main.stacklet("squares", |flow| async move {
        let mut out = flow.writer(squares);
        for n in 0.. {
            out.needed().await?;
            out.push(n * n)?;
        }
        Ok(())
    });
    let found = main.future("find", |flow| async move {
        let mut numbers = flow.reader(squares);
        while let Some(number) = numbers.next().await? {
            if number.as_int().is_some_and(|n| n > 1000) {
                return Ok(number);
            }
        }
        flow.fail()
    });
    println!("the first square above 1000 is {}", main.value(found)?);

    // Nobody binds what these wait for.
    let (a, b) = (main.newvar_named("A"), main.newvar_named("B"));
    main.stacklet("first", |flow| async move { flow.bind(a, flow.int(b).await?) });
    main.stacklet("second", |flow| async move { flow.bind(b, flow.int(a).await?) });
    match main.run() {
        Err(TaskError::AllBlocked(blocked)) => println!("{blocked}"),
        other => return other,
    }
    main.bind(a, 1)?;
    main.run()
}
