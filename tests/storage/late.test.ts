import { expect, test } from 'vitest'
import { createWords, found, observation, openForTest, reading, SMALL_PACKING } from './support.js'

/** A strip each, and more in strips than they are made to hold elsewhere. */
const PACKING = { ...SMALL_PACKING, stripCountMin: 1, stripsBytesMax: 1e6 }

/** From 3 on they are worth a block: what is late makes them a segment, otherwise rows. */
test.each([1, 2, 3, 4])('what comes late among %i observations in strips replaces those of its moment, and is counted', async (count) => {
  const store = await openForTest({ packing: PACKING })
  const words = await createWords(store)
  for (let i = 0; i < count; i++) await store.insert(words, [observation('a', 10 * i, [i, 0])])
  const [first, last] = [0, 10 * (count - 1)]
  const late = [-5, first, last - 5, last].filter((moment, i, all) => all.indexOf(moment) === i)

  const result = await store.insert(
    words,
    late.map((moment) => observation('a', moment, [100, moment])),
  )

  const replaced = late.filter((moment) => moment >= 0 && moment % 10 === 0)
  expect(result).toEqual({ inserted: late.length - replaced.length, replaced: replaced.length })
  const expected = new Map(Array.from({ length: count }, (_, i) => [10 * i, [i, 0]]))
  for (const moment of late) expected.set(moment, [100, moment])
  const trajectory = await reading(store, async (snapshot) => {
    const { collection, entity } = await found(snapshot, 'words', 'a')
    expect(entity.observationCount).toBe(expected.size)
    return (await snapshot.readContexts(collection, [{ entity, limit: 100 }]))[0]!
  })
  const moments = [...expected.keys()].toSorted((a, b) => a - b)
  expect([...trajectory.timestamps]).toEqual(moments)
  expect([...trajectory.vectors]).toEqual(moments.flatMap((moment) => expected.get(moment)!))
  expect(await store.verify()).toMatchObject({ ok: true, problems: [] })
})
