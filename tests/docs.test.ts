import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../scripts/setup/dist.mjs'
import { type Database, DatabaseError, openDatabase } from '../src/index.js'
import { type Block, brokenLinks, type Page, pages, ROOT } from './support/documents.js'
import { copyOf, inApp, makeTemplate, runIn } from './support/example-folder.js'

/** Every fence has one of these languages, so that none is overlooked by a slip. `console`: shown, not run; `text`: what the block before it prints. */
const LANGUAGES = ['ts', 'sql', 'toml', 'sh', 'json', 'console', 'python', 'ebnf', '']
const documents = pages()
let template: string

beforeAll(async () => {
  if (!distIsCurrent()) buildDist()
  template = await makeTemplate()
}, 120_000)
afterAll(() => rmSync(template, { recursive: true, force: true }))

describe.each(documents)('$path', (page) => {
  test('links to what is there', () => expect(brokenLinks(page)).toEqual([]))

  test('has blocks of known languages', () => {
    expect(page.blocks.filter(({ language }) => !LANGUAGES.includes(language)).map(({ language, place }) => `${place} ${language}`)).toEqual([])
  })

  test.each(blocksOf(page, 'json'))('$place is JSON', ({ code }) => expect(() => JSON.parse(code)).not.toThrow())
  test.each(blocksOf(page, 'ts'))('$place runs', runTypeScript)
  test.each(blocksOf(page, 'sh'))('$place runs', runShell)
  test.each(blocksOf(page, 'toml'))('$place is a configuration', openConfiguration)
  test.each(blocksOf(page, 'sql'))('$place is answered', answerStatements)
  test.each(blocksOf(page, 'console'))('$place names scripts of package.json', ({ code }) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    const named = [...code.matchAll(/npm (?:run )?(setup|demo|test|bench|build\S*|typecheck|lint|format)\b/g)].map(([, name]) => name!)
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
  })
})

function blocksOf({ blocks }: Page, language: string): Block[] {
  return blocks.filter((block) => block.language === language)
}

/** What a fragment may take for granted. */
const PRELUDE = `import { openDatabase } from 'chronode'
const db = await openDatabase('./chronode.toml')
const words = db.collection('words')
`

function programOf({ code }: Block): string {
  return /^import .* from 'chronode'/m.test(code) ? code : `${PRELUDE}${code}\nawait db.close()\n`
}

function runTypeScript(block: Block): void {
  const { output } = block
  const folder = copyOf(template)
  writeFileSync(join(folder, 'example.ts'), programOf(block))
  const ran = runIn(folder, join(ROOT, 'scripts', 'node'), ['example.ts'])
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  if (output !== undefined) expect(ran.stdout).toBe(output)
}

function runShell({ code, output }: Block): void {
  const ran = runIn(copyOf(template), 'sh', ['-ec', code])
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  if (output !== undefined) expect(ran.stdout).toBe(output)
}

async function openConfiguration({ code, flags, output }: Block): Promise<void> {
  const folder = copyOf(template)
  const text = code.includes('[storage]') ? code : `[storage]\npath = "words.db"\n${code}`
  const file = join(folder, 'chronode.toml')
  writeFileSync(file, text)
  const opened = openDatabase(file, { logger: { warn: () => undefined } })
  if (flags.includes('wrong')) {
    const error = await opened.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(DatabaseError)
    expect(inApp(`${(error as DatabaseError).message}\n`, folder)).toBe(output)
  } else {
    await (await opened).close()
  }
}

/**
 * Runs each statement, with the values of a comment such as `-- $1 = "climate", $2 = "2030"`. One with parameters and no such comment is only
 * prepared.
 */
async function answerStatements({ code }: Pick<Block, 'code'>): Promise<void> {
  const db = await openDatabase(join(copyOf(template), 'chronode.toml'), { logger: { warn: () => undefined } })
  try {
    for (const statement of statementsOf(code)) await answerStatement(db, statement)
  } finally {
    await db.close()
  }
}

/** A blank line or a semicolon ends a statement, and so does a line that begins with a verb. */
function statementsOf(code: string): string[] {
  return code
    .split(/;\s*$|\n\s*\n|\n(?=(?:PREDICT|SELECT|SHOW|DESCRIBE|EXPLAIN|NEAREST|BACKTEST)\b)/m)
    .map((text) => text.trim())
    .filter((text) => text.replace(/^\s*--.*$/gm, '').trim() !== '')
}

