import { describe, expect, test } from 'vitest'
import { toCollectionName, toEntityId } from '../src/entity.js'

describe('an entity id', () => {
  test.each([
    ['one letter', 'a'],
    ['a blank', ' '],
    ['512 bytes of ASCII', 'x'.repeat(512)],
    ['512 bytes of emoji', '\u{1f600}'.repeat(128)],
    ['quotes and line ends', `'";--\n\t`],
    ['a noncharacter', '\uffff'],
    ['the name of a prototype', '__proto__'],
  ])('may be %s', (_, id) => {
    expect(toEntityId(id)).toBe(id)
  })

  test.each([
    ['empty', '', 'empty'],
    ['513 bytes of ASCII', 'x'.repeat(513), 'text of 513 bytes'],
    ['513 bytes in 171 letters', '\uffff'.repeat(171), 'text of 513 bytes'],
    ['514 bytes in 257 letters', 'ä'.repeat(257), 'text of 514 bytes'],
    ['a NUL', 'a\0b', 'text with a NUL'],
    ['a lone high surrogate', 'a\ud83d', 'text with a lone surrogate'],
    ['a lone low surrogate', '\ude00a', 'text with a lone surrogate'],
    ['a number', 7, '7'],
    ['nothing', undefined, 'undefined'],
    ['a symbol', Symbol('a'), 'a symbol'],
    ['a String object', Object('a'), 'a String object'],
  ])('may not be %s', (_, id, received) => {
    expect(() => toEntityId(id, { collection: 'words', index: 3 })).toThrow(
      expect.objectContaining({ code: 'ENTITY_INVALID', received, collection: 'words', index: 3 }),
    )
  })

  test('that is refused is told in a whole sentence', () => {
    expect(() => toEntityId('', { collection: 'words', index: 3 })).toThrow(
      'Item 3 of this batch for collection "words": An entity id should be text of 1 to 512 UTF-8 bytes without NUL and without lone surrogates; ' +
        'it is empty. Nothing of the batch was written.',
    )
  })
})

describe('a collection name', () => {
  test('may have 128 bytes', () => {
    expect(toCollectionName('ä'.repeat(64))).toHaveLength(64)
  })

  test.each(['', 'x'.repeat(129), 'ä'.repeat(65), 'a\0', '\ud800', 5, null])('may not be %j', (name) => {
    expect(() => toCollectionName(name)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID', argument: 'name' }))
  })
})
