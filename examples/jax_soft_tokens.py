"""Vectors in words with JAX alone, no torch: the Flax adapter feeds a Llama written below in JAX.

python examples/jax_soft_tokens.py [FOLDER]   # a model folder with llm/; the demo model that ships without one
"""

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.flax import load_file
from tokenizers import Tokenizer

import elm

SHIPPED = Path(elm.__file__).parent / "model" / "shipped"


class Llama:
    """The forward pass of a Llama in float32, without a cache: short enough to be read."""

    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = {k: jnp.asarray(v, jnp.float32) for k, v in load_file(folder / "model.safetensors").items()}
        self.table = self.weights["model.embed_tokens.weight"]  # (V, Z)
        self.next_token = jax.jit(lambda x, length: self.logits(x)[length - 1].argmax())

    def norm(self, x, name):
        return x / jnp.sqrt((x**2).mean(-1, keepdims=True) + self.config["rms_norm_eps"]) * self.weights[name]

    def rotate(self, x):
        """Rotary positions on queries or keys (T, heads, size)."""
        half = x.shape[-1] // 2
        speed = self.config["rope_parameters"]["rope_theta"] ** (-jnp.arange(half) / half)
        angle = (jnp.arange(len(x))[:, None] * speed)[:, None]  # (T, 1, half)
        one, two = x[..., :half], x[..., half:]
        return jnp.concatenate(
            [one * jnp.cos(angle) - two * jnp.sin(angle), two * jnp.cos(angle) + one * jnp.sin(angle)], -1
        )

    def layer(self, x, n):
        """One block: (T, Z) -> (T, Z)."""
        at = f"model.layers.{n}."
        heads, groups = self.config["num_attention_heads"], self.config["num_key_value_heads"]

        def product(y, name):
            return y @ self.weights[f"{at}{name}.weight"].T

        y = self.norm(x, f"{at}input_layernorm.weight")
        q, k, v = (product(y, f"self_attn.{p}_proj").reshape(len(x), -1, self.config["head_dim"]) for p in "qkv")
        q, k, v = self.rotate(q), jnp.repeat(self.rotate(k), heads // groups, 1), jnp.repeat(v, heads // groups, 1)
        scores = jnp.einsum("thd,shd->hts", q, k) / self.config["head_dim"] ** 0.5
        scores = jnp.where(jnp.tril(jnp.ones((len(x), len(x)), bool)), scores, -jnp.inf)
        mixed = jnp.einsum("hts,shd->thd", jax.nn.softmax(scores), v).reshape(len(x), -1)
        x = x + product(mixed, "self_attn.o_proj")
        y = self.norm(x, f"{at}post_attention_layernorm.weight")
        return x + product(jax.nn.silu(product(y, "mlp.gate_proj")) * product(y, "mlp.up_proj"), "mlp.down_proj")

    def logits(self, x):
        """Input embeddings (T, Z) -> scores of the next token at each position (T, V)."""
        for n in range(self.config["num_hidden_layers"]):
            x = self.layer(x, n)
        return self.norm(x, "model.norm.weight") @ self.weights.get("lm_head.weight", self.table).T

    def write(self, prompt, most):
        """The likeliest continuation of a prompt (T, Z), up to `most` tokens, as token ids."""
        x, ids = jnp.concatenate([prompt, jnp.zeros((most, prompt.shape[1]))]), []
        while len(ids) < most:
            token = int(self.next_token(x, len(prompt) + len(ids)))  # what lies behind is masked: causal attention
            if token == self.config["eos_token_id"]:
                break
            x = x.at[len(prompt) + len(ids)].set(self.table[token])
            ids.append(token)
        return ids


def describe(folder, space, vectors, task):
    """Texts of a task about vectors (n, dim): what `model.describe(..., temperature=0)` gives in torch."""
    llm, tokenizer = Llama(folder / "llm"), Tokenizer.from_file(str(folder / "llm" / "tokenizer.json"))
    adapter = elm.adapters.FlaxAdapter.load(folder / "adapters" / space)
    task = elm.tasks.get(task)
    before, after = (tokenizer.encode(part).ids for part in task.prompt.split(elm.tasks.VECTOR))
    head = llm.table[jnp.array([llm.config["bos_token_id"], *before])]
    tail = llm.table[jnp.array([*after, *tokenizer.encode("\n").ids])]
    soft = adapter(adapter.check(vectors))  # (n, soft tokens, Z)
    prompts = [jnp.concatenate([head, tokens, tail]) for tokens in soft]
    return [tokenizer.decode(llm.write(prompt, task.max_new_tokens)).strip() for prompt in prompts]


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED / "demo"
    films = elm.embeddings.VectorTable.load(SHIPPED / "vectors" / "films")
    users = elm.embeddings.VectorTable.load(SHIPPED / "vectors" / "users")
    for space, name, vector, task in (
        ("minilm", "f692", films["f692"], "summary"),
        ("wals", "u225", users["u225"], "user_profile"),
    ):
        print(f"\n{name}, {task}:\n{describe(folder, space, np.atleast_2d(vector), task)[0]}")


if __name__ == "__main__":
    main()
