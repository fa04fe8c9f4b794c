import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { numberText } from '../../src/cli/transfer/export-text.js'
import { type Database, openDatabase } from '../../src/index.js'
import { temporaryFolder } from '../support/database.js'
import { ROOT } from '../support/documents.js'
import { runCli } from './run-cli.js'

const MAIN = join(ROOT, 'dist', 'src', 'cli', 'main.js')
let folder: string
let database: string

beforeAll(() => {
  if (!distIsCurrent()) buildDist()
}, 120_000)

beforeEach(async () => {
  folder = temporaryFolder()
  database = join(folder, 'all.db')
  const db = await openDatabase({ storage: { path: database } })
  await fill(db)
  await db.close()
})

const D = 5
const TIMES = [0, -1, 1e-7, 1 / 3, 1234, 2030, 1_700_000_000_123.25, 1_700_000_000_123.4568, -8.64e15, 8.64e15, Date.UTC(2024, 1, 29)]
const ODD_IDS = ['a', ' spaces ', 'comma, "quote"', 'line\nbreak\r\n', 'tab\t', '气候', '\ufeffmark', '1e3', '=1+1', "'", '{"a":1}', '\u2028']

/** What is hard to write down and to read again. */
async function fill(db: Database): Promise<void> {
  const odd = await db.createCollection('odd "things"', { dimension: D, metric: 'l2' })
  const numbers = new Float32Array(new Uint32Array(10_000).map(() => Math.floor(Math.random() * 2 ** 32)).buffer).filter(Number.isFinite)
  let next = 0
  const vector = (): Float32Array => {
    next += D
    return numbers.subarray(next - D, next)
  }
  await odd.insert(ODD_IDS.flatMap((entity) => TIMES.map((timestamp) => ({ entity, timestamp, vector: vector() }))))
  const special = Float32Array.of(-0, 2 ** -149, 3.4028234663852886e38, 0.1, 16_777_217)
  await odd.insert([{ entity: 'a', timestamp: 5e12, vector: special, payload: { text: 'a "b",\n气', list: [null, 1.5, true], nested: {} } }])
  await odd.insert([
    { entity: 'a', timestamp: 6e12, vector: special, payload: 'text' },
    { entity: 'a', timestamp: 7e12, vector: special, payload: 0 },
  ])
  await odd.setAttributes('a', { topic: 'x, "y"', n: null })
  await odd.setAttributes('气候', {})
  await odd.insert([{ entity: 'emptied', timestamp: 0, vector: special }])
  await odd.setAttributes('emptied', { kept: true })
  await odd.delete({ entity: 'emptied' })
}

/** All that there is, but for when it was written. Vectors as their bits. */
async function contents(path: string): Promise<unknown> {
  const db = await openDatabase({ storage: { path } }, { readonly: true })
  const odd = db.collection('odd "things"')
  const entities: unknown[] = []
  for await (const entity of odd.entities()) entities.push(entity)
  const { rows } = await db.query<{ vector: Float32Array; [column: string]: unknown }>(
    'SELECT entity, timestamp, vector, payload FROM "odd ""things"""',
  )
  await db.close()
  return { entities, rows: rows.map((row) => ({ ...row, vector: [...new Uint32Array(row.vector.slice().buffer)] })) }
}

const NEW = ['--collection', 'odd "things"', '--dimension', String(D), '--metric', 'l2']

describe('what is exported and imported again is the same', () => {
  test.each<[string, string[], string[]]>([
    ['x.csv', [], []],
    ['x.csv.gz', [], []],
    ['x.tsv', [], []],
    ['x.csv', ['--vector', 'columns'], ['--vector', `v0..v${D - 1}`]],
    ['x.csv', ['--times', 'ms'], ['--time-unit', 'ms']],
    ['x.csv', ['--delimiter', ';'], ['--delimiter', ';']],
    ['x.jsonl', [], []],
    ['x.jsonl.gz', ['--times', 'iso'], []],
    ['x.arrow', [], []],
    ['x.parquet', [], []],
  ])('by %s with %j', async (name, exporting, importing) => {
    const file = join(folder, name)
    const copy = join(folder, 'copy.db')
    expect(await runCli(['export', file, '--database', database, ...exporting])).toEqual({ code: 0, err: '', out: `${file}: 136 rows.\n` })
    expect(await runCli(['import', file, '--database', copy, ...NEW, ...importing])).toMatchObject({
      code: 0,
      out: expect.stringContaining('136 rows: 135 inserted'),
    })
    expect(await contents(copy)).toEqual(await contents(database))
    expect(readdirSync(folder).filter((left) => /part|state/.test(left))).toEqual([])
  })

  test('by a pipe', async () => {
    const copy = join(folder, 'copy.db')
    const out = await runCli(['export', '-', '--format', 'jsonl', '--database', database])
    expect(out).toMatchObject({ code: 0, err: '' })
    expect((await runCli(['import', '-', '--format', 'jsonl', '--database', copy, ...NEW], { stdin: out.out })).code).toBe(0)
    expect(await contents(copy)).toEqual(await contents(database))
  })

  test('also where one entity has more rows than are read at once', async () => {
    const db = await openDatabase({ storage: { path: join(folder, 'long.db') } })
    const long = await db.createCollection('long', { dimension: 1 })
    await long.insert(Array.from({ length: 25_001 }, (_, i) => ({ entity: i < 25_000 ? 'long' : 'short', timestamp: i, vector: [i] })))
    await db.close()
    const file = join(folder, 'long.csv')
    await runCli(['export', file, '--database', join(folder, 'long.db'), '--times', 'ms', '--vector', 'columns'])
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(1)
    expect(lines).toEqual(Array.from({ length: 25_001 }, (_, i) => `${i < 25_000 ? 'long' : 'short'},${i},${i},,`))
  })
})

