import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ConfigInput, type Database, openDatabase, type PredictRow } from '../src/index.js'
import { collectWarnings, temporaryFolder } from './support/database.js'
import { canCompileModels, compileModel, MARK, sources } from './support/torch-models.js'

const isRequired = process.env['CHRONODE_REQUIRE_NATIVE'] === '1'
const suite = canCompileModels || isRequired ? describe : describe.skip

/** On the line through (1, 2): a linear answer at 3000 is (3, 6), the last vector (2, 4). */
const LINE = [
  [0, [0, 0, 0, 0]],
  [1000, [1, 2, 0, 0]],
  [2000, [2, 4, 0, 0]],
] as const
const LINEAR = Float32Array.of(3, 6, 0, 0)
const LAST = Float32Array.of(2, 4, 0, 0)

interface Opened {
  readonly db: Database
  readonly path: string
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
  ask(statement?: string, values?: readonly unknown[]): Promise<PredictRow>
}

/** A database with one entity on a line, whose configured model is these bytes, or whatever `write` leaves at the path. */
async function openWithModel(model: Uint8Array | ((path: string) => void), analytics: ConfigInput['analytics'] = {}): Promise<Opened> {
  const folder = temporaryFolder()
  const path = join(folder, 'model.pt')
  if (typeof model === 'function') model(path)
  else writeFileSync(path, model)
  const { warnings, logger } = collectWarnings()
  const db = await openDatabase(
    { storage: { path: join(folder, 'test.db') }, analytics: { neural_ode: true, model_path: path, ...analytics } },
    { logger },
  )
  onTestFinished(() => db.close())
  const walk = await db.createCollection('walk', { dimension: 4 })
  await walk.insert(LINE.map(([timestamp, vector]) => ({ entity: 'a', timestamp, vector: [...vector] })))
  return {
    db,
    path,
    warnings,
    async ask(statement = "PREDICT vector AT 3000 FOR ENTITY 'a'", values = []) {
      const { rows } = await db.query<PredictRow>(statement, values)
      return rows[0]!
    },
  }
}

function card(members: object): Record<string, string> {
  return {
    'chronode.json': JSON.stringify({
      format: 1,
      architecture: 'test/1',
      dimension: 4,
      context: 8,
      time: { scheme: 'unit' },
      targets: 'one',
      ...members,
    }),
  }
}

