/*
 * What is on disk, written and read by other code than the one under test: straight from docs/storage-format.md.
 */

/** CRC-32 bit by bit, as it is defined: reflected, polynomial 0xEDB88320. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

export function doubles(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  for (const [i, value] of values.entries()) bytes.writeDoubleLE(value, i * 8)
  return bytes
}

export function floats(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, i * 4)
  return bytes
}

/** Takes numbers off the front of bytes. */
export class PlainReader {
  private at = 0

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at === this.bytes.length
  }

  u32s(count: number): number[] {
    return this.take(count, 4, (at) => this.bytes.readUInt32LE(at))
  }

  doubles(count: number): number[] {
    return this.take(count, 8, (at) => this.bytes.readDoubleLE(at))
  }

  vectors(count: number, dimension: number): number[][] {
    return Array.from({ length: count }, () => this.take(dimension, 4, (at) => this.bytes.readFloatLE(at)))
  }

  /** @param lengths  0xffffffff: there is none. */
  texts(lengths: readonly number[]): (string | null)[] {
    return lengths.map((length) => {
      if (length === 0xffffffff) return null
      this.at += length
      return this.bytes.toString('utf8', this.at - length, this.at)
    })
  }

  private take(count: number, size: number, read: (at: number) => number): number[] {
    this.at += count * size
    return Array.from({ length: count }, (_, i) => read(this.at - (count - i) * size))
  }
}
