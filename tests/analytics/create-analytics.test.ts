import { createHash } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Analytics } from '../../src/analytics/index.js'
import { type PredictionItem, refused } from '../../src/prediction.js'
import { collection, item, lastVectors, loaded, never, open, predictor, steady, stubModel, stubNative, vectorOf } from './support/analytics.js'

const REAL = fileURLToPath(new URL('fixtures/last.pt', import.meta.url))
const SHA256 = createHash('sha256').update(readFileSync(REAL)).digest('hex')
const words = collection(3)
const LINE = item([[0, [0, 0, 0]], [1, [1, 2, 3]]], [2]) // biome-ignore format: pairs

let modelPath: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-'))
  modelPath = join(folder, 'words.pt')
  cpSync(REAL, modelPath)
  onTestFinished(() => rmSync(folder, { recursive: true }))
})

async function ask(analytics: Analytics, items: readonly PredictionItem[] = [LINE], request: object = {}) {
  const route = await analytics.route({ collection: words, ...request })
  return (await analytics.predict(route, words, items, { signal: never })).flat()
}

describe('a model that serves', () => {
  test('answers, and the row names its file', async () => {
    const { analytics, warnings } = open({ neuralOde: true, modelPath }, { native: stubNative(stubModel(lastVectors)) })
    expect(await ask(analytics)).toEqual([
      { vector: Float32Array.of(1, 2, 3), method: 'neural_ode', model: 'words.pt', contextCount: 2, firstRefusal: undefined },
    ])
    expect(warnings).toEqual([])
  })

  test('is described with its sha256, card and device', async () => {
    const { analytics } = open({ neuralOde: true, modelPath }, { native: stubNative(stubModel(lastVectors)) })
    expect(analytics.models()).toMatchObject([{ name: 'words.pt', path: modelPath, status: 'loading' }])
    const { steps, context } = await analytics.route({ collection: words })
    expect(steps[0]).toMatchObject({ model: { name: 'words.pt', sha256: SHA256, status: 'ready' } })
    expect(steps[0]!.shut).toBeUndefined()
    expect(context).toBe(8) // the card's
    expect(analytics.models()).toMatchObject([
      { name: 'words.pt', status: 'ready', sha256: SHA256, device: 'cpu', card: { architecture: 'last/1', dimension: 3 } },
    ])
    expect(analytics.predictors()[0]).toMatchObject({ name: 'neural_ode', available: true })
  })

  test('gives way to the context of the file', async () => {
    const { analytics } = open({ neuralOde: true, modelPath, context: 3 }, { native: stubNative(stubModel(lastVectors)) })
    expect((await analytics.route({ collection: words })).context).toBe(3)
  })

  test('is loaded once for all collections that share it, and beside those that do not', async () => {
    let loads = 0
    const model = stubModel(lastVectors)
    const native = stubNative(model, async () => {
      loads++
      return loaded(model)
    })
    const { analytics } = open(
      { neuralOde: true, modelPath },
      { native, collections: { words: {}, same: { context: 2 }, pinned: { modelSha256: SHA256 } } },
    )
    for (const name of ['words', 'same', 'other', 'pinned']) await analytics.route({ collection: collection(3, name) })
    expect(loads).toBe(2)
  })

  test('of its own serves a collection before that of all', async () => {
    const own = join(modelPath, '..', 'own.pt')
    cpSync(REAL, own)
    const { analytics } = open(
      { neuralOde: true, modelPath },
      { native: stubNative(stubModel(lastVectors)), collections: { words: { modelPath: own } } },
    )
    const names = await Promise.all(
      ['words', 'other'].map(async (name) => (await analytics.route({ collection: collection(3, name) })).steps[0]!.model!.name),
    )
    expect(names).toEqual(['own.pt', 'words.pt'])
    expect(analytics.models().map(({ name, collection }) => [name, collection])).toEqual([['words.pt', undefined], ['own.pt', 'words']]) // biome-ignore format: pairs
  })

  test('with the pinned sha256 is loaded, in either case of letters', async () => {
    const { analytics } = open({ neuralOde: true, modelPath, modelSha256: SHA256.toUpperCase() }, { native: stubNative(stubModel(lastVectors)) })
    expect(await ask(analytics)).toMatchObject([{ method: 'neural_ode' }])
  })

  test('on the CPU though CUDA was demanded is one warning', async () => {
    const native = stubNative(stubModel(lastVectors), async () => ({
      kind: 'loaded',
      model: stubModel(lastVectors),
      warning: 'CUDA was demanded, the model runs on the CPU: none.',
    }))
    const { analytics, warnings } = open({ neuralOde: true, modelPath, device: 'cuda' }, { native })
    for (let i = 0; i < 2; i++) expect(await ask(analytics)).toMatchObject([{ method: 'neural_ode' }])
    expect(warnings).toMatchObject([{ code: 'DEVICE_UNAVAILABLE', message: expect.stringContaining('runs on the CPU'), device: 'cpu' }])
  })
})

