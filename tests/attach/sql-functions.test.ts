import { Worker } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Collection, type Database, openDatabase } from '../../src/index.js'
import { Random, seedOfRun } from '../support/random.js'
import { type App, attach, attachWithWords, openApp, temporaryFile } from './support.js'

type SqlRow = Record<string, unknown>

/** A BLOB as SQL has it. */
function blob(...numbers: number[]): Buffer {
  return Buffer.from(Float32Array.from(numbers).buffer)
}

function floats(value: unknown): number[] {
  const bytes = value as Buffer
  return [...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))]
}

function rows(app: App, sql: string, ...values: unknown[]): SqlRow[] {
  return app.prepare(sql).all(...values) as SqlRow[]
}

/** With three words on lines through time, and the app's products of the same names, and one of which nothing is known. */
async function shop(app = openApp()): Promise<{ app: App; db: Database; words: Collection }> {
  const { db, words } = await attachWithWords(app)
  await words.insert([
    { entity: 'jug', timestamp: 0, vector: [1, 0], payload: { by: 'hand' } },
    { entity: 'jug', timestamp: 1000, vector: [1, 1] },
    { entity: 'mug', timestamp: 0, vector: [0, 2] },
    { entity: 'mug', timestamp: 1000, vector: [0, 4] },
    { entity: 'new', timestamp: 500, vector: [5, 5] },
  ])
  await words.setAttributes('jug', { kind: 'clay' })
  app.exec("INSERT INTO product VALUES ('jug'), ('mug'), ('new'), ('zinc')")
  db.registerSqlFunctions()
  return { app, db, words }
}

