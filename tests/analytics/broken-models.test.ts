import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RefusalReason } from '../../src/prediction.js'
import { collection, item, never, open, stubModel, stubNative } from './support/analytics.js'
import { cardPart, torchScriptParts, zip } from './support/zip.js'

const whole = readFileSync(new URL('fixtures/last.pt', import.meta.url))
const parts = torchScriptParts()

function flipped(): Buffer {
  const bytes = zip(parts)
  bytes[bytes.indexOf(Buffer.from(new Float32Array(9).fill(0.5).buffer)) + 2]! ^= 1
  return bytes
}

const MiB = 1024 * 1024

/** None of these reaches libtorch, so none needs it. */
test.each<[string, RefusalReason, RegExp, Uint8Array | string | ((path: string) => void)]>([
  ['no file', 'model_missing', /no file/, () => {}],
  ['a directory', 'model_invalid', /a directory/, (path) => mkdirSync(path)],
  ['a FIFO', 'model_invalid', /a FIFO/, (path) => execFileSync('mkfifo', [path])],
  ['an empty file', 'model_invalid', /empty/, ''],
  ['text', 'model_invalid', /text that begins with/, 'weights: later\n'.repeat(50)],
  ['random bytes', 'model_invalid', /does not end as a zip archive/, Buffer.from(Array.from({ length: 5000 }, (_, i) => ((i * 7919) >> 3) & 255))],
  ['a truncated file', 'model_invalid', /cut off/, whole.subarray(0, whole.length - 100)],
  ['a flipped byte in a weight', 'model_invalid', /m\/data\/0 is damaged/, flipped()],
  ['a zip bomb', 'model_invalid', /at most 16777216 bytes/, zip([...parts, { name: 'm/code/bomb.py', data: Buffer.alloc(64 * MiB), deflate: true }])],
  [
    'a zip bomb that lies',
    'model_invalid',
    /does not inflate/,
    zip([...parts, { name: 'm/code/bomb.py', data: Buffer.alloc(64 * MiB), deflate: true, bytes: 9 }]),
  ],
  ['a zip bomb of weights', 'model_invalid', /only code may be/, zip([...parts, { name: 'm/data/1', data: Buffer.alloc(64 * MiB), deflate: true }])],
  ['weights without code', 'model_invalid', /torch\.jit\.script/, zip(parts.filter(({ name }) => !name.startsWith('m/code')))],
  ['a bad card', 'model_invalid', /"targets" of the model card/, zip(torchScriptParts([cardPart({ format: 1, targets: 'several' })]))],
  ['a card for another dimension', 'dimension_mismatch', /for vectors of 3 numbers; collection "words" stores 2/, whole],
])('%s leads to a linear answer, its reason and one warning', async (_, reason, message, content) => {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const modelPath = join(folder, 'm.pt')
  if (typeof content === 'function') content(modelPath)
  else writeFileSync(modelPath, content)
  const model = stubModel(() => [])
  const { analytics, warnings } = open({ neuralOde: true, modelPath }, { native: stubNative(model) })
  const words = collection(2)

  for (let i = 0; i < 2; i++) {
    const route = await analytics.route({ collection: words })
    const [answers] = await analytics.predict(route, words, [item([[0, [0, 1]], [1, [1, 3]]], [2])], { signal: never }) // biome-ignore format: pairs
    expect(answers).toEqual([
      {
        vector: Float32Array.of(2, 5),
        method: 'linear',
        model: undefined,
        contextCount: 2,
        firstRefusal: { kind: 'refused', reason, message: expect.stringMatching(message) },
      },
    ])
  }

  expect(warnings).toMatchObject([{ code: 'PREDICTION_FALLBACK', reason, message: expect.stringMatching(message) }])
  expect(model.batches).toEqual([])
})
