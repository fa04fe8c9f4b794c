import { expect, test } from 'vitest'
import type { NearestRow } from '../src/index.js'
import { openWith, type Points } from './support/database.js'

/** In one dimension, so that a vector says whose it is and when. */
const TRAILS: Readonly<Record<string, Points>> = {
  a: [
    [5, [105]],
    [10, [110]],
    [20, [120]],
  ],
  b: [
    [0, [200]],
    [10, [210]],
  ],
  c: [[15, [315]]],
}
const OBSERVATIONS = Object.entries(TRAILS).flatMap(([entity, points]) => points.map(([timestamp]) => ({ entity, timestamp })))
const ENDS = [-1, 0, 1, 5, 9, 10, 11, 14, 15, 16, 19, 20, 21]

const named = ({ entity, timestamp }: Pick<NearestRow, 'entity' | 'timestamp'>) => `${entity}@${timestamp}`
const within = (from: number, to: number) => OBSERVATIONS.filter(({ timestamp }) => from <= timestamp && timestamp <= to)
const lastOf = (from: number, to: number) =>
  Object.keys(TRAILS).flatMap((entity) =>
    within(Number.NEGATIVE_INFINITY, to)
      .filter((each) => each.entity === entity && each.timestamp >= from)
      .slice(-1),
  )

test('a search remembers the rows of everything, and takes them for windows that leave nothing out', async () => {
  const db = await openWith(TRAILS, {}, { metric: 'l2' })
  const asked = async (scope: string) => (await db.query<NearestRow>(`NEAREST 10 TO [0] ${scope}`)).rows.map(named)

  for (const round of [1, 2]) {
    for (const from of ENDS) {
      for (const to of ENDS.filter((end) => end >= from)) {
        expect(await asked(`BETWEEN ${from} AND ${to}`), `round ${round}`).toEqual(within(from, to).map(named))
        expect(await asked(`AT ${to} TOLERANCE ${to - from}ms`), `round ${round}`).toEqual(lastOf(from, to).map(named))
      }
      expect(await asked(`AS OF ${from}`), `round ${round}`).toEqual(lastOf(Number.NEGATIVE_INFINITY, from).map(named))
    }
    expect(await asked('AS OF LATEST')).toEqual(lastOf(Number.NEGATIVE_INFINITY, 99).map(named))
  }
  await db.collection('drift').insert([{ entity: 'd', timestamp: 30, vector: [430] }])

  expect(await asked('BETWEEN 0 AND 20')).toEqual(within(0, 20).map(named))
  expect(await asked('BETWEEN 0 AND 30')).toEqual([...within(0, 20).map(named), 'd@30'])
  expect(await asked('AS OF LATEST')).toEqual([...lastOf(Number.NEGATIVE_INFINITY, 99).map(named), 'd@30'])
})
