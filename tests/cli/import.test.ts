import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { temporaryFolder } from '../support/database.js'
import { type Ran, runCli } from './run-cli.js'

let folder: string
let database: string

beforeEach(() => {
  folder = temporaryFolder()
  database = join(folder, 'points.db')
})

/** Imports a file of this content into `points`, made with vectors of two numbers. */
function importing(name: string, content: string | Buffer, ...options: string[]): Promise<Ran> {
  const file = join(folder, name)
  writeFileSync(file, content)
  return runCli(['import', file, '--database', database, '--collection', 'points', '--dimension', '2', ...options])
}

/** Undefined: it was closed meanwhile. */
function realpathOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}

interface Stored {
  entity: string
  timestamp: number
  vector: number[]
  payload: unknown
  attributes: unknown
}

async function stored(): Promise<Stored[]> {
  const db = await openDatabase({ storage: { path: database } }, { readonly: true })
  const { rows } = await db.query<Stored & Record<string, unknown>>('SELECT entity, timestamp, vector, payload, attributes FROM points', undefined, {
    vectors: 'array',
  })
  await db.close()
  return rows as Stored[]
}

/** Without the folder of the test. */
function said({ err }: Ran): string {
  return err.replaceAll(`${folder}/`, '')
}

const ADA = { entity: 'ada', timestamp: 1e12, vector: [1, 2], payload: null, attributes: null }
const BOB = { entity: 'bob', timestamp: 2e12, vector: [3, 4], payload: null, attributes: null }