suite('a model that works', () => {
  let last: Buffer
  beforeAll(() => {
    last = compileModel(sources.last, { extraFiles: card({}) })
  })

  test('answers PREDICT, and the row says so', async () => {
    const { ask, path, warnings } = await openWithModel(last)

    expect(await ask()).toEqual({
      entity: 'a',
      timestamp: 3000,
      vector: LAST,
      kind: 'extrapolated',
      horizon_ms: 1000,
      last_timestamp: 2000,
      context_count: 3,
      method: 'neural_ode',
      model: basename(path),
      fallback_reason: null,
      status: 'ok',
    })
    expect(warnings).toEqual([])
  })

  test('sees time normalised: 0 at the first observation, 1 at the target', async () => {
    const { ask } = await openWithModel(compileModel(sources.times))

    expect((await ask()).vector).toEqual(Float32Array.of(0, Math.fround(2 / 3), 1, 0))
    expect((await ask("PREDICT vector AT 3000 FOR ENTITY 'a' CONTEXT LAST 1")).vector).toEqual(Float32Array.of(0, 0, 1, 0))
  })

  test('keeps the distances of stamps near today a fraction of a millisecond apart', async () => {
    const { db, ask } = await openWithModel(compileModel(sources.times))
    const start = Date.UTC(2026, 10, 21)
    await db.collection('walk').insert([0, 0.25, 0.5].map((ms) => ({ entity: 'fast', timestamp: start + ms, vector: [0, 0, 0, 0] })))

    expect((await ask("PREDICT vector AT $1 FOR ENTITY 'fast'", [start + 1])).vector).toEqual(Float32Array.of(0, 0.5, 1, 0))
  })

  test('is given the context of its card, unless the file or the statement says otherwise', async () => {
    const bytes = compileModel(sources.last, { extraFiles: card({ context: 2 }) })
    const byCard = await openWithModel(bytes)
    const byFile = await openWithModel(bytes, { context: 1 })

    expect((await byCard.ask()).context_count).toBe(2)
    expect((await byFile.ask()).context_count).toBe(1)
    expect((await byFile.ask("PREDICT vector AT 3000 FOR ENTITY 'a' CONTEXT LAST 3")).context_count).toBe(3)
  })

  test('is asked for nothing that is observed or lies between observations', async () => {
    const { ask } = await openWithModel(compileModel(sources.throws))

    expect(await ask("PREDICT vector AT 1500 FOR ENTITY 'a'")).toMatchObject({ kind: 'interpolated', method: null, fallback_reason: null })
  })

  test('of float64 output is fine', async () => {
    const { ask } = await openWithModel(compileModel(sources.float64))

    expect(await ask()).toMatchObject({ method: 'neural_ode', vector: LAST })
  })

  test('that refuses batches above one still serves a batch', async () => {
    const { db } = await openWithModel(compileModel(sources.singleOnly))
    const walk = db.collection('walk')
    await walk.insert(Array.from({ length: 50 }, (_, i) => ({ entity: `e${i}`, timestamp: 0, vector: [i, 0, 0, 0] })))

    const { rows } = await db.query<PredictRow>('PREDICT vector AT 3000 FOR EACH ENTITY')

    expect(rows).toHaveLength(51)
    expect(rows.every(({ method }) => method === 'neural_ode')).toBe(true)
    expect(rows.filter(({ entity }) => entity.startsWith('e')).map(({ entity, vector }) => [entity, vector![0]])).toEqual(
      rows.slice(1).map(({ entity }) => [entity, Number(entity.slice(1))]),
    )
  })

  test('is explained with its sha256', async () => {
    const { db } = await openWithModel(last)
    const sha256 = createHash('sha256').update(last).digest('hex')

    const { rows } = await db.query("EXPLAIN PREDICT vector AT 3000 FOR ENTITY 'a'")

    expect(rows.find(({ operation }) => (operation as string).trim() === 'neural_ode')!['detail']).toContain(sha256)
    expect((await db.query('SHOW MODELS')).rows).toMatchObject([{ name: 'model.pt', status: 'ready', sha256 }])
  })

  test('that is replaced on disk is noticed', async () => {
    const { ask, path } = await openWithModel(compileModel(sources.scaled, { attributes: { factor: 2 } }))
    expect((await ask()).vector).toEqual(Float32Array.of(4, 8, 0, 0))

    writeFileSync(`${path}.new`, compileModel(sources.scaled, { attributes: { factor: 3 } }))
    renameSync(`${path}.new`, path)

    await expect.poll(async () => (await ask()).vector, { timeout: 10_000, interval: 200 }).toEqual(Float32Array.of(6, 12, 0, 0))
  })

  test('leads the same concurrent requests to the same bytes as one after another', async () => {
    const { db } = await openWithModel(compileModel(sources.line, { extraFiles: card({}) }))
    const walk = db.collection('walk')
    const observations = Array.from({ length: 40 }, (_, i) =>
      Array.from({ length: 2 + (i % 7) }, (_, k) => ({ entity: `e${i}`, timestamp: k * 1000 + i, vector: [i, k, i * k, Math.sin(i + k)] })),
    )
    await walk.insert(observations.flat())
    const statements = Array.from({ length: 1000 }, (_, i) =>
      i % 4 === 0
        ? `PREDICT vector AT ${10_000 + i} FOR ENTITIES ('e${i % 40}', 'e${(i + 1) % 40}', 'nobody')`
        : i % 4 === 1
          ? `PREDICT vector AT (${10_000 + i}, 500) FOR ENTITY 'e${i % 40}' USING linear`
          : `PREDICT vector AT ${10_000 + i} FOR ENTITY 'e${i % 40}' CONTEXT LAST ${2 + (i % 3)}`,
    )
    const alone: unknown[] = []
    for (const statement of statements) alone.push((await db.query(statement)).rows)

    const together = await Promise.all(statements.map(async (statement) => (await db.query(statement)).rows))

    expect(together).toEqual(alone)
  })
})

suite('one item of a batch', () => {
  test.each([
    ['NaN', sources.nanOnMark, 'non_finite_output'],
    ['an exception', sources.throwsOnMark, 'inference_failed'],
  ])('with %s falls back alone', async (_, source, reason) => {
    const { db } = await openWithModel(compileModel(source))
    const marked = [0, 1].map((i) => ({ entity: 'marked', timestamp: i, vector: [MARK - 1 + i, 0, 0, 0] }))
    await db
      .collection('walk')
      .insert([...marked, { entity: 'b', timestamp: 0, vector: [9, 9, 9, 9] }, { entity: 'b', timestamp: 1, vector: [8, 8, 8, 8] }])

    const { rows } = await db.query<PredictRow>('PREDICT vector AT 3000 FOR EACH ENTITY')

    expect(rows.map(({ entity, method, fallback_reason }) => [entity, method, fallback_reason])).toEqual([
      ['a', 'neural_ode', null],
      ['b', 'neural_ode', null],
      ['marked', 'linear', reason],
    ])
  })
})

