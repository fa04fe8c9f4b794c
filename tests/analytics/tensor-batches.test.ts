import { describe, expect, test } from 'vitest'
import { type ModelCard, NO_CARD } from '../../src/analytics/model-card.js'
import { planBatches, rowBytes, toTensorBatch } from '../../src/analytics/tensor-batches.js'
import type { PredictionItem } from '../../src/prediction.js'
import { item, steady } from './support/analytics.js'

const FROM_LAST: ModelCard = { ...NO_CARD, time: { scheme: 'from_last', scaleMs: 1000 } }
const MANY: ModelCard = { ...FROM_LAST, targets: 'many' }

function tensors(items: readonly PredictionItem[], card: ModelCard, dimension: number) {
  return [...planBatches(items, card, dimension)].map((batch) => toTensorBatch(batch, items, card, dimension))
}

describe('time', () => {
  test('of the unit scheme goes from 0 at the first row to 1 at the target', () => {
    const [batch] = tensors([item([[100, [5]], [300, [6]]], [500])], NO_CARD, 1) // biome-ignore format: pairs
    expect(batch).toMatchObject({ count: 1, length: 2, width: 2, targetsPerItem: 1 })
    expect([...batch!.trajectories]).toEqual([0, 5, 0.5, 6])
    expect([...batch!.targets]).toEqual([1])
  })

  test('of one observation is 0', () => {
    const [batch] = tensors([item([[100, [5]]], [500])], NO_CARD, 1)
    expect([...batch!.trajectories]).toEqual([0, 5])
  })

  test('of the from_last scheme counts from the last row in units of scale_ms', () => {
    const [batch] = tensors([item([[1000, [5]], [4000, [6]]], [4500])], FROM_LAST, 1) // biome-ignore format: pairs
    expect([...batch!.trajectories]).toEqual([-3, 5, 0, 6])
    expect([...batch!.targets]).toEqual([0.5])
  })

  test('near today a few milliseconds apart keeps its distances', () => {
    const today = Date.UTC(2026, 10, 21)
    const items = [item([[today, [0]], [today + 1, [0]], [today + 3, [0]]], [today + 4])] // biome-ignore format: pairs
    const column = (card: ModelCard) => [...tensors(items, card, 1)[0]!.trajectories].filter((_, i) => i % 2 === 0)
    expect(column(NO_CARD)).toEqual([0, 0.25, 0.75])
    expect(column({ ...FROM_LAST, time: { scheme: 'from_last', scaleMs: 1 } })).toEqual([-3, -2, 0])
  })
})

describe('batches', () => {
  test('hold contexts of one length each, in order, and pad nothing', () => {
    const items = [steady(1, 3, 2), steady(2, 1, 2), steady(3, 3, 2), steady(4, 2, 2)]
    const batches = [...planBatches(items, NO_CARD, 2)]
    expect(batches.map(({ length, rows }) => [length, rows.map((row) => row.item)])).toEqual([[3, [0, 2]], [1, [1]], [2, [3]]]) // biome-ignore format: a table
  })

  test('of a model for one target have a row a target', () => {
    for (const card of [NO_CARD, FROM_LAST, { ...NO_CARD, targets: 'many' as const }]) {
      const [batch] = tensors([item([[0, [1]]], [1000, 2000, 3000])], card, 1)
      expect(batch).toMatchObject({ count: 3, targetsPerItem: 1 })
    }
  })

  test('of a model for many targets share the context', () => {
    const items = [item([[0, [1]]], [1000, 2000]), item([[0, [2]]], [3000, 4000]), item([[0, [3]]], [5000])]
    const batches = tensors(items, MANY, 1)
    expect(batches.map(({ count, targetsPerItem, targets }) => [count, targetsPerItem, [...targets]])).toEqual([
      [2, 2, [1, 2, 3, 4]],
      [1, 1, [5]],
    ]) // biome-ignore format: a table
  })

  test('hold at most 256 rows and 8 MiB, but always one', () => {
    const small = [...planBatches(new Array(1000).fill(steady(1, 2, 2)), NO_CARD, 2)]
    expect(small.map(({ rows }) => rows.length)).toEqual([256, 256, 256, 232])
    const large = [...planBatches(new Array(20).fill(steady(1, 1000, 128)), NO_CARD, 128)]
    expect(large.map(({ rows }) => rows.length)).toEqual([16, 4])
    expect(16 * rowBytes(large[0]!, 128)).toBeLessThanOrEqual(8 * 1024 * 1024)
    const huge = [...planBatches(new Array(2).fill(steady(1, 4096, 512)), NO_CARD, 512)]
    expect(huge.map(({ rows }) => rows.length)).toEqual([1, 1])
  })

  test('leave out items without targets', () => {
    expect([...planBatches([steady(1, 2, 1, [])], MANY, 1)]).toEqual([])
  })
})
