"""Programs from ``generate()`` of Hugging Face's transformers."""

from __future__ import annotations

from itertools import takewhile
from typing import Any, Iterable

import torch
from transformers import LogitsProcessor

from ..errors import SettingError, shape_error
from ..prior_config import PriorConfig, check_prior
from ..tokenizer import Tokenizer
from ._logits import Restriction
from ._rows import Ask, ProgramRow, Rows
from ._settings import NO_PRIOR, ModelLanguage, ProgramSettings


class ProgramLogitsProcessor(LogitsProcessor):
    """Restricts ``generate()`` to programs: each row writes one behind its prompt, then the stop token::

        processor = ProgramLogitsProcessor(tok, max_len=40)
        out = model.generate(
            **prompts, logits_processor=[processor], max_new_tokens=41, do_sample=True, eos_token_id=processor.stop_token_id
        )
        sources = [tok.decode(tokens) for tokens in processor.programs(out)]

    ``max_len`` bounds a program's tokens, ``prefix_len`` of them included: tokens at the end of every prompt that are the
    program's first. ``exclude`` and ``prior`` are those of ``Prior``. Token i of the language is token ``vocab_offset + i``
    of the model (``tok.offset`` if None); all other tokens are ruled out. ``stop_token_id`` is a token of the model (the
    language's ``EOS`` if None): the only one behind a program; ``generate`` needs it as ``eos_token_id``, and one token of
    room for it.

    Greedy search, sampling and beams, batches, and prompts filled up on the left. A row's tokens are compared with those of
    the step before: rows may be exchanged or taken back, as beams and assisted generation do. A call whose prompts differ
    begins anew, and so does one with longer prompts that begin as those did and go on with what is no program; ``reset()``
    before a prompt that goes on from the last output.

    Raises ConfigError if no program is as short, PriorError, SettingError; when called, SettingError for a prefix that is
    none, ShapeError if the model has too few tokens, or not as many rows of scores as of tokens. Can be pickled and copied, in
    the midst of a call too.
    """

    def __init__(
        self,
        tok: Tokenizer,
        *,
        max_len: int,
        exclude: Iterable[str] | None = None,
        prior: PriorConfig | None = None,
        vocab_offset: int | None = None,
        stop_token_id: int | None = None,
        prefix_len: int = 0,
    ) -> None:
        if not isinstance(tok, Tokenizer):
            raise TypeError(f"tok is a Tokenizer, not {type(tok).__name__}")
        self._language = ModelLanguage(tok, vocab_offset=vocab_offset, stop_token_id=stop_token_id)
        if isinstance(prefix_len, bool) or not isinstance(prefix_len, int) or prefix_len < 0:
            raise SettingError("prefix_len", f"a number of 0 or more is needed, not {prefix_len!r}")
        self.tok = tok
        self.prefix_len = prefix_len
        #: What follows a program, as a token of the model.
        self.stop_token_id: int = self._language.stop_token
        compiled = self._language.tok.with_limits(max_len, exclude)
        check_prior(prior)
        self._settings = ProgramSettings(self._language, compiled, prior or NO_PRIOR, prefix_len)
        self._pool = Rows()
        # Raises for a prior that is out of range, now rather than in the midst of generating.
        self._pool.add(self._settings).drop()
        self._rows: list[ProgramRow] = []
        self._prompt: torch.Tensor | None = None
        #: Whether the rows have what the step before has shown.
        self._shown = False
        self._restriction: Restriction | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Rows follow from the prompts and from what is shown of each at the next step.
        return {name: value for name, value in self.__dict__.items() if name not in ("_pool", "_rows", "_restriction")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._pool, self._rows, self._restriction, self._shown = Rows(), [], None, False
        if self._prompt is not None:
            self._rows = [self._pool.add(self._settings) for _ in self._prompt]

    def reset(self) -> None:
        """Takes the next call's tokens for prompts."""
        self._prompt = None

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Scores ``[rows, vocabulary]`` for the tokens that follow ``input_ids`` ``[rows, length]``: new ones, -inf where a
        token is ruled out."""
        if input_ids.shape[0] != scores.shape[0]:
            raise shape_error("scores", f"of {scores.shape[0]} rows", f"{input_ids.shape[0]} rows, as of tokens,")
        if not self._goes_on(input_ids):
            self._begin(input_ids)
        for row, history in zip(self._rows, self._histories(input_ids)):
            row.follow(history)
        self._shown = True
        if self._restriction is None or self._restriction.device != scores.device:
            self._restriction = Restriction(scores.device)
        restricted = scores.clone()
        self._restriction.apply(restricted, [Ask(at, row) for at, row in enumerate(self._rows)])
        return restricted  # type: ignore[return-value]

    def _goes_on(self, input_ids: torch.Tensor) -> bool:
        """Whether these tokens are of the call that is under way: behind the same prompts, row by row."""
        prompt = self._prompt
        if prompt is None or input_ids.shape[0] != prompt.shape[0] or input_ids.device != prompt.device:
            return False
        if not torch.equal(input_ids[:, : prompt.shape[1]], prompt):
            return False
        if not self._shown:
            return True
        # What no row has shown a token less of, and no program goes on with, is a longer prompt that begins as this one did.
        news = [
            (row, history)
            for row, history in zip(self._rows, self._histories(input_ids))
            if not row.has_shown(history[:-1]) and not any(other.has_shown(history[:-1]) for other in self._rows)
        ]
        for row, history in news:
            row.follow(history)
        return all(row.refused is None for row, _ in news)

    def _histories(self, input_ids: torch.Tensor) -> list[list[int]]:
        """The tokens of each row from the program's first on."""
        assert self._prompt is not None
        return input_ids[:, self._prompt.shape[1] - self.prefix_len :].tolist()

    def _begin(self, input_ids: torch.Tensor) -> None:
        rows, length = input_ids.shape
        if length < self.prefix_len:
            raise SettingError("prefix_len", f"is {self.prefix_len}, and prompts have {length} tokens")
        while len(self._rows) < rows:
            self._rows.append(self._pool.add(self._settings))
        while len(self._rows) > rows:
            self._rows.pop().drop()
        self._prompt = None
        for number, (row, prefix) in enumerate(zip(self._rows, input_ids[:, length - self.prefix_len :].tolist())):
            row.rewind(0)
            row.follow(prefix)
            if row.refused is not None:
                raise SettingError(f"prefix of row {number}", row.refused)
        self._prompt = input_ids.clone()

    def programs(self, sequences: Any) -> list[tuple[int, ...]]:
        """The programs in what ``generate`` returned, a tensor or an object that has it, as tokens of ``tok``: what comes before
        the stop token, the prefix included, and before any token that is none of the language. What comes from a beam whose
        score is -inf is no program."""
        if self._prompt is None:
            raise SettingError("programs", "nothing was generated yet")
        language = self._language
        own = range(language.offset, language.offset + language.tok.vocab_size)
        found = []
        for tokens in self._histories(getattr(sequences, "sequences", sequences)):
            of_program = takewhile(lambda token: token in own and token != self.stop_token_id, tokens)
            found.append(tuple(token - own.start + self.tok.offset for token in of_program))
        return found
