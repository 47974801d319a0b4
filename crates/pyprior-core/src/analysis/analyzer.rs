//! All passes over a program, one after the other.

use super::findings::{Finding, FindingKind};
use super::flat::{Flat, Kind};
use super::flow::{Flow, FunctionEnds};
use super::fold::Known;
use super::functions::Functions;
use super::lay::Layer;
use super::liveness::{Liveness, Unread};
use super::steps::Bounds;
use super::values::Values;
use super::{Analysis, FunctionFacts};
use crate::ast::Module;
use crate::codec::preorder::{Tokens, Tree};
use crate::codec::tree::{DecodeError, MAX_DEPTH};
use crate::vocab::Vocab;

/// Analyses programs; keep one to reuse its memory. What it finds is what [`Analysis::of`] finds.
///
/// ```
/// use pyprior_core::{Analysis, Analyzer, Language, LanguageConfig, ProgramSampler};
///
/// let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
/// let mut analyzer = Analyzer::default();
/// for tokens in ProgramSampler::new(&language, 7).sample(0..100)?.iter() {
///     let analysis = analyzer.analyze_tokens(language.vocab(), tokens)?;
///     assert_eq!(*analysis, Analysis::of(&language.vocab().tokens_to_ast(tokens)?));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Analyzer {
    layer: Layer,
    flat: Flat,
    flow: Flow,
    functions: Functions,
    liveness: Liveness,
    values: Values,
    bounds: Bounds,
    analysis: Analysis,
}

impl Analyzer {
    /// Analyses a tree, whether or not it is a legal program.
    pub fn analyze(&mut self, module: &Module) -> &Analysis {
        // A tree has all that it is asked for.
        let laid = self.layer.lay(&mut self.flat, &mut Tree::new(module), usize::MAX);
        debug_assert!(laid.is_ok());
        self.look();
        &self.analysis
    }

    /// Analyses the tokens of a program. `PAD` may follow the end.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the tokens are no complete program.
    pub fn analyze_tokens(&mut self, vocab: &Vocab, tokens: &[u32]) -> Result<&Analysis, DecodeError> {
        let mut source = Tokens { vocab, tokens, position: 0 };
        self.layer.lay(&mut self.flat, &mut source, MAX_DEPTH as usize)?;
        self.look();
        Ok(&self.analysis)
    }

    /// What was found last.
    pub fn into_analysis(self) -> Analysis {
        self.analysis
    }

    /// Looks at what has been laid down.
    fn look(&mut self) {
        let Self { flat, flow, functions, liveness, values, bounds, .. } = self;
        flow.find(flat);
        functions.find(flat, flow);
        liveness.find(flat, flow);
        values.find(flat, flow, functions, liveness);
        bounds.find(flat, flow);
        let (used, call_value_used) = (functions.used, values.calls.iter().any(|call| call.used));
        let defs = flat.scopes.iter().filter_map(|scope| scope.def);
        let facts = defs.filter_map(|nth| match flat.stmts[nth].kind {
            Kind::Def { func, arity } => Some(FunctionFacts {
                function: func,
                statement: nth,
                arity,
                ends: flow.function_ends(flat, nth),
                used: used.contains(func),
                steps: bounds.function(func),
            }),
            _ => None,
        });
        self.analysis.functions.clear();
        self.analysis.functions.extend(facts);
        self.analysis.call_value_used = call_value_used;
        self.analysis.statements = flat.stmts.len();
        self.analysis.tokens = flat.tokens;
        self.analysis.forms = flat.forms;
        self.analysis.expr_depth = flat.expr_depth;
        self.analysis.control_depth = flat.control_depth;
        self.analysis.steps = bounds.module;
        self.list();
    }

    /// Lists the findings.
    fn list(&mut self) {
        let Self { flat, flow, functions, liveness, values, analysis, .. } = self;
        let finding = |statement: usize, further: usize, kind| {
            let token = flat.stmts[statement].token + further;
            Finding { statement, token, scope: flat.scope_of(statement).func, kind }
        };
        let found = &mut analysis.findings;
        found.clear();
        found.extend(flow.regions.iter().map(|region| {
            let by_token = flat.stmts[region.by].token;
            let kind = FindingKind::Unreachable { count: region.count, cause: region.cause, by: region.by, by_token };
            finding(region.first, 0, kind)
        }));
        for (nth, stmt) in flat.stmts.iter().enumerate().filter(|(nth, _)| flow.runs[*nth]) {
            match (stmt.kind, flow.known[nth]) {
                (_, Known::Test(holds)) => found.push(finding(nth, 1, FindingKind::ConstantTest { holds })),
                (_, Known::Count(0)) => found.push(finding(nth, 0, FindingKind::EmptyLoop)),
                (Kind::Def { func: function, .. }, _) => {
                    if !functions.used.contains(function) {
                        found.push(finding(nth, 0, FindingKind::UnusedFunction { function }));
                    }
                    if flow.function_ends(flat, nth) == FunctionEnds::Mixed {
                        found.push(finding(nth, 0, FindingKind::MixedReturns { function }));
                    }
                }
                _ => {}
            }
        }
        found.extend(liveness.unread.iter().map(|unread| match *unread {
            Unread::Store { stmt, var: variable } => {
                let binding = flat.stmts[stmt].binding;
                finding(stmt, 0, FindingKind::DeadStore { variable, binding })
            }
            Unread::LoopVariable { stmt, var: variable } => {
                let binding = flat.stmts[stmt].binding;
                finding(stmt, 0, FindingKind::UnusedLoopVariable { variable, binding })
            }
            Unread::Parameter { def, func: function, var: variable } => {
                let binding = usize::from(variable.saturating_sub(1));
                finding(def, 1, FindingKind::UnusedParameter { function, variable, binding })
            }
        }));
        found.extend(values.calls.iter().filter(|call| !call.used).map(|call| {
            let kind = FindingKind::UnusedCallValue { function: call.func };
            Finding { token: call.token, ..finding(call.stmt, 0, kind) }
        }));
        // The sort keeps parameters of one def in their order.
        found.sort_by_key(|finding| (finding.token, finding.kind.index()));
    }
}
