import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CODE_BYTES_MAX, checkArchive } from '../../src/analytics/model-archive.js'
import { never } from './support/analytics.js'
import { cardPart, torchScriptParts, type ZipPart, zip } from './support/zip.js'

/** Written by torch.jit.save of PyTorch 1.13, with a card: fixtures/README.md. */
const REAL = readFileSync(new URL('fixtures/last.pt', import.meta.url))

const check = (archive: Buffer): Promise<Buffer | undefined> => checkArchive(archive, never)
const refusal = (message: RegExp) => expect.objectContaining({ reason: 'model_invalid', message: expect.stringMatching(message) })

/** The archive with one part changed. */
function changed(name: string, change: Partial<ZipPart>): Buffer {
  return zip(torchScriptParts().map((part) => (part.name === name ? { ...part, ...change } : part)))
}

describe('a whole archive', () => {
  test('as torch writes it passes, and its card is found', async () => {
    expect(JSON.parse((await check(REAL))!.toString())).toMatchObject({ format: 1, dimension: 3 })
  })

  test('passes with and without zip64 records, data descriptors and a card', async () => {
    const described = torchScriptParts().map((part) => ({ ...part, descriptor: true }))
    for (const parts of [torchScriptParts(), described]) {
      for (const zip64 of [false, true]) expect(await check(zip(parts, { zip64 }))).toBeUndefined()
    }
    expect((await check(zip(torchScriptParts([cardPart({ format: 1 })]))))!.toString()).toBe('{"format":1}')
  })

  test('cut off anywhere is refused', async () => {
    for (let length = 0; length < REAL.length; length += 7) {
      await expect(check(REAL.subarray(0, length)), `${length} bytes`).rejects.toEqual(refusal(/./))
    }
  })

  test('with any one byte of an entry flipped is refused', async () => {
    // Everything but the padding and version fields that mean nothing: data, names, sizes and sums.
    const archive = zip(torchScriptParts())
    const weights = archive.indexOf('m/data/0') + 'm/data/0'.length
    for (let at = weights; at < weights + 4000; at += 97) {
      const flipped = Buffer.from(archive)
      flipped[at]! ^= 0x10
      await expect(check(flipped), `byte ${at}`).rejects.toEqual(refusal(/m\/data\/0 is damaged/))
    }
  })

  test('with any bit of the directory flipped is refused or means the same', async () => {
    const archive = zip(torchScriptParts([cardPart('{}')]))
    const directory = archive.readUInt32LE(archive.length - 6)
    const meaningless = /^(?:Version|Disk|Attributes|Time)$/
    for (let at = directory; at < archive.length; at++) {
      const flipped = Buffer.from(archive)
      flipped[at]! ^= 0x01
      const field = fieldOf(archive, directory, at)
      if (meaningless.test(field)) continue
      await expect(check(flipped), `${field} ${at - directory}`).rejects.toEqual(refusal(/./))
    }
  })
})

/** Which field of the directory, or of the end record, a byte belongs to. */
function fieldOf(archive: Buffer, directory: number, byte: number): string {
  let at = directory
  while (archive.readUInt32LE(at) === 0x02014b50) {
    const next = at + 46 + archive.readUInt16LE(at + 28)
    if (byte < next) return centralField(byte - at)
    at = next
  }
  return byte - at >= 4 && byte - at < 10 ? 'Disk' : 'End'
}

function centralField(offset: number): string {
  if (offset >= 4 && offset < 8) return 'Version'
  if (offset >= 12 && offset < 16) return 'Time'
  if (offset >= 34 && offset < 36) return 'Disk'
  if (offset >= 36 && offset < 42) return 'Attributes'
  return 'Entry'
}