suite('a broken model leads to a linear answer, its reason and one warning', () => {
  /** A zip of stored or deflated entries, as far as a reader needs it. */
  function zip(entries: readonly { readonly name: string; readonly data: Uint8Array; readonly claimed?: number }[]): Buffer {
    const parts: Buffer[] = []
    const directory: Buffer[] = []
    let offset = 0
    for (const { name, data, claimed } of entries) {
      const packed = deflateRawSync(data)
      const common = Buffer.alloc(26)
      common.writeUInt16LE(20, 0)
      common.writeUInt16LE(8, 4)
      common.writeUInt32LE(crc32(data), 10)
      common.writeUInt32LE(packed.length, 14)
      common.writeUInt32LE(claimed ?? data.length, 18)
      common.writeUInt16LE(name.length, 22)
      parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed)
      const tail = Buffer.alloc(14)
      tail.writeUInt32LE(offset, 10)
      directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, Buffer.from(name))
      offset += 30 + name.length + packed.length
    }
    const size = directory.reduce((sum, part) => sum + part.length, 0)
    const end = Buffer.alloc(22)
    end.write('PK\x05\x06', 'latin1')
    end.writeUInt16LE(entries.length, 8)
    end.writeUInt16LE(entries.length, 10)
    end.writeUInt32LE(size, 12)
    end.writeUInt32LE(offset, 16)
    return Buffer.concat([...parts, ...directory, end])
  }

  const weights = () => ({ extraFiles: card({}), parameters: { w: { shape: [4, 256], values: new Float32Array(1024).fill(0.25) } } })
  const whole = () => compileModel(sources.last, weights())
  const flipped = () => {
    const bytes = whole()
    const at = bytes.indexOf(Buffer.from(new Float32Array(64).fill(0.25).buffer))
    expect(at).toBeGreaterThan(0)
    bytes.fill(0xa5, at, at + 64)
    return bytes
  }

  const cases: readonly (readonly [name: string, reason: string, write: (path: string) => void])[] = [
    ['no file', 'model_missing', () => undefined],
    ['a directory', 'model_invalid', (path) => mkdirSync(path)],
    ['a FIFO', 'model_invalid', (path) => execFileSync('mkfifo', [path])],
    ['an empty file', 'model_invalid', (path) => writeFileSync(path, '')],
    ['text', 'model_invalid', (path) => writeFileSync(path, 'this is no model\n'.repeat(100))],
    [
      'random bytes',
      'model_invalid',
      (path) => writeFileSync(path, Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) & 255))),
    ],
    ['a truncated file', 'model_invalid', (path) => writeFileSync(path, whole().subarray(0, 2000))],
    ['flipped bytes in a weight', 'model_invalid', (path) => writeFileSync(path, flipped())],
    ['a zip bomb', 'model_invalid', (path) => writeFileSync(path, zip([{ name: 'm/code/bomb.py', data: Buffer.alloc(64 * 1024 * 1024) }]))],
    [
      'a zip bomb that lies about its size',
      'model_invalid',
      (path) => writeFileSync(path, zip([{ name: 'm/code/bomb.py', data: Buffer.alloc(64 * 1024 * 1024), claimed: 1000 }])),
    ],
    [
      'a card of another dimension',
      'dimension_mismatch',
      (path) => writeFileSync(path, compileModel(sources.last, { extraFiles: card({ dimension: 5 }) })),
    ],
    [
      'a card that is no card',
      'model_invalid',
      (path) => writeFileSync(path, compileModel(sources.last, { extraFiles: { 'chronode.json': '{"format": 2}' } })),
    ],
    [
      'another dimension without a card',
      'inference_failed',
      (path) =>
        writeFileSync(
          path,
          compileModel('def forward(self, trajectory: Tensor, target: Tensor) -> Tensor:\n    return torch.matmul(trajectory[:, -1, 1:], self.w)\n', {
            parameters: { w: { shape: [5, 5], values: new Float32Array(25) } },
          }),
        ),
    ],
    ['one argument', 'model_invalid', (path) => writeFileSync(path, compileModel(sources.oneArgument))],
    ['three arguments', 'model_invalid', (path) => writeFileSync(path, compileModel(sources.threeArguments))],
    ['no forward', 'model_invalid', (path) => writeFileSync(path, compileModel(sources.noForward))],
    ['a tuple', 'bad_output_shape', (path) => writeFileSync(path, compileModel(sources.tuple))],
    ['an output [D]', 'bad_output_shape', (path) => writeFileSync(path, compileModel(sources.squeezed))],
    ['an output [B, D + 1]', 'bad_output_shape', (path) => writeFileSync(path, compileModel(sources.tooWide))],
    ['an output [2 B, D]', 'bad_output_shape', (path) => writeFileSync(path, compileModel(sources.doubled))],
    ['an exception inside', 'inference_failed', (path) => writeFileSync(path, compileModel(sources.throws))],
  ]

  test.each(cases)('%s: %s', async (_, reason, write) => {
    const { ask, warnings } = await openWithModel(write)

    for (let i = 0; i < 3; i++)
      expect(await ask()).toMatchObject({ method: 'linear', vector: LINEAR, model: null, fallback_reason: reason, status: 'ok' })

    expect(warnings.map(({ code }) => code)).toEqual(['PREDICTION_FALLBACK'])
    expect(warnings[0]!.message.length).toBeGreaterThan(40)
  })

  test('a wrong sha256: model_invalid', async () => {
    const { ask } = await openWithModel(whole(), { model_sha256: 'ab'.repeat(32) })

    expect(await ask()).toMatchObject({ method: 'linear', fallback_reason: 'model_invalid' })
  })

  test('an endless loop: timeout, within 100 ms of its limit, at once from then on, and the app goes on', async () => {
    const { ask, db, warnings } = await openWithModel(compileModel(sources.endless), { timeout_ms: 1000 })
    await ask("PREDICT vector AT 3000 FOR ENTITY 'a' USING linear")
    const start = performance.now()
    const first = await ask()
    const firstMs = performance.now() - start
    const again = performance.now()
    expect(await ask()).toMatchObject({ fallback_reason: 'timeout' })
    const againMs = performance.now() - again

    expect(first).toMatchObject({ method: 'linear', vector: LINEAR, fallback_reason: 'timeout' })
    expect(firstMs).toBeLessThan(8000) // libtorch is loaded here, too; the native tests measure the answer itself
    expect(againMs).toBeLessThan(100)
    expect((await db.query('SELECT entity LAST 1')).rows).toHaveLength(1)
    expect(warnings.map(({ code }) => code)).toEqual(['PREDICTION_FALLBACK'])
  })

  test("fallback = 'error' tells the reason instead", async () => {
    const { ask } = await openWithModel(() => undefined, { fallback: 'error' })

    await expect(ask()).rejects.toMatchObject({ code: 'PREDICTION_REFUSED', reason: 'model_missing', entity: 'a' })
  })

  test('a model that is removed and comes back', async () => {
    const { ask, path } = await openWithModel(whole())
    expect(await ask()).toMatchObject({ method: 'neural_ode' })

    rmSync(path)
    await expect.poll(async () => (await ask()).fallback_reason, { timeout: 10_000, interval: 200 }).toBe('model_missing')
    writeFileSync(path, whole())

    await expect.poll(async () => (await ask()).method, { timeout: 10_000, interval: 200 }).toBe('neural_ode')
  })
})

test('without any native code everything works, linearly, and the status says what to do', () => {
  const script = `
    import { openDatabase } from './dist/src/index.js'
    const db = await openDatabase({ storage: { path: ':memory:' }, analytics: { neural_ode: true, model_path: 'package.json' } }, { logger: { warn() {} } })
    const walk = await db.createCollection('walk', { dimension: 1 })
    await walk.insert([{ entity: 'a', timestamp: 0, vector: [0] }, { entity: 'a', timestamp: 1, vector: [1] }])
    const { rows } = await db.query("PREDICT vector AT 2 FOR ENTITY 'a'", [], { vectors: 'array' })
    console.log(JSON.stringify({ row: rows[0], status: db.nativeStatus() }))
    await db.close()`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, CHRONODE_NATIVE: 'off' },
    encoding: 'utf8',
  })
  const { row, status } = JSON.parse(output) as { row: PredictRow; status: { torch: { available: boolean; reason: string; remedy: string } } }

  expect(row).toMatchObject({ vector: [2], method: 'linear' })
  expect(['native_unavailable', 'model_invalid']).toContain(row.fallback_reason)
  expect(status.torch).toMatchObject({ available: false, remedy: expect.any(String) as string })
})