describe('a model that cannot serve', () => {
  const answered = (reason: string) => [
    { vector: Float32Array.of(2, 4, 6), method: 'linear', model: undefined, contextCount: 2, firstRefusal: { reason } },
  ]

  test('without native code every answer is linear, with one warning that says what to do', async () => {
    const { analytics, warnings } = open({ neuralOde: true, modelPath })
    for (let i = 0; i < 3; i++) expect(await ask(analytics)).toMatchObject(answered('native_unavailable'))
    expect(warnings).toMatchObject([{ code: 'PREDICTION_FALLBACK', reason: 'native_unavailable', asked: 'neural_ode', answered: 'linear' }])
    expect(warnings[0]!.message).toMatch(/come from "linear" instead of "neural_ode" \(native_unavailable\): .*not built.*npm run setup/)
    expect(analytics.models()).toMatchObject([{ status: 'refused', reason: 'native_unavailable', sha256: SHA256 }])
    expect(analytics.predictors()[0]).toMatchObject({ available: false, reason: expect.stringContaining('native_unavailable') })
  })

  test('a card for another dimension is the reason even where there is no native code', async () => {
    const { analytics } = open({ neuralOde: true, modelPath })
    const { steps } = await analytics.route({ collection: collection(4) })
    expect(steps[0]!.shut).toMatchObject({
      reason: 'dimension_mismatch',
      message: expect.stringMatching(/for vectors of 3 numbers; collection "words" stores 4/),
    })
  })

  test('a card for another dimension is one warning, and the model is never asked', async () => {
    const model = stubModel(lastVectors)
    const { analytics, warnings } = open({ neuralOde: true, modelPath }, { native: stubNative(model) })
    const four = collection(4)
    const route = await analytics.route({ collection: four })
    const answers = await analytics.predict(route, four, [steady(1, 2, 4), steady(2, 2, 4)], { signal: never })
    expect(answers.flat()).toMatchObject([{ method: 'linear', model: undefined }, { firstRefusal: { reason: 'dimension_mismatch' } }])
    expect(warnings).toMatchObject([{ reason: 'dimension_mismatch' }])
    expect(model.batches).toEqual([])
  })

  test('another sha256 than the pinned one', async () => {
    const { analytics, warnings } = open({ neuralOde: true, modelPath, modelSha256: '0'.repeat(64) }, { native: stubNative(stubModel(lastVectors)) })
    expect(await ask(analytics)).toMatchObject(answered('model_invalid'))
    expect(warnings).toMatchObject([{ reason: 'model_invalid', message: expect.stringContaining(SHA256) }])
  })

  test('a load that outlives timeout_ms', async () => {
    const native = stubNative(stubModel(lastVectors), () => new Promise(() => {}))
    const { analytics } = open({ neuralOde: true, modelPath }, { native })
    expect(await ask(analytics, [LINE], { timeoutMs: 20 })).toMatchObject(answered('timeout'))
  })

  test('what libtorch says of it is the message', async () => {
    const native = stubNative(stubModel(lastVectors), async () => ({ kind: 'refused', reason: 'model_invalid', message: 'No forward.' }))
    const { analytics } = open({ neuralOde: true, modelPath }, { native })
    expect(await ask(analytics)).toMatchObject([{ firstRefusal: { reason: 'model_invalid', message: `${modelPath}: No forward.` } }])
  })

  test("with fallback = 'error' nobody answers and the reason stays", async () => {
    const { analytics } = open({ neuralOde: true, modelPath, fallback: 'error' })
    expect(await ask(analytics)).toMatchObject([{ vector: undefined, method: undefined, firstRefusal: { reason: 'native_unavailable' } }])
  })

  test('of files that are off nothing is loaded and nobody is warned', async () => {
    for (const neuralOde of [false, undefined]) {
      const { analytics, warnings } = open({ neuralOde, modelPath: '/nowhere/m.pt' })
      expect(await ask(analytics)).toMatchObject([{ method: 'linear', firstRefusal: undefined }])
      expect(analytics.models()).toMatchObject([{ name: 'm.pt', status: 'off' }])
      expect(warnings).toEqual([])
    }
  })
})

