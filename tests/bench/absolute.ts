/** Ours against the other side, in words. */
export function rates(oursUs: number, theirsUs: number): string {
  return `${perSecond(oursUs)} against ${perSecond(theirsUs)} thousand observations a second`
}

export function times(oursUs: number, theirsUs: number): string {
  return `${duration(oursUs)} against ${duration(theirsUs)}`
}

function perSecond(us: number): string {
  const thousands = 1000 / us
  return thousands < 10 ? thousands.toFixed(1) : thousands.toFixed(0)
}

export function duration(us: number): string {
  if (us < 1000) return `${us.toFixed(1)} µs`
  return us < 1_000_000 ? `${(us / 1000).toFixed(2)} ms` : `${(us / 1_000_000).toFixed(2)} s`
}
