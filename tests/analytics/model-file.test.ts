import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { fileSignature, MODEL_FILE_BYTES_MAX, NO_FILE, readModelFile } from '../../src/analytics/model-file.js'
import { never } from './support/analytics.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chronode-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
})

const at = (name: string): string => join(folder, name)
const read = (name: string) => readModelFile(at(name), never)

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(at(name), content)
  return at(name)
}

test('a file comes whole, with the sha256 of what was read', async () => {
  const content = Buffer.from(Array.from({ length: 1_500_000 }, (_, i) => (i * 7919) & 255))
  written('m.pt', content)
  const { bytes, sha256 } = await read('m.pt')
  expect(bytes.equals(content)).toBe(true)
  expect(sha256).toBe(createHash('sha256').update(content).digest('hex'))
})

test('a link is followed', async () => {
  symlinkSync(written('m.pt', 'x'), at('link.pt'))
  expect((await read('link.pt')).bytes.toString()).toBe('x')
})

describe('what is no model file is refused with its reason', () => {
  test.each<[string, string, RegExp, () => void]>([
    ['no file', 'model_missing', /There is no file .*m\.pt\./, () => {}],
    ['a link to nothing', 'model_missing', /no file/, () => symlinkSync(at('nothing'), at('m.pt'))],
    ['an empty file', 'model_invalid', /it is empty/, () => written('m.pt', '')],
    ['a directory', 'model_invalid', /it is a directory/, () => execFileSync('mkdir', [at('m.pt')])],
    ['a FIFO that nobody writes to', 'model_invalid', /it is a FIFO/, () => execFileSync('mkfifo', [at('m.pt')])],
    ['a device that never ends', 'model_invalid', /it is a device/, () => symlinkSync('/dev/zero', at('m.pt'))],
    ['a link to itself', 'model_invalid', /cannot be read \(ELOOP\)/, () => symlinkSync(at('m.pt'), at('m.pt'))],
    [
      'a file beyond the limit',
      'model_invalid',
      /at most 2147483648 bytes; it has 2147483649/,
      () => truncateSync(written('m.pt', ''), MODEL_FILE_BYTES_MAX + 1),
    ],
  ])('%s', async (_, reason, message, prepare) => {
    prepare()
    await expect(read('m.pt')).rejects.toMatchObject({ reason, message: expect.stringMatching(message) })
  })

  test('a path through a file', async () => {
    written('m.pt', 'x')
    await expect(read('m.pt/below')).rejects.toMatchObject({ reason: 'model_missing' })
  })

  test('a name longer than names may be', async () => {
    await expect(read('m'.repeat(300))).rejects.toMatchObject({ reason: 'model_invalid', message: expect.stringContaining('ENAMETOOLONG') })
  })

  test.skipIf(process.getuid?.() === 0)('a file that we may not read', async () => {
    execFileSync('chmod', ['0', written('m.pt', 'x')])
    await expect(read('m.pt')).rejects.toMatchObject({ reason: 'model_invalid', message: expect.stringContaining('EACCES') })
  })
})

test('reading leaves the event loop its turns', async () => {
  truncateSync(written('m.pt', ''), 2 ** 25)
  let turns = 0
  const turn = (): void => {
    turns++
    immediate = setImmediate(turn)
  }
  let immediate = setImmediate(turn)
  await read('m.pt')
  clearImmediate(immediate)
  expect(turns).toBeGreaterThanOrEqual(2 ** 25 / (512 * 1024)) // one slice a turn
})

test('an abort ends it', async () => {
  truncateSync(written('m.pt', ''), 2 ** 25)
  const controller = new AbortController()
  const asked = readModelFile(at('m.pt'), controller.signal)
  controller.abort(new Error('closed'))
  await expect(asked).rejects.toThrow('closed')
})

describe('a signature', () => {
  test('is the same while the file is, and says when there is none', async () => {
    expect(await fileSignature(at('m.pt'))).toBe(NO_FILE)
    written('m.pt', 'x')
    expect(await fileSignature(at('m.pt'))).toBe(await fileSignature(at('m.pt')))
  })

  test('differs for other bytes of the same length and the same time of change', async () => {
    const time = new Date(1e12)
    utimesSync(written('m.pt', 'x'), time, time)
    const before = await fileSignature(at('m.pt'))
    utimesSync(written('m.pt', 'y'), time, time)
    expect(await fileSignature(at('m.pt'))).not.toBe(before)
  })
})