describe('warnings', () => {
  test('come once a cause, not once an item or statement', async () => {
    let words = 0
    const moody = predictor((_, target) => refused(target % 2 === 0 ? 'inference_failed' : 'non_finite_output', `it said ${words++}`))
    const { analytics, warnings } = open({ method: 'moody' }, { predictors: { moody } })
    const items = Array.from({ length: 100 }, (_, i) => steady(i, 2, 3, [3, 4]))
    for (let i = 0; i < 3; i++) await ask(analytics, items)
    expect(warnings.map(({ reason, asked, answered }) => [reason, asked, answered])).toEqual([
      ['non_finite_output', 'moody', 'linear'],
      ['inference_failed', 'moody', 'linear'],
    ])
  })

  test('say nothing of contexts that are too short: that is no fault of anyone', async () => {
    const { analytics, warnings } = open()
    expect(await ask(analytics, [steady(1, 1, 3)])).toMatchObject([{ method: 'last', firstRefusal: { reason: 'too_few_observations' } }])
    expect(warnings).toEqual([])
  })
})

test('ten thousand items, most of them refused, are one call of each method', async () => {
  const picky = predictor(({ entity }) => (entity === 'e7' ? vectorOf(7, 7, 7) : refused('not_fitted', 'only seven')))
  const second = predictor(() => vectorOf(0, 0, 0))
  const { analytics } = open({ method: 'picky', fallback: 'second' }, { predictors: { picky, second } })
  const answers = await ask(
    analytics,
    Array.from({ length: 10_000 }, (_, i) => steady(i, 2, 3)),
  )
  expect([picky.calls.length, second.calls.length]).toEqual([1, 1])
  expect(answers.filter(({ method }) => method === 'picky').map(({ vector }) => vector)).toEqual([Float32Array.of(7, 7, 7)])
  expect(answers.filter(({ method }) => method === 'second')).toHaveLength(9999)
})

describe('an abort', () => {
  test('before it begins, or during it, rejects with the reason of the signal', async () => {
    const { analytics } = open({ neuralOde: true, modelPath }, { native: stubNative(stubModel(() => new Promise(() => {}))) })
    const route = await analytics.route({ collection: words })
    for (const delayMs of [0, 5]) {
      const controller = new AbortController()
      if (delayMs === 0) controller.abort(new RangeError('stopped'))
      else setTimeout(() => controller.abort(new RangeError('stopped')), delayMs)
      await expect(analytics.predict(route, words, [LINE], { signal: controller.signal })).rejects.toThrow(new RangeError('stopped'))
    }
  })
})

describe('closing', () => {
  test('frees the models, does not wait for an inference that never ends, and is fine twice', async () => {
    const model = stubModel(() => new Promise(() => {}))
    const { analytics } = open({ neuralOde: true, modelPath }, { native: stubNative(model) })
    const route = await analytics.route({ collection: words })
    void analytics.predict(route, words, [LINE], { signal: never })
    await analytics.close()
    await analytics.close()
    expect(model.disposed).toBeGreaterThan(0)
  })

  test('ends its use', async () => {
    const { analytics } = open()
    const route = await analytics.route({ collection: words })
    await analytics.close()
    await expect(analytics.route({ collection: words })).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    await expect(analytics.predict(route, words, [LINE], { signal: never })).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  })

  test('while a model is loading warns of nothing', async () => {
    const { analytics, warnings } = open({ neuralOde: true, modelPath: '/nowhere/m.pt' })
    await analytics.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(warnings).toEqual([])
  })
})

test('what was predicted is told on a diagnostics channel', async () => {
  const messages: unknown[] = []
  const listen = (message: unknown): void => void messages.push(message)
  subscribe('chronode:predict', listen)
  onTestFinished(() => void unsubscribe('chronode:predict', listen))
  await ask(open().analytics)
  expect(messages).toEqual([{ collection: 'words', methods: ['linear', 'last'], items: 1, durationMs: expect.any(Number) }])
})