describe('what is read', () => {
  test.each<[string, string, string[]]>([
    ['a list column', 'entity,timestamp,vector\nada,1e12,"[1,2]"\nbob,2e12,"[3, 4]"\n', []],
    [
      'a column a number, with other names',
      'who,x,when,y\nada,1,1e9,2\nbob,3,2e9,4',
      ['--entity', 'who', '--time', 'when', '--vector', 'x,y', '--time-unit', 's'],
    ],
    ['a range of columns', 'entity,timestamp,v0,v1\nada,1e12,1,2\nbob,2e12,3,4', ['--vector', 'v0..v1']],
    ['a range with zeros in front', 'entity,timestamp,v09,v10\nada,1e12,1,2\nbob,2e12,3,4', ['--vector', 'v09..10']],
    ['a byte order mark, CRLF and blank lines', '\ufeffentity,timestamp,vector\r\nada,1e12,"[1,2]"\r\n\r\nbob,2e12,"[3,4]"\r\n', []],
    ['quoted numbers with CRLF', 'entity,timestamp,v0,v1\r\n"ada","1e12","1","2"\r\n"bob",2e12,3,"4"', ['--vector', 'v0,v1']],
    ['semicolons', 'entity;timestamp;vector\nada;1e12;[1,2]\nbob;2e12;[3,4]\n', ['--delimiter', ';']],
    ['tabs', 'entity\ttimestamp\tvector\nada\t1e12\t[1,2]\nbob\t2e12\t[3,4]\n', ['--delimiter', 'tab']],
  ])('CSV with %s', async (_, content, options) => {
    expect(await importing('a.csv', content, ...options)).toMatchObject({
      code: 0,
      err: '',
      out: `${folder}/a.csv: 2 rows: 2 inserted, 0 replaced.\n`,
    })
    expect(await stored()).toEqual([ADA, BOB])
  })

  test('JSON lines, with a line separator of Unicode inside of a text', async () => {
    const lines = [
      { entity: 'a\u2028b', timestamp: 1e12, vector: [1, 2] },
      { entity: 7, timestamp: '2033-05-18T03:33:20Z', vector: [3, 4], payload: { n: [1] } },
    ]
    const { code } = await importing('a.jsonl', `${lines.map((line) => JSON.stringify(line)).join('\r\n\n')}\n`)
    expect(code).toBe(0)
    expect(await stored()).toEqual([
      { ...ADA, entity: '7', timestamp: 2e12, vector: [3, 4], payload: { n: [1] } },
      { ...ADA, entity: 'a\u2028b' },
    ])
  })

  test.each([
    ['a.csv.gz', 'entity,timestamp,vector\nada,1e12,"[1,2]"\nbob,2e12,"[3,4]"\n'],
    ['misnamed.jsonl', '{"entity":"ada","timestamp":1e12,"vector":[1,2]}\n{"entity":"bob","timestamp":2e12,"vector":[3,4]}'],
  ])('gzip, told by its first bytes: %s', async (name, text) => {
    expect((await importing(name, gzipSync(text))).code).toBe(0)
    expect(await stored()).toEqual([ADA, BOB])
  })

  test('a pipe', async () => {
    const words = ['import', '-', '--database', database, '--collection', 'points', '--dimension', '2']
    const stdin = 'entity,timestamp,vector\nada,1e12,"[1,2]"\nbob,2e12,"[3,4]"\n'
    expect(await runCli(words, { stdin })).toMatchObject({ code: 2, err: expect.stringContaining('--format: csv, jsonl, arrow, parquet') })
    expect(await runCli([...words, '--format', 'csv'], { stdin })).toMatchObject({
      code: 0,
      out: 'standard input: 2 rows: 2 inserted, 0 replaced.\n',
    })
    expect(await stored()).toEqual([ADA, BOB])
  })

  test('payloads and attributes: JSON of one column, or columns in braces', async () => {
    const header = 'entity,timestamp,vector,note,unit,place\n'
    const rows = 'ada,1e12,"[1,2]","{""n"": 1}",C,north\nada,2e12,"[1,2]",,C,north\nbob,3e12,"[1,2]",[],,\n'
    const ran = await importing('a.csv', header + rows, '--payload', 'note', '--attributes', '{unit,place}')
    expect(ran.out).toBe(`${folder}/a.csv: 3 rows: 3 inserted, 0 replaced, attributes of 1 entity.\n`)
    expect((await stored()).map(({ payload, attributes }) => [payload, attributes])).toEqual([
      [{ n: 1 }, { unit: 'C', place: 'north' }],
      [null, { unit: 'C', place: 'north' }],
      [[], null],
    ])
  })

  test('a quoted line break: lines are counted right after it', async () => {
    const content = 'entity,timestamp,vector,payload\nada,1e12,"[1,2]","{""a"":\n1}"\n\nbob,2e12,"[1]",\n'
    expect(said(await importing('a.csv', content))).toContain('a.csv:5: A vector of this collection should have 2 numbers; this one has 1.')
  })

  test.each([
    ['an empty line of JSON', 'a.jsonl', ''],
    ['a header alone', 'a.csv', 'entity,timestamp,vector\n'],
    ['a header alone, unended', 'a.csv', 'entity,timestamp,vector'],
  ])('%s: no rows', async (_, name, content) => {
    expect(await importing(name, content)).toEqual({ code: 0, err: '', out: `${folder}/${name}: 0 rows: 0 inserted, 0 replaced.\n` })
  })

  test('importing again replaces the same by the same', async () => {
    const content = 'entity,timestamp,vector\nada,1e12,"[1,2]"\nbob,2e12,"[3,4]"\n'
    await importing('a.csv', content)
    expect((await importing('a.csv', content, '--json')).out).toBe(
      `{"file":"${folder}/a.csv","ending":"complete","dry_run":false,"rows":2,"inserted":0,"replaced":2,"attributes":0,"rejected":0}\n`,
    )
    expect(await stored()).toEqual([ADA, BOB])
  })
})

