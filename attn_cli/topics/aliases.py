"""What people call the topics, in both languages: other names, acronyms, authors, questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

ALIASES: Mapping[str, tuple[str, ...]] = {
    "attention": (
        *("attention mechanism", "what is attention", "intro", "introduction", "start", "basics"),
        *("注意力", "注意力机制", "什么是注意力", "入门"),
    ),
    "query-key-value": (
        *("q", "k", "v", "qkv", "q k v", "query", "key", "value", "queries", "keys", "values"),
        *("w_q", "w_k"),
        *("w_v", "projection", "projections", "查询", "键", "值", "查询键值", "投影"),
    ),
    "scores": (
        *("score", "score function", "scoring", "alignment", "similarity", "compatibility"),
        *("qk^t", "qkᵀ", "logits", "energy", "打分", "打分函数", "注意力分数", "对齐", "相似度"),
    ),
    "scaling": (
        *("scale", "√d", "√d_k", "sqrt", "sqrt(d)", "sqrt d", "sqrt(d_k)", "1/√d", "divide"),
        *(
            "scores scaled",
            "scaled scores",
            "variance",
            "scaling factor",
            "d_k",
            "dk",
            "缩放",
            "缩放因子",
            "除以√d",
            "方差",
        ),
    ),
    "softmax": (
        *("weights", "attention weights", "temperature", "probability", "probabilities"),
        *("normalization", "normalizer", "sparsemax", "entmax", "entmax15", "sigmoid", "martins"),
        *(
            "softmax-steps",
            "softmax-sink",
            "sink",
            "sinks",
            "peters",
            "概率",
            "概率分布",
            "权重",
            "温度",
        ),
    ),
    "softmax-jacobian": (
        *("jacobian", "softmax gradient", "derivative of softmax", "gradient", "backward"),
        *("backpropagation", "saturate", "saturates", "saturated", "saturation", "vanishing"),
        *("雅可比", "梯度", "反向传播", "饱和"),
    ),
    "overflow": (
        *("inf", "nan", "inf/inf", "max", "subtract max", "numerical stability", "stable softmax"),
        *("log-sum-exp", "float16", "溢出", "数值稳定", "减去最大值"),
    ),
    "dot-or-additive": (
        *("dot or additive", "additive or dot", "dot vs additive", "additive vs dot"),
        *("dot product or additive", "dot additive", "点积还是加性", "加性还是点积"),
        *("点积与加性", "点积 加性", "加性 点积"),
    ),
    "symmetry": (
        *("symmetric", "asymmetric", "undirected", "directed graph", "对称", "对称图", "有向图"),
        *("权重对称", "对称矩阵"),
    ),
    "reinforce": (
        *("policy gradient", "baseline", "variance of the gradient", "score function estimator"),
        *("williams", "强化学习", "策略梯度", "基线"),
    ),
    "local-p": (
        *("gaussian", "bell curve", "predicted place", "predictive alignment", "高斯窗"),
        *("预测位置",),
    ),
    "local-and-hard": ("local as hard", "local vs hard", "局部与硬", "局部作为硬注意力"),
    "images-and-graphs": (
        *("images", "image", "vision", "graph", "graphs", "graph attention", "gat", "pixels"),
        *("neighbours", "neighbors", "ramachandran", "图像", "图", "图注意力"),
    ),
    "seq2seq": (
        *("sequence to sequence", "encoder decoder", "encoder-decoder", "recurrent", "rnn"),
        *("lstm", "gru", "sutskever", "forgetting", "context vector", "step by step"),
        *("循环神经网络", "序列到序列", "编码器", "解码器", "遗忘"),
    ),
    "words": (
        *("glossary", "vocabulary", "terms", "symbols", "notation", "letters", "ffn", "nats"),
        *("token", "tokens", "embedding", "embeddings", "dropout", "词元", "词嵌入", "嵌入"),
        *("intensity", "fused", "latent", "core", "⊙", "⊗", "Φ", "phi", "词汇", "术语", "符号"),
    ),
    "sources": (
        *("bibliography", "references", "papers", "citations", "literature", "出处", "参考文献"),
        *("论文",),
    ),
    "masks": (
        *("mask", "masking", "causal", "causal mask", "look-ahead", "padding"),
        *("padding mask", "lengths", "window", "sliding window", "sparse", "longformer"),
        *("bigbird", "left", "right", "prefix", "block", "dilation", "stride", "log-sparse"),
        *("random", "documents", "neighbourhood", "beltagy", "child", "zaheer", "mistral"),
        *("掩码", "遮蔽", "因果", "因果掩码", "填充", "滑动窗口", "稀疏"),
    ),
    "soft-and-hard": (
        *("hard", "hard attention", "soft", "soft attention", "sample", "gumbel"),
        *("gumbel-softmax", "gumbel-hard", "straight-through", "xu", "jang"),
        *("show attend and tell", "硬注意力", "软注意力"),
        *("直通估计",),
    ),
    "global-and-local": (
        *("local", "local attention", "global", "global attention", "local-m"),
        *("局部", "局部注意力", "全局", "全局注意力"),
    ),
    "implicit-and-explicit": (
        *("implicit", "explicit", "feed-forward attention", "显式", "隐式", "隐式注意力"),
    ),
    "self-and-cross": (
        *(
            "self attention",
            "self-attention",
            "self",
            "cross",
            "cross attention",
            "intra-attention",
        ),
        *("encoder-decoder attention", "context", "自注意力", "交叉注意力"),
    ),
    "multi-head": (
        *("head", "heads", "multihead", "mha", "w_o", "multi head attention", "concat heads"),
        *("多头", "多头注意力", "头"),
    ),
    "grouped-heads": (
        *("gqa", "mqa", "grouped", "grouped query attention", "multi query attention"),
        *("multi-query", "grouped-query", "kv heads", "ainslie", "shazeer", "分组查询"),
        *("mha gqa", "gqa mha", "gqa mqa", "mqa gqa", "mha mqa", "mqa mha", "mha gqa mqa"),
        *("多查询", "分组注意力"),
    ),
    "permutation": (
        *("permute", "order", "equivariance", "permutation equivariance", "invariance", "set"),
        *("shuffle", "置换", "顺序", "排列", "置换不变"),
    ),
    "bottleneck": (*("cho", "one vector", "long sentences", "why attention", "瓶颈"),),
    "transformer": (
        *("attention is all you need", "encoder", "decoder", "layer", "block diagram"),
        *("变压器",),
    ),
    "residual": (
        *("residual connection", "skip connection", "layernorm", "layer norm", "norm", "pre-norm"),
        *("layer normalization", "post-norm", "add and norm", "残差", "残差连接", "层归一化"),
    ),
    "positions": (
        *("position", "positional encoding", "position encoding", "rope", "rotary", "roformer"),
        *("su", "alibi", "press", "t5", "t5-decoder", "raffel t5", "relative", "shaw"),
        *("relative position", "sinusoidal", "bias", "位置", "位置编码", "旋转位置编码"),
    ),
    "complexity": (
        *("flops", "cost", "memory", "quadratic", "o(n^2)", "o(n²)", "o(n²d)", "o(nd²)", "big o"),
        *("how long", "parameters", "复杂度", "计算量", "内存", "显存"),
    ),
    "online-softmax": (
        *("flash", "flashattention", "flash attention", "dao", "milakov", "rabe", "tiling"),
        *("block size", "在线softmax", "分块", "闪存注意力"),
    ),
    "kv-cache": (
        *("cache", "kv cache", "decode", "decoding", "generation", "inference", "past_k"),
        *("key value cache", "缓存", "键值缓存", "kv缓存", "解码", "推理"),
    ),
    "linear": ("linear transformer", "state", "recurrence", "linear attention", "线性注意力"),
    "additive": ("additive attention", "tanh", "加性注意力"),
    "dot": ("dot product", "dot product attention", "inner product", "点积", "点积注意力"),
    "scaled": ("scaled dot product attention", "scaled dot-product", "缩放点积", "缩放点积注意力"),
    "mla": ("multi head latent attention", "latent attention", "潜在注意力"),
}
"""By topic or mode, every way to ask for it."""

FILLERS = re.compile(
    r"\b(why|what|how|when|which|is|are|the|a|an|do|does|we|to|of|in|for|by|about|use|used|need|"
    r"many|much|there|can|should|on|with|explain|attention|mechanism|mean|means|work|works|i|you|my|vs|versus|difference|between|and|"
    r"better)\b|为什么|要|什么是|什么|怎么|如何|有何区别|的区别|区别|哪个好|哪个更好|注意力|的|是|吗|和|与|？"
)
"""Words of a question that say nothing of its topic."""


BY_COMMAND: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training", "learn", "learning", "fit", "loss", "epochs", "训练", "学习"),
    "diagnose": ("diagnose", "debug", "debugging", "bug", "my numbers differ", "调试", "诊断"),
    "check": ("check", "exercise", "exercises", "worked example", "例题", "练习", "检查"),
    "compare": ("compare", "comparison", "比较", "对比"),
    "reconcile": ("reconcile", "count flops", "counting convention", "核对"),
    "compute": ("compute", "usage", "use", "my own numbers", "用法", "使用", "用", "计算"),
}
"""What commands are for, by what people ask in place of a topic."""


def command_called(words: str) -> str | None:
    """The command that does what is asked for; None where it is not known."""
    names = {_plain(text): command for command, texts in BY_COMMAND.items() for text in texts}
    return next((names[text] for text in _said_shorter(words) if text in names), None)


def left_over(words: str, topic: str) -> list[str]:
    """The words of a question that are no part of a topic's names: a page has to have them."""
    names = {part for name in (topic, *ALIASES.get(topic, ())) for part in _plain(name).split("-")}
    asked = _plain(FILLERS.sub(" ", words.lower())).split("-")
    return [one for one in asked if one.isascii() and one.isalpha() and one not in names]


