import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Shop } from '../../examples/embed/shop.js'
import { temporaryFolder } from '../support/database.js'
import { Random } from '../support/random.js'

const WEEK_MS = 7 * 24 * 60 * 60 * 1000
const TODAY = Date.UTC(2030, 0, 8)
const NEXT_WEEK = TODAY + WEEK_MS

async function open(): Promise<Shop> {
  const shop = await Shop.open(join(temporaryFolder(), 'shop.db'), { neural_ode: true })
  onTestFinished(() => shop.close())
  return shop
}

/** A product that moves from one place to another within a week. */
function moves(shop: Shop, id: string, stock: number, from: number[], to: number[]): void {
  shop.put({ id, name: `The ${id}`, stock, embedding: from }, TODAY - WEEK_MS)
  shop.put({ id, name: `The ${id}`, stock, embedding: to }, TODAY)
}

test('what is suggested is in stock and will be near, not what is near now', async () => {
  const shop = await open()
  shop.putCustomer({ id: 'ann', name: 'Ann', embedding: [1, 0, 0, 0] }, TODAY - WEEK_MS)
  moves(shop, 'coming', 1, [1, 2, 0, 0], [1, 1, 0, 0]) // by next week at [1, 0, 0, 0]
  moves(shop, 'going', 1, [1, 0, 0, 0], [1, 0.5, 0, 0]) // by next week at [1, 1, 0, 0]
  moves(shop, 'sold out', 0, [1, 0, 0, 0], [1, 0, 0, 0])

  expect(shop.suggest('ann', NEXT_WEEK)).toEqual([
    { id: 'coming', name: 'The coming', stock: 1, distance: 0 },
    { id: 'going', name: 'The going', stock: 1, distance: expect.closeTo(1 - Math.SQRT1_2, 6) },
  ])
  expect(shop.suggest('ann', NEXT_WEEK, 1).map(({ id }) => id)).toEqual(['coming'])
  expect(shop.suggest('ann', '2030-01-01').map(({ id }) => id)).toEqual(['going', 'coming'])
  expect(shop.suggest('nobody', NEXT_WEEK)).toEqual([])
  expect(() => shop.suggest('ann', 'soon')).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
})

test('the statement says what lines drawn by hand say', async () => {
  const shop = await open()
  const random = new Random(7)
  const anywhere = () => Array.from({ length: 4 }, () => random.next() - 0.5)
  const [then, now] = [anywhere(), anywhere()]
  shop.putCustomer({ id: 'ann', name: 'Ann', embedding: then }, TODAY - WEEK_MS)
  shop.putCustomer({ id: 'ann', name: 'Ann', embedding: now }, TODAY)
  const products = Array.from({ length: 30 }, (_, i) => ({ id: `p${i}`, stock: i % 3, from: anywhere(), to: anywhere() }))
  for (const { id, stock, from, to } of products) moves(shop, id, stock, from, to)

  const expected = products
    .filter(({ stock }) => stock > 0)
    .map(({ id, from, to }) => ({ id, distance: cosineDistance(continued(from, to), continued(then, now)) }))
    .sort((a, b) => a.distance - b.distance)
  expect(shop.suggest('ann', NEXT_WEEK, 100)).toMatchObject(expected.map(({ id, distance }) => ({ id, distance: expect.closeTo(distance, 5) })))
  expect(expected).toHaveLength(20)
})

/** One week further on the line. */
function continued(from: readonly number[], to: readonly number[]): number[] {
  return to.map((value, i) => 2 * value - from[i]!)
}

function cosineDistance(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
  return 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}
