"""Every kind of attention, each a short program; one ordered list of them."""

from attn_cli.errors import AttnError, brief, did_you_mean
from attn_cli.mechanisms.additive import ADDITIVE, CONCAT
from attn_cli.mechanisms.bilinear import GENERAL, LOCATION
from attn_cli.mechanisms.branched import BRANCHED
from attn_cli.mechanisms.connected import FC_FEATURE, FC_TIME
from attn_cli.mechanisms.cosine import COSINE
from attn_cli.mechanisms.dot_product import DOT, SCALED
from attn_cli.mechanisms.latent import FOLDED, MLA
from attn_cli.mechanisms.linear import KERNEL, LINEAR
from attn_cli.mechanisms.mechanism import Choices, Layout, Mechanism
from attn_cli.mechanisms.recurrent import DELTA, GATED

MECHANISMS: tuple[Mechanism, ...] = (
    SCALED,
    DOT,
    GENERAL,
    ADDITIVE,
    CONCAT,
    LOCATION,
    COSINE,
    FC_TIME,
    FC_FEATURE,
    BRANCHED,
    MLA,
    FOLDED,
    LINEAR,
    KERNEL,
    GATED,
    DELTA,
)
DEFAULT = MECHANISMS[0].name

__all__ = ["DEFAULT", "MECHANISMS", "Choices", "Layout", "Mechanism", "named"]


def named(name: str) -> Mechanism:
    """Find a mechanism by its `--mode` name, or by what others call it.

    Raises AttnError with the option that was meant, or the nearest mode and all others.
    """
    word = name.lower().replace("_", "-").replace(" ", "-")
    for mechanism in MECHANISMS:
        if word == mechanism.name:
            return mechanism
    for mechanism in MECHANISMS:
        if word in mechanism.also:
            return mechanism
    from attn_cli.mechanisms.meant import option_meant

    meant = option_meant(word)
    if meant is not None:
        raise AttnError(f"‹mode›: {brief(name)} is no mode. {meant}")
    known = [mechanism.name for mechanism in MECHANISMS]
    raise AttnError(f"‹mode›: there is no mode {brief(name)!r}. {did_you_mean(name, known)}")
