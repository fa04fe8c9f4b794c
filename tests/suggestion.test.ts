import { expect, test } from 'vitest'
import { suggest } from '../src/suggestion.js'

const keys = ['neural_ode', 'model_path', 'model_sha256', 'method', 'fallback', 'context']

test('the nearest name comes first', () => {
  expect(suggest('neural_od', keys)).toEqual(['neural_ode'])
  expect(suggest('model_pat', keys)[0]).toBe('model_path')
  expect(suggest('contxt', keys)[0]).toBe('context')
})

test('two swapped letters are one slip', () => {
  expect(suggest('FORM', ['WHERE', 'FROM'])).toEqual(['FROM'])
  expect(suggest('PREDCIT', ['SELECT', 'PREDICT'])).toEqual(['PREDICT'])
})

test('case and camel case do not count', () => {
  expect(suggest('modelPath', keys)[0]).toBe('model_path')
  expect(suggest('FALLBACK', keys)).toEqual(['fallback'])
})

test('what shares nothing is not suggested', () => {
  expect(suggest('zzzz', keys)).toEqual([])
  expect(suggest('words', ['FOR', 'FROM'])).toEqual([])
  expect(suggest('ab', ['xy'])).toEqual([])
  expect(suggest('', keys)).toEqual([])
})

test('there are three suggestions at most, and none for very long names', () => {
  expect(suggest('word', ['words', 'wordy', 'wore', 'ward', 'cord'])).toHaveLength(3)
  expect(suggest('x'.repeat(129), ['x'.repeat(129)])).toEqual([])
})