test('a number is written with few digits that mean the same float32', () => {
  for (const [value, text] of [
    [0.1, '0.1'],
    [1 / 3, '0.333333343'],
    [16_777_216, '16777216'],
    [-0, '-0'],
    [1.383, '1.383'],
  ] as const) {
    expect(numberText(Math.fround(value))).toBe(text)
  }
  const values = new Float32Array(new Uint32Array(100_000).map(() => Math.floor(Math.random() * 2 ** 32)).buffer).filter(Number.isFinite)
  for (const value of values) if (Math.fround(Number(numberText(value))) !== value) expect(numberText(value)).toBe(value)
})

test('CSV and JSON lines look like this', async () => {
  const path = join(folder, 'small.db')
  const db = await openDatabase({ storage: { path } })
  const small = await db.createCollection('small', { dimension: 2 })
  await small.insert([
    { entity: 'a', timestamp: '2030-01-01T08:00:00Z', vector: [0.1, -2], payload: { n: 1 } },
    { entity: 'a', timestamp: 1 / 3, vector: [1e-7, 1e20] },
  ])
  await small.setAttributes('a', { topic: 'x' })
  await db.close()
  const exported = async (...options: string[]) => (await runCli(['export', '-', '--database', path, ...options])).out

  expect(await exported('--format', 'csv')).toBe(
    'entity,timestamp,vector,payload,attributes\n' +
      'a,0.3333333333333333,"[1.00000001e-7,1.00000002e+20]",,"{""topic"":""x""}"\n' +
      'a,2030-01-01T08:00:00.000Z,"[0.1,-2]","{""n"":1}",\n',
  )
  expect(await exported('--format', 'csv', '--vector', 'columns', '--times', 'ms', '--delimiter', 'tab')).toBe(
    'entity\ttimestamp\tv0\tv1\tpayload\tattributes\n' +
      'a\t0.3333333333333333\t1.00000001e-7\t1.00000002e+20\t\t"{""topic"":""x""}"\n' +
      'a\t1893484800000\t0.1\t-2\t"{""n"":1}"\t\n',
  )
  expect(await exported('--format', 'jsonl')).toBe(
    '{"entity":"a","timestamp":0.3333333333333333,"vector":[1.00000001e-7,1.00000002e+20],"attributes":{"topic":"x"}}\n' +
      '{"entity":"a","timestamp":1893484800000,"vector":[0.1,-2],"payload":{"n":1}}\n',
  )
})

describe('a file', () => {
  const words = (file: string, ...options: string[]) => ['export', join(folder, file), '--database', database, ...options]

  test('that is there is replaced only when that is asked for', async () => {
    writeFileSync(join(folder, 'x.csv'), 'mine')
    expect(await runCli(words('x.csv'))).toMatchObject({ code: 2, err: expect.stringContaining('replace it with --overwrite') })
    expect(readFileSync(join(folder, 'x.csv'), 'utf8')).toBe('mine')
    expect((await runCli(words('x.csv', '--overwrite', '--json'))).out).toMatch(/^\{"file":".*x\.csv","rows":136,"bytes":\d+\}\n$/)
    expect(readFileSync(join(folder, 'x.csv'), 'utf8')).toContain('entity,timestamp')
  })

  test('in a folder that is not there, or that is a folder, or without a format, is refused', async () => {
    mkdirSync(join(folder, 'd.csv'))
    expect(await runCli(words('no/x.csv'))).toMatchObject({ code: 1, err: expect.stringContaining('is not there. Make it first.') })
    expect(await runCli(words('d.csv', '--overwrite'))).toMatchObject({ code: 2, err: expect.stringContaining('is a folder') })
    expect(await runCli(words('x.txt'))).toMatchObject({ code: 2, err: expect.stringContaining('Say it with --format: csv, jsonl, arrow, parquet') })
    expect(await runCli(words('x.jsonl', '--vector', 'columns'))).toMatchObject({ code: 2, err: expect.stringContaining('is for CSV') })
  })

  test.each(['csv', 'jsonl', 'arrow', 'parquet'])('of an empty collection is read again as one: %s', async (format) => {
    const path = join(folder, 'empty.db')
    const db = await openDatabase({ storage: { path } })
    await db.createCollection('none', { dimension: 2 })
    await db.close()
    expect((await runCli(['export', join(folder, `e.${format}`), '--database', path])).out).toContain(': 0 rows.\n')
    expect((await runCli(['import', join(folder, `e.${format}`), '--database', path])).out).toContain(': 0 rows: 0 inserted, 0 replaced.\n')
  })
})

