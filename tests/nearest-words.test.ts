import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Collection, type Database, type NearestRow, openDatabase, type PredictedRow } from '../src/index.js'

/** Beside a clone, not in it. */
const folder = fileURLToPath(new URL('../../shared/data/un_words', import.meta.url))
const DIMENSION = 32
/** The ground truth has six decimals. */
const ROUNDING = 1e-6

function linesOf(text: string): string[][] {
  return text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
}

describe.skipIf(!existsSync(folder))('words of the United Nations (skipped where ../shared/data/un_words is not)', () => {
  let db: Database
  let words: Collection

  beforeAll(async () => {
    db = await openDatabase({ storage: { path: ':memory:' } }, { logger: { warn: () => undefined } })
    words = await db.createCollection('words', { dimension: DIMENSION, metric: 'cosine' })
    const rows = linesOf(gunzipSync(readFileSync(join(folder, 'un_words.csv.gz'))).toString())
    await words.insertMany(rows.map(([entity, timestamp, ...vector]) => ({ entity: entity!, timestamp: timestamp!, vector: vector.map(Number) })))
    return () => db.close()
  }, 120_000)

  test('the ten nearest as of five dates are those of the ground truth', async () => {
    const truth = Map.groupBy(linesOf(readFileSync(join(folder, 'neighbours_as_of.csv'), 'utf8')), ([entity, date]) => `${entity},${date}`)
    expect(truth.size).toBeGreaterThan(150)
    for (const [key, expected] of truth) {
      const [entity, date] = key.split(',')
      const { rows } = await db.query<NearestRow>('NEAREST 10 TO ENTITY $1 AS OF $2 FROM words', [entity, date])
      rows.forEach(({ rank, entity: neighbour, distance }, i) => {
        const [, , trueRank, trueNeighbour, cosine] = expected[i]!
        expect(rank).toBe(Number(trueRank))
        expect(Math.abs(1 - distance - Number(cosine)), `${key} rank ${rank}`).toBeLessThan(2 * ROUNDING)
        const isTied = expected.some(([, , other, , like]) => other !== trueRank && Math.abs(Number(like) - Number(cosine)) < 2 * ROUNDING)
        if (!isTied) expect(neighbour, `${key} rank ${rank}`).toBe(trueNeighbour)
      })
    }
  }, 60_000)

  test('who will be near is who is near among what PREDICT answers', async () => {
    const predicted = (await db.query<PredictedRow>("PREDICT vector AT '2024-12-31' FOR EACH ENTITY FROM words")).rows
    const climate = predicted.find(({ entity }) => entity === 'climate')!.vector
    const length = (vector: Float32Array) => Math.sqrt(vector.reduce((sum, value) => sum + value ** 2, 0))
    const byHand = predicted
      .filter(({ entity }) => entity !== 'climate')
      .map(({ entity, vector }) => ({
        entity,
        distance: 1 - vector.reduce((sum, value, i) => sum + value * climate[i]!, 0) / length(vector) / length(climate),
      }))
      .sort((a, b) => a.distance - b.distance)
    const { rows, meta } = await db.query<NearestRow>("NEAREST 20 TO ENTITY 'climate' PREDICTED AT '2024-12-31' FROM words")
    expect(rows.map(({ entity }) => entity)).toEqual(byHand.slice(0, 20).map(({ entity }) => entity))
    expect(Math.max(...rows.map(({ distance }, i) => Math.abs(distance - byHand[i]!.distance)))).toBeLessThan(1e-5)
    expect(meta.candidates).toBe(predicted.length - 1)
  })

  test('climate was a mood, and became the weather', async () => {
    const nearest = async (date: string) => (await words.nearest({ k: 4, to: { entity: 'climate' }, asOf: date })).map(({ entity }) => entity)
    expect(await nearest('1960-12-31')).toEqual(['atmosphere', 'harmony', 'better', 'understanding'])
    expect(await nearest('2022-12-31')).toEqual(['change', 'drought', 'covid', 'consequences'])
  })
})