describe('a file that cannot be read', () => {
  test.each<[string, string | Buffer, string]>([
    ['a.csv', '', 'a.csv is empty: its first line should name the columns.'],
    ['a.csv', 'entitty,timestamp,vector\n', 'There is no column "entity" in a.csv; there is entitty, timestamp, vector. Did you mean "entitty"?'],
    ['a.csv', 'entity,timestamp,vector,vector\n', 'The header of a.csv names the column "vector" twice. Rename one.'],
    ['a.csv', Buffer.from('entity,timestamp,vector\nf\xfcr,1e12,"[1,2]"\n', 'latin1'), 'a.csv should be UTF-8 text; it is not'],
    [
      'a.csv.gz',
      gzipSync(`entity,timestamp,vector\n${'ada,1e12,"[1,2]"\n'.repeat(1000)}`).subarray(0, 60),
      'a.csv.gz ends in the middle of its gzip data: it was cut off.',
    ],
    ['a.csv', 'entity,timestamp,vector\nada,1e12,"[1,2]\n', 'a.csv:2: A quoted cell begins here and is never closed.'],
    ['a.parquet', 'no parquet at all', 'a.parquet cannot be read as Parquet: parquet file invalid'],
    ['a.arrow', 'no arrow at all', 'a.arrow'],
  ])('%s with %j ends with 1 and says why', async (name, content, claim) => {
    const ran = await importing(name, content)
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(said(ran)).toContain(`error: ${claim}`)
  })

  test.skipIf(process.platform !== 'linux').each(['no arrow at all', ''])('%j as Arrow is closed again', async (content) => {
    const ran = await importing('a.arrow', content)
    expect(ran.code).toBe(1)
    const open = readdirSync('/proc/self/fd').map((descriptor) => realpathOf(`/proc/self/fd/${descriptor}`))
    expect(open).not.toContain(join(folder, 'a.arrow'))
  })

  test('a folder and a file that is not there', async () => {
    mkdirSync(join(folder, 'x.csv'))
    const words = ['--database', database, '--collection', 'points', '--dimension', '2']
    expect(said(await runCli(['import', join(folder, 'x.csv'), ...words]))).toBe('error: x.csv is a folder. Name a file in it.\n')
    expect(said(await runCli(['import', join(folder, 'y.csv'), ...words]))).toBe('error: There is no file y.csv.\n')
    expect(existsSync(database)).toBe(false)
  })
})

