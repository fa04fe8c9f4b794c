const COUNT = new Intl.NumberFormat('en')
const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `12,345` */
export function countText(count: number): string {
  return COUNT.format(count)
}

/** `12,345 rows`, `1 row`. */
export function counted(count: number, thing: string, things = `${thing}s`): string {
  return `${countText(count)} ${count === 1 ? thing : things}`
}

/** `1.5 MiB`: for people, rounded. */
export function sizeText(bytes: number): string {
  let [size, unit] = [bytes, 0]
  for (; size >= 1024 && unit < SIZE_UNITS.length - 1; unit++) size /= 1024
  return `${unit === 0 ? size : size.toFixed(1)} ${SIZE_UNITS[unit]}`
}
