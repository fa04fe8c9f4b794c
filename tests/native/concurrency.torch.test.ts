import { expect, test } from 'vitest'
import type { TensorBatch, TensorModel } from '../../src/native/runtime.js'
import { MARK } from '../support/torch-models.js'
import { batchOf, type Item, loadModel, messageOf, openRuntime, said, steady, torchSuite } from './support.js'

/** A request that depends on `i` in everything: model, batch, length, dimension; some are refused. */
function request(i: number, models: readonly TensorModel[]): { readonly model: TensorModel; readonly batch: TensorBatch } {
  const [length, dimension] = [2 + (i % 5), 1 + (i % 3)]
  const item = (j: number): Item => ({
    times: Array.from({ length }, (_, row) => row / length),
    vectors: Array.from({ length }, (_, row) =>
      Array.from({ length: dimension }, (_, d) => (i % 11 === j && row === length - 1 ? MARK : Math.sin(i + row * j + d))),
    ),
  })
  return { model: models[i % models.length]!, batch: batchOf(...Array.from({ length: 1 + (i % 4) }, (_, j) => item(j))) }
}

torchSuite('many requests at once', () => {
  test('1,000 mixed requests are answered as one after another', async () => {
    const names = ['line', 'last', 'batchMean', 'singleOnly', 'throwsOnMark', 'nanOnMark', 'tooWide', 'float64', 'throws'] as const
    const models = await Promise.all(names.map((name) => loadModel(name)))
    const requests = Array.from({ length: 1000 }, (_, i) => request(i, models))
    const together = await Promise.all(requests.map(({ model, batch }) => model.predict(batch, 30_000)))
    for (const [i, { model, batch }] of requests.entries()) {
      expect(said(together[i]!), `request ${i}`).toEqual(said(await model.predict(batch, 30_000)))
    }
    const reasons = new Set(together.flat().map((outcome) => (outcome.kind === 'vector' ? 'answered' : outcome.reason)))
    expect([...reasons].sort()).toEqual(['answered', 'bad_output_shape', 'inference_failed', 'non_finite_output'])
  })

  test('a caller who stops waiting is answered at once, queued or running', async () => {
    const model = await loadModel('slow', { attributes: { rounds: 100_000n } }) // a second or so
    const controller = new AbortController()
    const answers = Array.from({ length: 20 }, () => model.predict(batchOf(steady(1)), 30_000, controller.signal))
    setTimeout(() => controller.abort(), 50)
    const startMs = performance.now()
    const outcomes = (await Promise.all(answers)).flat()
    expect(performance.now() - startMs).toBeLessThan(800)
    expect(new Set(outcomes.map(messageOf))).toEqual(new Set(['The caller stopped waiting for this prediction.']))
    expect(said(await model.predict(batchOf(steady(1)), 30_000, controller.signal))).toEqual(['timeout'])
  })

  test('a model that is loaded again and again is freed again and again', async () => {
    const runtime = await openRuntime()
    for (let i = 0; i < 50; i++) {
      const model = await loadModel('scaled', { attributes: { factor: i } })
      expect(said(await model.predict(batchOf(steady(2)), 5000))).toEqual([[2 * i]])
      model.dispose()
    }
    expect(runtime.devices[0]).toBe('cpu')
  })
})

torchSuite('a model that is too slow', () => {
  test('times out soon after its limit, is left out while its call runs, and serves again after', async () => {
    const rounds = 300_000n // some seconds
    const model = await loadModel('slowOnMark', { attributes: { rounds } })
    const other = await loadModel('last')
    expect(said(await model.predict(batchOf(steady(1)), 5000))).toEqual([[1]])

    const startMs = performance.now()
    const slow = model.predict(batchOf(steady(MARK)), 200)
    const queued = Array.from({ length: 10 }, () => model.predict(batchOf(steady(MARK)), 200))
    expect(said(await slow)).toEqual(['timeout'])
    expect((await Promise.all(queued)).map(said)).toEqual(queued.map(() => ['timeout']))
    expect(performance.now() - startMs).toBeLessThan(1000) // 200 ms, the promised 100, and a busy machine

    const askedMs = performance.now()
    const [quarantined] = await model.predict(batchOf(steady(1)), 5000)
    expect(performance.now() - askedMs).toBeLessThan(100)
    expect(messageOf(quarantined)).toContain('An earlier call of this model has not returned in its time.')
    expect(said(await other.predict(batchOf(steady(7)), 5000))).toEqual([[7]])

    const deadlineMs = performance.now() + 50_000
    let answer = said([quarantined!])
    while (answer[0] === 'timeout' && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      answer = said(await model.predict(batchOf(steady(1)), 5000))
    }
    expect(answer).toEqual([[1]])
  })

  test('condemns nobody who only waits: the limit counts from the start of a call', async () => {
    const model = await loadModel('slow', { attributes: { rounds: 5000n } })
    const [alone] = await timed(() => model.predict(batchOf(steady(1)), 30_000))
    const limitMs = Math.max(400, 6 * alone!)
    const count = Math.ceil((4 * limitMs) / alone!) // on two threads, the last waits for twice the limit
    const outcomes = await Promise.all(Array.from({ length: count }, () => model.predict(batchOf(steady(1)), limitMs)))
    expect(new Set(outcomes.map((outcome) => JSON.stringify(said(outcome))))).toEqual(new Set(['[[1]]']))
  })
})

async function timed(work: () => Promise<unknown>): Promise<readonly number[]> {
  const startMs = performance.now()
  await work()
  return [performance.now() - startMs]
}