describe('a bad line', () => {
  test.each<[string, string]>([
    [',1e12,"[1,2]"', 'Column "entity" should hold the id of an entity; it is empty.'],
    ['x,,"[1,2]"', 'Column "timestamp" should hold a time; it is empty.'],
    ['x,1e12,', 'Column "vector" should hold a vector; it is empty.'],
    ['x,soon,"[1,2]"', `Column "timestamp": 'soon' is not a time.`],
    ['x,9e15,"[1,2]"', 'Column "timestamp": A timestamp should be finite and within ±8.64e15'],
    ['x,2030-01-01 10:00,"[1,2]"', 'Or say for all of them: --time-zone Europe/Berlin.'],
    ['x,1e12,"[1,2,3]"', 'A vector of this collection should have 2 numbers; this one has 3.'],
    ['x,1e12,"[1,NaN]"', 'Column "vector" should hold a list of numbers such as [0.5, 1]; it holds "[1,NaN]".'],
    ['x,1e12,"[1,1e39]"', 'Column "vector" should hold numbers within the range of float32; number 1 holds 1e+39.'],
    ['x,1e12,"[1,null]"', 'Column "vector" should hold finite numbers; number 1 is empty.'],
    ['x,1e12', 'A line should have 3 cells, as the header has; it has 2.'],
    ['x,1e12,"[1,2]",', 'A line should have 3 cells, as the header has; it has 4.'],
    ['"x"y,1e12,"[1,2]"', 'Text follows a closing quote.'],
    [`${'x'.repeat(513)},1e12,"[1,2]"`, '(ENTITY_INVALID).'],
  ])('%s stops the import with its line', async (line, claim) => {
    const ran = await importing('a.csv', `entity,timestamp,vector\nada,1e12,"[1,2]"\n${line}\nbob,2e12,"[3,4]"\n`)
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(said(ran)).toContain('error: a.csv:3: ')
    expect(said(ran)).toContain(claim)
    expect(await stored()).toEqual([])
  })

  test.each<[string, string]>([
    ['1,', 'Column "v1" should hold a finite number; it is empty.'],
    ['nan,2', 'Column "v0" should hold a finite number; it holds "nan".'],
    ['1,Infinity', 'Column "v1" should hold a finite number; it holds "Infinity".'],
    ['1,0x10', 'Column "v1" should hold a finite number; it holds "0x10".'],
    ['-1e39,1', 'Column "v0" should hold a number within the range of float32; it holds "-1e39".'],
    [',2', 'Column "v0" should hold a finite number; it is empty.'],
  ])('names the column of the number: %s', async (cells, claim) => {
    expect(said(await importing('a.csv', `entity,timestamp,v0,v1\nada,1e12,${cells}\n`, '--vector', 'v0..v1'))).toBe(`error: a.csv:2: ${claim}\n`)
  })

  test.each<[string, string]>([
    ['{"entity":"x"', 'A line should be a JSON object; it is no JSON'],
    ['[1]', 'A line should be a JSON object; it is another JSON value.'],
    ['{"entty":"x","timestamp":1,"vector":[1,2]}', 'There is no column "entity"; there is entty, timestamp, vector. Did you mean "entty"?'],
    ['{"entity":null,"timestamp":1,"vector":[1,2]}', 'Column "entity" should hold the id of an entity; it is empty.'],
    ['{"entity":"x","timestamp":true,"vector":[1,2]}', 'Column "timestamp": A timestamp should be epoch milliseconds'],
    ['{"entity":"x","timestamp":1,"vector":{"0":1}}', 'Column "vector" should hold a list of numbers'],
    ['{"entity":"x","timestamp":1,"vector":[1,2],"attributes":[]}', 'Column "attributes" should hold a JSON object; it holds another JSON value.'],
  ])('of JSON: %s', async (line, claim) => {
    expect(said(await importing('a.jsonl', `\n${line}\n`))).toContain(`error: a.jsonl:2: ${claim}`)
  })

  test('keeps the batches before its own, and says so', async () => {
    const rows = Array.from({ length: 25 }, (_, i) => `e${i},${i === 22 ? 'never' : '1e12'},"[1,2]"`)
    const ran = await importing('a.csv', `entity,timestamp,vector\n${rows.join('\n')}\n`, '--batch', '10')
    expect(ran.code).toBe(1)
    expect(said(ran)).toContain('error: a.csv:24: ')
    expect(said(ran)).toContain(
      '\n20 rows of the file are done, and stored; nothing after them is. To go on from there, give the same command with --resume,',
    )
    expect(await stored()).toHaveLength(20)
  })

  test('with --rejects is put aside with its reason, and the import ends with 3', async () => {
    const rejects = join(folder, 'rejects.jsonl')
    const content = `entity,timestamp,vector\nada,1e12,"[1,2]"\nx,soon,"[1,2]"\n${'y'.repeat(513)},1e12,"[1,2]"\nz,1\nbob,2e12,"[3,4]"\n`
    expect(await importing('a.csv', content, '--rejects', rejects)).toEqual({
      code: 3,
      err: '',
      out: `${folder}/a.csv: 5 rows: 2 inserted, 0 replaced, 3 rejected, which are in ${rejects}.\n`,
    })
    expect(await stored()).toEqual([ADA, BOB])
    const lines = readFileSync(rejects, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { line: 3, reason: expect.stringContaining("'soon' is not a time"), record: ['x', 'soon', '[1,2]'] },
      { line: 4, reason: expect.stringContaining('512'), record: ['y'.repeat(513), '1e12', '[1,2]'] },
      { line: 5, reason: 'A line should have 3 cells, as the header has; it has 2.', record: ['z', '1'] },
    ])
  })

  test('a zero vector of a normalized collection is one', async () => {
    const ran = await importing('a.csv', 'entity,timestamp,vector\nada,1e12,"[3,4]"\nx,1,"[0,0]"\n', '--normalized', '--rejects', join(folder, 'r'))
    expect(ran.code).toBe(3)
    expect(readFileSync(join(folder, 'r'), 'utf8')).toContain('met a zero vector (VECTOR_INVALID)')
    expect((await stored()).map(({ vector }) => vector)).toEqual([[0.6, 0.8].map(Math.fround)])
  })
})

