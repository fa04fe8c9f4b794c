import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ModelSlot, type SlotOptions } from '../../src/analytics/model-slot.js'
import { RETIRED_MS } from '../../src/analytics/serving-model.js'
import type { LoadOutcome, TensorModel } from '../../src/native/runtime.js'
import type { Refusal } from '../../src/prediction.js'
import { lastVectors, loaded, never, stubModel, stubNative } from './support/analytics.js'
import { cardPart, torchScriptParts, zip } from './support/zip.js'

let path: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-'))
  path = join(folder, 'm.pt')
  onTestFinished(() => rmSync(folder, { recursive: true }))
})
afterEach(() => void vi.useRealTimers())

/** A valid archive that differs by its card. */
const archive = (dimension: number): Buffer => zip(torchScriptParts([cardPart({ format: 1, dimension })]))

function slotOf({ load, ...changed }: Partial<SlotOptions> & { load?: () => Promise<LoadOutcome> } = {}) {
  let nowMs = 0
  const models: (TensorModel & { disposed: number })[] = []
  const refusals: Refusal[] = []
  const native = stubNative(stubModel(lastVectors), async () => {
    const model = stubModel(lastVectors)
    models.push(model)
    return load === undefined ? loaded(model) : load()
  })
  const closing = new AbortController()
  const options = {
    native,
    threads: 0,
    clock: () => nowMs,
    signal: closing.signal,
    onRefusal: (_: unknown, refusal: Refusal) => refusals.push(refusal),
    onWarning: () => {},
    ...changed,
  }
  const slot = new ModelSlot({ path, pin: undefined, device: 'auto', timeoutMs: 1000 }, options)
  onTestFinished(() => slot.close())
  /** What serves after another second, once nothing is loading any more. */
  const later = async () => {
    nowMs += 1000
    await slot.current(1000)
    for (let i = 0; i < 5000 && slot.isLoading; i++) await new Promise((resolve) => setTimeout(resolve, 1))
    return served(slot)
  }
  return { slot, models, refusals, closing, later, pass: (ms: number) => (nowMs += ms) }
}

function served(slot: ModelSlot) {
  const { state } = slot
  if (state.kind === 'ready') return state.model.card.dimension
  return state.kind === 'refused' ? state.refusal.reason : state.kind
}

describe('what is on disk counts', () => {
  test('a replaced file takes over, and the old model is freed later', async () => {
    writeFileSync(path, archive(1))
    const { slot, models, later } = slotOf()
    await slot.current(1000)
    expect(served(slot)).toBe(1)
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    writeFileSync(`${path}.new`, archive(2))
    renameSync(`${path}.new`, path)
    expect(await later()).toBe(2)
    expect(models.map(({ disposed }) => disposed)).toEqual([0, 0])
    vi.advanceTimersByTime(2 * RETIRED_MS)
    expect(models.map(({ disposed }) => disposed > 0)).toEqual([true, false])
  })

  test('the old model serves while the new one is loading', async () => {
    writeFileSync(path, archive(1))
    const loading = Promise.withResolvers<LoadOutcome>()
    let loads = 0
    const first = stubModel(lastVectors)
    const { slot, pass } = slotOf({ load: () => (++loads === 1 ? Promise.resolve(loaded(first)) : loading.promise) })
    await slot.current(1000)
    writeFileSync(path, archive(2))
    pass(1000)
    expect((await slot.current(1000)).kind).toBe('ready')
    expect(served(slot)).toBe(1)
    loading.resolve(loaded(stubModel(lastVectors)))
  })

  test('a file that is gone serves no more, and serves again when it is back', async () => {
    writeFileSync(path, archive(1))
    const { slot, later, pass, refusals } = slotOf()
    await slot.current(1000)
    renameSync(path, `${path}.away`)
    pass(1000)
    await slot.current(1000)
    await vi.waitFor(() => expect(served(slot)).toBe('model_missing')) // at the first look: no more time passes
    expect(refusals).toHaveLength(1)
    renameSync(`${path}.away`, path)
    expect(await later()).toBe(1)
  })

  test('a file that was missing at first is found when it comes', async () => {
    const { later } = slotOf()
    expect(await later()).toBe('model_missing')
    writeFileSync(path, archive(3))
    expect(await later()).toBe(3)
  })

  test('a broken file is loaded once it is mended', async () => {
    writeFileSync(path, archive(1).subarray(0, 500))
    const { later } = slotOf()
    expect(await later()).toBe('model_invalid')
    writeFileSync(path, archive(1))
    expect(await later()).toBe(1)
  })

  test('a broken replacement condemns at the second look: at the first it may still be written', async () => {
    writeFileSync(path, archive(1))
    const { slot, later, refusals } = slotOf()
    await slot.current(1000)
    writeFileSync(path, archive(2).subarray(0, 500))
    expect(await later()).toBe(1)
    writeFileSync(path, archive(2).subarray(0, 700))
    expect(await later()).toBe(1)
    expect(refusals).toEqual([])
    expect(await later()).toBe('model_invalid')
    expect(refusals).toHaveLength(1)
    writeFileSync(path, archive(2))
    expect(await later()).toBe(2)
  })
})

