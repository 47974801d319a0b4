//! Small random languages in which the rules have something to say.

use pyprior_core::{Calls, ComparisonValues, DeadCode, LanguageConfig, Profile, Vocab};
use pyprior_naive::FORMS;

use super::Random;

/// What a language is mostly about. Left to chance alone, calls, merged scopes and branches that return come up
/// seldom within lengths that can be walked exhaustively.
#[derive(Clone, Copy)]
enum Theme {
    General,
    Calls,
    Branches,
    Returning,
    Merges,
    Loops,
    Single,
}

const THEMES: [Theme; 7] =
    [Theme::General, Theme::Calls, Theme::Branches, Theme::Returning, Theme::Merges, Theme::Loops, Theme::Single];

/// A random configuration, valid but for that it may hold no program; its `max_len` is the largest wanted.
pub(crate) fn config(random: &mut Random) -> LanguageConfig {
    let mut config = LanguageConfig::with_profile(random.pick(&[Profile::Sound, Profile::PyPrior002]));
    if random.one_in(3) {
        config.calls = random.pick(&[Calls::Any, Calls::Returning]);
        config.dead_code = random.pick(&[DeadCode::AfterReturn, DeadCode::AfterReturning]);
        config.comparison_values = random.pick(&[ComparisonValues::Bool, ComparisonValues::Int]);
    }
    config.no_dead_code = !random.one_in(4);
    config.max_funcs = random.between(0, 3);
    config.max_vars = random.between(0, 3);
    config.max_arity = (!random.one_in(3)).then(|| random.between(0, 2));
    let low = random.between(0, 2) as i64 - 1;
    config.value_range = (low, low + i64::from(random.one_in(4)));
    if random.one_in(10) {
        config.value_range = (1, 0);
        config.allow_empty_value_range = true;
    }
    config.max_block_stmts = random.between(1, 3);
    config.max_expr_depth = random.between(0, 2);
    config.max_control_depth = random.between(0, 2);
    config.base_vocab = if random.one_in(4) { random.between(1, 100) } else { 0 };
    config.max_len = Some(if random.one_in(2) { 18 } else { random.between(4, 18) });
    config.exclude = excludes(random);
    themed(&mut config, random);
    // Names that this vocabulary lacks would be refused.
    let vocab = Vocab::new(&config).unwrap_or_else(|error| panic!("{error}: {config:?}"));
    config.exclude.retain(|name| FORMS.contains(&name.as_str()) || vocab.id_of(name).is_some());
    config
}

fn excludes(random: &mut Random) -> Vec<String> {
    let mut exclude = Vec::new();
    for form in FORMS {
        let often = matches!(form, "binop" | "compare" | "for");
        if random.one_in(if often { 3 } else { 14 }) {
            exclude.push(form.to_owned());
        }
    }
    // What differs by name only is mostly kept out, to get at longer programs before there are too many.
    for name in ["SUB", "MUL", "EQ", "FOR2"] {
        if !random.one_in(6) {
            exclude.push(name.to_owned());
        }
    }
    let names = "ADD LT FOR VAR_1 VAR_2 VAR_3 FUNC_1 FUNC_2 ARITY_0 ARITY_1 BLK_1 BLK_2 INT_-1 INT_0 INT_1 RETURN IF \
                 ASSIGN CALL PRINT PAD EOS DIG_0 M_DEDUCTION";
    for name in names.split_whitespace() {
        if random.one_in(14) {
            exclude.push(name.to_owned());
        }
    }
    random.shuffle(&mut exclude);
    exclude
}

fn themed(config: &mut LanguageConfig, random: &mut Random) {
    let one_constant = |config: &mut LanguageConfig| config.value_range.1 = config.value_range.0;
    match random.pick(&THEMES) {
        Theme::General => {}
        Theme::Calls => {
            config.max_funcs = random.between(1, 3);
            config.max_block_stmts = random.between(2, 3);
            config.max_expr_depth = random.between(1, 2);
            config.max_control_depth = 0;
            one_constant(config);
            keep(config, "func FUNC_1 FUNC_2 call CALL return RETURN arity BLK_1 BLK_2 block");
            drop(config, "binop compare");
            if random.one_in(3) {
                drop(config, random.pick(&["func", "FUNC_2", "call", "ARITY_0", "arity", "return"]));
            }
        }
        Theme::Branches => {
            config.max_funcs = 1;
            config.max_vars = random.between(0, 1);
            config.max_control_depth = random.between(1, 2);
            config.max_block_stmts = random.between(2, 3);
            config.max_expr_depth = 0;
            config.max_len = config.max_len.map(|max_len| max_len + random.between(0, 8));
            one_constant(config);
            keep(config, "func FUNC_1 return RETURN if IF compare LT BLK_1 BLK_2 block");
            drop(config, "binop EQ");
            if !random.one_in(4) {
                drop(config, "for");
            }
            if random.one_in(3) {
                drop(config, random.pick(&["print", "assign"]));
            }
        }
        Theme::Returning => {
            // Calls of functions that return by branches: 17 tokens at least.
            config.max_funcs = 1;
            config.max_vars = random.below(8).saturating_sub(6) as u32;
            config.max_control_depth = 1;
            config.max_block_stmts = 2;
            config.max_expr_depth = 1;
            config.max_len = Some(random.between(17, 18));
            one_constant(config);
            config.exclude.clear();
            drop(config, "assign for binop EQ ARITY_1");
        }
        Theme::Merges => {
            config.max_funcs = random.below(5).saturating_sub(3) as u32;
            config.max_vars = random.between(2, 3);
            config.max_control_depth = random.between(1, 2);
            config.max_block_stmts = 2;
            config.max_expr_depth = 0;
            one_constant(config);
            keep(config, "var VAR_1 VAR_2 assign ASSIGN if IF compare LT BLK_1 BLK_2 block");
            drop(config, "binop EQ FOR2");
        }
        Theme::Loops => {
            config.max_control_depth = random.between(1, 2);
            config.max_vars = random.between(1, 2);
            config.max_expr_depth = random.between(0, 1);
            one_constant(config);
            keep(config, "for FOR FOR2 if IF");
            drop(config, "print assign binop");
        }
        Theme::Single => {
            config.exclude.retain(|name| name.starts_with(char::is_uppercase));
            config.max_expr_depth = random.between(0, 1);
        }
    }
}

fn keep(config: &mut LanguageConfig, names: &str) {
    config.exclude.retain(|name| !names.split_whitespace().any(|kept| kept == name));
}

fn drop(config: &mut LanguageConfig, names: &str) {
    config.exclude.extend(names.split_whitespace().map(str::to_owned));
}
