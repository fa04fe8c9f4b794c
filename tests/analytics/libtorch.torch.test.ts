import { expect, test } from 'vitest'
import type { Analytics, Answer } from '../../src/analytics/index.js'
import type { PredictionItem } from '../../src/prediction.js'
import { compileModel, MARK, sources } from '../support/torch-models.js'
import { collection, item, never, type Points, steady } from './support/analytics.js'
import { openModel, torchSuite } from './support/torch.js'

async function ask(analytics: Analytics, items: readonly PredictionItem[], dimension: number) {
  const words = collection(dimension)
  const route = await analytics.route({ collection: words })
  return analytics.predict(route, words, items, { signal: never })
}

/** A walk whose length, times and numbers all depend on `i`. */
function walk(i: number, targets: readonly number[]): PredictionItem {
  const points: Points = Array.from({ length: 2 + (i % 7) }, (_, k) => [k * 1000 + i, [i + k, k * k, Math.sin(i * k)]])
  return item(points, targets, `e${i}`)
}

const said = (answers: readonly (readonly Answer[])[]) => answers.flat().map(({ method, firstRefusal }) => [method, firstRefusal?.reason])

torchSuite('a batch', () => {
  test('gives each item what it is given alone, in order, whatever the lengths', async () => {
    const { analytics } = openModel(compileModel(sources.line))
    const items = Array.from({ length: 300 }, (_, i) => walk(i, [20_000 + i, 30_000]))
    const together = await ask(analytics, items, 3)
    for (const [i, one] of items.entries()) {
      const [alone] = await ask(analytics, [one], 3)
      expect(together[i]!.map(({ method }) => method)).toEqual(['neural_ode', 'neural_ode'])
      for (const [k, { vector }] of alone!.entries()) {
        for (const [d, value] of vector!.entries()) expect(together[i]![k]!.vector![d]!).toBeCloseTo(value, 4)
      }
    }
  })

  test('that is asked again gives the same bytes', async () => {
    const { analytics } = openModel(compileModel(sources.line))
    const items = Array.from({ length: 300 }, (_, i) => walk(i, [20_000 + i]))
    expect(await ask(analytics, items, 3)).toEqual(await ask(analytics, items, 3))
  })

  test('answers many targets from one context', async () => {
    const card = { format: 1, time: { scheme: 'from_last', scale_ms: 1000 }, targets: 'many' }
    const { analytics } = openModel(compileModel(sources.manyTargets, { extraFiles: { 'chronode.json': JSON.stringify(card) } }))
    const items = [item([[0, [1]], [5000, [2]]], [6000, 8000]), item([[0, [7]]], [500]), item([[0, [1]], [4000, [3]]], [5000, 5500])] // biome-ignore format: pairs
    const vectors = (await ask(analytics, items, 1)).map((list) => list.map(({ vector }) => vector![0]))
    expect(vectors).toEqual([[3, 5], [7.5], [4, 4.5]])
  })

  test('of marked and unmarked items: the marked ones fall back, alone', async () => {
    for (const [source, reason] of [
      [sources.nanOnMark, 'non_finite_output'],
      [sources.throwsOnMark, 'inference_failed'],
    ] as const) {
      const { analytics, warnings } = openModel(compileModel(source))
      const items = [steady(1, 2, 2), steady(MARK, 2, 2), steady(2, 2, 2)]
      expect(said(await ask(analytics, items, 2))).toEqual([['neural_ode', undefined], ['linear', reason], ['neural_ode', undefined]]) // biome-ignore format: a table
      expect(warnings).toMatchObject([{ reason }])
    }
  })

  test('of ten thousand items is answered whole', async () => {
    const { analytics } = openModel(compileModel(sources.last))
    const answers = await ask(
      analytics,
      Array.from({ length: 10_000 }, (_, i) => steady(i, 2 + (i % 3), 4)),
      4,
    )
    expect(answers.map(([answer]) => answer!.vector![0])).toEqual(Array.from({ length: 10_000 }, (_, i) => i))
  })
})

torchSuite('what is wrong with a model is the reason, with one warning', () => {
  test.each<[keyof typeof sources, string]>([
    ['noForward', 'model_invalid'],
    ['oneArgument', 'model_invalid'],
    ['threeArguments', 'model_invalid'],
    ['notTensors', 'model_invalid'],
    ['tuple', 'bad_output_shape'],
    ['squeezed', 'bad_output_shape'],
    ['tooWide', 'bad_output_shape'],
    ['doubled', 'bad_output_shape'],
    ['throws', 'inference_failed'],
  ])('%s: %s', async (name, reason) => {
    const { analytics, warnings } = openModel(compileModel(sources[name]))
    for (let i = 0; i < 2; i++) expect(said(await ask(analytics, [steady(1, 2, 2)], 2))).toEqual([['linear', reason]])
    expect(warnings).toMatchObject([{ code: 'PREDICTION_FALLBACK', reason }])
  })

  test('an endless loop times out, the rest of the statement too, and it can be aborted and closed', async () => {
    const { analytics, warnings } = openModel(compileModel(sources.endless), { timeoutMs: 1000 })
    await analytics.route({ collection: collection(2) }) // libtorch is there now
    const items = Array.from({ length: 600 }, (_, i) => steady(i, 2, 2))
    const startMs = performance.now()
    expect(new Set(said(await ask(analytics, items, 2)).map(String))).toEqual(new Set(['linear,timeout']))
    expect(performance.now() - startMs).toBeLessThan(6000) // not once a batch
    expect(warnings).toMatchObject([{ reason: 'timeout' }])
    await analytics.close()
  })

  test('float64, float16 and one item at a time are fine', async () => {
    for (const name of ['float64', 'float16', 'singleOnly'] as const) {
      const { analytics, warnings } = openModel(compileModel(sources[name]))
      expect(said(await ask(analytics, [steady(1, 2, 2), steady(2, 2, 2)], 2))).toEqual([['neural_ode', undefined], ['neural_ode', undefined]]) // biome-ignore format: a table
      expect(warnings).toEqual([])
    }
  })
})

torchSuite('a statement that is aborted', () => {
  test('leaves a running inference behind at once', async () => {
    const { analytics } = openModel(compileModel(sources.slow, { attributes: { rounds: 300_000n } }))
    const words = collection(2)
    const route = await analytics.route({ collection: words })
    const controller = new AbortController()
    const asked = analytics.predict(route, words, [steady(1, 2, 2)], { signal: controller.signal })
    setTimeout(() => controller.abort(new RangeError('stopped')), 10)
    const startMs = performance.now()
    await expect(asked).rejects.toThrow(new RangeError('stopped'))
    expect(performance.now() - startMs).toBeLessThan(2000)
  })
})