describe('a broken archive says what is wrong', () => {
  test.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /does not end as a zip archive/],
    ['text', Buffer.from('# a model card\n'.repeat(10)), /it is text that begins with "# a model card/],
    ['random bytes', Buffer.from(Array.from({ length: 999 }, (_, i) => (i * i * 31) & 255)), /does not begin as one either/],
    ['truncated', REAL.subarray(0, REAL.length - 1), /it was cut off/],
    ['something added', Buffer.concat([REAL, Buffer.alloc(4)]), /cut off|not where its end record says/],
    ['something before', Buffer.concat([Buffer.from('#!/bin/sh\n'), REAL]), /not where/],
    ['a state_dict', zip([{ name: 'm/data.pkl', data: Buffer.from('x') }]), /torch\.jit\.script\(model\)\.save/],
    ['another zip', zip([{ name: 'a/b.txt', data: Buffer.from('x') }]), /no TorchScript/],
    ['an empty zip', zip([]), /no TorchScript/],
    ['encrypted', changed('m/data.pkl', { flags: 1 }), /m\/data\.pkl is encrypted/],
    ['another method', changed('m/data.pkl', { method: 12 }), /its method is 12/],
    ['deflated weights', changed('m/data/0', { deflate: true }), /m\/data\/0 is compressed; only code may be/],
    ['a wrong sum of weights', changed('m/data/0', { crc: 1 }), /m\/data\/0 is damaged/],
    ['a wrong sum of code', changed('m/code/__torch__.py', { crc: 1 }), /__torch__\.py is damaged/],
    ['two sizes of stored data', changed('m/data/0', { bytes: 5 }), /two different sizes/],
    ['code larger than declared', changed('m/code/__torch__.py', { bytes: 5 }), /does not inflate to its 5 bytes/],
    ['code smaller than declared', changed('m/code/__torch__.py', { bytes: 50_000 }), /should inflate to 50000 bytes; it gives 1250/],
    ['another name in the header', changed('m/data.pkl', { localName: 'm/data.pk1' }), /m\/data\.pkl is not where/],
    ['a name twice', zip([...torchScriptParts(), { name: 'm/version', data: Buffer.from('4') }]), /m\/version twice/],
    ['a header beyond the end', changed('m/version', { headerOffset: 0x7fffffff }), /m\/version is not where/],
    ['zip64 sizes that are not there', changed('m/version', { headerOffset: 0xffffffff }), /lacks its zip64 sizes/],
  ])('%s', async (_, archive, message) => {
    await expect(check(archive)).rejects.toEqual(refusal(message))
  })

  test('a bomb of code is refused by its directory, before anything is inflated', async () => {
    const zeros = Buffer.alloc(CODE_BYTES_MAX)
    const bomb = zip([...torchScriptParts(), { name: 'm/code/bomb.py', data: zeros, deflate: true }])
    expect(bomb.length).toBeLessThan(50_000)
    await expect(check(bomb)).rejects.toEqual(refusal(/at most 16777216 bytes; it would take 16778466/))
  })

  test('a bomb that lies about its size inflates no further than it said', async () => {
    const bomb = zip([...torchScriptParts(), { name: 'm/code/bomb.py', data: Buffer.alloc(2 ** 26), deflate: true, bytes: 1000 }])
    await expect(check(bomb)).rejects.toEqual(refusal(/bomb\.py does not inflate to its 1000 bytes/))
  })

  test('code of exactly the limit is allowed', async () => {
    const parts = torchScriptParts().filter(({ name }) => !name.startsWith('m/code'))
    await expect(check(zip([...parts, { name: 'm/code/large.py', data: Buffer.alloc(CODE_BYTES_MAX), deflate: true }]))).resolves.toBeUndefined()
  })

  test('an entry inside the data of another is refused', async () => {
    const inner = { name: 'm/data/1', data: Buffer.alloc(100, 7) }
    const outer = { name: 'm/data/2', data: zip([inner]).subarray(0, 30 + inner.name.length + inner.data.length) }
    const honest = [...torchScriptParts(), outer, inner]
    expect(await check(zip(honest))).toBeUndefined()
    const headerOffset = zip(honest).indexOf(outer.data)
    await expect(check(zip([...torchScriptParts(), outer, { ...inner, headerOffset }]))).rejects.toEqual(refusal(/m\/data\/1 shares bytes/))
  })
})

test('an abort stops the check of a large archive', async () => {
  const controller = new AbortController()
  const large = zip([...torchScriptParts(), { name: 'm/data/1', data: Buffer.alloc(2 ** 26) }])
  const checked = checkArchive(large, controller.signal)
  controller.abort(new Error('closed'))
  await expect(checked).rejects.toThrow('closed')
})

test('the check of a large archive leaves the event loop its turns', async () => {
  const large = zip([...torchScriptParts(), { name: 'm/data/1', data: Buffer.alloc(2 ** 26) }])
  let turns = 0
  const turn = (): void => {
    turns++
    immediate = setImmediate(turn)
  }
  let immediate = setImmediate(turn)
  await check(large)
  clearImmediate(immediate)
  expect(turns).toBeGreaterThan(0)
})
