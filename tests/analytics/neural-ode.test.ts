import { expect, test } from 'vitest'
import { type ModelCard, NO_CARD } from '../../src/analytics/model-card.js'
import { neuralOde } from '../../src/analytics/neural-ode.js'
import { ServingModel } from '../../src/analytics/serving-model.js'
import { rowBytes } from '../../src/analytics/tensor-batches.js'
import type { TensorModel } from '../../src/native/runtime.js'
import { type PredictionItem, refused } from '../../src/prediction.js'
import { SLICE_MS } from '../../src/slice.js'
import { lastVectors, never, steady, stubModel, vectorOf } from './support/analytics.js'

function asked(
  tensorModel: TensorModel,
  items: readonly PredictionItem[],
  {
    card = NO_CARD,
    dimension = 1,
    threads = 2,
    signal = never,
  }: { card?: ModelCard; dimension?: number; threads?: number; signal?: AbortSignal } = {},
) {
  const model = new ServingModel('/m.pt', 'sha', card, tensorModel)
  return neuralOde({ model, dimension, timeoutMs: 1000, threads }).predict(items, { signal })
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 1))

test('answers lie where their items are, whatever the lengths and whichever batch comes first', async () => {
  const items = Array.from({ length: 50 }, (_, i) => steady(i, (i % 4) + 1, 1, i % 3 === 0 ? [10, 11] : [10]))
  let call = 0
  const model = stubModel(async (batch) => {
    for (let i = 10 - 2 * call++; i > 0; i--) await pause() // later batches are faster
    return lastVectors(batch)
  })
  const answers = await asked(model, items)
  expect(answers).toEqual(items.map(({ targets }, i) => Array.from(targets, () => vectorOf(i))))
  expect(model.batches).toHaveLength(4)
})

test('the targets of an item that share a context come back in order', async () => {
  const card: ModelCard = { ...NO_CARD, time: { scheme: 'from_last', scaleMs: 1 }, targets: 'many' }
  const model = stubModel(({ targets }) => Array.from(targets, (t) => vectorOf(t)))
  const answers = await asked(model, [steady(1, 3, 1, [3, 4]), steady(2, 5, 1, [5]), steady(3, 3, 1, [5, 7])], { card })
  expect(answers).toEqual([[vectorOf(1), vectorOf(2)], [vectorOf(1)], [vectorOf(3), vectorOf(5)]])
})

test('a refusal touches nobody else', async () => {
  const no = refused('inference_failed', 'forward threw')
  const model = stubModel((batch) => lastVectors(batch).map((outcome, i) => (i === 1 ? no : outcome)))
  expect(await asked(model, [steady(1, 2, 1), steady(2, 2, 1), steady(3, 2, 1)])).toEqual([[vectorOf(1)], [no], [vectorOf(3)]])
})

test('what native code answers is looked at: length, finiteness, number', async () => {
  const answering = (...outcomes: Parameters<typeof vectorOf>[]) => stubModel(() => outcomes.map((values) => vectorOf(...values)))
  const two = [steady(1, 2, 1), steady(2, 2, 1)]
  expect(await asked(answering([1, 2], [3]), two)).toMatchObject([[{ reason: 'bad_output_shape' }], [{ kind: 'vector' }]])
  expect(await asked(answering([Number.NaN], [3]), two)).toMatchObject([[{ reason: 'non_finite_output' }], [{ kind: 'vector' }]])
  await expect(asked(answering([1]), two)).rejects.toMatchObject({ code: 'BUG' })
})

test.each([1, 3, 100])('with %i threads as many batches are under way as keep them busy, and no more', async (threads) => {
  const expected = Math.min(threads + 1, 16)
  let running = 0
  let most = 0
  const full = Promise.withResolvers<void>()
  const model = stubModel(async (batch) => {
    most = Math.max(most, ++running)
    if (running === expected) full.resolve()
    await full.promise // never, when fewer are sent
    running--
    return lastVectors(batch)
  })
  await asked(model, new Array(256 * 30).fill(steady(1, 1, 1)), { threads })
  expect(most).toBe(expected)
})

test('a hundred thousand items take no more tensors at once than a few batches', async () => {
  const batchBytes = 256 * rowBytes({ length: 8, targetsPerItem: 1 }, 64)
  let bytes = 0
  let most = 0
  const same = vectorOf(...new Float32Array(64))
  const model = stubModel(async ({ count, trajectories, targets }) => {
    bytes += trajectories.byteLength + targets.byteLength
    most = Math.max(most, bytes)
    await pause()
    bytes -= trajectories.byteLength + targets.byteLength
    return new Array(count).fill(same)
  })
  model.batches.push = () => 0 // keeping them would be what is forbidden here
  const answers = await asked(model, new Array(100_000).fill(steady(1, 8, 64)), { dimension: 64, threads: 16 })
  expect(answers).toHaveLength(100_000)
  expect(most).toBeLessThanOrEqual(16 * batchBytes)
})

test('rows of 64 MiB are sent one after another', async () => {
  let running = 0
  let most = 0
  const model = stubModel(async () => {
    most = Math.max(most, ++running)
    await pause()
    running--
    return [vectorOf(...new Float32Array(4096))]
  })
  const context = { dimension: 4096, timestamps: Float64Array.from({ length: 4096 }, (_, t) => t), vectors: new Float32Array(4096 * 4096) }
  const large = { entity: 'large', context, targets: Float64Array.of(5000) }
  await asked(model, [large, large], { dimension: 4096, threads: 8 })
  expect(most).toBe(1)
})

test('an abort ends it at once, though the model never answers', async () => {
  const controller = new AbortController()
  const stuck = stubModel(() => new Promise(() => {}))
  const answers = asked(stuck, [steady(1, 2, 1)], { signal: controller.signal })
  controller.abort(new RangeError('enough'))
  await expect(answers).rejects.toThrow(new RangeError('enough'))
})

test('a bug in an early batch is thrown, though it came while the next one was being made', async () => {
  let calls = 0
  const model = stubModel(async (batch) => {
    const endMs = performance.now() + 2 * SLICE_MS // the slice is over: the event loop turns before the next batch
    while (performance.now() < endMs);
    if (++calls === 1) throw new Error('bug')
    return lastVectors(batch)
  })
  const items = [steady(1, 1, 1), steady(1, 2, 1)]
  await expect(asked(model, items)).rejects.toThrow('bug')
  expect(calls).toBe(2)
})

test('a bug in native code is thrown, once, and leaves no rejection behind', async () => {
  const broken = stubModel(() => Promise.reject(new Error('bug')))
  await expect(asked(broken, new Array(256 * 10).fill(steady(1, 2, 1)))).rejects.toThrow('bug')
  await pause()
})
