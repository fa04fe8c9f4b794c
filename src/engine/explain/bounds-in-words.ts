import { formatTimestamp, type Timestamp, toTimestamp } from '../../timestamp.js'
import { isNever, type TimeBounds } from '../time-bounds.js'

/** `from t`, `to t`, as far as they are bounded; `after t`, `before t` where the moment itself does not belong to it. */
export function boundsInWords(bounds: TimeBounds): readonly string[] {
  if (isNever(bounds)) return ['at no time']
  return [...bound(bounds.from, 'from', 'after'), ...bound(bounds.to, 'to', 'before')]
}

/** A bound that is no whole microsecond lies next to one: it came of `<` or `>`. */
function bound(at: Timestamp, included: string, excluded: string): readonly string[] {
  if (!Number.isFinite(at)) return []
  const text = formatTimestamp(at)
  return [`${toTimestamp(text) === at ? included : excluded} ${text}`]
}