async function answerStatement(db: Database, statement: string): Promise<void> {
  const values = [...statement.matchAll(/\$(\d+) = ("[^"]*"|\[[^\]]*\]|[^\s,]+)/g)].map(([, , json]) => JSON.parse(json!) as unknown)
  if (values.length > 0) await db.query(statement, values)
  else if (/(?:\$\d|[\s(]:[a-z])/i.test(statement.replace(/--.*$/gm, ''))) db.prepare(statement)
  else await db.query(statement)
}

test('the examples in TypeScript are rightly typed', () => {
  const folder = copyOf(template)
  const blocks = documents.flatMap((page) => blocksOf(page, 'ts'))
  blocks.forEach((block, i) => {
    writeFileSync(join(folder, `example-${i}.ts`), `// ${block.place}\n${programOf(block)}`)
  })
  cpSync(join(ROOT, 'examples', 'quickstart', 'quickstart.ts'), join(folder, 'quickstart.ts'))
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2024',
    typeRoots: [join(ROOT, 'node_modules', '@types')],
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const ran = runIn(folder, process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder])
  expect(ran).toEqual({ status: 0, stdout: '', stderr: '' })
})

test('examples/quickstart answers by its own predictor, and falls back where that needs more', () => {
  const { stdout, status } = runIn(ROOT, join(ROOT, 'scripts', 'node'), ['examples/quickstart/quickstart.ts'])
  expect({ status, lines: stdout.trimEnd().split('\n') }).toEqual({
    status: 0,
    lines: [
      'ada Float32Array(2) [ 0.75, 0.5 ] halfway null', // half of the two steps by [0.25, -0.125] from [0.5, 0.625]
      'bob Float32Array(2) [ 1, 0 ] last too_few_observations',
      'ada Float32Array(2) [ 1, 0.375 ] linear null',
      'ada Float32Array(2) [ 0.25, 0.75 ] last too_few_observations', // until 2030-01-01 there is one observation
    ],
  })
})

test('README.md: the statements of its table are answered', async () => {
  const { text } = documents.find(({ path }) => path === 'README.md')!
  const rows = text.match(/^\| .*\|$/gm) ?? []
  const statements = rows.flatMap((row) =>
    [...row.matchAll(/`((?:PREDICT|SELECT|NEAREST|SHOW|DESCRIBE|EXPLAIN) [^`]+)`/g)].map(([, statement]) => statement!),
  )
  expect(statements.length).toBeGreaterThan(10)
  await answerStatements({ code: statements.join('\n') })
})

describe('docs/architecture.md', () => {
  const { text } = documents.find(({ path }) => path === 'docs/architecture.md')!
  const named = [...text.matchAll(/`((?:src|native|migrations|scripts)\/[^`]*)`/g)].map(([, path]) => path!).filter((path) => !path.includes('*'))

  test('names files that are there', () => {
    expect(named.length).toBeGreaterThan(30)
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('fits one page', () => expect(text.split('\n').length).toBeLessThan(90))
})

describe('docs/errors.md', () => {
  const { text } = documents.find(({ path }) => path === 'docs/errors.md')!
  const source = readFileSync(join(ROOT, 'src/errors.ts'), 'utf8')
  const listed = [...text.matchAll(/^\| `([A-Z_]+)` \| `(\w+)` \|/gm)].map(([, code, name]) => ({ code: code!, name: name! }))

  test('has every code of src/errors.ts and no other', () => {
    const codes = [...source.matchAll(/'((?:[A-Z]+_)+[A-Z]+|BUG)'/g)].map(([, code]) => code!)
    expect(codes.length).toBeGreaterThan(20)
    expect(listed.map(({ code }) => code).sort()).toEqual([...new Set(codes)].sort())
  })

  test('has every code of a warning', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
    const codes = sources.flatMap((path) => {
      const calls = readFileSync(join(ROOT, 'src', path), 'utf8').matchAll(/\{ ?code: '([A-Z_]+)', message/g)
      return [...calls].map(([, code]) => code!)
    })
    expect(codes.length).toBeGreaterThan(2)
    expect(codes.filter((code) => !text.includes(`| \`${code}\` |`))).toEqual([])
  })

  test('names the class that has the code', () => {
    const classes = [...source.matchAll(/^export class (\w+) .*?(?=^})/gms)]
    const wrong = listed.filter(({ code, name }) => {
      const [declaration] = classes.find(([, className]) => className === name) ?? []
      return declaration === undefined || !(declaration.includes(`'${code}'`) || (name === 'StorageError' && code.startsWith('STORAGE_')))
    })
    expect(wrong).toEqual([])
  })
})

describe('docs/configuration.md', () => {
  const { text } = documents.find(({ path }) => path === 'docs/configuration.md')!

  test.each(['storage', 'analytics'])('has every key of [%s] and no other', async (table) => {
    const wrong = { storage: { path: ':memory:' }, [table]: { path: ':memory:', no_such_key: 1 } }
    const error = await openDatabase(wrong).catch((error: unknown) => error as { issues: { path: string; expected: string }[] })
    const issue = (error as { issues: { path: string; expected: string }[] }).issues.find(({ path }) => path === `${table}.no_such_key`)!
    const known = issue.expected.replace('one of ', '').split(', ')
    const section = text.slice(text.indexOf(`## \`[${table}]\``)).split('\n## ')[0]!
    const listed = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key!)
    expect(listed.sort()).toEqual(known.filter((key) => key !== 'collection').sort())
  })
})