def topic_called(words: str, known: Mapping[str, Iterable[str]]) -> str | None:
    """The topic that is asked for; None where it is not known.

    known: names of topics and modes, with what others call them.
    """
    names = _names(known)
    for text in _said_shorter(words):
        if text in names:
            return names[text]
    asked = _plain(words)
    held = [name for name in names if _holds(asked, name)]
    return names[max(held, key=len)] if held else None


SHORTEST_CHINESE = 2
"""Characters of a name that one wrong one is told by."""


def chinese_meant(words: str) -> str | None:
    """The only Chinese name of a topic with which words differ by one character."""
    if words.isascii() or len(words) < SHORTEST_CHINESE:
        return None
    near = {
        topic: name
        for topic, names in ALIASES.items()
        for name in names
        if len(name) == len(words)
        and sum(one != other for one, other in zip(name, words, strict=True)) == 1
    }
    return next(iter(near.values())) if len(near) == 1 else None


def _names(known: Mapping[str, Iterable[str]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for topic, others in known.items():
        names[_plain(topic)] = topic
        for other in others:
            names.setdefault(_plain(other), topic)
    for topic, others in ALIASES.items():
        for other in others:
            names.setdefault(_plain(other), topic)
    return names


def _said_shorter(words: str) -> tuple[str, str]:
    """What is asked as it stands, and without the words that say nothing of its topic."""
    return _plain(words), _plain(FILLERS.sub(" ", words.lower()))


def _plain(words: str) -> str:
    """Words in lower case with single dashes between them."""
    text = re.sub(r"[?？。！!,，\"']", " ", words.lower())
    return re.sub(r"[\s_-]+", "-", text).strip("-")


def _holds(asked: str, name: str) -> bool:
    """Whether a question holds a name, as whole words where words have gaps."""
    if not name.isascii():
        return name in asked
    return len(name) > 1 and bool(re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", asked))
