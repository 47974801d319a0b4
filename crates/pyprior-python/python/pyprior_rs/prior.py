"""The symbolic prior, put together with a model's logits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

import numpy as np

from . import _engine
from .encode import Names
from .errors import NO_TOKEN, EncodeError, PyPriorError, shape_error
from .prior_config import PriorConfig, check_prior
from .states import States, init
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    import torch


class Prior:
    """A prior for the language of a tokenizer, and a decode that it is applied to.

    ``apply`` takes a model's logits to logits that are -inf where a token is not legal and finite elsewhere. Raises
    PriorError if a field of ``config`` is out of range.

    It can be pickled and copied, the decode included, which a deep copy has as its own.
    """

    def __init__(self, tokenizer: Tokenizer, config: PriorConfig | None = None, *, max_len: int | None = None) -> None:
        if not isinstance(tokenizer, Tokenizer):
            raise TypeError(f"tokenizer is a Tokenizer, not {type(tokenizer).__name__}")
        self.tok = tokenizer
        self.cfg = PriorConfig() if config is None else config
        self.max_len = max_len
        self._states: States | None = None
        self._names: list[Names | None] = []

    @property
    def cfg(self) -> PriorConfig:
        """Weights, decays and mode: what it is set to holds from then on. Raises PriorError, and then is as it was."""
        return self._cfg

    @cfg.setter
    def cfg(self, config: PriorConfig) -> None:
        if not isinstance(config, PriorConfig):
            check_prior(config)
            raise TypeError("a prior is a PriorConfig, not None")
        self.engine = _engine.SymbolicPrior(self.tok.language, **config.settings())
        self._cfg, self._tensors = config, None

    def __getstate__(self) -> dict[str, Any]:
        # What is compiled, and tensors on devices, are made again.
        return {**self.__dict__, "engine": None, "_tensors": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.cfg = self._cfg

    # --------------------------------------------------------------- the decode

    def start(
        self,
        prompts: Iterable[Any] | None = None,
        *,
        n: int = 1,
        max_len: int | None = None,
        exclude: Iterable[str] | None = None,
    ) -> Prior:
        """Begins a decode: of ``n`` rows, or of one for each prompt, a source (a complete program, or nothing at all) or a
        prefix of token ids.

        Raises EncodeError, TokenError, ConfigError; then the decode is what it was.
        """
        max_len = self.max_len if max_len is None else max_len
        if prompts is None:
            states = init(vocab=self.tok, n=n, max_len=max_len, exclude=exclude)
            names: list[Names | None] = [None] * len(states)
        else:
            ids, names = self._read(prompts)
            states = init(vocab=self.tok, ids=ids, max_len=max_len, exclude=exclude)
        self._states, self._names = states, names
        return self

    def _read(self, prompts: Iterable[Any]) -> tuple[list[Any], list[Names | None]]:
        if isinstance(prompts, (str, bytes)):
            raise TypeError("prompts are a list of sources or of prefixes, not one source")
        ids: list[Any] = []
        names: list[Names | None] = []
        for prompt in prompts:
            if isinstance(prompt, (str, bytes)) and not prompt.strip():
                ids.append(())
                names.append(None)
            elif isinstance(prompt, (str, bytes)):
                found = self.tok.encode(prompt)
                if not found.ok:
                    raise found.error or EncodeError("refused")
                ids.append(found.tokens)
                names.append(found.names)
            else:
                ids.append(prompt)
                names.append(None)
        return ids, names

    @property
    def states(self) -> States:
        """The rows of the decode. Raises PyPriorError before ``start``."""
        if self._states is None:
            raise PyPriorError("there is no decode yet: call start() first")
        return self._states

    @property
    def ids(self) -> list[tuple[int, ...]]:
        """The tokens of each row so far."""
        return self.states.ids

    @property
    def input_ids(self) -> torch.Tensor:
        """What a model is to see: ``BOS`` and the tokens so far, int64 ``[B, 1 + longest]``, filled up with ``PAD``; on the CPU,
        whatever torch's default device is."""
        import torch

        tokens = torch.from_numpy(self.states.padded(self.tok.pad_token_id))
        bos = tokens.new_full((tokens.shape[0], 1), self.tok.bos_token_id)
        return torch.cat([bos, tokens], dim=1)

    def advance(self, toks: Any) -> Prior:
        """Takes one token a row: a list, an array or a tensor, ``[B]``; arrays and tensors ``[B, 1]`` too. Finished rows take
        ``PAD``. All rows step, or none: raises TokenError."""
        self.states.advance(toks)
        return self

    def done(self) -> bool:
        """Whether all rows are complete."""
        return self.states.done()

    # --------------------------------------------------------------- its numbers

    def logits(self, states: States | None = None, *, like: Any = None) -> Any:
        """The prior's logits at each hole, ``[B, V]``: an array of float32, or a tensor like ``like``."""
        found = self.engine.logits(self.states if states is None else states)
        return _like(found, like)

    def mask(self, states: States | None = None, *, like: Any = None) -> Any:
        """What is legal, ``[B, V]``: 0 where it is, -inf elsewhere; an array of float32, or a tensor like ``like``."""
        return _like((self.states if states is None else states).mask(), like)

    def apply(self, model_logits: Any, states: States | None = None, mask: Any = None) -> Any:
        """Puts the prior and a model's logits together by the mode of the configuration.

        ``model_logits`` is ``[B, V]``, a floating tensor of any device or an array of numpy; the result is new, of the same
        type and device (arrays of float64 are worked on as float32). ``states`` are the rows of the decode if None; ``mask`` (0 where legal, -inf elsewhere) stands in
        for what they say is legal, which is at least one token a row. Gradients pass through tensors.

        Tokens that are not legal become -inf, and so do those of weight 0 where another one has weight. All others are
        finite, whatever the model's logits are. Raises ShapeError.
        """
        rows = self.states if states is None else states
        if hasattr(model_logits, "data_ptr"):
            from ._torch import PriorTensors

            if self._tensors is None:
                self._tensors = PriorTensors(self.engine, self.cfg)
            return self._tensors.apply(model_logits, rows, mask)
        given = np.asarray(model_logits)
        if given.dtype.kind != "f" or given.dtype.itemsize not in (2, 4, 8):
            raise TypeError(f"logits are numbers of float16, float32 or float64, not {given.dtype}")
        # Beyond float32 is as good as infinite, which counts as its largest number.
        with np.errstate(over="ignore"):
            near = given.astype(np.float16 if given.dtype.itemsize == 2 else np.float32, copy=False)
        bits = None if mask is None else np.asarray(mask)
        if bits is not None:
            if bits.dtype == bool:
                raise TypeError("a mask is 0 where a token is legal and -inf elsewhere, not true or false")
            if bits.shape != given.shape:
                raise shape_error("the mask", f"of shape {bits.shape}", given.shape)
            if not (bits == 0).any(-1).all():
                raise PyPriorError(NO_TOKEN)
            bits = np.ascontiguousarray(bits, dtype=np.float32)
        return self.engine.apply(rows, near, bits).astype(given.dtype, copy=False)

    def show(self, index: int = 0, **options: Any) -> str:
        """``pyprior_rs.show`` of the row in a slot, under the names of its prompt. Raises IndexError if there is none."""
        from .viz import show

        slots = self.states.rows
        slot = index + len(slots) if index < 0 else index
        if not 0 <= slot < len(slots) or (shown := slots[slot]) is None:
            raise IndexError(f"there is no row in slot {index}; there are {len(slots)} slots")
        names = self._names[slot] if slot < len(self._names) else None
        row = shown.tokens
        # A prompt's names are those of a whole program; a row that goes on from it needs others.
        return show(self.tok, row, names=options.pop("names", names), **options)


def _like(array: np.ndarray, like: Any) -> Any:
    if like is not None and hasattr(like, "data_ptr"):
        import torch

        from ._torch import dtype_of

        return torch.from_numpy(array).to(device=like.device, dtype=dtype_of(like.dtype))
    return array
