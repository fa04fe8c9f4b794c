import { type Cell, type Child, childrenOf, leafCells, typeOf } from './page-cells.js'
import { INSIDE_OF_TABLE, LEAF_OF_TABLE, type PageFile } from './page-file.js'

/** Between two pages: a turn for others when it is due, and the end when somebody asks for it. */
export type Pause = () => Promise<void> | undefined

/** Which pages are in use, so that nothing that was deleted or replaced comes back. */
export interface LivePages {
  /** In words, what makes it uncertain: rows of whole pages may be missing then. */
  readonly doubt: string | undefined
  isFree(page: number): boolean
  /** Whether a row of a leaf may be believed to be there. */
  isLive(page: number, rowid: number): boolean
}

/** The rowids that a page may hold, going by the pages above it. */
interface Span {
  readonly after: number
  readonly through: number
}

/**
 * A page that is not on the list of free pages is in use, even where the pages that led to it are damaged. Where that list is damaged
 * itself, only what can be reached from the top is.
 */
export async function livePages(file: PageFile, pause: Pause): Promise<LivePages> {
  const free = freePages(file)
  const reached = await reachedPages(file, pause)
  const isContradicted = [...(free ?? [])].some((page) => reached.has(page))
  if (free !== undefined && !isContradicted) return { doubt: undefined, isFree: (page) => free.has(page), isLive: (page) => !free.has(page) }
  return {
    doubt: 'the list of free pages is damaged: rows below damaged inner pages were left out, because they may have been deleted',
    isFree: (page) => !reached.has(page) && free?.has(page) === true,
    isLive: (page, rowid) => {
      const span = reached.get(page)
      return span !== undefined && rowid > span.after && rowid <= span.through
    },
  }
}

/** Section 1.5, "The Freelist". @returns undefined: the list is not what page 1 says of it. */
function freePages(file: PageFile): Set<number> | undefined {
  if (!file.hasHeader) return undefined
  const { first, count } = file.freelist
  const free = new Set<number>()
  const add = (number: number): boolean => {
    const isNew = file.has(number) && !free.has(number)
    free.add(number)
    return isNew
  }
  for (let trunk = first; trunk !== 0; ) {
    if (!add(trunk) || free.size > count) return undefined
    const page = file.page(trunk)
    const leaves = page.readUInt32BE(4)
    if (8 + 4 * leaves > page.length) return undefined
    for (let i = 0; i < leaves; i++) if (!add(page.readUInt32BE(8 + 4 * i))) return undefined
    trunk = page.readUInt32BE(0)
  }
  return free.size === count ? free : undefined
}

/** All leaves that the tables of the schema lead to, each with the rowids that belong there. */
async function reachedPages(file: PageFile, pause: Pause): Promise<Map<number, Span>> {
  const leaves = new Map<number, Span>()
  const seen = new Set<number>()
  const walk = async (root: number): Promise<void> => {
    const open: (Child & { readonly after: number })[] = [{ page: root, rowidMax: Number.POSITIVE_INFINITY, after: Number.NEGATIVE_INFINITY }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (!file.has(next.page) || seen.has(next.page)) continue
      await pause()
      seen.add(next.page)
      const page = file.page(next.page)
      const type = typeOf(next.page, page)
      if (type === INSIDE_OF_TABLE) {
        let { after } = next
        for (const child of childrenOf(next.page, page)) {
          const through = Math.min(child.rowidMax, next.rowidMax)
          open.push({ page: child.page, rowidMax: through, after })
          after = through
        }
      } else if (type === LEAF_OF_TABLE && belongs(file, next, page)) {
        leaves.set(next.page, { after: next.after, through: next.rowidMax })
      }
    }
  }
  await walk(1)
  for (const root of rootsOf(file, leaves)) await walk(root)
  return leaves
}

/** Whether a leaf holds what the page above it says: a damaged reference leads anywhere. */
function belongs(file: PageFile, { page: number, rowidMax, after }: Child & { readonly after: number }, page: Buffer): boolean {
  for (const { rowid } of leafCells(file, number, page)) if (rowid <= after || rowid > rowidMax) return false
  return true
}

/** Where the schema says that our tables begin: rows of `type, name, tbl_name, rootpage, sql`. */
function rootsOf(file: PageFile, schemaLeaves: ReadonlyMap<number, Span>): number[] {
  const roots: number[] = []
  for (const number of schemaLeaves.keys()) {
    for (const cell of leafCells(file, number, file.page(number))) {
      const [type, name, , root] = columnsOf(cell, 5)
      if (type === 'table' && String(name).startsWith('chronode_') && typeof root === 'number') roots.push(root)
    }
  }
  return roots
}

function columnsOf(cell: Cell, count: number): ReturnType<Cell['values']> {
  return cell.columnCount === count ? cell.values() : []
}
