import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { temporaryFolder } from '../support/database.js'
import { runCli } from './run-cli.js'

let database: string
let config: string

beforeEach(async () => {
  vi.stubEnv('FORCE_COLOR', undefined) // the test runner's
  vi.stubEnv('TERM', 'xterm-256color')
  vi.stubEnv('CI', undefined) // where it is set, Node takes a terminal for one without colours
  const folder = temporaryFolder()
  database = join(folder, 'drift.db')
  config = join(folder, 'chronode.toml')
  writeFileSync(config, '[storage]\npath = "drift.db"\n[analytics]\nneural_ode = true\nmodel_path = "missing.pt"\n')
  const db = await openDatabase({ storage: { path: database } })
  const drift = await db.createCollection('drift', { dimension: 6, metric: 'l2' })
  await drift.insert([
    { entity: 'a', timestamp: '2000', vector: [0, 0.1, 0.2, 0.3, 0.4, 0.5] },
    { entity: 'a', timestamp: '2001-06-01T12:00:00Z', vector: [1, 0, 0, 0, 0, 0], payload: { note: 'tab\there' } },
  ])
  await db.close()
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('a table', () => {
  test('shows times as ISO text, vectors shortened with their length, and NULL', async () => {
    const ran = await runCli(['query', '--database', database, 'SELECT entity, timestamp, vector, payload FROM drift'])

    expect(ran).toEqual({
      code: 0,
      err: '',
      out: [
        'entity  timestamp             vector                   payload',
        'a       2000-01-01            [0, 0.1, 0.2, 0.3, … 6]  NULL',
        'a       2001-06-01T12:00:00Z  [1, 0, 0, 0, … 6]        {"note":"tab\\there"}', // JSON's own \t
        '2 rows',
        '',
      ].join('\n'),
    })
  })

  test('becomes one block a row where the terminal is too narrow for it', async () => {
    vi.stubEnv('NO_COLOR', '1')
    const ran = await runCli(['query', '--database', database, 'SELECT entity, timestamp, vector FROM drift LAST 1'], { columns: 40 })

    expect(ran.out).toBe('row 1\nentity     a\ntimestamp  2001-06-01T12:00:00Z\nvector     [1, 0, 0, 0, … 6]\n\n1 row\n')
  })

  test('has colour on a terminal, unless NO_COLOR is set, and nowhere else', async () => {
    const words = ['query', '--database', database, 'SELECT payload FROM drift']
    expect((await runCli(words)).out).not.toContain('\u001b')
    expect((await runCli(words, { columns: 200 })).out).toContain('\u001b')
    vi.stubEnv('NO_COLOR', '1')
    expect((await runCli(words, { columns: 200 })).out).not.toContain('\u001b')
  })

  test('shows values of the data that would steer the terminal as text', async () => {
    const db = await openDatabase({ storage: { path: database } })
    await db.collection('drift').insert([{ entity: 'b\u001b[2J', timestamp: 0, vector: [1, 2, 3, 4, 5, 6] }])
    await db.close()

    const { out } = await runCli(['query', '--database', database, 'SELECT entity FROM drift'])

    expect(out).toContain('b\\u001b[2J')
    expect(out).not.toContain('\u001b')
  })

  test('keeps its columns where characters are wide', async () => {
    const db = await openDatabase({ storage: { path: database } })
    await db.collection('drift').insert([{ entity: '气候', timestamp: '2000', vector: [0, 0, 0, 0, 0, 0] }])
    await db.close()

    const { out } = await runCli(['query', '--database', database, "SELECT entity, timestamp FROM drift AS OF '2000'"])

    expect(out).toBe('entity  timestamp\na       2000-01-01\n气候    2000-01-01\n2 rows\n')
  })

  test('of nothing is its count', async () => {
    expect((await runCli(['query', '--database', database, "SELECT entity FROM drift WHERE entity = 'zz'"])).out).toBe('0 rows\n')
  })

  test('shows the moments that DESCRIBE tells as ISO text', async () => {
    expect((await runCli(['query', '--database', database, "DESCRIBE ENTITY 'a'"])).out).toContain('last_timestamp     2001-06-01T12:00:00Z')
  })
})

describe('--json', () => {
  test('prints one array with vectors in full and times in milliseconds', async () => {
    const { out, code } = await runCli(['query', '--json', '--database', database, 'SELECT entity, timestamp, vector FROM drift'])

    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual([
      { entity: 'a', timestamp: Date.UTC(2000, 0, 1), vector: [0, 0.1, 0.2, 0.3, 0.4, 0.5].map(Math.fround) },
      { entity: 'a', timestamp: Date.UTC(2001, 5, 1, 12), vector: [1, 0, 0, 0, 0, 0] },
    ])
    expect(out.split('\n')).toHaveLength(5) // [, two rows, ], and the end
  })

  test('prints an empty array where there are no rows', async () => {
    expect((await runCli(['query', '--json', '--database', database, "SELECT entity FROM drift WHERE entity = 'zz'"])).out).toBe('[]\n')
  })
})

describe('parameters', () => {
  test('are text, in the order given', async () => {
    const words = [
      'query',
      '--json',
      '--database',
      database,
      'SELECT entity FROM drift FOR ENTITY $1 AS OF $2',
      '--param',
      'a',
      '--param',
      '2000-12-31',
    ]
    expect(JSON.parse((await runCli(words)).out)).toEqual([{ entity: 'a' }])
  })

  test('go by name, and as JSON where a number or a list is meant', async () => {
    const words = ['--json-param', ':who=["a"]', '--param', ':then=2005', '--json-param', ':n=1']
    const text = 'SELECT timestamp FROM drift FOR ENTITIES :who UNTIL :then LIMIT :n'
    expect(JSON.parse((await runCli(['query', '--json', '--database', database, text, ...words])).out)).toEqual([{ timestamp: Date.UTC(2000, 0, 1) }])
  })

  test.each([
    [['--param', 'a', '--param', ':b=c'], 'not both'],
    [['--json-param', '{'], 'should be JSON'],
    [['--param', ':b=c', '--param', ':b=d'], ':b was given twice'],
  ])('%j are a mistake of usage', async (words, claim) => {
    const { code, err } = await runCli(['query', '--database', database, 'SHOW COLLECTIONS', ...words])
    expect(code).toBe(2)
    expect(err).toContain(claim)
  })
})

test('fewer neighbours than were asked for are explained on standard error', async () => {
  const nearest = (text: string) => runCli(['query', '--database', database, text])
  expect(await nearest('NEAREST 1 TO [1, 0, 0, 0, 0, 0]')).toMatchObject({
    err: '',
    out: expect.stringMatching(/1 +a +2001-06-01T12:00:00Z +0 +0\n1 row/),
  })
  expect(await nearest('NEAREST 3 TO [1, 0, 0, 0, 0, 0]')).toMatchObject({ code: 0, err: 'There is only 1 candidate.\n' })
})

describe('a prediction that fell back', () => {
  const text = "PREDICT * AT '2010' FOR ENTITY 'a'"

  test.each([[['--table']], [['--json']]])('warns on standard error alone, once, with %j', async (words) => {
    const { code, out, err } = await runCli(['query', '--config', config, text, ...words])

    expect(code).toBe(0)
    expect(out).toContain('model_missing')
    expect(err).toMatch(/^warning: .*model_missing.*There is no file .*missing\.pt.*\n$/)
  })

  test('is not spoken of where nothing was predicted', async () => {
    expect((await runCli(['query', '--config', config, 'SELECT entity FROM drift'])).err).toBe('')
  })
})

describe('a mistake', () => {
  test('in the query shows the place and ends with 1', async () => {
    const ran = await runCli(['query', '--database', database, "PREDICT vecor AT '2030' FOR ENTITY 'a'"])

    expect(ran).toEqual({
      code: 1,
      out: '',
      err:
        'error: There is no column of PREDICT "vecor". Did you mean \'vector\'?\n\n' +
        "1 | PREDICT vecor AT '2030' FOR ENTITY 'a'\n  |         ^^^^^\n\nQUERY_UNKNOWN_NAME\n",
    })
  })

  test('in the configuration names the key and ends with 1', async () => {
    writeFileSync(config, '[storage]\npath = "drift.db"\nreadonley = true\n')
    const { code, err } = await runCli(['query', '--config', config, 'SHOW COLLECTIONS'])
    expect(code).toBe(1)
    expect(err).toContain('storage.readonley')
    expect(err).toContain('CONFIG_INVALID')
  })

  test('in the name of the database makes no file', async () => {
    const missing = join(temporaryFolder(), 'missing.db')
    const { code, err } = await runCli(['query', '--database', missing, 'SHOW COLLECTIONS'])
    expect(code).toBe(1)
    expect(err).toContain('STORAGE_UNREACHABLE')
    expect(existsSync(missing)).toBe(false)
  })

  test.each([
    [['qurey'], 'Did you mean query?'],
    [['query'], "missing required argument 'statement'"],
    [['query', '--tabel', 'SHOW COLLECTIONS'], "unknown option '--tabel'"],
    [['query', '--config', 'a', '--database', 'b', 'SHOW COLLECTIONS'], 'cannot be used with'],
    [['query', '--json', '--table', 'SHOW COLLECTIONS'], 'cannot be used with'],
    [[], 'Usage: chronode'],
  ])('of usage, %j, ends with 2', async (words, claim) => {
    const { code, out, err } = await runCli(words)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(claim)
  })

  test('of neither naming nor having a database says what to name', async () => {
    vi.spyOn(process, 'cwd').mockReturnValue(temporaryFolder())
    const { code, err } = await runCli(['query', 'SHOW COLLECTIONS'])
    expect(code).toBe(2)
    expect(err).toContain('There is no chronode.toml in this folder')
  })
})

test('a statement is read from standard input where a dash stands', async () => {
  const { out } = await runCli(['query', '--database', database, '-'], { stdin: 'SHOW\nCOLLECTIONS\n' })
  expect(out).toMatch(/^name +dimension +metric .*\ndrift +6 +l2 /)
})

test('an example of --help that has $1 in it is one that a shell leaves alone', async () => {
  const { out } = await runCli(['query', '--help'])
  expect(out.match(/^ .*\$\d.*--param .*$/gm)?.map((line) => line.trim())).toEqual([
    "chronode query 'PREDICT vector AT $1 FOR ENTITY $2' --param 2030-12-31 --param climate",
  ])
})

test('--help shows examples, --version the version of the package', async () => {
  expect(await runCli(['query', '--help'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Examples:\n  chronode query "PREDICT') })
  expect(await runCli(['--version'])).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})
