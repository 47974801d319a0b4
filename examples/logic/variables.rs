//! Logic variables: boxes that are filled once.
//!
//! ```sh
//! cargo run -p pyprior-logic --example variables
//! ```

use pyprior_logic::{IntoTerm, Parts, Store, Structure, UnifyError, Var, map};

/// A type of one's own: its parts are unified one by one.
struct Foo<A> {
    a: A,
    b: Var,
}

impl<A: IntoTerm + Clone> Structure for Foo<A> {
    fn name(&self) -> &str {
        "Foo"
    }

    fn parts(&self, parts: &mut Parts<'_>) -> Result<(), UnifyError> {
        parts.field("a", self.a.clone())?;
        parts.field("b", self.b)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();

    // Free, then bound, once.
    let x = store.newvar_named("X");
    assert!(store.is_free(x) && !store.is_bound(x));
    store.bind(x, 42)?;
    assert!(store.value(x)?.as_int().is_some_and(|n| n / 2 == 21));
    if let Err(error) = store.bind(x, "hello") {
        println!("{error}");
    }
    store.bind(x, 42)?;

    // Values unify if they are equal.
    store.unify([1, 2], [1, 2])?;
    if let Err(error) = store.unify(42, 43) {
        println!("{error}");
    }

    // Variables in maps.
    let (z, w) = (store.newvar(), store.newvar());
    store.unify(map! {"a" => 42, "b" => z}, map! {"a" => z, "b" => w})?;
    assert!(store.value(z)? == 42 && store.value(w)? == 42);

    // A custom type.
    let f1 = Foo { a: store.newvar(), b: store.newvar() };
    let f2 = Foo { a: 42, b: store.newvar() };
    store.unify(&f1, &f2)?;
    assert_eq!(store.value(f1.a)?, 42);
    assert!(store.alias_of(f1.b, f2.b));
    store.unify(f2.b, "foo")?;
    assert_eq!(store.value(f1.b)?, "foo");
    println!("{}", store.value(&f1)?);

    // A transaction that fails leaves nothing behind.
    let y = store.newvar_named("Y");
    let outcome = store.transaction(|s| {
        s.unify(y, (1, z))?;
        s.unify(y, (1, 43))
    });
    assert!(outcome.is_err() && store.is_free(y));
    Ok(())
}
