import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import * as errors from '../src/errors.js'

const place = { line: 2, column: 7, frame: '2 | FROM wrods\n  |      ^^^^^', suggestions: ['words'] }
const at = { collection: 'words', index: 3 }

/** One of each class, with what DESIGN's table of errors says that it carries. */
const samples: readonly (readonly [errors.DatabaseError, string, object])[] = [
  [new errors.QuerySyntaxError('m', place), 'QUERY_SYNTAX', place],
  [new errors.QueryNameError('m', place), 'QUERY_UNKNOWN_NAME', place],
  [new errors.QueryTypeError('m', place), 'QUERY_TYPE', place],
  [new errors.QueryParameterError('m', place), 'QUERY_PARAMETER', place],
  [new errors.QueryLimitError('m', 10, 20), 'QUERY_LIMIT', { limit: 10, estimate: 20 }],
  [new errors.QueryStoppedError('QUERY_TIMEOUT', 'm'), 'QUERY_TIMEOUT', {}],
  [new errors.QueryStoppedError('QUERY_ABORTED', 'm', { cause: 'why' }), 'QUERY_ABORTED', { cause: 'why' }],
  [new errors.InvalidVectorError('VECTOR_INVALID', 'c', 'e', 'r', at), 'VECTOR_INVALID', { ...at, expected: 'e', received: 'r' }],
  [new errors.InvalidVectorError('VECTOR_NOT_FINITE', 'c', 'e', 'r'), 'VECTOR_NOT_FINITE', { collection: undefined, index: undefined }],
  [new errors.DimensionError('words', 3, 32, 31), 'DIMENSION_MISMATCH', { ...at, expected: 32, received: 31 }],
  [new errors.InvalidTimestampError('c', 'e', 'r', at), 'TIMESTAMP_INVALID', { ...at, expected: 'e', received: 'r' }],
  [new errors.InvalidEntityError('c', 'e', 'r', at), 'ENTITY_INVALID', { ...at, expected: 'e', received: 'r' }],
  [new errors.InvalidAttributesError('c', 'e', 'r', at), 'ATTRIBUTES_INVALID', { ...at, expected: 'e', received: 'r' }],
  [new errors.NotFoundError('entity', 'climate', 'm', place), 'NOT_FOUND', { kind: 'entity', wanted: 'climate', ...place }],
  [new errors.NotFoundError('entity', 'climate', 'm'), 'NOT_FOUND', { line: undefined, suggestions: [] }],
  [new errors.CollectionExistsError('words', 'a', 'b'), 'COLLECTION_EXISTS', { collection: 'words', existing: 'a', requested: 'b' }],
  [new errors.DatabaseClosedError(), 'DATABASE_CLOSED', {}],
  [new errors.ArgumentError('batchSize', 'e', 'r'), 'ARGUMENT_INVALID', { argument: 'batchSize', expected: 'e', received: 'r' }],
  [new errors.PredictionError('timeout', 'climate', 'm'), 'PREDICTION_REFUSED', { reason: 'timeout', entity: 'climate' }],
  [new errors.ConfigError('a.toml', []), 'CONFIG_INVALID', { file: 'a.toml', issues: [] }],
  [new errors.NativeUnavailableError('r', '/x', ['do']), 'NATIVE_UNAVAILABLE', { reason: 'r', pathTried: '/x', remedies: ['do'] }],
  [new errors.StorageError('STORAGE_BUSY', 'm', { cause: 'SQLITE_BUSY' }), 'STORAGE_BUSY', { cause: 'SQLITE_BUSY' }],
  [new errors.InvariantError('c'), 'BUG', { claim: 'c' }],
]

test('every class that is exported has a sample here', () => {
  const isConcrete = (value: unknown) => typeof value === 'function' && value.prototype instanceof errors.DatabaseError
  const exported = Object.entries(errors).filter(([name, value]) => isConcrete(value) && name !== 'QueryError' && name !== 'InputError')
  expect(exported.map(([name]) => name).sort()).toEqual([...new Set(samples.map(([error]) => error.name))].sort())
})

test.each(samples)('%s has its code, its own name and what it carries', (error, code, carried) => {
  expect(error).toMatchObject({ code, ...carried })
  expect(error).toBeInstanceOf(errors.DatabaseError)
  expect(error).toBeInstanceOf(Error)
  expect(error.name).toBe(error.constructor.name)
  expect(error.stack).toContain(`${error.name}: `)
})