test('the file is looked at once a second at most', async () => {
  writeFileSync(path, archive(1))
  const { slot, pass } = slotOf()
  await slot.current(1000)
  rmSync(path)
  pass(999)
  expect((await slot.current(1000)).kind).toBe('ready')
  pass(1)
  await slot.current(1000)
  await vi.waitFor(() => expect(slot.state.kind).toBe('refused'))
})

test('who asks while the first model loads waits for it, no longer than allowed', async () => {
  writeFileSync(path, archive(1))
  const loading = Promise.withResolvers<LoadOutcome>()
  const { slot } = slotOf({ load: () => loading.promise })
  expect((await slot.current(5)).kind).toBe('loading')
  const patient = slot.current(10_000)
  loading.resolve(loaded(stubModel(lastVectors)))
  expect((await patient).kind).toBe('ready')
})

test('who asks after a load that took too long is not kept waiting again', async () => {
  writeFileSync(path, archive(1))
  const loading = Promise.withResolvers<LoadOutcome>()
  const { slot, pass } = slotOf({ load: () => loading.promise })
  pass(60_000)
  expect((await slot.current(60_000)).kind).toBe('loading') // within the time limit of this test
  loading.resolve(loaded(stubModel(lastVectors)))
  await vi.waitFor(() => expect(slot.state.kind).toBe('ready'))
})

test('a model in use when another takes over is freed after its call', async () => {
  writeFileSync(path, archive(1))
  const answer = Promise.withResolvers<[]>()
  const slow = stubModel(() => answer.promise)
  let loads = 0
  const { slot, later } = slotOf({ load: async () => loaded(++loads === 1 ? slow : stubModel(lastVectors)) })
  const state = await slot.current(1000)
  if (state.kind !== 'ready') throw new Error(state.kind)
  const batch = { count: 0, length: 1, width: 2, trajectories: new Float32Array(0), targets: new Float32Array(0), targetsPerItem: 1 }
  const call = state.model.predict(batch, 1000, never)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  writeFileSync(path, archive(2))
  expect(await later()).toBe(2)
  vi.advanceTimersByTime(3 * RETIRED_MS)
  expect(slow.disposed).toBe(0)
  answer.resolve([])
  await call
  vi.advanceTimersByTime(2 * RETIRED_MS)
  expect(slow.disposed).toBe(1)
  const late = await state.model.predict({ ...batch, count: 2 }, 1000, never)
  expect(late).toMatchObject([{ reason: 'model_missing' }, { reason: 'model_missing' }])
})

test('a bug met in the background is thrown to whoever asks, and never becomes a fallback', async () => {
  writeFileSync(path, archive(1))
  const { slot } = slotOf({ load: () => Promise.reject(new TypeError('bug')) })
  await expect(slot.current(1000)).rejects.toThrow(new TypeError('bug'))
})

describe('closing', () => {
  test('frees the model that serves', async () => {
    writeFileSync(path, archive(1))
    const { slot, models } = slotOf()
    await slot.current(1000)
    slot.close()
    expect(models[0]!.disposed).toBe(1)
  })

  test('frees a model that arrives afterwards', async () => {
    writeFileSync(path, archive(1))
    const loading = Promise.withResolvers<LoadOutcome>()
    const started = Promise.withResolvers<void>()
    const { slot, closing } = slotOf({
      load: () => {
        started.resolve()
        return loading.promise
      },
    })
    await started.promise
    closing.abort(new Error('closed'))
    slot.close()
    const late = stubModel(lastVectors)
    loading.resolve(loaded(late))
    await vi.waitFor(() => expect(late.disposed).toBe(1))
  })
})
