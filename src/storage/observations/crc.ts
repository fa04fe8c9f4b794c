import { crc32 as zlibCrc32 } from 'node:zlib'

/** The CRC-32 of bytes that follow those whose CRC-32 is `seed`: the same number as zlib's. */
export type Crc32 = (bytes: Uint8Array, seed: number) => number

/** Below, calling native code costs more than it saves. */
const FASTER_FROM_BYTES = 32

let ofBytes: Crc32 = zlibCrc32

/** The checksum of every row: zlib's CRC-32, by whatever is fastest here. Text is UTF-8. */
export function crc32(data: string | Uint8Array, seed = 0): number {
  return typeof data === 'string' || data.length < FASTER_FROM_BYTES ? zlibCrc32(data, seed) : ofBytes(data, seed)
}

/**
 * Takes a faster function from now on, in this thread. One that was compiled wrongly would call every file damaged, so it is tried first, on some bytes of
 * each way that it may go (0.3 ms, once).
 *
 * @returns false: it does not compute what zlib does, and is not taken.
 */
export function useCrc32(faster: Crc32): boolean {
  if (faster !== ofBytes && !isRight(faster)) return false
  ofBytes = faster
  return true
}

function isRight(crc: Crc32): boolean {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * i * 31 + i) >>> 3)
  const parts = [0, 1, 15, 16, 17, 31, 64, 127, 128, 200, 293].map((length, i) => bytes.subarray(i % 8, (i % 8) + length))
  return parts.every((part) => [0, 1, 0xffff_ffff].every((seed) => crc(part, seed) === zlibCrc32(part, seed)))
}
