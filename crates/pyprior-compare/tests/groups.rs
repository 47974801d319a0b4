//! Groups of programs in numbers.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use pyprior_compare::{Group, GroupError, Setting, Summary, TextTokenizer, corpus, lengths_svg, ratios_svg};
use pyprior_core::{Language, LanguageConfig, Programs, Renderer};

fn gpt2() -> TextTokenizer {
    TextTokenizer::from_bytes("gpt2", include_bytes!("../../../models/gpt2/tokenizer.json")).unwrap()
}

#[test]
fn a_program_by_hand() {
    let language = Language::new(LanguageConfig::default()).unwrap();
    let names = "BLK_2 FUNC_1 ARITY_1 BLK_1 RETURN ADD VAR_1 INT_-7 PRINT CALL FUNC_1 INT_40";
    let tokens: Vec<u32> = names.split(' ').map(|name| language.vocab().id_of(name).unwrap()).collect();
    let mut programs = Programs::default();
    programs.push(&tokens);
    let group = Group::written("one", "by hand", &language, &programs, &gpt2()).unwrap();
    let [program] = group.programs[..] else { panic!() };
    let source = Renderer::new(&language).render(&tokens).unwrap().to_owned();
    assert_eq!(source, "def func(a):\n    return a + -7\nprint(func(40))");
    assert_eq!((program.tokens, program.bytes as usize), (12, source.len()));
    assert_eq!(program.text_tokens as usize, gpt2().ids(&source).unwrap().len());
    assert!((program.parts.iter().sum::<f64>() - f64::from(program.text_tokens)).abs() < 1e-9);
    let summary = Summary::of(&group).unwrap();
    let form = |name| summary.forms.iter().find(|form| form.name == name).map(|form| form.tokens);
    assert_eq!(["func", "var", "const", "block", "if"].map(form), [Some(2.0), Some(1.0), Some(2.0), Some(2.0), None]);
    assert_eq!((summary.vocab, summary.programs, summary.ratio_error), (Some(268), 1, 0.0));
    assert_eq!(summary.ratio, f64::from(program.text_tokens) / 12.0);
}

/// The sums that `ci/gpt2_tokenizer.py --count` gives by tiktoken for what `pyprior sample` writes.
#[test]
fn sums_are_those_of_tiktoken() {
    let tokenizer = gpt2();
    for (setting, tokens, text_tokens) in [("prior", 97_379, 213_821), ("uniform", 82_029, 249_293)] {
        let setting = corpus().into_iter().find(|of| of.name == setting).unwrap();
        let group = Group::sampled(&setting, 4000, 0, &tokenizer).unwrap();
        let sum = |of: fn(&pyprior_compare::Measured) -> u32| group.programs.iter().map(of).sum::<u32>();
        assert_eq!((sum(|of| of.tokens), sum(|of| of.text_tokens)), (tokens, text_tokens));
    }
}

#[test]
fn every_setting_has_its_programs() {
    let tokenizer = gpt2();
    let settings = corpus();
    let groups: Vec<Group> =
        settings.iter().map(|setting| Group::sampled(setting, 60, 1, &tokenizer).unwrap()).collect();
    let summaries: Vec<Summary> = groups.iter().map(|group| Summary::of(group).unwrap()).collect();
    for (group, of) in groups.iter().zip(&summaries) {
        let all = |shares: &[pyprior_compare::Share]| shares.iter().map(|share| share.part).sum::<f64>();
        assert_eq!(of.programs, 60);
        assert!((all(&of.forms) - 1.0).abs() < 1e-9 && (all(&of.parts) - 1.0).abs() < 1e-9, "{}", of.name);
        let of = &of.ratios;
        let order = [of.least, of.p5, of.p25, of.median, of.p75, of.p95, of.most];
        assert!(order.is_sorted() && of.least > 0.5, "{order:?}");
        // The same again, and for each number of programs.
        let again = Group::sampled(&settings[0], 20, 1, &tokenizer).unwrap();
        assert!(group.name != again.name || group.programs[..20] == again.programs);
    }
    let all = Group::together("all", &groups);
    assert_eq!((all.programs.len(), all.vocab), (480, 0));
    assert_eq!(Group::together("two", &groups[..2]).vocab, 268);
    for svg in [ratios_svg("gpt2", &summaries), lengths_svg("gpt2", &all)] {
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
    let empty = Group { programs: vec![], ..all };
    assert_eq!(Summary::of(&empty), None);
    for svg in [ratios_svg("<&>", &[]), lengths_svg("<&>", &empty)] {
        assert!(svg.contains("&lt;&amp;&gt;") && svg.ends_with("</svg>\n"), "{svg}");
    }
}

#[test]
fn settings_that_are_none() {
    let (tokenizer, setting) = (gpt2(), corpus().remove(0));
    let refused = |setting: &Setting| Group::sampled(setting, 1, 0, &tokenizer).unwrap_err();
    let language = LanguageConfig { value_range: (5, 4), ..setting.language.clone() };
    assert_eq!(refused(&Setting { language, ..setting.clone() }).to_string(), "setting \"prior\"");
    let prior = setting.prior.map(|prior| pyprior_core::PriorConfig { w_call: -1.0, ..prior });
    assert!(matches!(refused(&Setting { prior, ..setting.clone() }), GroupError::Setting { .. }));
    // Nothing that is drawn prints or calls anything.
    let exclude = ["PRINT", "CALL"].map(str::to_owned).into();
    let language = LanguageConfig { exclude, max_len: Some(5), ..setting.language.clone() };
    let error = refused(&Setting { language, passing: true, ..setting.clone() });
    assert_eq!(error.to_string(), "0 of 10000 programs pass the filter; 1 are wanted");
}
