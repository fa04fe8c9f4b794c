import { crc32, deflateRawSync } from 'node:zlib'

/** An entry of a zip archive, with lies to tell about it. */
export interface ZipPart {
  readonly name: string
  readonly data: Uint8Array
  readonly deflate?: boolean
  /** Instead of the truth, in the directory (and in the local header where it has the field). */
  readonly crc?: number
  readonly bytes?: number
  readonly flags?: number
  readonly method?: number
  readonly headerOffset?: number
  /** Another name in the local header. */
  readonly localName?: string
  /** As torch writes it: sizes and CRC follow the data, the local header has zeros. */
  readonly descriptor?: boolean
}

/** A zip archive, written after PKWARE's APPNOTE. @param zip64  With the zip64 end record and locator that torch writes always. */
export function zip(parts: readonly ZipPart[], { zip64 = false } = {}): Buffer {
  const chunks: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  const push = (...buffers: Buffer[]): void => {
    for (const buffer of buffers) offset += buffer.length
    chunks.push(...buffers)
  }
  for (const part of parts) {
    const stored = part.deflate ? deflateRawSync(part.data) : Buffer.from(part.data)
    const name = Buffer.from(part.name)
    const localName = Buffer.from(part.localName ?? part.name)
    const flags = (part.flags ?? 0) | (part.descriptor ? 8 : 0)
    const shared = Buffer.alloc(22) // from the flags to the sizes: the same in both headers
    shared.writeUInt16LE(flags, 0)
    shared.writeUInt16LE(part.method ?? (part.deflate ? 8 : 0), 2)
    shared.writeUInt32LE(part.crc ?? crc32(part.data), 8)
    shared.writeUInt32LE(stored.length, 12)
    shared.writeUInt32LE(part.bytes ?? part.data.length, 16)
    shared.writeUInt16LE(name.length, 20)
    const local = Buffer.concat([uint(4, 0x04034b50), uint(2, 20), shared, uint(2, 0)])
    local.writeUInt16LE(localName.length, 26)
    if (part.descriptor) local.fill(0, 14, 26)
    const central = Buffer.concat([
      uint(4, 0x02014b50),
      uint(2, 20),
      uint(2, 20),
      shared,
      Buffer.alloc(12),
      uint(4, part.headerOffset ?? offset),
      name,
    ])
    directory.push(central)
    push(local, localName, stored)
    if (part.descriptor) push(uint(4, 0x08074b50), shared.subarray(8, 20))
  }
  const start = offset
  push(...directory)
  const size = offset - start
  if (zip64) {
    const end = offset
    const count = uint(8, parts.length)
    push(uint(4, 0x06064b50), uint(8, 44), uint(2, 45), uint(2, 45), uint(8, 0), count, count, uint(8, size), uint(8, start))
    push(uint(4, 0x07064b50), uint(4, 0), uint(8, end), uint(4, 1))
  }
  const count = uint(2, parts.length)
  push(uint(4, 0x06054b50), uint(4, 0), count, count, uint(4, size), uint(4, start), uint(2, 0))
  return Buffer.concat(chunks)
}

function uint(bytes: 2 | 4 | 8, value: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value))
  else buffer.writeUIntLE(value, 0, bytes)
  return buffer
}

/** The entries of an archive as torch.jit.save lays it out: enough for the check, nothing for libtorch. */
export function torchScriptParts(extra: readonly ZipPart[] = []): ZipPart[] {
  const text = (name: string, content: string, rest: Partial<ZipPart> = {}): ZipPart => ({ name, data: Buffer.from(content), ...rest })
  return [
    ...extra,
    { name: 'm/data/0', data: Buffer.from(new Float32Array(1000).fill(0.5).buffer) },
    text('m/data.pkl', 'weights'),
    text('m/code/__torch__.py', 'def forward(self, x, t):\n'.repeat(50), { deflate: true }),
    text('m/constants.pkl', 'none'),
    text('m/version', '3\n'),
  ]
}

export function cardPart(card: unknown): ZipPart {
  return { name: 'm/extra/chronode.json', data: Buffer.from(typeof card === 'string' ? card : JSON.stringify(card)) }
}