describe('--dry-run', () => {
  const GOOD = 'entity,timestamp,vector,attributes\nada,1e12,"[1,2]","{""a"":1}"\nbob,2e12,"[3,4]",\n'

  test('checks everything and makes nothing', async () => {
    expect(await importing('a.csv', GOOD, '--dry-run')).toEqual({ code: 0, err: '', out: `${folder}/a.csv: 2 rows: 2 right. Nothing was written.\n` })
    expect(existsSync(database)).toBe(false)
  })

  test('checks against the collection that is there', async () => {
    await importing('a.csv', GOOD)
    const file = join(folder, 'b.csv')
    writeFileSync(file, 'entity,timestamp,vector\nzed,1e12,"[1,2]"\nzed,1e12,"[1,2,3]"\n')
    const ran = await runCli(['import', file, '--database', database, '--dry-run'])
    expect(said(ran)).toBe('error: b.csv:3: A vector of this collection should have 2 numbers; this one has 3.\n')
    expect((await stored()).map(({ entity }) => entity)).toEqual(['ada', 'bob'])
  })

  test('finds what only the collection refuses, in the second batch too', async () => {
    const content = `entity,timestamp,vector\nada,1e12,"[1,2]"\n${'x'.repeat(513)},1e12,"[1,2]"\n`
    const ran = await importing('a.csv', content, '--dry-run', '--batch', '1')
    expect(said(ran)).toContain('error: a.csv:3: Expected text of 1 to 512')
    expect(said(ran)).toContain('1 row before were right. Nothing was written.')
  })
})

describe('the collection', () => {
  test('must be there, or be said how to make; a misspelt database is not made', async () => {
    const file = join(folder, 'a.csv')
    writeFileSync(file, 'entity,timestamp,vector\nada,1e12,"[1,2]"\n')
    const ran = await runCli(['import', file, '--database', database, '--collection', 'points'])
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('STORAGE_UNREACHABLE') })
    expect(existsSync(database)).toBe(false)
    await importing('b.csv', 'entity,timestamp,vector\n')
    const other = await runCli(['import', file, '--database', database, '--collection', 'pionts'])
    expect(other).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no collection "pionts"; there is points. To make it, say how long its vectors are: --dimension'),
    })
  })

  test('that has other settings is not written to', async () => {
    await importing('a.csv', 'entity,timestamp,vector\n')
    const ran = await importing('a.csv', 'entity,timestamp,vector\nada,1e12,"[1,2]"\n', '--metric', 'l2')
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('COLLECTION_EXISTS') })
  })

  test.each<[string[], string]>([
    [['--dimension', '0'], '--dimension should be a whole number above 0'],
    [['--batch', '100001'], '--batch should be a whole number from 1 to 100000'],
    [['--time-unit', 'm'], 'Allowed choices are s, ms, us, ns'],
    [['--time-zone', 'Mars/Base'], '--time-zone should be a name such as Europe/Berlin'],
    [['--vector', 'v9..v1'], 'in rising order'],
    [['--vector', 'a,a'], 'names the column "a" twice'],
    [['--vector', 'a,,b'], '--vector should name columns'],
    [['--delimiter', ';;'], '--delimiter should be one character'],
    [['--resume', '--dry-run'], 'cannot be used with'],
  ])('%j is a mistake of usage', async (options, claim) => {
    const ran = await importing('a.csv', 'entity,timestamp,vector\n', ...options)
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain(claim)
  })
})

test.each<[string[], string]>([
  [['--rejects', 'a.csv'], 'a.csv is the file to import, and cannot be the file of rejects, too. Name another file.'],
  [['--rejects', 'linked.csv'], 'linked.csv is the file to import, and cannot be the file of rejects, too.'],
  [['--state', 'a.csv'], 'a.csv is the file to import, and cannot be the state, too.'],
  [['--state', 'beside', '--rejects', 'beside'], 'beside is the state, and cannot be the file of rejects, too.'],
])('%j would write over what the import reads, and is refused', async (words, claim) => {
  const content = 'entity,timestamp,vector\nada,1e12,"[1,2]"\n'
  writeFileSync(join(folder, 'a.csv'), content)
  linkSync(join(folder, 'a.csv'), join(folder, 'linked.csv'))
  const ran = await importing('a.csv', content, ...words.map((word) => (word.startsWith('--') ? word : join(folder, word))))
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining(claim) })
  expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toBe(content)
  expect(existsSync(database)).toBe(false)
})

