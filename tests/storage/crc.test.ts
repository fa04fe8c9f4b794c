import { crc32 as zlibCrc32 } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { openNative } from '../../src/native/index.js'
import { crc32, useCrc32 } from '../../src/storage/observations/crc.js'
import { rawKernels } from '../native/kernel-paths.js'
import { Random } from '../support/random.js'

const fast = rawKernels?.crc32
if (fast === undefined && process.arch === 'x64' && process.env['CHRONODE_REQUIRE_NATIVE'] === '1') throw new Error('the kernels addon has no crc32')
const CHECK = 0xcbf4_3926 // of the bytes of "123456789": every catalogue of CRCs gives it

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256))
}

function randomSeed(random: Random): number {
  return random.pick([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, random.below(2 ** 32)])
}

describe.skipIf(fast === undefined)("the addon's CRC-32", () => {
  const crc = fast!

  test("is zlib's at every length up to 300 and every alignment", () => {
    const random = new Random(1)
    const memory = randomBytes(random, 320)
    for (let length = 0; length <= 300; length++) {
      for (let at = 0; at < 16; at++) {
        const bytes = memory.subarray(at, at + length)
        const seed = randomSeed(random)
        if (crc(bytes, seed) !== zlibCrc32(bytes, seed)) expect.fail(`differs for ${length} bytes at ${at} after ${seed}`)
      }
    }
  })

  test("is zlib's for large buffers, for zeros and ones, and over shared memory", () => {
    const random = new Random(2)
    const large = randomBytes(random, 3_000_000)
    const shared = new Uint8Array(new SharedArrayBuffer(100_003))
    shared.set(large.subarray(0, shared.length))
    for (const bytes of [
      large,
      large.subarray(1),
      new Uint8Array(65_537),
      new Uint8Array(65_551).fill(255),
      shared,
      Buffer.from(large.subarray(0, 35_000)),
    ]) {
      const seed = randomSeed(random)
      expect(crc(bytes, seed)).toBe(zlibCrc32(bytes, seed))
    }
  })

  test('of a whole is that of its parts one after another', () => {
    const random = new Random(3)
    for (let round = 0; round < 200; round++) {
      const bytes = randomBytes(random, random.below(2000))
      const cuts = [0, random.below(bytes.length + 1), random.below(bytes.length + 1), bytes.length].sort((a, b) => a - b)
      const inParts = cuts.slice(1).reduce((seed, end, i) => crc(bytes.subarray(cuts[i]!, end), seed), 0)
      expect(inParts).toBe(crc(bytes, 0))
    }
  })

  test('of the check bytes is the one in the catalogue, and that of nothing its seed', () => {
    expect(crc(Buffer.from('123456789'), 0)).toBe(CHECK)
    expect(crc(new Uint8Array(), 0)).toBe(0)
    expect(crc(new Uint8Array(), 0xffff_ffff)).toBe(0xffff_ffff)
    const detached = new Uint8Array(100)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    expect(crc(detached, 7)).toBe(7)
  })

  test.each(['text', undefined, 7, new Float32Array(4), new ArrayBuffer(4), new DataView(new ArrayBuffer(4))])(
    'refuses %o for bytes',
    (bytes: unknown) => {
      expect(() => crc(bytes as Uint8Array, 0)).toThrow(new TypeError('"bytes" should be a Uint8Array'))
    },
  )

  test.each([undefined, -1, 0.5, 2 ** 32, Number.NaN, '1', 1n])('refuses %o for a seed', (seed) => {
    expect(() => crc(new Uint8Array(4), seed as number)).toThrow(new TypeError('"seed" should be a whole number from 0 to 4294967295'))
  })
})

describe('the checksum of storage', () => {
  afterEach(() => void useCrc32(zlibCrc32))

  test.each([zlibCrc32, ...(fast === undefined ? [] : [fast])])("is zlib's for bytes and for text", (crc) => {
    expect(useCrc32(crc)).toBe(true)
    expect(crc32('123456789')).toBe(CHECK)
    expect(crc32('größer', 5)).toBe(zlibCrc32('größer', 5))
    for (const length of [0, 31, 32, 528]) expect(crc32(new Uint8Array(length).fill(9), 3)).toBe(zlibCrc32(new Uint8Array(length).fill(9), 3))
  })

  test('is by the function that it was given', () => {
    const lengths: number[] = []
    const counting = (bytes: Uint8Array, seed: number): number => {
      lengths.push(bytes.length)
      return zlibCrc32(bytes, seed)
    }
    expect(useCrc32(counting)).toBe(true)
    lengths.length = 0
    crc32(new Uint8Array(500))
    crc32('x'.repeat(500))
    expect(lengths).toEqual([500])
  })

  test.each([
    ['always', () => true],
    ['after a seed', (_: Uint8Array, seed: number) => seed !== 0],
    ['of a last part that fills no register', ({ length }: Uint8Array) => length > 16 && length % 16 !== 0],
    ['of more than 128 bytes', ({ length }: Uint8Array) => length > 128],
  ])('stays when a function is wrong %s', (_, isWrong) => {
    const wrong = (bytes: Uint8Array, seed: number): number => zlibCrc32(bytes, seed) ^ (isWrong(bytes, seed) ? 1 : 0)
    expect(useCrc32(wrong)).toBe(false)
    expect(crc32(new Uint8Array(500), 1)).toBe(zlibCrc32(new Uint8Array(500), 1))
  })

  test.skipIf(fast === undefined)("is the addon's once a database was opened", async () => {
    const native = openNative() as { crc32: (bytes: Uint8Array, seed: number) => number }
    const crc = vi.spyOn(native, 'crc32')
    await using db = await openDatabase({ storage: { path: ':memory:' } })
    const words = await db.createCollection('words', { dimension: 32 })
    crc.mockClear()
    await words.insert([{ entity: 'a', vector: new Float32Array(32), timestamp: 0 }])
    expect(crc).toHaveBeenCalled()
  })
})
