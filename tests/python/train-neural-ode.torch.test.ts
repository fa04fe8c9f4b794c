import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TOPIC_OF } from '../../examples/sotu/topics.js'
import { readWords } from '../../examples/sotu/words.js'
import { openDatabase, type PredictRow } from '../../src/index.js'
import { ROOT } from '../support/documents.js'
import { randomNumbers } from '../support/random-numbers.js'
import { PYTHON_NEEDED, pythonSuite, runPython } from './python.js'

const SCRIPT = join(ROOT, 'scripts', 'train_neural_ode.py')
const TINY = ['--hidden', '8', '--steps', '4', '--context', '6', '--epochs', '2', '--batches', '5', '--batch', '32', '--horizons', '1y,5y']
const SPLIT = ['--validation-from', '1981', '--test-from', '1991']
const TARGETS = ['2022-12-31', '2030-12-31', '2100-01-01']

interface Card {
  readonly metrics: { readonly held_out: readonly { readonly cases: number; readonly mse: number; readonly mse_last: number }[] }
}

/** A real slice: the words of the environment, and one word that was met once. */
const words = [
  ...readWords().filter(({ entity }) => TOPIC_OF.get(entity) === 'environment'),
  { entity: 'once', timestamp: Date.UTC(1999, 11, 31), vector: Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)) },
]
const names = [...new Set(words.map(({ entity }) => entity))]

let folder: string
const at = (name: string): string => join(folder, name)

