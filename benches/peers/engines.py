"""The peers behind one interface, each as its own documentation says to use it.

An engine takes a grammar once (`compile`) and then follows one text at a time: `reset`,
and for every token `fill` the bitmask of the allowed ones and `accept` one of them.
`words` is the bitmask, 32 tokens to a word, lowest bit first. `idle` is a call that does
next to nothing: what of the time is Python's.
"""

import importlib.metadata
import logging
import os

import dialects
import environment
import numpy


class XGrammar:
    name = "XGrammar"
    package = "xgrammar"
    ending = ""

    def __init__(self, vocabulary):
        import xgrammar

        self.library = xgrammar
        self.info = xgrammar.TokenizerInfo(
            vocabulary.words,
            xgrammar.VocabType.BYTE_LEVEL,
            vocab_size=vocabulary.size,
            stop_token_ids=[vocabulary.end],
        )
        self.bitmask = xgrammar.allocate_token_bitmask(1, vocabulary.size)
        self.words = self.bitmask.numpy()[0].view(numpy.uint32)

    def text(self, rules):
        return dialects.gbnf(rules)

    def compile(self, text):
        compiler = self.library.GrammarCompiler(self.info, max_threads=1, cache_enabled=False)
        grammar = compiler.compile_grammar(text, root_rule_name="start")
        self.matcher = self.library.GrammarMatcher(grammar)
        self.reset, self.accept = self.matcher.reset, self.matcher.accept_token
        self.idle = self.matcher.is_terminated

    def fill(self):
        self.matcher.fill_next_token_bitmask(self.bitmask)


class LLGuidance:
    name = "llguidance"
    package = "llguidance"
    ending = ""

    def __init__(self, vocabulary):
        import llguidance
        import llguidance.numpy

        self.library = llguidance
        self.tokenizer = llguidance.LLTokenizer(
            vocabulary.tokenizer._tokenizer.to_str(),
            n_vocab=vocabulary.size,
            eos_token=vocabulary.end,
        )
        self.bitmask = llguidance.numpy.allocate_token_bitmask(1, vocabulary.size)
        self.words = self.bitmask[0].view(numpy.uint32)
        self.fill_bitmask = llguidance.numpy.fill_next_token_bitmask

    def text(self, rules):
        return dialects.llguidance(rules)

    def compile(self, text):
        grammar = self.library.LLMatcher.grammar_from_lark(text)
        self.matcher = self.library.LLMatcher(self.tokenizer, grammar)
        if self.matcher.is_error():
            raise ValueError(self.matcher.get_error())
        self.reset, self.accept = self.matcher.reset, self.matcher.consume_token
        self.idle = self.matcher.is_accepting

    def fill(self):
        self.fill_bitmask(self.matcher, self.bitmask)


class Outlines:
    """Outlines hands a grammar to llguidance; what it adds is the loop of a served model.

    Its processor compiles the grammar anew for every text, and takes the token accepted
    last out of the ids when it fills the next bitmask and applies it to the logits.
    """

    name = "Outlines"
    package = "outlines"
    ending = ""

    def __init__(self, vocabulary):
        from outlines.backends.llguidance import LLGuidanceLogitsProcessor

        self.processor_of = LLGuidanceLogitsProcessor
        self.below = LLGuidance(vocabulary)
        self.logits = numpy.zeros((1, vocabulary.size), numpy.float32)

    def text(self, rules):
        return self.below.text(rules)

    def compile(self, text):
        grammar = self.below.library.grammar_from("grammar", text)
        self.processor = self.processor_of(grammar, self.below.tokenizer, "numpy")
        self.processor._setup(1)
        self.idle = self.processor.ll_matchers[0].is_accepting
        self.reset()

    def reset(self):
        self.processor.reset()
        self.ids = numpy.zeros((1, 1), numpy.int64)

    def fill(self):
        self.processor.process_logits(self.ids, self.logits)
        self.words = self.processor.bitmask[0].view(numpy.uint32)

    def accept(self, token):
        self.ids[0, 0] = token
        return not self.processor.ll_matchers[0].is_error()


class SynCode:
    """SynCode with its own grammar of all of Python.

    Ours does not fit it: its parser is LALR(1), and whether the call in `(func(a` stands
    at the depth of the parenthesis or is the first operand of a sum there is known only
    far to the right; and its lexer looks at no context, so it cannot tell the end of a
    line and part of an indentation from the whole. Its masks allow too much on purpose:
    they look one or two terminals ahead.
    """

    name = "SynCode (Python)"
    package = "syncode"
    ending = "\n"  # its grammar wants the last line ended

    def __init__(self, vocabulary):
        os.environ["SYNCODE_CACHE"] = str(environment.REPO_ROOT / "target" / "syncode") + "/"
        import syncode
        import torch
        import transformers

        logging.disable(logging.CRITICAL)  # it reports every text that it cannot parse
        torch.set_num_threads(1)
        self.syncode, self.tensor = syncode, torch.tensor
        self.tokenizer = transformers.GPT2TokenizerFast(
            vocabulary.encoder_path, vocabulary.merges_path
        )
        self.zeros = torch.zeros(1, vocabulary.size)

    def text(self, rules):
        return "python"

    def compile(self, text):
        """Takes minutes; afterwards a file below target/ has the result."""
        self.processor = self.syncode.SyncodeLogitsProcessor(
            self.syncode.Grammar(text), self.tokenizer, parse_output_only=False, indent=True
        )
        self.idle = lambda: None
        self.reset()

    def reset(self):
        self.processor.reset()
        self.ids = []

    def fill(self):
        ids = self.tensor([self.ids], dtype=int)
        self.scores = self.processor(ids, self.zeros.clone())

    @property
    def words(self):
        finite = numpy.isfinite(self.scores[0].numpy())
        bits = numpy.packbits(finite, bitorder="little")
        return numpy.pad(bits, (0, -len(bits) % 4)).view(numpy.uint32)

    def accept(self, token):
        self.ids.append(token)
        return not self.processor.grammar_engine.parse_failed


def version(engine):
    return importlib.metadata.version(engine.package)


def allowed(engine, size):
    """The ids of the tokens whose bits are set."""
    bits = numpy.unpackbits(engine.words.view(numpy.uint8), bitorder="little")
    return numpy.flatnonzero(bits[:size])


def is_allowed(engine, token):
    return bool(engine.words[token >> 5] >> (token & 31) & 1)
