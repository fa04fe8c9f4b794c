import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Config, type ConfigInput, readConfig } from '../src/config.js'
import { ArgumentError, ConfigError, type ConfigIssue } from '../src/errors.js'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'chronode-config-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

function fileOf(toml: string | Uint8Array, name = 'chronode.toml'): string {
  const path = join(folder(), name)
  writeFileSync(path, toml)
  return path
}

function read(toml: string): Config {
  return readConfig(fileOf(toml))
}

function failure(input: unknown, options?: { attached?: boolean }): ConfigError {
  try {
    readConfig(input as ConfigInput, options)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('this configuration was accepted')
}

function issuesOf(toml: string): readonly ConfigIssue[] {
  return failure(fileOf(toml)).issues
}

const STORAGE = '[storage]\npath = "a.db"\n'

describe('defaults', () => {
  test('a path is enough', () => {
    const path = fileOf('[storage]\npath = "chronode.db"')
    expect(readConfig(path)).toEqual({
      source: path,
      storage: {
        path: join(path, '../chronode.db'),
        readonly: false,
        memoryLimitBytes: 1_073_741_824,
        durability: 'normal',
        busyTimeoutMs: 5000,
        migrate: 'auto',
      },
      analytics: {
        neuralOde: undefined,
        modelPath: undefined,
        modelSha256: undefined,
        method: undefined,
        fallback: 'linear',
        context: undefined,
        device: 'auto',
        threads: 0,
        timeoutMs: 30_000,
      },
      collections: new Map(),
    })
  })

  test('every key of the file is read', () => {
    const sha256 = 'AB'.repeat(32)
    const config = read(`
      [storage]
      path = "/data/chronode.db"
      readonly = true
      memory_limit = "512 MiB"
      durability = "full"
      busy_timeout_ms = 0
      migrate = "manual"

      [analytics]
      neural_ode = true
      model_path = "/models/words.pt"
      model_sha256 = "${sha256}"
      method = "mine"
      fallback = "error"
      context = 128
      device = "cuda"
      threads = 4
      timeout_ms = 100
    `)
    expect(config.storage).toEqual({
      path: resolve('/data/chronode.db'),
      readonly: true,
      memoryLimitBytes: 536_870_912,
      durability: 'full',
      busyTimeoutMs: 0,
      migrate: 'manual',
    })
    expect(config.analytics).toEqual({
      neuralOde: true,
      modelPath: resolve('/models/words.pt'),
      modelSha256: sha256.toLowerCase(),
      method: 'mine',
      fallback: 'error',
      context: 128,
      device: 'cuda',
      threads: 4,
      timeoutMs: 100,
    })
  })

  test('neural_ode = false is not the same as not saying it', () => {
    expect(read(`${STORAGE}[analytics]\nneural_ode = false`).analytics.neuralOde).toBe(false)
    expect(read(STORAGE).analytics.neuralOde).toBeUndefined()
  })

  test('the result is frozen', () => {
    const config = read(`${STORAGE}[analytics.collection.words]\ncontext = 3`)
    for (const part of [config, config.storage, config.analytics, config.collections.get('words')]) expect(Object.isFrozen(part)).toBe(true)
  })
})

describe('paths', () => {
  test('of a file are relative to the file', () => {
    const path = fileOf('[storage]\npath = "data/a.db"\n[analytics]\nmodel_path = "../m.pt"\n[analytics.collection.w]\nmodel_path = "w.pt"')
    const config = readConfig(path)
    expect(config.storage.path).toBe(join(path, '../data/a.db'))
    expect(config.analytics.modelPath).toBe(join(path, '../../m.pt'))
    expect(config.collections.get('w')?.modelPath).toBe(join(path, '../w.pt'))
  })

  test('of an object are relative to the working directory', () => {
    const config = readConfig({ storage: { path: 'a.db' }, analytics: { model_path: 'm.pt' } })
    expect(config.source).toBe('the configuration object')
    expect(config.storage.path).toBe(join(process.cwd(), 'a.db'))
    expect(config.analytics.modelPath).toBe(join(process.cwd(), 'm.pt'))
  })

  test('":memory:" stays what it is, and only as the path of the database', () => {
    expect(read('[storage]\npath = ":memory:"').storage.path).toBe(':memory:')
    expect(readConfig({ storage: { path: ':memory:' }, analytics: { model_path: ':memory:' } }).analytics.modelPath).toBe(resolve(':memory:'))
  })

  test('the file itself may be named relative to the working directory', () => {
    expect(failure('no-such-folder/chronode.toml').file).toBe(join(process.cwd(), 'no-such-folder/chronode.toml'))
  })

  test.each(['', ' ', 'a\0b'])('%j is no path', (path) => {
    expect(failure({ storage: { path } }).issues).toEqual([expect.objectContaining({ path: 'storage.path', expected: 'a path' })])
  })
})

describe('collections', () => {
  test('say what differs and inherit the rest', () => {
    const config = read(`${STORAGE}
      [analytics]
      neural_ode = true
      context = 32
      timeout_ms = 5
      [analytics.collection.words]
      context = 8
      [analytics.collection."my words"]
      neural_ode = false
      fallback = "last"
    `)
    expect(config.collections.get('words')).toEqual({ ...config.analytics, context: 8 })
    expect(config.collections.get('my words')).toEqual({ ...config.analytics, neuralOde: false, fallback: 'last' })
    expect([...config.collections.keys()]).toEqual(['words', 'my words'])
  })

  test('a pin is of one file: another model_path goes without the pin of the first', () => {
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
    const config = read(`${STORAGE}
      [analytics]
      model_path = "/a.pt"
      model_sha256 = "${a}"
      [analytics.collection.same]
      context = 3
      [analytics.collection.other]
      model_path = "/other.pt"
      [analytics.collection.pinned]
      model_path = "/b.pt"
      model_sha256 = "${b}"
      [analytics.collection.repinned]
      model_sha256 = "${b}"
    `)
    const pins = [...config.collections].map(([name, { modelPath, modelSha256 }]) => [name, modelPath, modelSha256])
    expect(pins).toEqual([
      ['same', resolve('/a.pt'), a],
      ['other', resolve('/other.pt'), undefined],
      ['pinned', resolve('/b.pt'), b],
      ['repinned', resolve('/a.pt'), b],
    ])
  })

  test('a pin of nothing is an issue', () => {
    expect(issuesOf(`${STORAGE}[analytics]\nmodel_sha256 = "${'a'.repeat(64)}"`)).toEqual([
      { path: 'analytics.model_sha256', expected: 'a model_path that it pins', received: 'none' },
    ])
  })

  test('are named in every issue of theirs', () => {
    const issues = issuesOf(`${STORAGE}[analytics.collection."my words"]\ncontext = 0\n[analytics.collection.b]\ncollection = {}`)
    expect(issues.map(({ path }) => path)).toEqual(['analytics.collection."my words".context', 'analytics.collection.b.collection'])
  })

  test('have names that a collection may have', () => {
    expect(issuesOf(`${STORAGE}[analytics.collection."${'x'.repeat(129)}"]\n[analytics.collection.""]`).map(({ expected }) => expected)).toEqual([
      'text of 1 to 128 UTF-8 bytes without NUL and without lone surrogates',
      'text of 1 to 128 UTF-8 bytes without NUL and without lone surrogates',
    ])
  })
})

describe('issues', () => {
  test('all are told at once, in the order of the tables', () => {
    const path = fileOf(`
      title = "my database"
      [storage]
      paht = "a.db"
      memory_limit = "lots"
      durability = "ful"
      [analytics]
      neural_od = true
      context = 0
      device = "gpu"
      timeout_ms = 1.5
      [analytics.collection.words]
      fallback = 3
    `)
    expect(failure(path).message).toBe(
      `${path} cannot be used:
  storage.path: expected the path of the database file, or ":memory:", found nothing
  storage.memory_limit: expected a size of at least 1 MiB, such as "1 GiB", found 'lots'
  storage.durability: expected "normal" or "full", found 'ful' (did you mean "full"?)
  analytics.context: expected a whole number from 1 to 4096, found 0
  analytics.device: expected "auto" or "cpu" or "cuda", found 'gpu' (did you mean "cpu"?)
  analytics.timeout_ms: expected a whole number from 1 to 2147483647, found 1.5
  analytics.collection.words.fallback: expected "linear", "last", "error" or the name of a predictor, found 3
  title: expected one of storage, analytics, found an unknown key
  storage.paht: expected one of path, readonly, memory_limit, durability, busy_timeout_ms, migrate, found an unknown key (did you mean "path"?)
  analytics.neural_od: expected one of neural_ode, model_path, model_sha256, method, fallback, context, device, threads, timeout_ms, collection, ` +
        'found an unknown key (did you mean "neural_ode"?)',
    )
  })

  test.each([
    ['storage.path', 'path = 5', 'a path'],
    ['storage.readonly', 'readonly = "yes"', 'true or false'],
    ['storage.memory_limit', 'memory_limit = 1000', 'a size of at least 1 MiB, such as "1 GiB"'],
    ['storage.memory_limit', 'memory_limit = inf', 'a size of at least 1 MiB, such as "1 GiB"'],
    ['storage.busy_timeout_ms', 'busy_timeout_ms = -1', 'a whole number from 0 to 2147483647'],
    ['storage.busy_timeout_ms', 'busy_timeout_ms = 2147483648', 'a whole number from 0 to 2147483647'],
    ['storage.busy_timeout_ms', 'busy_timeout_ms = nan', 'a whole number from 0 to 2147483647'],
    ['storage.durability', 'durability = true', '"normal" or "full"'],
    ['storage.migrate', 'migrate = 2022-12-31', '"auto" or "manual"'],
    ['storage.migrate', 'migrate = ["auto"]', '"auto" or "manual"'],
  ])('%s is checked: %s', (path, line, expected) => {
    const storage = line.startsWith('path') ? `[storage]\n${line}` : `${STORAGE}${line}`
    expect(issuesOf(storage)).toEqual([expect.objectContaining({ path, expected })])
  })

  test.each([
    ['neural_ode', '"on"'],
    ['model_path', 'true'],
    ['method', '""'],
    ['fallback', '" "'],
    ['context', '4097'],
    ['threads', '-1'],
    ['threads', '1025'],
    ['timeout_ms', '0'],
    ['device', '"CUDA"'],
  ])('analytics.%s is checked: %s', (key, value) => {
    expect(issuesOf(`${STORAGE}[analytics]\n${key} = ${value}`)).toEqual([expect.objectContaining({ path: `analytics.${key}` })])
  })

  test.each(['"abc"', `"${'g'.repeat(64)}"`, `"${'a'.repeat(65)}"`])('a sha256 is 64 hexadecimal digits, not %s', (value) => {
    expect(issuesOf(`${STORAGE}[analytics]\nmodel_path = "m.pt"\nmodel_sha256 = ${value}`)).toEqual([
      expect.objectContaining({ path: 'analytics.model_sha256', expected: '64 hexadecimal digits' }),
    ])
  })

  test('a key in the wrong table is told where it belongs', () => {
    const issues = issuesOf('model_path = "m.pt"\n[storage]\npath = "a.db"\nneural_ode = true\n[analytics]\nmemory_limit = "1 GiB"')
    expect(issues.map(({ path, suggestion }) => [path, suggestion])).toEqual([
      ['model_path', 'analytics.model_path'],
      ['storage.neural_ode', 'analytics.neural_ode'],
      ['analytics.memory_limit', 'storage.memory_limit'],
    ])
  })

  test.each(['storage = 3', 'storage = []', '[[storage]]', 'storage = "a.db"', 'storage = 2022-12-31'])('%s is no table', (toml) => {
    expect(issuesOf(toml)).toContainEqual(expect.objectContaining({ path: 'storage', expected: 'a table' }))
  })

  test.each(['__proto__', 'constructor', 'prototype'])('the key %s is refused everywhere', (key) => {
    const toml = `
      ${key} = 1
      [storage]
      path = "a.db"
      ${key} = 1
      [analytics]
      ${key} = 1
      [analytics.collection]
      ${key} = {}
      [analytics.collection.words]
      ${key} = 1
    `
    const issues = issuesOf(toml)
    expect(issues.map(({ path }) => path).sort()).toEqual(
      [key, `storage.${key}`, `analytics.${key}`, `analytics.collection.${key}`, `analytics.collection.words.${key}`].sort(),
    )
    expect(new Set(issues.map(({ expected }) => expected))).toEqual(new Set(['no such key']))
  })
})

describe('files', () => {
  test('a syntax error has its line and column and shows the place', () => {
    const error = failure(fileOf('[storage]\npath = "a.db\n'))
    expect(error.issues).toEqual([expect.objectContaining({ path: '', expected: 'TOML', line: 2 })])
    expect(error.issues[0]!.column).toBeGreaterThan(0)
    expect(error.message).toMatch(/line 2, column \d+: expected TOML, found [a-z ]+\n\n.*\n2: {2}path = "a.db/)
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('a key given twice is a syntax error', () => {
    expect(issuesOf('[storage]\npath = "a.db"\npath = "b.db"')).toEqual([expect.objectContaining({ expected: 'TOML', line: 3, column: 1 })])
  })

  test('a missing file says what to do', () => {
    const path = join(folder(), 'chronode.toml')
    expect(failure(path).message).toBe(
      `${path} cannot be used:\n  expected a TOML file, found no such file; create it with a [storage] table that has a path`,
    )
    expect(failure(path)).toMatchObject({ code: 'CONFIG_INVALID', file: path, cause: { code: 'ENOENT' } })
  })

  test('a directory is no file, and neither is what lies below a file', () => {
    expect(failure(folder()).issues[0]).toMatchObject({ received: 'a directory' })
    expect(failure(join(fileOf(STORAGE), 'x.toml')).issues[0]).toMatchObject({ expected: 'a readable TOML file', received: 'ENOTDIR' })
  })

  test('a database is not read as a file of settings, whose closing would release its locks', () => {
    for (const name of ['a.db', 'a.SQLITE', 'a.sqlite3']) {
      expect(failure(fileOf(STORAGE, name)).issues[0]!.received).toContain('write openDatabase({ storage: { path } })')
    }
    expect(failure(':memory:').issues[0]!.received).toContain("write openDatabase({ storage: { path: ':memory:' } })")
  })

  test('a file that is not UTF-8, or longer than a megabyte, is refused', () => {
    expect(failure(fileOf(Uint8Array.of(0x61, 0xff, 0xfe))).issues[0]).toMatchObject({ expected: 'text in UTF-8' })
    expect(failure(fileOf('#'.repeat(1_048_577))).issues[0]).toMatchObject({ received: '1048577 bytes' })
  })

  test('a byte order mark and Windows line ends are no matter', () => {
    expect(read('\ufeff[storage]\r\npath = "/a.db"\r\n').storage.path).toBe(resolve('/a.db'))
  })

  test('an empty file lacks only the path', () => {
    expect(issuesOf('').map(({ path }) => path)).toEqual(['storage.path'])
  })
})

describe('objects', () => {
  test('undefined is a key that is not there', () => {
    const config = readConfig({ storage: { path: '/a.db', readonly: undefined }, analytics: { context: undefined, collection: undefined } })
    expect(config.storage.readonly).toBe(false)
    expect(config.analytics.context).toBeUndefined()
  })

  test('null is not', () => {
    expect(failure({ storage: { path: '/a.db', readonly: null } }).issues).toEqual([
      { path: 'storage.readonly', expected: 'true or false', received: 'null' },
    ])
  })

  test('a limit may be a number of bytes', () => {
    expect(readConfig({ storage: { path: '/a.db', memory_limit: 2 ** 20 } }).storage.memoryLimitBytes).toBe(1_048_576)
  })

  test('inherited keys are not seen, and a prototype given by JSON is refused', () => {
    expect(failure(Object.create({ storage: { path: '/a.db' } })).issues.map(({ path }) => path)).toEqual(['storage.path'])
    const parsed = JSON.parse('{"storage":{"path":"/a.db"},"__proto__":{"polluted":true}}')
    expect(failure(parsed).issues).toEqual([expect.objectContaining({ path: '__proto__', expected: 'no such key' })])
  })

  test('changing the object afterwards changes nothing', () => {
    const input = { storage: { path: '/a.db', readonly: true } }
    const config = readConfig(input)
    input.storage.readonly = false
    expect(config.storage.readonly).toBe(true)
  })

  test.each([null, undefined, 5, true, ['a.toml'], () => ({})])('%s is no configuration', (input) => {
    expect(() => readConfig(input as never)).toThrow(ArgumentError)
  })
})

describe("an app's own connection", () => {
  test('needs no path', () => {
    expect(readConfig({}, { attached: true }).storage.path).toBeUndefined()
    expect(readConfig({ analytics: { context: 3 } }, { attached: true }).analytics.context).toBe(3)
  })

  test('and a path are two answers to one question', () => {
    expect(failure({ storage: { path: '/a.db' } }, { attached: true }).issues).toEqual([
      { path: 'storage.path', expected: 'no path, because the app gives its own connection', received: 'one' },
    ])
  })
})

test('a folder beside the file may bear any name', () => {
  const base = folder()
  mkdirSync(join(base, 'größe und "Zitat"'))
  const path = join(base, 'größe und "Zitat"', 'chronode.toml')
  writeFileSync(path, '[storage]\npath = "a.db"')
  expect(readConfig(path).storage.path).toBe(join(base, 'größe und "Zitat"', 'a.db'))
})
