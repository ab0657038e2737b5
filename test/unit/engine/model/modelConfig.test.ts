import assert from 'node:assert/strict';
import test from 'node:test';
import { parseModelConfig, type ModernBertConfig } from '../../../../src/engine/model/modelConfig.ts';
import { SextantError } from '../../../../src/shared/errors.ts';

const modernbert = {
  model_type: 'modernbert',
  vocab_size: 50368,
  hidden_size: 768,
  intermediate_size: 1152,
  num_hidden_layers: 6,
  num_attention_heads: 12,
};

function modern(changes: Record<string, unknown>): ModernBertConfig {
  const config = parseModelConfig({ ...modernbert, ...changes });
  assert.equal(config.family, 'modernbert');
  return config;
}

function refuses(json: unknown, what: RegExp): void {
  assert.throws(
    () => parseModelConfig(json),
    (error) => {
      assert.ok(error instanceof SextantError, String(error));
      assert.equal(error.code, 'model_invalid');
      assert.match(error.message, what);
      return true;
    },
  );
}

test('both dialects of ModernBERT say the same', () => {
  const global = { theta: 80_000 };
  const local = { theta: 10_000, window: 64 };
  const expected = [global, local, local, global, local, local];
  const four = {
    global_attn_every_n_layers: 3,
    global_rope_theta: 80_000,
    local_rope_theta: 10_000,
    local_attention: 128,
  };
  const five = {
    layer_types: expected.map(({ theta }) => (theta === 80_000 ? 'full_attention' : 'sliding_attention')),
    rope_parameters: {
      full_attention: { rope_type: 'default', rope_theta: 80_000 },
      sliding_attention: { rope_type: 'default', rope_theta: 10_000 },
    },
  };
  assert.deepEqual(modern(four).layers, expected);
  assert.deepEqual(modern(five).layers, expected);
  assert.deepEqual(modern({ ...four, ...five, global_rope_theta: 7 }).layers, expected, 'the newer dialect wins');
});

test('what a config leaves out is what the reference implementation takes', () => {
  const { layers, maxTokens, normEpsilon, activation, normBias } = modern({});
  assert.deepEqual(layers[0], { theta: 160_000 });
  assert.deepEqual(layers[1], { theta: 10_000, window: 64 });
  assert.deepEqual([maxTokens, normEpsilon, activation, normBias], [8192, 1e-5, 'gelu', false]);
  assert.deepEqual(modern({ local_rope_theta: null, global_rope_theta: 500 }).layers[1], { theta: 500, window: 64 });
  assert.equal(modern({ hidden_activation: 'silu' }).activation, 'silu');
});

test('RoBERTa counts positions from behind its padding token', () => {
  const bert = {
    model_type: 'bert',
    vocab_size: 100,
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 514,
    pad_token_id: 1,
  };
  const plain = parseModelConfig(bert);
  const roberta = parseModelConfig({ ...bert, model_type: 'xlm-roberta' });
  assert.ok(plain.family === 'bert' && roberta.family === 'roberta');
  assert.deepEqual([plain.positionOffset, plain.maxTokens], [0, 514]);
  assert.deepEqual([roberta.positionOffset, roberta.maxTokens], [2, 512]);
  refuses({ ...bert, model_type: 'roberta', pad_token_id: 600 }, /no positions/);
});

test('a config that cannot be is refused', () => {
  refuses(null, /config\.json/);
  refuses({}, /model_type/);
  refuses({ model_type: 'gpt2' }, /gpt2.*not supported/);
  refuses({ ...modernbert, vocab_size: 1e15 }, /vocab_size/);
  refuses({ ...modernbert, hidden_size: -768 }, /hidden_size/);
  refuses({ ...modernbert, hidden_size: 768.5 }, /hidden_size/);
  refuses({ ...modernbert, num_hidden_layers: 1e9 }, /num_hidden_layers/);
  refuses({ ...modernbert, num_attention_heads: 0 }, /num_attention_heads/);
  refuses({ ...modernbert, num_attention_heads: 7 }, /heads/);
  refuses({ ...modernbert, hidden_activation: 'mish' }, /hidden_activation/);
  refuses({ ...modernbert, layer_types: ['full_attention'] }, /layer types/);
  refuses({ ...modernbert, rope_parameters: { full_attention: { rope_type: 'yarn' } } }, /rope_type/);
});