async function train(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runPython(SCRIPT, ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

/** What Chronode answers for every word, by the model and by nothing else. */
async function predictAll(model: string, target: string): Promise<PredictRow[]> {
  const db = await openDatabase({ storage: { path: at('words.db'), readonly: true }, analytics: { neural_ode: true, model_path: at(model) } })
  try {
    const { rows } = await db.query<PredictRow>("PREDICT vector AT $1 FOR ENTITIES $2 FROM words USING neural_ode WITH (fallback = 'error')", [
      target,
      names,
    ])
    return [...rows]
  } finally {
    await db.close()
  }
}

function csvOf(rows: readonly { entity: string; timestamp: number | string; vector: ArrayLike<number> }[]): string {
  const header = ['entity', 'timestamp', ...Array.from(rows[0]!.vector, (_, i) => `v${i}`)]
  return [header, ...rows.map(({ entity, timestamp, vector }) => [entity, timestamp, ...Array.from(vector)])]
    .map((row) => `${row.join(',')}\n`)
    .join('')
}

pythonSuite(`train_neural_ode.py, which ${PYTHON_NEEDED}`, { timeout: 120_000 }, () => {
  let printed: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chronode-python-'))
    const db = await openDatabase({ storage: { path: at('words.db') } })
    const collection = await db.createCollection('words', { dimension: 32 })
    await collection.insert(words)
    await db.close()
    printed = await train('--database', at('words.db'), '--collection', 'words', ...TINY, ...SPLIT, '--out', at('words.pt'))
  }, 120_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('Chronode and Python read the same predictions out of a trained model', async () => {
    const rows = (await Promise.all(TARGETS.map((target) => predictAll('words.pt', target)))).flat()
    const contexts = names.map((name) => words.filter(({ entity }) => entity === name).slice(-6))
    const asked = TARGETS.flatMap((target) => contexts.map((context) => ({ context, at: Date.parse(target) })))
    const questions = asked.map(({ context, at }) => ({
      timestamps: context.map(({ timestamp }) => timestamp),
      vectors: context.map(({ vector }) => Array.from(vector)),
      at,
    }))
    writeFileSync(at('questions.json'), JSON.stringify(questions))

    const { stdout } = await runPython(join(ROOT, 'tests', 'python', 'predict.py'), at('words.pt'), at('questions.json'))

    const { answers } = JSON.parse(stdout) as { answers: number[][] }
    expect(rows.map(({ entity, method, context_count }) => [entity, method, context_count])).toEqual(
      asked.map(({ context }) => [context[0]!.entity, 'neural_ode', context.length]),
    )
    const furthest = Math.max(...rows.flatMap(({ vector }, i) => Array.from(vector!, (value, d) => Math.abs(value - answers[i]![d]!))))
    expect(furthest).toBeLessThan(1e-5)
    const moved = rows.filter(({ vector }, i) => vector!.some((value, d) => Math.abs(value - asked[i]!.context.at(-1)!.vector[d]!) > 1e-3))
    expect(moved.length).toBeGreaterThan(rows.length / 2) // what was compared is no copy of the last vector
  })

  test('says how it learns, and how far off it was on what was held out', () => {
    expect(printed).toMatch(/learning from targets before 1981-01-01T00:00:00Z, held out from 1991-01-01T00:00:00Z/)
    expect(printed).toMatch(
      /^seed 0 {2}epoch {3}1\/2 {2}loss \d+\.\d+ {2}error\/last in validation: 1y \d\.\d+ {2}5y \d\.\d+ {2}2,560 evaluations of the field/m,
    ) // 4 stages x 4 steps x 5 batches x 32
    expect(printed).toMatch(/held out +cases +model +last +linear/)
    expect(printed).toMatch(/^ +1y +\d+( +\d+\.\d+){3}$/m)
  })

  test('the card says what the model is', async () => {
    const db = await openDatabase({ storage: { path: at('words.db'), readonly: true }, analytics: { neural_ode: true, model_path: at('words.pt') } })
    await db.query("PREDICT vector AT '2030-12-31' FOR ENTITY 'energy'") // waits for the model
    const { rows } = await db.query<{ property: string; value: unknown }>("DESCRIBE MODEL 'words.pt'")
    await db.close()

    const { metrics, ...card } = rows.find(({ property }) => property === 'card')!.value as Card
    expect(card).toEqual({
      format: 1,
      architecture: 'gru-latent-ode/1',
      dimension: 32,
      context: 6,
      time: { scheme: 'from_last', scale_ms: 5 * 365.25 * 86_400_000 },
      targets: 'one',
    })
    expect(metrics).toMatchObject({
      learned_before: '1981-01-01T00:00:00Z',
      held_out_from: '1991-01-01T00:00:00Z',
      seed: 0,
      function_evaluations: 16,
    })
    const years = words.filter(({ timestamp }) => timestamp >= Date.UTC(1991, 0))
    const pairs = years.filter(({ entity, timestamp }) =>
      words.some((other) => other.entity === entity && yearOf(other) === yearOf({ timestamp }) - 1),
    )
    const last = mean(
      pairs.map((truth) => squaredError(truth, words.find((other) => other.entity === truth.entity && yearOf(other) === yearOf(truth) - 1)!)),
    )
    expect(metrics.held_out[0]).toMatchObject({ horizon: '1y', cases: pairs.length, mse_last: expect.closeTo(last, 6) })
  })

  test('the same observations give the same file to the byte, from a database or from a file', async () => {
    writeFileSync(at('words.csv.gz'), gzipSync(csvOf(words.map((word) => ({ ...word, timestamp: new Date(word.timestamp).toISOString() })))))
    const lines = words.toReversed().map(({ vector, ...word }) => `${JSON.stringify({ ...word, vector: Array.from(vector) })}\n`)
    writeFileSync(at('words.jsonl'), lines.join(''))

    await Promise.all([
      train('--file', at('words.csv.gz'), ...TINY, ...SPLIT, '--out', at('csv.pt')),
      train('--file', at('words.jsonl'), ...TINY, ...SPLIT, '--out', at('json.pt')),
    ])

    expect(readFileSync(at('csv.pt')).equals(readFileSync(at('words.pt')))).toBe(true)
    expect(readFileSync(at('json.pt')).equals(readFileSync(at('words.pt')))).toBe(true)
  })

  test('untrained, a model and a mean of models answer with the last vector, bit for bit', async () => {
    const untrained = ['--database', at('words.db'), '--collection', 'words', ...TINY, '--epochs', '0']
    await Promise.all([train(...untrained, '--out', at('one.pt')), train(...untrained, '--seeds', '3', '--out', at('three.pt'))])
    const last = names.map((name) => words.findLast(({ entity }) => entity === name)!.vector)

    for (const model of ['one.pt', 'three.pt']) {
      const rows = await predictAll(model, '2030-12-31')
      expect(rows.map(({ vector }) => vector)).toStrictEqual(last)
    }
  })

  test('learns that a noisy value comes back to its mean', async () => {
    // Values are a mean of their own plus independent noise: the best answer is the mean, with half the error of the last value.
    const random = randomNumbers(7)
    const noise = (): number => (random() + random() + random() - 1.5) * 2 // variance 1
    const rows = Array.from({ length: 40 }, (_, entity) => {
      const own = [noise(), noise(), noise()]
      return Array.from({ length: 60 }, (_, t) => ({ entity: `e${entity}`, timestamp: 1e6 + t * 1000, vector: own.map((value) => value + noise()) }))
    })
    writeFileSync(at('noise.csv'), csvOf(rows.flat()))

    await train(
      '--file',
      at('noise.csv'),
      '--horizons',
      '1s,5s',
      '--hidden',
      '8',
      '--epochs',
      '4',
      '--batch',
      '64',
      '--learning-rate',
      '0.005',
      '--out',
      at('noise.pt'),
    )

    writeFileSync(at('none.json'), '[]')
    const { stdout } = await runPython(join(ROOT, 'tests', 'python', 'predict.py'), at('noise.pt'), at('none.json'))
    const { card } = JSON.parse(stdout) as { card: Card }
    for (const { mse, mse_last } of card.metrics.held_out) {
      expect(mse_last).toBeCloseTo(2, 0)
      expect(mse / mse_last).toBeLessThan(0.62)
      expect(mse / mse_last).toBeGreaterThan(0.48) // less than the noise itself would be a look into the future
    }
  })

  test('what cannot be trained on is said in words, with exit code 2', async () => {
    writeFileSync(at('nan.csv'), 'entity,timestamp,v0\na,1970-01-01,1\na,1970-01-02,nan\na,1970-01-03,1\n')
    writeFileSync(at('gap.csv'), 'entity,timestamp,v0,v1\na,1970-01-01,1,2\na,1970-01-02,,2\n')
    writeFileSync(at('few.csv'), csvOf([1, 2, 3, 4].map((day) => ({ entity: 'a', timestamp: `1970-01-0${day}`, vector: [day] }))))
    writeFileSync(at('once.csv'), csvOf(['a', 'b'].map((entity) => ({ entity, timestamp: '1970-01-01', vector: [1] }))))
    const broken: readonly (readonly [readonly string[], RegExp])[] = [
      [['--database', at('words.db'), '--collection', 'wrods'], /has no collection 'wrods'\. It has: words\./],
      [['--database', at('gone.db'), '--collection', 'words'], /There is no database file .*gone\.db/],
      [['--database', at('nan.csv'), '--collection', 'words'], /is not a Chronode database/],
      [['--database', at('words.db')], /expected --file FILE, or --database FILE --collection NAME/],
      [['--file', at('words.txt')], /Expected a file named \.csv/],
      [['--file', at('nan.csv')], /the vector of 'a' at 1970-01-02T00:00:00Z is not finite/],
      [['--file', at('gap.csv')], /gap\.csv, record 2: ValueError: could not convert string to float/],
      [['--file', at('few.csv')], /Too little data: \d+ observations have a later one/],
      [['--file', at('once.csv')], /No entity has two observations/],
      [['--file', at('few.csv'), '--horizons', '5'], /Expected a span such as 30d/],
      [['--file', at('few.csv'), '--test-from', 'soon'], /Expected a date such as 1991-01-01, not 'soon'/],
      [['--database', at('words.db'), '--collection', 'words', ...TINY, '--epochs', '0', '--out', at('no/such/folder.pt')], /could not be written/],
    ]

    const { stdout, stderr } = await runPython(join(ROOT, 'tests', 'python', 'several.py'), JSON.stringify(broken.map(([args]) => args)))

    expect(stderr).toBe('')
    const ended = JSON.parse(stdout) as { code: number; stderr: string }[]
    expect(ended).toEqual(broken.map(([, message]) => ({ code: 2, stderr: expect.stringMatching(message) })))
  })
})

function yearOf({ timestamp }: { timestamp: number }): number {
  return new Date(timestamp).getUTCFullYear()
}

function squaredError(a: { vector: Float32Array }, b: { vector: Float32Array }): number {
  return mean(Array.from(a.vector, (value, i) => (value - b.vector[i]!) ** 2))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
