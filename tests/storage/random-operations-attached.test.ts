import { test } from 'vitest'
import type { Hand, Operation } from './random-operations-arbitrary.ts'
import { expectAll, expectRight, SEQUENCES, SMALL_PACKINGS, withClock } from './random-operations-property.ts'

const COUNT = SEQUENCES / 2
const clock = withClock()
const small = { dimension: 2, stretch: 1, packings: SMALL_PACKINGS, clock }

test(`${COUNT} random sequences on an app's connection, its transactions among them, leave what a plain model holds`, { timeout: 3_600_000 }, () =>
  expectAll({ ...small, count: COUNT, kinds: ['wal', 'wal', 'wal', 'delete', 'old'], hands: [[2], [2], [0, 2], [2, 3], [0, 1, 2, 3]] }),
)

const feed = (by: Hand, gap: number, now = false): Operation => ({
  op: 'insert',
  by,
  into: 'words',
  batch: { kind: 'feed', entities: ['a', 'b', 'B', 'ä'], gap },
  payloads: false,
  now,
})

/** Found by thought or by chance: what a longer search would have to find again. */
const ONCE_WRONG: readonly [what: string, operations: readonly Operation[]][] = [
  [
    'a strip that the app rolled back has the key of one that another process wrote since',
    [
      feed(0, 1),
      { op: 'begin' },
      feed(2, 1, true),
      { op: 'everything', by: 2 },
      { op: 'rollback' },
      feed(0, 2),
      { op: 'begin' },
      { op: 'everything', by: 2 },
    ],
  ],
  [
    'what the app settled and rolled back is where it was',
    [
      feed(2, 1),
      { op: 'begin' },
      { op: 'insert', by: 2, into: 'words', batch: { kind: 'mixed', moments: [['a', 1]] }, payloads: false, now: true },
      { op: 'everything', by: 2 },
      { op: 'rollback' },
      { op: 'begin' },
      { op: 'everything', by: 2 },
    ],
  ],
]

test.each(ONCE_WRONG)('%s', (_, operations) => expectRight({ ...small, kind: 'wal', hands: [0, 1, 2, 3] }, operations))
