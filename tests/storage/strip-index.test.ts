import { expect, test } from 'vitest'
import { Strip } from '../../src/storage/observations/strip.js'
import { StripIndex } from '../../src/storage/observations/strip-index.js'
import { Random, seedOfRun } from '../support/random.ts'

/** A strip without vectors: the n-th observation of all is of the moment n. */
function stripOf(key: number, entityKeys: readonly number[], firstTimestamp: number): Strip {
  const count = entityKeys.length
  const memory = new ArrayBuffer(24 * count)
  new Float64Array(memory, 0, count).set(entityKeys)
  new Float64Array(memory, 8 * count, count).set(entityKeys.map((_, i) => firstTimestamp + i))
  return new Strip({ key, generation: key, recordedAt: 0, count, entries: new Uint8Array(memory) }, 0)
}

function momentsOf(index: StripIndex, entity: number, settledStrip: number): number[] {
  const recent = index.recent(entity, settledStrip)
  return recent === undefined ? [] : Array.from({ length: recent.count }, (_, i) => recent.timestamp(recent.start + i))
}

/** Keys of some entities: next to each other, far apart, in step with any table, beyond 32 bits. */
const KEYS: readonly (readonly [string, (i: number) => number])[] = [
  ['one after another', (i) => i + 1],
  ['in steps of 1024', (i) => 1024 * (i + 1)],
  ['in steps of 2 ** 32', (i) => 2 ** 32 * (i + 1) + 1],
]

test.each(KEYS)('strips come and go, and each entity has what a list of all says: keys %s', (_, keyOf) => {
  const seed = seedOfRun()
  const random = new Random(seed)
  const index = new StripIndex()
  let all: { strip: number; entity: number; moment: number }[] = []
  let next = 0
  let written = 0
  const settled = new Map<number, number>()
  for (let round = 0; round < 400; round++) {
    if (random.chance(0.02)) index.expect(random.below(2000))
    if (random.chance(0.6)) {
      const entities = random.list(1, 40, () => keyOf(random.below(200)))
      index.add(stripOf(++next, entities, written))
      all.push(...entities.map((entity, i) => ({ strip: next, entity, moment: written + i })))
      written += entities.length
    } else if (random.chance(0.3) && index.strips.length > 0) {
      const count = 1 + random.below(index.strips.length)
      const last = index.strips[count - 1]!.key
      for (const { key } of index.drop(count)) expect(key, `SEED=${seed}`).toBeLessThanOrEqual(last)
      all = all.filter(({ strip }) => strip > last)
      for (let i = 0; i < 200; i++) settled.set(keyOf(i), Math.max(last, settled.get(keyOf(i)) ?? 0)) // only what lies elsewhere leaves
    } else {
      const entity = keyOf(random.below(200))
      if (random.chance(0.3)) settled.set(entity, Math.max(settled.get(entity) ?? 0, random.below(next + 1)))
      const strip = settled.get(entity) ?? 0
      const expected = all.filter((entry) => entry.entity === entity && entry.strip > strip).map(({ moment }) => moment)
      expect(momentsOf(index, entity, strip), `SEED=${seed}`).toEqual(expected)
    }
  }
  for (let i = 0; i < 200; i++) {
    const entity = keyOf(i)
    const strip = settled.get(entity) ?? 0
    const expected = all.filter((entry) => entry.entity === entity && entry.strip > strip).map(({ moment }) => moment)
    expect(momentsOf(index, entity, strip), `SEED=${seed}`).toEqual(expected)
  }
})

test('a strip knows how many of its entries are not known to lie elsewhere', () => {
  const index = new StripIndex()
  const [first, second] = [stripOf(1, [7, 8, 7], 0), stripOf(2, [7, 9], 3)]
  index.add(first)
  index.add(second)

  index.recent(7, 1)
  expect([first.unsettled, second.unsettled]).toEqual([1, 2])

  index.recent(7, 2)
  index.recent(8, 2)
  expect([first.unsettled, second.unsettled]).toEqual([0, 1])
  expect(index.recent(7, 2)).toBeUndefined()

  index.add(stripOf(3, [7], 5))
  expect(momentsOf(index, 7, 2)).toEqual([5])
  expect([first.unsettled, second.unsettled]).toEqual([0, 1])
})
