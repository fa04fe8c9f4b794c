import { expect, test } from 'vitest'
import { type EntityRow, isIntactEntity } from '../../src/storage/catalog.js'
import { entityChecksum, ObservationChecksum, ownerChecksum } from '../../src/storage/observations/checksum.js'
import { isIntact, type ObservationRow } from '../../src/storage/observations/row-reader.js'
import { hasShape } from '../../src/storage/observations/row-shape.js'

test.each([
  [1.5, 'nN'],
  ['x', 'tT'],
  [new Uint8Array(2), 'b'],
  [Buffer.from('x'), 'b'],
  [null, 'NT'],
  [undefined, ''],
  [1n, ''],
])('%o is of the kinds "%s"', (value, kinds) => {
  for (const kind of ['n', 't', 'b', 'N', 'T'] as const) expect(hasShape([value], [kind]), kind).toBe(kinds.includes(kind))
})

test('a row is not intact when a value has the bytes but not the type of what was written', () => {
  const fields = {
    key: 1,
    collection: 1,
    id: 'climate',
    attributes: null,
    observationCount: 0,
    firstTimestamp: null,
    lastTimestamp: null,
    generation: 0,
    packedCount: 0,
    shadowedCount: 0,
    settledStrip: 0,
  }
  const row: EntityRow = [1, 1, 'climate', null, 0, null, null, 0, 0, 0, 0, entityChecksum(fields)]
  const asBytes = row.with(2, Buffer.from('climate') as never) as EntityRow
  const asNull = row.with(4, null) as EntityRow // 0 and NULL differ by one bit
  expect([row, asBytes, asNull].map(isIntactEntity)).toEqual([true, false, false])

  const checksum = new ObservationChecksum(1)
  const owner = ownerChecksum(1, 'climate')
  const vector = new Uint8Array(4)
  const observation: ObservationRow = [5, 6, vector, '{}', checksum.of(owner, 5, 6, vector, '{}')]
  const payloadAsBytes = observation.with(3, Buffer.from('{}') as never) as ObservationRow
  const timeAsText = observation.with(0, '5') as ObservationRow
  expect([observation, payloadAsBytes, timeAsText].map((each) => isIntact(each, owner, checksum))).toEqual([true, false, false])
})
