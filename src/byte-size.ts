const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}
const SIZE = /^(\d{1,15}(?:\.\d{1,15})?) ?([a-z]{1,3})$/i

/**
 * Reads `1 GiB`, `512MB`, `1.5 gib`, or a whole number of bytes.
 *
 * @returns bytes; undefined: not a size, or not a whole number of bytes that a double holds exactly.
 */
export function parseByteSize(input: unknown): number | undefined {
  const bytes = typeof input === 'string' ? fromText(input) : input
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined
}

function fromText(text: string): number | undefined {
  const match = SIZE.exec(text.trim())
  if (match === null) return undefined
  const unit = UNITS[match[2]!.toLowerCase()]
  return unit === undefined ? undefined : Math.round(Number(match[1]) * unit)
}

/** The largest binary unit that leaves a whole number: `1 MiB`, `1000 B`. */
export function formatByteSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    const size = UNITS[unit.toLowerCase()]!
    if (bytes >= size && bytes % size === 0) return `${bytes / size} ${unit}`
  }
  return `${bytes} B`
}
