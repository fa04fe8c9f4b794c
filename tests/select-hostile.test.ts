import { describe, expect, test } from 'vitest'
import { print } from '../src/engine/syntax/print.js'
import { DatabaseError } from '../src/index.js'
import { openForTest } from './support/database.js'
import { Random, seedOfRun } from './support/random.js'
import { StatementGenerator } from './support/random-statement.js'

/** Text that other languages, or this one, would stumble over when it became a piece of a statement. */
const HOSTILE = [
  "' OR TRUE --",
  "'; SELECT * --",
  "') OR entity LIKE '%",
  '" OR ""="',
  '$1',
  ':name',
  '-- ',
  '/*',
  '*/',
  '%',
  '_',
  '\\',
  '\\%',
  '[0-9]',
  '.*',
  'NULL',
  'TRUE',
  '2030-12-31',
  '1 day',
  '__proto__',
  'constructor',
  'toString',
  '\u{1f600}',
  '\uffff',
  '\u202egnol',
  'a\nb\r\t',
]

describe('values are never read as a piece of a statement', () => {
  test.each(HOSTILE)('%j as an id, a member, a pattern and an option', async (text) => {
    const db = await openForTest({ storage: { path: ':memory:' } })
    const things = await db.createCollection('things', { dimension: 1 })
    const others = HOSTILE.filter((other) => other !== text)
    await things.insert(
      [text, ...others].map((entity, timestamp) => ({ entity, timestamp: timestamp * 1e9, vector: [1], payload: { said: entity, [entity]: 1 } })),
    )
    await things.setAttributes(text, { [text]: text })
    const ids = async (query: string, values: unknown[] | Record<string, unknown>) => (await db.query(query, values)).rows.map(({ entity }) => entity)
    const quoted = `"${text.replaceAll('"', '""')}"`
    const literal = `'${text.replaceAll("'", "''")}'`
    const escaped = text.replace(/[\\%_]/g, '\\$&')

    expect(await ids('SELECT entity FOR ENTITY $1', [text])).toEqual([text])
    expect(await ids(`SELECT entity FOR ENTITY ${literal}`, [])).toEqual([text])
    expect(await ids('SELECT entity WHERE entity = :id', { id: text })).toEqual([text])
    expect(await ids('SELECT entity WHERE entity IN $1', [[text]])).toEqual([text])
    expect(await ids('SELECT entity WHERE payload.said = $1', [text])).toEqual([text])
    expect(await ids(`SELECT entity WHERE payload.said = ${literal}`, [])).toEqual([text])
    expect(await ids(`SELECT entity WHERE payload.${quoted} = 1`, [])).toEqual([text])
    expect(await ids(`SELECT entity WHERE attributes.${quoted} = $1`, [text])).toEqual([text])
    expect(await ids('SELECT entity WHERE entity LIKE $1', [escaped])).toEqual([text])
    expect(await ids('SELECT entity GROUP BY entity HAVING entity = $1', [text])).toEqual([text])
    await expect(db.query('PREDICT vector AT 1 FOR ENTITY $1 WITH (fallback = $2)', [text, text])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(db.query('SELECT entity SAMPLE BY $1', [text === '1 day' ? 'one day' : text])).rejects.toMatchObject({ code: 'QUERY_TYPE' })
  })

  test('a column may bear any name but one', async () => {
    const db = await openForTest({ storage: { path: ':memory:' } })
    await (await db.createCollection('things', { dimension: 1 })).insert([{ entity: 'a', timestamp: 1e12, vector: [1] }])

    for (const name of HOSTILE.filter((text) => text !== '__proto__')) {
      const { rows, columns } = await db.query(`SELECT entity AS "${name.replaceAll('"', '""')}"`)
      expect(columns).toEqual([name])
      expect(Object.entries(rows[0]!)).toEqual([[name, 'a']])
    }
  })
})

test('statements of the whole grammar are answered, or refused with a reason, whatever their values', async () => {
  const seed = seedOfRun()
  const random = new Random(seed)
  const generator = new StatementGenerator(random, [
    'vector',
    'entity',
    'timestamp',
    'recorded_at',
    'norm',
    'distance',
    'count',
    'min',
    'avg',
    'words',
    'x',
  ])
  const db = await openForTest({ storage: { path: ':memory:' } })
  const words = await db.createCollection('words', { dimension: 2 })
  await words.insert(
    ['climate', "it's", 'x'].flatMap((entity) => [0, 1, 2].map((i) => ({ entity, timestamp: i * 1e11, vector: [i, 1], payload: { x: i } }))),
  )
  const anything = (): unknown =>
    random.pick([0, 1, 5, -1, 1e300, 'climate', '', '2030', '7 days', 'linear', null, true, [], ['x'], [1, 2], [1], new Date(0), {}])
  const codes = new Map<string, number>()

  for (let i = 0; i < 4000; i++) {
    const text = print(generator.statement())
    const names = [...text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '').matchAll(/:(\w+)|\$(\d+)/g)]
    const values = names.some(([, name]) => name !== undefined)
      ? Object.fromEntries(names.map(([, name]) => [name, anything()]))
      : Array.from({ length: Math.max(0, ...names.map(([, , index]) => Number(index))) }, anything)
    const code = await db.query(text, values, { maxRows: 1000 }).then(
      () => 'answered',
      (error: unknown) => {
        if (error instanceof DatabaseError && error.code !== 'BUG') return error.code
        throw new Error(`seed ${seed}: ${text} with ${JSON.stringify(values)}`, { cause: error })
      },
    )
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }

  expect(codes.get('answered')).toBeGreaterThan(40)
  for (const code of codes.keys())
    expect([
      'answered',
      'QUERY_SYNTAX',
      'QUERY_UNKNOWN_NAME',
      'QUERY_TYPE',
      'QUERY_PARAMETER',
      'QUERY_LIMIT',
      'NOT_FOUND',
      'PREDICTION_REFUSED',
    ]).toContain(code)
})

test.each([
  'SELECT entity ORDER BY norm(vector)',
  "SELECT vector SINCE '1960' UNTIL '2030' SAMPLE BY 1h FILL (LINEAR)",
  "SELECT timestamp, count(*) SINCE '1960' UNTIL '2030' SAMPLE BY 1h FILL (NULL)",
])('an abort ends %s', async (statement) => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 8 })
  await many.insert(Array.from({ length: 50_000 }, (_, i) => ({ entity: `e${i % 10}`, timestamp: i * 1e7, vector: new Float32Array(8).fill(i) })))
  const abort = new AbortController()
  const asked = db.query(statement, [], { signal: abort.signal, maxRows: 1e9 })
  setTimeout(() => abort.abort(), 20)

  await expect(asked).rejects.toMatchObject({ code: 'QUERY_ABORTED' })
})