describe('what stands where an import keeps something', () => {
  const content = 'entity,timestamp,vector\nada,1e12,"[1,2]"\nbob,never,"[1,2]"\n'
  const kept = (name: string) => readFileSync(join(folder, name), 'utf8')

  test.each<[string, string, string]>([
    ['--rejects', 'precious\n', 'holds no rejected lines, which would be written over it'],
    ['--rejects', '{"line":"a poem"}\n', 'holds no rejected lines, which would be written over it'],
    ['--rejects', '{"line":3,"reason":"mend me","record":[]}\n', 'holds the lines that an earlier import has rejected'],
    ['--state', '{"precious":true}\n', 'is no state of an import, which would be written over it'],
  ])('%s does not write over %j', async (option, there, claim) => {
    const file = join(folder, 'kept')
    writeFileSync(file, there)
    const rejects = option === '--rejects' ? [] : ['--rejects', join(folder, 'r')]
    const ran = await importing('a.csv', content, option, file, ...rejects)
    expect(ran).toEqual({ code: 2, out: '', err: `error: ${file} ${claim}. Name another file, or replace it with --overwrite.\n` })
    expect(kept('kept')).toBe(there)
    expect(existsSync(database)).toBe(false)
    expect((await importing('a.csv', content, option, file, ...rejects, '--overwrite')).code).toBe(3)
    if (option === '--rejects') expect(kept('kept')).toContain('"line":3,"reason":"Column')
    else expect(existsSync(file)).toBe(false) // it goes when the import is done
  })

  test('is replaced where nothing is lost by it: an empty file of rejects, the state of a run that is not resumed', async () => {
    writeFileSync(join(folder, 'r'), '')
    expect((await importing('a.csv', content, '--batch', '1')).code).toBe(1)
    expect(kept('a.csv.import-state')).toContain('"records": 1')
    expect((await importing('a.csv', content, '--batch', '1', '--rejects', join(folder, 'r'))).code).toBe(3)
    expect(kept('r')).toContain('"line":3')
    expect(existsSync(join(folder, 'a.csv.import-state'))).toBe(false)
  })

  test('is not written over by an import that goes on either, unless it is its own', async () => {
    writeFileSync(join(folder, 'r'), 'precious\n')
    expect((await importing('a.csv', content, '--batch', '1')).code).toBe(1)
    const words = ['import', join(folder, 'a.csv'), '--database', database, '--collection', 'points', '--dimension', '2', '--resume']
    const ran = await runCli([...words, '--rejects', join(folder, 'r')])
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('holds no rejected lines') })
    expect(kept('r')).toBe('precious\n')
  })
})

test('progress goes to a terminal, and elsewhere where it is asked for; nothing of it stays', async () => {
  const content = `entity,timestamp,vector\n${Array.from({ length: 50 }, (_, i) => `a,${i + 1}e12,"[1,2]"\n`).join('')}`
  const file = join(folder, 'a.csv')
  writeFileSync(file, content)
  const words = ['import', file, '--database', database, '--collection', 'points', '--dimension', '2', '--batch', '10']
  const shown = await runCli(words, { columns: 80 })
  const clear = '\r\u001b[K'
  expect(shown.err.split(clear)).toEqual(['', expect.stringMatching(/^10 rows, [\d,]+ a second, 100 %, 0:00 left$/), ''])
  expect((await runCli(words)).err).toBe('')
})

test('--help shows examples and exit codes', async () => {
  const { out } = await runCli(['import', '--help'])
  expect(out).toContain('Examples:\n  chronode import words.csv')
  expect(out).toContain('130 stopped by Ctrl-C')
})
