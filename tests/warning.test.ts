import { expect, test } from 'vitest'
import { createWarn, type Warning } from '../src/warning.js'

const slow: Warning = { code: 'MODEL_REFUSED', message: 'The model is too slow.', model: 'words.pt' }

test('a warning goes to the logger as it is, once per cause', () => {
  const told: Warning[] = []
  const warn = createWarn({ warn: (warning) => told.push(warning) })
  warn(slow)
  warn(slow)
  warn({ ...slow, message: 'The model is missing.' })
  warn({ ...slow, message: 'The model is still missing.' }, 'missing')
  warn({ ...slow, message: 'The model is missing yet.' }, 'missing')
  expect(told.map(({ message }) => message)).toEqual(['The model is too slow.', 'The model is missing.', 'The model is still missing.'])
  expect(told[0]).toBe(slow)
})

test('each database tells of a cause once', () => {
  const told: Warning[] = []
  const logger = { warn: (warning: Warning) => told.push(warning) }
  createWarn(logger)(slow)
  createWarn(logger)(slow)
  expect(told).toHaveLength(2)
})

test('without a logger it becomes a warning of the process, with its code', async () => {
  const emitted = new Promise<Error>((resolve) => {
    process.once('warning', resolve)
  })
  createWarn(undefined)(slow)
  expect(await emitted).toMatchObject({ name: 'ChronodeWarning', code: 'MODEL_REFUSED', message: 'The model is too slow.' })
})

test('a thousand causes are remembered, and more do not fill the memory', () => {
  let count = 0
  const warn = createWarn({ warn: () => count++ })
  for (let i = 0; i < 1000; i++) warn({ code: 'C', message: `cause ${i}` })
  warn({ code: 'C', message: 'cause 0' })
  expect(count).toBe(1000)
  for (let i = 1000; i < 1500; i++) warn({ code: 'C', message: `cause ${i}` })
  expect(count).toBe(1500)
})
