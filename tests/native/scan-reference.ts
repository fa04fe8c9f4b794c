import { distance } from '../../src/distance.js'
import { NO_OWNER, type ScanRequest } from '../../src/native/distance-kernels.js'

/** A row as the answer should have it. */
export interface ExpectedRow {
  readonly row: number
  readonly distance: number
  readonly score: number
}

/** What a scan should find for one query, by sorting all of it. */
export function sortedScan(request: ScanRequest, query: number): ExpectedRow[] {
  const { dimension: D, k, within = Infinity, ranks, owners, perOwner = 0, excluded } = request
  const vector = request.queries.subarray(query * D, (query + 1) * D)
  const exclude = excluded?.[query] ?? NO_OWNER
  const kept = new Map<number, number>()
  return rowsOf(request.runs)
    .map((row) => {
      const apart = distance(request.metric, request.matrix.subarray(row * D, (row + 1) * D), vector)
      return { row, distance: apart, score: score(request, row, apart), rank: ranks?.[row] ?? row, owner: owners?.[row] ?? 0 }
    })
    .filter((found) => found.distance <= within && (exclude === NO_OWNER || found.owner !== exclude))
    .sort((a, b) => a.score - b.score || a.rank - b.rank)
    .filter(({ owner }) => {
      kept.set(owner, (kept.get(owner) ?? 0) + 1)
      return perOwner === 0 || kept.get(owner)! <= perOwner
    })
    .slice(0, k)
    .map((found) => ({ row: found.row, distance: found.distance, score: found.score }))
}

function score({ recency }: ScanRequest, row: number, apart: number): number {
  if (recency === undefined) return apart
  const { alpha, reference, span, timestamps } = recency
  return alpha * apart + (1 - alpha) * (Math.abs(reference - timestamps[row]!) / (span === 0 ? 1 : span))
}

function rowsOf(runs: Uint32Array): number[] {
  const rows: number[] = []
  for (let i = 0; i < runs.length; i += 2) for (let row = 0; row < runs[i + 1]!; row++) rows.push(runs[i]! + row)
  return rows
}