describe('messages', () => {
  test('of a query error end with the frame', () => {
    expect(new errors.QueryNameError('There is no collection "wrods".', place).message).toBe(
      'There is no collection "wrods".\n\n2 | FROM wrods\n  |      ^^^^^',
    )
    expect(new errors.NotFoundError('model', 'm1', 'There is no model.', place).message).toBe('There is no model.\n\n2 | FROM wrods\n  |      ^^^^^')
  })

  test('of a batch name the item and say that nothing was written', () => {
    expect(new errors.InvalidEntityError('An entity id should be text.', 'text', '5', at).message).toBe(
      'Item 3 of this batch for collection "words": An entity id should be text. Nothing of the batch was written.',
    )
    expect(new errors.InvalidEntityError('An entity id should be text.', 'text', '5').message).toBe('An entity id should be text.')
  })

  test('of a dimension say both lengths and the two ways out', () => {
    expect(new errors.DimensionError('words', 0, 32, 31).message).toBe(
      'Collection "words" stores vectors of 32 numbers; item 0 of this batch has 31. Nothing was written. ' +
        'Embed it with the model that filled "words", or create a second collection for it.',
    )
    expect(new errors.DimensionError('words', undefined, 32, 31).message).toContain('stores vectors of 32 numbers; this one has 31. Embed')
  })

  test('of a configuration list every issue, one a line', () => {
    const issues = [
      { path: 'storage.path', expected: 'the path of the database file, or ":memory:"', received: 'nothing' },
      { path: 'analytics.neural_od', expected: 'one of neural_ode, model_path', received: 'an unknown key', suggestion: 'neural_ode' },
      { path: '', expected: 'TOML', received: 'invalid value', line: 3, column: 8 },
      { path: '', expected: 'a TOML file', received: 'a directory' },
    ]
    expect(new errors.ConfigError('/etc/chronode.toml', issues).message).toBe(
      [
        '/etc/chronode.toml cannot be used:',
        '  storage.path: expected the path of the database file, or ":memory:", found nothing',
        '  analytics.neural_od: expected one of neural_ode, model_path, found an unknown key (did you mean "neural_ode"?)',
        '  line 3, column 8: expected TOML, found invalid value',
        '  expected a TOML file, found a directory',
      ].join('\n'),
    )
  })

  test('of missing native code list every remedy', () => {
    const error = new errors.NativeUnavailableError('libtorch was not found.', undefined, ['sudo apt-get install libtorch-dev', 'npm run setup'])
    expect(error.message).toBe('libtorch was not found.\n  sudo apt-get install libtorch-dev\n  npm run setup')
  })

  test('of a broken claim ask for a report', () => {
    expect(new errors.InvariantError('a block has no rows').message).toBe(
      'Chronode is wrong about itself: a block has no rows. Please report this with the statement that led here.',
    )
  })
})

test('unreachable is a bug that names the kind of what came', () => {
  const unreachable: (value: unknown) => never = errors.unreachable as never
  expect(() => unreachable({ kind: 'spiral', big: 1n })).toThrow("nothing handles 'spiral'")
  expect(() => unreachable(undefined)).toThrow('nothing handles undefined')
  expect(() => unreachable(7)).toThrow(errors.InvariantError)
})

test.each([
  [null, 'null'],
  [undefined, 'undefined'],
  [-0.5, '-0.5'],
  [Number.NaN, 'NaN'],
  [true, 'true'],
  ['', "''"],
  ['words', "'words'"],
  ['x'.repeat(60), `'${'x'.repeat(60)}'`],
  ['x'.repeat(61), `'${'x'.repeat(57)}...'`],
  ['a\nb\u001b[31m', "'a\\u000ab\\u001b[31m'"],
  [12n, 'the BigInt 12n'],
  [10n ** 100n, `the BigInt 1${'0'.repeat(56)}...`],
  [[1, 2], 'a list of 2'],
  [{ a: 1 }, 'an object'],
  [Object.create(null), 'an object'],
  [{ [Symbol.toStringTag]: '\u001b[31m' }, 'an object'],
  [new Map(), 'a Map'],
  [new ArrayBuffer(8), 'an ArrayBuffer'],
  [new String('a'), 'a String object'],
  [Float64Array.of(1), 'a Float64Array'],
  [new Date(0), 'the Date 1970-01-01T00:00:00.000Z'],
  [runInNewContext('new Date(NaN)'), 'the Date (invalid)'],
  [() => 1, 'a function'],
  [Symbol('s'), 'a symbol'],
])('described tells a value in words: %#', (value, words) => {
  expect(errors.described(value)).toBe(words)
})