test.each([
  ['to a file', 'all.csv'],
  ['to a pipe', '-'],
  ['packed', 'all.csv.gz'],
])('Ctrl-C ends an export %s with 130, and half a file does not stay', async (_, name) => {
  const file = name === '-' ? name : join(folder, name)
  const listening = new Promise<NodeJS.SignalsListener>((resolve) => {
    const notice = (event: string | symbol, listener: NodeJS.SignalsListener) => {
      if (event !== 'SIGINT') return
      process.off('newListener', notice)
      resolve(listener)
    }
    process.on('newListener', notice)
  })
  const running = runCli(['export', file, '--format', 'csv', '--database', database, '--collection', 'odd "things"'])
  const press = await listening // before the export, which is short, has gone on
  press('SIGINT')
  expect(await running).toMatchObject({ code: 130, err: 'The export was aborted.\n' })
  expect(readdirSync(folder).filter((name) => name.startsWith('all.csv'))).toEqual([])
})

test('of several collections one must be named', async () => {
  const db = await openDatabase({ storage: { path: database } })
  await db.createCollection('two', { dimension: 1 })
  await db.close()
  const words = ['export', '-', '--format', 'csv', '--database', database]
  expect(await runCli(words)).toMatchObject({ code: 2, err: expect.stringContaining('--collection: there is odd "things", two') })
  expect(await runCli([...words, '--collection', 'tow'])).toMatchObject({ code: 1, err: expect.stringContaining('NOT_FOUND') })
})

describe('the installed command', () => {
  const run = (program: string, args: readonly string[]) =>
    spawnSync(program, args, { encoding: 'buffer', env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' } })

  test('ends quietly when nobody reads on', async () => {
    const db = await openDatabase({ storage: { path: join(folder, 'wide.db') } })
    const wide = await db.createCollection('wide', { dimension: 64 })
    await wide.insert(Array.from({ length: 5000 }, (_, i) => ({ entity: 'a', timestamp: i * 1e9, vector: new Float32Array(64).fill(i / 7) })))
    await db.close()
    const command = `"${process.execPath}" "${MAIN}" export - --format csv --database "${join(folder, 'wide.db')}"`
    const { stdout, stderr } = run('sh', ['-c', `{ ${command}; echo "ended with $?" >&2; } | head -n 2`])
    expect(stdout.toString().split('\n')).toHaveLength(3)
    expect(stderr.toString()).toBe('ended with 0\n')
  })

  test('packs a pipe with --gzip', () => {
    const { stdout, status } = run(process.execPath, [MAIN, 'export', '-', '--format', 'csv', '--gzip', '--database', database])
    expect(status).toBe(0)
    expect(gunzipSync(stdout).toString()).toMatch(/^entity,timestamp,vector/)
  })

  test.each([
    ['export', 'x.arrow', 'npm install apache-arrow'],
    ['export', 'x.parquet', 'npm install hyparquet-writer hyparquet'],
    ['import', 'y.parquet', 'npm install hyparquet'],
  ])('%s %s says what to install where a package is not', (command, name, remedy) => {
    const file = join(folder, name)
    if (command === 'import') writeFileSync(file, 'PAR1')
    const elsewhere = `
      import { registerHooks } from 'node:module'
      const peers = /^(apache-arrow|hyparquet|hyparquet-writer)$/
      registerHooks({ resolve: (name, context, next) => next(name, peers.test(name) ? { ...context, parentURL: 'file:///nowhere/x.mjs' } : context) })`
    const { status, stderr } = run(process.execPath, [
      '--import',
      `data:text/javascript,${encodeURIComponent(elsewhere)}`,
      MAIN,
      command,
      file,
      '--database',
      database,
    ])
    expect(stderr.toString()).toMatch(new RegExp(`^error: .* which is not installed\\. Install it beside chronode: ${remedy}\\n$`))
    expect(status).toBe(1)
    expect(existsSync(join(folder, 'x.arrow'))).toBe(false)
  })
})
