import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A page of the documentation: the README, or a file of `docs/`. */
export interface Page {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
}

/** A fenced block. */
export interface Block {
  readonly language: string
  /** What stands behind the language: ```toml wrong */
  readonly flags: readonly string[]
  readonly code: string
  /** The `text` block that follows it, with or without prose between: what it prints. */
  readonly output: string | undefined
  /** Where it stands, for the name of its test. */
  readonly place: string
}

export function pages(): Page[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
  return ['README.md', ...docs.map((name) => `docs/${name}`)].map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    return { path, text, blocks: blocksOf(path, text) }
  })
}

const FENCE = /^( *)```([a-z]*)([^\n]*)\n(.*?)^\1```$/gms

function blocksOf(path: string, text: string): Block[] {
  const blocks = [...text.matchAll(FENCE)].map(({ 2: language, 3: flags, 4: code, index }) => ({
    language: language!,
    flags: flags!.trim().split(/\s+/).filter(Boolean),
    code: code!,
    place: `${path}:${text.slice(0, index).split('\n').length}`,
  }))
  return blocks.flatMap((block, i) => {
    if (block.language === 'text') return []
    const next = blocks[i + 1]
    return [{ ...block, output: next?.language === 'text' ? next.code : undefined }]
  })
}

/** The targets of links to files and headings of this repository that are not there. */
export function brokenLinks({ path, text }: Page): string[] {
  const prose = text.replace(FENCE, '')
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [file, heading] = target.split('#')
    const linked = file === '' ? join(ROOT, path) : resolve(ROOT, dirname(path), file!)
    if (!existsSync(linked) || relative(ROOT, linked).startsWith('..')) return true
    return heading !== undefined && !headingsOf(readFileSync(linked, 'utf8')).includes(heading)
  })
}

function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  )
}
