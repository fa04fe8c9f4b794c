import { expect, expectTypeOf, test } from 'vitest'
import type { PredictRow, SelectRow, Trajectory } from '../src/index.js'
import { openWith } from './support/database.js'

test('rows, results and trajectories are typed as they come', async () => {
  const db = await openWith({ a: [[0, [1]]] })
  const drift = db.collection('drift')

  const { rows } = await db.query<{ entity: string }>('SELECT entity')
  const predicted = await drift.predict({ entity: 'a', at: 5 })
  const then = await drift.asOf(5)

  expectTypeOf(rows).toEqualTypeOf<{ entity: string }[]>()
  expectTypeOf(predicted).toEqualTypeOf<PredictRow[]>()
  expectTypeOf(then).toEqualTypeOf<SelectRow[]>()
  expectTypeOf(await drift.trajectory({ entity: 'a' })).toEqualTypeOf<Trajectory>()
  expect([rows[0]!.entity, predicted[0]!.entity, then[0]!.entity]).toEqual(['a', 'a', 'a'])
})