/** What the statement is refused with. */
function refusal(app: App, sql: string, ...values: unknown[]): { code: string; message: string } {
  try {
    app.prepare(sql).all(...values)
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('this should have been refused')
}

describe('rows', () => {
  test('of chronode_as_of are those of SELECT ... AS OF, with the types of SQLite', async () => {
    const { app } = await shop()
    const found = rows(
      app,
      "SELECT entity, timestamp, vector, payload, attributes, typeof(timestamp) t, typeof(vector) v FROM chronode_as_of('words', 600)",
    )
    expect(found.map((row) => ({ ...row, vector: floats(row['vector']) }))).toEqual([
      { entity: 'jug', timestamp: 0, vector: [1, 0], payload: '{"by":"hand"}', attributes: '{"kind":"clay"}', t: 'real', v: 'blob' },
      { entity: 'mug', timestamp: 0, vector: [0, 2], payload: null, attributes: null, t: 'real', v: 'blob' },
      { entity: 'new', timestamp: 500, vector: [5, 5], payload: null, attributes: null, t: 'real', v: 'blob' },
    ])
    expect(rows(app, "SELECT timestamp FROM chronode_as_of('words') ORDER BY entity").map((row) => row['timestamp'])).toEqual([1000, 1000, 500])
    expect(rows(app, "SELECT timestamp FROM chronode_as_of('words', 'latest', 'mug')")).toEqual([{ timestamp: 1000 }])
    expect(rows(app, "SELECT entity FROM chronode_as_of('words', '1969-12-31T23:59:59Z')")).toEqual([])
  })

  test('of chronode_trajectory are one entity in time order, both ends included', async () => {
    const { app } = await shop()
    const all = rows(app, "SELECT timestamp, vector FROM chronode_trajectory('words', 'mug')")
    expect(all.map(({ timestamp, vector }) => [timestamp, floats(vector)])).toEqual([
      [0, [0, 2]],
      [1000, [0, 4]],
    ])
    expect(rows(app, "SELECT count(*) n FROM chronode_trajectory('words', 'mug', 1, '1970-01-01T00:00:01Z')")).toEqual([{ n: 1 }])
    expect(rows(app, "SELECT count(*) n FROM chronode_trajectory('words', 'mug') WHERE until = 999")).toEqual([{ n: 1 }])
    expect(rows(app, "SELECT * FROM chronode_trajectory('words', 'nobody')")).toEqual([])
  })

  test('of chronode_nearest are ranked by distance, then by the bytes of the id', async () => {
    const { app, words } = await shop()
    await words.insert([{ entity: 'Jug', timestamp: 900, vector: [2, 2] }])
    const found = rows(app, "SELECT rank, entity, distance, age_ms, typeof(rank) t, vector FROM chronode_nearest('words', ?, 3)", blob(1, 1))
    expect(found.map(({ vector, ...row }) => ({ ...row, vector: floats(vector) }))).toEqual([
      { rank: 1, entity: 'Jug', distance: 0, age_ms: 100, t: 'integer', vector: [2, 2] },
      { rank: 2, entity: 'jug', distance: 0, age_ms: 0, t: 'integer', vector: [1, 1] },
      { rank: 3, entity: 'new', distance: 0, age_ms: 500, t: 'integer', vector: [5, 5] },
    ])
    expect(rows(app, "SELECT entity FROM chronode_nearest('words', '[0, 1]', 1, 0)")).toEqual([{ entity: 'mug' }])
    expect(rows(app, "SELECT count(*) n FROM chronode_nearest('words', '[0, 1]')")).toEqual([{ n: 4 }])
  })

  test('of chronode_predict are those of PREDICT, whatever the status', async () => {
    const { app } = await shop()
    const predicted = (...values: unknown[]) => {
      const [{ vector, ...row } = {}] = rows(app, `SELECT * FROM chronode_predict('words', ${values.map(() => '?').join(', ')})`, ...values)
      return { ...row, vector: vector === null ? null : floats(vector) }
    }
    expect(predicted('mug', 2000)).toEqual({
      entity: 'mug',
      timestamp: 2000,
      vector: [0, 6],
      kind: 'extrapolated',
      horizon_ms: 1000,
      last_timestamp: 1000,
      context_count: 2,
      method: 'linear',
      model: null,
      fallback_reason: null,
      status: 'ok',
    })
    expect(predicted('mug', 2000, 'last')).toMatchObject({ vector: [0, 4], method: 'last', context_count: 1 })
    expect(predicted('new', 2000)).toMatchObject({ vector: [5, 5], method: 'last', fallback_reason: 'too_few_observations' })
    expect(predicted('mug', 250)).toMatchObject({ vector: [0, 2.5], kind: 'interpolated', context_count: 2, horizon_ms: 250, method: null })
    expect(predicted('mug', 'latest')).toMatchObject({ vector: [0, 4], kind: 'observed', timestamp: 1000, status: 'ok' })
    expect(predicted('new', 1)).toMatchObject({ vector: null, status: 'before_first', timestamp: 1 })
    expect(predicted('zinc', 1)).toMatchObject({ vector: null, status: 'not_found', context_count: 0 })
  })

  test('of chronode_distance are one number, as NEAREST measures', async () => {
    const { app } = await shop()
    const value = (metric: string, a: unknown, b: unknown) => app.prepare('SELECT chronode_distance(?, ?, ?)').pluck().get(metric, a, b)
    expect(value('l2', blob(0, 0), '[3, 4]')).toBe(5)
    expect(value('dot', blob(1, 2), blob(3, 4))).toBe(-11)
    expect(value('cosine', '[1, 0]', blob(0, 1))).toBe(1)
    expect(value('l2', null, blob(1))).toBe(null)
    expect(refusal(app, 'SELECT chronode_distance(?, ?, ?)', 'l3', blob(1), blob(1))).toMatchObject({ code: 'ARGUMENT_INVALID' })
    expect(refusal(app, 'SELECT chronode_distance(?, ?, ?)', 'l2', blob(1), blob(1, 2)).message).toMatch(
      /b of chronode_distance.*of 1 numbers.*one of 2/,
    )
  })
})

describe("in statements of the app's own", () => {
  test('they join, and a left join keeps what nothing is known of', async () => {
    const { app } = await shop()
    const joined = 'SELECT p.name, q.status, q.timestamp FROM product p JOIN chronode_predict(?, p.name, 3000) q ON q.status = ? ORDER BY 1'
    expect(rows(app, joined, 'words', 'ok').map((row) => row['name'])).toEqual(['jug', 'mug', 'new'])
    const left = "SELECT p.name, a.timestamp FROM product p LEFT JOIN chronode_as_of('words', 'latest', p.name) a ORDER BY p.name"
    expect(rows(app, left).map(({ name, timestamp }) => [name, timestamp])).toEqual([
      ['jug', 1000],
      ['mug', 1000],
      ['new', 500],
      ['zinc', null],
    ])
  })

  test('NULL brings no rows, as it does everywhere in SQL', async () => {
    const { app } = await shop()
    expect(rows(app, "SELECT * FROM chronode_as_of('words', NULL)")).toEqual([])
    expect(rows(app, "SELECT p.name, q.status FROM product p LEFT JOIN chronode_predict('words', NULL, 1) q LIMIT 1")).toEqual([
      { name: 'jug', status: null },
    ])
    expect(rows(app, "SELECT timestamp FROM chronode_as_of('words', coalesce(NULL, 'latest'), 'new')")).toEqual([{ timestamp: 500 }])
  })

  test('they stand in views, in triggers and in INSERT ... SELECT', async () => {
    const { app, words } = await shop()
    app.exec(`
      CREATE VIEW now AS SELECT entity, vector FROM chronode_as_of('words');
      CREATE TABLE kept (entity TEXT, vector BLOB);
      CREATE TABLE wish (name TEXT, status TEXT);
      CREATE TRIGGER predicted AFTER INSERT ON wish BEGIN
        UPDATE wish SET status = (SELECT status FROM chronode_predict('words', new.name, 5000)) WHERE rowid = new.rowid;
      END;
      INSERT INTO kept SELECT entity, vector FROM now;
      INSERT INTO wish (name) VALUES ('mug'), ('zinc')`)
    expect(rows(app, 'SELECT entity, vector FROM kept').map(({ entity, vector }) => [entity, floats(vector)])).toEqual([
      ['jug', [1, 1]],
      ['mug', [0, 4]],
      ['new', [5, 5]],
    ])
    expect(rows(app, 'SELECT * FROM wish')).toEqual([
      { name: 'mug', status: 'ok' },
      { name: 'zinc', status: 'not_found' },
    ])
    await words.insert([{ entity: 'jug', timestamp: 2000, vector: [7, 7] }])
    expect(rows(app, "SELECT vector FROM now WHERE entity = 'jug'").map(({ vector }) => floats(vector))).toEqual([[7, 7]])
  })

  test('a statement may stop early, be iterated over turns, and be run again', async () => {
    const { app, words } = await shop()
    const statement = app.prepare("SELECT entity FROM chronode_as_of('words') LIMIT 1").pluck()
    for (let i = 0; i < 300; i++) expect(statement.get()).toBe('jug')
    const all: unknown[] = []
    for (const entity of app.prepare("SELECT entity FROM chronode_as_of('words')").pluck().iterate()) {
      all.push(entity)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(all).toEqual(['jug', 'mug', 'new'])
    await words.insert([{ entity: 'a', timestamp: 1, vector: [1, 1] }])
    expect(statement.get()).toBe('a')
  })

  test('registering again, here and by another database, changes nothing for the statements', async () => {
    const { app, db } = await shop()
    const prepared = app.prepare("SELECT count(*) FROM chronode_as_of('words')").pluck()
    db.registerSqlFunctions()
    const second = await attach(app)
    second.registerSqlFunctions(app)
    expect(prepared.get()).toBe(3)
    await second.close()
    expect(refusal(app, "SELECT * FROM chronode_as_of('words')")).toMatchObject({ code: 'DATABASE_CLOSED' })
    db.registerSqlFunctions()
    expect(prepared.get()).toBe(3)
  })

  test("an app's BigInts stay its own", async () => {
    const app = openApp()
    app.defaultSafeIntegers(true)
    await shop(app)
    expect(rows(app, "SELECT rank FROM chronode_nearest('words', '[1, 1]', 1, 1000)")).toEqual([{ rank: 1n }])
  })
})

describe('what cannot be answered', () => {
  test.each([
    ["SELECT * FROM chronode_as_of('word')", 'NOT_FOUND', /chronode_as_of: there is no collection 'word'. There are: words/],
    ['SELECT * FROM chronode_as_of', 'ARGUMENT_INVALID', /"collection of chronode_as_of" should be the name of a collection; it is left out/],
    [
      "SELECT * FROM chronode_as_of('words', 'soon')",
      'ARGUMENT_INVALID',
      /"at of chronode_as_of" should be epoch milliseconds.*'soon' is not a time/,
    ],
    ["SELECT * FROM chronode_as_of('words', datetime('now'))", 'ARGUMENT_INVALID', /does not say in which time zone/],
    ["SELECT * FROM chronode_as_of('words', x'00')", 'ARGUMENT_INVALID', /"at of chronode_as_of".*a Buffer/],
    ["SELECT * FROM chronode_trajectory('words')", 'ARGUMENT_INVALID', /"for_entity of chronode_trajectory" should be text/],
    ["SELECT * FROM chronode_predict('words', 7, 1)", 'ARGUMENT_INVALID', /for_entity.*it is 7.*CAST\(id AS TEXT\)/],
    ["SELECT * FROM chronode_predict('words', 'mug')", 'ARGUMENT_INVALID', /"at of chronode_predict".*left out/],
    ["SELECT * FROM chronode_predict('words', 'mug', 5000, 'liner')", 'NOT_FOUND', /No method is named "liner"/],
    [
      "SELECT * FROM chronode_predict('words', 'mug', 5000, 'neural_ode')",
      'ARGUMENT_INVALID',
      /using_method.*"neural_ode".*waited for.*'linear' or 'last'/,
    ],
    ["SELECT * FROM chronode_nearest('words')", 'ARGUMENT_INVALID', /"to_vector of chronode_nearest" should be a BLOB of 8 bytes.*left out/],
    ["SELECT * FROM chronode_nearest('words', x'000000')", 'ARGUMENT_INVALID', /Its 3 bytes are no whole number of float32/],
    ["SELECT * FROM chronode_nearest('words', 'mug')", 'ARGUMENT_INVALID', /It is neither/],
    ["SELECT * FROM chronode_nearest('words', '[1, 2, 3]')", 'ARGUMENT_INVALID', /one of 3 numbers.*stores vectors of 2 numbers/],
    ["SELECT * FROM chronode_nearest('words', '[1, \"2\"]')", 'ARGUMENT_INVALID', /Number 1 of this vector is '2'/],
    ["SELECT * FROM chronode_nearest('words', x'0000c07f00000000')", 'ARGUMENT_INVALID', /NaN/],
    ["SELECT * FROM chronode_nearest('words', '[1, 2]', 0)", 'ARGUMENT_INVALID', /"k of chronode_nearest" should be a whole number.*it is 0/],
  ])('%s says so in the statement', async (sql, code, message) => {
    const { app } = await shop()
    const error = refusal(app, sql)
    expect(error.message).toMatch(message)
    expect(error.code).toBe(code)
  })

  test('a configured method that has to be waited for is not replaced by another', async () => {
    const app = openApp()
    const { words } = await shop(app)
    const db = await attach(app, { analytics: { neural_ode: true } })
    db.registerSqlFunctions()
    expect(refusal(app, "SELECT * FROM chronode_predict('words', 'mug', 5000)").message).toMatch(
      /"neural_ode", by neural_ode = true in \[analytics\].*db\.query/,
    )
    expect(rows(app, "SELECT method FROM chronode_predict('words', 'mug', 5000, 'linear')")).toEqual([{ method: 'linear' }])
    expect(rows(app, "SELECT kind FROM chronode_predict('words', 'mug', 500)")).toEqual([{ kind: 'interpolated' }])
    expect(words.name).toBe('words')
  })

  test("with fallback = 'error' a refusal fails the statement, as it fails PREDICT", async () => {
    const app = openApp()
    await shop(app)
    const db = await attach(app, { analytics: { fallback: 'error' } })
    db.registerSqlFunctions()
    expect(refusal(app, "SELECT * FROM chronode_predict('words', 'new', 5000)")).toMatchObject({
      code: 'PREDICTION_REFUSED',
      reason: 'too_few_observations',
    })
  })

  test('rows that memory_limit has no room for are refused, not cut short', async () => {
    const app = openApp()
    const { words } = await shop(app)
    const db = await attach(app, { storage: { memory_limit: '1 MiB' } })
    db.registerSqlFunctions()
    await words.insert(Array.from({ length: 2000 }, (_, i) => ({ entity: `e${i}`, timestamp: 1, vector: [1, 1] })))
    expect(refusal(app, "SELECT * FROM chronode_as_of('words')")).toMatchObject({ code: 'QUERY_LIMIT', limit: 131_072 })
    expect(rows(app, "SELECT count(*) n FROM chronode_nearest('words', '[1, 1]', 10)")).toEqual([{ n: 10 }])
  })

  test('a dropped collection, a closed database and a closed connection', async () => {
    const { app, db } = await shop()
    await db.dropCollection('words')
    expect(refusal(app, "SELECT * FROM chronode_as_of('words')").message).toMatch(/there is no collection 'words'. There is none yet/)
    await db.close()
    expect(refusal(app, "SELECT * FROM chronode_as_of('words')")).toMatchObject({ code: 'DATABASE_CLOSED' })
    expect(() => db.registerSqlFunctions()).toThrow(expect.objectContaining({ code: 'DATABASE_CLOSED' }))
    const other = await attach(openApp())
    const closed = openApp()
    closed.close()
    expect(() => other.registerSqlFunctions(closed)).toThrow(/it is a closed one/)
  })
})

describe('inside a transaction of the app', () => {
  test('rows that it has not committed are refused, not left out; others are answered', async () => {
    const { app, db, words } = await shop()
    const other = await db.createCollection('others', { dimension: 1 })
    await other.insert([{ entity: 'x', timestamp: 0, vector: [1] }])
    const count = (name: string) => app.prepare('SELECT count(*) FROM chronode_as_of(?)').pluck().get(name)

    app.exec("BEGIN; INSERT INTO product VALUES ('own')")
    expect(count('words')).toBe(3)
    words.insertSync([{ entity: 'vase', timestamp: 1, vector: [1, 2] }])
    expect(refusal(app, "SELECT * FROM chronode_as_of('words')")).toMatchObject({ code: 'STORAGE_BUSY' })
    expect(refusal(app, "SELECT * FROM chronode_as_of('words')").message).toMatch(
      /open transaction has written to collection "words".*after COMMIT or ROLLBACK/,
    )
    expect(count('others')).toBe(1)
    app.exec('COMMIT')
    expect(count('words')).toBe(4)
    app.exec('BEGIN')
    expect(count('words')).toBe(4)
    words.insertSync([{ entity: 'vat', timestamp: 1, vector: [1, 2] }])
    app.exec('ROLLBACK')
    expect(count('words')).toBe(4)
    app.exec('BEGIN')
    expect(count('words')).toBe(4)
    app.exec('COMMIT')
  })

  test('what was rolled back is no hindrance to the next one, at the latest in the next turn', async () => {
    const { app, words } = await shop()
    const count = app.prepare("SELECT count(*) FROM chronode_as_of('words')").pluck()
    const failing = app.transaction(() => {
      words.insertSync([{ entity: 'vase', timestamp: 1, vector: [1, 2] }])
      throw new RangeError('no')
    })
    expect(failing).toThrow(RangeError)
    await Promise.resolve()
    expect(app.transaction(() => count.get())()).toBe(3)

    app.exec('BEGIN')
    words.insertSync([{ entity: 'vase', timestamp: 1, vector: [1, 2] }])
    await new Promise((resolve) => setImmediate(resolve))
    expect(() => count.get()).toThrow(expect.objectContaining({ code: 'STORAGE_BUSY' }))
    app.exec('ROLLBACK')
    expect(count.get()).toBe(3)
    expect(app.transaction(() => count.get())()).toBe(3)
  })

  test('what another database on the same connection has written there is refused, too', async () => {
    const { app } = await shop()
    const second = await attach(app)
    app.exec('BEGIN')
    second.collection('words').insertSync([{ entity: 'vase', timestamp: 1, vector: [1, 2] }])
    expect(refusal(app, "SELECT * FROM chronode_as_of('words')")).toMatchObject({ code: 'STORAGE_BUSY' })
    app.exec('COMMIT')
    expect(rows(app, "SELECT count(*) n FROM chronode_as_of('words')")).toEqual([{ n: 4 }])
  })
})

describe('where the data lies', () => {
  test.each(['delete', 'truncate', 'wal'])('a file in journal mode %s is read, written to by the same statement, and committed', async (journal) => {
    const app = openApp({ journal })
    const { words } = await shop(app)
    app.transaction(() => {
      app.exec("INSERT INTO product SELECT 'like ' || entity FROM chronode_as_of('words')")
    })()
    words.insertSync([{ entity: 'jug', timestamp: 3000, vector: [1, 1] }])
    expect(rows(app, "SELECT count(*) n FROM product WHERE name LIKE 'like %'")).toEqual([{ n: 3 }])
    expect(rows(app, "SELECT max(timestamp) t FROM chronode_as_of('words')")).toEqual([{ t: 3000 }])
  })

  test('an attached database in memory has no second connection: that is said at once', async () => {
    const app = openApp({ path: ':memory:' })
    const { db } = await attachWithWords(app)
    expect(() => db.registerSqlFunctions()).toThrow(/"connection" should be one to a database file; it is one to :memory:.*ask with db\.query/)
  })

  test("of a database opened by path, or in memory, are brought into the app's own file", async () => {
    for (const path of [temporaryFile('chronode.db'), ':memory:']) {
      const db = await openDatabase({ storage: { path } }, { logger: { warn: () => undefined } })
      onTestFinished(() => db.close())
      const words = await db.createCollection('words', { dimension: 1 })
      await words.insert([{ entity: 'jug', timestamp: 1, vector: [3] }])
      expect(() => db.registerSqlFunctions()).toThrow(
        /"connection" should be an open Database of better-sqlite3; it is undefined. Give the connection/,
      )
      expect(() => db.registerSqlFunctions({} as never)).toThrow(/an object without table\(\) or function\(\)/)
      for (const app of [openApp(), new Sqlite(':memory:')]) {
        app.exec("CREATE TABLE IF NOT EXISTS product (name TEXT); INSERT INTO product VALUES ('jug')")
        db.registerSqlFunctions(app)
        expect(rows(app, "SELECT q.vector FROM product p JOIN chronode_predict('words', p.name, 9) q").map(({ vector }) => floats(vector))).toEqual([
          [3],
        ])
        words.insertSync([{ entity: 'mug', timestamp: 2, vector: [4] }])
        expect(rows(app, "SELECT entity FROM chronode_as_of('words')")).toEqual([{ entity: 'jug' }, { entity: 'mug' }])
      }
    }
  })

  test('a connection that only reads can ask', async () => {
    const { app, db } = await shop()
    await db.close()
    const reading = new Sqlite(app.name, { readonly: true })
    onTestFinished(() => {
      reading.close()
    })
    const again = await attach(reading)
    again.registerSqlFunctions()
    expect(rows(reading, "SELECT count(*) n FROM product p JOIN chronode_as_of('words', 0, p.name) a")).toEqual([{ n: 2 }])
  })

  test('a file that the app keeps to itself cannot be read beside it', async () => {
    const app = openApp()
    app.pragma('locking_mode = EXCLUSIVE')
    const { db } = await attachWithWords(app)
    expect(() => db.registerSqlFunctions()).toThrow(/is locked: by another process, or by the app's own \(locking_mode = EXCLUSIVE/)
    const spilling = openApp({ journal: 'delete' })
    await shop(spilling)
    spilling.pragma('cache_size = 10')
    const write = spilling.prepare('INSERT INTO product VALUES (?)')
    spilling.exec('BEGIN')
    for (let i = 0; i < 2000; i++) write.run('x'.repeat(500))
    expect(refusal(spilling, "SELECT * FROM chronode_as_of('words')")).toMatchObject({ code: 'STORAGE_BUSY' })
    spilling.exec('COMMIT')
    expect(rows(spilling, "SELECT count(*) n FROM chronode_as_of('words')")).toEqual([{ n: 3 }])
  })

  test('damage is told, never shown', async () => {
    const { app } = await shop()
    for (const table of ['chronode_strip', 'chronode_segment', 'chronode_observation']) {
      const column = table === 'chronode_strip' ? 'entries' : table === 'chronode_segment' ? 'data' : 'vector'
      app.exec(`UPDATE ${table} SET ${column} = CAST(substr(${column}, 1, length(${column}) - 1) || x'7f' AS BLOB)`)
    }
    expect(refusal(app, "SELECT * FROM chronode_as_of('words')")).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect(refusal(app, "SELECT * FROM chronode_nearest('words', '[1, 1]')")).toMatchObject({ code: 'STORAGE_CORRUPT' })
  })

  test('each thread registers them on a connection of its own', async () => {
    const { app } = await shop()
    const missing = `
      const { parentPort, workerData } = require('node:worker_threads')
      const app = new (require(workerData.sqlite))(workerData.path)
      try { app.prepare("SELECT * FROM chronode_as_of('words')").all() } catch (error) { parentPort.postMessage(error.message) }
      app.close()`
    const sqlite = import.meta.resolve('better-sqlite3').replace('file://', '')
    const worker = new Worker(missing, { eval: true, workerData: { path: app.name, sqlite } })
    expect(await new Promise((resolve) => worker.once('message', resolve))).toBe('no such table: chronode_as_of')
  })
})

test('on random data they answer what the query language answers', async () => {
  const seed = seedOfRun()
  const random = new Random(seed)
  const app = openApp()
  const { db, words } = await shop(app)
  const ids = ['a', 'B', 'ä', 'z', '\u{1f600}', 'jug', 'nobody']
  const plain = (found: readonly object[]) => found.map((row) => JSON.parse(JSON.stringify(row, (_, value) => (value === undefined ? null : value))))
  const same = async (sql: string, values: readonly unknown[], query: string, parameters: readonly unknown[]) => {
    const answered = await db.query<SqlRow>(query, [...parameters], { vectors: 'array' })
    const found = rows(app, sql, ...values).map((row) =>
      'vector' in row && row['vector'] !== null ? { ...row, vector: floats(row['vector']) } : row,
    )
    const asked = answered.rows.map((row) => Object.fromEntries(Object.keys(found[0] ?? {}).map((name) => [name, row[name]])))
    expect(plain(found), `seed ${seed}: ${sql} ${String(values)}`).toEqual(plain(found.length === 0 ? answered.rows : asked))
  }
  for (let round = 0; round < 40; round++) {
    const batch = random.list(1, 30, () => ({
      entity: random.pick(ids.slice(0, 6)),
      timestamp: random.below(100),
      vector: [random.below(5), random.next()],
    }))
    if (random.chance(0.5)) await words.insert(batch)
    else app.transaction(() => words.insertSync(batch))()
    const id = random.pick(ids)
    const at = random.below(140)
    const vector = [random.next(), random.next()]
    await same(
      "SELECT entity, timestamp, vector, recorded_at FROM chronode_as_of('words', ?)",
      [at],
      'SELECT entity, timestamp, vector, recorded_at FROM words AS OF $1',
      [at],
    )
    if (id !== 'nobody')
      await same(
        "SELECT entity, timestamp, vector FROM chronode_trajectory('words', ?)",
        [id],
        'SELECT entity, timestamp, vector FROM words WHERE entity = $1',
        [id],
      )
    await same("SELECT * FROM chronode_predict('words', ?, ?)", [id, at], 'PREDICT vector AT $2 FROM words FOR ENTITIES ($1)', [id, at])
    await same(
      "SELECT rank, entity, timestamp, distance, age_ms FROM chronode_nearest('words', ?, 4, ?)",
      [JSON.stringify(vector), at],
      'NEAREST 4 TO $1 AS OF $2 FROM words',
      [vector, at],
    )
    await same(
      "SELECT rank, entity, timestamp, distance, age_ms FROM chronode_nearest('words', ?, 4)",
      [blob(...vector)],
      'NEAREST 4 TO $1 FROM words',
      [vector],
    )
  }
})
